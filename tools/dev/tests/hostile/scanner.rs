//! wapiti looks for faults that servers are known for. It must find none above low at ours, and
//! those of a server that has some.
//!
//! `cargo xtask test` brings it: `WAPITI` is its program, `WAPITI_MODULES` what Python reads it
//! from.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::stack;

/// Its modules that need nothing from outside this machine.
const MODULES: &str = "backup,cookieflags,crlf,csp,exec,file,htaccess,http_headers,ldap,methods,permanentxss,redirect,\
                       shellshock,sql,timesql,upload,xss";
/// Of 0 (information) to 4 (critical).
const LOW: u64 = 1;

/// `None`, with a word to the reader, where there is none.
fn wapiti() -> Option<[PathBuf; 2]> {
    let path = |name| std::env::var_os(name).map(PathBuf::from);
    if let (Some(program), Some(modules)) = (path("WAPITI"), path("WAPITI_MODULES")) {
        return Some([program, modules]);
    }
    let reason = std::env::var("WAPITI_MISSING")
        .unwrap_or_else(|_| "run `cargo xtask test --only hostile`, which brings it".to_owned());
    // Not by a macro: the test harness would keep that to itself.
    let _ = writeln!(std::io::stdout(), "skipped: wapiti: {reason}");
    None
}

/// What a scan found.
struct Report(Value);

impl Report {
    /// One line for each finding above low.
    fn above_low(&self) -> Vec<String> {
        let found = ["vulnerabilities", "anomalies"].into_iter().flat_map(|part| {
            let kinds = self.0[part].as_object().into_iter().flatten();
            kinds.flat_map(|(kind, found)| {
                found
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(move |each| (kind, each))
            })
        });
        let above = found.filter(|(_, each)| each["level"].as_u64().is_none_or(|level| level > LOW));
        above
            .map(|(kind, each)| format!("{kind}: {} {} {}", each["method"], each["path"], each["info"]))
            .collect()
    }

    /// How many pages and forms it knew of.
    fn visited(&self) -> u64 {
        self.0["infos"]["crawled_pages_nbr"].as_u64().unwrap_or_default()
    }
}

/// Scans what can be reached from `url`.
async fn scan([program, modules]: [PathBuf; 2], url: &str, more: &[&str]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let output = Command::new(program)
        .env("PYTHONPATH", modules)
        // It keeps sessions and settings in the home folder.
        .env("HOME", folder.path())
        .args([
            "--url", url, "--module", MODULES, "--scope", "folder", "--level", "1",
        ])
        .args([
            "--max-scan-time",
            "60",
            "--max-attack-time",
            "20",
            "--no-bugreport",
            "--verbose",
            "0",
        ])
        .args(["--format", "json", "--output"])
        .arg(&report)
        .args(more)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let text = std::fs::read_to_string(&report).unwrap_or_else(|error| panic!("no report: {error}\n{said}"));
    Report(serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn a_scan_of_both_servers_finds_nothing_above_low() {
    let Some(wapiti) = wapiti() else { return };
    let stack = stack().await;
    let document = format!("{}{}", stack.backend_url(), board_api::OPENAPI);
    let its_paths = ["--swagger", &document];
    let (page, backend) = (
        format!("{}/", stack.page_url()),
        format!("{}/", stack.backend_url()),
    );
    let (page, backend) = tokio::join!(
        scan(wapiti.clone(), &page, &[]),
        scan(wapiti, &backend, &its_paths),
    );
    for (report, least) in [(page, 3), (backend, 3)] {
        let found = report.above_low();
        assert!(found.is_empty(), "{}", found.join("\n"));
        let visited = report.visited();
        assert!(
            visited >= least,
            "it knew of {visited} pages only: {}",
            report.0["infos"]
        );
    }
}

#[tokio::test]
async fn a_scan_finds_what_is_wrong_with_a_bad_server() {
    let Some(wapiti) = wapiti() else { return };
    let report = scan(wapiti, &bad_server().await, &[]).await;
    let found = report.above_low().join("\n");
    assert!(found.contains("Reflected Cross Site Scripting"), "{found}");
}

/// Shows what it is asked as a part of its page.
async fn bad_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let base = url.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let base = base.clone();
            tokio::spawn(async move {
                let mut head = [0; 8192];
                let count = stream.read(&mut head).await.unwrap_or_default();
                let head = String::from_utf8_lossy(&head[..count]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
                let asked = reqwest::Url::parse(&format!("{base}{path}")).ok();
                let asked: String = asked
                    .iter()
                    .flat_map(|url| url.query_pairs().map(|(_, value)| value.into_owned()))
                    .collect();
                let page = format!(
                    "<!doctype html><title>bad</title><form action=\"/\"><input name=\"q\"></form><p>{asked}</p>"
                );
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{page}",
                    page.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    url
}
