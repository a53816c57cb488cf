//! `cargo xtask hooks`: Git's pre-commit hook, which refuses a commit with a secret in it.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use xshell::{Shell, cmd};

use crate::flags::{self, HooksVerb};
use crate::{env, supplies};

/// The line by which a hook of ours is known.
const MARK: &str = "# Written by `cargo xtask hooks install`; `cargo xtask hooks remove` removes it.";

impl flags::Hooks {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let hook = path(sh)?;
        match self.verb {
            HooksVerb::Install { no_install } => {
                refuse_foreign(&hook)?;
                let gitleaks = supplies::gitleaks(sh, !no_install)?;
                install(&hook, &gitleaks)?;
                println!("{}: looks for secrets before each commit", hook.display());
            }
            HooksVerb::Remove => {
                if refuse_foreign(&hook)? {
                    fs::remove_file(&hook).with_context(|| format!("remove {}", hook.display()))?;
                    println!("{}: removed", hook.display());
                } else {
                    println!("{}: there is none", hook.display());
                }
            }
        }
        Ok(())
    }
}

/// Where this repository's Git looks for the hook; the worktrees of a repository share it.
fn path(sh: &Shell) -> Result<PathBuf> {
    let path = cmd!(sh, "git rev-parse --git-path hooks/pre-commit")
        .quiet()
        .read()
        .context("ask Git where its hooks are")?;
    Ok(env::absolute(sh, Path::new(&path)))
}

/// Whether there is a hook of ours; one that is not is an error.
fn refuse_foreign(hook: &Path) -> Result<bool> {
    match fs::read(hook) {
        Ok(text) if String::from_utf8_lossy(&text).contains(MARK) => Ok(true),
        Ok(_) => bail!(
            "{} is not ours and stays as it is; to look for secrets as well, call `gitleaks git --pre-commit --staged` in it",
            hook.display()
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("read {}", hook.display())),
    }
}

fn install(hook: &Path, gitleaks: &Path) -> Result<()> {
    let program = gitleaks.display().to_string().replace('\'', r"'\''");
    // Not by way of cargo: a commit must not wait for a compiler. A program that is gone stops the commit.
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
