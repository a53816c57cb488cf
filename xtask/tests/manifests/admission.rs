//! The controller that lets images in: what it is asked about, what happens where it does not
//! answer, and whose images it knows.

use serde_json::{Value, json};

use crate::object::{Object, find};
use crate::render::{ALL, ROOT, file, minor_of_kubernetes, overlay, parse};
use crate::{PROJECT, app_names, environments, namespace};

const FOLDERS: [&str; 2] = ["infra/admission", "infra/local/admission"];
/// Both configurations of this name are asked about pods.
const HOOKS: [&str; 2] = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
const HOOK: &str = "policy.sigstore.dev";

fn faults(objects: &[Object]) -> Vec<&'static str> {
    let mut faults = Vec::new();
    for kind in HOOKS {
        let hook = find(objects, kind, HOOK).at("/webhooks/0");
        if hook["failurePolicy"] != "Fail" {
            faults.push("where it does not answer, images get in");
        }
        let pods = json!({
            "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
            "resources": ["pods", "pods/ephemeralcontainers"],
        });
        if !hook["rules"]
            .as_array()
            .is_some_and(|rules| rules.contains(&pods))
        {
            faults.push("until it has started, it is not asked about pods");
        }
        let namespaces = hook["namespaceSelector"]["matchExpressions"].as_array();
        let has = |wanted: Value| namespaces.is_some_and(|all| all.contains(&wanted));
        if !has(json!({"key": "policy.sigstore.dev/include", "operator": "In", "values": ["true"]})) {
            faults.push("it is asked about namespaces that do not want it");
        }
        let vital = json!(["kube-system", "argocd", "cosign-system"]);
        if !has(json!({"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": vital})) {
            faults.push("without it, a cluster cannot come up");
        }
    }
    let settings = find(objects, "ConfigMap", "config-policy-controller");
    if settings.text("/data/no-match-policy") != "deny" {
        faults.push("an image that no policy speaks of gets in");
    }
    faults
}

#[test]
fn the_guard_fails_closed_and_leaves_alone_what_a_cluster_needs() {
    for folder in FOLDERS {
        let objects = &ALL[folder].objects;
        assert!(faults(objects).is_empty(), "{folder}: {:?}", faults(objects));
    }
    for (from, to) in [
        ("failurePolicy: Fail", "failurePolicy: Ignore"),
        ("- pods/ephemeralcontainers", "- services"),
        ("policy.sigstore.dev/include", "policy.sigstore.dev/exclude"),
        ("- argocd", "- other"),
        ("no-match-policy: deny", "no-match-policy: warn"),
    ] {
        let text = &ALL[FOLDERS[0]].text;
        let broken = text.replace(from, to);
        assert_ne!(*text, broken, "{from} is not there");
        let objects = parse(&broken, to);
        assert!(!faults(&objects).is_empty(), "nobody minds {to}");
    }
}

#[test]
fn its_policy_speaks_of_every_image_that_is_released() {
    for folder in FOLDERS {
        let policy = find(&ALL[folder].objects, "ClusterImagePolicy", namespace());
        let glob = policy.text("/spec/images/0/glob");
        let prefix = glob.strip_suffix("**").expect("everything below a folder");
        for environment in environments() {
            for app in app_names() {
                let mut objects = overlay(app, environment).iter();
                let template = objects.find_map(Object::template);
                let containers = template.expect("an app starts pods").containers();
                let image = containers[0].text("/image");
                assert!(image.starts_with(prefix), "{folder}: {glob} is not about {image}");
            }
        }
    }
}

/// Whom a policy takes for CI although they are not: an identity must be one workflow that signs,
/// run for one branch that starts it.
fn strangers(policy: &Object) -> Vec<String> {
    let mut strangers = Vec::new();
    let keyless = policy.list("/spec/authorities").iter();
    for authority in keyless.filter(|authority| !authority["keyless"].is_null()) {
        if authority["ctlog"]["url"] != "https://rekor.sigstore.dev" {
            strangers.push(
                "whoever keeps a certificate that has expired: no log says when it was used".to_owned(),
            );
        }
        let identities = authority["keyless"]["identities"].as_array();
        if identities.is_none_or(Vec::is_empty) {
            strangers.push("everybody whom Sigstore knows".to_owned());
        }
        for identity in identities.into_iter().flatten() {
            let (Some(issuer), Some(subject)) = (identity["issuer"].as_str(), identity["subject"].as_str())
            else {
                strangers.push(format!("whoever is like {identity}"));
                continue;
            };
            if issuer == GITHUB && !is_our_signer(subject) {
                strangers.push(subject.to_owned());
            }
        }
    }
    strangers
}

const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// Whether the subject is a workflow of this repository, at a branch, that nothing but a push to
/// that branch starts and that signs as itself.
fn is_our_signer(subject: &str) -> bool {
    let parts = subject
        .split_once("/.github/workflows/")
        .and_then(|(_, rest)| rest.split_once("@refs/heads/"));
    let Some((name, branch)) = parts else {
        return false;
    };
    let path = format!(".github/workflows/{name}");
    if !ROOT.join(&path).is_file() {
        return false;
    }
    let workflow = file(&path).remove(0);
    let pushes = workflow.list("/on/push/branches").iter().any(|it| it == branch);
    let alone = workflow.at("/on").as_object().is_some_and(|on| on.len() == 1);
    let jobs = workflow.at("/jobs").as_object().into_iter().flatten();
    let signs = jobs.into_iter().any(|(_, job)| {
        let key = job["env"]["SIGNING_KEY"].as_str().unwrap_or_default();
        job["permissions"]["id-token"] == "write" && key.contains("'keyless'")
    });
    pushes && alone && signs
}

#[test]
fn no_identity_counts_but_that_of_the_workflow_that_signs() {
    for folder in FOLDERS {
        let policy = find(&ALL[folder].objects, "ClusterImagePolicy", namespace());
        assert!(strangers(policy).is_empty(), "{folder}: {:?}", strangers(policy));
    }
    // Whatever a fork signs with. One on another forge may have deleted the workflow.
    if !ROOT.join(".github/workflows/deliver.yaml").is_file() {
        return;
    }
    let policy =
        |authority: &str| parse(&format!("spec: {{authorities: [{authority}]}}"), authority).remove(0);
    let branch = PROJECT.first().branch();
    let subject = format!("https://github.com/a/b/.github/workflows/deliver.yaml@refs/heads/{branch}");
    let good = format!(
        "{{keyless: {{identities: [{{issuer: {GITHUB}, subject: {subject}}}]}}, ctlog: {{url: https://rekor.sigstore.dev}}}}"
    );
    assert!(strangers(&policy(&good)).is_empty());
    for (from, to) in [
        ("subject:", "subjectRegExp:"),
        ("issuer:", "issuerRegExp:"),
        ("deliver.yaml", "other.yaml"),
        // Pull requests start it.
        ("deliver.yaml", "check.yaml"),
        // It does not sign.
        ("deliver.yaml@refs/heads/", "release.yaml@refs/tags/"),
        ("refs/heads/", "refs/heads/topic/"),
        ("refs/heads/", "refs/pull/"),
        ("ctlog:", "other:"),
        ("identities:", "other:"),
    ] {
        assert!(good.contains(from), "{from}");
        let broken = good.replace(from, to);
        assert!(!strangers(&policy(&broken)).is_empty(), "nobody minds {to}");
    }
}

#[test]
fn the_e2e_runs_the_controller_that_is_in_its_nodes() {
    // By its tag, even where a fork pins the image that it pulls by digest.
    let image = |objects: &[Object]| {
        let controller = find(objects, "Deployment", "webhook");
        controller
            .text("/spec/template/spec/containers/0/image")
            .to_owned()
    };
    let written = image(&file("infra/admission/controller.yaml"));
    assert_eq!(image(&ALL[FOLDERS[1]].objects), written);
}

/// Without it no pod of the apps starts, because nothing else lets it read their signatures.
#[test]
fn the_page_gives_its_account_the_role_that_trusts_this_account() {
    let objects = &ALL[FOLDERS[0]].objects;
    let controller = find(objects, "Deployment", "webhook");
    let account = controller.text("/spec/template/spec/serviceAccountName");
    let place = find(objects, "ServiceAccount", account).text("/metadata/namespace");
    let template = &file("infra/aws/cluster.yaml")[0];
    let trust = template.text("/Resources/AdmissionRole/Properties/AssumeRolePolicyDocument");
    assert!(trust.contains(&format!("\"system:serviceaccount:{place}:{account}\"")));
    assert_eq!(
        template.text("/Outputs/AdmissionRoleArn/Value"),
        "AdmissionRole.Arn"
    );
    let page = std::fs::read_to_string(ROOT.join("docs/FORK.md")).expect("read the page");
    for words in [
        "OutputKey=='AdmissionRoleArn'",
        &format!("annotate serviceaccount {account} --namespace {place} eks.amazonaws.com/role-arn="),
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn its_pods_are_as_confined_as_ours() {
    for folder in FOLDERS {
        let controller = find(&ALL[folder].objects, "Deployment", "webhook");
        let template = controller.template().expect("a Deployment has a template");
        assert_eq!(*template.at("/spec/securityContext/runAsNonRoot"), true);
        assert_eq!(
            template.text("/spec/securityContext/seccompProfile/type"),
            "RuntimeDefault"
        );
        for container in template.containers() {
            assert_eq!(*container.at("/securityContext/readOnlyRootFilesystem"), true);
            assert_eq!(*container.at("/securityContext/allowPrivilegeEscalation"), false);
            assert_eq!(
                *container.at("/securityContext/capabilities/drop"),
                json!(["ALL"])
            );
            assert!(!container.at("/resources/limits/memory").is_null());
        }
    }
}

#[test]
fn its_namespace_is_judged_by_the_kubernetes_that_runs() {
    let namespace = &file("infra/admission/namespace.yaml")[0];
    let labels = namespace.at("/metadata/labels");
    assert_eq!(
        labels["pod-security.kubernetes.io/enforce-version"],
        minor_of_kubernetes()
    );
}
