//! The container engine: docker where it can run what kind needs, else podman with a configuration
//! of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use xshell::{Cmd, Shell, cmd};

use crate::cache::Cache;
use crate::error::SupplyError;
pub use crate::service::Service;
use crate::{podman, run};

/// The network that nodes, forge and emulator share, in an engine that has no other of ours.
const NETWORK: &str = "gitops-loop";

/// Which program it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let sh = Shell::new().context("open a shell")?;
        if let Some(docker) = docker(&sh, logs)? {
            return Ok(docker);
        }
        Self::podman(cache, logs)
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

/// Whether Docker is what [`Engine::probe`] would choose.
pub(crate) fn docker_works(logs: &Path) -> Result<bool> {
    let sh = Shell::new().context("open a shell")?;
    Ok(docker(&sh, logs)?.is_some())
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

/// Docker, if it answers and can run a privileged container.
fn docker(sh: &Shell, logs: &Path) -> Result<Option<Engine>> {
    let log = logs.join("engine.log");
    let limit = Duration::from_secs(20);
    // A `docker` that is podman in disguise has the user's storage, and kind takes it for neither.
    let named =
        run::read(cmd!(sh, "docker --version"), &log, limit).is_ok_and(|text| text.starts_with("Docker"));
    if !named || run::read(cmd!(sh, "docker info"), &log, limit).is_err() {
        run::check_cancelled()?;
        return Ok(None);
    }
    let format = "{{.Endpoints.docker.Host}}";
    let host = run::read(cmd!(sh, "docker context inspect --format {format}"), &log, limit)?;
    let socket = std::env::var("DOCKER_HOST").unwrap_or(host);
    let Some(socket) = socket.strip_prefix("unix://").map(PathBuf::from) else {
        return Ok(None);
    };
    let engine = Engine {
        kind: Kind::Docker,
        env: with_kind(Vec::new(), "docker", "KIND_EXPERIMENTAL_DOCKER_NETWORK", NETWORK),
        socket,
        folders: Vec::new(),
        network: NETWORK.to_owned(),
    };
    Ok(runs_privileged(&engine, sh, &log)?.then_some(engine))
}

/// An empty image has nothing to run. When that is all the engine objects to, rights and limits
/// were granted.
fn runs_privileged(engine: &Engine, sh: &Shell, log: &Path) -> Result<bool> {
    let folder = sh
        .create_temp_dir()
        .context("create a folder for the engine's trial")?;
    let image = "localhost/gitops-loop/trial:empty";
    let limit = Duration::from_mins(1);
    sh.write_file(
        folder.path().join("Containerfile"),
        "FROM scratch\nCMD [\"/none\"]\n",
    )
    .context("write the trial")?;
    let file = folder.path().join("Containerfile");
    let build = engine
        .command(sh, ["build", "--tag", image, "--file"])
        .arg(file)
        .arg(folder.path());
    run::logged(build, log, limit)?;
    let trial = run::logged(
        engine.command(sh, ["run", "--rm", "--privileged", image]),
        log,
        limit,
    );
    let _ = run::logged(engine.command(sh, ["image", "rm", image]), log, limit);
    match trial {
        Ok(()) => Ok(true),
        Err(error) => match error.downcast_ref() {
            Some(SupplyError::Command { tail, .. }) => {
                Ok(tail.contains("/none") && tail.contains("no such file"))
            }
            _ => Err(error),
        },
    }
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
