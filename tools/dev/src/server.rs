//! One server as a child process: started, ready, stopped.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use child_process::Watched;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// How long a server may take to listen and be ready. On a machine that compiles at the same time,
/// seconds.
const READY: Duration = Duration::from_secs(30);
/// How long a server may take to end after SIGTERM.
const END: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);
/// Lines of output that an error shows.
const TAIL: usize = 15;

/// Takes each line that a program writes: the program's name and the line.
pub type Lines = Arc<dyn Fn(&'static str, &str) + Send + Sync>;

/// A server that listens and is ready.
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    address: SocketAddr,
}

/// A program whose output is being read.
pub(crate) struct Running {
    name: &'static str,
    child: Child,
    tail: Arc<Mutex<VecDeque<String>>>,
    address: watch::Receiver<Option<SocketAddr>>,
    readers: [JoinHandle<()>; 2],
}

impl Running {
    /// Starts `command` in `group`.
    pub(crate) fn start(
        group: &Watched,
        name: &'static str,
        command: &mut Command,
        lines: &Lines,
    ) -> Result<Self> {
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        group.adopt(command.as_std_mut());
        let mut child = command.spawn().with_context(|| {
            format!(
                "start the {name} from {}",
                command.as_std().get_program().display()
            )
        })?;
        let tail = Arc::new(Mutex::new(VecDeque::new()));
        let (found, address) = watch::channel(None);
        let reader = Reader {
            name,
            tail: tail.clone(),
            found,
            lines: lines.clone(),
        };
        let readers = [
            tokio::spawn(
                reader
                    .clone()
                    .read(child.stdout.take().context("stdout is piped")?),
            ),
            tokio::spawn(reader.read(child.stderr.take().context("stderr is piped")?)),
        ];
        Ok(Self {
            name,
            child,
            tail,
            address,
            readers,
        })
    }

    /// Waits for a program that does its work and ends.
    pub(crate) async fn finish(mut self) -> Result<()> {
        let status = self
            .child
            .wait()
            .await
            .with_context(|| format!("wait for the {}", self.name))?;
        if !status.success() {
            bail!("{}", self.failure(&format!("ended with {status}")).await);
        }
        Ok(())
    }

    /// Waits until the server says where it listens and answers that it is ready.
    pub(crate) async fn ready(mut self, client: &reqwest::Client) -> Result<Server> {
        let deadline = Instant::now() + READY;
        let ended = tokio::select! {
            _ = timeout_at(deadline, self.address.wait_for(Option::is_some)) => None,
            status = self.child.wait() => Some(status),
        };
        if let Some(status) = ended {
            let status = status.with_context(|| format!("wait for the {}", self.name))?;
            bail!("{}", self.failure(&format!("ended with {status}")).await);
        }
        let listening = *self.address.borrow();
        let Some(address) = listening else {
            bail!("{}", self.failure("did not say where it listens").await);
        };
        let ready = format!("http://{address}{}", board_api::READYZ);
        loop {
            let answer = client.get(&ready).timeout(Duration::from_secs(1)).send().await;
            let reason = match answer {
                Ok(answer) if answer.status().is_success() => break,
                Ok(answer) => format!("{ready} answers {}", answer.status()),
                Err(error) => format!("{:#}", anyhow!(error)),
            };
            if Instant::now() > deadline || matches!(self.child.try_wait(), Ok(Some(_))) {
                bail!("{}", self.failure(&format!("is not ready: {reason}")).await);
            }
            sleep(POLL).await;
        }
        Ok(Server {
            name: self.name,
            child: self.child,
            address,
        })
    }

    /// What happened, with the end of the output.
    async fn failure(self, how: &str) -> String {
        // A program that still runs keeps its output open.
        let read = async {
            for reader in self.readers {
                reader.await.ok();
            }
        };
        timeout(Duration::from_millis(200), read).await.ok();
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let tail: Vec<_> = tail.iter().map(|line| format!("\n    {line}")).collect();
        format!("the {} {how}; its last lines:{}", self.name, tail.concat())
    }
}

impl Server {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id, while it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to end and waits; ends it by force when that takes too long.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let running = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = running.and_then(Pid::from_raw) {
            // An error means that it has just ended by itself.
            let _ = kill_process(id, Signal::TERM);
        }
        if timeout(END, self.child.wait()).await.is_err() {
            self.child
                .kill()
                .await
                .with_context(|| format!("end the {}", self.name))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at {}", self.name, self.address)
    }
}

/// Reads what a program writes, to its end.
#[derive(Clone)]
struct Reader {
    name: &'static str,
    tail: Arc<Mutex<VecDeque<String>>>,
    found: watch::Sender<Option<SocketAddr>>,
    lines: Lines,
}

impl Reader {
    async fn read(self, output: impl AsyncRead + Unpin) {
        let mut output = BufReader::new(output).lines();
        while let Ok(Some(line)) = output.next_line().await {
            if let Some(address) = listening(&line) {
                self.found.send_replace(Some(address));
            }
            (self.lines)(self.name, &line);
            let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
            if tail.len() == TAIL {
                tail.pop_front();
            }
            tail.push_back(line);
        }
    }
}

/// The address in the log line by which a server says that it serves.
fn listening(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    (line.get("message")? == "serving").then(|| line.get("address")?.as_str()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_in_the_line_that_says_serving() {
        let line = r#"{"level":"INFO","message":"serving","address":"127.0.0.1:4711","commit":"unknown"}"#;
        assert_eq!(listening(line), Some("127.0.0.1:4711".parse().unwrap()));
        let other = r#"{"level":"INFO","message":"metrics","address":"127.0.0.1:4712"}"#;
        assert_eq!(listening(other), None);
        assert_eq!(listening("thread 'main' panicked"), None);
    }
}
