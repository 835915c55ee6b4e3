//! What each function may do, as it was deployed.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::aws::{described, form_call, get_call, stack};

const TABLE: &str = "main";
const INBOX: &str = "main/index/inbox";
const CHART: &str = "main/index/chart";
const DUE: &str = "main/index/due";
const AUDIT: &str = "audit";
const AUDIT_BY_ACTOR: &str = "audit/index/actor";

/// A function, the actions it may take on each resource, and those it may take besides.
type Allowed =
    (&'static str, &'static [(&'static str, &'static [&'static str])], &'static [&'static str]);

/// What each function may do in DynamoDB, and beside it. Only what it uses; every transaction is allowed
/// part by part.
#[rustfmt::skip]
const ALLOWED: [Allowed; 13] = [
    ("authorize", &[], &[]),
    ("clinic-settings", &[(TABLE, &["BatchGetItem", "ConditionCheckItem", "PutItem", "Query"]), (AUDIT, &["PutItem"])], &[]),
    ("directory", &[(TABLE, &["BatchGetItem", "ConditionCheckItem", "DeleteItem", "PutItem", "Query"]), (AUDIT, &["PutItem"])], &["kms:GenerateMac", "sms-voice:DeleteOptedOutNumber", "sms-voice:DescribeOptedOutNumbers", "sns:CheckIfPhoneNumberIsOptedOut", "sns:OptInPhoneNumber"]),
    ("send-message", &[(TABLE, &["BatchGetItem", "ConditionCheckItem", "PutItem", "Query"]), (AUDIT, &["PutItem"])], &[]),
    ("reply", &[(TABLE, &["BatchGetItem", "ConditionCheckItem", "DeleteItem", "PutItem"]), (AUDIT, &["PutItem"])], &[]),
    ("change-conversation", &[(TABLE, &["BatchGetItem", "ConditionCheckItem", "DeleteItem", "PutItem", "Query"]), (AUDIT, &["PutItem"])], &[]),
    ("read-conversations", &[(TABLE, &["BatchGetItem", "ConditionCheckItem", "PutItem", "Query"]), (INBOX, &["Query"]), (CHART, &["Query"]), (AUDIT, &["PutItem"])], &[]),
    ("access-report", &[(TABLE, &["BatchGetItem"]), (AUDIT, &["PutItem", "Query"]), (AUDIT_BY_ACTOR, &["Query"])], &[]),
    ("notify", &[(TABLE, &["BatchGetItem", "ConditionCheckItem", "DeleteItem", "DescribeTable", "PutItem", "Query", "UpdateItem"]), (DUE, &["Query"]), (AUDIT, &["PutItem"])], &["ses:SendRawEmail", "sms-voice:DescribeOptedOutNumbers", "sms-voice:SendTextMessage", "sns:CheckIfPhoneNumberIsOptedOut", "sns:Publish", "sqs:SendMessage"]),
    ("delivery-feedback", &[(TABLE, &["BatchGetItem", "PutItem"]), (AUDIT, &["PutItem"])], &["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateMac", "sms-voice:DescribeOptedOutNumbers", "sns:ListPhoneNumbersOptedOut", "sqs:SendMessage"]),
    ("attachments", &[(TABLE, &["BatchGetItem", "ConditionCheckItem", "PutItem"]), (INBOX, &["Query"]), (CHART, &["Query"]), (AUDIT, &["PutItem"])], &["kms:Decrypt", "kms:GenerateDataKey", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]),
    ("inspect-attachment", &[(TABLE, &["BatchGetItem", "PutItem", "UpdateItem"]), (DUE, &["Query"]), (AUDIT, &["PutItem"])], &["kms:Decrypt", "kms:GenerateDataKey", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:PutObject", "sqs:SendMessage"]),
    ("auto-reply", &[(TABLE, &["BatchGetItem", "ConditionCheckItem", "DeleteItem", "DescribeTable", "PutItem", "Query", "UpdateItem"]), (DUE, &["Query"]), (AUDIT, &["PutItem"])], &["sqs:SendMessage"]),
];

/// One permission: an action on a resource.
type Grant = (String, String);

/// The permissions of a role, from every policy that it has.
fn grants(role: &str) -> BTreeSet<Grant> {
    let attached = iam(&format!("Action=ListAttachedRolePolicies&RoleName={role}"));
    assert!(!attached.contains("<PolicyArn>"), "{role} has a managed policy: {attached}");
    let mut found = BTreeSet::new();
    for policy in elements(&iam(&format!("Action=ListRolePolicies&RoleName={role}")), "member") {
        let answer = iam(&format!("Action=GetRolePolicy&RoleName={role}&PolicyName={policy}"));
        let document = elements(&answer, "PolicyDocument").pop().unwrap();
        let document: Value = serde_json::from_str(&decoded(&document)).unwrap();
        for statement in list(&document["Statement"]) {
            assert_eq!(statement["Effect"], "Allow", "{role}: {statement}");
            let resources = match statement.get("Resource") {
                Some(resources) => list(resources),
                None => vec![Value::from(format!("not {}", statement["NotResource"]))],
            };
            for action in list(&statement["Action"]) {
                for resource in &resources {
                    let of = |value: &Value| value.as_str().unwrap().to_owned();
                    found.insert((of(&action), of(resource)));
                }
            }
        }
    }
    found
}

fn role_of(function: &str) -> String {
    let name = described(&format!("/functions/{function}"));
    let path = format!("/2015-03-31/functions/{}/configuration", name.as_str().unwrap());
    let role = get_call("lambda", &path)["Role"].as_str().unwrap().to_owned();
    role.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn each_function_has_a_role_of_its_own_with_what_it_uses_and_no_more() {
    let mut roles = BTreeSet::new();
    for (function, tables, others) in ALLOWED {
        let role = role_of(function);
        assert!(roles.insert(role.clone()), "{function} shares the role {role}");
        let mut in_tables = BTreeSet::new();
        let mut beside = BTreeSet::new();
        for (action, resource) in grants(&role) {
            assert!(!action.contains('*'), "{function}: {action}");
            let Some(name) = action.strip_prefix("dynamodb:") else {
                if !action.starts_with("logs:") {
                    beside.insert(action);
                }
                continue;
            };
            if resource.contains("/stream/") {
                assert!(matches!(function, "notify" | "auto-reply"), "{function} reads the stream");
                continue;
            }
            in_tables.insert((short(&resource), name.to_owned()));
        }
        let expected: BTreeSet<_> = tables
            .iter()
            .flat_map(|(table, actions)| {
                actions.iter().map(|action| ((*table).to_owned(), (*action).to_owned()))
            })
            .collect();
        assert_eq!(in_tables, expected, "{function}");
        let expected: BTreeSet<_> = others.iter().map(|action| (*action).to_owned()).collect();
        assert_eq!(beside, expected, "{function}");
    }
    let deployed = described("/functions");
    assert_eq!(deployed.as_object().unwrap().len(), ALLOWED.len(), "a function without a row here");
}

/// A record is written once and never changed, by no role at all.
#[test]
fn no_role_may_change_or_delete_a_record() {
    for role in elements(&iam("Action=ListRoles"), "RoleName") {
        for (action, resource) in grants_if_ours(&role) {
            if short(&resource).starts_with(AUDIT)
                || (action.starts_with("dynamodb:") && resource == "*")
            {
                // The report reads; nobody else does, and nobody changes.
                let reads = role == role_of("access-report") && action == "dynamodb:Query";
                assert!(reads || action == "dynamodb:PutItem", "{role}: {action} on {resource}");
            }
        }
    }
}

/// The roles of this stack; an account may have others, with managed policies.
fn grants_if_ours(role: &str) -> BTreeSet<Grant> {
    let ours = described("/stack_name");
    if role.starts_with(ours.as_str().unwrap()) && !role.contains("GatewayLogging") {
        grants(role)
    } else {
        BTreeSet::new()
    }
}

fn short(resource: &str) -> String {
    let name = resource.split(":table/").nth(1).unwrap_or(resource);
    let (table, index) = name.split_once('/').map_or((name, ""), |(table, index)| (table, index));
    let table = match table {
        table if table == stack().table_name => TABLE,
        table if table == stack().audit_table_name => AUDIT,
        other => other,
    };
    if index.is_empty() { table.to_owned() } else { format!("{table}/{index}") }
}

fn iam(form: &str) -> String {
    form_call("iam", &format!("{form}&Version=2010-05-08"))
}

/// The texts of all elements of this name that hold no others.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open)
        .skip(1)
        .filter_map(|rest| rest.split_once(&close))
        .map(|(text, _)| text.trim().to_owned())
        .filter(|text| !text.contains('<'))
        .collect()
}

/// A text without its XML and percent encodings.
fn decoded(text: &str) -> String {
    let text = text.replace("&quot;", "\"").replace("&#34;", "\"").replace("&amp;", "&");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let pair = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.map(|pair| u8::from_str_radix(pair, 16)) {
            Some(Ok(byte)) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// One value as a list of one.
fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}
