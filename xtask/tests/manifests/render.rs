//! Renders what is below `infra/` with the same kustomize that Argo CD carries.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use taskkit::aws::partition::{PARAMETERS, Place};

use crate::object::Object;
use crate::{app_names, applications, environments, first};

// wing: generators
/// Another checkout whose manifests are to be judged, as `generated.rs` makes.
pub(crate) const OTHER_ROOT: &str = "MANIFESTS_ROOT";

/// Whether these are the manifests of such a checkout.
pub(crate) fn is_generated() -> bool {
    std::env::var_os(OTHER_ROOT).is_some()
}
// end of wing

/// The root of the repository.
pub(crate) static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    // wing: generators
    if let Some(other) = std::env::var_os(OTHER_ROOT) {
        return other.into();
    }
    // end of wing
    let member = Path::new(env!("CARGO_MANIFEST_DIR"));
    member
        .parent()
        .expect("xtask is a folder of the repository")
        .to_owned()
});

/// What kustomize makes of one folder.
pub(crate) struct Rendering {
    /// As a cluster is sent it.
    pub(crate) text: String,
    /// What belongs to checks of releases is left out.
    pub(crate) objects: Vec<Object>,
}

/// Every kustomization of kind Kustomization, by its folder's path from the root of the repository.
pub(crate) static ALL: LazyLock<BTreeMap<String, Rendering>> = LazyLock::new(|| {
    let mut folders = Vec::new();
    collect(&ROOT.join("infra"), &mut folders);
    let from_root = |folder: &Path| {
        folder
            .strip_prefix(&*ROOT)
            .expect("below the root")
            .display()
            .to_string()
    };
    folders
        .iter()
        .map(|folder| (from_root(folder), build(folder)))
        .collect()
});

/// Each application in each environment as the e2e's Argo CD renders it: with the component that
/// its Application adds.
static LOCAL: LazyLock<BTreeMap<(&str, &str), Rendering>> = LazyLock::new(|| {
    let copy = tempfile::tempdir().expect("make a folder for a copy of infra/");
    copy_folder(&ROOT.join("infra"), &copy.path().join("infra"));
    let pairs = environments().flat_map(|environment| applications().map(move |name| (name, environment)));
    pairs
        .map(|(name, environment)| ((name, environment), build_local(copy.path(), name, environment)))
        .collect()
});

/// Renders one of them in this copy, which it changes.
pub(crate) fn build_local(copy: &Path, name: &str, environment: &str) -> Rendering {
    let application = crate::object::find(local_apps(environment), "Application", name);
    let folder = copy.join(application.text("/spec/source/path"));
    let components = application.list("/spec/source/kustomize/components");
    let components: Vec<_> = components.iter().filter_map(Value::as_str).collect();
    // What an app does not have differently here, it has as on AWS.
    if !components.is_empty() {
        kustomize(
            &folder,
            &[&["edit", "add", "component"], &components[..]].concat(),
        );
    }
    build(&folder)
}

fn rendered(folder: &str) -> &'static [Object] {
    let rendering = ALL.get(folder);
    &rendering
        .unwrap_or_else(|| panic!("{folder} has no kustomization"))
        .objects
}

/// An application as AWS gets it.
pub(crate) fn overlay(application: &str, environment: &str) -> &'static [Object] {
    rendered(&format!("infra/{application}/overlays/{environment}"))
}

/// An application as the e2e gets it.
pub(crate) fn local_overlay(application: &'static str, environment: &'static str) -> &'static [Object] {
    &LOCAL[&(application, environment)].objects
}

/// The Applications and their project as AWS gets them.
pub(crate) fn apps(environment: &str) -> &'static [Object] {
    overlay("apps", environment)
}

/// The Applications and their project as the e2e gets them.
pub(crate) fn local_apps(environment: &str) -> &'static [Object] {
    rendered(&format!("infra/local/apps/{environment}"))
}

/// All that one environment's cluster gets from AWS's point of view, Applications left out.
pub(crate) fn environment(environment: &str) -> Vec<Object> {
    applications()
        .flat_map(|application| overlay(application, environment).to_vec())
        .collect()
}

/// The AWS account and region, as the templates are told them.
pub(crate) fn account_and_region() -> (&'static str, &'static str) {
    (&PLACE.account, &PLACE.region)
}

static PLACE: LazyLock<Place> = LazyLock::new(|| {
    let text = std::fs::read_to_string(ROOT.join(PARAMETERS)).expect("read what the templates are told");
    Place::of_text(&text).expect("it names account and region")
});

/// Where our images lie, as `000000000000.dkr.ecr.eu-central-1.amazonaws.com/gitops-loop`; another
/// partition's hosts end otherwise.
pub(crate) fn registry() -> &'static str {
    &REGISTRY
}

/// `v1.36` where the clusters on AWS run 1.36; a test of the supply compares it with the local
/// ones.
pub(crate) fn minor_of_kubernetes() -> String {
    let cluster = &file(&format!("infra/aws/eksctl/{}.yaml", first()))[0];
    format!("v{}", cluster.text("/metadata/version"))
}

static REGISTRY: LazyLock<String> = LazyLock::new(|| {
    let app = app_names().next().expect("there is an app");
    let pod = overlay(app, first()).iter().find_map(Object::template);
    let containers = pod.expect("an app has a pod").containers();
    let image = containers[0].text("/image");
    let (registry, _) = image
        .split_once(&format!("/{app}@"))
        .expect("an image is named after its app");
    registry.to_owned()
});

/// The objects of a plain file, such as a root Application.
pub(crate) fn file(path: &str) -> Vec<Object> {
    let text =
        std::fs::read_to_string(ROOT.join(path)).unwrap_or_else(|error| panic!("read {path}: {error}"));
    parse(&text, path)
}

pub(crate) fn parse(text: &str, from: &str) -> Vec<Object> {
    let objects: Vec<Value> =
        serde_saphyr::from_multiple(text).unwrap_or_else(|error| panic!("{from} is not valid YAML: {error}"));
    objects.into_iter().map(Object).collect()
}

/// Everything that clusters are sent: the renderings, and the files that a person applies.
pub(crate) fn sent() -> Vec<String> {
    let roots = ["infra/apps/root", "infra/local/root"].iter().flat_map(|folder| {
        environments().map(move |environment| {
            let path = ROOT.join(format!("{folder}/{environment}.yaml"));
            std::fs::read_to_string(path).expect("read a root Application")
        })
    });
    let renderings = ALL.values().chain(LOCAL.values());
    let texts = renderings.map(|it| it.text.clone()).chain(roots);
    let texts = texts.chain([crate::previews::of_gitlab().text]); // wing: previews
    texts.collect()
}

/// Argo CD with the e2e's addition, from the released manifests in this file.
pub(crate) fn argocd(install: &Path) -> Vec<String> {
    let copy = tempfile::tempdir().expect("make a folder for a copy of infra/");
    let infra = copy.path().join("infra");
    copy_folder(&ROOT.join("infra"), &infra);
    std::fs::copy(install, infra.join("argocd/install.yaml")).expect("copy the released manifests");
    let path = infra.join("argocd/kustomization.yaml");
    let text = std::fs::read_to_string(&path).expect("read the kustomization of Argo CD");
    let local: Vec<_> = text
        .lines()
        .map(|line| match line.strip_prefix("  - https://") {
            Some(address) if address.ends_with("/install.yaml") => "  - install.yaml",
            _ => line,
        })
        .collect();
    std::fs::write(&path, local.join("\n")).expect("write the kustomization of Argo CD");
    // wing: addons
    let path = infra.join("addons/argocd/kustomization.yaml");
    let text = std::fs::read_to_string(&path).expect("read what it looks at for add-ons");
    std::fs::write(&path, text.replace("  # - ../", "  - ../")).expect("turn all of it on");
    // end of wing
    let folders = [
        "argocd",
        "local/argocd",
        "local/addons/argocd", // wing: addons
    ];
    folders
        .map(|folder| kustomize(&infra.join(folder), &["build", "."]))
        .into()
}

pub(crate) fn build(folder: &Path) -> Rendering {
    let text = kustomize(folder, &["build", "."]);
    let mut objects = parse(&text, &folder.display().to_string());
    // A fork adds checks to the apps that it likes (`checks.rs`).
    objects.retain(|object| !object.is_check());
    assert!(!objects.is_empty(), "{} renders nothing", folder.display());
    Rendering { text, objects }
}

pub(crate) fn kustomize(folder: &Path, arguments: &[&str]) -> String {
    let program = std::env::var_os("KUSTOMIZE").unwrap_or_else(|| "kustomize".into());
    let output = Command::new(&program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| {
            panic!("cannot start kustomize ({error}); run `cargo xtask test`, which brings the pinned one")
        });
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "kustomize {} in {}: {complaint}",
        arguments.join(" "),
        folder.display()
    );
    String::from_utf8(output.stdout).expect("kustomize writes UTF-8")
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("list a folder of infra/") {
        let path = entry.expect("read an entry of infra/").path();
        if path.is_dir() && !path.ends_with("argocd") {
            collect(&path, found);
        } else if path.ends_with("kustomization.yaml") {
            let text = std::fs::read_to_string(&path).expect("read a kustomization");
            // The hub's is made of Argo CD's, and like that one needs the released manifests.
            let is_hub = folder.ends_with("hub");
            if !is_hub && parse(&text, &path.display().to_string())[0].kind() == "Kustomization" {
                found.push(folder.to_owned());
            }
        }
    }
}

// wing: generators
/// The paths of all files below a folder, from the root of the repository.
pub(crate) fn files_below(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(ROOT.join(folder)).expect("list a folder");
    let paths = entries.map(|entry| Path::new(folder).join(entry.expect("an entry").file_name()));
    let files = paths.flat_map(|path| {
        if ROOT.join(&path).is_dir() {
            files_below(&path.to_string_lossy())
        } else {
            vec![path]
        }
    });
    files.collect()
}
// end of wing

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("make a folder of the copy");
    for entry in std::fs::read_dir(from).expect("list a folder of infra/") {
        let path = entry.expect("read an entry of infra/").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("copy a file of infra/");
        }
    }
}

#[test]
fn every_application_is_rendered_in_every_environment() {
    for environment in environments() {
        for application in applications() {
            assert!(!overlay(application, environment).is_empty());
            assert!(!local_overlay(application, environment).is_empty());
        }
        assert!(!apps(environment).is_empty() && !local_apps(environment).is_empty());
    }
}
