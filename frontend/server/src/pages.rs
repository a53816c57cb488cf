//! The page: read from the backend, rendered, and its form taken.

use std::sync::Arc;
use std::time::Duration;

use app::backend::Backend;
use app::{BoardError, Draft, Page, Site, board_document, new_key, not_found_document};
use axum::body::Body;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;
use leptos_axum::ResponseOptions;
use serde::Deserialize;
use serverkit::request;

use crate::headers::content_policy;

/// Where the form is posted to, with and without script.
const FORM: &str = "/form/post";

/// All that pages are made with. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    pub(crate) backend: Backend,
    pub(crate) site: Site,
    pub(crate) options: LeptosOptions,
    /// Address below which the browser finds style and script.
    pub(crate) files: Arc<str>,
    /// Between two signs of life on the event stream.
    pub(crate) heartbeat: Duration,
}

/// The board, and what its page calls.
pub(crate) fn routes(pages: Pages) -> Router {
    Router::new()
        .route("/", get(board))
        .route(FORM, post(form))
        .route("/form/{function}", post(server_function))
        .with_state(pages)
}

#[derive(Debug, Deserialize)]
struct Address {
    before: Option<String>,
}

async fn board(State(pages): State<Pages>, Query(address): Query<Address>) -> Response {
    let before = address.before.filter(|before| !before.is_empty());
    let draft = Draft {
        key: new_key(),
        ..Draft::default()
    };
    pages.render(before, draft, None).await
}

/// The form without script; a script's call goes to the server function at the same address.
async fn form(State(pages): State<Pages>, request: Request) -> Response {
    let accept = request.headers().get(header::ACCEPT);
    let by_browser = accept.is_some_and(|accept| accept.to_str().unwrap_or_default().contains("text/html"));
    if !by_browser {
        return server_function(State(pages), request).await;
    }
    let Form(mut draft) = match Form::<Draft>::from_request(request, &()).await {
        Ok(form) => form,
        Err(rejection) => return rejection.into_response(),
    };
    let new = api::NewMessage {
        author: draft.author.clone(),
        text: draft.text.clone(),
    };
    match pages.backend().post(&new, Some(&draft.key)).await {
        // The browser asks for the page anew, so that loading it again posts nothing.
        Ok(_) => (StatusCode::FOUND, [(header::LOCATION, "/")]).into_response(),
        Err(refusal) => {
            // Without an answer it may have been taken all the same: then the key keeps it from
            // being posted twice.
            if refusal != BoardError::Unavailable {
                draft.key = new_key();
            }
            pages.render(None, draft.sanitized(), Some(refusal)).await
        }
    }
}

async fn server_function(State(pages): State<Pages>, request: Request) -> Response {
    let (backend, site) = (pages.backend(), pages.site);
    let context = move || {
        provide_context(backend.clone());
        provide_context(site.clone());
    };
    let mut response = leptos_axum::handle_server_fns_with_context(context, request)
        .await
        .into_response();
    // Each function sets the status of its own errors. What is left is a request that none of them
    // understands: no fault of the server.
    let unread = response.headers().contains_key(SERVER_FN_ERROR_HEADER);
    if unread && response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    } else if !unread && response.status() == StatusCode::BAD_REQUEST {
        // In the place of leptos' own words for an address without a function: the page of another
        // release asks, and would not understand them.
        let error = BoardError::Protocol("there is no such function".into());
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    }
    response
}

impl Pages {
    /// Reads what the page shows and renders it; `refusal` is why `draft` was not taken.
    async fn render(&self, before: Option<String>, draft: Draft, refusal: Option<BoardError>) -> Response {
        let backend = self.backend();
        let (list, schema) = tokio::join!(backend.list(before.as_deref()), backend.schema_version());
        let fault = refusal.as_ref().or(list.as_ref().err());
        let status = fault.map_or(StatusCode::OK, BoardError::status);
        // Loading the answer to a form again would send the form again.
        let retry = refusal.is_none() && status == StatusCode::SERVICE_UNAVAILABLE;
        let page = Page {
            site: Site {
                schema,
                ..self.site.clone()
            },
            list,
            before,
            draft,
            refusal,
            now: app::now(),
            heartbeat: self.heartbeat,
        };
        let context = move || {
            provide_context(page.clone());
            let nonce = use_nonce();
            expect_context::<ResponseOptions>()
                .insert_header(header::CONTENT_SECURITY_POLICY, content_policy(nonce.as_ref()));
        };
        let (options, files) = (self.options.clone(), Arc::clone(&self.files));
        let document = move || board_document(options.clone(), &files, retry);
        // leptos wants the request for its own router; nothing here reads it.
        let request = Request::new(Body::empty());
        let mut response = leptos_axum::render_app_async_with_context(context, document)(request).await;
        *response.status_mut() = status;
        response
    }

    /// The backend, asked on behalf of the request that is being served: its logs name the same
    /// ids.
    fn backend(&self) -> Backend {
        let Some(ids) = request::current() else {
            return self.backend.clone();
        };
        let headers = [
            (
                HeaderName::from_static(api::REQUEST_ID),
                ids.request_id().to_owned(),
            ),
            (request::TRACEPARENT, ids.traceparent()),
        ];
        let headers = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)));
        self.backend.with_headers(headers.collect())
    }
}

/// The answer at addresses where there is nothing.
pub(crate) fn not_found(files: &str) -> Response {
    let html = Owner::new().with(|| not_found_document(files).to_html());
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, kind)], html).into_response()
}
