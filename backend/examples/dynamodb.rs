//! An embedded `DynamoDB` for everyday work: `cargo run -p backend --example dynamodb -- 127.0.0.1:8000 messages-dev`.
//!
//! It makes the empty table, says what to set for the backend, and forgets everything when it ends.
#![allow(
    clippy::unwrap_used,
    reason = "shared with the tests, where a panic is a failure"
)]

use anyhow::{Context, Result};
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use backend::dynamodb::{self, Table};
use tokio::net::TcpListener;

#[path = "../tests/it/table.rs"]
mod table;

const REGION: &str = "eu-central-1";

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(name), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        anyhow::bail!("give an address and the name of a table, as: 127.0.0.1:8000 messages-dev");
    };
    let database = dynoxide::Database::memory().context("make the database")?;
    let listener = TcpListener::bind(&address)
        .await
        .with_context(|| format!("listen on {address}"))?;
    let server = tokio::spawn(dynoxide::server::serve_on(listener, database));

    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::from_static(REGION))
        .endpoint_url(format!("http://{address}"))
        .credentials_provider(Credentials::new("dev", "dev", None, None, "example"));
    table::create(&Table {
        client: dynamodb::client(loader).await,
        name: name.clone(),
    })
    .await;

    println!(
        "export AWS_ENDPOINT_URL=http://{address} AWS_REGION={REGION} AWS_ACCESS_KEY_ID=dev AWS_SECRET_ACCESS_KEY=dev \\\n  \
         TABLE_NAME={name} ENVIRONMENT=dev"
    );
    server.await.context("serve DynamoDB")
}
