//! The folder where everything that is kept between runs lies; no other module joins paths inside
//! it.

use std::env;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use crate::error::SupplyError;
use crate::key::Key;

const DROPPED: &str = "dropped-";
/// Go makes a compiler that it gets read-only, whatever `-modcacherw` says.
const REMOVE: &str =
    r#"for folder; do chmod -R u+w "$folder/gomod/golang.org" 2>/dev/null; done; exec rm -rf -- "$@""#;

/// The cache folder of this user.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

/// Held while one run uses the cache; released on drop, and by the kernel when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
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
        Ok(Lock { _file: file })
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
        drop(first);
        cache.lock().unwrap();
    }

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
    fn what_is_dropped_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        assert_eq!(cache.all_dropped().unwrap(), Vec::<PathBuf>::new());
        let dropped = cache.dropped();
        fs::create_dir(&dropped).unwrap();
        assert_eq!(cache.all_dropped().unwrap(), [dropped]);
    }

    #[test]
    fn too_little_space_is_an_error_with_the_need() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        cache.require_mb(0, "nothing").unwrap();
        let error = cache.require_mb(u64::MAX, "a test").unwrap_err().to_string();
        assert!(error.contains("MB are needed for a test"), "{error}");
    }
}
