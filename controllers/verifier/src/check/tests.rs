//! Checks of servers on this machine.

use super::*;
use crate::forge::tests::Stub;

const METRICS: &str = "# TYPE http_server_request_duration_seconds histogram\n\
    http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/\",http_response_status_code=\"200\"} 190\n\
    http_server_request_duration_seconds_bucket{le=\"1.0\",http_response_status_code=\"500\"} 190\n\
    http_server_request_duration_seconds_count{http_route=\"/a}b\",http_response_status_code=\"503\"} 10 1764370000\n\
    other_count{http_response_status_code=\"500\"} 1000\n";

fn said(args: &[&str]) -> String {
    let args = std::iter::once("release-check").chain(args.iter().copied());
    let check = Check::try_parse_from(args.chain(["--within", "0"])).unwrap();
    check.run().unwrap_or_else(|error| format!("error: {error:#}"))
}

#[test]
fn a_page_has_to_answer_and_to_have_what_is_looked_for() {
    let stub = Stub::start(|asked| {
        let is_there = asked.line == "GET /";
        (if is_there { 200 } else { 404 }, "<h1>Messages</h1>".to_owned())
    });
    let address = stub.address();
    for (args, words) in [
        (
            &[address.as_str(), "--contains", "Messages"][..],
            "answers with 17 bytes",
        ),
        (&[&address, "--contains", "Notes"], "error: "),
        (&[&format!("{address}/missing")], "answers 404"),
        (&["http://127.0.0.1:1/"], "error: ask for"),
    ] {
        let said = said(&[&["smoke"][..], args].concat());
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn more_failed_requests_than_allowed_are_found() {
    let stub = Stub::start(|asked| {
        let is_empty = asked.line == "GET /empty";
        (
            200,
            if is_empty {
                String::new()
            } else {
                METRICS.to_owned()
            },
        )
    });
    let (all, empty) = (
        format!("{}/metrics", stub.address()),
        format!("{}/empty", stub.address()),
    );
    for (url, most, words) in [
        (&all, "0.05", "10 of 200 requests have failed"),
        (&all, "0.04", "error: 10 of 200"),
        (&empty, "1", "error: no request was counted"),
    ] {
        let said = said(&["errors", url, "--most", most]);
        assert!(said.starts_with(words), "{said}");
    }
}

#[test]
fn a_label_that_no_request_has_is_not_taken_for_requests_that_are_well() {
    let stub = Stub::start(|_| (200, METRICS.to_owned()));
    let url = format!("{}/metrics", stub.address());
    // The second one is the end of the right one.
    for label in ["status", "code"] {
        let said = said(&["errors", &url, "--most", "0.05", "--label", label]);
        let words = format!("error: no request was counted by a label {label}:");
        assert!(said.starts_with(&words), "{said}");
    }
}
