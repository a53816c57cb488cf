//! Database, backend and frontend, put together.

use std::env;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context as _, Result};
use child_process::Watched;
use reqwest::Client;
use testkit::embedded::Embedded;
use tokio::process::Command;

use crate::programs::Programs;
use crate::seed;
use crate::server::{Lines, Running, Server};

const TABLE: &str = "messages-dev";
const ENVIRONMENT: &str = "dev";
/// A port that the system chooses.
const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How a stack is started.
pub struct Options {
    /// What is run.
    pub programs: Programs,
    /// Port of the page on loopback; the system chooses one when there is none.
    pub port: Option<u16>,
    /// How many messages are on the board at the start.
    pub messages: usize,
    /// Seconds between two signs of life on an event stream; the frontend's own if there is no
    /// number.
    pub heartbeat_seconds: Option<u8>,
    /// Gets what the programs write.
    pub lines: Lines,
}

impl Options {
    /// A quiet and empty board of `programs` on ports of the system's choice.
    pub fn new(programs: Programs) -> Self {
        Self {
            programs,
            port: None,
            messages: 0,
            heartbeat_seconds: None,
            lines: std::sync::Arc::new(|_, _| {}),
        }
    }
}

/// The running application. Its processes end when it is dropped, at once; [`Stack::stop`] ends
/// them in order.
pub struct Stack {
    frontend: Option<Server>,
    backend: Option<Server>,
    frontend_address: SocketAddr,
    backend_address: SocketAddr,
    client: Client,
    options: Options,
    database: Embedded,
    // Dropped last: ends whatever is left.
    group: Watched,
}

impl Stack {
    /// Starts everything and waits until the page can be asked for.
    pub async fn start(options: Options) -> Result<Self> {
        // A proxy of the machine's has no business with loopback.
        let client = Client::builder()
            .no_proxy()
            .build()
            .context("make an HTTP client")?;
        let database = Embedded::start().await?;
        testkit::table::create(&testkit::client(&database.endpoint).await, TABLE).await?;
        let mut stack = Self {
            frontend: None,
            backend: None,
            frontend_address: SocketAddr::new(ANY.ip(), options.port.unwrap_or(0)),
            backend_address: ANY,
            client,
            options,
            database,
            group: Watched::new()?,
        };
        stack.migrate().await?;
        stack.start_backend().await?;
        seed::post_many(&stack.client, &stack.backend_url(), stack.options.messages).await?;
        stack.start_frontend().await?;
        Ok(stack)
    }

    /// Address of the page, without a slash at its end.
    pub fn page_url(&self) -> String {
        format!("http://{}", self.frontend_address)
    }

    /// Where the frontend listens.
    pub fn page_address(&self) -> SocketAddr {
        self.frontend_address
    }

    /// Posts a message to the backend, past the page.
    pub async fn post(&self, author: &str, text: &str) -> Result<()> {
        seed::post(&self.client, &self.backend_url(), author, text).await
    }

    /// Address of the backend's API, without a slash at its end.
    pub fn backend_url(&self) -> String {
        format!("http://{}", self.backend_address)
    }

    /// Writes an item of strings into the table, past every rule of the backend.
    pub async fn put(&self, attributes: &[(&str, &str)]) -> Result<()> {
        let client = testkit::client(&self.database.endpoint).await;
        testkit::table::put(&client, TABLE, attributes).await
    }

    /// Process id of the backend, while it runs.
    pub(crate) fn backend_id(&self) -> Option<u32> {
        self.backend.as_ref().and_then(Server::id)
    }

    /// Process id of the frontend, while it runs.
    pub(crate) fn frontend_id(&self) -> Option<u32> {
        self.frontend.as_ref().and_then(Server::id)
    }

    /// Brings the table to the schema of the backend's binary.
    pub(crate) async fn migrate(&self) -> Result<()> {
        let mut command = self.backend_command("migrate");
        command.env("MIGRATE_WAIT_SECONDS", "10");
        self.spawn("migrate", &mut command)?.finish().await
    }

    /// Starts the backend, at the address it had before; nothing when it runs.
    pub async fn start_backend(&mut self) -> Result<()> {
        if self.backend.is_none() {
            let mut command = self.backend_command("serve");
            listen(&mut command, self.backend_address);
            let server = self.spawn("backend", &mut command)?.ready(&self.client).await?;
            self.backend_address = server.address();
            self.backend = Some(server);
        }
        Ok(())
    }

    /// Ends the backend in order, and leaves the rest as it is.
    pub async fn stop_backend(&mut self) -> Result<()> {
        match self.backend.take() {
            Some(server) => server.stop().await,
            None => Ok(()),
        }
    }

    /// Starts the frontend, at the address it had before; nothing when it runs.
    pub(crate) async fn start_frontend(&mut self) -> Result<()> {
        if self.frontend.is_none() {
            let mut command = program(&self.options.programs.frontend);
            command
                .env("BACKEND_URL", self.backend_url())
                .env("SITE_DIR", &self.options.programs.site);
            if let Some(seconds) = self.options.heartbeat_seconds {
                command.env("HEARTBEAT_SECONDS", seconds.to_string());
            }
            listen(&mut command, self.frontend_address);
            let server = self.spawn("frontend", &mut command)?.ready(&self.client).await?;
            self.frontend_address = server.address();
            self.frontend = Some(server);
        }
        Ok(())
    }

    /// Ends the frontend in order, and leaves the rest as it is.
    pub(crate) async fn stop_frontend(&mut self) -> Result<()> {
        match self.frontend.take() {
            Some(server) => server.stop().await,
            None => Ok(()),
        }
    }

    /// Takes note of servers that have ended by themselves, and names them.
    pub(crate) fn forget_ended(&mut self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for server in [&mut self.backend, &mut self.frontend] {
            if let Some(ended) = server.take_if(Server::has_ended) {
                names.push(ended.name());
            }
        }
        names
    }

    /// Ends everything in order.
    pub async fn stop(mut self) -> Result<()> {
        self.stop_frontend().await?;
        self.stop_backend().await
    }

    fn spawn(&self, name: &'static str, command: &mut Command) -> Result<Running> {
        Running::start(&self.group, name, command, &self.options.lines)
    }

    fn backend_command(&self, verb: &str) -> Command {
        let mut command = program(&self.options.programs.backend);
        // A profile or session of the person's own would win over what is set here.
        for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"AWS_")) {
            command.env_remove(name);
        }
        command
            .arg(verb)
            .env("TABLE_NAME", TABLE)
            .envs(testkit::variables(&self.database.endpoint));
        command
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Stack at {}", self.page_url())
    }
}

/// What both servers are told alike.
fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command
        .env("ENVIRONMENT", ENVIRONMENT)
        .env_remove("APP_COMMIT")
        .env("RUST_LOG", "info")
        .env("NO_PROXY", "127.0.0.1");
    command
}

fn listen(command: &mut Command, address: SocketAddr) {
    command
        .env("LISTEN_ADDR", address.to_string())
        .env("METRICS_ADDR", ANY.to_string())
        // No load balancer has to look away first.
        .env("DRAIN_SECONDS", "0");
}
