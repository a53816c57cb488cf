//! The container engine: docker where it can run what kind needs, else podman with a configuration
//! of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use xshell::{Cmd, Shell, cmd};

use crate::cache::Cache;
pub use crate::service::Service;
use crate::{docker, podman, run};

/// The network that nodes, forge and emulator share, in an engine that has no other of ours.
const NETWORK: &str = "gitops-loop";

/// Which program it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Docker as the machine has it.
    Docker,
    /// Podman with storage, networks and settings inside our cache.
    Podman,
}

/// An engine that was seen to work.
#[derive(Debug, Clone)]
pub struct Engine {
    kind: Kind,
    env: Vec<(String, String)>,
    socket: PathBuf,
    folders: Vec<PathBuf>,
    network: String,
}

impl Engine {
    /// Finds the engine of this machine.
    pub fn probe(cache: &Cache, logs: &Path) -> Result<Self> {
        match Self::docker(logs) {
            Err(error) if docker::refusal(&error).is_some() => {
                Self::podman(cache, logs).context(error.to_string())
            }
            found => found,
        }
    }

    /// The engine of a kind, with which an earlier run has made something.
    pub fn of(kind: Kind, cache: &Cache, logs: &Path) -> Result<Self> {
        match kind {
            Kind::Docker => Self::docker(logs),
            Kind::Podman => Self::podman(cache, logs),
        }
    }

    /// Docker, if it can run what kind needs.
    fn docker(logs: &Path) -> Result<Self> {
        Ok(Self {
            kind: Kind::Docker,
            env: with_kind(Vec::new(), "docker", "KIND_EXPERIMENTAL_DOCKER_NETWORK", NETWORK),
            socket: docker::socket(logs)?,
            folders: Vec::new(),
            network: NETWORK.to_owned(),
        })
    }

    /// Podman with the storage of this cache.
    pub(crate) fn podman(cache: &Cache, logs: &Path) -> Result<Self> {
        let podman::Configured { env, socket, folders } = podman::configure(cache, logs)?;
        // Whatever their storage, all of a machine's podmans keep addresses, names and port
        // mappings by the network's name.
        let network = format!("{NETWORK}-{}", cache.key());
        Ok(Self {
            kind: Kind::Podman,
            env: with_kind(env, "podman", "KIND_EXPERIMENTAL_PODMAN_NETWORK", &network),
            socket,
            folders,
            network,
        })
    }

    /// Whether this machine has any engine's program; without one, nothing of ours can be running.
    pub fn installed() -> bool {
        ["docker", "podman"].into_iter().any(run::on_path)
    }

    /// Which program it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The program's name on the search path.
    pub fn program(&self) -> &'static str {
        match self.kind {
            Kind::Docker => "docker",
            Kind::Podman => "podman",
        }
    }

    /// The network that nodes, forge and emulator share.
    pub fn network(&self) -> &str {
        &self.network
    }

    /// Variables that the program, and kind calling it, must see.
    pub fn env(&self) -> &[(String, String)] {
        &self.env
    }

    /// The folders that nobody but this engine uses; none with docker.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// A command of the engine.
    pub fn command<'sh, I>(&self, sh: &'sh Shell, args: I) -> Cmd<'sh>
    where
        I: IntoIterator,
        I::Item: AsRef<std::ffi::OsStr>,
    {
        let program = self.program();
        cmd!(sh, "{program}")
            .args(args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
    }

    /// Where the engine answers in Docker's protocol. With podman only while [`Self::serve`]'s
    /// answer lives.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Whether containers run on cgroup v1. The engine is asked, because its kernel need not be
    /// that of this process.
    pub fn on_cgroup_v1(&self, logs: &Path) -> Result<bool> {
        let format = match self.kind {
            Kind::Docker => "{{.CgroupVersion}}",
            Kind::Podman => "{{.Host.CgroupsVersion}}",
        };
        let sh = Shell::new().context("open a shell")?;
        let info = self.command(&sh, ["info", "--format", format]);
        let version = run::read(info, &logs.join("engine.log"), Duration::from_secs(20))
            .context("ask the container engine for its version of cgroups")?;
        Ok(is_cgroup_v1(&version))
    }

    /// Makes the socket answer.
    pub fn serve(&self, logs: &Path) -> Result<Service> {
        self.serve_at(self.socket.clone(), logs)
    }

    /// Makes the engine answer on a socket of this process, beside a run that has [`Self::socket`].
    pub fn serve_apart(&self, logs: &Path) -> Result<Service> {
        let socket = match self.kind {
            Kind::Docker => self.socket.clone(),
            Kind::Podman => self
                .socket
                .with_file_name(format!("podman-{}.sock", std::process::id())),
        };
        self.serve_at(socket, logs)
    }

    fn serve_at(&self, socket: PathBuf, logs: &Path) -> Result<Service> {
        match self.kind {
            Kind::Docker => Ok(Service::of_daemon(socket)),
            Kind::Podman => Service::start(&self.env, socket, logs),
        }
    }

    /// What `build` needs so that one build gives one layer on top of its base and nothing is left
    /// over.
    pub(crate) fn build_flags(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Docker => &["--pull=false"],
            Kind::Podman => &["--pull=never", "--layers=false", "--format=docker"],
        }
    }
}

/// Docker says `1`, podman `v1`.
fn is_cgroup_v1(version: &str) -> bool {
    version.trim().trim_start_matches('v') == "1"
}

fn with_kind(
    mut env: Vec<(String, String)>,
    provider: &str,
    variable: &str,
    network: &str,
) -> Vec<(String, String)> {
    env.push(("KIND_EXPERIMENTAL_PROVIDER".to_owned(), provider.to_owned()));
    env.push((variable.to_owned(), network.to_owned()));
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_words_for_cgroup_v1_are_known() {
        for (said, v1) in [
            ("1", true),
            ("v1", true),
            ("v1\n", true),
            ("2", false),
            ("v2", false),
            ("", false),
        ] {
            assert_eq!(is_cgroup_v1(said), v1, "{said}");
        }
    }
}
