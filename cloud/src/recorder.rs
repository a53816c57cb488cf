//! Stands between a program and a `DynamoDB`, and keeps what it is asked for.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// An action as IAM names it, and what it is done to: `table`, or `index/` with the index's name.
pub type Call = (String, String);

/// The proxy, on a port of loopback that the system chose.
#[derive(Debug)]
pub struct Recorder {
    /// As `http://127.0.0.1:40123`.
    pub endpoint: String,
    calls: Arc<Mutex<BTreeSet<Call>>>,
}

impl Recorder {
    /// One in front of `upstream` (`http://127.0.0.1:…`); it works until this process ends.
    pub fn start(upstream: &str) -> Result<Self> {
        let upstream = upstream
            .strip_prefix("http://")
            .context("an address of plain HTTP")?
            .to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").context("listen on loopback")?;
        let address = listener.local_addr().context("read the listener's address")?;
        let calls = Arc::<Mutex<BTreeSet<Call>>>::default();
        let seen = calls.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (seen, upstream) = (seen.clone(), upstream.clone());
                // An error is a connection that one side closed.
                thread::spawn(move || {
                    TcpStream::connect(upstream)
                        .context("reach the database")
                        .and_then(|upstream| pass_on(&client, &upstream, &seen))
                });
            }
        });
        Ok(Self {
            endpoint: format!("http://{address}"),
            calls,
        })
    }

    /// All calls since the last time this was asked.
    pub fn take(&self) -> BTreeSet<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn pass_on(client: &TcpStream, upstream: &TcpStream, seen: &Mutex<BTreeSet<Call>>) -> Result<()> {
    let (mut from_client, mut from_upstream) = (BufReader::new(client), BufReader::new(upstream));
    let (mut to_client, mut to_upstream) = (client, upstream);
    loop {
        let (head, body) = message(&mut from_client)?;
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(call(&head, &body)?);
        to_upstream
            .write_all(&[head.as_bytes(), &body].concat())
            .context("pass a request on")?;
        let (head, body) = message(&mut from_upstream)?;
        to_client
            .write_all(&[head.as_bytes(), &body].concat())
            .context("pass an answer on")?;
    }
}

/// A head with its empty line, and as much body as it says.
fn message(from: &mut BufReader<&TcpStream>) -> Result<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let read = from.read_line(&mut head).context("read a head")?;
        anyhow::ensure!(read > 0, "the connection ended");
    }
    let length = header(&head, "content-length").unwrap_or("0");
    let mut body = vec![0; length.parse().context("read the length of a body")?];
    from.read_exact(&mut body).context("read a body")?;
    Ok((head, body))
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    Some(value.trim())
}

fn call(head: &str, body: &[u8]) -> Result<Call> {
    let target = header(head, "x-amz-target").context("a request without x-amz-target")?;
    let (_, operation) = target.rsplit_once('.').context("an operation")?;
    let body: Value = serde_json::from_slice(body).context("read a request")?;
    let on = body["IndexName"]
        .as_str()
        .map_or("table".to_owned(), |index| format!("index/{index}"));
    Ok((format!("dynamodb:{operation}"), on))
}
