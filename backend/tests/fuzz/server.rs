//! The API on a `DynamoDB` inside this process, and a count of what it was asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use backend::app::App;
use backend::dynamodb::{self, Table, Timeouts};
use backend::migrate::{self, Patience};
use backend::store::Store;
use testkit::embedded::Embedded;
use tokio::net::TcpListener;

type Counts = Arc<Mutex<BTreeMap<String, usize>>>;

/// Answers as long as the runtime lives.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    counts: Counts,
}

impl Server {
    /// The API, with what `wrap` puts in front of it.
    pub(crate) async fn start(wrap: impl FnOnce(Router) -> Router) -> Self {
        let app = App::new(Store::new(current_table().await), "unknown", "test");
        let counts = Counts::default();
        let count = middleware::from_fn_with_state(counts.clone(), count);
        let router = wrap(backend::router::router(app)).layer(count);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { address, counts }
    }

    /// How often each operation was asked, as `GET /api/messages`.
    pub(crate) fn asked(&self) -> BTreeMap<String, usize> {
        self.counts.lock().unwrap().clone()
    }
}

async fn count(
    State(counts): State<Counts>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    if let Some(path) = path {
        let operation = format!("{} {}", request.method(), path.as_str());
        *counts.lock().unwrap().entry(operation).or_default() += 1;
    }
    next.run(request).await
}

/// A table at the newest schema.
async fn current_table() -> Table {
    let database = Embedded::start().await.unwrap();
    let table = Table {
        client: dynamodb::client(testkit::loader(&database.endpoint), Timeouts::default()).await,
        name: "messages".to_owned(),
    };
    testkit::table::create(&table.client, &table.name).await.unwrap();
    let patience = Patience {
        wait: Duration::from_secs(10),
        lease: Duration::from_secs(10),
        leave: Duration::ZERO,
    };
    migrate::to_newest(&table, patience).await.unwrap();
    table
}
