//! Says everything this machine lacks at once, and installs what Debian has. What is needed stands
//! in [`crate::needs`].

use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::engine;
use crate::error::{Fault, SupplyError};
use crate::needs::{Check, Cure, Group, NEEDS, Need};
use crate::run::{self, on_path};
use crate::versions::{Versions, numbers, version_in};
use crate::workshop::{Progress, minutes};

/// Makes the machine ready for some groups of needs, or says what is missing.
pub fn ready(groups: &[Group], install: bool, progress: &dyn Progress, logs: &Path) -> Result<()> {
    let missing = missing(groups, logs)?;
    if missing.is_empty() {
        return Ok(());
    }
    if install && rustix::process::geteuid().is_root() {
        cure(&missing, progress, logs)?;
    }
    let faults = faults(groups, logs)?;
    if faults.is_empty() {
        Ok(())
    } else {
        Err(SupplyError::Missing(faults).into())
    }
}

/// All that is missing for some groups; nothing is changed.
pub fn faults(groups: &[Group], logs: &Path) -> Result<Vec<Fault>> {
    let root = rustix::process::geteuid().is_root();
    Ok(missing(groups, logs)?
        .into_iter()
        .map(|need| fault(need, root))
        .collect())
}

fn fault(need: &Need, root: bool) -> Fault {
    let cure = match need.cure {
        Cure::Debian(package) => format!("apt-get install --no-install-recommends {package}"),
        Cure::Setting(setting, least) => format!("sysctl -w {setting}={least}"),
        Cure::Folder(path) => format!("mkdir -p {path}"),
        Cure::Person(advice) => advice.to_owned(),
    };
    let automatic = !root && !matches!(need.cure, Cure::Person(_));
    let cure = if automatic {
        format!("as root: {cure}")
    } else {
        cure
    };
    Fault {
        what: format!("{} ({})", need.what, need.why),
        cure,
    }
}

fn missing(groups: &[Group], logs: &Path) -> Result<Vec<&'static Need>> {
    let versions = Versions::load()?;
    let docker = groups.contains(&Group::Containers) && engine::docker_works(logs)?;
    let wanted = NEEDS
        .iter()
        .filter(|need| groups.contains(&need.group) && !(docker && need.only_without_docker));
    let mut missing = Vec::new();
    for need in wanted {
        if !holds(need.check, &versions)? {
            missing.push(need);
        }
    }
    Ok(missing)
}

fn holds(check: Check, versions: &Versions) -> Result<bool> {
    Ok(match check {
        Check::Program(name) => on_path(name),
        Check::Path(path) => Path::new(path).exists(),
        Check::Root => rustix::process::geteuid().is_root(),
        Check::Debian => std::fs::read_to_string("/etc/os-release").is_ok_and(|text| text.contains("debian")),
        // Elsewhere the engine brings a Linux of its own.
        Check::Setting(setting, least) => {
            !cfg!(target_os = "linux") || read_setting(setting).is_some_and(|value| value >= least)
        }
        Check::Version { program, args, pin } => {
            let least = versions.get("host", pin)?;
            let sh = Shell::new().context("open a shell")?;
            let answer = cmd!(sh, "{program}")
                .args(args)
                .quiet()
                .ignore_stderr()
                .read()
                .unwrap_or_default();
            version_in(&answer).is_some_and(|have| have >= numbers(least))
        }
    })
}

fn read_setting(setting: &str) -> Option<u64> {
    let path = Path::new("/proc/sys").join(setting.replace('.', "/"));
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Does what root can do; what remains is told afterwards by [`faults`].
fn cure(missing: &[&Need], progress: &dyn Progress, logs: &Path) -> Result<()> {
    let sh = Shell::new().context("open a shell")?;
    let log = logs.join("doctor.log");
    let mut packages: Vec<&str> = Vec::new();
    for need in missing {
        match need.cure {
            Cure::Debian(package) => packages.push(package),
            Cure::Setting(setting, least) => {
                let path = Path::new("/proc/sys").join(setting.replace('.', "/"));
                progress.doing(&format!("set {setting} to {least}"));
                // A failure shows as a need that is still there.
                let _ = std::fs::write(path, least.to_string());
            }
            Cure::Folder(path) => {
                progress.doing(&format!("create {path}"));
                std::fs::create_dir_all(path).with_context(|| format!("create {path}"))?;
            }
            Cure::Person(_) => {}
        }
    }
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() || !on_path("apt-get") {
        return Ok(());
    }
    progress.doing("refresh the list of Debian's packages");
    run::logged(cmd!(sh, "apt-get update --quiet"), &log, minutes(5))?;
    for package in packages {
        progress.doing(&format!("install {package}"));
        let install = cmd!(
            sh,
            "apt-get install --quiet --yes --no-install-recommends {package}"
        );
        run::logged(
            install.env("DEBIAN_FRONTEND", "noninteractive"),
            &log,
            minutes(10),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_says_why_and_what_to_do() {
        for need in NEEDS {
            let fault = fault(need, false);
            assert!(fault.what.contains(need.why) && !fault.cure.is_empty(), "{fault}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_missing() {
        let versions = Versions::load().unwrap();
        assert!(!holds(Check::Program("no-such-program"), &versions).unwrap());
        assert!(!holds(Check::Path("/no/such/file"), &versions).unwrap());
        assert!(!holds(Check::Setting("no.such.setting", 1), &versions).unwrap());
        assert!(
            !holds(
                Check::Version {
                    program: "false",
                    args: &[],
                    pin: "go"
                },
                &versions
            )
            .unwrap()
        );
        assert!(holds(Check::Program("sh"), &versions).unwrap());
    }

    #[test]
    fn all_faults_come_together() {
        let needs: Vec<Fault> = NEEDS.iter().map(|need| fault(need, true)).collect();
        let text = SupplyError::Missing(needs.clone()).to_string();
        assert!(
            needs.iter().all(|fault| text.contains(&fault.to_string())),
            "{text}"
        );
    }
}
