//! What is measured of HTTP, under OpenTelemetry's names in Prometheus' form, and the page that
//! shows it.
//!
//! Names and buckets: OpenTelemetry's semantic conventions for HTTP servers. A route is the
//! router's pattern, never the path that came, so that the number of series is bounded.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds in seconds.
const BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// A histogram of durations in seconds, one for each set of labels `S`.
pub type Durations<S> = Family<S, Histogram, fn() -> Histogram>;

/// All that one process measures. Clones share it.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    durations: Durations<Answered>,
    active: Family<Started, Gauge>,
    answers: crate::answers::Answers, // wing: addons
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Started {
    http_request_method: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
#[expect(clippy::struct_field_names, reason = "the names of the labels")]
struct Answered {
    http_request_method: &'static str,
    /// Empty where no route matched.
    http_route: String,
    http_response_status_code: u16,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Arc::default(),
            durations: durations(),
            active: Family::default(),
            answers: crate::answers::Answers::default(), // wing: addons
        };
        metrics.register_durations(
            "http_server_request_duration",
            "Time from a request's head to the head of its answer",
            &metrics.durations,
        );
        metrics.lock().register(
            "http_server_active_requests",
            "Requests whose answer has not begun",
            metrics.active.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// Shows `durations` too, as `name` with `_seconds` appended; for what a server measures
    /// besides HTTP.
    pub fn register_durations<S>(&self, name: &str, help: &str, durations: &Durations<S>)
    where
        S: EncodeLabelSet + Clone + Eq + std::fmt::Debug + std::hash::Hash + Send + Sync + 'static,
    {
        self.lock()
            .register_with_unit(name, help, Unit::Seconds, durations.clone());
    }

    /// Shows one more number; a counter's name gets `_total` appended.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        self.lock().register(name, help, metric);
    }

    /// The page that a Prometheus server reads.
    pub fn page(self) -> Router {
        let page = Router::new();
        let page = page.merge(self.answers.clone().page()); // wing: addons
        page.route(api::METRICS, get(async move || self.show()))
    }

    fn show(&self) -> Response {
        let mut text = String::new();
        encode(&mut text, &self.lock()).expect("a String takes any text");
        ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Durations with the buckets of OpenTelemetry.
pub fn durations<S: Clone + Eq + std::hash::Hash>() -> Durations<S> {
    Family::new_with_constructor(|| Histogram::new(BUCKETS))
}

/// The middleware.
pub(crate) async fn measure(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let http_request_method = name(request.method());
    let http_route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned())
        .unwrap_or_default();
    let response = {
        let _active = Active::new(&metrics, Started { http_request_method });
        next.run(request).await
    };
    let answered = Answered {
        http_request_method,
        http_route,
        http_response_status_code: response.status().as_u16(),
    };
    metrics
        .durations
        .get_or_create(&answered)
        .observe(started.elapsed().as_secs_f64());
    metrics.answers.count(&answered.http_route, response.status()); // wing: addons
    response
}

/// Counts one request as long as it lives: a client that leaves drops the request at any point.
struct Active(Gauge);

impl Active {
    fn new(metrics: &Metrics, started: Started) -> Self {
        let gauge = metrics.active.get_or_create_owned(&started);
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A method of one's own invention must not make a series.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::PATCH => "PATCH",
        _ => "_OTHER",
    }
}
