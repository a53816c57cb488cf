//! No file of Rust lists apps or environments: `project.toml` does, and the crate `project` reads
//! it. A list elsewhere is a place that a new app or environment would be missing from.

use std::collections::BTreeSet;

use project::{App, Kind, Project};

use crate::{files_of, none, root};

/// Files and folders that may, and why.
const ALLOWED: &[(&str, &str)] = &[
    (
        "tools/release/src/ci/tests/",
        "has a project of its own, with its manifests as text",
    ),
    (
        "tools/generators/src/environments/tests/",
        "is about the command that changes the list",
    ),
    (
        "tools/generators/src/apps/template.rs",
        "has a folder for each kind, and an app may be called like one",
    ),
    (
        "tools/project/src/app.rs",
        "names the kinds, and an app may be called like one",
    ),
    (
        "tools/bench/src/claims.rs",
        "says what was promised of the sample's two apps, each by itself",
    ),
];

/// The words for each thing that is listed: an app has one, an environment its name and its branch.
type Words = Vec<BTreeSet<String>>;

fn words(project: &Project) -> [Words; 2] {
    let apps = project.apps().iter().map(App::name);
    let environments = project.environments().iter();
    [
        apps.map(|name| BTreeSet::from([name.to_owned()])).collect(),
        environments
            .map(|one| BTreeSet::from([one.to_string(), one.branch().to_owned()]))
            .collect(),
    ]
}

/// Statements of `text` that name two things of a kind as literals, each with its line.
fn lists(name: &str, text: &str, words: &[Words]) -> Vec<String> {
    let is_comment = |line: &str| line.trim_start().starts_with("//");
    let code: String = text
        .lines()
        .flat_map(|line| [if is_comment(line) { "" } else { line }, "\n"])
        .collect();
    let (mut found, mut line) = (Vec::new(), 1);
    for statement in code.split_inclusive([';', '{', '}']) {
        let literals: BTreeSet<_> = statement.split('"').skip(1).step_by(2).collect();
        for kind in words {
            let is_named =
                |words: &&BTreeSet<String>| words.iter().any(|word| literals.contains(word.as_str()));
            let named: Vec<_> = kind
                .iter()
                .filter(is_named)
                .flatten()
                .map(String::as_str)
                .collect();
            if kind.iter().filter(is_named).count() > 1 {
                let first = line
                    + statement
                        .lines()
                        .take_while(|line| line.trim().is_empty())
                        .count();
                found.push(format!(
                    "{name}:{first}: lists {}; read them from `project`",
                    named.join(", ")
                ));
            }
        }
        line += statement.matches('\n').count();
    }
    found
}

/// Lists of what a project has, in files that may have none.
fn elsewhere(project: &Project) -> Vec<String> {
    let words = words(project);
    let elsewhere =
        files_of("rs").filter(|(name, _)| !ALLOWED.iter().any(|(place, _)| name.starts_with(place)));
    elsewhere
        .flat_map(|(name, text)| lists(&name, &text, &words))
        .collect()
}

#[test]
fn apps_and_environments_are_listed_in_one_place() {
    none(&elsewhere(&Project::load(&root()).expect("read the project")));
}

#[test]
fn an_app_may_be_called_like_a_kind() {
    let apps = Kind::ALL.map(Kind::name).into_iter().chain(["server"]);
    let apps = apps.map(|name| {
        format!("[[apps]]\nname = \"{name}\"\nkind = \"web\"\npackage = \"{name}\"\nfolder = \"{name}\"\n")
    });
    let project = "name = \"p\"\napplication = \"a\"\n[[environments]]\nname = \"e\"\nbranch = \"m\"\n";
    let project = project.to_owned() + &apps.collect::<String>();
    none(&elsewhere(&Project::of_text(&project).expect("a project")));
}

#[test]
fn each_form_of_a_list_is_found_and_one_name_is_none() {
    let project = "name = \"p\"\napplication = \"a\"\n[[environments]]\nname = \"first\"\nbranch = \"main\"\n\
        [[environments]]\nname = \"last\"\nbranch = \"live\"\n[[apps]]\nname = \"shop\"\nkind = \"web\"\npackage = \"shop\"\n\
        folder = \"shop\"\n[[apps]]\nname = \"bot\"\nkind = \"worker\"\npackage = \"bot\"\nfolder = \"bot\"\n";
    let words = words(&Project::of_text(project).expect("a project"));
    for list in [
        "const APPS: &[&str] = &[\"shop\", \"bot\"];",
        "match name {\n    \"shop\" => 1,\n    \"bot\" => 2,\n}",
        "for (name, branch) in [(\"first\", 1), (\"live\", 2)] {",
        "if name == \"main\" || name == \"last\" {",
    ] {
        assert_eq!(lists("a.rs", list, &words).len(), 1, "{list}");
    }
    for other in [
        "let app = project.app(\"shop\"); let other = project.app(\"bot\");",
        "// \"shop\" and \"bot\"",
        "assert_eq!(environment.branch(\"first\"), \"main\");",
        "(\"shop\", \"first\")",
        "\"shop, bot\"",
    ] {
        assert_eq!(lists("a.rs", other, &words), Vec::<String>::new(), "{other}");
    }
    assert!(
        lists("a.rs", "\n\nconst A: [&str; 2] = [\"shop\", \"bot\"];", &words)[0].starts_with("a.rs:3: ")
    );
}
