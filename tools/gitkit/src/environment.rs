//! Which variables reach Git.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::Command;

/// How a remote is reached, how a repository is looked for, and where Git itself lies.
const HONOURED: &[&str] = &[
    "GIT_ALLOW_PROTOCOL",
    "GIT_ASKPASS",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXEC_PATH",
    "GIT_HTTP_LOW_SPEED_LIMIT",
    "GIT_HTTP_LOW_SPEED_TIME",
    "GIT_HTTP_PROXY_AUTHMETHOD",
    "GIT_HTTP_USER_AGENT",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    // Git's own tests act as another owner of a checkout by it, and so do ours.
    "GIT_TEST_ASSUME_DIFFERENT_OWNER",
];
/// The same, for certificates.
const HONOURED_STARTS: &[&str] = &["GIT_SSL_", "GIT_PROXY_SSL_"];

/// Where the settings of a person are.
const FILES: &[&str] = &["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"];
/// Settings that whoever starts a program hands to it.
const HANDED: &[&str] = &["GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"];
const HANDED_STARTS: &[&str] = &["GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"];

/// Whose settings reach Git, besides the ways to a remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptSettings {
    /// Those of a person, by the variables that say where they are.
    Person,
    /// Also those that the caller handed over by `GIT_CONFIG_*`.
    Caller,
}

/// Whether `name` must not reach what this program starts: it names a repository, an index or a
/// change of Git's behaviour that belongs to whoever started this program, such as a hook.
#[must_use]
pub fn is_foreign(name: &OsStr, kept: KeptSettings) -> bool {
    is_shut_out(name, Some(kept))
}

fn is_shut_out(name: &OsStr, kept: Option<KeptSettings>) -> bool {
    let name = name.to_string_lossy();
    let in_one_of = |names: &[&str], starts: &[&str]| {
        names.contains(&&*name) || starts.iter().any(|start| name.starts_with(start))
    };
    name.starts_with("GIT_")
        && !(in_one_of(HONOURED, HONOURED_STARTS)
            || kept.is_some() && in_one_of(FILES, &[])
            || kept == Some(KeptSettings::Caller) && in_one_of(HANDED, HANDED_STARTS))
}

/// Lets `command`, which may start Git, find the repository of the folder it stands in, whatever a
/// hook of Git said to this program.
pub fn forget(command: &mut Command) {
    shut_out(command, Some(KeptSettings::Person));
}

/// Takes from `command` what this process or its maker gave it: all but the ways to a remote and
/// the settings that are kept.
pub(crate) fn shut_out(command: &mut Command, kept: Option<KeptSettings>) {
    let own = command.get_envs().map(|(name, _)| name.to_owned());
    let names: Vec<OsString> = env::vars_os().map(|(name, _)| name).chain(own).collect();
    for name in names.iter().filter(|name| is_shut_out(name, kept)) {
        command.env_remove(name);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Git;

    #[test]
    fn every_variable_that_names_a_repository_is_forgotten() {
        let names = Git::at(Path::new("/"))
            .args(["rev-parse", "--local-env-vars"])
            .read()
            .unwrap();
        let mut names: Vec<_> = names.lines().collect();
        assert!(names.contains(&"GIT_DIR") && names.len() > 10, "{names:?}");
        // Some are in other versions of Git only, some count for less than a repository and still
        // change what Git does.
        names.extend([
            "GIT_ATTR_SOURCE",
            "GIT_CONFIG_KEY_0",
            "GIT_DEFAULT_HASH",
            "GIT_EXTERNAL_DIFF",
            "GIT_NAMESPACE",
            "GIT_QUARANTINE_PATH",
            "GIT_TEMPLATE_DIR",
            "GIT_TRACE",
        ]);
        for name in names {
            assert!(is_foreign(OsStr::new(name), KeptSettings::Person), "{name}");
        }
    }

    #[test]
    fn ways_to_a_remote_stay() {
        for name in [
            "GIT_SSH_COMMAND",
            "GIT_ASKPASS",
            "GIT_SSL_CAINFO",
            "HTTPS_PROXY",
            "PATH",
        ] {
            assert!(!is_shut_out(OsStr::new(name), None), "{name}");
        }
        for name in ["GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_PARAMETERS"] {
            let is_foreign = |kept| is_foreign(OsStr::new(name), kept);
            assert!(
                is_foreign(KeptSettings::Person) && !is_foreign(KeptSettings::Caller),
                "{name}"
            );
        }
    }
}
