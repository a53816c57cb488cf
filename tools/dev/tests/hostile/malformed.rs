//! Requests that are too large, wrong, or after something that is not served.

use dev::Stack;

use crate::raw::{address, request, send, start, status};
use crate::stack;

/// What would tell of the inside, in any answer.
const INSIDE: &[&str] = &[
    "panicked",
    "backtrace",
    ".rs:",
    "src/",
    "/home/",
    "dynamodb",
    "reqwest",
    "hyper",
    "\r\nserver:",
    "\r\nx-powered-by:",
];

/// Sends it; the answer must have one of these statuses and tell nothing of the inside.
async fn refused(address: &str, bytes: &str, statuses: &[u16]) -> String {
    let answer = send(address, bytes).await;
    let what = start(bytes);
    assert!(statuses.contains(&status(&answer)), "{what:?}: {answer}");
    for word in INSIDE {
        let text = answer.to_lowercase();
        assert!(!text.contains(word), "{what:?} tells `{word}`: {answer}");
    }
    answer
}

/// Both servers, each with a path that it serves.
fn servers(stack: &Stack) -> [(String, &'static str); 2] {
    [
        (address(&stack.page_url()).to_owned(), "/"),
        (address(&stack.backend_url()).to_owned(), board_api::MESSAGES),
    ]
}

#[tokio::test]
async fn a_head_that_is_too_large_or_wrong_is_refused() {
    let stack = stack().await;
    for (address, path) in servers(&stack) {
        let long = "x".repeat(40 * 1024);
        let many = "a: b\r\n".repeat(200);
        for (bytes, right) in [
            (request("GET", path, &format!("a: {long}\r\n")), 431),
            (request("GET", path, &many), 431),
            (request("GET", &format!("/{long}"), ""), 431),
            (request("GET", &format!("/{}", "x".repeat(70_000)), ""), 431),
            ("GARBAGE\r\n\r\n".to_owned(), 400),
            (request("G(ET", path, ""), 400),
            (request("GET", path, "no colon\r\n"), 400),
            (request("GET", path, " folded: a\r\n"), 400),
            // Two lengths, or a length and chunks, are how one request is smuggled inside another.
            (
                request("POST", path, "content-length: 1\r\ncontent-length: 2\r\n"),
                400,
            ),
            (request("POST", path, "content-length: +1\r\n"), 400),
            (
                request("POST", path, "transfer-encoding: chunked, identity\r\n"),
                400,
            ),
        ] {
            refused(&address, &bytes, &[right]).await;
        }
    }
}

/// A release is taken back for a few faults of the server: no visitor may make one.
#[tokio::test]
async fn what_a_visitor_gets_wrong_is_no_fault_of_the_server() {
    let stack = stack().await;
    let [(page, _), _] = servers(&stack);
    let form = |accept: &str, body: &str| {
        let headers = format!(
            "accept: {accept}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n",
            body.len()
        );
        request("POST", "/form/post", &headers) + body
    };
    // On the way to the backend each of these is three bytes, and the head then too long.
    let cursor = "(".repeat(11_000);
    let key = "k".repeat(32_600);
    for (bytes, right) in [
        (form("*/*", "author=Ada"), 400),
        (form("*/*", ""), 400),
        (form("text/html", "author=Ada"), 422),
        (request("GET", &format!("/?before={cursor}"), ""), 431),
        (
            form("text/html", &format!("author=Ada&text=hello&key={key}")),
            431,
        ),
    ] {
        let answer = send(&page, &bytes).await;
        assert_eq!(status(&answer), right, "{:?}: {answer}", start(&bytes));
    }
}

#[tokio::test]
async fn what_is_smuggled_behind_a_request_is_not_answered() {
    let stack = stack().await;
    for (address, path) in servers(&stack) {
        let inner = request("GET", "/healthz", "");
        let length = inner.len() + 5;
        let outer = format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
        );
        let answer = send(&address, &(outer + &inner)).await;
        // RFC 9112, 6.3: the connection has to end after a request with both.
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
}

#[tokio::test]
async fn methods_that_are_not_offered_are_refused() {
    let stack = stack().await;
    let [(page, _), (backend, _)] = servers(&stack);
    for (address, path) in [
        (&page, "/"),
        (&page, "/style.css"),
        (&page, "/form/post"),
        (&backend, board_api::MESSAGES),
    ] {
        for method in ["TRACE", "PATCH", "PROPFIND", "BREW"] {
            let answer = refused(address, &request(method, path, "x-secret: swordfish\r\n"), &[405]).await;
            assert!(
                !answer.contains("swordfish"),
                "{method} {path} echoes the request: {answer}"
            );
        }
    }
    for (address, _) in servers(&stack) {
        refused(
            &address,
            &request("CONNECT", "evil.example:443", ""),
            &[400, 404, 405],
        )
        .await;
    }
}

#[tokio::test]
async fn nothing_outside_the_folder_of_files_is_served() {
    let stack = stack().await;
    let [(page, _), _] = servers(&stack);
    let found = send(&page, &request("GET", "/style.css", "")).await;
    assert_eq!(status(&found), 200, "a file that is served: {found}");
    let up = [
        "../",
        "%2e%2e/",
        "..%2f",
        "%2e%2e%2f",
        "..\\",
        "%2e%2e%5c",
        "..%252f",
        "....//",
        "..;/",
        ".%00./",
    ];
    for step in up {
        for prefix in ["/", "/pkg/", "//"] {
            for file in ["etc/passwd", "Cargo.toml"] {
                let path = format!("{prefix}{}{file}", step.repeat(12));
                let answer = refused(&page, &request("GET", &path, ""), &[400, 404]).await;
                assert!(
                    !answer.contains("root:") && !answer.contains("[workspace]"),
                    "{path}"
                );
            }
        }
    }
    for path in [
        "/.git/config",
        "/pkg",
        "/pkg/",
        "//etc/passwd",
        "/%00",
        "/style.css%00.html",
    ] {
        refused(&page, &request("GET", path, ""), &[301, 307, 308, 400, 404]).await;
    }
}

#[tokio::test]
async fn what_a_client_says_of_the_host_comes_back_nowhere() {
    let stack = stack().await;
    for (address, path) in servers(&stack) {
        for path in [path, "/nowhere", "/pkg", "http://evil.example/"] {
            let bytes = format!(
                "GET {path} HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: evil.example\r\n\
                 x-forwarded-proto: https\r\nx-original-url: /evil.example\r\naccept: text/html\r\nconnection: close\r\n\r\n"
            );
            let answer = send(&address, &bytes).await;
            assert!(
                status(&answer) > 0 && !answer.contains("evil.example"),
                "{path}: {answer}"
            );
        }
    }
    // A redirect is where it would do harm.
    let body = "author=Ada&text=hello&key=k-1";
    let bytes = format!(
        "POST /form/post HTTP/1.1\r\nhost: evil.example\r\naccept: text/html\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = send(address(&stack.page_url()), &bytes).await;
    assert_eq!(status(&answer), 302, "{answer}");
    assert!(answer.contains("\r\nlocation: /\r\n"), "{answer}");
}
