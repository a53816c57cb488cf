//! `HAProxy` with two servers behind it, and the program under test.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use child_process::Watched;
use haproxy_api::RuntimeApi;
use tempfile::TempDir;

use crate::server::Server;

const POLL: Duration = Duration::from_millis(50);
const START: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) address: SocketAddr,
    blue: Server,
    pub(crate) green: Server,
    folder: TempDir,
    group: Watched,
    haproxy: Child,
}

/// A shift under way.
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
    begun: Instant,
}

/// How one ended.
pub(crate) struct Ended {
    pub(crate) well: bool,
    /// Both outputs.
    pub(crate) said: String,
    pub(crate) took: Duration,
    pub(crate) at: Instant,
}

impl World {
    /// All of the traffic goes to blue.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (blue, green) = (Server::start(), Server::start());
        // HAProxy does not say which port it has chosen.
        let free = TcpListener::bind("127.0.0.1:0").expect("look for a free port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::write(at("shift.map"), "").expect("write the map");
        let (socket, claims) = (at("socket"), at("shift.map"));
        let text = include_str!("haproxy.cfg")
            .replace("SOCKET", &socket)
            .replace("MAP", &claims)
            .replace("ADDRESS", &address.to_string())
            .replace("BLUE", &blue.address.to_string())
            .replace("GREEN", &green.address.to_string());
        fs::write(at("haproxy.cfg"), text).expect("write the configuration");
        let target = |name, server: &Server| {
            format!(
                "[board.targets.{name}]\nready = \"http://{}/readyz\"\n",
                server.address
            )
        };
        let file = format!(
            "[board]\nat.haproxy = {{ socket = \"{socket}\", backend = \"clusters\", claims = \"{claims}\" }}\n{}{}",
            target("blue", &blue),
            target("green", &green)
        );
        fs::write(at("balancers.toml"), file).expect("write the list of balancers");
        let group = Watched::new().expect("a group of processes");
        let haproxy = start(&group, folder.path());
        let world = Self {
            address,
            blue,
            green,
            folder,
            group,
            haproxy,
        };
        world.await_start();
        world
    }

    /// Kills `HAProxy` and starts it anew, with its configuration.
    pub(crate) fn restart(&mut self) {
        self.haproxy.kill().expect("kill HAProxy");
        self.haproxy.wait().expect("wait for its end");
        self.haproxy = start(&self.group, self.folder.path());
        self.await_start();
    }

    fn await_start(&self) {
        until("HAProxy answers", || {
            TcpStream::connect(self.address).is_ok() && UnixStream::connect(self.path("socket")).is_ok()
        });
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Begins a shift to green.
    pub(crate) fn shift(&self, arguments: &[&str]) -> Running {
        self.run(&[&["--to", "green"], arguments].concat())
    }

    /// Begins one whose outputs are closed on the other side.
    pub(crate) fn unread_shift(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(&[&["--to", "green"], arguments].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = self.spawn(&mut command, PathBuf::new());
        drop((running.child.stdout.take(), running.child.stderr.take()));
        running
    }

    /// What `shift status` says.
    pub(crate) fn status(&self) -> String {
        self.run(&["status"]).wait(START).said
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Running {
        let log = tempfile::Builder::new()
            .prefix("log")
            .tempfile_in(self.folder.path());
        let (file, log) = log.expect("a log").keep().expect("keep the log");
        let mut command = self.command(arguments);
        command
            .stdout(file.try_clone().expect("share the log"))
            .stderr(file);
        self.spawn(&mut command, log)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shift"));
        command
            .args(arguments)
            .arg("--file")
            .arg(self.path("balancers.toml"))
            .env("NO_PROXY", "127.0.0.1");
        command
    }

    fn spawn(&self, command: &mut Command, log: PathBuf) -> Running {
        let begun = Instant::now();
        let child = self.group.adopt(command).spawn().expect("start a shift");
        Running { child, log, begun }
    }

    /// Those of blue and green, as `HAProxy` has them.
    pub(crate) fn weights(&self) -> (u32, u32) {
        let api = RuntimeApi::at(self.path("socket").display().to_string(), START);
        let weight = |name| {
            let answer = api.ask(&format!("get weight clusters/{name}"));
            let answer = answer.expect("ask for a weight");
            let word = answer.split_whitespace().next().expect("an answer");
            word.parse().expect("a weight")
        };
        (weight("blue"), weight("green"))
    }

    pub(crate) fn await_weights(&self, expected: (u32, u32)) {
        until("the weights are set", || self.weights() == expected);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // It has asked nobody else, so it is simply ended.
        let _ = self.haproxy.kill();
        let _ = self.haproxy.wait();
        assert!(self.blue.requests() > 0 || self.green.requests() == 0);
    }
}

impl Running {
    pub(crate) fn wait(mut self, limit: Duration) -> Ended {
        let mut ended = None;
        while ended.is_none() && self.begun.elapsed() < limit {
            ended = self.child.try_wait().expect("look at a shift");
            thread::sleep(POLL);
        }
        let at = Instant::now();
        let said = fs::read_to_string(&self.log).expect("read its log");
        if ended.is_none() {
            self.child.kill().expect("kill a shift");
        }
        let status = ended.unwrap_or_else(|| panic!("it has not ended after {limit:?}:\n{said}"));
        Ended {
            well: status.success(),
            said,
            took: at - self.begun,
            at,
        }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().expect("kill a shift");
        self.child.wait().expect("wait for its end");
    }

    /// As the end of a job or a terminal does.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .expect("start kill");
        assert!(asked.success());
    }
}

fn start(group: &Watched, folder: &Path) -> Child {
    let program =
        std::env::var_os("HAPROXY").expect("HAPROXY is not set; run `cargo xtask test --only shift`");
    let log = File::create(folder.join("haproxy.log")).expect("a log");
    let mut command = Command::new(program);
    command
        .arg("-db")
        .arg("-f")
        .arg(folder.join("haproxy.cfg"))
        .stdout(log.try_clone().expect("share the log"))
        .stderr(log);
    group.adopt(&mut command).spawn().expect("start HAProxy")
}

fn until(what: &str, is: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < START, "not in time: {what}");
        thread::sleep(POLL);
    }
}
