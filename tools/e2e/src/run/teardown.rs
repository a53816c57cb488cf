//! Removes what this harness created, by name and label, and nothing else. Idempotent; also cleans
//! up after a killed run.

use std::{collections::BTreeSet, path::Path, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use supply::{
    cache::Cache,
    engine::{Engine, Kind},
};

use crate::{
    cluster::volumes,
    environment::Environment,
    git::forge::{FORGE, ForgeAccess},
    host::{network, process::Tool},
    run::{StepHandle, leftovers, run_dir::RunDir},
    world::{AWS, IAM_PROXY, containers::LABEL},
};

/// Our containers that are no nodes.
pub(crate) const OWN: [&str; 3] = [FORGE, AWS, IAM_PROXY];

const LIST: Duration = Duration::from_secs(20);
const REMOVE: Duration = Duration::from_mins(1);

/// Ends what killed runs left running, removes clusters, containers, network, and what a kill
/// leaves outside of them; gives the names of what was there.
///
/// A node whose processes were all killed is still listed as running and can be neither started nor
/// stopped, but its container can be removed by force; kind itself does no more. So no kind is
/// needed here.
pub(crate) async fn remove(
    run: &RunDir,
    engine: &Engine,
    cache: &Cache,
    step: &StepHandle,
) -> Result<Vec<String>> {
    refuse_what_others_run(run, engine, cache).await?;
    step.doing("end processes of killed runs");
    let mut removed: Vec<_> = leftovers::end_processes(cache).await?.into_iter().collect();
    let found = ours(run, engine).await?;
    let log = run.log("down");
    remove_containers(run, engine, &found, step).await?;
    let nodes = Environment::with_hubs().flat_map(Environment::nodes);
    remove_volumes(run, engine, found.iter().cloned().chain(nodes), step).await?;
    let images = images(run, engine).await?;
    if !images.is_empty() {
        step.doing("remove the images the CI built");
        let remove = ["image", "rm", "--force"].into_iter().chain(strs(&images));
        Tool::of_engine(engine, remove, &log, REMOVE)?
            .run()
            .await
            .context("remove the images the CI built")?;
    }
    step.doing("remove what was left outside of containers");
    let outside = leftovers::remove(run, engine).await?;
    if network_exists(run, engine).await? {
        step.doing("remove the network");
        let network = engine.network();
        let remove = Tool::of_engine(engine, ["network", "rm", network], &log, LIST)?;
        remove.run().await.with_context(|| {
            format!(
                "remove the network {network}; `{} network inspect {network}` shows who uses it",
                engine.program()
            )
        })?;
    }
    let left = ours(run, engine).await?;
    if !left.is_empty() {
        bail!(
            "still there after their removal: {}; run `cargo xtask e2e down` again",
            list(&left)
        );
    }
    removed.extend(found);
    removed.extend(outside);
    removed.extend(volumes::remove(cache)?.then(|| "what claims kept".to_owned()));
    Ok(removed)
}

/// An error while something is up by another cache. Docker is one for all caches of a machine, and
/// so are the names in it; the lock of a cache keeps nobody else out.
async fn refuse_what_others_run(run: &RunDir, engine: &Engine, cache: &Cache) -> Result<()> {
    // Each cache has a podman of its own.
    if engine.kind() == Kind::Podman {
        return Ok(());
    }
    let Some(of) = network::cache(run, engine).await else {
        return Ok(());
    };
    let filter = format!("network={}", engine.network());
    let ps = ["ps", "--quiet", "--filter", &filter];
    let running = Tool::of_engine(engine, ps, &run.log("down"), LIST)?.read();
    let running = running.await.context("list containers")?;
    may_go(&of, cache, !running.is_empty())
}

/// An error if what uses the network of a cache runs, and is another's.
fn may_go(of: &str, cache: &Cache, runs: bool) -> Result<()> {
    ensure!(
        !runs || Path::new(of) == cache.root(),
        "what is up is of another cache; `GITOPS_LOOP_CACHE={of} cargo xtask e2e down` removes it"
    );
    Ok(())
}

/// Removes one environment's cluster, and nothing else.
pub(crate) async fn remove_cluster(
    run: &RunDir,
    engine: &Engine,
    environment: Environment,
    step: &StepHandle,
) -> Result<()> {
    let nodes = environment.nodes().into_iter().collect();
    remove_containers(run, engine, &nodes, step).await?;
    remove_volumes(run, engine, nodes, step).await
}

async fn remove_containers(
    run: &RunDir,
    engine: &Engine,
    found: &BTreeSet<String>,
    step: &StepHandle,
) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    step.doing(&format!("remove {}", list(found)));
    // Docker kills at once; podman would give each systemd ten seconds, which it uses up without
    // ending.
    let at_once: &[&str] = match engine.kind() {
        Kind::Podman => &["--time", "0"],
        Kind::Docker => &[],
    };
    let remove = ["rm", "--force", "--volumes"].iter().chain(at_once).copied();
    let remove: Vec<_> = remove.chain(strs(found)).collect();
    let once = async || {
        let remove = Tool::of_engine(engine, &remove, &run.log("down"), REMOVE)?.run();
        remove.await.with_context(|| format!("remove {}", list(found)))
    };
    if once().await.is_err() {
        leftovers::release(run, engine, found).await?;
        once().await?;
    }
    leftovers::forget_names(engine, found)
}

/// kind makes them apart from the nodes, so they do not go with them.
async fn remove_volumes(
    run: &RunDir,
    engine: &Engine,
    nodes: impl IntoIterator<Item = String>,
    step: &StepHandle,
) -> Result<()> {
    let volumes = volumes(run, engine, nodes).await?;
    if volumes.is_empty() {
        return Ok(());
    }
    step.doing("remove the nodes' volumes");
    let remove = ["volume", "rm", "--force"].into_iter().chain(strs(&volumes));
    Tool::of_engine(engine, remove, &run.log("down"), REMOVE)?
        .run()
        .await
        .context("remove the nodes' volumes")
}

/// Containers of ours, in whatever state.
async fn ours(run: &RunDir, engine: &Engine) -> Result<BTreeSet<String>> {
    let log = run.log("down");
    let mut filters = vec![format!("label={LABEL}")];
    filters.extend(
        Environment::with_hubs()
            .map(|environment| format!("label=io.x-k8s.kind.cluster={}", environment.cluster())),
    );
    // A container that was being made when its run was killed may lack its labels.
    filters.extend(OWN.map(|name| format!("name=^{name}$")));
    let nodes = Environment::with_hubs().flat_map(Environment::nodes);
    let nodes: Vec<_> = nodes.collect();
    filters.extend(nodes.iter().map(|node| format!("name=^{node}$")));
    let mut found = BTreeSet::new();
    let mut filters: Vec<_> = filters.into_iter().map(|filter| vec![filter]).collect();
    // Nodes of an environment that is no longer in the project, or was in that of another checkout.
    if network_exists(run, engine).await? {
        filters.push(vec![
            format!("network={}", engine.network()),
            "label=io.x-k8s.kind.cluster".to_owned(),
        ]);
    }
    for filters in filters {
        let filters = filters.iter().flat_map(|filter| ["--filter", filter]);
        let ps = ["ps", "--all", "--format", "{{.Names}}"]
            .into_iter()
            .chain(filters);
        let names = Tool::of_engine(engine, ps, &log, LIST)?
            .read()
            .await
            .context("list containers")?;
        found.extend(names.lines().map(str::to_owned));
    }
    found.extend(half_made(run, engine, &nodes).await?);
    Ok(found)
}

/// Containers of ours that only podman's store knows: whoever was making them was killed. No filter
/// applies to them.
async fn half_made(run: &RunDir, engine: &Engine, nodes: &[String]) -> Result<Vec<String>> {
    if engine.kind() == Kind::Docker {
        return Ok(Vec::new());
    }
    let ps = ["ps", "--all", "--external", "--format", "{{.Names}}"];
    let names = Tool::of_engine(engine, ps, &run.log("down"), LIST)?.read();
    let names = names.await.context("list containers of podman's store")?;
    let ours = |name: &&str| OWN.contains(name) || nodes.iter().any(|node| node == name);
    Ok(names.lines().filter(ours).map(str::to_owned).collect())
}

async fn volumes(
    run: &RunDir,
    engine: &Engine,
    nodes: impl IntoIterator<Item = String>,
) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for node in nodes {
        let filter = format!("label={node}");
        let ls = ["volume", "ls", "--quiet", "--filter", &filter];
        let names = Tool::of_engine(engine, ls, &run.log("down"), LIST)?
            .read()
            .await
            .context("list volumes")?;
        found.extend(names.lines().map(str::to_owned));
    }
    Ok(found)
}

/// The CI's images are named after the forge, whose port is another one in each run: they would
/// pile up.
async fn images(run: &RunDir, engine: &Engine) -> Result<BTreeSet<String>> {
    let ls = ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"];
    let names = Tool::of_engine(engine, ls, &run.log("down"), LIST)?
        .read()
        .await
        .context("list images")?;
    Ok(names
        .lines()
        .filter(|name| of_a_forge(name))
        .map(str::to_owned)
        .collect())
}

fn of_a_forge(image: &str) -> bool {
    let organisation = format!("/{}/", ForgeAccess::ORGANISATION);
    image.starts_with("127.0.0.1:") && image.contains(&organisation) && !image.ends_with(":<none>")
}

async fn network_exists(run: &RunDir, engine: &Engine) -> Result<bool> {
    let ls = ["network", "ls", "--format", "{{.Name}}"];
    let names = Tool::of_engine(engine, ls, &run.log("down"), LIST)?
        .read()
        .await
        .context("list networks")?;
    Ok(names.lines().any(|name| name == engine.network()))
}

fn list(names: &BTreeSet<String>) -> String {
    strs(names).collect::<Vec<_>>().join(", ")
}

fn strs(names: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    names.iter().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_pushed_to_a_forge_of_ours_are_removed() {
        assert!(of_a_forge("127.0.0.1:33239/gitops-loop/backend:abc"));
        assert!(!of_a_forge("localhost/gitops-loop/node:abc"));
        assert!(!of_a_forge("127.0.0.1:5000/somebody/backend:abc"));
        assert!(!of_a_forge("docker.io/gitea/gitea:1.26.4"));
    }

    #[test]
    fn what_another_cache_has_up_stays_while_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        let own = cache.root().display().to_string();
        assert!(may_go(&own, &cache, true).is_ok());
        assert!(may_go("/another/cache", &cache, false).is_ok());
        let error = may_go("/another/cache", &cache, true).unwrap_err().to_string();
        assert!(error.contains("GITOPS_LOOP_CACHE=/another/cache "), "{error}");
    }
}
