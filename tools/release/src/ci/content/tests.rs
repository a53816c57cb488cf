//! The inputs of this checkout's own apps, compared with what Cargo says of its packages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use project::{App, Project};
use serde_json::Value;
use xshell::Shell;

use super::{Content, LOCK, PROSE, SETTINGS, Tree, is_within, read};
use crate::ci::apps::roots;
use taskkit::{build, checkout};

use crate::environment;

/// Packages by name: their folders, and the packages of this repository that they are compiled
/// with.
type Packages = BTreeMap<String, (String, BTreeSet<String>)>;

fn root() -> PathBuf {
    checkout::root().expect("find the checkout")
}

/// What `cargo metadata` says.
fn packages() -> Packages {
    let sh = Shell::new().expect("find the current folder");
    sh.change_dir(root());
    let said = checkout::cargo(&sh).args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let said: Value =
        serde_json::from_str(&said.quiet().read().expect("ask cargo")).expect("read its answer");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let packages = said["packages"].as_array().expect("a list").iter();
    packages
        .map(|package| {
            let needed = package["dependencies"].as_array().expect("a list").iter();
            let compiled = needed.filter(|one| one["kind"] != "dev" && !one["path"].is_null());
            let manifest = text(&package["manifest_path"]);
            let folder = Path::new(&manifest)
                .parent()
                .and_then(|folder| folder.strip_prefix(root()).ok());
            let folder = folder.expect("a folder of this checkout").display().to_string();
            (
                text(&package["name"]),
                (folder, compiled.map(|one| text(&one["name"])).collect()),
            )
        })
        .collect()
}

/// The folders of the packages that the image of `app` is compiled from.
fn folders<'p>(app: &App, packages: &'p Packages) -> BTreeSet<&'p str> {
    let mut next: Vec<&str> = roots(app);
    let mut found = BTreeSet::new();
    while let Some(name) = next.pop() {
        let (folder, needed) = &packages[name];
        if found.insert(folder.as_str()) {
            next.extend(needed.iter().map(String::as_str));
        }
    }
    found
}

/// Does `work` with the inputs of each app of this checkout.
fn with_inputs(work: impl FnOnce(&Project, &mut Tree, &[super::Inputs])) {
    let (root, project) = (root(), environment::real());
    let mut tree = Tree::of_work_tree(&root).expect("list the files");
    let texts = |paths: &[&str]| read::texts(&root, paths);
    let copy = tree.clone();
    let content = Content::of(&copy, &texts).expect("read the packages");
    let inputs = project.apps().iter().map(|app| content.inputs(app));
    let inputs: Vec<_> = inputs
        .map(|one| one.expect("look").expect("files of the app"))
        .collect();
    work(&project, &mut tree, &inputs);
}

#[test]
fn the_packages_of_an_app_are_those_that_cargo_compiles_it_with() {
    let packages = packages();
    with_inputs(|project, _, inputs| {
        for (app, inputs) in project.apps().iter().zip(inputs) {
            let (expected, others) = (folders(app, &packages), [app.folder()]);
            let is_package = |place: &&str| packages.values().any(|(folder, _)| folder == *place);
            let found: BTreeSet<_> = inputs
                .places
                .iter()
                .map(String::as_str)
                .filter(is_package)
                .collect();
            assert_eq!(found, expected, "{app}");
            assert!(
                others.iter().all(|folder| inputs.places.contains(*folder)),
                "{app}"
            );
            assert!(inputs.has(&app.containerfile()), "{app}");
        }
    });
}

/// Changes each file of the checkout in turn.
#[test]
fn a_file_changes_the_apps_that_are_compiled_from_it_and_no_other() {
    let packages = packages();
    with_inputs(|project, tree, inputs| {
        let before: Vec<_> = inputs.iter().map(|inputs| inputs.text(tree)).collect();
        let paths: Vec<_> = tree.paths().map(str::to_owned).collect();
        let compiled: Vec<_> = project.apps().iter().map(|app| folders(app, &packages)).collect();
        for path in paths
            .iter()
            .filter(|path| !path.ends_with(PROSE) && *path != LOCK)
        {
            let within = |folder: &str| is_within(path, folder);
            let around = packages
                .values()
                .map(|(folder, _)| folder.as_str())
                .filter(|folder| within(folder));
            let package = around.max_by_key(|folder| folder.len());
            let is_setting = SETTINGS.iter().any(|place| within(place));
            let id = tree.replace(path, "changed");
            for (at, app) in project.apps().iter().enumerate() {
                let expected = is_setting
                    || package.map_or(within(app.folder()), |package| compiled[at].contains(package));
                let changed = inputs[at].text(tree) != before[at];
                assert_eq!(changed, expected, "{path} and {app}");
            }
            tree.replace(path, &id);
        }
    });
}

/// Places that have files of an image and start no pipeline by this file of GitLab.
fn without_a_trigger(pipeline: &str) -> Vec<String> {
    let pipeline: Value = serde_saphyr::from_str(pipeline).expect("YAML");
    let patterns = pipeline["workflow"]["rules"][0]["changes"]
        .as_array()
        .expect("a list of patterns");
    let patterns: Vec<_> = patterns.iter().filter_map(Value::as_str).collect();
    let starts = |place: &str| {
        let mut patterns = patterns.iter().map(|pattern| pattern.trim_end_matches("/**/*"));
        patterns.any(|pattern| is_within(place, pattern))
    };
    let mut found = BTreeSet::new();
    with_inputs(|_, tree, inputs| {
        let places = inputs.iter().flat_map(|inputs| &inputs.places);
        let places = places
            .map(String::as_str)
            .filter(|place| !tree.at(place).is_empty());
        // These count as soon as there is one.
        let places = places.chain(SETTINGS.iter().copied());
        found.extend(places.filter(|place| !starts(place)).map(str::to_owned));
    });
    found.into_iter().collect()
}

#[test]
fn all_that_makes_an_image_starts_gitlabs_pipeline() {
    // A fork on another forge may have deleted it.
    let Ok(text) = std::fs::read_to_string(root().join(".gitlab-ci.yml")) else {
        return;
    };
    assert_eq!(without_a_trigger(&text), [""; 0]);
    for place in [LOCK, "rust-toolchain.toml"] {
        let bad = text.replace(&format!("        - {place}\n"), "");
        assert_eq!(without_a_trigger(&bad), [place]);
    }
}

/// Those of `files` whose change alone starts no run by this workflow of GitHub.
fn ignored<'f>(workflow: &str, files: impl Iterator<Item = &'f str>) -> Vec<&'f str> {
    let workflow: Value = serde_saphyr::from_str(workflow).expect("YAML");
    let patterns = workflow["on"]["push"]["paths-ignore"].as_array();
    let patterns: Vec<_> = patterns.into_iter().flatten().filter_map(Value::as_str).collect();
    let fits = |file: &str, pattern: &str| {
        let place = pattern.trim_end_matches("/**");
        let end = pattern.strip_prefix("**/*");
        let known = end.unwrap_or(place);
        assert!(
            !known.contains(['*', '?', '[', '!']),
            "{pattern} is of a form that is not read here"
        );
        end.map_or_else(|| is_within(file, place), |end| file.ends_with(end))
    };
    files
        .filter(|file| patterns.iter().any(|pattern| fits(file, pattern)))
        .collect()
}

#[test]
fn a_change_of_any_file_in_an_image_starts_githubs_workflow() {
    let file = ".github/workflows/deliver.yaml";
    // A fork on another forge may have deleted it.
    let Ok(text) = std::fs::read_to_string(root().join(file)) else {
        return;
    };
    with_inputs(|_, tree, inputs| {
        let is_input = |path: &&str| inputs.iter().any(|inputs| inputs.has(path));
        let files: Vec<_> = tree.paths().filter(is_input).collect();
        let silent = ignored(&text, files.iter().copied());
        assert_eq!(
            silent, [""; 0],
            "images are made from these, and `paths-ignore` of {file} has GitHub overlook them: move them, or let no pattern there fit"
        );
        let bad = text.replace("infra/**", LOCK);
        assert_eq!(ignored(&bad, files.into_iter()), [LOCK]);
    });
    // A source may include prose, which then counts.
    let files = ["backend/src/help.md", "docs/help.txt", "backend/src/main.rs"];
    assert_eq!(ignored(&text, files.into_iter()), files[..2]);
}

#[test]
fn the_code_that_compiles_is_where_it_says() {
    assert!(root().join(build::FOLDER).join("toolchain.rs").is_file());
}

// wing: release-tests
#[test]
fn a_file_that_the_compiler_read_and_that_is_no_input_stops_the_build() {
    let folder = tempfile::tempdir().expect("make a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("make a folder");
        std::fs::write(path, text).expect("write a file");
    };
    for (path, text) in crate::ci::tests::workspace::FILES {
        write(path, text);
    }
    for path in [
        "backend/src/main.rs",
        "frontend/src/main.rs",
        "shared/a b.txt",
        "target/CACHEDIR.TAG",
    ] {
        write(path, "");
    }
    let sh = Shell::new().expect("find the current folder");
    sh.change_dir(folder.path());
    gitkit::Git::at(folder.path())
        .args(["init", "--quiet"])
        .run()
        .expect("make a repository");
    write(".gitignore", "/target\n");
    let root = folder.path().display();
    let compiled = |files: &str| {
        let own = format!("{root}/backend/src/main.rs {root}/target/debug/build/made.rs /elsewhere/lib.rs");
        write(
            "target/debug/backend.d",
            &format!("{root}/target/debug/backend: {own} {files}\n"),
        );
        let program = folder.path().join("target/debug/backend");
        let made = build::DepInfo::beside(&environment::apps()[0], &program);
        read::check_work_tree(folder.path(), &[made]).map_err(|error| error.to_string())
    };
    assert_eq!(
        compiled(&format!("{root}/backend/src/../../crates/api/src/lib.rs")),
        Ok(())
    );
    let refused = compiled(&format!("{root}/backend/src/../../shared/a\\ b.txt")).expect_err("no input");
    assert!(
        refused.starts_with("backend is made from shared/a b.txt, which does not count"),
        "{refused}"
    );
    write("target/debug/frontend.d", "nothing\n");
    let made = build::DepInfo::beside(
        &environment::apps()[1],
        &folder.path().join("target/debug/frontend"),
    );
    let refused = read::check_work_tree(folder.path(), &[made]).expect_err("nothing read");
    assert!(refused.to_string().contains("names no file"), "{refused}");
}
// end of wing
