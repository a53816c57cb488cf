//! How many requests a server has answered since it started, and how many of them badly: by that a
//! canary is judged (infra/addons/argo-rollouts).
//!
//! The page of metrics says more, and to Prometheus alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::http::{StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};

/// The two counts. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    answered: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
}

impl Answers {
    /// Counts an answer, unless it was for a probe: those come from the node, however many visitors
    /// there are.
    pub(crate) fn count(&self, route: &str, status: StatusCode) {
        if [api::HEALTHZ, api::READYZ].contains(&route) {
            return;
        }
        self.answered.fetch_add(1, Relaxed);
        if status.is_server_error() {
            self.failed.fetch_add(1, Relaxed);
        }
    }

    /// Shows them as JSON, and closes the connection: whoever asks by the name of a Service would
    /// go on asking this pod, when it is no canary any more and another one is.
    pub(crate) fn page(self) -> Router {
        let show = async move || {
            // First those that failed: of a request that comes in between, no more may have failed
            // than were answered.
            let failed = self.failed.load(Relaxed);
            let answers = api::Answers {
                answered: self.answered.load(Relaxed),
                failed,
            };
            ([(header::CONNECTION, "close")], Json(answers))
        };
        Router::new().route(api::ANSWERS, get(show))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn bad_answers_are_told_from_good_ones_and_probes_are_neither() {
        let answers = Answers::default();
        for (route, status) in [
            ("/", StatusCode::OK),
            ("/", StatusCode::SERVICE_UNAVAILABLE),
            ("", StatusCode::NOT_FOUND),
            (api::READYZ, StatusCode::SERVICE_UNAVAILABLE),
            (api::HEALTHZ, StatusCode::OK),
        ] {
            answers.count(route, status);
        }
        let request = Request::get(api::ANSWERS).body(Body::empty()).unwrap();
        let response = answers.page().oneshot(request).await.unwrap();
        assert_eq!(response.headers()[header::CONNECTION], "close");
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(body, r#"{"answered":3,"failed":1}"#);
    }

    /// Nothing else holds a manifest to [`api::ANSWERS`].
    #[tokio::test]
    async fn what_judges_a_canary_asks_for_this_page() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../infra/addons/argo-rollouts/canary/analysis.yaml"
        );
        let analysis = std::fs::read_to_string(path).unwrap();
        let lines = analysis.lines().map(str::trim);
        let urls: Vec<_> = lines.filter_map(|line| line.strip_prefix("url: ")).collect();
        assert!(!urls.is_empty(), "{path} asks for nothing");
        for url in urls {
            let (_, path) = url.trim_start_matches("http://").split_once('/').unwrap();
            let request = Request::get(format!("/{path}")).body(Body::empty()).unwrap();
            let response = Answers::default().page().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{url}");
        }
    }
}
