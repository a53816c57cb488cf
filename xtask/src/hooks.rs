//! `cargo xtask hooks`: Git's pre-commit hook, which refuses a commit with a secret in it.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use gitkit::Checkout;
use taskkit::missing::Missing;
use xshell::Shell;

use crate::flags::{self, HooksVerb};
use crate::supply;

/// The line by which a hook of ours is known.
const MARK: &str = "# Written by `cargo xtask hooks install`; `cargo xtask hooks remove` removes it.";

impl flags::Hooks {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let place = Place::of(&Checkout::of(&sh.cmd(gitkit::PROGRAM).into()))?;
        match self.verb {
            HooksVerb::Install { no_install } => {
                let hook = place.within()?;
                refuse_foreign(hook)?;
                let gitleaks = supply::gitleaks(sh, Missing::of_flag(no_install))?;
                install(hook, &gitleaks)?;
                println!("{}: looks for secrets before each commit", hook.display());
                Ok(())
            }
            HooksVerb::Remove => place.clear(),
        }
    }
}

/// Where this repository's pre-commit hook is; the worktrees of a repository share it.
struct Place {
    /// Where Git looks for it.
    hook: PathBuf,
    /// Where it would look without a setting.
    own: PathBuf,
    /// The scope of the setting by which Git looks outside of this repository, or where others look
    /// too.
    outside: Option<String>,
}

impl Place {
    fn of(checkout: &Checkout) -> Result<Self> {
        let ask = |option: &[&str]| checkout.place(option).context("ask Git where its hooks are");
        let hook = ask(&["--git-path", "hooks/pre-commit"])?;
        let common = ask(&["--git-common-dir"])?;
        let mut folders = vec![common.clone()];
        // A bare repository has no work tree.
        folders.extend(checkout.place(&["--show-toplevel"]).ok());
        let real = resolved(&hook);
        let is_inside = folders.iter().any(|folder| real.starts_with(resolved(folder)));
        let setting = checkout.setting("core.hooksPath")?;
        let is_shared = setting.as_ref().is_some_and(|(scope, path)| {
            ["global", "system"].contains(&scope.as_str()) && (path.starts_with('~') || path.starts_with('/'))
        });
        let scope = setting.map_or_else(
            || "a link".to_owned(),
            |(scope, _)| format!("core.hooksPath ({scope})"),
        );
        Ok(Self {
            hook,
            own: common.join("hooks/pre-commit"),
            outside: (!is_inside || is_shared).then_some(scope),
        })
    }

    /// The hook, if it is this repository's alone.
    fn within(&self) -> Result<&Path> {
        let Some(why) = &self.outside else {
            return Ok(&self.hook);
        };
        let [folder, own] = [&self.hook, &self.own].map(|hook| hook.parent().unwrap_or(hook));
        bail!(
            "Git looks for this repository's hooks in {}, because of {why}; other repositories may run what is there, so nothing \
             was written. To give this repository hooks of its own, run `git config --local core.hooksPath '{}'` and this again; \
             or call `gitleaks git --pre-commit --staged` in {}",
            folder.display(),
            own.display(),
            self.hook.display()
        )
    }

    /// Removes our hook from where it is now and from where it was before a setting came; never
    /// what lies outside.
    fn clear(&self) -> Result<()> {
        let mut hooks = vec![&self.own];
        if self.outside.is_none() && resolved(&self.hook) != resolved(&self.own) {
            hooks.push(&self.hook);
        }
        // The link that leads outside may be the folder of hooks itself.
        hooks.retain(|hook| self.outside.is_none() || resolved(hook) != resolved(&self.hook));
        let mut found = false;
        for hook in hooks {
            if refuse_foreign(hook)? {
                fs::remove_file(hook).with_context(|| format!("remove {}", hook.display()))?;
                println!("{}: removed", hook.display());
                found = true;
            }
        }
        if self.outside.is_some() && is_ours(&self.hook) {
            bail!(
                "{} was written by `hooks install` of an earlier version, outside of this repository; other repositories may run \
                 it too. If none shall, remove it: rm '{0}'",
                self.hook.display()
            );
        }
        if !found {
            println!("{}: there is none", self.own.display());
        }
        Ok(())
    }
}

/// Where `path` really is; of what is not there, the part that is.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => resolved(parent).join(name),
        _ => path.to_owned(),
    }
}

fn is_ours(hook: &Path) -> bool {
    fs::read(hook).is_ok_and(|text| String::from_utf8_lossy(&text).contains(MARK))
}

/// Whether there is a hook of ours; one that is not is an error.
fn refuse_foreign(hook: &Path) -> Result<bool> {
    // A link, even one that leads nowhere, would have us write elsewhere.
    match fs::symlink_metadata(hook) {
        Ok(what) if what.is_file() && is_ours(hook) => Ok(true),
        Ok(_) => bail!(
            "{} is not ours and stays as it is; to look for secrets as well, call `gitleaks git --pre-commit --staged` in it",
            hook.display()
        ),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(error).with_context(|| format!("read {}", hook.display())),
    }
}

fn install(hook: &Path, gitleaks: &Path) -> Result<()> {
    let program = gitleaks.display().to_string().replace('\'', r"'\''");
    // Not by way of cargo: a commit must not wait for a compiler. A program that is gone stops the
    // commit.
    let script = format!(
        "#!/bin/sh\n{MARK}\n\
         gitleaks='{program}'\n\
         if ! [ -x \"$gitleaks\" ]; then\n    \
             echo 'gitleaks is gone; get it again: cargo xtask hooks install' >&2\n    \
             exit 1\n\
         fi\n\
         exec \"$gitleaks\" git --pre-commit --staged --redact --verbose --no-banner --log-level warn\n"
    );
    let folder = hook.parent().context("a hook lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    fs::write(hook, script).with_context(|| format!("write {}", hook.display()))?;
    fs::set_permissions(hook, Permissions::from_mode(0o755))
        .with_context(|| format!("make {} a program", hook.display()))
}
