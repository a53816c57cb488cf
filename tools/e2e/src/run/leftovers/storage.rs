//! What a killed podman leaves of containers that it does not know, or not any more: states of
//! runc, conmon, mounts.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use xshell::cmd;

use super::{Machine, shell};

/// Podman mounts its store onto itself, and leaves it so.
const STORE: &str = "storage/overlay";

#[derive(Debug, Deserialize)]
struct State {
    id: String,
    bundle: PathBuf,
}

/// Removes what is in `folders` and of no container in `known`; gives the names of what was there.
pub(super) async fn remove(
    machine: &Machine<'_>,
    folders: &[PathBuf],
    known: &BTreeSet<String>,
) -> Result<Vec<String>> {
    let mut removed = Vec::new();
    for id in states(machine, folders, known).await? {
        let shell = shell()?;
        let delete = machine.run(cmd!(shell, "runc delete --force {id}")).await;
        delete.with_context(|| format!("remove what runc knows of container {id}"))?;
        removed.push(format!("runc's state of {}", short(&id)));
    }
    for (process, id) in monitors(folders, known) {
        // It may have ended with its container.
        let _ = Pid::from_raw(process).map(|process| kill_process(process, Signal::KILL));
        removed.push(format!("conmon of {}", short(&id)));
    }
    for mount in mounts(folders, known)? {
        unmount(machine, &mount).await?;
        removed.push(format!("mount {}", mount.display()));
    }
    Ok(removed)
}

/// Unmounts what is mounted in the folders of some containers.
pub(super) async fn unmount_all_of(
    machine: &Machine<'_>,
    folders: &[PathBuf],
    containers: &BTreeSet<&str>,
) -> Result<()> {
    for mount in mounted(&table()?, folders) {
        let mut parts = mount.iter().filter_map(|part| part.to_str());
        if parts.any(|part| containers.contains(part)) {
            unmount(machine, &mount).await?;
        }
    }
    Ok(())
}

async fn unmount(machine: &Machine<'_>, mount: &Path) -> Result<()> {
    let shell = shell()?;
    let unmount = machine.run(cmd!(shell, "umount --lazy {mount}")).await;
    unmount.with_context(|| format!("unmount {}", mount.display()))
}

fn table() -> Result<String> {
    fs::read_to_string("/proc/self/mounts").context("list the mounts")
}

/// What [`remove`] would remove.
pub(super) async fn left(
    machine: &Machine<'_>,
    folders: &[PathBuf],
    known: &BTreeSet<String>,
) -> Result<Vec<String>> {
    let states = states(machine, folders, known).await?;
    let states = states.iter().map(|id| format!("runc's state of {}", short(id)));
    let monitors = monitors(folders, known).into_iter();
    let mounts = mounts(folders, known)?.into_iter();
    Ok(states
        .chain(monitors.map(|(_, id)| format!("conmon of {}", short(&id))))
        .chain(mounts.map(|mount| format!("mount {}", mount.display())))
        .collect())
}

async fn states(machine: &Machine<'_>, folders: &[PathBuf], known: &BTreeSet<String>) -> Result<Vec<String>> {
    let shell = shell()?;
    let list = machine.read(cmd!(shell, "runc list --format json")).await;
    let states: Option<Vec<State>> =
        serde_json::from_str(&list.context("list the containers of runc")?).context("understand runc")?;
    let gone = |state: &State| is_in(&state.bundle, folders) && !known.contains(&state.id);
    let states = states.unwrap_or_default().into_iter();
    Ok(states.filter(gone).map(|state| state.id).collect())
}

/// Each with its container.
fn monitors(folders: &[PathBuf], known: &BTreeSet<String>) -> Vec<(i32, String)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let monitor = |id: i32| {
        let line = fs::read_to_string(format!("/proc/{id}/cmdline")).ok()?;
        Some((id, monitored(&line, folders)?))
    };
    ids.filter_map(monitor)
        .filter(|(_, container)| !known.contains(container))
        .collect()
}

/// The container that a conmon of ours watches over, by its arguments.
fn monitored(line: &str, folders: &[PathBuf]) -> Option<String> {
    let mut words = line.split('\0');
    let program = Path::new(words.next()?).file_name()?;
    let after = |flag: &str| line.split('\0').skip_while(|word| *word != flag).nth(1);
    let ours = program == "conmon" && is_in(Path::new(after("-b")?), folders);
    ours.then(|| after("-c").map(str::to_owned)).flatten()
}

/// Only where no container is left at all: a mount does not say whose it is.
fn mounts(folders: &[PathBuf], known: &BTreeSet<String>) -> Result<Vec<PathBuf>> {
    if !known.is_empty() {
        return Ok(Vec::new());
    }
    Ok(mounted(&table()?, folders))
}

/// Inner ones first.
fn mounted(table: &str, folders: &[PathBuf]) -> Vec<PathBuf> {
    let points = table
        .lines()
        .filter_map(|line| line.split(' ').nth(1).map(PathBuf::from));
    let left =
        |point: &PathBuf| is_in(point, folders) && !folders.iter().any(|folder| *point == folder.join(STORE));
    let mut found: Vec<_> = points.filter(left).collect();
    found.reverse();
    found
}

fn is_in(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders() -> [PathBuf; 2] {
        ["/cache/engine", "/run/gitops-loop-1"].map(PathBuf::from)
    }

    #[test]
    fn a_conmon_is_ours_by_the_folder_of_its_container() {
        let line = |folder: &str| {
            format!("/usr/bin/conmon\0--api-version\01\0-c\0abc\0-u\0abc\0-b\0{folder}/storage/x\0")
        };
        let found = |line: &str| monitored(line, &folders());
        assert_eq!(found(&line("/cache/engine")), Some("abc".to_owned()));
        assert_eq!(found(&line("/cache/engine2")), None);
        assert_eq!(found(&line("/var/lib/containers")), None);
        assert_eq!(found("tail\0-b\0/cache/engine/x\0-c\0abc\0"), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn mounts_of_ours_go_inner_ones_first_and_the_store_stays() {
        let table = "/dev/vda / ext4 rw 0 0\n\
            /dev/vda /cache/engine/storage/overlay ext4 rw 0 0\n\
            overlay /cache/engine/storage/overlay/a/merged overlay rw 0 0\n\
            shm /cache/engine/storage/overlay-containers/a/userdata/shm tmpfs rw 0 0\n\
            shm /var/lib/containers/storage/overlay-containers/b/userdata/shm tmpfs rw 0 0\n";
        let found = mounted(table, &folders());
        assert_eq!(
            found,
            [
                "/cache/engine/storage/overlay-containers/a/userdata/shm",
                "/cache/engine/storage/overlay/a/merged"
            ]
            .map(PathBuf::from)
        );
    }
}
