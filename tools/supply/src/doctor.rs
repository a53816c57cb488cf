//! Says everything this machine lacks at once, and installs what Debian has. What is needed stands
//! in [`crate::needs`].

use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::cache::Cache;
use crate::engine;
use crate::error::{Fault, SupplyError};
use crate::needs::{Check, Cure, Group, NEEDS, Need};
use crate::options::{Mode, Options};
use crate::recipe::{self, images};
use crate::run::{self, on_path};
use crate::versions::Versions;
use crate::workshop::{Progress, minutes};

/// Two clusters, the images of one release, and the compiled apps. What building needs is looked at
/// when it begins.
const RUN_MB: u64 = 6_000;

/// Makes the machine ready for a run of everything, or says what is missing.
pub fn run(cache: &Cache, options: &Options, progress: &dyn Progress, logs: &Path) -> Result<()> {
    ready(&groups(options.mode, logs)?, options.install, progress, logs)?;
    cache.require_mb(RUN_MB, "a run")
}

/// What a run of everything needs. Where Docker is, images are most likely pulled: what their
/// recipes need is then looked at only when one of them must be built after all.
pub fn groups(mode: Mode, logs: &Path) -> Result<Vec<Group>> {
    let build = match mode {
        Mode::Build => true,
        Mode::Pull => false,
        Mode::Auto => !engine::docker_works(logs)?,
    };
    let mut groups = vec![Group::Tools, Group::Containers];
    if build {
        let recipes = images().map(|each| each.recipe);
        groups.extend(
            recipe::needs(recipes)
                .into_iter()
                .filter(|group| *group != Group::Tools),
        );
    }
    Ok(groups)
}

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

/// The first word that looks like a version: `go version go1.26.8 linux/amd64` has 1.26.8.
pub(crate) fn version_in(text: &str) -> Option<Vec<u64>> {
    text.split_whitespace()
        .map(|word| word.trim_start_matches(|c: char| !c.is_ascii_digit()))
        .find(|word| word.contains('.'))
        .map(numbers)
}

fn numbers(version: &str) -> Vec<u64> {
    version
        .split(|c: char| !c.is_ascii_digit())
        .map_while(|part| part.parse().ok())
        .collect()
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
    fn a_version_is_found_and_compared_by_its_numbers() {
        assert_eq!(
            version_in("go version go1.26.8 linux/amd64"),
            Some(vec![1, 26, 8])
        );
        assert_eq!(version_in("Python 3.11.7"), Some(vec![3, 11, 7]));
        assert_eq!(version_in("no such thing"), None);
        assert!(numbers("1.26.10") > numbers("1.26.3") && numbers("1.9") < numbers("1.26.3"));
    }

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
