//! Reading the gateway's event.

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use http::HeaderValue;
use serde_json::Value;

/// The event that API Gateway sent; `None` if it is none.
///
/// A header value that HTTP's grammar does not allow (RFC 9110, 5.5) would make the whole event
/// unreadable, so that header counts as not sent. Nothing of an event is repeated in an error: it
/// holds tokens.
pub fn read_event(mut event: Value) -> Option<ApiGatewayProxyRequest> {
    let allowed =
        |value: &Value| value.as_str().is_none_or(|text| HeaderValue::from_str(text).is_ok());
    if let Some(headers) = event.get_mut("headers").and_then(Value::as_object_mut) {
        headers.retain(|_, value| allowed(value));
    }
    if let Some(headers) = event.get_mut("multiValueHeaders").and_then(Value::as_object_mut) {
        headers
            .retain(|_, values| values.as_array().is_none_or(|values| values.iter().all(allowed)));
    }
    serde_json::from_value(event).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_header_that_http_does_not_allow_counts_as_not_sent() {
        let event = json!({
            "httpMethod": "GET",
            "path": "/inbox",
            "headers": { "X-Name": "Zo\u{1}", "Accept": "*/*" },
            "multiValueHeaders": { "X-Name": ["Zo\u{1}"], "Accept": ["*/*"] },
            "requestContext": { "httpMethod": "GET" },
        });
        let read = read_event(event);
        let headers =
            read.map(|request| (request.headers.len(), request.multi_value_headers.len()));
        assert_eq!(headers, Some((1, 1)));
    }

    #[test]
    fn what_is_no_event_is_none() {
        assert!(read_event(json!([])).is_none());
        assert!(read_event(json!("eyJ")).is_none());
    }
}
