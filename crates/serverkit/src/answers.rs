//! How many requests a server has answered lately, and how many of them badly: by that a canary is
//! judged (infra/addons/argo-rollouts).
//!
//! The page of metrics says more, and to Prometheus alone.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::http::{StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};

/// Seconds that count, as many as a step of a canary takes: what was answered before, while it had
/// fewer visitors, says nothing of the step.
const LATELY: u64 = 30;

/// The counts. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    seconds: Arc<Mutex<Seconds>>,
    begun: Instant,
}

/// The counts of each second in which something was answered, by its number, oldest first.
#[derive(Debug, Default)]
struct Seconds(VecDeque<(u64, api::Answers)>);

impl Seconds {
    /// Drops what is over at second `now`.
    fn forget(&mut self, now: u64) {
        while self.0.front().is_some_and(|(second, _)| second + LATELY <= now) {
            self.0.pop_front();
        }
    }

    fn count(&mut self, now: u64, failed: bool) {
        self.forget(now);
        if self.0.back().is_none_or(|(second, _)| *second < now) {
            self.0.push_back((now, api::Answers::default()));
        }
        if let Some((_, counts)) = self.0.back_mut() {
            counts.answered += 1;
            counts.failed += u64::from(failed);
        }
    }

    fn sum(&mut self, now: u64) -> api::Answers {
        self.forget(now);
        let mut sum = api::Answers::default();
        for (_, counts) in &self.0 {
            sum.answered += counts.answered;
            sum.failed += counts.failed;
        }
        sum
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            seconds: Arc::default(),
            begun: Instant::now(),
        }
    }
}

impl Answers {
    /// Counts an answer, unless it was for a probe: those come from the node, however many visitors
    /// there are.
    pub(crate) fn count(&self, route: &str, status: StatusCode) {
        if [api::HEALTHZ, api::READYZ].contains(&route) {
            return;
        }
        let now = self.now();
        self.seconds().count(now, status.is_server_error());
    }

    /// Shows them as JSON, and closes the connection: whoever asks by the name of a Service would
    /// go on asking this pod, when it is no canary any more and another one is.
    pub(crate) fn page(self) -> Router {
        let show = async move || {
            let now = self.now();
            let answers = self.seconds().sum(now);
            ([(header::CONNECTION, "close")], Json(answers))
        };
        Router::new().route(api::ANSWERS, get(show))
    }

    fn now(&self) -> u64 {
        self.begun.elapsed().as_secs()
    }

    fn seconds(&self) -> MutexGuard<'_, Seconds> {
        self.seconds.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn what_was_answered_before_a_step_does_not_count_in_it() {
        let mut seconds = Seconds::default();
        for second in [0, 0, 1, LATELY, LATELY] {
            seconds.count(second, second == 0);
        }
        let mut counts = |now| {
            let sum = seconds.sum(now);
            (sum.answered, sum.failed)
        };
        assert_eq!(counts(LATELY), (3, 0));
        assert_eq!(counts(LATELY + 1), (2, 0));
        assert_eq!(counts(2 * LATELY), (0, 0));
    }

    /// Else a step would be judged by another one, or by a part of itself.
    #[test]
    fn what_counts_is_as_long_as_a_step_of_a_canary() {
        let analysis = analysis();
        let number = |name: &str| -> u64 {
            let (_, rest) = analysis.split_once(&format!(" {name}: ")).unwrap();
            let digits = rest.chars().take_while(char::is_ascii_digit);
            digits.collect::<String>().parse().unwrap()
        };
        assert_eq!(number("interval") * number("count"), LATELY);
        assert_eq!(number("initialDelay"), LATELY);
    }

    fn analysis() -> String {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../infra/addons/argo-rollouts/canary/analysis.yaml"
        );
        std::fs::read_to_string(path).unwrap()
    }

    /// Nothing else holds a manifest to [`api::ANSWERS`].
    #[tokio::test]
    async fn what_judges_a_canary_asks_for_this_page() {
        let analysis = analysis();
        let lines = analysis.lines().map(str::trim);
        let urls: Vec<_> = lines.filter_map(|line| line.strip_prefix("url: ")).collect();
        assert!(!urls.is_empty(), "it asks for nothing");
        for url in urls {
            let (_, path) = url.trim_start_matches("http://").split_once('/').unwrap();
            let request = Request::get(format!("/{path}")).body(Body::empty()).unwrap();
            let response = Answers::default().page().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{url}");
        }
    }
}
