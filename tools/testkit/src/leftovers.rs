//! Removes the containers that a killed run left behind, and no others: each container is labelled
//! with the path of a file that its run keeps locked, and the system releases the lock when the run
//! ends, however it ends.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use testcontainers::bollard::Docker;
use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
};
use testcontainers::core::client::docker_client_instance;

/// On every container of this crate; its value is [`Run::id`].
pub(crate) const LABEL: &str = "gitops-loop.testkit";

/// This process, as long as it lives.
#[derive(Debug)]
pub(crate) struct Run {
    path: PathBuf,
    _locked: File,
}

impl Run {
    /// Removes what others left, and begins.
    pub(crate) async fn begin() -> Result<Self> {
        let engine = docker_client_instance()
            .await
            .context("find the container engine")?;
        sweep(&engine).await?;
        let path = env_path();
        let file = File::create(&path).with_context(|| format!("create {}", path.display()))?;
        file.try_lock()
            .with_context(|| format!("lock {}", path.display()))?;
        Ok(Self { path, _locked: file })
    }

    pub(crate) fn id(&self) -> String {
        self.path.display().to_string()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn env_path() -> PathBuf {
    std::env::temp_dir().join(format!("gitops-loop-testkit-{}.lock", std::process::id()))
}

async fn sweep(engine: &Docker) -> Result<()> {
    let ours = [("label", vec![LABEL.to_owned()])].into();
    let list = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&ours)
        .build();
    let containers = engine
        .list_containers(Some(list))
        .await
        .context("list the engine's containers")?;
    for container in containers {
        let (Some(id), Some(labels)) = (container.id, container.labels) else {
            continue;
        };
        if labels.get(LABEL).is_some_and(|path| is_over(Path::new(path))) {
            let remove = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
            engine
                .remove_container(&id, Some(remove))
                .await
                .with_context(|| format!("remove container {id}, which an earlier run left"))?;
        }
    }
    Ok(())
}

/// In doubt, as with a file of another user, it is not.
fn is_over(path: &Path) -> bool {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return error.kind() == ErrorKind::NotFound,
    };
    match file.try_lock() {
        Ok(()) => fs::remove_file(path).is_ok(),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_over_when_nobody_holds_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.lock");
        assert!(is_over(&path));
        let held = File::create(&path).unwrap();
        held.lock().unwrap();
        assert!(!is_over(&path));
        // A child that another test starts at this moment has the file too.
        held.unlock().unwrap();
        assert!(is_over(&path));
        assert!(!path.exists());
    }
}
