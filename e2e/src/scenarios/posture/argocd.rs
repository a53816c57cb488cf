//! What Argo CD may do to the cluster, and who may tell it to.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::json;

use crate::argocd::NAMESPACE as ARGOCD;
use crate::cluster::{self, Cluster};
use crate::env::Env;
use crate::plan::Step;
use crate::progress::StepHandle;
use crate::scenario::{Scenario, Suite};
use crate::scenarios::workloads::NAMESPACE;
use crate::wait::{Verdict, eventually};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("argocd-rights", "Argo CD may do what it has to", 60),
    suite: Suite::Posture,
    needs: &[],
    failure: None,
    story: |env, step| Box::pin(tell(env, step)),
};

const CONTROLLER: &str = "argocd-application-controller";
const SERVER: &str = "argocd-server";
const HEALED: Duration = Duration::from_secs(15);

async fn tell(env: &Env, step: &StepHandle) -> Result<()> {
    for cluster in [&env.staging, &env.production] {
        rights_end_at_the_namespace(cluster, step).await?;
        the_api_server_refuses_the_rest(cluster, step).await?;
        nobody_signs_in(env, cluster, step).await?;
    }
    it_still_heals(&env.staging, step).await
}

fn account(name: &str) -> String {
    format!("system:serviceaccount:{ARGOCD}:{name}")
}

/// Who, may or may not, what, to which kind, of which group, where; an empty namespace means the whole cluster.
#[rustfmt::skip]
const QUESTIONS: &[(&str, bool, &str, &str, &str, &str)] = &[
    (CONTROLLER, true, "patch", "deployments", "apps", NAMESPACE),
    (CONTROLLER, true, "create", "jobs", "batch", NAMESPACE),
    (CONTROLLER, true, "delete", "jobs", "batch", NAMESPACE),
    (CONTROLLER, true, "patch", "networkpolicies", "networking.k8s.io", NAMESPACE),
    (CONTROLLER, true, "patch", "applications", "argoproj.io", ARGOCD),
    (CONTROLLER, true, "watch", "namespaces", "", ""),
    (CONTROLLER, false, "patch", "deployments", "apps", "default"),
    (CONTROLLER, false, "patch", "deployments", "apps", ARGOCD),
    (CONTROLLER, false, "create", "jobs", "batch", "kube-system"),
    (CONTROLLER, false, "create", "pods", "", NAMESPACE),
    (CONTROLLER, false, "get", "secrets", "", NAMESPACE),
    (CONTROLLER, false, "get", "secrets", "", "kube-system"),
    (CONTROLLER, false, "create", "namespaces", "", ""),
    (CONTROLLER, false, "delete", "namespaces", "", ""),
    (CONTROLLER, false, "patch", "nodes", "", ""),
    (CONTROLLER, false, "create", "clusterroles", "rbac.authorization.k8s.io", ""),
    (CONTROLLER, false, "create", "rolebindings", "rbac.authorization.k8s.io", NAMESPACE),
    (CONTROLLER, false, "create", "customresourcedefinitions", "apiextensions.k8s.io", ""),
    (CONTROLLER, false, "impersonate", "users", "", ""),
    (SERVER, true, "patch", "applications", "argoproj.io", ARGOCD),
    (SERVER, true, "get", "pods", "", NAMESPACE),
    (SERVER, false, "patch", "deployments", "apps", NAMESPACE),
    (SERVER, false, "delete", "pods", "", NAMESPACE),
    (SERVER, false, "create", "pods/exec", "", NAMESPACE),
    (SERVER, false, "get", "secrets", "", "kube-system"),
    ("argocd-repo-server", false, "get", "secrets", "", ARGOCD),
    ("argocd-repo-server", false, "get", "applications", "argoproj.io", ARGOCD),
    ("argocd-redis", false, "list", "secrets", "", ARGOCD),
];

async fn rights_end_at_the_namespace(cluster: &Cluster, step: &StepHandle) -> Result<()> {
    step.doing("ask who may do what");
    let reviews: Api<SubjectAccessReview> = Api::all(cluster.client.clone());
    for (who, may, verb, resource, group, namespace) in QUESTIONS {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let review = json!({ "spec": {
            "user": account(who),
            "groups": ["system:serviceaccounts", format!("system:serviceaccounts:{ARGOCD}"), "system:authenticated"],
            "resourceAttributes": {
                "verb": verb, "group": group, "resource": resource, "subresource": subresource, "namespace": namespace,
            },
        } });
        let review = serde_json::from_value(review).context("describe a question")?;
        let answer = reviews
            .create(&PostParams::default(), &review)
            .await
            .context("ask who may do what")?;
        let allowed = answer.status.is_some_and(|status| status.allowed);
        ensure!(
            allowed == *may,
            "{}: {who} may {}{verb} {resource} in “{namespace}”",
            cluster.environment,
            if allowed { "" } else { "not " }
        );
    }
    let faults = excess(cluster).await?;
    ensure!(faults.is_empty(), "{}: {faults:#?}", cluster.environment);
    step.evidence(format!(
        "{}: {} questions about rights are answered as they should be, and no role of an account in {ARGOCD} goes further",
        cluster.environment,
        QUESTIONS.len()
    ));
    Ok(())
}

/// Rights of any account in Argo CD's namespace that are too many, by whatever role it has them.
async fn excess(cluster: &Cluster) -> Result<BTreeSet<String>> {
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

/// The same by the deed: with the controller's own rights.
async fn the_api_server_refuses_the_rest(cluster: &Cluster, step: &StepHandle) -> Result<()> {
    step.doing("try it as the controller");
    let controller = cluster.seen_by(&account(CONTROLLER)).await?;
    let trial = PatchParams {
        dry_run: true,
        ..PatchParams::default()
    };
    let label = Patch::Merge(json!({ "metadata": { "labels": { "trial": "yes" } } }));
    Api::<Deployment>::namespaced(controller.clone(), NAMESPACE)
        .patch("backend", &trial, &label)
        .await
        .context("the controller cannot change the backend")?;
    Api::<Namespace>::all(controller.clone())
        .patch(NAMESPACE, &trial, &label)
        .await
        .context("the controller cannot label its namespace")?;
    let refused = [
        (
            "change CoreDNS",
            Api::<Deployment>::namespaced(controller.clone(), "kube-system")
                .patch("coredns", &trial, &label)
                .await
                .err(),
        ),
        (
            "label another namespace",
            Api::<Namespace>::all(controller.clone())
                .patch("kube-system", &trial, &label)
                .await
                .err(),
        ),
        (
            "read secrets elsewhere",
            Api::<Secret>::namespaced(controller.clone(), "kube-system")
                .list(&ListParams::default())
                .await
                .err(),
        ),
        (
            "delete its namespace",
            Api::<Namespace>::all(controller)
                .delete(
                    NAMESPACE,
                    &DeleteParams {
                        dry_run: true,
                        ..DeleteParams::default()
                    },
                )
                .await
                .err(),
        ),
    ];
    for (what, error) in refused {
        let error = error.with_context(|| format!("the controller may {what}"))?;
        let forbidden = matches!(&error, kube::Error::Api(status) if status.code == 403);
        ensure!(
            forbidden,
            "the controller's trial to {what} fails for another reason: {error}"
        );
        step.evidence(format!("{}: the controller may not {what}", cluster.environment));
    }
    Ok(())
}

/// `$1` is Argo CD's address. Prints the code of each answer.
const SIGN_IN: &str = r#"
ask() { curl --silent --noproxy '*' --max-time 5 --output /dev/null --write-out '%{http_code} ' "$@"; }
ask "$1/healthz"
ask "$1/api/v1/applications"
ask "$1/api/v1/session" --json '{"username":"admin","password":"admin"}'
ask "$1/api/v1/applications" --header 'Authorization: Bearer x'
"#;

async fn nobody_signs_in(env: &Env, cluster: &Cluster, step: &StepHandle) -> Result<()> {
    step.doing("try to sign in");
    let secrets: Api<Secret> = Api::namespaced(cluster.client.clone(), ARGOCD);
    let printed = secrets
        .get_opt("argocd-initial-admin-secret")
        .await
        .context("look for the first password")?;
    ensure!(
        printed.is_none(),
        "the administrator has a password that can be read"
    );
    let kept = secrets
        .get("argocd-secret")
        .await
        .context("read Argo CD's secrets")?;
    let kept = kept.data.unwrap_or_default();
    ensure!(
        !kept.contains_key("admin.password"),
        "the administrator has a password"
    );
    let settings: Api<ConfigMap> = Api::namespaced(cluster.client.clone(), ARGOCD);
    let settings = settings
        .get("argocd-cm")
        .await
        .context("read Argo CD's settings")?;
    let settings = settings.data.unwrap_or_default();
    for off in ["admin.enabled", "users.anonymous.enabled", "exec.enabled"] {
        let value = settings.get(off).map(String::as_str);
        ensure!(value == Some("false"), "{off} is {value:?}");
    }
    let node = cluster.environment.control_plane();
    let url = cluster::argocd_url_for_forge(cluster.environment);
    let answers = cluster.on_node(&env.ground, &node, SIGN_IN, &[&url]).await?;
    let answers: Vec<&str> = answers.split_whitespace().collect();
    let [healthy, anonymous, administrator, forged] = answers[..] else {
        anyhow::bail!("{answers:?} are not four answers");
    };
    ensure!(healthy == "200", "Argo CD answers {healthy}, so nothing is shown");
    for (who, answer) in [
        ("nobody", anonymous),
        ("the administrator", administrator),
        ("a forged token", forged),
    ] {
        ensure!(["401", "403"].contains(&answer), "{who} is answered {answer}");
    }
    step.evidence(format!(
        "{}: without a token {anonymous}, as administrator {administrator}, with a forged token {forged}",
        cluster.environment
    ));
    Ok(())
}

/// What it must be able to do, it still can.
async fn it_still_heals(cluster: &Cluster, step: &StepHandle) -> Result<()> {
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let other = Patch::Merge(json!({ "automountServiceAccountToken": true }));
    accounts
        .patch("frontend", &PatchParams::default(), &other)
        .await
        .context("change an account by hand")?;
    eventually(step, "the account put back", HEALED, async || {
        let account = accounts.get("frontend").await?;
        Ok(if account.automount_service_account_token == Some(false) {
            Verdict::Ready(())
        } else {
            Verdict::Pending("still as it was changed".to_owned())
        })
    })
    .await?;
    step.evidence("a change by hand of an account is put back".to_owned());
    Ok(())
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
