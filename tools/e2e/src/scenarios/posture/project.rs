//! The `AppProject` limits whoever may merge or create Applications: other repositories, namespaces
//! and kinds are rejected.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use kube::core::DynamicObject;
use serde_json::json;
use xshell::Shell;

use crate::environment::NAMESPACE;
use crate::git::short;
use crate::gitops::{self, Status};
use crate::platform::argocd::{self, PROJECT};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::undo::Undo;
use crate::wait::Verdict;

const FOREIGN: &str = "https://example.com/somebody/else.git";
const ELSEWHERE: &str = "kube-system";
const SEEN: Duration = Duration::from_secs(30);

/// An Application, and what it asks for.
struct Case {
    name: &'static str,
    project: &'static str,
    /// Another repository than the one that is allowed.
    foreign: bool,
    namespace: &'static str,
    manifest: &'static str,
    /// What Argo CD must say; nothing where it is allowed.
    refused: Option<&'static str>,
}

const ACCOUNT: &str = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: scenario-allowed\n";

/// The last one shows that the others fail for what they say, and not for anything they share.
const CASES: [Case; 9] = [
    Case {
        name: "scenario-foreign-repository",
        project: PROJECT,
        foreign: true,
        namespace: NAMESPACE,
        manifest: ACCOUNT,
        refused: Some("is not permitted in project"),
    },
    Case {
        name: "scenario-foreign-namespace",
        project: PROJECT,
        foreign: false,
        namespace: ELSEWHERE,
        manifest: ACCOUNT,
        refused: Some("do not match any of the allowed destinations in project"),
    },
    Case {
        name: "scenario-namespace-in-manifest",
        project: PROJECT,
        foreign: false,
        namespace: NAMESPACE,
        manifest: "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: scenario-refused\n  namespace: kube-system\n",
        // Argo CD does not even look there.
        refused: Some("is not managed"),
    },
    Case {
        name: "scenario-cluster-kind",
        project: PROJECT,
        foreign: false,
        namespace: NAMESPACE,
        manifest: "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: scenario-refused\n",
        refused: Some("Namespace is not permitted in project"),
    },
    Case {
        name: "scenario-kind",
        project: PROJECT,
        foreign: false,
        namespace: NAMESPACE,
        manifest: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: scenario-refused\nspec:\n  containers: []\n",
        refused: Some("Pod is not permitted in project"),
    },
    // Not even looked at: infra/argocd does not name the kind.
    Case {
        name: "scenario-unwatched-kind",
        project: PROJECT,
        foreign: false,
        namespace: NAMESPACE,
        manifest: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: scenario-refused\nrules: []\n",
        refused: Some("is excluded in the settings"),
    },
    // In that namespace the root Application may create Applications, but nothing of this kind.
    Case {
        name: "scenario-root",
        project: "root",
        foreign: false,
        namespace: argocd::NAMESPACE,
        manifest: ACCOUNT,
        refused: Some("ServiceAccount is not permitted in project"),
    },
    // The same as the last one, but for the project.
    Case {
        name: "scenario-default",
        project: "default",
        foreign: false,
        namespace: NAMESPACE,
        manifest: ACCOUNT,
        refused: Some("in project 'default'"),
    },
    Case {
        name: "scenario-allowed",
        project: PROJECT,
        foreign: false,
        namespace: NAMESPACE,
        manifest: ACCOUNT,
        refused: None,
    },
];

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("project", "the AppProject rejects all else", 120),
    suite: Suite::Posture,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let undo = undo(testbed)?;
    let outcome = only_what_the_project_allows_is_synced(testbed, step).await;
    // Even if it fails: an Application that cannot sync is not at rest.
    let cleaned = clean(testbed).await;
    outcome.and(cleaned)?;
    undo.done();
    Ok(())
}

/// [`clean`] for whom there is no time to wait.
fn undo(testbed: &Testbed) -> Result<Undo> {
    let shell = Shell::new().context("open a shell")?;
    let names = CASES.iter().map(|case| case.name);
    let delete = |kind: &str, namespace: &str| {
        let delete = [
            "delete",
            kind,
            "--namespace",
            namespace,
            "--ignore-not-found",
            "--wait=false",
        ];
        testbed
            .first()
            .kubectl(&testbed.harness, &shell, &delete)
            .args(names.clone())
    };
    Ok(Undo::by([
        delete("applications.argoproj.io", argocd::NAMESPACE),
        delete("serviceaccounts", NAMESPACE),
    ]))
}

async fn only_what_the_project_allows_is_synced(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (branch, commit) = push(testbed).await?;
    for case in &CASES {
        create(testbed, case, &branch).await?;
    }
    for case in &CASES {
        judge(testbed, step, case, &commit).await?;
    }
    Ok(())
}

/// A folder for each case, on a branch that nothing else reads.
async fn push(testbed: &Testbed) -> Result<(String, String)> {
    let checkout = testbed.manifests();
    let head = checkout.catch_up().await?;
    let edit = |folder: &std::path::Path| {
        for case in &CASES {
            let folder = folder.join("scenarios").join(case.name);
            fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
            fs::write(folder.join("object.yaml"), case.manifest).context("write a manifest")?;
        }
        Ok(())
    };
    let commit = checkout.commit_edit("Ask for what is refused", edit).await?;
    let branch = format!("scenarios/{}-{}", short(&head), short(&commit));
    checkout.push(&branch).await?;
    checkout.catch_up().await?;
    Ok((branch, commit))
}

fn applications(testbed: &Testbed) -> Api<DynamicObject> {
    argocd::objects(testbed.first(), "Application")
}

async fn create(testbed: &Testbed, case: &Case, branch: &str) -> Result<()> {
    let own = testbed
        .world
        .layout
        .manifests()
        .remote(&testbed.world.forge.cluster_url);
    let application = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": { "name": case.name },
        "spec": {
            "project": case.project,
            "source": {
                "repoURL": if case.foreign { FOREIGN } else { own.as_str() },
                "targetRevision": branch,
                "path": format!("scenarios/{}", case.name),
            },
            "destination": { "server": "https://kubernetes.default.svc", "namespace": case.namespace },
            "syncPolicy": { "automated": {}, "retry": { "backoff": { "duration": "5s" } } },
        },
    });
    let application = serde_json::from_value(application).context("write an Application")?;
    applications(testbed)
        .create(&PostParams::default(), &application)
        .await
        .with_context(|| format!("make the Application {}", case.name))?;
    Ok(())
}

async fn judge(testbed: &Testbed, step: &StepHandle, case: &Case, commit: &str) -> Result<()> {
    let staging = testbed.first();
    let Some(refused) = case.refused else {
        let synced = |status: &Status| status.ready_if(status.has_synced(commit));
        gitops::app(step, staging, case.name)
            .until("is synced", SEEN, synced)
            .await?;
        let accounts: Api<ServiceAccount> = Api::namespaced(staging.client.clone(), NAMESPACE);
        let there = accounts.get_opt(case.name).await?.is_some();
        ensure!(there, "{} was synced and is not there", case.name);
        return Ok(());
    };
    let said = |status: &Status| match status.words() {
        words if words.contains(refused) => Verdict::Ready(words),
        words => Verdict::Pending(words),
    };
    let what = format!("says {refused:?}");
    let words = gitops::app(step, staging, case.name)
        .until(&what, SEEN, said)
        .await?;
    step.evidence(format!("{}: {words}", case.name));
    Ok(())
}

async fn clean(testbed: &Testbed) -> Result<()> {
    let applications = applications(testbed);
    for case in &CASES {
        if applications.get_opt(case.name).await?.is_some() {
            applications.delete(case.name, &DeleteParams::default()).await?;
        }
    }
    let accounts: Api<ServiceAccount> = Api::namespaced(testbed.first().client.clone(), NAMESPACE);
    if accounts.get_opt("scenario-allowed").await?.is_some() {
        accounts
            .delete("scenario-allowed", &DeleteParams::default())
            .await?;
    }
    Ok(())
}
