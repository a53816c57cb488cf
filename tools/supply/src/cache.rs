//! The folder where everything that is kept between runs lies; no other module joins paths inside
//! it.

mod scratch;

use std::env;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::error::SupplyError;
use crate::key::Key;

/// The cache folder of this user.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

/// Held while one run uses the cache; released on drop, and by the kernel when the process dies.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing the file is not enough: a child that is being started has it too, until it is
    /// another program.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl Cache {
    /// `$GITOPS_LOOP_CACHE`, else `$XDG_CACHE_HOME/gitops-loop`, else `~/.cache/gitops-loop`;
    /// created when it is not there.
    pub fn locate() -> Result<Self> {
        let named = |name: &str| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let root = named("GITOPS_LOOP_CACHE")
            .or_else(|| named("XDG_CACHE_HOME").map(|folder| folder.join("gitops-loop")))
            .or_else(|| named("HOME").map(|home| home.join(".cache/gitops-loop")))
            .context("find a cache folder: none of GITOPS_LOOP_CACHE, XDG_CACHE_HOME and HOME is set")?;
        Self::at(root)
    }

    /// A cache in a folder of the caller's choice.
    pub fn at(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root).with_context(|| format!("create the cache {}", root.display()))?;
        let root = root
            .canonicalize()
            .with_context(|| format!("resolve the cache {}", root.display()))?;
        Ok(Self { root })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Tells this cache from another one, in names that the whole machine shares.
    pub(crate) fn key(&self) -> Key {
        Key::of([self.root.as_os_str().as_encoded_bytes()])
    }

    /// Built host tools and binaries, one folder for each content key.
    pub fn binaries(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Files that are not images, for example manifests; one folder for each content key.
    pub fn files(&self) -> PathBuf {
        self.root.join("files")
    }

    /// Scratch space of builds: compiler caches, root file systems, build contexts. Dropped when
    /// the builds are done.
    pub fn build(&self) -> PathBuf {
        self.root.join("build")
    }

    /// Everything of the container engine that is our own.
    pub fn engine(&self) -> PathBuf {
        self.root.join("engine")
    }

    /// What the stand-in for the hosted CI keeps between runs: its checkout and its compiler's
    /// results.
    pub fn ci(&self) -> PathBuf {
        self.root.join("ci")
    }

    /// What commands of the e2e tell each other: what is up, and how long things took.
    pub fn e2e(&self) -> PathBuf {
        self.root.join("e2e")
    }

    /// There as long as something of the e2e is up, which goes on when its command has ended.
    pub fn up(&self) -> PathBuf {
        self.e2e().join("state.json")
    }

    /// Takes the cache for this process, or says who has it.
    pub fn lock(&self) -> Result<Lock> {
        let path = self.root.join("lock");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .with_context(|| format!("open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(SupplyError::Locked {
                    cache: self.root.clone(),
                    holder: holder.trim().to_owned(),
                }
                .into());
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("lock {}", path.display()));
            }
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .with_context(|| format!("empty {}", path.display()))?;
        writeln!(file, "{}", std::process::id()).with_context(|| format!("write {}", path.display()))?;
        Ok(Lock { file })
    }

    /// Free space of the cache's file system, in MB.
    pub fn free_mb(&self) -> Result<u64> {
        let stat = rustix::fs::statvfs(&self.root)
            .with_context(|| format!("ask for the free space of {}", self.root.display()))?;
        Ok(stat.f_bavail * stat.f_frsize / 1_000_000)
    }

    /// An error unless `need_mb` are free.
    pub fn require_mb(&self, need_mb: u64, purpose: &str) -> Result<()> {
        let free_mb = self.free_mb()?;
        if free_mb < need_mb {
            let (cache, purpose) = (self.root.clone(), purpose.to_owned());
            return Err(SupplyError::Disk {
                cache,
                free_mb,
                need_mb,
                purpose,
            }
            .into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        let first = cache.lock().unwrap();
        let error = cache.lock().unwrap_err().to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        // As a child has it that is being started.
        let inherited = first.file.try_clone().unwrap();
        drop(first);
        cache.lock().unwrap();
        drop(inherited);
    }

    #[test]
    fn too_little_space_is_an_error_with_the_need() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        cache.require_mb(0, "nothing").unwrap();
        let error = cache.require_mb(u64::MAX, "a test").unwrap_err().to_string();
        assert!(error.contains("MB are needed for a test"), "{error}");
        assert!(error.contains("cargo xtask supply prune"), "{error}");
    }
}
