//! The add-ons of infra/addons: what a person does for them besides Git, and how they are turned on
//! and off there. Those that a run begins with are on in the last environment alone: that the
//! others are without costs nothing, and shows that they are not needed.

pub(crate) mod account;
pub(crate) mod load_balancer;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use project::{App, Kind};
use serde_json::json;
use xshell::{Shell, cmd};

use crate::cluster::Cluster;
use crate::environment::{Environment, project};
use crate::git::checkout::{Checkout, edited, replaced_once};
use crate::git::kustomization_edits::{with_item, with_replicas, without};
use crate::host::process::Tool;
use crate::platform::kustomize;
use crate::run::{Harness, StepHandle};

/// The Application of the add-on that measures pods; also its namespace and its Deployment.
pub(crate) const METRICS: &str = "metrics-server";
/// What names in Route 53 what a cluster serves.
pub(crate) const DNS: &str = "external-dns";
/// What keeps the verifier's token as Secrets Manager has it.
pub(crate) const SECRETS: &str = "external-secrets";
/// What lets people come to the page through a load balancer.
pub(crate) const BALANCER: &str = "load-balancer";
/// What releases an app to a few of its visitors first.
pub(crate) const ROLLOUTS: &str = "argo-rollouts";
/// All that Argo CD manages.
pub(crate) const NAMES: [&str; 4] = [METRICS, DNS, SECRETS, ROLLOUTS];
/// The folders of Argo CD's configuration with add-ons.
pub(crate) const ARGOCD: [&str; 2] = ["infra/addons", "infra/local/addons/argocd"];
/// Argo CD's notifications, by a folder for each environment.
const NOTICES: &str = "infra/addons/notifications";
/// The address of their receiver.
pub(crate) const NOTICES_SECRET: &str = "argocd-notifications-secret";
/// What Argo CD looks at for add-ons, a line each.
const LOOKED_AT: &str = "infra/addons/argocd/kustomization.yaml";
/// The component of an app's overlay that scales it, in the folder of add-ons.
const AUTOSCALER: &str = "metrics-server/autoscaler";
/// How many of a server run in Git where no autoscaler says it.
pub(crate) const REPLICAS: u16 = 2;
const LOADED: Duration = Duration::from_mins(2);

/// Where they are turned on.
pub(crate) fn environment() -> Environment {
    Environment::last()
}

/// What an overlay of an app, or of Applications, calls this of the folder of add-ons.
pub(crate) fn component(path: &str) -> String {
    format!("../../../addons/{path}")
}

/// The line of an environment's Applications that turns an add-on on, and how it is off.
fn lines(name: &str) -> [String; 2] {
    let line = format!("- {}", component(&format!("{name}/application")));
    [format!("  {line}"), format!("  # {line}")]
}

/// The text of an environment's Applications with an add-on on.
pub(crate) fn with(name: &str, path: &str, text: &str) -> Result<String> {
    let [on, off] = lines(name);
    replaced_once(path, text, &off, &on)
}

/// The same with it off.
pub(crate) fn without_addon(name: &str, path: &str, text: &str) -> Result<String> {
    let [on, off] = lines(name);
    replaced_once(path, text, &on, &off)
}

/// Has a copy of Argo CD's configuration look at these add-ons, and at no others.
pub(crate) fn looked_at(copy: &Path, names: &[&str]) -> Result<()> {
    edited(copy, LOOKED_AT, |text| {
        let known: Vec<_> = text.lines().filter_map(looks_at).collect();
        let unknown = names.iter().find(|name| !known.contains(name));
        ensure!(unknown.is_none(), "{LOOKED_AT} has no line for {unknown:?}");
        let lines = text.lines().filter_map(|line| match looks_at(line) {
            None => Some(line.to_owned()),
            Some(name) => names.contains(&name).then(|| format!("  - ../{name}/argocd")),
        });
        Ok(lines.collect::<Vec<_>>().join("\n") + "\n")
    })
}

/// The add-on that a line of Argo CD's configuration is about, whether it is on or off.
fn looks_at(line: &str) -> Option<&str> {
    let line = line.trim();
    let line = line.strip_prefix("# ").unwrap_or(line);
    let (line, _) = line.split_once(" #").unwrap_or((line, ""));
    let name = line.strip_prefix("- ../")?.strip_suffix("/argocd")?;
    (!name.starts_with('.')).then_some(name)
}

/// The apps that are scaled there.
pub(crate) fn scaled() -> impl Iterator<Item = &'static str> {
    let servers = [Kind::Web, Kind::Api];
    let apps = project().apps().iter();
    apps.filter(move |app| servers.contains(&app.kind()))
        .map(App::name)
}

/// The file under `infra/` that says which add-ons an environment has.
pub(crate) fn applications_of(environment: Environment) -> String {
    format!("apps/overlays/{environment}/kustomization.yaml")
}

/// The file under `infra/` that says whether they are on. In a running loop it is changed first
/// when they are turned on, and last when they are turned off: the project of the apps allows
/// autoscalers only while they are on, and Argo CD neither makes nor removes what no project
/// allows.
pub(crate) fn applications() -> String {
    applications_of(environment())
}

/// The files that say whether apps are scaled.
pub(crate) fn overlays() -> Vec<String> {
    let overlays = scaled().map(|app| format!("{app}/overlays/{}/kustomization.yaml", environment()));
    overlays.collect()
}

fn files() -> impl Iterator<Item = String> {
    std::iter::once(applications()).chain(overlays())
}

/// Does what an administrator does before they are turned on.
pub(crate) async fn prepare(harness: &Harness, cluster: &Cluster, step: &StepHandle) -> Result<()> {
    step.doing("give the nodes the images of add-ons");
    load(harness, cluster, METRICS).await?;
    step.doing("apply what Argo CD may not make");
    administered(harness, cluster, METRICS).await
}

/// Applies what Argo CD may not make of an add-on.
pub(crate) async fn administered(harness: &Harness, cluster: &Cluster, name: &str) -> Result<()> {
    kustomize::apply(
        harness,
        cluster,
        &of_administrator(name),
        &harness.run.log("addons"),
    )
    .await
}

/// The folder of what an administrator applies.
pub(crate) fn of_administrator(name: &str) -> String {
    format!("infra/addons/{name}/cluster")
}

/// Turns Argo CD's notifications on.
pub(crate) async fn notified(harness: &Harness, cluster: &Cluster) -> Result<()> {
    let folder = notices(cluster);
    kustomize::apply(harness, cluster, &folder, &harness.run.log("addons")).await
}

/// The folder of a cluster's notifications.
pub(crate) fn notices(cluster: &Cluster) -> String {
    format!("{NOTICES}/{}", cluster.environment)
}

/// Puts the image of an add-on into the nodes of a cluster, as a registry would serve it to them.
pub(crate) async fn load(harness: &Harness, cluster: &Cluster, addon: &str) -> Result<()> {
    let named = format!("/{addon}:");
    let image = harness.parts.addons.iter().find(|image| image.contains(&named));
    let image = image.with_context(|| format!("there is no image of {addon}"))?;
    let log = harness.run.log("addons");
    let archive = harness.run.file("addon.tar");
    let save = ["image", "save", "--output", &archive.display().to_string(), image].map(str::to_owned);
    Tool::of_engine(&harness.engine, save, &log, LOADED)?
        .run()
        .await?;
    let shell = Shell::new().context("open a shell")?;
    let (kind, name) = (&harness.parts.tools.kind, &cluster.name);
    let load = cmd!(shell, "{kind} load image-archive {archive} --name {name}")
        .envs(harness.engine.env().iter().map(|(name, value)| (name, value)));
    let loaded = Tool::new(load, &log, LOADED).run().await;
    fs::remove_file(&archive).with_context(|| format!("remove {}", archive.display()))?;
    loaded.with_context(|| format!("give {name} the image {image}"))
}

/// Turns them on in the commit that a new loop begins with.
pub(crate) async fn turn_on(manifests: &Checkout) -> Result<()> {
    let edit = |folder: &Path| {
        files().try_for_each(|path| {
            edited(&folder.join("infra"), &path, |text| {
                on(&path, text).with_context(|| format!("change {path}"))
            })
        })
    };
    manifests.start_with(edit).await.context("turn the add-ons on")
}

/// The text of one of these files with them on.
pub(crate) fn on(path: &str, text: &str) -> Result<String> {
    if path == applications() {
        return with(METRICS, path, text);
    }
    // An app that was added leaves the number to its base.
    let unsaid = !text.lines().any(|line| line.starts_with("replicas:"));
    let rest = if unsaid {
        text.to_owned()
    } else {
        without(text, "replicas")?
    };
    with_item(&rest, "components", &json!(component(AUTOSCALER)))
}

/// The text of one of these files with them off.
pub(crate) fn off(path: &str, text: &str) -> Result<String> {
    if path == applications() {
        return without_addon(METRICS, path, text);
    }
    let app = path.split('/').next().unwrap_or_default();
    with_replicas(&without(text, "components")?, app, REPLICAS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::run_dir::repo_root;

    #[test]
    fn argo_cd_looks_at_what_is_named_and_at_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(LOOKED_AT);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let shipped = fs::read_to_string(repo_root().unwrap().join(LOOKED_AT)).unwrap();
        let all_on = shipped.replace("  # - ../", "  - ../");
        for text in [shipped, all_on] {
            fs::write(&file, text).unwrap();
            looked_at(folder.path(), &[METRICS, ROLLOUTS]).unwrap();
            let left: serde_json::Value =
                serde_saphyr::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            let wanted = ["../metrics-server/argocd", "../argo-rollouts/argocd"];
            assert_eq!(left["components"], json!(wanted));
            assert_eq!(left["resources"], json!(["../../argocd"]));
        }
        looked_at(folder.path(), &[DNS]).unwrap_err();
    }

    #[test]
    fn what_is_turned_on_in_git_can_be_turned_off_again() {
        let infra = repo_root().unwrap().join("infra");
        for path in files() {
            let text = fs::read_to_string(infra.join(&path)).unwrap();
            let changed = on(&path, &text).unwrap();
            assert!(changed.contains("addons/metrics-server"), "{changed}");
            assert!(!changed.contains("\nreplicas:"), "{changed}");
            let back = off(&path, &changed).unwrap();
            let read = |text: &str| serde_saphyr::from_str::<serde_json::Value>(text).unwrap();
            if text.contains("\nreplicas:") || path == applications() {
                assert_eq!(read(&back), read(&text), "{path}");
            }
        }
    }
}
