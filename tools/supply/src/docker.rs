//! Docker as the machine has it: whether it can run what kind needs, and else why not.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, Error, Result};
use xshell::{Shell, cmd};

use crate::error::SupplyError;
use crate::run;

/// The socket, or why there is none.
type Found = OnceLock<Result<PathBuf, String>>;

/// What this process has found. Trying it takes seconds, and all who ask are to get one answer.
static FOUND: Found = Found::new();

/// Why it is not used; nothing where it is.
pub(crate) fn refused(logs: &Path) -> Result<Option<String>> {
    match socket(logs) {
        Ok(_) => Ok(None),
        Err(error) => refusal(&error).map(Some).ok_or(error),
    }
}

/// In words, if an error says nothing else but that Docker is not used.
pub(crate) fn refusal(error: &Error) -> Option<String> {
    let of_docker = matches!(error.downcast_ref(), Some(SupplyError::NoDocker { .. }));
    of_docker.then(|| error.to_string())
}

/// The socket on which it answers, if it does and can run a privileged container; else
/// [`SupplyError::NoDocker`]. It is tried once.
pub(crate) fn socket(logs: &Path) -> Result<PathBuf> {
    once(&FOUND, || try_out(logs))
}

/// What was found before, or is found now. A trial that was ended has found nothing.
fn once(found: &Found, trial: impl FnOnce() -> Result<PathBuf>) -> Result<PathBuf> {
    match found.get() {
        Some(Ok(socket)) => return Ok(socket.clone()),
        Some(Err(why)) => return refuse(why),
        None => {}
    }
    let outcome = trial();
    let settled = match &outcome {
        Ok(socket) => Some(Ok(socket.clone())),
        Err(error) => match error.downcast_ref() {
            Some(SupplyError::NoDocker { why }) => Some(Err(why.clone())),
            _ => None,
        },
    };
    if let Some(settled) = settled {
        // Whoever asked at the same time may have been earlier.
        let _ = found.set(settled);
    }
    outcome
}

fn try_out(logs: &Path) -> Result<PathBuf> {
    let sh = Shell::new().context("open a shell")?;
    let log = logs.join("engine.log");
    let limit = Duration::from_secs(20);
    if !run::on_path("docker") {
        return refuse("there is no `docker` on PATH");
    }
    let named = tried(run::read(cmd!(sh, "docker --version"), &log, limit))?;
    // One that is podman in disguise has the user's storage, and kind takes it for neither.
    if !named.starts_with("Docker") {
        return refuse(format!("`docker` calls itself {named:?}"));
    }
    tried(run::read(cmd!(sh, "docker info"), &log, limit))?;
    let format = "{{.Endpoints.docker.Host}}";
    let host = run::read(cmd!(sh, "docker context inspect --format {format}"), &log, limit)?;
    let host = std::env::var("DOCKER_HOST").unwrap_or(host);
    let Some(socket) = host.strip_prefix("unix://").map(PathBuf::from) else {
        return refuse(format!("it is at {host}, which is no socket of this machine"));
    };
    runs_privileged(&sh, &log)?;
    Ok(socket)
}

/// An empty image has nothing to run. When that is all Docker objects to, rights and limits were
/// granted.
fn runs_privileged(sh: &Shell, log: &Path) -> Result<()> {
    let folder = sh
        .create_temp_dir()
        .context("create a folder for the trial of Docker")?;
    let folder = folder.path();
    let file = folder.join("Containerfile");
    // Another trial, at the same time, removes its own.
    let image = format!("localhost/gitops-loop/trial:{}", std::process::id());
    let limit = Duration::from_mins(1);
    sh.write_file(&file, "FROM scratch\nCMD [\"/none\"]\n")
        .context("write the trial")?;
    let build = cmd!(sh, "docker build --tag {image} --file {file} {folder}");
    run::logged(build, log, limit)?;
    let trial = run::logged(cmd!(sh, "docker run --rm --privileged {image}"), log, limit);
    let _ = run::logged(cmd!(sh, "docker image rm {image}"), log, limit);
    let failed = trial
        .as_ref()
        .err()
        .and_then(|error| error.downcast_ref::<SupplyError>());
    match failed {
        Some(SupplyError::Command { tail, .. })
            if tail.contains("/none") && tail.contains("no such file") =>
        {
            Ok(())
        }
        Some(SupplyError::Command { .. }) => tried(trial),
        _ => trial,
    }
}

/// What a command gives that only a Docker of use can carry out.
fn tried<T>(outcome: Result<T>) -> Result<T> {
    let error = match outcome {
        Err(error) if !run::was_stopped(&error) => error,
        outcome => return outcome,
    };
    match error.downcast_ref::<SupplyError>() {
        Some(failed) => refuse(failed.in_short()),
        None => refuse(format!("{error:#}")),
    }
}

fn refuse<T>(why: impl Into<String>) -> Result<T> {
    Err(SupplyError::NoDocker { why: why.into() }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_is_tried_once_whether_or_not_it_is_used() {
        let again = || -> Result<PathBuf> { panic!("it is tried again") };
        let there = Found::new();
        once(&there, || Ok("docker.sock".into())).unwrap();
        assert_eq!(once(&there, again).unwrap(), Path::new("docker.sock"));
        let refused = Found::new();
        // A trial that was ended says nothing of Docker.
        once(&refused, || Err(SupplyError::Cancelled.into())).unwrap_err();
        let first = once(&refused, || refuse("permission denied")).unwrap_err();
        let second = once(&refused, again).unwrap_err();
        assert_eq!(refusal(&first).unwrap(), refusal(&second).unwrap());
    }

    #[test]
    fn a_refused_docker_says_why() {
        let denied = SupplyError::Command {
            command: "docker info".to_owned(),
            status: "exit status: 1".to_owned(),
            log: "engine.log".into(),
            tail: "    permission denied\n    errors pretty printing info".to_owned(),
        };
        let error = tried::<()>(Err(denied.into())).unwrap_err();
        assert_eq!(
            refusal(&error).unwrap(),
            "Docker is not used: `docker info` failed: permission denied; errors pretty printing info"
        );
        let ended = tried::<()>(Err(SupplyError::Cancelled.into())).unwrap_err();
        assert!(run::was_stopped(&ended) && refusal(&ended).is_none());
        assert_eq!(tried(Ok(1)).unwrap(), 1);
    }
}
