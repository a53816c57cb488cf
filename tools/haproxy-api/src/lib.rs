//! `HAProxy`'s Runtime API: commands to a running one, each on a connection of its own, and what it
//! has counted of the servers of a backend.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

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
    /// One whose socket is at this path, or at a host with a port. Nothing is waited for longer
    /// than `patience`.
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
        if self.address.starts_with('/') {
            let stream = UnixStream::connect(&self.address)?;
            stream.set_read_timeout(Some(self.patience))?;
            stream.set_write_timeout(Some(self.patience))?;
            exchange(stream, command)
        } else {
            let stream = TcpStream::connect(&self.address)?;
            stream.set_read_timeout(Some(self.patience))?;
            stream.set_write_timeout(Some(self.patience))?;
            exchange(stream, command)
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

fn exchange(mut stream: impl Read + Write, command: &str) -> io::Result<String> {
    // In one piece: HAProxy may not look again for the rest of a command.
    stream.write_all(format!("{command}\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
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
