//! Runs a server: from settings to listeners, and down again without dropping a request.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use crate::config::Listen;
use crate::metrics::Metrics;
use crate::patience::{BEGIN, Connection};
use crate::shutdown::{self, Draining};

/// Open requests get this long once the listener is closed; then they are cut.
const FINISH: Duration = Duration::from_secs(15);
/// Bytes of a request's head; more are answered with 431. Several times what browsers send.
const LONGEST_HEAD: usize = 32 * 1024;
/// Pause after the system had no connection to give, as when all file descriptors are taken.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Serves `router`, which has its [`layers`](crate::layers()), and `metrics` beside it, until the
/// process is asked to stop.
pub async fn serve(config: &Listen, router: Router, draining: &Draining, metrics: Metrics) -> Result<()> {
    let listener = listen("LISTEN_ADDR", config.listen_addr).await?;
    let metrics_listener = listen("METRICS_ADDR", config.metrics_addr).await?;
    tracing::info!(
        address = %listener.local_addr().context("read the listener's address")?,
        metrics_address = %metrics_listener.local_addr().context("read the metrics listener's address")?,
        "serving"
    );
    let scrapes = GracefulShutdown::new();
    let requests = GracefulShutdown::new();
    tokio::select! {
        never = accept(metrics_listener, metrics.page(), &scrapes) => match never {},
        finished = async {
            tokio::select! {
                never = accept(listener, router, &requests) => match never {},
                () = drain(draining, config.drain_seconds) => {}
            }
            tokio::time::timeout(FINISH, requests.shutdown()).await
        } => if finished.is_err() {
            tracing::warn!(seconds = FINISH.as_secs(), "requests were still open and are cut");
        },
    }
    Ok(())
}

async fn listen(variable: &str, address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("listen on {variable} {address}"))
}

/// Waits to be asked to stop, and then until nobody should send requests any more.
async fn drain(draining: &Draining, seconds: Duration) {
    shutdown::requested().await;
    tracing::info!("stopping: readiness fails, requests are still served");
    draining.begin();
    tokio::time::sleep(seconds).await;
}

/// Takes connections and serves each in a task of its own; dropped, it takes no more.
async fn accept(listener: TcpListener, router: Router, open: &GracefulShutdown) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let watcher = open.watcher();
                tokio::spawn(converse(stream, router.clone(), watcher));
            }
            Err(error) if is_of_one_connection(error.kind()) => {}
            Err(error) => {
                tracing::error!(%error, "cannot take a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// HTTP/1.1 only: that is what the load balancers and the frontend speak inside the cluster.
async fn converse(stream: TcpStream, router: Router, watcher: hyper_util::server::graceful::Watcher) {
    // An answer is written at once; waiting to fill a packet only delays it.
    stream.set_nodelay(true).ok();
    let connection = Connection::new(stream);
    let connection = http1::Builder::new()
        .timer(connection.timer())
        .header_read_timeout(BEGIN)
        .max_header_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(connection), TowerToHyperService::new(router));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn is_of_one_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Asks over a connection that is to be kept, and gives the answer.
    async fn asked(stream: &mut TcpStream) -> String {
        let request = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = vec![0; 1024];
        let length = stream.read(&mut answer).await.unwrap();
        String::from_utf8(answer[..length].to_vec()).unwrap()
    }

    #[tokio::test]
    async fn on_the_way_down_an_answer_ends_its_connection() {
        let draining = Draining::default();
        let page = Router::new().route("/", get(async || "ok"));
        let router = crate::layers(page, &draining, &Metrics::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let open = GracefulShutdown::new();
        let ends = "connection: close";
        let talk = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            for _ in ["first", "second"] {
                assert!(!asked(&mut stream).await.contains(ends));
            }
            draining.begin();
            let last = asked(&mut stream).await;
            assert!(last.starts_with("HTTP/1.1 200") && last.contains(ends), "{last}");
            assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0, "it is still open");
        };
        tokio::select! {
            never = accept(listener, router, &open) => match never {},
            () = talk => {}
        }
    }
}
