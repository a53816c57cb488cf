//! Every route and every layer, on one page.

use std::sync::Arc;

use anyhow::{Context, Result};
use api::Version;
use app::Site;
use app::backend::Backend;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::middleware;
use axum::response::Response;
use axum::routing::any;
use leptos::prelude::LeptosOptions;
use serverkit::metrics::Metrics;
use serverkit::request;
use serverkit::shutdown::Draining;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::Config;
use crate::newest::Newest;
use crate::pages::{self, Pages};
use crate::{body, events, headers, health};

/// Files below an address that names the commit never change.
const KEEP: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// All else may change with each release, and a file's time says nothing: reproducible images give
/// all files the same.
const FORGET: HeaderValue = HeaderValue::from_static("no-store");

const BY_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// The whole frontend.
pub fn router(config: &Config, draining: &Draining, metrics: &Metrics) -> Result<Router> {
    // Fails where it was done before, as in the second test of a process.
    any_spawner::Executor::init_tokio().ok();
    let backend = Backend::new(config.backend_url.as_str()).context("make the client of BACKEND_URL")?;
    let site = Site {
        commit: config.app_commit.clone().unwrap_or_else(|| "unknown".into()),
        environment: config.environment.clone(),
        schema: None,
    };
    let version = Version {
        commit: site.commit.clone(),
        environment: site.environment.clone(),
    };
    // While a release rolls out, a pod of another commit must not answer for these files: the
    // address names the commit.
    let versioned = config.app_commit.as_ref().map(|commit| format!("/v/{commit}"));
    let address: Arc<str> = versioned.clone().unwrap_or_default().into();
    let pages = Pages {
        backend: backend.clone(),
        site,
        options: LeptosOptions::builder()
            .output_name("app")
            .site_root(config.site_dir.to_string_lossy().as_ref())
            .build(),
        files: Arc::clone(&address),
        heartbeat: config.heartbeat_seconds,
    };
    let files = ServeDir::new(&config.site_dir)
        .append_index_html_on_directories(false)
        .precompressed_br();

    let mut router = pages::routes(pages)
        .layer(middleware::from_fn(body::whole))
        .merge(events::routes(Newest::of(backend), config, draining.clone()))
        .merge(health::routes(draining.clone(), version));
    if let Some(address) = versioned {
        let kept = Router::new()
            .fallback_service(files.clone())
            .layer(SetResponseHeaderLayer::overriding(
                header::CACHE_CONTROL,
                keep_found,
            ))
            // Compressed or not, and kept by caches that serve others.
            .layer(SetResponseHeaderLayer::overriding(header::VARY, BY_ENCODING));
        router = router.nest(&address, request::quiet(kept));
    }
    let missing = any(async move || pages::not_found(&address));
    let router = router.fallback_service(files.fallback(missing));
    // Outermost what each answer has, whoever made it.
    Ok(serverkit::layers(router, draining, metrics)
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            FORGET,
        ))
        .layer(middleware::from_fn(headers::secure)))
}

fn keep_found(response: &Response<Body>) -> Option<HeaderValue> {
    response.status().is_success().then_some(KEEP)
}
