#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{ConditionCheck, KeySchemaElement, Put, TransactWriteItem};

use super::*;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn put(sk: &str) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(MAIN)
        .item("pk", text("A"))
        .item("sk", text(sk))
        .condition_expression("attribute_not_exists(pk)")
        .build()
        .unwrap();
    TransactWriteItem::builder().put(put).build()
}

async fn write(client: &Client, sk: &str) -> Result<(), SdkError<TransactWriteItemsError>> {
    let absent = ConditionCheck::builder()
        .table_name(AUDIT)
        .key("pk", text("none"))
        .key("sk", text("none"))
        .condition_expression("attribute_not_exists(pk)")
        .build()
        .unwrap();
    client
        .transact_write_items()
        .transact_items(put(sk))
        .transact_items(TransactWriteItem::builder().condition_check(absent).build())
        .send()
        .await
        .map(drop)
}

fn reasons(error: &SdkError<TransactWriteItemsError>) -> Vec<&str> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect()
        }
        other => panic!("not cancelled: {other:?}"),
    }
}

async fn sort_keys(db: &Db) -> Vec<String> {
    db.all_items(MAIN).await.iter().map(|item| item["sk"].as_s().unwrap().clone()).collect()
}

#[tokio::test]
async fn the_tables_have_their_keys_and_indexes_and_start_empty() {
    let db = Db::start().await;
    for (table, wanted) in [(MAIN, vec!["chart", "due", "inbox", "spare"]), (AUDIT, vec!["actor"])]
    {
        let described = db.client().describe_table().table_name(table).send().await.unwrap();
        let table_keys: Vec<&str> = described
            .table()
            .unwrap()
            .key_schema()
            .iter()
            .map(KeySchemaElement::attribute_name)
            .collect();
        assert_eq!(table_keys, ["pk", "sk"]);
        let mut indexes: Vec<&str> = Vec::new();
        for index in described.table().unwrap().global_secondary_indexes() {
            let name = index.index_name().unwrap();
            let keys: Vec<&str> =
                index.key_schema().iter().map(KeySchemaElement::attribute_name).collect();
            assert_eq!(keys, [format!("{name}_pk"), format!("{name}_sk")]);
            indexes.push(name);
        }
        indexes.sort_unstable();
        assert_eq!(indexes, wanted);
        assert!(db.all_items(table).await.is_empty());
    }
}

#[tokio::test]
async fn items_come_in_key_order_over_pages_and_databases_are_apart() {
    let db = Db::start().await;
    let filler = "x".repeat(300_000);
    for number in [3, 1, 5, 2, 4] {
        db.client()
            .put_item()
            .table_name(MAIN)
            .item("pk", text(if number > 3 { "A" } else { "B" }))
            .item("sk", text(&number.to_string()))
            .item("filler", text(&filler))
            .send()
            .await
            .unwrap();
    }
    assert_eq!(sort_keys(&db).await, ["4", "5", "1", "2", "3"]);
    assert!(Db::start().await.all_items(MAIN).await.is_empty());
}

#[tokio::test]
async fn a_client_outlives_its_database_value() {
    let client = Db::start().await.client();
    write(&client, "1").await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect_behind() {
    let db = Db::start().await;
    // The SDK tries again with the same client token: one effect, one success.
    let once = db.client_with(Fault::answer_lost("TransactWriteItems"));
    write(&once, "1").await.unwrap();
    let error = write(&once, "1").await.unwrap_err();
    assert_eq!(reasons(&error), ["ConditionalCheckFailed", "None"]);

    let lost = db.client_with(Fault::answer_lost("TransactWriteItems").times(3));
    let error = write(&lost, "2").await.unwrap_err();
    assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
    assert_eq!(sort_keys(&db).await, ["1", "2"]);
}

#[tokio::test]
async fn a_conflict_reaches_the_caller_and_has_no_effect() {
    let db = Db::start().await;
    let client = db.client_with(Fault::conflict("TransactWriteItems").after(1).times(2));
    write(&client, "1").await.unwrap();
    for _ in 0..2 {
        let error = write(&client, "2").await.unwrap_err();
        assert_eq!(reasons(&error), ["TransactionConflict", "None"]);
    }
    assert_eq!(sort_keys(&db).await, ["1"]);
    write(&client, "2").await.unwrap();
    assert_eq!(sort_keys(&db).await, ["1", "2"]);
}

#[tokio::test]
async fn others_are_first_and_the_operation_goes_on() {
    let db = Db::start().await;
    let other = db.client();
    let client = db.client_with(Fault::meanwhile("TransactWriteItems", move || {
        let other = other.clone();
        async move { write(&other, "1").await.unwrap() }
    }));
    let error = write(&client, "1").await.unwrap_err();
    assert_eq!(reasons(&error), ["ConditionalCheckFailed", "None"]);
    write(&client, "2").await.unwrap();
    assert_eq!(sort_keys(&db).await, ["1", "2"]);
}

#[tokio::test]
async fn throttling_and_failures_are_tried_again_by_the_sdk_and_then_reported() {
    let db = Db::start().await;
    for (fault, code) in [
        (Fault::throttled("TransactWriteItems"), "ThrottlingException"),
        (Fault::unavailable("TransactWriteItems"), "InternalServerError"),
    ] {
        write(&db.client_with(fault.clone()), code).await.unwrap();
        let error = write(&db.client_with(fault.times(3)), "refused").await.unwrap_err();
        assert_eq!(error.code(), Some(code));
    }
    assert_eq!(sort_keys(&db).await, ["InternalServerError", "ThrottlingException"]);
    // Another operation does not meet the fault.
    let client = db.client_with(Fault::throttled("GetItem").times(u32::MAX));
    write(&client, "3").await.unwrap();
}
