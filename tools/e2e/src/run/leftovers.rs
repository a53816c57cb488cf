//! What a killed run leaves outside of containers: processes, name records, namespaces, bridges,
//! packet filter rules, mounts, sockets. All of it is found by our own cache, network and folders,
//! so that nothing of anybody else's is touched.

mod firewall;
mod links;
pub(crate) mod names;
mod orphans;
mod storage;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use ipnet::Ipv4Net;
use supply::{
    cache::Cache,
    engine::{Engine, Kind},
};
use xshell::{Cmd, Shell, cmd};

pub(crate) use orphans::mark;
#[cfg(test)]
pub(crate) use orphans::tests::of_a_run_that_is_over;

use self::{firewall::Rules, names::Names};
use crate::{
    cluster::volumes,
    host::{network, process::Tool},
    run::run_dir::RunDir,
};

const LIMIT: Duration = Duration::from_secs(20);

/// Ends the processes of killed runs; gives their names. To be called before containers are looked
/// for: such a process may be about to start one.
pub(crate) async fn end_processes(cache: &Cache) -> Result<BTreeSet<String>> {
    orphans::end(cache).await
}

/// Removes the rest, and gives the names of what was there. To be called when our containers are
/// gone and our network is not.
pub(crate) async fn remove(run: &RunDir, engine: &Engine) -> Result<Vec<String>> {
    // Docker's daemon outlives the run that is killed, and removes what it made.
    if engine.kind() == Kind::Docker {
        return Ok(Vec::new());
    }
    let machine = Machine { run };
    let mut removed = storage::remove(&machine, engine.folders(), &containers(run, engine).await?).await?;
    let names = Names::of(engine.network());
    let gateway = names.gateway()?;
    for record in names.forget(|_| true)? {
        removed.push(format!("name record of {}", record.names.join(", ")));
    }
    let saved = saved(&machine).await?;
    let rules = Rules::of(engine.network());
    let mut ranges = rules.ranges(&saved);
    ranges.extend(network::ranges(run, engine).await);
    ranges.extend(
        gateway
            .and_then(|gateway| Ipv4Net::new(gateway, 24).ok())
            .map(|range| range.trunc()),
    );
    for name in unused_namespaces(&machine, &ranges).await? {
        links::remove_namespace(&machine, &name).await?;
        removed.push(format!("network namespace {name}"));
    }
    for name in links::bridges(&machine, &ranges).await? {
        if links::is_empty(&machine, &name).await? {
            links::remove_bridge(&machine, &name).await?;
            removed.push(format!("bridge {name}"));
        }
    }
    if let Some(removal) = rules.removal(&saved, &ranges) {
        let shell = shell()?;
        let restore = cmd!(shell, "iptables-restore --noflush");
        let restore = Tool::new(restore, &machine.log(), LIMIT).input(removal);
        restore.run().await.context("remove rules of the packet filter")?;
        removed.push("packet filter rules".to_owned());
    }
    removed.extend(remove_sockets(engine)?);
    Ok(removed)
}

/// Frees containers that podman cannot remove, because it was killed before it had written down
/// what it had mounted for them.
pub(crate) async fn release(run: &RunDir, engine: &Engine, containers: &BTreeSet<String>) -> Result<()> {
    if engine.kind() == Kind::Docker {
        return Ok(());
    }
    let format = "{{.ID}} {{.Names}}";
    let ps = ["ps", "--all", "--external", "--no-trunc", "--format", format];
    let all = Tool::of_engine(engine, ps, &run.log("down"), LIMIT)?.read().await;
    let all = all.context("list containers")?;
    let of = all.lines().filter_map(|line| line.split_once(' '));
    let ids = of
        .filter(|(_, name)| containers.contains(*name))
        .map(|(id, _)| id);
    storage::unmount_all_of(&Machine { run }, engine.folders(), &ids.collect()).await
}

/// Takes away the name records of containers that are being removed, where podman has not.
pub(crate) fn forget_names(engine: &Engine, containers: &BTreeSet<String>) -> Result<()> {
    if engine.kind() == Kind::Podman {
        let gone = |record: &names::Record| record.names.iter().any(|name| containers.contains(name));
        Names::of(engine.network()).forget(gone)?;
    }
    Ok(())
}

/// What [`end_processes`] and [`remove`] would find; to be asked when nothing of ours is up.
pub(crate) async fn left(run: &RunDir, engine: &Engine, cache: &Cache) -> Result<Vec<String>> {
    let mut left = orphans::left(cache);
    left.extend(volumes::left(cache));
    if engine.kind() == Kind::Docker {
        return Ok(left);
    }
    let machine = Machine { run };
    left.extend(storage::left(&machine, engine.folders(), &containers(run, engine).await?).await?);
    let names = Names::of(engine.network()).records()?;
    left.extend(
        names
            .iter()
            .map(|record| format!("name record of {}", record.names.join(", "))),
    );
    let saved = saved(&machine).await?;
    let rules = Rules::of(engine.network());
    let mut ranges = rules.ranges(&saved);
    ranges.extend(network::ranges(run, engine).await);
    left.extend(unused_namespaces(&machine, &ranges).await?);
    left.extend(links::bridges(&machine, &ranges).await?);
    left.extend(rules.removal(&saved, &ranges));
    left.extend(sockets(engine)?.iter().map(|path| path.display().to_string()));
    Ok(left)
}

/// With an address of ours; or with none at all, while nobody is starting a container.
async fn unused_namespaces(machine: &Machine<'_>, ranges: &BTreeSet<Ipv4Net>) -> Result<Vec<String>> {
    let mut found = links::namespaces(machine, ranges).await?;
    if !orphans::runs("podman") && !orphans::runs("netavark") {
        found.extend(links::empty_namespaces(machine).await?);
    }
    Ok(found)
}

/// All containers of our podman, also of those that only its store knows.
async fn containers(run: &RunDir, engine: &Engine) -> Result<BTreeSet<String>> {
    let ps = ["ps", "--all", "--external", "--no-trunc", "--format", "{{.ID}}"];
    let ids = Tool::of_engine(engine, ps, &run.log("down"), LIMIT)?.read().await;
    let ids = ids.context("list containers")?;
    Ok(ids.lines().map(str::to_owned).collect())
}

async fn saved(machine: &Machine<'_>) -> Result<String> {
    let shell = shell()?;
    // Trimmed at its end as all output is, and the last line counts.
    let saved = machine.read(cmd!(shell, "iptables-save")).await;
    Ok(saved.context("list the rules of the packet filter")? + "\n")
}

/// Sockets in our folder whose services are over.
fn sockets(engine: &Engine) -> Result<Vec<PathBuf>> {
    let Some(folder) = engine.socket().parent() else {
        return Ok(Vec::new());
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("list {}", folder.display()))?,
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let sockets = paths.filter(|path| path.extension().is_some_and(|extension| extension == "sock"));
    Ok(sockets.filter(|path| is_over(path)).collect())
}

fn is_over(socket: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(socket).is_err()
}

fn remove_sockets(engine: &Engine) -> Result<Vec<String>> {
    let mut removed = Vec::new();
    for path in sockets(engine)? {
        fs::remove_file(&path).with_context(|| format!("remove the socket {}", path.display()))?;
        removed.push(format!("socket {}", path.display()));
    }
    Ok(removed)
}

/// Runs what asks and changes this machine, with a log.
struct Machine<'a> {
    run: &'a RunDir,
}

impl Machine<'_> {
    fn log(&self) -> PathBuf {
        self.run.log("down")
    }

    async fn read(&self, cmd: Cmd<'_>) -> Result<String> {
        Tool::new(cmd, &self.log(), LIMIT).quiet().read().await
    }

    async fn run(&self, cmd: Cmd<'_>) -> Result<()> {
        Tool::new(cmd, &self.log(), LIMIT).run().await
    }
}

fn shell() -> Result<Shell> {
    Shell::new().context("open a shell")
}
