//! The folder of one run, `target/e2e/<run>/`: logs, report, diagnostics, and the repository it
//! belongs to.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result, ensure};
use k8s_openapi::jiff::Timestamp;
use taskkit::removal::remove_folder;

/// Where one run writes. Nothing outside `target/` and the cache folder is written to.
#[derive(Debug, Clone)]
pub(crate) struct RunDir {
    /// The run's id: its start in UTC, so folders sort by age.
    pub(crate) id: String,
    /// The root of the working copy under test; only read.
    pub(crate) repo: PathBuf,
    /// `<repo>/target/e2e/<id>`.
    pub(crate) path: PathBuf,
}

impl RunDir {
    /// Makes the folder of a new run.
    pub(crate) fn create() -> Result<Self> {
        let id = utc(SystemTime::now(), "%Y%m%d-%H%M%S")?;
        Self::at(&id, &all()?.join(&id))
    }

    /// The folder in which the run called `id` has brought up what is up.
    pub(crate) fn open(id: &str, path: &Path) -> Result<Self> {
        // `cargo clean` removes it, with all that leads to the clusters.
        ensure!(
            path.is_dir(),
            "{} is gone, and with it the way to what is up; run `cargo xtask e2e down`, then `cargo xtask e2e up`",
            path.display()
        );
        Self::at(id, path)
    }

    fn at(id: &str, path: &Path) -> Result<Self> {
        make_private(path)?;
        fs::create_dir_all(path.join("logs")).with_context(|| format!("make {}", path.display()))?;
        let (id, path) = (id.to_owned(), path.to_owned());
        Ok(Self {
            id,
            repo: repo_root()?,
            path,
        })
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// An empty folder of the run, in place of what an interrupted step may have left there.
    pub(crate) fn empty(&self, name: &str) -> Result<PathBuf> {
        let folder = self.file(name);
        remove_folder(&folder)?;
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        Ok(folder)
    }

    /// Where the output of one step's tools goes.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.path.join("logs").join(format!("{name}.log"))
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    pub(crate) fn diagnostics(&self) -> PathBuf {
        self.path.join("diagnostics")
    }
}

/// Makes a folder into which nobody else can look, or makes it so: with the passwords, tokens and
/// keys of what is up, others could run code here. Containers that mount what is in it do not come
/// by its path.
pub(crate) fn make_private(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let own = fs::Permissions::from_mode(0o700);
    fs::set_permissions(folder, own).with_context(|| format!("close {} to others", folder.display()))
}

/// Where the folders of all runs of this clone are.
pub(crate) fn all() -> Result<PathBuf> {
    Ok(repo_root()?.join("target/e2e"))
}

pub(crate) fn repo_root() -> Result<PathBuf> {
    let folder = std::env::current_dir().context("read the current folder")?;
    gitkit::Checkout::at(&folder)
        .place(&["--show-toplevel"])
        .context("find the root of the repository")
}

/// As RFC 3339 writes it, in UTC and whole seconds: `2026-11-21T09:00:00Z`.
pub(crate) fn rfc3339(time: SystemTime) -> Result<String> {
    utc(time, "%Y-%m-%dT%H:%M:%SZ")
}

fn utc(time: SystemTime, format: &str) -> Result<String> {
    let time = Timestamp::try_from(time).context("the clock of this machine is wrong")?;
    Ok(time.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_are_utc_and_in_whole_seconds() {
        let time = UNIX_EPOCH + Duration::from_millis(1_795_251_661_900);
        assert_eq!(rfc3339(time).unwrap(), "2026-11-21T09:01:01Z");
    }

    #[test]
    fn a_run_whose_folder_is_gone_is_not_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let error = RunDir::open("run", &path).unwrap_err().to_string();
        assert!(error.contains("`cargo xtask e2e down`, then"), "{error}");
        assert!(!path.exists());
        fs::create_dir(&path).unwrap();
        assert!(RunDir::open("run", &path).unwrap().logs().is_dir());
    }

    #[test]
    fn nobody_else_looks_into_the_folder_of_a_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        RunDir::at("run", &path).unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
