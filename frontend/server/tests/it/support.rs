//! A running frontend, and what a browser without script does with it.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use clap::Parser;
use frontend::config::Config;
use serverkit::metrics::Metrics;
use serverkit::shutdown::Draining;
use tokio::net::{TcpListener, TcpSocket};

/// An address where nobody listens, and nobody will: it is taken, but not listened on.
pub(crate) fn nobody() -> String {
    let socket = Box::leak(Box::new(TcpSocket::new_v4().unwrap()));
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    format!("http://{}", socket.local_addr().unwrap())
}

/// An address where connections are taken and nothing is answered.
pub(crate) async fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Not accepted: the system takes the connection, and nobody reads.
    Box::leak(Box::new(listener));
    format!("http://{address}")
}

/// Starts the frontend and returns its address.
pub(crate) async fn frontend(backend: &str) -> String {
    frontend_with(backend, Draining::default(), &["--app-commit", "c0ffee"]).await
}

/// Starts the frontend with its readiness in hand and with further arguments.
pub(crate) async fn frontend_with(backend: &str, draining: Draining, more: &[&str]) -> String {
    let site = site().to_str().unwrap();
    let fixed = [
        "frontend",
        "--backend-url",
        backend,
        "--site-dir",
        site,
        "--environment",
        "test",
    ];
    let config = Config::try_parse_from(fixed.iter().chain(more)).unwrap();
    serve(frontend::router::router(&config, &draining, &Metrics::default()).unwrap()).await
}

/// A client that shows redirects instead of following them.
pub(crate) fn browser() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

/// What a browser without script sends when the form is filled in and sent.
pub(crate) async fn submit(base: &str, author: &str, text: &str, key: &str) -> reqwest::Response {
    browser()
        .post(format!("{base}/form/post"))
        .header("accept", "text/html,application/xhtml+xml")
        .form(&[("author", author), ("text", text), ("key", key)])
        .send()
        .await
        .unwrap()
}

/// The value of the attribute `name` in the first tag that contains `tag`.
pub(crate) fn attribute<'a>(html: &'a str, tag: &str, name: &str) -> Option<&'a str> {
    let tag = html
        .split('<')
        .find(|piece| piece.contains(tag))?
        .split('>')
        .next()?;
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split('"').next()
}

/// The page's status and text.
pub(crate) async fn page(url: &str) -> (u16, String) {
    let response = browser()
        .get(url)
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// The repository's public files with an empty bundle beside them; made once, because all tests
/// read it.
fn site() -> &'static Path {
    static SITE: LazyLock<PathBuf> = LazyLock::new(|| {
        let site = Path::new(env!("CARGO_TARGET_TMPDIR")).join("site");
        std::fs::create_dir_all(site.join("pkg")).unwrap();
        let public = Path::new(env!("CARGO_MANIFEST_DIR")).join("../public");
        std::fs::copy(public.join("style.css"), site.join("style.css")).unwrap();
        std::fs::write(site.join("pkg/app.js"), "export default 1;").unwrap();
        std::fs::write(site.join("pkg/app_bg.wasm"), b"\0asm").unwrap();
        std::fs::write(site.join("pkg/app_bg.wasm.br"), b"small").unwrap();
        site
    });
    &SITE
}
