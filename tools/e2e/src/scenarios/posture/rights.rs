//! The permissions of Argo CD's service accounts in a cluster, through any role, and which of them
//! are too many.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};
use kube::Api;
use kube::api::ListParams;

use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::platform::argocd::NAMESPACE as ARGOCD;

/// Rights of any account in Argo CD's namespace that are too many, by whatever role it has them.
pub(super) async fn excess(cluster: &Cluster) -> Result<BTreeSet<String>> {
    let all = ListParams::default();
    let mut faults = BTreeSet::new();
    let bindings: Api<ClusterRoleBinding> = Api::all(cluster.client.clone());
    for binding in bindings.list(&all).await.context("list cluster role bindings")? {
        if !binding.subjects.iter().flatten().any(is_argocd) {
            continue;
        }
        for rule in rules(cluster, &binding.role_ref, "").await? {
            faults.extend(fault(&rule, None).map(|fault| format!("{}: {fault}", binding.role_ref.name)));
        }
    }
    let bindings: Api<RoleBinding> = Api::all(cluster.client.clone());
    let mut seen = 0;
    for binding in bindings.list(&all).await.context("list role bindings")? {
        let namespace = binding.metadata.namespace.clone().unwrap_or_default();
        let ours = |subject: &Subject| {
            is_argocd(subject) || (namespace == ARGOCD && subject.kind == "ServiceAccount")
        };
        if !binding.subjects.iter().flatten().any(ours) {
            continue;
        }
        seen += 1;
        for rule in rules(cluster, &binding.role_ref, &namespace).await? {
            let fault = fault(&rule, Some(&namespace));
            faults.extend(fault.map(|fault| format!("{namespace}/{}: {fault}", binding.role_ref.name)));
        }
    }
    ensure!(seen > 2, "only {seen} bindings of Argo CD were found");
    Ok(faults)
}

fn is_argocd(subject: &Subject) -> bool {
    match subject.kind.as_str() {
        "ServiceAccount" => subject.namespace.as_deref() == Some(ARGOCD),
        "Group" => subject.name == format!("system:serviceaccounts:{ARGOCD}"),
        _ => false,
    }
}

async fn rules(cluster: &Cluster, role: &RoleRef, namespace: &str) -> Result<Vec<PolicyRule>> {
    let client = cluster.client.clone();
    let name = &role.name;
    let rules = if role.kind == "ClusterRole" {
        Api::<ClusterRole>::all(client)
            .get(name)
            .await
            .map(|role| role.rules)
    } else {
        let role = Api::<Role>::namespaced(client, namespace).get(name).await;
        role.map(|role| role.rules)
    };
    Ok(rules
        .with_context(|| format!("read the role {name}"))?
        .unwrap_or_default())
}

/// What is too much about a rule that holds in `namespace`, or in the whole cluster.
fn fault(rule: &PolicyRule, namespace: Option<&str>) -> Option<String> {
    let resources: Vec<&str> = rule.resources.iter().flatten().map(String::as_str).collect();
    let groups = rule.api_groups.iter().flatten().map(String::as_str);
    let verbs: Vec<&str> = rule.verbs.iter().map(String::as_str).collect();
    let everything = resources
        .iter()
        .chain(&verbs)
        .copied()
        .chain(groups)
        .any(|word| word == "*");
    let writes = verbs.iter().any(|verb| !["get", "list", "watch"].contains(verb));
    let place = match namespace {
        _ if everything => "everything",
        Some(ARGOCD | NAMESPACE) => return None,
        Some(_) => "in another namespace",
        None if rule.non_resource_urls.iter().flatten().next().is_some() => "addresses of the API server",
        None if resources != ["namespaces"] => "in every namespace",
        None if writes && rule.resource_names.as_deref() != Some(&[NAMESPACE.to_owned()]) => {
            "every namespace"
        }
        None => return None,
    };
    Some(format!("{} {} {place}", verbs.join(", "), resources.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(verbs: &[&str], resources: &[&str], names: &[&str]) -> PolicyRule {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        PolicyRule {
            api_groups: Some(owned(&[""])),
            resources: Some(owned(resources)),
            resource_names: (!names.is_empty()).then(|| owned(names)),
            verbs: owned(verbs),
            ..PolicyRule::default()
        }
    }

    #[test]
    fn in_its_namespaces_an_account_may_have_any_right_that_is_named() {
        let write = rule(&["create"], &["services"], &[]);
        assert_eq!(fault(&write, Some(NAMESPACE)), None);
        assert!(fault(&write, Some("default")).is_some());
        assert!(fault(&rule(&["*"], &["services"], &[]), Some(NAMESPACE)).is_some());
        assert!(fault(&rule(&["get"], &["*"], &[]), Some(ARGOCD)).is_some());
    }

    #[test]
    fn in_the_whole_cluster_it_may_see_namespaces_and_change_one() {
        assert_eq!(fault(&rule(&["list"], &["namespaces"], &[]), None), None);
        assert_eq!(
            fault(&rule(&["patch"], &["namespaces"], &[NAMESPACE]), None),
            None
        );
        assert!(fault(&rule(&["patch"], &["namespaces"], &[]), None).is_some());
        assert!(fault(&rule(&["get"], &["secrets"], &[]), None).is_some());
        let addresses = PolicyRule {
            non_resource_urls: Some(vec!["/metrics".to_owned()]),
            verbs: vec!["get".to_owned()],
            ..PolicyRule::default()
        };
        assert!(fault(&addresses, None).is_some());
    }
}
