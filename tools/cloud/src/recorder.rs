//! Stands between a program and a service of AWS, and keeps what it is asked for, as IAM calls it.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};
use iam::dynamodb;

/// An action as IAM names it, and what it is done to: of a `DynamoDB`, `table` or `index/` with the
/// index's name; of a registry, the repository; of EKS, the cluster; of a load balancer, the
/// listener.
pub type Call = (String, String);

/// What a request is to IAM, by its head and body; nothing where no right is needed.
type Reader = fn(&str, &[u8]) -> Result<Option<Call>>;

/// The proxy, on a port of loopback that the system chose.
#[derive(Debug)]
pub struct Recorder {
    /// As `http://127.0.0.1:40123`.
    pub endpoint: String,
    calls: Arc<Mutex<BTreeSet<Call>>>,
}

impl Recorder {
    /// One in front of a `DynamoDB` at `upstream` (`http://127.0.0.1:…`); it works until this
    /// process ends.
    pub fn of_table(upstream: &str) -> Result<Self> {
        Self::start(upstream, of_table)
    }

    /// One in front of a registry of images, likewise.
    pub fn of_registry(upstream: &str) -> Result<Self> {
        Self::start(upstream, of_registry)
    }

    /// One in front of EKS, likewise.
    pub fn of_clusters(upstream: &str) -> Result<Self> {
        Self::start(upstream, of_clusters)
    }

    /// One in front of load balancers and `CloudWatch`, likewise.
    pub fn of_traffic(upstream: &str) -> Result<Self> {
        Self::start(upstream, of_traffic)
    }

    fn start(upstream: &str, read: Reader) -> Result<Self> {
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
                thread::spawn(move || {
                    let done = TcpStream::connect(upstream)
                        .context("reach what is recorded")
                        .and_then(|upstream| pass_on(&client, &upstream, &seen, read));
                    // The client sees only that the connection ends.
                    if let Err(error) = done {
                        eprintln!("not recorded: {error:#}");
                    }
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

/// Passes requests and answers on until the client has nothing more to ask.
fn pass_on(
    client: &TcpStream,
    upstream: &TcpStream,
    seen: &Mutex<BTreeSet<Call>>,
    read: Reader,
) -> Result<()> {
    let (mut from_client, mut from_upstream) = (BufReader::new(client), BufReader::new(upstream));
    let (mut to_client, mut to_upstream) = (client, upstream);
    while !from_client.fill_buf().context("wait for a request")?.is_empty() {
        let (asked, body) = message(&mut from_client, |_| true)?;
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(read(&asked, &body)?);
        to_upstream
            .write_all(&[asked.as_bytes(), &body].concat())
            .context("pass a request on")?;
        let (head, body) = message(&mut from_upstream, |head| has_body(&asked, head))?;
        to_client
            .write_all(&[head.as_bytes(), &body].concat())
            .context("pass an answer on")?;
    }
    Ok(())
}

/// A head with its empty line, and the body as it is on the wire, if there may be one.
fn message(
    from: &mut BufReader<&TcpStream>,
    may_have_body: impl Fn(&str) -> bool,
) -> Result<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push_str(&line(from)?);
    }
    if !may_have_body(&head) {
        return Ok((head, Vec::new()));
    }
    if header(&head, "transfer-encoding").is_some_and(|how| how.eq_ignore_ascii_case("chunked")) {
        let body = chunks(from)?;
        return Ok((head, body));
    }
    let length = header(&head, "content-length").unwrap_or("0");
    let mut body = vec![0; length.parse().context("read the length of a body")?];
    from.read_exact(&mut body).context("read a body")?;
    Ok((head, body))
}

fn line(from: &mut BufReader<&TcpStream>) -> Result<String> {
    let mut line = String::new();
    let read = from.read_line(&mut line).context("read a line")?;
    anyhow::ensure!(read > 0, "the connection ended");
    Ok(line)
}

/// Each chunk with its length before and an empty line behind it; the last one is empty.
fn chunks(from: &mut BufReader<&TcpStream>) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let length = line(from)?;
        body.extend(length.as_bytes());
        let length = usize::from_str_radix(length.trim(), 16).context("read the length of a chunk")?;
        let mut chunk = vec![0; length + "\r\n".len()];
        from.read_exact(&mut chunk).context("read a chunk")?;
        body.extend(chunk);
        if length == 0 {
            return Ok(body);
        }
    }
}

/// An answer to HEAD tells the length of a body that does not come.
fn has_body(asked: &str, head: &str) -> bool {
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    !asked.starts_with("HEAD ") && !matches!(status, "204" | "304")
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    Some(value.trim())
}

fn of_table(head: &str, body: &[u8]) -> Result<Option<Call>> {
    let target = header(head, "x-amz-target").context("a request without x-amz-target")?;
    let call = dynamodb::Call::of(target, body)?;
    let on = call
        .index
        .map_or("table".to_owned(), |index| format!("index/{index}"));
    Ok(Some((call.action, on)))
}

/// As AWS describes each action of ECR: which of the distribution API's requests it answers.
fn of_registry(head: &str, _: &[u8]) -> Result<Option<Call>> {
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default();
    let path = path
        .strip_prefix("/v2/")
        .context("a request of the distribution API")?;
    if path.is_empty() {
        return Ok(None);
    }
    let (repository, action) = if let Some((repository, _)) = path.split_once("/manifests/") {
        let action = match method {
            "HEAD" | "GET" => "BatchGetImage",
            "PUT" => "PutImage",
            other => anyhow::bail!("{other} of a manifest"),
        };
        (repository, action)
    } else if let Some((repository, _)) = path.split_once("/blobs/uploads") {
        let action = match method {
            "POST" => "InitiateLayerUpload",
            "PATCH" => "UploadLayerPart",
            "PUT" => "CompleteLayerUpload",
            other => anyhow::bail!("{other} of an upload"),
        };
        (repository, action)
    } else if let Some((repository, _)) = path.split_once("/blobs/") {
        let action = match method {
            "HEAD" => "BatchCheckLayerAvailability",
            "GET" => "GetDownloadUrlForLayer",
            other => anyhow::bail!("{other} of a layer"),
        };
        (repository, action)
        // wing: versions
    } else if let (Some(repository), "GET") = (path.strip_suffix("/tags/list"), method) {
        (repository, "ListImages")
        // end of wing
    } else {
        anyhow::bail!("{method} /v2/{path}");
    };
    Ok(Some((format!("ecr:{action}"), repository.to_owned())))
}

/// Load balancers are asked by a form whose field is the action, `CloudWatch` by a header.
fn of_traffic(head: &str, body: &[u8]) -> Result<Option<Call>> {
    if let Some(target) = header(head, "x-amz-target") {
        let (_, action) = target.rsplit_once('.').context("a service and an action")?;
        return Ok(Some((format!("cloudwatch:{action}"), "*".to_owned())));
    }
    let form = String::from_utf8_lossy(body);
    let fields = || form.split('&').filter_map(|field| field.split_once('='));
    let action = fields().find(|(name, _)| *name == "Action");
    let (_, action) = action.context("a form without an action")?;
    let listener = fields().find(|(name, _)| ["ListenerArn", "ResourceArns.member.1"].contains(name));
    let on = listener.map_or("*", |(_, arn)| arn);
    // An ARN has no other signs that a form writes otherwise.
    let on = on.replace("%3A", ":").replace("%2F", "/");
    Ok(Some((format!("elasticloadbalancing:{action}"), on)))
}

/// As AWS describes EKS' API, as far as clusters are read.
fn of_clusters(head: &str, _: &[u8]) -> Result<Option<Call>> {
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default();
    let call = match (
        method,
        path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice(),
    ) {
        ("GET", ["clusters"]) => ("eks:ListClusters", "*"),
        ("GET", ["clusters", name]) => ("eks:DescribeCluster", *name),
        _ => anyhow::bail!("{method} {path} is no reading of clusters"),
    };
    Ok(Some((call.0.to_owned(), call.1.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_a_registry_have_their_actions() {
        let action = |head: &str| {
            of_registry(head, &[])
                .unwrap()
                .map(|(action, on)| format!("{action} {on}"))
        };
        assert_eq!(action("GET /v2/ HTTP/1.1"), None);
        for (head, expected) in [
            ("HEAD /v2/a/b/manifests/t HTTP/1.1", "ecr:BatchGetImage a/b"),
            ("PUT /v2/a/b/manifests/t HTTP/1.1", "ecr:PutImage a/b"),
            (
                "HEAD /v2/a/blobs/sha256:0 HTTP/1.1",
                "ecr:BatchCheckLayerAvailability a",
            ),
            ("POST /v2/a/blobs/uploads/ HTTP/1.1", "ecr:InitiateLayerUpload a"),
            (
                "PUT /v2/a/blobs/uploads/1?digest=x HTTP/1.1",
                "ecr:CompleteLayerUpload a",
            ),
            ("GET /v2/a/b/tags/list?n=9 HTTP/1.1", "ecr:ListImages a/b"), // wing: versions
        ] {
            assert_eq!(action(head).as_deref(), Some(expected));
        }
        assert!(of_registry("DELETE /v2/a/manifests/t HTTP/1.1", &[]).is_err());
        assert!(of_registry("GET /v2/_catalog HTTP/1.1", &[]).is_err());
    }
}
