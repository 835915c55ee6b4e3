//! An SNS on a free port of 127.0.0.1 that answers as it is told.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use delivery::OptOuts;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What SNS answers to one question.
#[derive(Clone)]
pub struct Said(u16, String);

/// Whether the number opted out.
pub fn opted_out(whether: bool) -> Said {
    let name = "CheckIfPhoneNumberIsOptedOut";
    let result = format!("<{name}Result><isOptedOut>{whether}</isOptedOut></{name}Result>");
    Said(200, format!("<{name}Response>{result}</{name}Response>"))
}

/// The number is opted in.
pub fn opted_in() -> Said {
    let name = "OptInPhoneNumber";
    Said(200, format!("<{name}Response><{name}Result/></{name}Response>"))
}

/// A refusal of this code.
pub fn refused(status: u16, code: &str) -> Said {
    let error = format!("<Type>Sender</Type><Code>{code}</Code><Message>planted</Message>");
    let whole =
        format!("<ErrorResponse><Error>{error}</Error><RequestId>r</RequestId></ErrorResponse>");
    Said(status, whole)
}

/// The service, with the bodies of the requests that reached it.
pub struct Sns {
    endpoint: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Sns {
    /// One that answers so whether a number opted out, and whether it is opted in again.
    pub async fn start(opted_out: Said, opted_in: Said) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let received = Arc::clone(&bodies);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let body = serve(stream, &opted_out, &opted_in).await;
                received.lock().unwrap().push(body);
            }
        });
        Self { endpoint, bodies }
    }

    /// What the handler asks it through.
    pub fn opt_outs(&self) -> OptOuts {
        let config = testkit::nobody().into_builder().endpoint_url(&self.endpoint).build();
        OptOuts::new(&config)
    }

    /// The bodies of the requests, as they came.
    pub fn requests(&self) -> Vec<String> {
        self.bodies.lock().unwrap().clone()
    }
}

/// Answers the one request of a connection, and gives its body.
async fn serve(mut stream: TcpStream, opted_out: &Said, opted_in: &Said) -> String {
    let mut request = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap();
        let length: usize = length.lines().next().unwrap().parse().unwrap();
        if body.len() >= length {
            let is_question = body.contains("Action=CheckIf");
            let Said(status, answer) = if is_question { opted_out } else { opted_in };
            let head = format!("HTTP/1.1 {status} X\r\nContent-Type: text/xml");
            let length = answer.len();
            let whole =
                format!("{head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{answer}");
            stream.write_all(whole.as_bytes()).await.unwrap();
            return body.to_owned();
        }
    }
}
