//! Every route and every layer, on one page.

use std::sync::LazyLock;

use anyhow::{Context, Result};
use api::Version;
use app::backend::Backend;
use app::{App, Site, shell};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::any;
use leptos::prelude::*;
use leptos_axum::{AxumRouteListing, LeptosRoutes};
use serverkit::metrics::Metrics;
use serverkit::request;
use serverkit::shutdown::Draining;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::Config;
use crate::health;

/// The longest text and author, every byte of them escaped, fit well. On the bytes themselves: server functions read
/// the body past axum's own limit.
const BODY_LIMIT: usize = 32 * 1024;
/// Files below an address that names the commit never change.
const KEEP: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// All else may change with each release, and a file's time says nothing: reproducible images give all files the same.
const FORGET: HeaderValue = HeaderValue::from_static("no-store");

/// The pages of the app, listed once per process: while leptos makes the list, a page that is rendered elsewhere in the
/// process may wait for its data forever (leptos issue 4773).
static PAGES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| leptos_axum::generate_route_list(App));

/// The whole frontend.
pub fn router(config: &Config, draining: &Draining, metrics: &Metrics) -> Result<Router> {
    let backend = Backend::new(config.backend_url.as_str()).context("make the client of BACKEND_URL")?;
    let commit = config.app_commit.clone().unwrap_or_else(|| "unknown".into());
    let environment = config.environment.clone();
    let version = Version {
        commit: commit.clone(),
        environment: environment.clone(),
    };
    let context = move || {
        provide_context(backend.clone());
        provide_context(Site {
            commit: commit.clone(),
            environment: environment.clone(),
        });
    };
    // While a release rolls out, a pod of another commit must not answer for these files: the address names the commit.
    let versioned = config.app_commit.as_ref().map(|commit| format!("/v/{commit}"));
    let options = LeptosOptions::builder()
        .output_name("app")
        .site_root(config.site_dir.to_string_lossy().as_ref())
        .build();
    let page = {
        let (options, address) = (options.clone(), versioned.clone().unwrap_or_default());
        move || shell(options.clone(), &address)
    };
    let missing = {
        let render = leptos_axum::render_app_async_with_context(context.clone(), page.clone());
        any(async move |request: Request| (StatusCode::NOT_FOUND, render(request).await))
    };
    let files = ServeDir::new(&config.site_dir).append_index_html_on_directories(false);

    let mut router = Router::new()
        // Adds the server functions too, at the addresses they name.
        .leptos_routes_with_context(&options, PAGES.clone(), context, page)
        .with_state(options)
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        .merge(health::routes(draining.clone(), version));
    if let Some(address) = versioned {
        let keep = SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, keep_found);
        router = router.nest(
            &address,
            request::quiet(Router::new().fallback_service(files.clone()).layer(keep)),
        );
    }
    let router = router
        .fallback_service(files.fallback(missing))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            FORGET,
        ))
        .layer(SetResponseHeaderLayer::overriding(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ));
    Ok(serverkit::layers(router, draining, metrics))
}

fn keep_found(response: &Response<Body>) -> Option<HeaderValue> {
    response.status().is_success().then_some(KEEP)
}
