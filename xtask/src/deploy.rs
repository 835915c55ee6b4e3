//! Deploying the template and the code, and describing what came of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use system_tests::issuer::{
    CLINIC_AUDIENCE, CLINIC_ISSUER, Issuer, PATIENT_AUDIENCE, PATIENT_ISSUER,
};
use system_tests::stack::Stack;

use crate::aws::Aws;
use crate::console::say;
use crate::failure::{Doing as _, Failure, Result};
use crate::package::Package;
use crate::{gateway, process, workspace};

/// The stage that accepts the development issuer.
pub const LOCAL_STAGE: &str = "local";

/// Where in the bucket the development issuer publishes its keys.
const JWKS_KEY: &str = "dev-issuer/jwks.json";

/// The parameters that only the person knows, for a stage other than `local`.
const ISSUER_PARAMETERS: [&str; 6] = [
    "ClinicIssuer",
    "ClinicAudience",
    "ClinicJwksUrl",
    "PatientIssuer",
    "PatientAudience",
    "PatientJwksUrl",
];

/// The template's parameters by name, as the person gave them.
pub type Parameters = BTreeMap<String, String>;

/// Deploys and hands back the description of the stack, which is written to `target/stack/stack.json`.
///
/// `process` is the local stack's process, for the description.
pub fn deploy(
    aws: &Aws,
    package: &Package,
    given: &Parameters,
    process: Option<i32>,
) -> Result<Value> {
    let stage = given.get("Stage").map_or(LOCAL_STAGE, String::as_str);
    let name = format!("patient-messaging-{stage}");
    let bucket = bucket_name(aws, &name)?;
    make_bucket(aws, &bucket)?;
    let parameters = parameters(aws, &bucket, package, given)?;
    publish(aws, &bucket, stage, package)?;
    if stage == LOCAL_STAGE && !given.contains_key("ChartBucket") {
        make_chart(aws, parameter(&parameters, "ChartBucket"))?;
    }
    deploy_template(aws, &name, &bucket, &parameters)?;
    let outputs = outputs(aws, &name)?;
    gateway::complete(aws, &name, output(&outputs, "ApiId")?, stage)?;
    verify_sender(aws, parameter(&parameters, "SenderAddress"))?;
    let mut description = describe(aws, &name, stage, &parameters, &outputs)?;
    if let Some(members) = description.as_object_mut() {
        members.insert("pid".to_owned(), json!(process));
    }
    let path = Stack::path();
    fs::write(&path, format!("{description:#}\n"))
        .doing(format_args!("writing {}", path.display()))?;
    Stack::load().doing("reading the stack's description back")?;
    Ok(description)
}

/// The development issuer's key.
pub fn issuer_key() -> PathBuf {
    workspace::stack().join("issuer-key.pem")
}

/// The name of the bucket for code and keys. On Amazon's own S3 all accounts share the names.
fn bucket_name(aws: &Aws, stack: &str) -> Result<String> {
    if aws.endpoint.is_some() {
        return Ok(stack.to_owned());
    }
    let identity = aws.call(["sts", "get-caller-identity"])?;
    let account = identity.get("Account").and_then(Value::as_str);
    Ok(format!("{stack}-{}-{}", account.unwrap_or_default(), aws.region))
}

/// Makes a bucket, if it is absent.
fn make_bucket(aws: &Aws, name: &str) -> Result<()> {
    if aws.call(["s3api", "head-bucket", "--bucket", name]).is_err() {
        process::output(aws.command().args(["s3", "mb", &format!("s3://{name}")]))?;
    }
    Ok(())
}

/// Makes the bucket that stands for a chart system's, which keeps versions as a chart system's does.
fn make_chart(aws: &Aws, name: &str) -> Result<()> {
    make_bucket(aws, name)?;
    aws.call([
        "s3api",
        "put-bucket-versioning",
        "--bucket",
        name,
        "--versioning-configuration",
        "Status=Enabled",
    ])?;
    Ok(())
}

/// All parameters: what the person gave, and for the stage `local` what a developer's stack has.
fn parameters(
    aws: &Aws,
    bucket: &str,
    package: &Package,
    given: &Parameters,
) -> Result<Parameters> {
    let mut all = Parameters::new();
    let mut set = |name: &str, value: &str| {
        all.insert(name.to_owned(), value.to_owned());
    };
    set("Stage", LOCAL_STAGE);
    set("CodeBucket", bucket);
    set("CodePrefix", &code_prefix(package));
    if given.get("Stage").is_none_or(|stage| stage == LOCAL_STAGE) {
        let jwks = match &aws.endpoint {
            Some(endpoint) => format!("{endpoint}/{bucket}/{JWKS_KEY}"),
            None => format!("https://{bucket}.s3.{}.amazonaws.com/{JWKS_KEY}", aws.region),
        };
        set("ClinicIssuer", CLINIC_ISSUER);
        set("ClinicAudience", CLINIC_AUDIENCE);
        set("ClinicJwksUrl", &jwks);
        set("PatientIssuer", PATIENT_ISSUER);
        set("PatientAudience", PATIENT_AUDIENCE);
        set("PatientJwksUrl", &jwks);
        set("LinkDomain", "patient.example.test");
        set("AllowedOrigins", "http://localhost:3000,http://localhost:3001");
        set("LogRetentionDays", "1");
        // No stack but Amazon's own has GuardDuty.
        set("MalwareScan", "off");
        set("ChartBucket", &format!("{bucket}-chart"));
        if aws.endpoint.is_some() {
            set("SenderAddress", "no-reply@clinic.example.test");
            // The tests send as fast as they can.
            set("ThrottleRate", "5000");
            set("ThrottleBurst", "5000");
            set("EmailsPerSecond", "5000");
            set("TextsPerSecond", "5000");
        }
    }
    all.extend(given.clone());
    let missing: Vec<String> = ISSUER_PARAMETERS
        .iter()
        .chain(&["SenderAddress", "LinkDomain", "AllowedOrigins"])
        .filter(|name| !all.contains_key(**name))
        .map(|name| format!("--set {name}=..."))
        .collect();
    if missing.is_empty() {
        return Ok(all);
    }
    Err(Failure::new(format!(
        "The template needs more parameters, whose meaning infra/template.yaml says: {}",
        missing.join(" ")
    )))
}

fn code_prefix(package: &Package) -> String {
    format!("code/{}", package.id)
}

/// Uploads the code and, for the stage `local`, the development issuer's public keys.
fn publish(aws: &Aws, bucket: &str, stage: &str, package: &Package) -> Result<()> {
    let folder = package.folder.to_string_lossy();
    let to = format!("s3://{bucket}/{}/", code_prefix(package));
    let mut upload = aws.command();
    upload.args(["s3", "cp", "--recursive", "--only-show-errors", &folder, &to]);
    let log = workspace::stack().join("upload.log");
    process::step("uploading the code", &mut upload, &log)?;
    if stage == LOCAL_STAGE {
        publish_jwks(aws, bucket)?;
    }
    Ok(())
}

/// Puts the keys where the authorizer can read them without credentials. Everything else in the bucket
/// stays closed.
fn publish_jwks(aws: &Aws, bucket: &str) -> Result<()> {
    let issuer = Issuer::load_or_generate(&issuer_key()).doing("making the development issuer")?;
    let file = workspace::stack().join("jwks.json");
    fs::write(&file, issuer.jwks().to_string())
        .doing(format_args!("writing {}", file.display()))?;
    let file = file.to_string_lossy().into_owned();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "DevelopmentIssuerKeys",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{bucket}/{JWKS_KEY}"),
        }],
    });
    // A new bucket refuses any policy that lets the public in, until it is told otherwise.
    aws.call([
        "s3api",
        "put-public-access-block",
        "--bucket",
        bucket,
        "--public-access-block-configuration",
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false,RestrictPublicBuckets=false",
    ])?;
    aws.call(["s3api", "put-bucket-policy", "--bucket", bucket, "--policy", &policy.to_string()])?;
    aws.call([
        "s3api",
        "put-object",
        "--bucket",
        bucket,
        "--key",
        JWKS_KEY,
        "--body",
        &file,
        "--content-type",
        "application/json",
    ])?;
    Ok(())
}

fn deploy_template(aws: &Aws, name: &str, bucket: &str, parameters: &Parameters) -> Result<()> {
    let template = workspace::template();
    let mut command = aws.command();
    command
        .args(["cloudformation", "deploy", "--stack-name", name])
        .arg("--template-file")
        .arg(&template)
        // Above 50 KB, a template is read from S3 only.
        .args(["--s3-bucket", bucket, "--s3-prefix", "template"])
        .args(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
        .args(["--no-fail-on-empty-changeset", "--parameter-overrides"])
        .args(parameters.iter().map(|(name, value)| format!("{name}={value}")));
    let log = workspace::stack().join("deploy.log");
    let step = format!("deploying {} as {name}", workspace::short(&template));
    process::step(&step, &mut command, &log).map_err(|failure| {
        let reasons = reasons(aws, name);
        if reasons.is_empty() {
            return failure;
        }
        Failure::new(format!("{failure}\n{}", reasons.join("\n")))
    })
}

/// What failed in the last deployment of a stack, in `CloudFormation`'s words.
fn reasons(aws: &Aws, name: &str) -> Vec<String> {
    let events = aws
        .call([
            "cloudformation",
            "describe-stack-events",
            "--stack-name",
            name,
            "--max-items",
            "200",
            "--query",
            "StackEvents[?contains(ResourceStatus, 'FAILED')].[LogicalResourceId, ResourceStatusReason]",
        ])
        .unwrap_or_default();
    let rows = events.as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter()
        .filter_map(|row| {
            let resource = row.get(0)?.as_str()?;
            let reason = row.get(1)?.as_str()?;
            // The others were only cancelled by the first.
            (!reason.contains("cancelled")).then(|| format!("  {resource}: {reason}"))
        })
        .collect()
}

fn outputs(aws: &Aws, name: &str) -> Result<Map<String, Value>> {
    let outputs = aws.call([
        "cloudformation",
        "describe-stacks",
        "--stack-name",
        name,
        "--query",
        "Stacks[0].Outputs",
    ])?;
    let rows = outputs.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(rows
        .iter()
        .filter_map(|row| {
            let key = row.get("OutputKey")?.as_str()?;
            Some((key.to_owned(), row.get("OutputValue")?.clone()))
        })
        .collect())
}

fn output<'a>(outputs: &'a Map<String, Value>, name: &str) -> Result<&'a str> {
    outputs
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| Failure::new(format!("The deployed stack has no output {name}.")))
}

fn parameter<'a>(parameters: &'a Parameters, name: &str) -> &'a str {
    parameters.get(name).map_or("", String::as_str)
}

/// Makes sure that SES sends from the address. Only the person can see to that on AWS.
fn verify_sender(aws: &Aws, address: &str) -> Result<()> {
    if sender_is_verified(aws, address)? {
        return Ok(());
    }
    if aws.endpoint.is_none() {
        say(format_args!(
            "SES does not send from {address} yet: follow the link in the mail that SES sent there."
        ));
        return Ok(());
    }
    aws.call(["ses", "verify-email-identity", "--email-address", address])?;
    if sender_is_verified(aws, address)? {
        return Ok(());
    }
    Err(Failure::new(format!(
        "The stack's SES does not verify the sender {address}, so no notice could be sent."
    )))
}

fn sender_is_verified(aws: &Aws, address: &str) -> Result<bool> {
    // A verified domain will do as well.
    let domain = address.rsplit('@').next().unwrap_or_default();
    let answer =
        aws.call(["ses", "get-identity-verification-attributes", "--identities", address, domain])?;
    let attributes = answer.get("VerificationAttributes").and_then(Value::as_object);
    Ok(attributes.is_some_and(|attributes| {
        attributes
            .values()
            .any(|identity| identity.get("VerificationStatus") == Some(&json!("Success")))
    }))
}

/// What `target/stack/stack.json` says. The tests read the first fields through
/// [`Stack`](system_tests::stack::Stack); the others are for them and for a person.
fn describe(
    aws: &Aws,
    name: &str,
    stage: &str,
    parameters: &Parameters,
    outputs: &Map<String, Value>,
) -> Result<Value> {
    let api_id = output(outputs, "ApiId")?;
    let api_url = match &aws.endpoint {
        Some(endpoint) => format!("{endpoint}/restapis/{api_id}/{stage}/_user_request_"),
        None => output(outputs, "ApiUrl")?.to_owned(),
    };
    let endpoint = match &aws.endpoint {
        Some(endpoint) => endpoint.clone(),
        None => format!("https://{}.amazonaws.com", aws.region),
    };
    let mut functions = Map::new();
    for function in workspace::functions()? {
        let deployed = output(outputs, &format!("{}FunctionName", camel_case(&function)))?;
        functions.insert(function, json!(deployed));
    }
    let credentials = aws.credentials.as_ref();
    Ok(json!({
        "endpoint": endpoint,
        "api_url": api_url,
        "table_name": output(outputs, "TableName")?,
        "audit_table_name": output(outputs, "AuditTableName")?,
        "issuer_key_path": issuer_key(),
        "region": aws.region,
        "access_key_id": credentials.map(|(key, _)| key),
        "secret_access_key": credentials.map(|(_, secret)| secret),
        "stack_name": name,
        "stage": stage,
        "api_id": api_id,
        "functions": functions,
        "log_groups": format!("/{name}/"),
        "stream_failures_url": output(outputs, "StreamFailuresUrl")?,
        "tick_failures_url": output(outputs, "TickFailuresUrl")?,
        "file_failures_url": output(outputs, "FileFailuresUrl")?,
        "feedback_failures_url": output(outputs, "FeedbackFailuresUrl")?,
        "address_key_id": output(outputs, "AddressKeyId")?,
        "feedback_topic": output(outputs, "FeedbackTopicArn")?,
        "files_bucket": output(outputs, "FilesBucketName")?,
        "chart_bucket": parameter(parameters, "ChartBucket"),
        "parameters": parameters,
    }))
}

/// `send-message` as `SendMessage`, the template's spelling.
fn camel_case(name: &str) -> String {
    name.split('-')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_the_name_that_the_template_gives_it() {
        assert_eq!(camel_case("send-message"), "SendMessage");
        assert_eq!(camel_case("notify"), "Notify");
    }

    #[test]
    fn the_template_holds_every_function() {
        let template = fs::read_to_string(workspace::template()).unwrap_or_default();
        for function in workspace::functions().unwrap_or_default() {
            let name = camel_case(&function);
            for expected in [
                format!("\n  {name}Function:\n"),
                format!("\n  {name}Role:\n"),
                format!("\n    {name}: {{Name: {function}}}\n"),
                format!("/{function}.zip\""),
                format!("\n  {name}FunctionName:\n"),
            ] {
                assert!(template.contains(&expected), "{expected}");
            }
        }
    }
}
