//! What was compiled from the same content before, kept beside the compiler's results: cargo
//! remembers only the last commit it compiled, and a branch that goes back and forth would be
//! compiled each time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::ci::git::Git;
use crate::ci::plan::AppPlan;
use taskkit::build::toolchain::Options;
use taskkit::env;
use taskkit::events::{self, Event};

/// Contexts of each app that are kept; a fifth drops the one that was made longest ago.
const EACH: usize = 4;

/// The folder of kept contexts, for one set of compilers.
pub(crate) struct Kept {
    folder: PathBuf,
    made_by: String,
}

impl Kept {
    pub(crate) fn beside_results(sh: &Shell, git: &Git<'_>, options: Options) -> Result<Self> {
        let folder = env::target_dir(sh)?.join("ci-kept");
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let made_by = git.hashes(&[compilers(sh, options)])?.concat();
        Ok(Self { folder, made_by })
    }

    /// Puts what is kept of `app` at `context`; false if there is nothing.
    pub(crate) fn restore(&self, sh: &Shell, app: &AppPlan, context: &Path) -> Result<bool> {
        let kept = self.place(app);
        if kept.exists() {
            copy(sh, &kept, context)?;
            println!("kept      {} was compiled before from the same content", app.name);
            events::add(&Event::Kept {
                app: app.name.to_string(),
            })?;
        }
        Ok(kept.exists())
    }

    /// Keeps what was compiled for `app`.
    pub(crate) fn keep(&self, sh: &Shell, app: &AppPlan, context: &Path) -> Result<()> {
        let unfinished = self.folder.join("unfinished");
        copy(sh, context, &unfinished)?;
        let kept = self.place(app);
        sh.remove_path(&kept)?;
        // Last, so that a run killed before leaves nothing that looks complete.
        fs::rename(&unfinished, &kept).with_context(|| format!("put {} in place", kept.display()))?;
        self.drop_old(app)
    }

    fn drop_old(&self, app: &AppPlan) -> Result<()> {
        let prefix = format!("{}-", app.name);
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.folder).with_context(|| format!("read {}", self.folder.display()))? {
            let entry = entry.context("read the folder of kept contexts")?;
            let name = entry.file_name();
            let parts = name.to_str().and_then(|name| name.strip_prefix(&prefix));
            // Content and compilers; with more, it is of an app whose name begins as this one's.
            if parts.is_some_and(|parts| parts.matches('-').count() == 1) {
                let made = entry.metadata().and_then(|data| data.modified());
                all.push((made.unwrap_or(SystemTime::UNIX_EPOCH), entry.path()));
            }
        }
        all.sort();
        for (_, old) in all.iter().rev().skip(EACH) {
            fs::remove_dir_all(old).with_context(|| format!("drop {}", old.display()))?;
        }
        Ok(())
    }

    fn place(&self, app: &AppPlan) -> PathBuf {
        self.folder
            .join(format!("{}-{}-{}", app.name, app.fingerprint, self.made_by))
    }
}

/// All that decides on the result and is not content: which compilers there are, and what they are
/// told from outside.
fn compilers(sh: &Shell, options: Options) -> String {
    // The second one is Debian's; see `build::debian`.
    let versions = ["rustc", "/usr/bin/rustc"].map(|rustc| {
        cmd!(sh, "{rustc} -vV")
            .quiet()
            .ignore_stderr()
            .read()
            .unwrap_or_default()
    });
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    format!("{versions:?} {flags:?} {options:?}")
}

fn copy(sh: &Shell, from: &Path, to: &Path) -> Result<()> {
    sh.remove_path(to)?;
    let parent = to.parent().context("a context lies in a folder")?;
    sh.create_dir(parent)?;
    cmd!(sh, "cp -R {from} {to}")
        .quiet()
        .run()
        .with_context(|| format!("copy {} to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::plan::Action;
    use crate::environment::apps;

    fn app(fingerprint: &str) -> AppPlan {
        AppPlan {
            app: &apps()[0],
            name: apps()[0].name(),
            fingerprint: fingerprint.to_owned(),
            image: String::new(),
            in_registry: None,
            in_overlay: String::new(),
            released: None,
            withdrawn: None,
            known: crate::ci::releases::Known::Nothing,
            action: Action::Build,
        }
    }

    #[test]
    fn the_same_content_comes_back_and_old_content_goes() {
        let sh = Shell::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept {
            folder: folder.path().join("kept"),
            made_by: "compilers".to_owned(),
        };
        fs::create_dir_all(&kept.folder).unwrap();
        let (made, restored) = (folder.path().join("made"), folder.path().join("restored"));
        fs::create_dir_all(&made).unwrap();
        for content in ["1", "2", "3", "4", "5"] {
            fs::write(made.join("backend"), content).unwrap();
            kept.keep(&sh, &app(content), &made).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert!(!kept.restore(&sh, &app("1"), &restored).unwrap());
        assert!(!restored.exists());
        assert!(kept.restore(&sh, &app("5"), &restored).unwrap());
        assert_eq!(fs::read_to_string(restored.join("backend")).unwrap(), "5");
        // Of an app whose name begins as the other's.
        fs::create_dir(kept.folder.join("backend-2-1-compilers")).unwrap();
        kept.keep(&sh, &app("6"), &made).unwrap();
        assert!(kept.folder.join("backend-2-1-compilers").exists());
        let others = Kept {
            made_by: "others".to_owned(),
            ..kept
        };
        assert!(!others.restore(&sh, &app("5"), &restored).unwrap());
    }
}
