//! What was compiled from the same content before, kept beside the compiler's results: cargo
//! remembers only the last commit it compiled, and a branch that goes back and forth would be
//! compiled each time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::ci::git::Git;
use crate::ci::plan::AppPlan;
use taskkit::build::toolchain::Options;
use taskkit::checkout;
use taskkit::events::{self, Event};
use taskkit::removal::remove_folder;

/// Contexts of each app that are kept; a fifth drops the one that was made longest ago.
const EACH: usize = 4;
/// Begins the names of folders that are not whole yet; no app is called so.
const UNFINISHED: &str = ".unfinished-";
/// No run copies for so long: a folder that is not whole by then is of one that was killed.
const ABANDONED: Duration = Duration::from_hours(24);

/// The folder of kept contexts, for one set of compilers.
pub(crate) struct Kept {
    folder: PathBuf,
    made_by: String,
}

impl Kept {
    pub(crate) fn beside_results(sh: &Shell, git: &Git<'_>, options: Options) -> Result<Self> {
        let folder = checkout::target_dir(sh)?.join("ci-kept");
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let made_by = git.hashes(&[compilers(sh, options)])?.concat();
        Ok(Self { folder, made_by })
    }

    /// Puts what is kept of `app` at `context`; false if there is nothing.
    pub(crate) fn restore(&self, sh: &Shell, app: &AppPlan, context: &Path) -> Result<bool> {
        let kept = self.folder_of(app);
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
        // Another run may keep something in the same folder at the same time.
        let unfinished = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(&self.folder)
            .with_context(|| format!("make a folder in {}", self.folder.display()))?;
        let whole = unfinished.path().join(app.name);
        copy(sh, context, &whole)?;
        let kept = self.folder_of(app);
        // Last, so that a run killed before leaves nothing that looks complete. What is there is of
        // the same content by the same compilers.
        if let Err(error) = fs::rename(&whole, &kept)
            && !kept.exists()
        {
            return Err(error).with_context(|| format!("put {} in place", kept.display()));
        }
        self.drop_old(app)
    }

    fn drop_old(&self, app: &AppPlan) -> Result<()> {
        let prefix = format!("{}-", app.name);
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.folder).with_context(|| format!("read {}", self.folder.display()))? {
            let entry = entry.context("read the folder of kept contexts")?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            let made = entry.metadata().and_then(|data| data.modified());
            let made = made.unwrap_or(SystemTime::UNIX_EPOCH);
            let parts = name.strip_prefix(&prefix);
            // Content and compilers; with more, it is of an app whose name begins as this one's.
            if parts.is_some_and(|parts| parts.matches('-').count() == 1) {
                all.push((made, entry.path()));
            } else if name.starts_with(UNFINISHED) && made.elapsed().is_ok_and(|age| age > ABANDONED) {
                remove_folder(&entry.path())?;
            }
        }
        all.sort();
        for (_, old) in all.iter().rev().skip(EACH) {
            remove_folder(old)?;
        }
        Ok(())
    }

    fn folder_of(&self, app: &AppPlan) -> PathBuf {
        self.folder
            .join(format!("{}-{}-{}", app.name, app.fingerprint, self.made_by))
    }
}

/// All that decides on the result and is not content: which compilers there are, and where what
/// they lack comes from.
fn compilers(sh: &Shell, options: Options) -> String {
    // The second one is Debian's; see `build::debian`.
    let versions = ["rustc", "/usr/bin/rustc"].map(|rustc| {
        cmd!(sh, "{rustc} -vV")
            .quiet()
            .ignore_stderr()
            .read()
            .unwrap_or_default()
    });
    // `""` is where flags of rustc from outside stood, which count no more: what was kept without
    // any is still found.
    format!("{versions:?} \"\" {options:?}")
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
    use std::thread;

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
            known: crate::ci::history::MarkSource::Nothing,
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
            thread::sleep(Duration::from_millis(20));
        }
        assert!(!kept.restore(&sh, &app("1"), &restored).unwrap());
        assert!(!restored.exists());
        assert!(kept.restore(&sh, &app("5"), &restored).unwrap());
        assert_eq!(fs::read_to_string(restored.join("backend")).unwrap(), "5");
        // Of an app whose name begins as the other's.
        fs::create_dir(kept.folder.join("backend-2-1-compilers")).unwrap();
        kept.keep(&sh, &app("6"), &made).unwrap();
        assert!(kept.folder.join("backend-2-1-compilers").exists());
        // What a run is writing stays, and what one that was killed has left goes.
        let [writing, left] = ["writing", "left"].map(|name| kept.folder.join(UNFINISHED.to_owned() + name));
        for unfinished in [&writing, &left] {
            fs::create_dir(unfinished).unwrap();
        }
        let long_ago = SystemTime::now() - 2 * ABANDONED;
        fs::File::open(&left).unwrap().set_modified(long_ago).unwrap();
        kept.keep(&sh, &app("7"), &made).unwrap();
        assert!(writing.exists() && !left.exists());
        let others = Kept {
            made_by: "others".to_owned(),
            ..kept
        };
        assert!(!others.restore(&sh, &app("5"), &restored).unwrap());
    }
    #[test]
    fn runs_that_keep_at_the_same_time_mix_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept {
            folder: folder.path().join("kept"),
            made_by: "compilers".to_owned(),
        };
        fs::create_dir_all(&kept.folder).unwrap();
        let names: Vec<_> = (0..20).map(|number| number.to_string()).collect();
        for round in 0..10 {
            let contents = ["one", "two"].map(|run| format!("{run}{round}"));
            thread::scope(|scope| {
                for content in &contents {
                    let made = folder.path().join(content);
                    fs::create_dir(&made).unwrap();
                    for name in &names {
                        fs::write(made.join(name), content).unwrap();
                    }
                    let kept = &kept;
                    scope.spawn(move || kept.keep(&Shell::new().unwrap(), &app(content), &made).unwrap());
                }
            });
            let sh = Shell::new().unwrap();
            for content in &contents {
                let restored = folder.path().join("restored");
                assert!(kept.restore(&sh, &app(content), &restored).unwrap(), "{content}");
                for name in &names {
                    assert_eq!(&fs::read_to_string(restored.join(name)).unwrap(), content);
                }
            }
        }
    }
}
