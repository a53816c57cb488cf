//! The API on a `DynamoDB` inside this process, for whoever asks it over HTTP: `cargo xtask fuzz` does.
//!
//! The system chooses the port; the line `serving` of the log names it. Everything is forgotten at the end.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use backend::app::App;
use backend::dynamodb::{self, Table, Timeouts};
use backend::migrate::{self, Patience};
use backend::router::router;
use backend::store::Store;
use serverkit::config::Listen;
use testkit::embedded::Embedded;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[tokio::main]
async fn main() -> ExitCode {
    let filter = "info".parse().expect("a level is a filter");
    serverkit::run(filter, Box::pin(serve())).await
}

async fn serve() -> Result<()> {
    let database = Embedded::start().await?;
    let table = Table {
        client: dynamodb::client(testkit::loader(&database.endpoint), Timeouts::default()).await,
        name: "messages".to_owned(),
    };
    testkit::table::create(&table.client, &table.name).await?;
    let patience = Patience {
        wait: Duration::from_secs(10),
        lease: Duration::from_secs(10),
    };
    migrate::to_newest(&table, patience)
        .await
        .context("bring the table to the newest schema")?;

    let app = App::new(Store::new(table), "unknown", "emulated");
    let (draining, metrics) = (app.draining.clone(), app.metrics.clone());
    let listen = Listen {
        listen_addr: ANY_PORT,
        metrics_addr: ANY_PORT,
        drain_seconds: Duration::ZERO,
    };
    serverkit::serve(&listen, router(app), &draining, metrics).await
}
