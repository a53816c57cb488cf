//! A folder in memory for the temporary files of tests. They make hundreds of small repositories of
//! Git, and on a disk most of their time is waiting for it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context as _, Result};
use rustix::fs::{StatVfsMountFlags, statvfs};

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";
/// Bytes that must be free there: many times what the tests were seen to hold at once. What a
/// container gets by default, 64 MB, is too little.
const ENOUGH: u64 = 1 << 30;

/// Names the folder for temporary files.
const VARIABLE: &str = "TMPDIR";

/// A folder that goes with this value, or with a later run where this one is killed.
pub(super) struct InMemory {
    folder: PathBuf,
}

impl InMemory {
    /// For the tests of the project of this name. None where the person has said where temporary
    /// files go, or where the machine has too little room or lets no program start from there.
    pub(super) fn folder(project: &str) -> Result<Option<Self>> {
        if env::var_os(VARIABLE).is_some() || !is_fit(Path::new(MEMORY)) {
            return Ok(None);
        }
        Self::make(Path::new(MEMORY), project).map(Some)
    }

    fn make(memory: &Path, project: &str) -> Result<Self> {
        let prefix = format!("{project}-tests-");
        sweep(memory, &prefix)?;
        let folder = memory.join(format!("{prefix}{}", process::id()));
        fs::create_dir(&folder).with_context(|| format!("make {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// The variable that tells programs of it.
    pub(super) fn variable(&self) -> (&'static str, OsString) {
        (VARIABLE, self.folder.clone().into_os_string())
    }
}

impl Drop for InMemory {
    fn drop(&mut self) {
        // What is left of it is removed by the next run.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn is_fit(memory: &Path) -> bool {
    statvfs(memory).is_ok_and(|it| {
        it.f_bavail.saturating_mul(it.f_frsize) >= ENOUGH && !it.f_flag.contains(StatVfsMountFlags::NOEXEC)
    })
}

/// Removes the folders of runs that have ended.
fn sweep(memory: &Path, prefix: &str) -> Result<()> {
    let listed = || format!("list {}", memory.display());
    for entry in fs::read_dir(memory).with_context(listed)? {
        let entry = entry.with_context(listed)?;
        let name = entry.file_name();
        let run = name.to_str().and_then(|name| name.strip_prefix(prefix));
        let run = run.and_then(|id| id.parse::<u32>().ok());
        if run.is_some_and(|id| id == process::id() || !Path::new("/proc").join(id.to_string()).exists()) {
            // Those of another user cannot be removed, and need not be.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_goes_and_what_others_have_stays() {
        let memory = tempfile::tempdir().unwrap();
        // No process has the highest number that Linux gives, since it hands out only smaller ones.
        let [killed, running, foreign] = ["sample-tests-4194304", "sample-tests-1", "sample-tests-of-mine"];
        for name in [killed, running, foreign] {
            fs::create_dir_all(memory.path().join(name).join("repository")).unwrap();
        }
        let made = InMemory::make(memory.path(), "sample").unwrap();
        let own = made.folder.clone();
        fs::write(own.join("file"), "").unwrap();
        assert!(!memory.path().join(killed).exists());
        drop(made);
        assert!(!own.exists());
        assert!(
            [running, foreign]
                .iter()
                .all(|name| memory.path().join(name).exists())
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_fit() {
        assert!(!is_fit(Path::new("/dev/shm/none")));
    }
}
