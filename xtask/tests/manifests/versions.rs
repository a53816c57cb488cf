//! What docs/VERSIONS.md has for forks that let another program follow versions: it fits the
//! manifests as they are. Neither program runs here.

use serde_json::Value;

use crate::PROJECT;
use crate::object::{Object, ids}; // wing: sample
use crate::render::ROOT;
use crate::render::{ALL, build, copy_folder}; // wing: sample
use crate::schemas; // wing: sample

const EXAMPLES: &str = "docs/versions";

// wing: sample
/// What all annotations for Image Updater begin with.
const UPDATER: &str = "argocd-image-updater.argoproj.io/";

#[test]
fn image_updater_needs_annotations_and_nothing_else() {
    let copy = tempfile::tempdir().expect("make a folder for a copy");
    for folder in ["infra", EXAMPLES] {
        copy_folder(&ROOT.join(folder), &copy.path().join(folder));
    }
    let place = copy.path().join("with-updater");
    std::fs::create_dir(&place).expect("make a folder");
    let overlay = format!("infra/apps/overlays/{}", PROJECT.last());
    let text = format!("resources: [../{overlay}]\ncomponents: [../{EXAMPLES}/image-updater]\n");
    std::fs::write(place.join("kustomization.yaml"), text).expect("write a kustomization");
    let with = build(&place);
    let without = &ALL[&overlay].objects;
    assert_eq!(ids(&with.objects), ids(without));
    let updated = |object: &&Object| {
        let annotations = object.at("/metadata/annotations").as_object();
        annotations.is_some_and(|all| all.keys().any(|key| key.starts_with(UPDATER)))
    };
    assert_eq!(with.objects.iter().filter(updated).count(), 1);
    let lines = |text: &str| text.lines().filter(|line| !line.contains(UPDATER)).count();
    assert_eq!(lines(&with.text), lines(&ALL[&overlay].text));
    if let Some(kubeconform) = schemas::kubeconform() {
        let (faults, _) = kubeconform.judge(&[&with.text]);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
// end of wing

#[test]
fn renovate_looks_at_the_overlays_of_an_environment_behind_the_first() {
    let file = ROOT.join(EXAMPLES).join("renovate.json");
    let text = std::fs::read_to_string(file).expect("read the example");
    let settings: Value = serde_json::from_str(&text).expect("it is JSON");
    let [manager] = settings["customManagers"].as_array().expect("a list").as_slice() else {
        panic!("one manager: {settings:#}");
    };
    let pattern = |environment: &project::Environment| {
        Value::from(format!(
            "/^infra/[^/]+/overlays/{environment}/kustomization\\.yaml$/"
        ))
    };
    let behind = PROJECT.environments().iter().skip(1);
    let patterns = manager["managerFilePatterns"].as_array().expect("a list");
    assert!(!patterns.is_empty());
    let behind: Vec<_> = behind.map(pattern).collect();
    let all = patterns.iter().all(|pattern| behind.contains(pattern));
    assert!(all, "{patterns:?} are none of {behind:?}");
}
