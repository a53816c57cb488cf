//! `HAProxy`'s Runtime API: commands to a running one, each on a connection of its own, and what it
//! has counted of the servers of a backend.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Why there is no answer, or none that helps.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be asked.
    #[error("HAProxy at {address}: {error}")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// What kept it from answering.
        error: io::Error,
    },
    /// It names no server of a backend.
    #[error("HAProxy shows no servers of backend {backend}: {said}")]
    NoServers {
        /// The name that it was asked for.
        backend: String,
        /// What it has answered.
        said: String,
    },
}

/// A running one.
#[derive(Debug, Clone)]
pub struct RuntimeApi {
    address: String,
    patience: Duration,
}

/// What it says of a server, by the names that its documentation has for statistics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server(BTreeMap<String, String>);

impl RuntimeApi {
    /// One whose socket is at this path, or at a host with a port. A command with its answer may
    /// take `patience`. The look-up of a host's name has no limit, nor a path at which too many are
    /// waiting already.
    pub fn at(address: impl Into<String>, patience: Duration) -> Self {
        Self {
            address: address.into(),
            patience,
        }
    }

    /// Gives it a command, and takes its answer as it is.
    ///
    /// # Errors
    ///
    /// If it cannot be reached, or does not answer in time.
    pub fn ask(&self, command: &str) -> Result<String, Error> {
        self.talk(command).map_err(|error| Error::Unreachable {
            address: self.address.clone(),
            error,
        })
    }

    fn talk(&self, command: &str) -> io::Result<String> {
        let deadline = Instant::now() + self.patience;
        if self.address.starts_with('/') {
            let stream = UnixStream::connect(&self.address)?;
            stream.set_write_timeout(Some(left(deadline)?))?;
            let limit = |left| stream.set_read_timeout(Some(left));
            exchange(&stream, limit, deadline, command)
        } else {
            let stream = connect(&self.address, deadline)?;
            stream.set_write_timeout(Some(left(deadline)?))?;
            let limit = |left| stream.set_read_timeout(Some(left));
            exchange(&stream, limit, deadline, command)
        }
    }

    /// The servers of a backend by their names, with their statistics.
    ///
    /// # Errors
    ///
    /// If it cannot be asked, or names none.
    pub fn servers(&self, backend: &str) -> Result<BTreeMap<String, Server>, Error> {
        let said = self.ask(&format!("show stat {backend} 4 -1 typed"))?;
        let servers = servers_in(&said);
        if servers.is_empty() {
            return Err(Error::NoServers {
                backend: backend.to_owned(),
                said: said.trim().to_owned(),
            });
        }
        Ok(servers)
    }
}

impl Server {
    /// A statistic as it is shown.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// A statistic that is a number; zero where it is not shown.
    pub fn number(&self, field: &str) -> u64 {
        self.text(field)
            .and_then(|value| value.parse().ok())
            .unwrap_or_default()
    }
}

/// How long it is until `deadline`; an error when it has passed.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    let late = || io::Error::new(io::ErrorKind::TimedOut, "no answer in time");
    (!left.is_zero()).then_some(left).ok_or_else(late)
}

/// To the first address of a host that takes the connection.
fn connect(host: &str, deadline: Instant) -> io::Result<TcpStream> {
    let mut result = Err(io::Error::new(io::ErrorKind::NotFound, "it has no address"));
    for address in host.to_socket_addrs()? {
        result = TcpStream::connect_timeout(&address, left(deadline)?);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn exchange(
    mut stream: impl Read + Write,
    limit: impl Fn(Duration) -> io::Result<()>,
    deadline: Instant,
    command: &str,
) -> io::Result<String> {
    // In one piece: HAProxy may not look again for the rest of a command.
    stream.write_all(format!("{command}\n").as_bytes())?;
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    loop {
        limit(left(deadline)?)?;
        match stream.read(&mut part) {
            Ok(0) => return String::from_utf8(answer).map_err(io::Error::other),
            Ok(length) => answer.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            // How the system says that the limit has passed.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
            Err(error) => return Err(error),
        }
    }
}

/// The servers in the typed answer to `show stat`: lines as `S.3.2.39.hrsp_1xx.1:MCP:u64:0`, the
/// object, the field, and its value.
pub fn servers_in(answer: &str) -> BTreeMap<String, Server> {
    let mut by_number: BTreeMap<(&str, &str), Server> = BTreeMap::new();
    for line in answer.lines() {
        let mut parts = line.splitn(4, ':');
        let (Some(object), Some(_), Some(_), Some(value)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let object: Vec<_> = object.split('.').collect();
        if let ["S", backend, server, _, field, ..] = object[..] {
            let server = by_number.entry((backend, server)).or_default();
            server.0.insert(field.to_owned(), value.to_owned());
        }
    }
    let named = |server: Server| Some((server.text("svname")?.to_owned(), server));
    by_number.into_values().filter_map(named).collect()
}

#[cfg(test)]
mod tests;
