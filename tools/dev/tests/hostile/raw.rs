//! Requests as bytes: no client of HTTP would send these.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// For an answer that is made at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a server of the stack listens, from its address for a browser.
pub(crate) fn address(url: &str) -> &str {
    url.strip_prefix("http://").expect("the stack speaks plain HTTP")
}

/// A request for `path` that ends its connection, so that the answer ends there too.
pub(crate) fn request(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n")
}

/// All that is answered to these bytes.
pub(crate) async fn send(address: &str, bytes: &str) -> String {
    let answered = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The server may have had enough before all is sent.
        let _ = stream.write_all(bytes.as_bytes()).await;
        let mut answer = Vec::new();
        let mut part = [0; 4096];
        // After an answer to a request that it did not read to its end, the server resets the
        // connection.
        while let Ok(count @ 1..) = stream.read(&mut part).await {
            answer.extend_from_slice(&part[..count]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    };
    timeout(PATIENCE, answered)
        .await
        .unwrap_or_else(|_| panic!("no end of the answer to {:?}", start(bytes)))
}

/// The number in the first line of an answer; 0 for none.
pub(crate) fn status(answer: &str) -> u16 {
    let number = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// As much as a reader needs to know it again.
pub(crate) fn start(text: &str) -> &str {
    text.get(..200).unwrap_or(text)
}
