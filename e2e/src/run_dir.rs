//! The folder of one run, `target/e2e/<run>/`: logs, report, diagnostics, and the repository it belongs to.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

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
        let seconds = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .context("the clock of this machine is before 1970")?
            .as_secs();
        let id = timestamp(seconds);
        Self::at(&id, &all()?.join(&id))
    }

    /// The folder of the run called `id`, made if it is not there.
    pub(crate) fn at(id: &str, path: &Path) -> Result<Self> {
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
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("remove {}", folder.display()));
            }
            _ => {}
        }
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

/// Where the folders of all runs of this clone are.
pub(crate) fn all() -> Result<PathBuf> {
    Ok(repo_root()?.join("target/e2e"))
}

pub(crate) fn repo_root() -> Result<PathBuf> {
    let shell = Shell::new().context("read the current folder")?;
    let root = cmd!(shell, "git rev-parse --show-toplevel")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .quiet()
        .ignore_stderr()
        .read()
        .context("find the root of the repository; run this inside a clone of it")?;
    Ok(PathBuf::from(root))
}

/// `2026-11-21T09:00:00Z`.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let seconds = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let [year, month, day, hour, minute, second] = civil(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `20261121-090000`.
fn timestamp(seconds: u64) -> String {
    let [year, month, day, hour, minute, second] = civil(seconds);
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
}

/// Year, month, day, hour, minute and second from seconds since 1970, by Howard Hinnant's civil-from-days.
fn civil(seconds: u64) -> [u64; 6] {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    [year, month, day, rest / 3600, rest / 60 % 60, rest % 60]
}

#[cfg(test)]
mod tests {
    use super::{rfc3339, timestamp};

    #[test]
    fn run_ids_are_utc_and_sortable() {
        assert_eq!(timestamp(0), "19700101-000000");
        assert_eq!(timestamp(951_782_400), "20000229-000000");
        assert_eq!(timestamp(1_795_251_661), "20261121-090101");
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_795_251_661);
        assert_eq!(rfc3339(time), "2026-11-21T09:01:01Z");
    }
}
