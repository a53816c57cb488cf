//! The message board's page: components and server functions, for the server (`ssr`) and the browser (`hydrate`).
//!
//! No storage and no rules of its own: the backend has both, behind its API.
#![allow(unreachable_pub, reason = "the component macro makes its helpers public")]

#[cfg(feature = "ssr")]
pub mod backend;
mod board;
mod error;
mod footer;
mod form;
mod messages;
mod server;

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};

pub use error::BoardError;
#[cfg(feature = "ssr")]
pub use footer::Site;

/// Everything inside `<body>`, the same on both sides.
#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router>
            <Routes fallback=|| view! { <NotFound/> }>
                // Complete before it is sent: nothing on it needs a script to be seen, and its status can tell a fault.
                <Route path=path!("/") view=board::Board ssr=SsrMode::Async/>
            </Routes>
        </Router>
        <footer::Footer/>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <main>
            <h1>"Not found"</h1>
            <p>"There is no such page. " <a href="/">"Go to the message board."</a></p>
        </main>
    }
}

/// What the page may load and run: its own files, and the inline scripts that carry this answer's nonce.
#[cfg(feature = "ssr")]
fn content_policy() -> String {
    let nonce = leptos::nonce::use_nonce()
        .map(|nonce| format!(" 'nonce-{nonce}'"))
        .unwrap_or_default();
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{nonce}; base-uri 'none'; form-action 'self'; object-src 'none'"
    )
}

/// The document around [`App`]; `files` is the address below which the browser finds style and script.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions, files: &str) -> impl IntoView + use<> {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta http-equiv="Content-Security-Policy" content=content_policy()/>
                <meta name="color-scheme" content="light dark"/>
                <title>"Message board"</title>
                <link rel="icon" type="image/svg+xml" href=format!("{files}/favicon.svg")/>
                <link rel="stylesheet" href=format!("{files}/style.css")/>
                <HydrationScripts options root=files.to_owned()/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}
