//! What Argo CD does with an object, and what it may do at all.

use std::collections::BTreeSet;

use super::{Risk, risk};
use crate::diff::change::{Change, short, text};

const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
const HOOK: &str = "argocd.argoproj.io/hook";

pub(super) fn deleted(change: &Change<'_>, risks: &mut Vec<Risk>) {
    if change.is_deleted() {
        let why = match change.kind() {
            "Namespace" | "CustomResourceDefinition" => "everything in it goes with it",
            "Application" => "with the usual finalizer, everything it made goes with it",
            "AppProject" => "its Applications are refused from then on",
            "PersistentVolumeClaim" | "PersistentVolume" => "its data may go with it",
            "NetworkPolicy" => "what it denied is open, what it allowed may be closed",
            "PodDisruptionBudget" => "a drain may take all pods at once",
            "Service" | "Ingress" | "HTTPRoute" => "who sends there gets no answer",
            "ServiceAccount" => "pods with this account do not start",
            _ => "Argo CD removes it from the cluster",
        };
        risks.push(risk("is deleted", why));
    }
}

/// Guards against deletion that go, and the ways of applying that delete.
pub(super) fn pruning(change: &Change<'_>, risks: &mut Vec<Risk>) {
    if !change.stays() {
        return;
    }
    let options = change.annotation(SYNC_OPTIONS);
    let set = |value| -> BTreeSet<String> {
        short(value)
            .split(',')
            .map(|option| option.trim().to_owned())
            .collect()
    };
    let (old, new) = (set(options.old), set(options.new));
    for lost in old.difference(&new) {
        let key = lost.split('=').next().unwrap_or_default();
        let is_guard = matches!(
            lost.as_str(),
            "Prune=false" | "Prune=confirm" | "Delete=false" | "Delete=confirm"
        );
        let still_guards = ["false", "confirm"]
            .iter()
            .any(|value| new.contains(&format!("{key}={value}")));
        if is_guard && !still_guards {
            risks.push(risk(
                format!("loses the sync option `{lost}`"),
                "Argo CD may delete it without asking",
            ));
        }
    }
    for gained in new.difference(&old) {
        if matches!(gained.as_str(), "Replace=true" | "Force=true") {
            risks.push(risk(
                format!("gets the sync option `{gained}`"),
                "each change deletes it and makes it anew",
            ));
        }
    }
}

pub(super) fn application(change: &Change<'_>, risks: &mut Vec<Risk>) {
    if change.kind() != "Application" || change.is_deleted() {
        return;
    }
    if !change.stays() {
        risks.push(risk("is new", "another folder reaches the cluster"));
        return;
    }
    for (pointer, why) in [
        ("/spec/project", "other rules hold for what it may do"),
        ("/spec/source/repoURL", "other people may push what it applies"),
        ("/spec/source/targetRevision", "it follows other commits"),
        (
            "/spec/source/path",
            "it applies another folder and prunes what is not in it",
        ),
        ("/spec/destination", "it makes everything again elsewhere"),
    ] {
        let part = change.part(pointer);
        if part.differs() {
            let what = format!("has another {}: `{}`", last(pointer), short(part.new));
            risks.push(risk(what, why));
        }
    }
    let automated = change.part("/spec/syncPolicy/automated");
    if automated.is_lost() {
        risks.push(risk(
            "is no longer synced by itself",
            "commits no longer reach the cluster",
        ));
        return;
    }
    for (field, value, why) in [
        ("/prune", true, "what is not in Git is deleted"),
        (
            "/allowEmpty",
            true,
            "a folder that renders nothing deletes everything",
        ),
        ("/selfHeal", false, "changes made by hand stay"),
    ] {
        let part = automated.part(field);
        let is = |side: &serde_json::Value| side.as_bool().unwrap_or(false) == value;
        if !is(part.old) && is(part.new) {
            risks.push(risk(format!("sets {} to {value}", last(field)), why));
        }
    }
}

/// A project that allows more. One that is new allows all it says.
pub(super) fn project(change: &Change<'_>, risks: &mut Vec<Risk>) {
    if change.kind() != "AppProject" || change.is_deleted() {
        return;
    }
    let spec = change.part("/spec");
    for (list, why) in [
        ("/sourceRepos", "who may push there may change the cluster"),
        ("/destinations", "Applications may write there"),
        ("/sourceNamespaces", "Applications may be made there"),
        (
            "/clusterResourceWhitelist",
            "a pushed manifest may be of this kind, for the whole cluster",
        ),
        (
            "/namespaceResourceWhitelist",
            "a pushed manifest may be of this kind",
        ),
        ("/roles", "somebody may act on the Applications"),
    ] {
        for added in spec.added(list) {
            let what = format!("adds `{}` to {}", short(added), last(list));
            risks.push(risk(what, why));
        }
    }
    for (list, why) in [
        (
            "/clusterResourceBlacklist",
            "a pushed manifest may be of this kind, for the whole cluster",
        ),
        (
            "/namespaceResourceBlacklist",
            "a pushed manifest may be of this kind",
        ),
        ("/signatureKeys", "commits signed by nobody are taken"),
        ("/syncWindows", "syncs happen at times when they did not"),
    ] {
        for removed in spec.removed(list) {
            let what = format!("removes `{}` from {}", short(removed), last(list));
            risks.push(risk(what, why));
        }
    }
}

/// A hook that becomes an ordinary object no longer runs at its time.
pub(super) fn hook(change: &Change<'_>, risks: &mut Vec<Risk>) {
    let hook = change.annotation(HOOK);
    if change.stays() && !hook.old.is_null() && hook.differs() {
        risks.push(risk(
            format!("is no longer the hook `{}`", text(hook.old, "")),
            "what it did before or after a sync is not done",
        ));
    }
}

fn last(pointer: &str) -> &str {
    pointer.rsplit('/').next().unwrap_or_default()
}
