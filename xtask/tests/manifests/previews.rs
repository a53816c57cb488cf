//! Previews: what each brings, that it is walled in, and that nothing of it reaches an environment.

mod accounts;
mod quota;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::object::{Object, find, of_kind};
use crate::render::{
    ALL, ROOT, Rendering, build, copy_folder, environment as environment_of, file, registry,
};
use crate::{environments, faults, first};

const FOLDERS: [&str; 2] = ["infra/previews", "infra/local/previews"];
const WALLS: &str = "infra/previews/walls";
const TABLES: &str = "messages-preview-";

fn objects(folder: &str) -> &'static [Object] {
    &ALL[folder].objects
}

/// The same for merge requests of GitLab.
pub(crate) fn of_gitlab() -> Rendering {
    let copy = tempfile::tempdir().expect("make a folder for a copy of infra/");
    copy_folder(&ROOT.join("infra"), &copy.path().join("infra"));
    let folder = copy.path().join(FOLDERS[0]);
    let path = folder.join("kustomization.yaml");
    let text = std::fs::read_to_string(&path).expect("read the kustomization");
    std::fs::write(&path, with_gitlab(&text)).expect("write the kustomization");
    build(&folder)
}

/// The kustomization of previews with GitLab on, as a fork may have it already.
fn with_gitlab(text: &str) -> String {
    let on = text.replace("# components: [gitlab]", "components: [gitlab]");
    let is_on = on.lines().any(|line| line == "components: [gitlab]");
    assert!(is_on, "no line turns GitLab on:\n{text}");
    on
}

#[test]
fn gitlab_can_be_on_already() {
    let (off, on) = ("a: b\n# components: [gitlab]\n", "a: b\ncomponents: [gitlab]\n");
    assert_eq!([off, on].map(with_gitlab), [on, on]);
}

fn wall(name: &str) -> Object {
    file(&format!("{WALLS}/{name}.yaml")).remove(0)
}

/// What Argo CD makes of `infra/previews/preview` for a pull request.
fn preview() -> &'static [Object] {
    objects("infra/previews/preview")
}

#[test]
fn a_preview_is_as_confined_as_an_app() {
    for rule in [
        faults::labels,
        faults::requests_and_limits,
        faults::limited_storage,
        faults::not_root,
        faults::read_only_root,
        faults::no_capability,
        faults::seccomp,
        faults::nothing_of_the_host,
        faults::no_token,
        faults::own_account,
        faults::probes,
        faults::denied_by_default,
    ] {
        let faults = rule(preview());
        assert!(faults.is_empty(), "{faults:#?}");
    }
    let mut namespace = wall("namespace");
    // The rule looks for the environment's.
    namespace.0["metadata"]["name"] = json!(crate::namespace());
    let faults = faults::pod_security_restricted(&[namespace]);
    assert!(faults.is_empty(), "{faults:#?}");
    let hard = wall("quota").at("/spec/hard").clone();
    for nothing in ["secrets", "persistentvolumeclaims"] {
        assert_eq!(hard[nothing], "0", "{nothing}");
    }
}

#[test]
fn the_keeper_makes_what_kubernetes_and_argo_cd_take() {
    for name in ["namespace", "quota", "limits", "access"] {
        let wall = wall(name);
        let labels = wall.at("/metadata/labels");
        assert_eq!(labels["app.kubernetes.io/part-of"], "previews", "{name}");
        let [place, other] = match wall.kind() {
            "Namespace" => ["/metadata/name", "/metadata/namespace"],
            _ => ["/metadata/namespace", "/metadata/generateName"],
        };
        assert_eq!(wall.text(place), "preview-0", "{name}");
        assert!(wall.at(other).is_null(), "{name}");
    }
}

/// The kinds of a list of a project.
fn allowed(project: &Object) -> BTreeSet<String> {
    let entries = project.list("/spec/namespaceResourceWhitelist").iter();
    let kind = |entry: &Value| format!("{}/{}", entry["group"], entry["kind"]).replace('"', "");
    entries.map(kind).collect()
}

#[test]
fn argo_cd_may_make_the_kinds_that_are_rendered_and_only_in_previews() {
    let rendered = preview().iter();
    let rendered: BTreeSet<_> = rendered
        .map(|object| format!("{}/{}", object.group(), object.kind()))
        .collect();
    for folder in FOLDERS {
        let project = find(objects(folder), "AppProject", "previews");
        assert_eq!(allowed(project), rendered, "{folder}");
        assert_eq!(*project.at("/spec/clusterResourceWhitelist"), json!([]));
        let destinations = project.list("/spec/destinations");
        assert_eq!(destinations.len(), 1);
        assert_eq!(destinations[0]["namespace"], "preview-*");
        // As Argo CD's own account, it could change the environment.
        assert_ne!(destinations[0]["server"], "https://kubernetes.default.svc");
        let deploy = find(objects(folder), "ClusterRole", "previews-deploy");
        let granted: BTreeSet<_> = deploy
            .list("/rules")
            .iter()
            .flat_map(|rule| {
                let group = rule["apiGroups"][0].as_str().expect("a group");
                let resources = rule["resources"].as_array().expect("resources").iter();
                resources.map(move |resource| format!("{group}/{}", resource.as_str().expect("a resource")))
            })
            .collect();
        let plural = |kind: &String| match kind.to_lowercase() {
            kind if kind.ends_with('y') => format!("{}ies", kind.trim_end_matches('y')),
            kind => format!("{kind}s"),
        };
        assert_eq!(granted, rendered.iter().map(plural).collect());
    }
}

#[test]
fn manifests_come_from_the_branch_of_the_environment_and_images_from_the_pull_request() {
    let platform = find(crate::render::apps(first()), "Application", "platform");
    for folder in FOLDERS {
        let set = find(objects(folder), "ApplicationSet", "previews");
        let source = set.at("/spec/template/spec/source");
        assert_eq!(
            source["targetRevision"],
            *platform.at("/spec/source/targetRevision")
        );
        assert_eq!(source["path"], "infra/previews/preview");
        // An app that was added is in no preview until a person writes it there.
        let image = |app: &Object| {
            let name = app.name();
            format!("{name}={}/preview/{name}:{{{{.head_sha}}}}", registry())
        };
        let images: BTreeSet<_> = of_kind(preview(), "Deployment").into_iter().map(image).collect();
        let given = source["kustomize"]["images"].as_array().expect("images").iter();
        let given: BTreeSet<_> = given.filter_map(Value::as_str).map(str::to_owned).collect();
        assert_eq!(given, images);
        let generator = set.at("/spec/generators/0/pullRequest");
        let forges = generator.as_object().expect("a generator").values();
        let labels: Vec<_> = forges.filter_map(|forge| forge.get("labels")).collect();
        assert_eq!(labels, [&json!(["preview"])]);
        assert!(set.at("/spec/template/spec/syncPolicy/automated").is_null());
        assert!(set.at("/spec/template/metadata/finalizers").is_null());
        assert_eq!(*set.at("/spec/syncPolicy/preserveResourcesOnDeletion"), true);
    }
    let project = find(objects(FOLDERS[0]), "AppProject", "previews");
    assert_eq!(
        project.list("/spec/sourceRepos"),
        [platform.at("/spec/source/repoURL").clone()]
    );
}

/// The Application changes the name of the table by its place among the variables.
#[test]
fn the_table_is_the_first_variable_and_the_keepers() {
    for object in preview()
        .iter()
        .filter(|object| object.name().starts_with("backend"))
    {
        let Some(template) = object.template() else {
            continue;
        };
        let variable = template.containers()[0].at("/env/0").clone();
        assert_eq!(
            variable,
            json!({"name": "TABLE_NAME", "value": format!("{TABLES}0")})
        );
    }
    let set = find(objects(FOLDERS[0]), "ApplicationSet", "previews");
    let patch = set.text("/spec/template/spec/source/kustomize/patches/0/patch");
    assert!(patch.contains("/containers/0/env/0/value"), "{patch}");
    assert!(
        patch.contains(&format!("value: {TABLES}{{{{.number}}}}")),
        "{patch}"
    );
    let keeper = find(objects(FOLDERS[0]), "Deployment", "previews");
    let env = keeper.template().expect("it starts pods").containers()[0].env();
    assert_eq!(env["TABLES"], TABLES);
    assert!(
        env["MOST"].parse::<u8>().is_ok_and(|most| most <= 20),
        "{}",
        env["MOST"]
    );
}

/// Otherwise a release would wait where previews have filled the nodes.
#[test]
fn pods_of_previews_make_room_for_those_of_the_environment_and_for_nobody_else() {
    for folder in FOLDERS {
        let class = find(objects(folder), "PriorityClass", "preview");
        let value = class.at("/value").as_i64().expect("a number");
        assert!((-10..0).contains(&value), "{folder}: {value}");
        assert!(class.at("/globalDefault").is_null(), "{folder}");
    }
    let class = |object: &Object| Some(object.template()?.text("/spec/priorityClassName").to_owned());
    let classes: Vec<_> = preview().iter().filter_map(class).collect();
    assert!(
        !classes.is_empty() && classes.iter().all(|class| class == "preview"),
        "{classes:?}"
    );
    for environment in environments() {
        let objects = environment_of(environment);
        let mut classes = objects.iter().filter_map(class);
        assert!(classes.all(|class| class.is_empty()), "{environment}");
    }
}

#[test]
fn a_table_of_a_preview_is_like_the_environments() {
    let text = std::fs::read_to_string(ROOT.join(WALLS).join("table.json")).expect("read the table");
    let table: Value = serde_json::from_str(&text).expect("the table is JSON");
    let template = file("infra/aws/message-board.yaml").remove(0);
    let theirs = template.at("/Resources/Messages/Properties");
    for (key, value) in table.as_object().expect("an object") {
        assert_eq!(theirs[key], *value, "{key}");
    }
    for key in [
        "AttributeDefinitions",
        "KeySchema",
        "GlobalSecondaryIndexes",
        "BillingMode",
    ] {
        assert!(!table[key].is_null(), "{key}");
    }
}

#[test]
fn roles_of_previews_may_touch_tables_of_previews_only() {
    let template = file("infra/aws/previews.yaml").remove(0);
    let resources = template.at("/Resources").as_object().expect("resources").clone();
    assert_eq!(resources.len(), 3);
    for (name, role) in resources {
        let role = Object(role);
        assert!(role.at("/Properties/ManagedPolicyArns").is_null(), "{name}");
        for policy in role.list("/Properties/Policies") {
            for statement in policy["PolicyDocument"]["Statement"]
                .as_array()
                .expect("statements")
            {
                let resource = statement["Resource"].as_str().expect("a resource");
                let lists = resource == "*" && statement["Action"] == "dynamodb:ListTables";
                let table = format!("${{AWS::Region}}:${{AWS::AccountId}}:table/{TABLES}*");
                assert!(lists || resource.contains(&table), "{name}: {statement}");
            }
        }
    }
}
