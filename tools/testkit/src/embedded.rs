//! dynoxide served over HTTP by this process: the `DynamoDB` that is always there.

use std::path::Path;

use anyhow::{Context as _, Result};
use dynoxide::Database;
use tokio::net::TcpListener;

/// A `DynamoDB` on a port of loopback that the system chose. It answers until the runtime that
/// started it ends.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// As `http://127.0.0.1:40123`.
    pub endpoint: String,
}

impl Embedded {
    /// An empty one, in memory.
    pub async fn start() -> Result<Self> {
        serve(Database::memory().context("make a database in memory")?).await
    }

    /// One that keeps its tables in `file`, which is made if it is not there.
    pub async fn start_on(file: &Path) -> Result<Self> {
        let name = file
            .to_str()
            .with_context(|| format!("{} is not UTF-8", file.display()))?;
        serve(Database::new(name).with_context(|| format!("open the database {name}"))?).await
    }
}

async fn serve(database: Database) -> Result<Embedded> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .context("listen on loopback")?;
    let address = listener.local_addr().context("read the listener's address")?;
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    Ok(Embedded {
        endpoint: format!("http://{address}"),
    })
}
