//! What a client and a Prometheus server see of the layers.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use axum::response::Response;
use axum::routing::get;
use serverkit::metrics::Metrics;
use serverkit::request::{self, RequestIds};
use serverkit::shutdown::Draining;
use tower::ServiceExt;

#[derive(Default)]
struct Server {
    draining: Draining,
    metrics: Metrics,
}

impl Server {
    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let routes = Router::new()
            .route("/items/{id}", get(async || "one item"))
            .route("/ids", get(ids))
            .route("/panic", get(panics));
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        serverkit::layers(routes, &self.draining, &self.metrics)
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    async fn scraped(&self) -> String {
        let request = Request::get(api::METRICS).body(Body::empty()).unwrap();
        text(self.metrics.clone().page().oneshot(request).await.unwrap()).await
    }
}

async fn ids(axum::Extension(ids): axum::Extension<RequestIds>) -> String {
    assert_eq!(request::current().as_ref(), Some(&ids));
    format!("{} {}", ids.request_id(), ids.traceparent())
}

async fn panics() -> String {
    panic!("the password is swordfish, at line 7")
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.into()).unwrap()
}

#[tokio::test]
async fn every_answer_carries_the_request_id() {
    let server = Server::default();
    for path in ["/items/1", "/nowhere"] {
        let response = server.get(path, &[(api::REQUEST_ID, "r-1")]).await;
        assert_eq!(response.headers()[api::REQUEST_ID], "r-1", "{path}");
        let response = server.get(path, &[]).await;
        assert_eq!(response.headers()[api::REQUEST_ID].len(), 32, "{path}");
    }
}

#[tokio::test]
async fn handlers_find_the_ids_to_pass_on() {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("{trace}-00f067aa0ba902b7-01");
    let response = Server::default()
        .get("/ids", &[(api::REQUEST_ID, "r-1"), ("traceparent", &parent)])
        .await;
    let seen = text(response).await;
    assert!(seen.starts_with(&format!("r-1 {trace}-")), "{seen}");
}

#[tokio::test]
async fn requests_are_measured_by_pattern_and_never_by_path() {
    let server = Server::default();
    for path in ["/items/1", "/items/2", "/nowhere"] {
        server.get(path, &[]).await;
    }
    let page = server.scraped().await;
    for line in [
        r#"http_server_request_duration_seconds_count{http_request_method="GET",http_route="/items/{id}",http_response_status_code="200"} 2"#,
        r#"http_server_request_duration_seconds_count{http_request_method="GET",http_route="",http_response_status_code="404"} 1"#,
        r#"http_server_active_requests{http_request_method="GET"} 0"#,
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\nnot in\n{page}");
    }
    assert!(!page.contains("items/1"), "{page}");
}

#[tokio::test]
async fn kept_connections_end_while_draining() {
    let server = Server::default();
    let response = server.get("/items/1", &[]).await;
    assert!(!response.headers().contains_key(header::CONNECTION));
    server.draining.begin();
    let response = server.get("/items/1", &[]).await;
    assert_eq!(response.headers()[header::CONNECTION], "close");
}

#[tokio::test]
async fn a_panic_is_answered_without_a_word_about_the_inside() {
    let server = Server::default();
    let response = server.get("/panic", &[(api::REQUEST_ID, "r-1")]).await;
    assert_eq!(response.status(), 500);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        api::Problem::CONTENT_TYPE
    );
    let problem: api::Problem = serde_json::from_str(&text(response).await).unwrap();
    let expected = api::Problem {
        kind: "about:blank".into(),
        title: "Internal Server Error".into(),
        status: 500,
        detail: "the server failed at this request".into(),
        errors: Vec::new(),
        request_id: Some("r-1".into()),
    };
    assert_eq!(problem, expected);
    assert!(
        server
            .scraped()
            .await
            .contains(r#"http_route="/panic",http_response_status_code="500"} 1"#)
    );
}
