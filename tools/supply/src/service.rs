//! Podman's API as a process of our own: it is used once it answers, stays as long as this process
//! wants it, and ends by itself should this process be killed.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use child_process::ProcessGroup;
use taskkit::removal::remove_file;

/// How long it stays when nobody has a connection to it.
const IDLE_SECONDS: &str = "60";
/// A start takes a fraction of a second; on a machine that compiles on every core, with its disk
/// busy, it has taken half a minute.
const ANSWERS_WITHIN: Duration = Duration::from_mins(3);
/// For one question.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// The answer to it never ends, and nothing is ever said in it: no container has this name.
const FOR_EVER: &str = "/events?filters=%7B%22container%22%3A%5B%22none%22%5D%7D";

/// Keeps the engine's socket alive.
#[derive(Debug)]
pub struct Service {
    socket: PathBuf,
    /// None where the socket is that of a daemon.
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    process: ProcessGroup<Child>,
    /// A service without connections ends, however long its tests are still being compiled; with
    /// this one it ends with us.
    _held: UnixStream,
}

impl Service {
    /// A daemon's, which was seen to answer.
    pub(crate) fn of_daemon(socket: PathBuf) -> Self {
        Self { socket, own: None }
    }

    /// Starts one; what an earlier run left at the socket gives way.
    pub(crate) fn start(env: &[(String, String)], socket: PathBuf, logs: &Path) -> Result<Self> {
        remove_file(&socket)?;
        let log = logs.join("engine-service.log");
        let file = fs::File::create(&log).with_context(|| format!("create {}", log.display()))?;
        let process = Command::new("podman")
            .args(["system", "service", "--time", IDLE_SECONDS])
            .arg(format!("unix://{}", socket.display()))
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(file.try_clone().context("share the log of podman's service")?)
            .stderr(file)
            // A Ctrl-C in the terminal must not end it before the containers are removed through
            // it.
            .process_group(0)
            .spawn()
            .context("start `podman system service`")?;
        let mut process = ProcessGroup::of(process);
        match held(&mut process.leader, &socket, ANSWERS_WITHIN) {
            Ok(held) => Ok(Self {
                socket,
                own: Some(Own { process, _held: held }),
            }),
            Err(error) => {
                drop(process);
                Err(error.context(format!("podman's service; log: {}", log.display())))
            }
        }
    }

    /// Where it answers, in Docker's protocol.
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(own) = self.own.take() {
            drop(own.process);
            // It may have removed it itself.
            let _ = fs::remove_file(&self.socket);
        }
    }
}

/// Waits until it answers; gives the connection that keeps it alive.
fn held(process: &mut Child, socket: &Path, within: Duration) -> Result<UnixStream> {
    let started = Instant::now();
    loop {
        let why = match answers(socket) {
            Ok(()) => return ask(socket, FOR_EVER).context("hold a connection to podman's service"),
            Err(why) => why,
        };
        if let Some(status) = process.try_wait().context("wait for `podman system service`")? {
            bail!(
                "it has ended ({status}) before it answered on {}",
                socket.display()
            );
        }
        if started.elapsed() > within {
            let within = within.as_secs();
            return Err(why.context(format!("no answer on {} within {within} s", socket.display())));
        }
        thread::sleep(POLL);
    }
}

/// Whether it has not only a socket, but an answer.
fn answers(socket: &Path) -> Result<()> {
    ask(socket, "/_ping").map(drop)
}

/// A connection whose answer has begun well.
fn ask(socket: &Path, path: &str) -> Result<UnixStream> {
    let mut stream = UnixStream::connect(socket).context("connect")?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .context("limit the wait for an answer")?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: podman\r\n\r\n");
    stream.write_all(request.as_bytes()).context("ask")?;
    let mut status = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut status).context("read the answer")?;
    ensure!(
        status == *b"HTTP/1.1 200",
        "the answer begins with {}",
        String::from_utf8_lossy(&status)
    );
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    fn sleeping(script: &str) -> ProcessGroup<Child> {
        let child = Command::new("sh")
            .args(["-c", script])
            .process_group(0)
            .spawn()
            .unwrap();
        ProcessGroup::of(child)
    }

    /// Answers each connection with the next of `answers`, and the last of them for ever.
    fn serve(listener: UnixListener, answers: &'static [&'static str]) {
        thread::spawn(move || {
            let mut kept = Vec::new();
            for number in 0.. {
                let Ok((mut stream, _)) = listener.accept() else {
                    return;
                };
                let _ = stream.read(&mut [0; 200]);
                let answer = answers[number.min(answers.len() - 1)];
                let _ = stream.write_all(answer.as_bytes());
                kept.push(stream);
            }
        });
    }

    #[test]
    fn a_service_that_comes_late_is_waited_for_and_one_that_listens_must_also_answer() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("late.sock");
        let place = socket.clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(300));
            serve(
                UnixListener::bind(place).unwrap(),
                &["HTTP/1.1 503 not yet\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"],
            );
        });
        let mut process = sleeping("sleep 60");
        let started = Instant::now();
        let held = held(&mut process.leader, &socket, Duration::from_secs(20));
        drop(process);
        assert!(held.is_ok(), "{held:?}");
        assert!(started.elapsed() >= Duration::from_millis(300));
    }

    #[test]
    fn a_service_that_ends_or_never_answers_is_an_error_that_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("no.sock");
        let mut ended = sleeping("exit 3");
        let error = held(&mut ended.leader, &socket, Duration::from_secs(20)).unwrap_err();
        assert!(
            format!("{error:#}").contains("has ended (exit status: 3)"),
            "{error:#}"
        );
        serve(
            UnixListener::bind(&socket).unwrap(),
            &["HTTP/1.1 500 broken\r\n\r\n"],
        );
        let mut process = sleeping("sleep 60");
        let error = held(&mut process.leader, &socket, Duration::from_millis(200)).unwrap_err();
        drop(process);
        let text = format!("{error:#}");
        assert!(
            text.contains("no.sock") && text.contains("HTTP/1.1 500"),
            "{text}"
        );
    }
}
