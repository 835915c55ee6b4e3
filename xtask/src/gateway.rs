//! What a stand-in for API Gateway leaves out of an imported API.

use serde_json::{Map, Value, json};
use system_tests::api::Api;

use crate::aws::Aws;
use crate::failure::{Doing as _, Failure, Result};

/// The member of an imported API by which API Gateway is told its own answers.
const EXTENSION: &str = "x-amazon-apigateway-gateway-responses";

/// Gives the API its gateway responses where the import left them out.
///
/// API Gateway takes them from the API's document, which SAM writes them into. The local stack reads the
/// routes and the authorizer in it and leaves these out, so that its own refusals would be no problem
/// documents and closed to browsers. They are put one by one then, from the very document, and the stage
/// is deployed again, as it has to be for them to count. The template needs nothing for that.
pub fn complete(aws: &Aws, stack: &str, api: &str, stage: &str) -> Result<()> {
    let Some(endpoint) = aws.endpoint.as_deref() else {
        return Ok(());
    };
    let wanted = wanted(aws, stack)?;
    let gateway = Gateway { aws, endpoint, api };
    let Some(first) = wanted.keys().next() else {
        return Err(Failure::new(format!("The deployed stack {stack} has no gateway responses.")));
    };
    let kept = gateway.call("GET", &format!("gatewayresponses/{first}"), None)?;
    if kept.get("defaultResponse") == Some(&json!(false)) {
        return Ok(());
    }
    for (kind, response) in &wanted {
        gateway.call("PUT", &format!("gatewayresponses/{kind}"), Some(response))?;
    }
    gateway.call("POST", "deployments", Some(&json!({ "stageName": stage })))?;
    Ok(())
}

/// The responses in the document that the template was made into.
fn wanted(aws: &Aws, stack: &str) -> Result<Map<String, Value>> {
    let query = format!("TemplateBody.Resources.Api.Properties.Body.\"{EXTENSION}\"");
    let responses = aws.call([
        "cloudformation",
        "get-template",
        "--template-stage",
        "Processed",
        "--stack-name",
        stack,
        "--query",
        &query,
    ])?;
    Ok(responses.as_object().cloned().unwrap_or_default())
}

struct Gateway<'a> {
    aws: &'a Aws,
    endpoint: &'a str,
    api: &'a str,
}

impl Gateway<'_> {
    /// Calls an operation of API Gateway over HTTP: each through the AWS command line would take most of
    /// a second. Stand-ins do not check the signature of their root user.
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let key = self.aws.credentials.as_ref().map_or("test", |(key, _)| key.as_str());
        let scope = format!("{key}/20260101/{}/apigateway/aws4_request", self.aws.region);
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let api = Api::new(&format!("{}/restapis/{}/", self.endpoint, self.api));
        let method = method.parse().doing("naming an HTTP method")?;
        let mut request =
            api.request(method, &format!("/{path}")).header("Authorization", &authorization);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().doing("completing the API")?;
        if (200..300).contains(&answer.status) {
            return Ok(answer.json());
        }
        Err(Failure::new(format!(
            "The stack's API Gateway answered {} to {path}: {}",
            answer.status,
            answer.text()
        )))
    }
}
