//! Debian packages that a build needs: which are missing, and getting them when we may.

use anyhow::{Context as _, Result, bail};
use xshell::{Shell, cmd};

/// Makes sure that all of `packages` are installed. Removes nothing: where a package of the user's
/// is in the way, apt refuses and so do we.
pub fn ensure(sh: &Shell, packages: &[&str], install: bool, purpose: &str) -> Result<()> {
    let missing = missing(sh, packages);
    if missing.is_empty() {
        return Ok(());
    }
    let command = format!(
        "apt-get install --no-remove --no-install-recommends {}",
        missing.join(" ")
    );
    if !has(sh, "apt-get") {
        bail!(
            "{purpose}: missing {}, and there is no apt-get to install them; install them by hand",
            missing.join(", ")
        );
    }
    if !install || !is_root(sh) {
        bail!("{purpose}: missing Debian packages; install them with: sudo {command}");
    }
    eprintln!("{purpose}: installing {}", missing.join(", "));
    // Several runs may want the package lock at once; apt's own wait is kinder than its error.
    let apt = |args: &[&str]| {
        let cmd = cmd!(sh, "apt-get -qq -o DPkg::Lock::Timeout=300 {args...}")
            .env("DEBIAN_FRONTEND", "noninteractive");
        cmd.quiet().ignore_stdout().run()
    };
    apt(&["update"]).with_context(|| format!("{purpose}: refresh the package lists"))?;
    let mut args = vec!["install", "--yes", "--no-remove", "--no-install-recommends"];
    args.extend(&missing);
    apt(&args).with_context(|| format!("{purpose}: `{command}` failed"))
}

/// Those of `packages` that dpkg does not know as installed.
pub fn missing<'a>(sh: &Shell, packages: &[&'a str]) -> Vec<&'a str> {
    let installed = |package: &str| {
        let status = "--showformat=${db:Status-Status}";
        let query = cmd!(sh, "dpkg-query --show {status} {package}");
        query
            .quiet()
            .ignore_stderr()
            .read()
            .is_ok_and(|status| status == "installed")
    };
    packages
        .iter()
        .copied()
        .filter(|package| !installed(package))
        .collect()
}

/// Whether `program` is on the path.
pub fn has(sh: &Shell, program: &str) -> bool {
    cmd!(sh, "which {program}")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_ok()
}

fn is_root(sh: &Shell) -> bool {
    cmd!(sh, "id -u").quiet().read().is_ok_and(|id| id == "0")
}
