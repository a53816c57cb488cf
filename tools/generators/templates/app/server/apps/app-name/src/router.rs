//! Every route, on one page.

use api::Version;
use axum::Router;
use serverkit::metrics::Metrics;
use serverkit::shutdown::Draining;

use crate::config::Config;
use crate::{health, home};

/// The whole server.
pub(crate) fn router(config: &Config, draining: &Draining, metrics: &Metrics) -> Router {
    let version = Version {
        commit: config.app_commit.clone().unwrap_or_else(|| "unknown".into()),
        environment: config.environment.clone(),
    };
    let routes = home::routes().merge(health::routes(draining.clone(), version));
    serverkit::layers(routes, draining, metrics)
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode};
    use clap::Parser as _;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn it_answers_says_what_it_is_and_goes_down_in_order() {
        let config = Config::parse_from(["server", "--environment", "test", "--app-commit", "0123456789"]);
        let (draining, metrics) = (Draining::default(), Metrics::default());
        let router = router(&config, &draining, &metrics);
        let get = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            let status = answer.status();
            let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
            (status, String::from_utf8(body.to_vec()).unwrap())
        };
        assert_eq!(get("/").await.0, StatusCode::OK);
        assert_eq!(get("/nothing").await.0, StatusCode::NOT_FOUND);
        assert_eq!(get(api::HEALTHZ).await.0, StatusCode::OK);
        assert_eq!(get(api::READYZ).await.0, StatusCode::OK);
        let (_, version) = get(api::VERSION).await;
        assert!(
            version.contains("0123456789") && version.contains("test"),
            "{version}"
        );
        draining.begin();
        assert_eq!(get(api::READYZ).await.0, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(get(api::HEALTHZ).await.0, StatusCode::OK);
    }
}
