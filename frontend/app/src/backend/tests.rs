//! The client, where the backend answers otherwise than it should, or not at all.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// A list without messages.
const EMPTY: &str = "HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"messages\":[]}";

/// Finds the address of every name, but not the first times.
struct Names {
    address: SocketAddr,
    failures: AtomicUsize,
}

impl Resolve for Names {
    fn resolve(&self, _: Name) -> Resolving {
        let failures = &self.failures;
        let fails = failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        let address = self.address;
        Box::pin(async move {
            if fails.is_ok() {
                return Err(io::Error::other("no answer").into());
            }
            Ok(Box::new(std::iter::once(address)) as Addrs)
        })
    }
}

/// What `list` gives where the first `failures` connections cannot be made.
async fn listed_after(failures: usize) -> Result<MessageList, BoardError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await.unwrap();
        stream.write_all(EMPTY.as_bytes()).await.unwrap();
    });
    let names = Names {
        address,
        failures: failures.into(),
    };
    let mut backend = Backend::new("http://backend").unwrap();
    backend.client = Client::builder().dns_resolver(Arc::new(names)).build().unwrap();
    backend.list(None).await
}

/// A backend on loopback that answers each request so, and counts who connects.
async fn answering(answer: &'static str) -> (Backend, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connected = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connected);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (Backend::new(&format!("http://{address}")).unwrap(), connected)
}

#[tokio::test]
async fn a_connection_is_kept_for_less_than_a_backend_takes_to_end() {
    let (backend, connected) = answering(EMPTY).await;
    for _ in ["first", "soon after"] {
        backend.list(None).await.unwrap();
    }
    assert_eq!(connected.load(Ordering::SeqCst), 1);
    tokio::time::sleep(KEPT + Duration::from_millis(500)).await;
    backend.list(None).await.unwrap();
    assert_eq!(connected.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn two_connections_that_cannot_be_made_are_not_noticed() {
    assert!(listed_after(2).await.unwrap().messages.is_empty());
}

#[tokio::test]
async fn none_for_longer_means_that_the_backend_is_unavailable() {
    assert_eq!(
        listed_after(usize::MAX).await.unwrap_err(),
        BoardError::Unavailable
    );
}

#[tokio::test]
async fn what_is_refused_without_a_word_is_no_outage() {
    let too_long = "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
    let (backend, _) = answering(too_long).await;
    let error = backend.list(Some("cursor")).await.unwrap_err();
    let told = (error.status(), error.to_string());
    assert_eq!(told.0, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(told.1, "Not accepted: Request Header Fields Too Large.");
}

#[tokio::test]
async fn a_fault_without_a_word_and_the_refusal_of_another_server_are_faults() {
    for answer in [
        "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\n\r\n",
    ] {
        let (backend, _) = answering(answer).await;
        let error = backend.list(None).await.unwrap_err();
        assert_eq!(error, BoardError::Unavailable, "{answer}");
    }
}
