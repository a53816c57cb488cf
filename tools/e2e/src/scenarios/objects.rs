//! Everything that Git has put into a cluster, without what the cluster adds, to be compared object
//! by object.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use kube::api::ListParams;
use kube::core::DynamicObject;
use kube::discovery::{Discovery, Scope, verbs};
use kube::{Api, Client, ResourceExt as _};
use serde_json::Value;

use crate::environment::NAMESPACE;
use crate::platform::argocd;

/// What controllers make by themselves, without naming an owner.
const MADE_THERE: &[&str] = &["Endpoints", "Event", "Lease", "PodMetrics"];
const OF_EVERY_NAMESPACE: &[&str] = &["ConfigMap kube-root-ca.crt", "ServiceAccount default"];

/// Chosen anew in each cluster, or a note about its past.
const OWN: &[&str] = &[
    "/status",
    "/metadata/creationTimestamp",
    "/metadata/generation",
    "/metadata/managedFields",
    "/metadata/resourceVersion",
    "/metadata/uid",
    "/metadata/annotations/deployment.kubernetes.io~1revision",
    "/metadata/annotations/argocd.argoproj.io~1refresh",
    "/metadata/labels/batch.kubernetes.io~1controller-uid",
    "/metadata/labels/controller-uid",
    "/spec/clusterIP",
    "/spec/clusterIPs",
    "/spec/selector/matchLabels/batch.kubernetes.io~1controller-uid",
    "/spec/template/metadata/labels/batch.kubernetes.io~1controller-uid",
    "/spec/template/metadata/labels/controller-uid",
    "/operation",
];

/// Objects by kind and name.
pub(crate) type Objects = BTreeMap<String, Value>;

/// All objects of the message board's namespace, and Argo CD's Applications and project.
pub(crate) async fn all(client: &Client) -> Result<Objects> {
    let discovery = Discovery::new(client.clone()).run().await;
    let discovery = discovery.context("ask for the kinds of objects")?;
    let mut objects = Objects::new();
    for group in discovery.groups() {
        for (resource, capabilities) in group.recommended_resources() {
            let listed =
                capabilities.scope == Scope::Namespaced && capabilities.supports_operation(verbs::LIST);
            if !listed || MADE_THERE.contains(&resource.kind.as_str()) {
                continue;
            }
            let namespace = if resource.group == argocd::GROUP {
                argocd::NAMESPACE
            } else {
                NAMESPACE
            };
            let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
            let listed = api.list(&ListParams::default()).await;
            for object in listed.with_context(|| format!("list each {}", resource.kind))? {
                let name = format!("{} {}", resource.kind, object.name_any());
                if object.owner_references().is_empty() && !OF_EVERY_NAMESPACE.contains(&name.as_str()) {
                    objects.insert(name, essence(serde_json::to_value(&object)?));
                }
            }
        }
    }
    Ok(objects)
}

/// An error that names each object that is missing, new or another one.
pub(crate) fn same(before: &Objects, after: &Objects) -> Result<()> {
    let mut faults = Vec::new();
    for (name, was) in before {
        match after.get(name) {
            None => faults.push(format!("{name} is missing")),
            Some(is) if is != was => faults.push(format!("{name} was {was}, is {is}")),
            Some(_) => {}
        }
    }
    let new = after.keys().filter(|name| !before.contains_key(*name));
    faults.extend(new.map(|name| format!("{name} is new")));
    ensure!(faults.is_empty(), "{}", faults.join("; "));
    Ok(())
}

fn essence(mut object: Value) -> Value {
    for pointer in OWN {
        let Some((parent, key)) = pointer.rsplit_once('/') else {
            continue;
        };
        let parent = object.pointer_mut(parent).and_then(Value::as_object_mut);
        if let Some(parent) = parent {
            parent.remove(&key.replace("~1", "/"));
        }
    }
    // Labels and annotations that were all of this kind.
    for empty in ["labels", "annotations"] {
        let metadata = object.pointer_mut("/metadata").and_then(Value::as_object_mut);
        if let Some(metadata) = metadata
            && metadata
                .get(empty)
                .is_some_and(|map| map.as_object().is_some_and(serde_json::Map::is_empty))
        {
            metadata.remove(empty);
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_cluster_chooses_does_not_count_and_what_git_says_does() {
        let service = |uid: &str, ip: &str, port: u16| {
            essence(json!({
                "kind": "Service",
                "metadata": { "name": "backend", "uid": uid, "annotations": { "argocd.argoproj.io/refresh": "normal" } },
                "spec": { "clusterIP": ip, "clusterIPs": [ip], "ports": [{ "port": port }] },
                "status": {},
            }))
        };
        let of = |service: Value| Objects::from([("Service backend".to_owned(), service)]);
        let one = of(service("1", "10.0.0.1", 80));
        assert!(same(&one, &of(service("2", "10.0.0.2", 80))).is_ok());
        let other = same(&one, &of(service("1", "10.0.0.1", 81))).unwrap_err();
        assert!(other.to_string().contains("Service backend was"), "{other}");
        assert_eq!(
            same(&one, &Objects::new()).unwrap_err().to_string(),
            "Service backend is missing"
        );
        assert_eq!(
            same(&Objects::new(), &one).unwrap_err().to_string(),
            "Service backend is new"
        );
    }
}
