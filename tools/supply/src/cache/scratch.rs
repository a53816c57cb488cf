//! Scratch space, and how it goes: under another name at once, and then file by file.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use super::Cache;
use crate::error::SupplyError;

const DROPPED: &str = "dropped-";
/// Go makes a compiler that it gets read-only, whatever `-modcacherw` says.
const REMOVE: &str =
    r#"for folder; do chmod -R u+w "$folder/gomod/golang.org" 2>/dev/null; done; exec rm -rf -- "$@""#;

impl Cache {
    /// Drops the scratch space unless time ran out: then the next run goes on from there, and a
    /// slow machine comes to an end, too.
    pub(crate) fn drop_scratch_after<T>(&self, got: &Result<T>) -> Result<()> {
        let found = got.as_ref().err().and_then(|error| error.downcast_ref());
        match found {
            Some(SupplyError::Deadline { .. } | SupplyError::Cancelled) => Ok(()),
            _ => self.drop_scratch(),
        }
    }

    /// Compilers' caches grow to many GB and are of no use once their results are kept. They are a
    /// million small files: removing them takes a minute, in which a process of its own leaves
    /// everyone else alone.
    pub(crate) fn drop_scratch(&self) -> Result<()> {
        let scratch = self.build();
        if scratch.exists() {
            let dropped = self.dropped();
            fs::rename(&scratch, &dropped).with_context(|| format!("drop {}", scratch.display()))?;
        }
        let dropped = self.all_dropped()?;
        if !dropped.is_empty() {
            Command::new("nice")
                .args(["-n", "19", "sh", "-c", REMOVE, "sh"])
                .args(dropped)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .process_group(0)
                .spawn()
                .context("start removing the compilers' caches")?;
        }
        Ok(())
    }

    /// Takes what CI compiled in end-to-end runs for scratch space: the next one compiles it again.
    /// The caller holds the lock, and nothing is up.
    pub(crate) fn drop_compiled(&self) -> Result<()> {
        let ci = self.ci();
        if !ci.exists() {
            return Ok(());
        }
        let entries = fs::read_dir(&ci).with_context(|| format!("list {}", ci.display()))?;
        for folder in entries.flatten().filter(|entry| is_target(&entry.file_name())) {
            let folder = folder.path();
            fs::rename(&folder, self.dropped()).with_context(|| format!("drop {}", folder.display()))?;
        }
        Ok(())
    }

    /// A new name for scratch space on its way out.
    fn dropped(&self) -> PathBuf {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.root
            .join(format!("{DROPPED}{}-{}", std::process::id(), now.as_nanos()))
    }

    /// Scratch space that is not gone yet, of this run or of one that was killed.
    fn all_dropped(&self) -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(&self.root).with_context(|| format!("list {}", self.root.display()))?;
        let names = entries.flatten().map(|entry| entry.path());
        let dropped = |path: &PathBuf| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(DROPPED))
        };
        Ok(names.filter(dropped).collect())
    }
}

/// Whether CI's compiler has such a folder in the folder of CI: one for each kind of its builds.
fn is_target(name: &OsStr) -> bool {
    name.to_string_lossy().starts_with("target")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compiled_is_kept_where_time_ran_out_and_only_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        let scratch = cache.build();
        fs::create_dir(&scratch).unwrap();
        let late = SupplyError::Deadline {
            command: String::new(),
            deadline: std::time::Duration::ZERO,
            log: PathBuf::new(),
            tail: String::new(),
        };
        for error in [late, SupplyError::Cancelled] {
            let got: Result<()> = Err(error).context("get a part");
            cache.drop_scratch_after(&got).unwrap();
            assert!(scratch.exists(), "{got:?}");
        }
        let got: Result<()> = Err(anyhow::anyhow!("the disk is full"));
        cache.drop_scratch_after(&got).unwrap();
        assert!(!scratch.exists());
        fs::create_dir(&scratch).unwrap();
        cache.drop_scratch_after(&Ok(())).unwrap();
        assert!(!scratch.exists());
    }

    #[test]
    fn what_ci_compiled_goes_and_its_checkout_stays() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        cache.drop_compiled().unwrap();
        let ci = cache.ci();
        let compiled = ["target", "target-controllers"].map(|name| ci.join(name));
        let checkout = ci.join("checkout");
        for folder in compiled.iter().chain([&checkout]) {
            fs::create_dir_all(folder).unwrap();
        }
        cache.drop_compiled().unwrap();
        assert!(!compiled.iter().any(|folder| folder.exists()));
        assert!(checkout.exists());
        assert_eq!(cache.all_dropped().unwrap().len(), compiled.len());
    }

    #[test]
    fn what_is_dropped_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        assert_eq!(cache.all_dropped().unwrap(), Vec::<PathBuf>::new());
        let dropped = cache.dropped();
        fs::create_dir(&dropped).unwrap();
        assert_eq!(cache.all_dropped().unwrap(), [dropped]);
    }
}
