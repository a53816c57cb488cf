//! The records of podman's name server: a file for each network, a line for each container.
//!
//! Podman takes a line away when it takes a container off its network. Where it was killed in
//! between, the line stays, whatever becomes of container and network, and the name then has an
//! address at which nobody answers.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use taskkit::removal::remove_file;

/// Where netavark keeps what all podmans of this machine share.
pub(crate) const NETWORKS: &str = "/run/containers/networks";
const SERVER: &str = "aardvark-dns";
const SERVER_ID: &str = "aardvark.pid";
/// Held by netavark while it changes records.
const LOCK: &str = "aardvark.lock";

/// The records of one network.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// [`NETWORKS`], or a folder like it.
    folder: PathBuf,
    network: String,
}

/// One container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) container: String,
    pub(crate) addresses: Vec<String>,
    pub(crate) names: Vec<String>,
}

impl Names {
    pub(crate) fn of(network: &str) -> Self {
        Self::in_folder(Path::new(NETWORKS), network)
    }

    fn in_folder(folder: &Path, network: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            network: network.to_owned(),
        }
    }

    /// What the name server answers from; nothing if the network has no file.
    pub(crate) fn records(&self) -> Result<Vec<Record>> {
        Ok(self.text()?.lines().filter_map(record).collect())
    }

    /// The address of the name server itself, which is the network's gateway.
    pub(crate) fn gateway(&self) -> Result<Option<std::net::Ipv4Addr>> {
        let text = self.text()?;
        let first = text.lines().next().unwrap_or_default();
        Ok(first.split(',').find_map(|address| address.parse().ok()))
    }

    /// Takes away the lines that are `gone`, and tells the name server; gives what they said.
    pub(crate) fn forget(&self, gone: impl Fn(&Record) -> bool) -> Result<Vec<Record>> {
        let _lock = self.lock()?;
        let text = self.text()?;
        let is_gone = |line: &&str| record(line).is_some_and(|record| gone(&record));
        let forgotten: Vec<_> = text.lines().filter(is_gone).filter_map(record).collect();
        let kept: Vec<_> = text.lines().filter(|line| !is_gone(line)).collect();
        // Podman's own way: where no container is left, there is no file, and the name server ends
        // with the last one.
        let empty = !kept.iter().any(|line| record(line).is_some());
        if forgotten.is_empty() && !(empty && self.file().exists()) {
            return Ok(forgotten);
        }
        if empty {
            remove_file(&self.file())?;
        } else {
            let text = kept.join("\n") + "\n";
            fs::write(self.file(), text).with_context(|| format!("write {}", self.file().display()))?;
        }
        self.tell()?;
        Ok(forgotten)
    }

    /// The network's file; that of an internal network would have another name, and ours is none.
    fn file(&self) -> PathBuf {
        self.folder.join(SERVER).join(&self.network)
    }

    fn text(&self) -> Result<String> {
        match fs::read_to_string(self.file()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            text => text.with_context(|| format!("read {}", self.file().display())),
        }
    }

    /// None where there has never been a container.
    fn lock(&self) -> Result<Option<File>> {
        let path = self.folder.join(LOCK);
        let file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.with_context(|| format!("open {}", path.display()))?,
        };
        file.lock().with_context(|| format!("lock {}", path.display()))?;
        Ok(Some(file))
    }

    /// Has the name server read its files again. A process id that is no name server's any more
    /// would keep podman from starting one, so it is removed.
    fn tell(&self) -> Result<()> {
        let path = self.folder.join(SERVER).join(SERVER_ID);
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(());
        };
        match text.trim().parse().ok().and_then(Pid::from_raw) {
            Some(server) if is_server(server) => {
                kill_process(server, Signal::HUP).context("have the name server read its files again")
            }
            _ => remove_file(&path),
        }
    }
}

/// The names that more than one container has, as after a kill; each with its records.
pub(crate) fn doubles(records: &[Record]) -> BTreeMap<String, Vec<Record>> {
    let mut by_name: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for record in records {
        for name in &record.names {
            by_name.entry(name.clone()).or_default().push(record.clone());
        }
    }
    by_name.retain(|_, records| records.len() > 1);
    by_name
}

/// `<container> <IPv4 addresses> <IPv6 addresses> <names>`; the first line of a file has addresses
/// only.
fn record(line: &str) -> Option<Record> {
    let words = |list: &str| -> Vec<String> {
        let words = list.split(',').filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    let mut parts = line.split(' ');
    let (container, four, six, names) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(Record {
        container: container.to_owned(),
        addresses: [words(four), words(six)].concat(),
        names: words(names),
    })
}

fn is_server(process: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).unwrap_or_default();
    // One that waits to be buried answers nobody.
    stat.contains(&format!("({SERVER})")) && !stat.contains(") Z ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: &str = "ours";
    const RECORDS: &str = "10.89.0.1\n\
        aaa 10.89.0.5  staging-control-plane,aaa\n\
        bbb 10.89.0.9  staging-control-plane,bbb\n\
        ccc 10.89.0.7 fc00::7 staging-worker,ccc 9.9.9.9\n";

    fn made_up(files: &[(&str, &str)]) -> (tempfile::TempDir, Names) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(SERVER)).unwrap();
        fs::write(folder.path().join(LOCK), "").unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(SERVER).join(name), text).unwrap();
        }
        let names = Names::in_folder(folder.path(), NETWORK);
        (folder, names)
    }

    #[test]
    fn only_the_records_of_what_is_gone_are_forgotten() {
        let (folder, names) = made_up(&[(NETWORK, RECORDS), ("theirs", RECORDS)]);
        let forgotten = names.forget(|record| record.container == "aaa").unwrap();
        assert_eq!(forgotten.len(), 1);
        assert_eq!(forgotten[0].addresses, ["10.89.0.5"]);
        let left = fs::read_to_string(names.file()).unwrap();
        assert_eq!(
            left,
            RECORDS.replace("aaa 10.89.0.5  staging-control-plane,aaa\n", "")
        );
        let theirs = folder.path().join(SERVER).join("theirs");
        assert_eq!(fs::read_to_string(theirs).unwrap(), RECORDS);
    }

    #[test]
    fn a_network_without_containers_has_no_file() {
        for text in [RECORDS, "10.89.0.1\n", ""] {
            let (folder, names) = made_up(&[(NETWORK, text), ("theirs", RECORDS)]);
            names.forget(|_| true).unwrap();
            assert!(!names.file().exists(), "{text:?}");
            assert!(folder.path().join(SERVER).join("theirs").exists());
            assert!(names.records().unwrap().is_empty());
        }
        let nowhere = Names::in_folder(Path::new("/no/such/folder"), NETWORK);
        assert!(nowhere.forget(|_| true).unwrap().is_empty());
    }

    #[test]
    fn a_process_id_that_is_no_name_server_is_removed_and_its_process_left_alone() {
        let mut other = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        for id in [other.id().to_string(), "2147483646".to_owned(), "none".to_owned()] {
            let (folder, names) = made_up(&[(NETWORK, RECORDS), (SERVER_ID, &id)]);
            names.forget(|_| true).unwrap();
            assert!(!folder.path().join(SERVER).join(SERVER_ID).exists(), "{id}");
        }
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn a_name_with_two_addresses_is_told_with_both_records() {
        let (_folder, names) = made_up(&[(NETWORK, RECORDS)]);
        assert_eq!(names.gateway().unwrap().unwrap().to_string(), "10.89.0.1");
        let doubles = doubles(&names.records().unwrap());
        let names: Vec<_> = doubles.keys().map(String::as_str).collect();
        assert_eq!(names, ["staging-control-plane"]);
        let containers: Vec<_> = doubles["staging-control-plane"]
            .iter()
            .map(|record| record.container.as_str())
            .collect();
        assert_eq!(containers, ["aaa", "bbb"]);
    }
}
