//! What Argo CD may do to the cluster, and who may control it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret, ServiceAccount};
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::json;
use xshell::Shell;

use super::rights::excess;
use crate::cluster::{self, Cluster};
use crate::environment::NAMESPACE;
use crate::platform::argocd::{NAMESPACE as ARGOCD, readers};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::undo::Undo;
use crate::wait::{Verdict, eventually};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("argocd-rights", "Argo CD has only the rights it needs", 60),
    suite: Suite::Posture,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

const CONTROLLER: &str = "argocd-application-controller";
const SERVER: &str = "argocd-server";
/// What lets a person in, where one is to look around.
const READERS: &str = "infra/local/readers.yaml";
const HEALED: Duration = Duration::from_secs(15);

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    for cluster in &testbed.clusters {
        rights_end_at_the_namespace(cluster, step).await?;
        the_api_server_refuses_the_rest(cluster, step).await?;
        nobody_signs_in(testbed, cluster, step).await?;
    }
    it_still_heals(testbed.first(), step).await
}

fn account(name: &str) -> String {
    format!("system:serviceaccount:{ARGOCD}:{name}")
}

/// Who, may or may not, what, to which kind, of which group, where; an empty namespace means the
/// whole cluster.
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

/// What would switch off a guard of its namespace: by which label, and by which value of it.
#[rustfmt::skip]
const GUARDS_OFF: &[(&str, &str, &str)] = &[
    ("loosen pod security", "pod-security.kubernetes.io/enforce", "baseline"),
    ("go back to an old pod security", "pod-security.kubernetes.io/enforce-version", "v1.21"),
    ("let in unsigned images", "policy.sigstore.dev/include", "false"),
    ("hide from the admission controller", "webhooks.knative.dev/exclude", "true"),
];

/// The same by the deed: with the controller's own rights.
async fn the_api_server_refuses_the_rest(cluster: &Cluster, step: &StepHandle) -> Result<()> {
    step.doing("try it as the controller");
    let controller = cluster.seen_by(&account(CONTROLLER)).await?;
    let trial = PatchParams::default().dry_run();
    let label = Patch::Merge(json!({ "metadata": { "labels": { "trial": "yes" } } }));
    Api::<Deployment>::namespaced(controller.clone(), NAMESPACE)
        .patch("backend", &trial, &label)
        .await
        .context("the controller cannot change the backend")?;
    let namespaces: Api<Namespace> = Api::all(controller.clone());
    namespaces
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
            namespaces.patch("kube-system", &trial, &label).await.err(),
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
            namespaces
                .delete(NAMESPACE, &DeleteParams::default().dry_run())
                .await
                .err(),
        ),
    ];
    for (what, error) in refused {
        forbidden(cluster, step, what, error)?;
    }
    // What a push to Git brings, it brings as this account.
    for &(what, label, value) in GUARDS_OFF {
        let off = Patch::Merge(json!({ "metadata": { "labels": { label: value } } }));
        let refused = namespaces.patch(NAMESPACE, &trial, &off).await;
        forbidden(cluster, step, what, refused.err())?;
    }
    Ok(())
}

/// An error unless the trial ended with a refusal.
fn forbidden(cluster: &Cluster, step: &StepHandle, what: &str, error: Option<kube::Error>) -> Result<()> {
    let error = error.with_context(|| format!("the controller may {what}"))?;
    let forbidden = matches!(&error, kube::Error::Api(status) if status.code == 403);
    ensure!(
        forbidden,
        "the controller's trial to {what} fails for another reason: {error}"
    );
    step.evidence(format!("{}: the controller may not {what}", cluster.environment));
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

/// As on AWS, also while a person is let in to look at what `up` left.
async fn nobody_signs_in(testbed: &Testbed, cluster: &Cluster, step: &StepHandle) -> Result<()> {
    if !testbed.world.readers {
        return nobody_is_let_in(testbed, cluster, step).await;
    }
    let shell = Shell::new().context("open a shell")?;
    let file = testbed.harness.run.repo.join(READERS).display().to_string();
    let admit = [
        "--namespace",
        ARGOCD,
        "apply",
        "--server-side",
        "--force-conflicts",
    ];
    let admit = cluster.kubectl(&testbed.harness, &shell, &admit);
    let undo = Undo::by([admit.args(["--filename", &file])]);
    readers::turn_away(cluster).await?;
    let refused = nobody_is_let_in(testbed, cluster, step).await;
    readers::admit(&testbed.harness, cluster).await?;
    undo.done();
    refused
}

async fn nobody_is_let_in(testbed: &Testbed, cluster: &Cluster, step: &StepHandle) -> Result<()> {
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
    let answers = cluster.on_node(&testbed.harness, &node, SIGN_IN, &[&url]).await?;
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
