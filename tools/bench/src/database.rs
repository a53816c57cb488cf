//! The emulator in a process of its own.

use std::process::Stdio;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::Client;
use testkit::embedded::Embedded;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Name of the one table.
pub(crate) const TABLE: &str = "messages-bench";
/// Value of the attribute `board` of each message: the one partition of the index.
pub(crate) const BOARD: &str = "main";

/// A running emulator; ends with this value.
#[derive(Debug)]
pub(crate) struct Database {
    endpoint: String,
    _process: Child,
}

/// Serves an empty table, says where on the first line, and ends when its standard input does.
pub(crate) async fn serve() -> Result<()> {
    let embedded = Embedded::start().await?;
    testkit::table::create(&testkit::client(&embedded.endpoint).await, TABLE).await?;
    println!("{}", embedded.endpoint);
    let mut nothing = String::new();
    BufReader::new(tokio::io::stdin())
        .read_line(&mut nothing)
        .await
        .context("wait for the end")?;
    Ok(())
}

impl Database {
    pub(crate) async fn start() -> Result<Self> {
        let program = std::env::current_exe().context("find this program")?;
        let mut process = Command::new(program)
            .arg("database")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("start the emulator")?;
        let stdout = process.stdout.take().context("the emulator's output is piped")?;
        let endpoint = BufReader::new(stdout)
            .lines()
            .next_line()
            .await
            .context("read the emulator's address")?
            .context("the emulator ended at once")?;
        Ok(Self {
            endpoint,
            _process: process,
        })
    }

    /// What a program needs to find it, as the AWS SDKs read it.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = testkit::variables(&self.endpoint).to_vec();
        variables.push(("TABLE_NAME", TABLE.to_owned()));
        variables
    }

    /// A client with the SDK's own settings.
    pub(crate) async fn client(&self) -> Client {
        testkit::client(&self.endpoint).await
    }
}
