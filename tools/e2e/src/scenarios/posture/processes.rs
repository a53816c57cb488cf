//! What the kernel reports about running containers, whatever their manifests say.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::cluster::Cluster;
use crate::run::Testbed;

pub(super) const ROOT: &str = "not root";
pub(super) const READ_ONLY: &str = "read-only root";
pub(super) const CAPABILITIES: &str = "no capability";
pub(super) const ESCALATION: &str = "no escalation";
pub(super) const SECCOMP: &str = "seccomp";

/// Prints what the kernel says of the first process of each running container.
const PROCESSES: &str = r#"
ctr --namespace k8s.io tasks list | awk '$3 == "RUNNING" { print $1, $2 }' | while read -r id pid; do
    awk -v id="$id" '
        /^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):/ { seen[$1] = $2 }
        END { print id, seen["Uid:"], seen["CapEff:"], seen["CapBnd:"], seen["NoNewPrivs:"], seen["Seccomp:"], options }
    ' options="$(awk '$5 == "/" { print $6; exit }' "/proc/$pid/mountinfo")" "/proc/$pid/status"
done
"#;

/// What the kernel says of a container's first process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Process {
    user: u32,
    capabilities: u64,
    may_escalate: bool,
    filtered: bool,
    read_only: bool,
}

impl Process {
    /// That of every running container, by the container's id.
    pub(super) async fn all(testbed: &Testbed, cluster: &Cluster) -> Result<BTreeMap<String, Self>> {
        let mut processes = BTreeMap::new();
        for node in cluster.environment.nodes() {
            let lines = cluster.on_node(&testbed.harness, &node, PROCESSES, &[]).await?;
            for line in lines.lines() {
                let process = Self::read(line).with_context(|| format!("understand {line:?} of {node}"))?;
                processes.extend([process]);
            }
        }
        Ok(processes)
    }

    /// A line of [`PROCESSES`], and whose it is.
    fn read(line: &str) -> Option<(String, Self)> {
        let mut words = line.split_whitespace();
        let mut next = || words.next();
        let (id, user) = (next()?, next()?.parse().ok()?);
        let (effective, bounding) = (next()?, next()?);
        let hex = |text| u64::from_str_radix(text, 16).ok();
        let process = Self {
            user,
            capabilities: hex(effective)? | hex(bounding)?,
            may_escalate: next()? != "1",
            // 2 is a filter of system calls; 0 none.
            filtered: next()? == "2",
            read_only: next()?.split(',').any(|option| option == "ro"),
        };
        Some((id.to_owned(), process))
    }

    /// The rules that it breaks.
    pub(super) fn faults(&self) -> Vec<&'static str> {
        let rules = [
            (self.user == 0, ROOT),
            (self.capabilities != 0, CAPABILITIES),
            (self.may_escalate, ESCALATION),
            (!self.filtered, SECCOMP),
            (!self.read_only, READ_ONLY),
        ];
        rules
            .into_iter()
            .filter_map(|(broken, rule)| broken.then_some(rule))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_without_rights_breaks_no_rule() {
        let line = "abc 65532 0000000000000000 0000000000000000 1 2 ro,relatime";
        let (id, process) = Process::read(line).unwrap();
        assert_eq!(id, "abc");
        assert_eq!(process.faults(), Vec::<&str>::new());
    }

    #[test]
    fn each_right_is_a_fault() {
        let line = "abc 0 0000000000000000 00000000a80425fb 0 0 rw,relatime";
        let (_, process) = Process::read(line).unwrap();
        assert_eq!(
            process.faults(),
            [ROOT, CAPABILITIES, ESCALATION, SECCOMP, READ_ONLY]
        );
        assert!(Process::read("abc 0").is_none());
    }
}
