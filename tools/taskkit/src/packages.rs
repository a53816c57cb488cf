//! Programs and Debian packages that a build needs: which are missing, and getting them when we
//! may.

use std::env;
use std::ffi::OsString;

use anyhow::{Context as _, Result, bail};
use xshell::{Cmd, Shell, cmd};

use crate::lines;
use crate::missing::Missing;

/// Where Debian puts `HAProxy`, which is on the path of root alone, and the package that has it.
pub const HAPROXY: (&str, &str) = ("/usr/sbin/haproxy", "haproxy");

/// Makes sure that programs are there, each named with the Debian package that has it. One that is
/// on the path is there, wherever it comes from: other systems have it in a package of their own.
pub fn ensure_programs(sh: &Shell, programs: &[(&str, &str)], missing: Missing, purpose: &str) -> Result<()> {
    let lacking = programs.iter().filter(|(program, _)| !has(sh, program));
    let packages: Vec<_> = lacking.map(|(_, package)| *package).collect();
    ensure(sh, &packages, missing, purpose)
}

/// Makes sure that all of `packages` are installed. Removes nothing: where a package of the user's
/// is in the way, apt refuses and so do we.
pub fn ensure(sh: &Shell, packages: &[&str], missing: Missing, purpose: &str) -> Result<()> {
    let lacking = lacking(sh, packages);
    if lacking.is_empty() {
        return Ok(());
    }
    let command = by_hand(&lacking.join(" "));
    if !has(sh, "apt-get") {
        bail!(
            "{purpose}: missing what Debian has as {}, and there is no apt-get to install it; install it by hand",
            lacking.join(", ")
        );
    }
    if missing == Missing::Name || !is_root(sh) {
        bail!("{purpose}: missing Debian packages; install them with: sudo {command}");
    }
    lines::to_stderr(&format!("{purpose}: installing {}", lacking.join(", ")));
    let run = |apt: Cmd<'_>| apt.quiet().ignore_stdout().run();
    run(refresh(sh)).with_context(|| format!("{purpose}: refresh the package lists"))?;
    run(installation(sh, &lacking)).with_context(|| format!("{purpose}: `{command}` failed"))
}

/// Gets the lists of packages anew.
pub fn refresh(sh: &Shell) -> Cmd<'_> {
    apt_get(sh).arg("update")
}

/// Installs packages, and removes none to do it.
pub fn installation<'sh>(sh: &'sh Shell, packages: &[&str]) -> Cmd<'sh> {
    apt_get(sh)
        .args(["install", "--yes", "--no-remove", "--no-install-recommends"])
        .args(packages)
}

/// The same for a person, who is asked what apt would do.
pub fn by_hand(packages: &str) -> String {
    format!("apt-get install --no-remove --no-install-recommends {packages}")
}

/// Several runs may want the package lock at once; apt's own wait is kinder than its error.
fn apt_get(sh: &Shell) -> Cmd<'_> {
    cmd!(sh, "apt-get -qq -o DPkg::Lock::Timeout=300").env("DEBIAN_FRONTEND", "noninteractive")
}

/// Those of `packages` that dpkg does not know as installed.
fn lacking<'a>(sh: &Shell, packages: &[&'a str]) -> Vec<&'a str> {
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

/// Whether `program` is on the path of a shell.
pub fn has(sh: &Shell, program: &str) -> bool {
    is_on(sh.var_os("PATH"), program)
}

/// Whether `program` is on this search path. It is looked for here: not every system has `which`.
pub fn is_on(path: Option<OsString>, program: &str) -> bool {
    env::split_paths(&path.unwrap_or_default()).any(|folder| folder.join(program).is_file())
}

fn is_root(sh: &Shell) -> bool {
    cmd!(sh, "id -u").quiet().read().is_ok_and(|id| id == "0")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn packages_are_installed_without_removing_any_and_without_giving_up_at_a_lock() {
        let sh = Shell::new().unwrap();
        let told = installation(&sh, &["one", "other"]).to_string();
        assert!(
            told.contains(" --no-remove ") && told.ends_with(" one other"),
            "{told}"
        );
        for told in [told, refresh(&sh).to_string()] {
            assert!(told.contains(" DPkg::Lock::Timeout="), "{told}");
        }
        assert!(by_hand("one other").ends_with(" --no-remove --no-install-recommends one other"));
    }

    #[test]
    fn a_program_on_the_path_needs_no_package() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("of-another-system"), "").unwrap();
        let sh = Shell::new().unwrap();
        let mut path = folder.path().as_os_str().to_owned();
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        sh.set_var("PATH", path);
        let there = ("of-another-system", "no-package-of-debian");
        ensure_programs(&sh, &[there], Missing::Name, "a test").unwrap();
        let both = [there, ("no-program", "lacking")];
        let error = ensure_programs(&sh, &both, Missing::Name, "a test");
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("lacking") && !error.contains("no-package-of-debian"),
            "{error}"
        );
    }
}
