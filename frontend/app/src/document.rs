//! The HTML documents: what stands around the page.
#![cfg(feature = "ssr")]

use leptos::prelude::*;

use crate::App;

/// Until a page that shows a fault is asked for again where no script does better.
const RETRY_SECONDS: u8 = 10;

/// The board's document; [`Page`](crate::Page) is in context. `files` is the address below which
/// the browser finds style and script; with `retry` it is loaded again after a while where there is
/// no script.
pub fn board_document(options: LeptosOptions, files: &str, retry: bool) -> impl IntoView + use<> {
    let retry = retry.then(|| {
        view! { <noscript><meta http-equiv="refresh" content=RETRY_SECONDS.to_string()/></noscript> }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <Head files title="Message board"/>
                {retry}
                <HydrationScripts options root=files.to_owned()/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// What an address gets at which there is nothing.
pub fn not_found_document(files: &str) -> impl IntoView + use<> {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <Head files title="Not found"/>
            </head>
            <body>
                <main>
                    <h1>"Not found"</h1>
                    <p>"There is no such page. " <a href="/">"Go to the message board."</a></p>
                </main>
            </body>
        </html>
    }
}

#[component]
fn Head<'a>(files: &'a str, title: &'static str) -> impl IntoView + use<> {
    view! {
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <title>{title}</title>
        <link rel="icon" type="image/svg+xml" href=format!("{files}/favicon.svg")/>
        <link rel="stylesheet" href=format!("{files}/style.css")/>
    }
}
