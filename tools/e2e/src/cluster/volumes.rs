//! The stand-in for Amazon EFS: volumes that every node of a cluster has, each a folder of this
//! machine.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::{Api, ResourceExt as _, api::DeleteParams};
use serde_json::{Value, json};
use supply::cache::Cache;
use taskkit::removal::remove_folder;

use super::Cluster;
use crate::{
    environment::Environment,
    run::{Harness, StepHandle},
    wait::gone,
};

/// The class and one volume of it.
pub(super) const MANIFESTS: &str = "infra/local/efs.yaml";
/// As many claims as one cluster can have.
const COUNT: usize = 8;
/// A claim goes when its last pod has gone.
const RELEASED: Duration = Duration::from_mins(1);

/// The folder of all volumes of an environment's cluster, and where its nodes have it.
#[derive(Debug)]
pub(super) struct Volumes {
    pub(super) folder: PathBuf,
    pub(super) on_nodes: String,
    manifests: Vec<Value>,
}

impl Volumes {
    /// Reads what a cluster is told, and makes the folders, empty.
    pub(super) fn prepare(harness: &Harness, environment: Environment) -> Result<Self> {
        let folder = folder(&harness.cache, environment);
        remove_folder(&folder)?;
        let path = harness.run.repo.join(MANIFESTS);
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let (on_nodes, manifests) = numbered(&text).with_context(|| format!("understand {MANIFESTS}"))?;
        for number in 1..=COUNT {
            let volume = folder.join(number.to_string());
            fs::create_dir_all(&volume).with_context(|| format!("make {}", volume.display()))?;
        }
        Ok(Self {
            folder,
            on_nodes,
            manifests,
        })
    }

    /// The class and its volumes, as kubectl reads them.
    pub(super) fn manifests(&self) -> String {
        let documents: Vec<_> = self.manifests.iter().map(Value::to_string).collect();
        documents.join("\n---\n")
    }
}

/// Where the nodes have the volumes, and all objects of `text`, with as many volumes as there are
/// folders.
fn numbered(text: &str) -> Result<(String, Vec<Value>)> {
    let written: Vec<Value> = serde_saphyr::from_multiple(text).context("read it as YAML")?;
    let (volumes, mut objects): (Vec<_>, Vec<_>) = written
        .into_iter()
        .partition(|object| object["kind"] == "PersistentVolume");
    let [volume] = volumes.as_slice() else {
        bail!("it has {} volumes, not one", volumes.len());
    };
    let text = |pointer: &str| volume.pointer(pointer).and_then(Value::as_str);
    let path = text("/spec/local/path").context("the volume names no path of the nodes")?;
    let name = text("/metadata/name").context("the volume has no name")?;
    for number in 1..=COUNT {
        let mut volume = volume.clone();
        volume["metadata"]["name"] = json!(format!("{name}-{number}"));
        volume["spec"]["local"]["path"] = json!(format!("{path}/{number}"));
        objects.push(volume);
    }
    Ok((path.to_owned(), objects))
}

fn folder(cache: &Cache, environment: Environment) -> PathBuf {
    all(cache).join(environment.name())
}

/// Of all clusters.
fn all(cache: &Cache) -> PathBuf {
    cache.e2e().join("volumes")
}

/// Removes the volumes of clusters that are gone, and says whether there were any.
pub(crate) fn remove(cache: &Cache) -> Result<bool> {
    let there = all(cache).exists();
    remove_folder(&all(cache)).map(|()| there)
}

/// What [`remove`] would remove.
pub(crate) fn left(cache: &Cache) -> Option<String> {
    let folder = all(cache);
    folder.exists().then(|| folder.display().to_string())
}

/// What a claim keeps in one file; none if there is no such claim, or no such file.
pub(crate) async fn kept(
    harness: &Harness,
    cluster: &Cluster,
    namespace: &str,
    claim: &str,
    file: &str,
) -> Result<Option<String>> {
    let Some(volume) = volume_of(cluster, namespace, claim).await? else {
        return Ok(None);
    };
    let path = on_this_machine(harness, cluster, &volume)?.join(file);
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        text => text.map(Some).with_context(|| format!("read {}", path.display())),
    }
}

/// Deletes a claim with its data, as a person does when nobody needs them any more, and makes its
/// volume anew for the next claim, as a driver would. Nothing if there is no such claim.
pub(crate) async fn delete(
    harness: &Harness,
    step: &StepHandle,
    cluster: &Cluster,
    namespace: &str,
    claim: &str,
) -> Result<()> {
    let Some(mut volume) = volume_of(cluster, namespace, claim).await? else {
        return Ok(());
    };
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(cluster.client.clone(), namespace);
    let volumes: Api<PersistentVolume> = Api::all(cluster.client.clone());
    let name = volume.name_any();
    let delete = DeleteParams::default();
    claims
        .delete(claim, &delete)
        .await
        .with_context(|| format!("delete the claim {claim}"))?;
    let what = format!("the claim {claim} is gone");
    gone(step, &what, RELEASED, &claims, claim, "a pod still uses it").await?;
    volumes
        .delete(&name, &delete)
        .await
        .with_context(|| format!("delete the volume {name}"))?;
    let what = format!("the volume {name} is gone");
    gone(step, &what, RELEASED, &volumes, &name, "still there").await?;
    let folder = on_this_machine(harness, cluster, &volume)?;
    remove_folder(&folder)?;
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    volume.metadata = k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
        name: Some(name.clone()),
        ..Default::default()
    };
    volume.status = None;
    if let Some(spec) = &mut volume.spec {
        spec.claim_ref = None;
    }
    volumes
        .create(&kube::api::PostParams::default(), &volume)
        .await
        .with_context(|| format!("make the volume {name} anew"))
        .map(drop)
}

/// The volume that a claim is bound to.
async fn volume_of(cluster: &Cluster, namespace: &str, claim: &str) -> Result<Option<PersistentVolume>> {
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(cluster.client.clone(), namespace);
    let found = claims.get_opt(claim).await;
    let found = found.with_context(|| format!("read the claim {claim} on {}", cluster.environment))?;
    let Some(volume) = found.and_then(|claim| claim.spec?.volume_name) else {
        return Ok(None);
    };
    let volumes: Api<PersistentVolume> = Api::all(cluster.client.clone());
    let volume = volumes
        .get(&volume)
        .await
        .with_context(|| format!("read the volume {volume}"))?;
    Ok(Some(volume))
}

/// Where a volume is on this machine.
fn on_this_machine(harness: &Harness, cluster: &Cluster, volume: &PersistentVolume) -> Result<PathBuf> {
    let local = volume.spec.as_ref().and_then(|spec| spec.local.as_ref());
    let local = local.with_context(|| format!("the volume {} is no folder of nodes", volume.name_any()))?;
    let name = Path::new(&local.path)
        .file_name()
        .context("a volume has a folder of its own")?;
    Ok(folder(&harness.cache, cluster.environment).join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_volume_is_made_as_often_as_there_are_folders_and_the_class_once() {
        let path = crate::run::run_dir::repo_root().unwrap().join(MANIFESTS);
        let (on_nodes, objects) = numbered(&fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(objects.len(), COUNT + 1);
        assert_eq!(objects[0]["kind"], "StorageClass");
        for (number, volume) in (1..).zip(&objects[1..]) {
            assert_eq!(volume["metadata"]["name"], format!("efs-{number}"));
            assert_eq!(volume["spec"]["local"]["path"], format!("{on_nodes}/{number}"));
        }
        let error = numbered("kind: StorageClass\n").unwrap_err().to_string();
        assert!(error.contains("0 volumes"), "{error}");
    }

    #[test]
    fn what_claims_kept_is_left_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        assert!(!remove(&cache).unwrap() && left(&cache).is_none());
        fs::create_dir_all(super::folder(&cache, Environment::first()).join("1")).unwrap();
        assert!(left(&cache).is_some());
        assert!(remove(&cache).unwrap() && left(&cache).is_none());
    }
}
