//! An app gets a secret by what docs/APPS.md shows, word for word: it keeps every rule, and nothing
//! else of the app changes.

use std::path::Path;

use project::{App, Kind};
use serde_json::json;

use crate::object::{Object, differences, find};
use crate::render::{ROOT, Rendering, build, copy_folder};
use crate::rules::broken;
use crate::{PROJECT, applications, environments, render, schemas};

/// How a line of that page ends which names its app.
const NAME: &str = ": bot\n";

/// What it shows for this app: the patch, and the lines that name it in the kustomization.
fn shown(app: &str) -> [String; 2] {
    let page = std::fs::read_to_string(ROOT.join("docs/APPS.md")).expect("read the page");
    let (_, section) = page
        .split_once("\n## Give it a secret\n")
        .expect("a section on secrets");
    let section = section.split("\n## ").next().expect("its text");
    let examples = section.split("```yaml\n").skip(1);
    let examples = examples.filter_map(|rest| Some(rest.split_once("```")?.0));
    let examples: Vec<_> = examples
        .map(|text| text.replace(NAME, &format!(": {app}\n")))
        .collect();
    examples.try_into().expect("two examples")
}

/// Does in a copy of `infra/` what it says.
fn give(infra: &Path, app: &str) {
    let [patch, lines] = shown(app);
    let base = infra.join(app).join("base");
    std::fs::write(base.join("secret.yaml"), patch).expect("write the patch");
    let list_file = base.join("kustomization.yaml");
    let text = std::fs::read_to_string(&list_file).expect("read the kustomization");
    let (key, item) = lines.split_once('\n').expect("a list with an item");
    let list = format!("\n{key}\n");
    let text = match text.split_once(&list) {
        Some((before, after)) => format!("{before}{list}{item}{after}"),
        None => format!("{text}{lines}"),
    };
    std::fs::write(list_file, text).expect("write the kustomization");
}

#[test]
fn an_app_that_is_given_a_secret_by_the_page_keeps_every_rule_and_is_otherwise_the_same() {
    let copy = tempfile::tempdir().expect("make a folder for a copy of infra/");
    let infra = copy.path().join("infra");
    copy_folder(&ROOT.join("infra"), &infra);
    // A cron has its pod elsewhere.
    let apps = PROJECT.apps().iter().filter(|app| app.kind() != Kind::Cron);
    let apps: Vec<_> = apps.map(App::name).collect();
    for app in &apps {
        give(&infra, app);
    }
    for environment in environments() {
        let folder = |name: &str| infra.join(name).join("overlays").join(environment);
        let rendered: Vec<Rendering> = applications().map(|name| build(&folder(name))).collect();
        let objects: Vec<Object> = rendered.iter().flat_map(|it| it.objects.clone()).collect();
        let faults = broken(&objects);
        assert!(faults.is_empty(), "{environment}:\n{}", faults.join("\n"));
        for app in &apps {
            let pod = find(&objects, "Deployment", app).template();
            let pod = pod.expect("it starts pods");
            let secret = json!({ "secretName": app, "optional": true });
            let mut volumes = pod.list("/spec/volumes").iter();
            assert!(volumes.any(|volume| volume["secret"] == secret), "{app}");
            let mut mounts = pod.list("/spec/containers/0/volumeMounts").iter();
            assert!(mounts.any(|mount| mount["mountPath"] == "/secret"), "{app}");
        }
        for place in differences(&render::environment(environment), &objects) {
            let is_asked_for = ["/volumes/secret/", "/volumeMounts/secret/"];
            assert!(is_asked_for.iter().any(|it| place.contains(it)), "{place}");
        }
        if let Some(kubeconform) = schemas::kubeconform() {
            let texts: Vec<_> = rendered.iter().map(|it| &it.text).collect();
            let (faults, _) = kubeconform.judge(&texts);
            assert!(faults.is_empty(), "{environment}:\n{}", faults.join("\n"));
        }
    }
}
