//! One more environment, and then apps of every kind, made in a copy of this checkout as a person
//! makes them, keep every rule.

use std::path::{Path, PathBuf};
use std::process::Command;

use gitkit::Git;
use project::Kind;

use crate::first; // wing: environments
use crate::render::registry; // wing: previews
use crate::render::{OTHER_ROOT, ROOT, is_generated};

/// Runs a program in `folder` and gives what it says.
pub(crate) fn said(command: &mut Command) -> String {
    let output = command.output().expect("start a program");
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{command:?}:\n{out}{err}");
    out + &err
}

/// This checkout as it is on disk, new files too, committed in another place.
pub(crate) fn copy(to: &Path) {
    for path in gitkit::files(&ROOT).expect("list the files") {
        let (from, place) = (ROOT.join(&path), to.join(&path));
        if from.is_file() {
            std::fs::create_dir_all(place.parent().expect("a folder")).expect("make a folder");
            std::fs::copy(from, place).expect("copy a file");
        }
    }
    let init = Git::at(to).args(["init", "--quiet"]).run();
    init.unwrap_or_else(|error| panic!("{error}"));
    commit(to);
}

fn commit(checkout: &Path) {
    // A checkout may have an app of that name already.
    let commit = ["commit", "--quiet", "--allow-empty", "-m", "made"];
    for arguments in [&["add", "--all"][..], &commit] {
        let done = Git::at(checkout).as_somebody().args(arguments).run();
        done.unwrap_or_else(|error| panic!("{error}"));
    }
}

/// The program that makes apps and environments, as a person's first of them compiles it.
fn generators() -> PathBuf {
    let shell = taskkit::checkout::shell().expect("open a shell");
    taskkit::program::compile(&shell, "generators").expect("compile the generators")
}

/// Changes a file of a copy, as a person would.
#[allow(dead_code, reason = "a copy may be without what is changed")]
pub(crate) fn change(path: &Path, edit: impl FnOnce(&str) -> String) {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
    std::fs::write(path, edit(&text)).expect("write a file of the copy");
}

// wing: previews
/// The text with something in the place where this stands first.
fn once(text: &str, place: &str, with: &str) -> String {
    assert!(text.contains(place), "{place:?} is not in:\n{text}");
    text.replacen(place, with, 1)
}

/// Has previews run an app too, by the lines that docs/PREVIEWS.md names.
fn join_previews(checkout: &Path, app: &str) {
    let folder = checkout.join("infra/previews");
    change(&folder.join("base/kustomization.yaml"), |text| {
        let base = format!("  - ../../../infra/{app}/base\nreplicas:\n  - {{ name: {app}, count: 1 }}\n");
        let environment = format!(
            "patches:\n  - target: {{ kind: Deployment, name: {app} }}\n    patch: |\n      - op: add\n        \
             path: /spec/template/spec/containers/0/env\n        value: [{{ name: ENVIRONMENT, value: preview }}]\n"
        );
        let text = once(text, "replicas:\n", &base);
        once(&text, "patches:\n", &environment)
    });
    change(&folder.join("applications.yaml"), |text| {
        let (patches, registry) = ("          patches:\n", registry());
        let image = format!("            - \"{app}={registry}/preview/{app}:{{{{.head_sha}}}}\"\n{patches}");
        once(text, patches, &image)
    });
    // How much more it has to be is for the test of the quota.
    change(&folder.join("walls/quota.yaml"), |text| {
        let lines = text.lines().map(|line| {
            let (key, _) = line.split_once(": ").unwrap_or_default();
            let value = match key.trim_start() {
                "pods" | "services" | "requests.cpu" => "\"99\"",
                "requests.memory" | "limits.memory" | "limits.ephemeral-storage" => "99Gi",
                _ => return line.to_owned(),
            };
            format!("{key}: {value}")
        });
        lines.collect::<Vec<_>>().join("\n")
    });
}
// end of wing

#[test]
fn an_environment_and_apps_of_every_kind_keep_every_rule_and_cargo_has_nothing_to_add() {
    if is_generated() {
        return;
    }
    let folder = tempfile::tempdir().expect("make a folder");
    let checkout = folder.path();
    copy(checkout);
    let program = generators();
    let make = |arguments: &[&str]| {
        let mut generators = Command::new(&program);
        generators.env("CARGO_MANIFEST_DIR", checkout.join("tools/generators"));
        said(generators.args(arguments));
        commit(checkout);
    };
    make(&["new-environment", "one-more", "--after", first()]); // wing: environments
    for kind in Kind::ALL {
        let name = format!("a-{kind}");
        make(&["new-app", &name, "--kind", kind.name()]);
    }
    join_previews(checkout, "a-web"); // wing: previews
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--format-version", "1"]);
    said(cargo.current_dir(checkout));
    let mut rules = Command::new(std::env::current_exe().expect("find this program"));
    let said = said(rules.env(OTHER_ROOT, checkout));
    for rules in ["kept_everywhere", "broken_by_its_broken_manifests"] {
        assert!(said.contains(&format!("every_rule_is_{rules} ... ok")), "{said}");
    }
}
