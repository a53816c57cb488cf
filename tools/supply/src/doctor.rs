//! Says everything this machine lacks at once, and installs what Debian has. What is needed stands
//! in [`crate::needs`].

use std::path::Path;

use anyhow::{Context as _, Error, Result};
use taskkit::missing::Missing;
use taskkit::packages;
use xshell::{Cmd, Shell, cmd};

use crate::docker;
use crate::error::{Fault, SupplyError};
use crate::needs::{Check, Cure, Group, NEEDS, Need};
use crate::run::{self, on_path};
use crate::versions::{Versions, numbers, version_in};
use crate::workshop::{Progress, Uncached, minutes};

/// Makes the machine ready for some groups of needs, or says what is missing and what could not be
/// installed.
pub fn ready<'a>(session: impl Into<Uncached<'a>>, groups: &[Group]) -> Result<()> {
    let session = session.into();
    let Lacking { lacks, .. } = lacking(groups, session.logs)?;
    if lacks.is_empty() {
        return Ok(());
    }
    let failed = if session.missing == Missing::Install && rustix::process::geteuid().is_root() {
        cure(session, &lacks)?
    } else {
        Vec::new()
    };
    judge(faults(groups, session.logs)?, &failed)
}

/// An error of what is missing, which callers find in it, and before it the commands that failed.
fn judge(faults: Vec<Fault>, failed: &[String]) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    let missing = Error::from(SupplyError::Missing(faults));
    Err(if failed.is_empty() {
        missing
    } else {
        missing.context(format!("{}\nafter that", failed.join("\n")))
    })
}

/// All that is missing for some groups; nothing is changed.
pub fn faults(groups: &[Group], logs: &Path) -> Result<Vec<Fault>> {
    let root = rustix::process::geteuid().is_root();
    let Lacking { lacks, refused } = lacking(groups, logs)?;
    let refused = refused.as_deref();
    Ok(lacks.iter().map(|lack| fault(lack, root, refused)).collect())
}

/// `refused`: why Docker does not take its place.
fn fault(lack: &Lack<'_>, root: bool, refused: Option<&str>) -> Fault {
    let Lack { need, found } = lack;
    // The package may be what is there.
    let cure = match (need.check, found) {
        (Check::Version { newer, .. }, Found::TooOld(_) | Found::OldPackage(_)) => Cure::Person(newer),
        _ => need.cure,
    };
    let (command, person) = match cure {
        Cure::Debian(package) => (packages::by_hand(package), false),
        Cure::Setting(setting, least) => (format!("sysctl -w {setting}={least}"), false),
        Cure::Folder(path) => (format!("mkdir -p {path}"), false),
        Cure::Person(advice) => (advice.to_owned(), true),
    };
    let cure = match refused {
        _ if !person && !root => format!("as root: {command}"),
        Some(why) if person && need.only_without_docker => format!("{command} ({why})"),
        _ => command,
    };
    let found = match found {
        Found::Nothing => String::new(),
        Found::TooOld(version) | Found::OldPackage(version) => format!(" {version}"),
    };
    Fault {
        what: format!("{}{found} ({})", need.what, need.why),
        cure,
    }
}

/// A need that is not met.
struct Lack<'n> {
    need: &'n Need,
    found: Found,
}

/// What there is in place of what is needed.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    /// The version that is installed, and the least, in words.
    TooOld(String),
    /// Nothing, and a package that is too old by the lists of apt, which may be so themselves: its
    /// version, and the least, in words.
    OldPackage(String),
}

/// What this machine lacks.
struct Lacking {
    lacks: Vec<Lack<'static>>,
    /// Why Docker is not used, where an engine is needed and it is not.
    refused: Option<String>,
}

fn lacking(groups: &[Group], logs: &Path) -> Result<Lacking> {
    let versions = Versions::load()?;
    let containers = groups.contains(&Group::Containers);
    let refused = if containers { docker::refused(logs)? } else { None };
    let docker = containers && refused.is_none();
    let wanted = NEEDS
        .iter()
        .filter(|need| groups.contains(&need.group) && !(docker && need.only_without_docker));
    let mut lacks = Vec::new();
    for need in wanted {
        lacks.extend(lack(need, &versions, candidate)?);
    }
    Ok(Lacking { lacks, refused })
}

/// The version of a package that apt would install, if it knows one.
fn candidate(package: &str) -> Option<String> {
    let sh = Shell::new().ok()?;
    let policy = cmd!(sh, "apt-cache policy {package}").env("LC_ALL", "C");
    let policy = policy.quiet().ignore_stderr().read().ok()?;
    candidate_in(&policy).map(str::to_owned)
}

/// Without Debian's epoch before it.
fn candidate_in(policy: &str) -> Option<&str> {
    let mut lines = policy.lines();
    let version = lines.find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    let version = version.split_once(':').map_or(version, |(_, version)| version);
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some(version)
}

/// Nothing where the need is met. `candidate`: which version of a package would be installed.
fn lack<'n>(
    need: &'n Need,
    versions: &Versions,
    candidate: impl Fn(&str) -> Option<String>,
) -> Result<Option<Lack<'n>>> {
    let mut found = Found::Nothing;
    let holds = match need.check {
        Check::Program(name) => on_path(name),
        Check::Path(path) => Path::new(path).exists(),
        Check::Root => rustix::process::geteuid().is_root(),
        Check::Debian => std::fs::read_to_string("/etc/os-release").is_ok_and(|text| text.contains("debian")),
        // Elsewhere the engine brings a Linux of its own.
        Check::Setting(setting, least) => {
            !cfg!(target_os = "linux") || read_setting(setting).is_some_and(|value| value >= least)
        }
        Check::Version {
            program, args, pin, ..
        } => {
            let least = versions.get("host", pin)?;
            let sh = Shell::new().context("open a shell")?;
            let answer = cmd!(sh, "{program}")
                .args(args)
                .quiet()
                .ignore_stderr()
                .read()
                .unwrap_or_default();
            let have = version_in(&answer);
            let holds = have.as_ref().is_some_and(|have| *have >= numbers(least));
            found = match have {
                Some(have) => {
                    let have: Vec<_> = have.iter().map(ToString::to_string).collect();
                    Found::TooOld(format!("{}, where {least} is the least", have.join(".")))
                }
                None => old_package(need, versions, candidate)?.map_or(Found::Nothing, Found::OldPackage),
            };
            holds
        }
    };
    Ok((!holds).then_some(Lack { need, found }))
}

/// The version that the package of a need would bring and the least, in words, where it is older.
/// Installed, it would only hide a newer program that comes behind it on PATH.
fn old_package(
    need: &Need,
    versions: &Versions,
    candidate: impl Fn(&str) -> Option<String>,
) -> Result<Option<String>> {
    let (Check::Version { pin, .. }, Cure::Debian(package)) = (need.check, need.cure) else {
        return Ok(None);
    };
    let least = versions.get("host", pin)?;
    let old = candidate(package).filter(|version| numbers(version) < numbers(least));
    Ok(old.map(|version| format!("{version} as the package {package}, where {least} is the least")))
}

fn read_setting(setting: &str) -> Option<u64> {
    let path = Path::new("/proc/sys").join(setting.replace('.', "/"));
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Does what root can do, and gives the commands that failed. What else fails shows as a need that
/// is still there: [`faults`] tells it.
fn cure(session: Uncached<'_>, lacks: &[Lack<'_>]) -> Result<Vec<String>> {
    let Uncached { progress, logs, .. } = session;
    for lack in lacks {
        match lack.need.cure {
            Cure::Setting(setting, least) => {
                let path = Path::new("/proc/sys").join(setting.replace('.', "/"));
                progress.doing(&format!("set {setting} to {least}"));
                let _ = std::fs::write(path, least.to_string());
            }
            Cure::Folder(path) => {
                progress.doing(&format!("create {path}"));
                let _ = std::fs::create_dir_all(path);
            }
            Cure::Debian(_) | Cure::Person(_) => {}
        }
    }
    let wanted = packages_for(lacks);
    if wanted.is_empty() || !on_path("apt-get") {
        return Ok(Vec::new());
    }
    let sh = Shell::new().context("open a shell")?;
    let log = logs.join("doctor.log");
    let versions = Versions::load()?;
    let suits = |package: &str| {
        let mut of_it = lacks
            .iter()
            .filter(|lack| matches!(lack.need.cure, Cure::Debian(its) if its == package));
        of_it.all(|lack| matches!(old_package(lack.need, &versions, candidate), Ok(None)))
    };
    install(&sh, &wanted, suits, progress, |apt| {
        run::logged(apt, &log, minutes(10))
    })
}

/// The packages that may help; whether one is new enough is known when the lists are refreshed.
fn packages_for(lacks: &[Lack<'_>]) -> Vec<&'static str> {
    // A package is no newer than the program that is there, or comes behind it on PATH.
    let may_help = lacks
        .iter()
        .filter(|lack| !matches!(lack.found, Found::TooOld(_)));
    let mut packages: Vec<_> = may_help
        .filter_map(|lack| match lack.need.cure {
            Cure::Debian(package) => Some(package),
            _ => None,
        })
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// Installs each of the packages by commands for `carry_out`, also when another cannot be had.
/// `suits`: whether a package is new enough, by the lists that were just refreshed. Gives a line
/// for each command that failed: which, and where its log is.
fn install<'sh>(
    sh: &'sh Shell,
    wanted: &[&str],
    suits: impl Fn(&str) -> bool,
    progress: &dyn Progress,
    carry_out: impl Fn(Cmd<'sh>) -> Result<()>,
) -> Result<Vec<String>> {
    let mut failed = Vec::new();
    let mut try_to = |what: &str, apt: Cmd<'sh>| {
        progress.doing(what);
        match carry_out(apt) {
            Err(error) if !run::was_stopped(&error) => {
                // Its other lines are the end of the log.
                let text = error.to_string();
                let line = text.lines().next().unwrap_or_default();
                progress.doing(line);
                failed.push(line.to_owned());
                Ok(())
            }
            done => done,
        }
    };
    try_to("refresh the list of Debian's packages", packages::refresh(sh))?;
    for package in wanted.iter().copied().filter(|package| suits(package)) {
        let apt = packages::installation(sh, &[package]);
        try_to(&format!("install {package}"), apt)?;
    }
    Ok(failed)
}

#[cfg(test)]
mod tests;
