//! Add-ons, which are off: what each brings once its line is without `#`, and that nothing else
//! changes.

use std::collections::BTreeSet;

use crate::object::{Object, differences, find, ids, of_kind};
use crate::render::{ALL, ROOT, build, copy_folder, file, parse};
use crate::{PROJECT, environments, faults, namespace, plain};

/// The Application of each add-on that Argo CD manages.
const APPLICATIONS: &[&str] = &[
    "metrics-server",
    "external-dns",
    "argo-rollouts",
    "external-secrets", // wing: verifier
];
/// The component of an app's overlay that scales it, in the folder of add-ons.
pub(crate) const AUTOSCALER: &str = "metrics-server/autoscaler";

/// What an environment's folder renders, in a copy of `infra/` that `edit` has changed.
pub(crate) fn edited(folder: &str, edit: impl FnOnce(&str) -> String) -> Vec<Object> {
    let copy = tempfile::tempdir().expect("make a folder for a copy of infra/");
    copy_folder(&ROOT.join("infra"), &copy.path().join("infra"));
    let path = copy.path().join(folder).join("kustomization.yaml");
    let text = std::fs::read_to_string(&path).expect("read a kustomization");
    std::fs::write(&path, edit(&text)).expect("write a kustomization");
    build(&copy.path().join(folder)).objects
}

/// The text of an environment's Applications with all add-ons on.
pub(crate) fn all_on(text: &str) -> String {
    text.replace("  # - ../../../addons/", "  - ../../../addons/")
}

/// The Applications of an environment with all add-ons on.
pub(crate) fn on(environment: &str) -> Vec<Object> {
    edited(&format!("infra/apps/overlays/{environment}"), all_on)
}

/// Whether an overlay has this component of the folder of add-ons.
pub(crate) fn has(application: &str, environment: &str, component: &str) -> bool {
    let overlay = file(&format!(
        "infra/{application}/overlays/{environment}/kustomization.yaml"
    ));
    let component = format!("../../../addons/{component}");
    overlay[0].list("/components").iter().any(|one| *one == component)
}

/// Whether the line of an add-on is on.
pub(crate) fn is_on(environment: &str, addon: &str) -> bool {
    has("apps", environment, &format!("{addon}/application"))
}

/// The text of an app's overlay with these components of add-ons, and no others.
pub(crate) fn with_components(text: &str, wanted: &[&str]) -> String {
    let lines = wanted.iter().map(|name| format!("  - ../../../addons/{name}\n"));
    let lines = lines.collect::<Vec<_>>().concat();
    let text = plain::without_addons(text);
    match text.split_once("\ncomponents:\n") {
        Some((before, after)) => format!("{before}\ncomponents:\n{lines}{after}"),
        None => format!("{text}components:\n{lines}"),
    }
}

/// The text of an app's overlay that does not say how many run.
pub(crate) fn without_replicas(text: &str) -> String {
    // An app that was added leaves the number to its base.
    let (before, after) = text.split_once("replicas:\n").unwrap_or((text, ""));
    let rest = after
        .split_inclusive('\n')
        .skip_while(|line| line.starts_with(' '));
    before.to_owned() + &rest.collect::<String>()
}

#[test]
fn a_line_turns_an_add_on_on_and_what_it_makes_is_what_its_project_allows() {
    for environment in environments() {
        let (off, on) = (plain::apps(environment), on(environment));
        let kinds = ["Application", "AppProject"];
        let new = kinds.map(|kind| APPLICATIONS.iter().map(move |name| format!("{kind}/{name}")));
        let expected: BTreeSet<_> = ids(off).into_iter().chain(new.into_iter().flatten()).collect();
        assert_eq!(ids(&on), expected);
        for name in APPLICATIONS {
            let (application, project) = (find(&on, "Application", name), find(&on, "AppProject", name));
            let folder = application.text("/spec/source/path");
            assert_eq!(folder, format!("infra/addons/{name}/{environment}"));
            let platform = find(&on, "Application", "platform");
            let repository = application.text("/spec/source/repoURL");
            assert_eq!(repository, platform.text("/spec/source/repoURL"));
            assert_eq!(project.list("/spec/sourceRepos"), [repository]);
            let (scoped, of_cluster): (Vec<_>, Vec<_>) = ALL[folder]
                .objects
                .iter()
                .partition(|object| !object.at("/metadata/namespace").is_null());
            assert_eq!(allowed(project, "namespaceResourceWhitelist"), kinds_of(&scoped));
            assert_eq!(
                allowed(project, "clusterResourceWhitelist"),
                kinds_of(&of_cluster)
            );
            let used: BTreeSet<_> = scoped.iter().map(|it| it.text("/metadata/namespace")).collect();
            assert_eq!(namespaces(project), used);
        }
        let whitelist = format!("AppProject/{}/spec/namespaceResourceWhitelist/", namespace());
        let of_apps = differences(off, &on).into_iter().filter(|place| {
            let name = place.split('/').nth(1).unwrap_or_default();
            !APPLICATIONS.contains(&name)
        });
        for place in of_apps {
            let is_fine = place.starts_with(&whitelist) || place.ends_with("/manifest-generate-paths");
            assert!(is_fine, "add-ons change {place}");
        }
    }
}

/// Where the Applications of a project may put something.
fn namespaces(project: &Object) -> BTreeSet<&str> {
    let destinations = project.list("/spec/destinations").iter();
    let names = destinations.map(|destination| destination["namespace"].as_str());
    names.map(|name| name.expect("a namespace")).collect()
}

fn kinds_of(objects: &[&Object]) -> BTreeSet<String> {
    let kinds = objects
        .iter()
        .map(|object| format!("{}/{}", object.group(), object.kind()));
    kinds.collect()
}

fn allowed(project: &Object, list: &str) -> BTreeSet<String> {
    let entries = project.list(&format!("/spec/{list}")).iter();
    let text = |entry: &serde_json::Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    entries
        .map(|entry| format!("{}/{}", text(entry, "group"), text(entry, "kind")))
        .collect()
}

/// Every server of every environment.
pub(crate) fn servers() -> impl Iterator<Item = (&'static str, &'static str)> {
    let servers = PROJECT.apps().iter().filter(|app| app.kind().has_service());
    servers.flat_map(|app| environments().map(move |environment| (app.name(), environment)))
}

#[test]
fn an_autoscaler_comes_in_the_place_of_replicas() {
    for (app, environment) in servers() {
        let folder = format!("infra/{app}/overlays/{environment}");
        let objects = edited(&folder, |text| {
            with_components(&without_replicas(text), &[AUTOSCALER])
        });
        assert!(
            find(&objects, "Deployment", app).at("/spec/replicas").is_null(),
            "{folder}"
        );
        let scaler = find(&objects, "HorizontalPodAutoscaler", app);
        assert_eq!(scaler.text("/spec/scaleTargetRef/name"), app);
        assert!(
            scaler.at("/spec/minReplicas").as_u64() >= Some(2),
            "one is an outage"
        );
        assert!(
            faults::labels(&objects).is_empty(),
            "{:?}",
            faults::labels(&objects)
        );
    }
}

/// Argo CD would undo what the autoscaler does, again and again.
#[test]
fn no_overlay_has_both() {
    for (app, environment) in servers() {
        let path = format!("infra/{app}/overlays/{environment}/kustomization.yaml");
        let overlay = &file(&path)[0];
        assert!(
            !has(app, environment, AUTOSCALER) || overlay.list("/replicas").is_empty(),
            "{path} has `replicas` and an autoscaler"
        );
    }
}

#[test]
fn what_argo_cd_may_do_for_an_add_on_is_what_its_project_allows() {
    for environment in environments() {
        let on = on(environment);
        for name in APPLICATIONS {
            let cluster = &ALL[&format!("infra/addons/{name}/cluster")].objects;
            let project = find(&on, "AppProject", name);
            let roles = of_kind(cluster, "Role").into_iter().filter(|role| {
                namespaces(project).contains(role.text("/metadata/namespace"))
                    && role.text("/metadata/name") == "argocd-application-controller"
            });
            let granted: BTreeSet<_> = roles
                .flat_map(|role| role.list("/rules"))
                .flat_map(|rule| {
                    let words = |key: &str| rule[key].as_array().cloned().unwrap_or_default();
                    let (groups, resources) = (words("apiGroups"), words("resources"));
                    resources.into_iter().map(move |resource| {
                        format!(
                            "{}/{}",
                            groups[0].as_str().expect("a group"),
                            resource.as_str().expect("a resource")
                        )
                    })
                })
                .collect();
            let project = allowed(project, "namespaceResourceWhitelist");
            let plural = |kind: &str| match kind.to_lowercase() {
                kind if kind.ends_with('y') => format!("{}ies", kind.trim_end_matches('y')),
                kind => format!("{kind}s"),
            };
            assert_eq!(granted, project.iter().map(|kind| plural(kind)).collect());
        }
    }
}

/// As [`crate::hub`] has it for another part of Argo CD.
#[test]
fn notifications_are_of_the_argo_cd_that_runs() {
    let text = std::fs::read_to_string(ROOT.join("infra/argocd/kustomization.yaml")).expect("read it");
    let (_, version) = text.split_once("argo-cd/").expect("it names Argo CD");
    let (version, _) = version.split_once('/').expect("and its version");
    let controller = file("infra/addons/notifications/base/controller.yaml");
    let controller = find(&controller, "Deployment", "argocd-notifications-controller");
    let image = controller.text("/spec/template/spec/containers/0/image");
    assert_eq!(image, format!("quay.io/argoproj/argocd:{version}"));
}

/// A trigger without a template sends nothing, and a subscription without a trigger neither.
#[test]
fn each_trigger_that_is_subscribed_to_sends_a_text() {
    for environment in environments() {
        let objects = &ALL[&format!("infra/addons/notifications/{environment}")].objects;
        let settings = find(objects, "ConfigMap", "argocd-notifications-cm");
        assert_eq!(
            settings.text("/data/context"),
            format!("environment: {environment}")
        );
        let subscriptions = parse(settings.text("/data/subscriptions"), "subscriptions");
        // What heals a change is no release: it is not in the history.
        let released = settings.text("/data/trigger.released");
        assert!(released.contains("oncePer: app.status.history[-1].revision\n"));
        let released = settings.text("/data/template.released");
        assert!(released.contains(" (last .app.status.history).revision "));
        let triggers = subscriptions[0].list("/0/triggers").to_vec();
        assert!(!triggers.is_empty());
        for trigger in triggers {
            let name = trigger.as_str().expect("a name");
            let trigger = parse(settings.text(&format!("/data/trigger.{name}")), name);
            let template = trigger[0].text("/0/send/0");
            let body = settings.text(&format!("/data/template.{template}"));
            assert!(body.contains("\"text\""), "{template}: {body}");
        }
    }
}

#[test]
fn add_ons_are_as_confined_as_apps() {
    for path in [
        "infra/addons/metrics-server/base/deployment.yaml",
        "infra/addons/external-dns/base/deployment.yaml",
        "infra/addons/argo-rollouts/base/deployment.yaml",
        "infra/addons/external-secrets/base/deployment.yaml", // wing: verifier
        "infra/addons/notifications/base/controller.yaml",
    ] {
        let objects = file(path);
        for rule in [
            faults::limited_storage,
            faults::read_only_root,
            faults::no_capability,
            faults::seccomp,
        ] {
            assert!(rule(&objects).is_empty(), "{path}: {:?}", rule(&objects));
        }
    }
}

/// Nobody would look at one without a line.
#[test]
fn argo_cd_has_a_line_for_each_add_on_that_it_has_to_look_at() {
    let path = ROOT.join("infra/addons/argocd/kustomization.yaml");
    let text = std::fs::read_to_string(path).expect("read what it looks at");
    let lines = text.lines().filter_map(|line| {
        let line = line.trim_start().trim_start_matches("# ");
        let line = line.split_once(" #").map_or(line, |(line, _)| line);
        line.strip_prefix("- ../")?.strip_suffix("/argocd")
    });
    let lines: BTreeSet<_> = lines.filter(|name| !name.starts_with('.')).collect();
    let folders = std::fs::read_dir(ROOT.join("infra/addons")).expect("list the add-ons");
    let folders = folders.map(|entry| entry.expect("an add-on").path());
    let looked_at = folders.filter(|folder| folder.join("argocd").is_dir());
    let names: BTreeSet<_> = looked_at
        .map(|folder| folder.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    assert_eq!(lines, names.iter().map(String::as_str).collect());
}
