//! The product's tables, as the deployment template makes them.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};

use crate::{AUDIT, MAIN};

/// Creates both tables. Each index NAME has the keys `NAME_pk` and `NAME_sk`.
pub(crate) async fn create(client: &Client) {
    create_table(
        client,
        MAIN,
        &[
            ("inbox", ProjectionType::All),
            ("chart", ProjectionType::All),
            ("due", ProjectionType::KeysOnly),
            ("spare", ProjectionType::All),
        ],
    )
    .await;
    create_table(client, AUDIT, &[("actor", ProjectionType::All)]).await;
}

async fn create_table(client: &Client, name: &str, indexes: &[(&str, ProjectionType)]) {
    let mut table = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(keys("pk", "sk")))
        .attribute_definitions(string("pk"))
        .attribute_definitions(string("sk"));
    for (index, projection) in indexes {
        let (partition, sort) = (format!("{index}_pk"), format!("{index}_sk"));
        table = table
            .attribute_definitions(string(&partition))
            .attribute_definitions(string(&sort))
            .global_secondary_indexes(
                GlobalSecondaryIndex::builder()
                    .index_name(*index)
                    .set_key_schema(Some(keys(&partition, &sort)))
                    .projection(Projection::builder().projection_type(projection.clone()).build())
                    .build()
                    .expect("a complete index"),
            );
    }
    table.send().await.expect("the table is created");
}

fn string(name: &str) -> AttributeDefinition {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(ScalarAttributeType::S)
        .build()
        .expect("a complete attribute definition")
}

fn keys(partition: &str, sort: &str) -> Vec<KeySchemaElement> {
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
                .expect("a complete key")
        })
        .collect()
}
