//! Which crate may depend on which, read from `cargo metadata`: the arrows of docs/ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use project::{App, Project};
use serde_json::Value;

/// Folders of what runs in a cluster or in a browser: those of the apps, that of new ones, and what
/// they share.
static PRODUCTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let project = Project::above(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("read project.toml");
    let apps = project.apps().iter().map(App::folder);
    let tops = apps.filter_map(|folder| folder.split('/').next());
    let tops: BTreeSet<_> = tops
        .chain(["apps", "controllers", "crates"])
        .map(str::to_owned)
        .collect();
    tops.into_iter().collect()
});
/// Folders of what builds, tests and supplies.
static TOOLS: LazyLock<Vec<String>> = LazyLock::new(|| ["tools", "xtask"].map(str::to_owned).to_vec());

/// The one tool that the tests of a product may use.
const FOR_TESTS: &str = "testkit";

/// Which dependencies are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// What a crate is built from.
    Building,
    /// The same, and what its tests use.
    Testing,
}

/// Every workspace member, as cargo describes it.
static MEMBERS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--no-deps",
            "--locked",
            "--manifest-path",
        ])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .output()
        .expect("run cargo metadata");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON");
    let packages = metadata["packages"].as_array_mut();
    std::mem::take(packages.expect("a list of packages"))
});

fn name(value: &Value) -> String {
    value["name"].as_str().expect("a package has a name").to_owned()
}

/// The folder at the top of the repository that a member lies in.
fn wing(member: &Value) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a folder above");
    let manifest = member["manifest_path"].as_str().expect("a path");
    let below = Path::new(manifest)
        .strip_prefix(root)
        .expect("inside the repository");
    let top = below.components().next().expect("a folder");
    top.as_os_str().to_string_lossy().into_owned()
}

/// The members that lie in one of `folders`.
fn members_in(folders: &[String]) -> BTreeSet<String> {
    let inside = MEMBERS.iter().filter(|member| folders.contains(&wing(member)));
    inside.map(name).collect()
}

/// Every workspace member with its direct dependencies.
fn dependencies(purpose: For) -> BTreeMap<String, BTreeSet<String>> {
    let packages = MEMBERS.iter();
    packages
        .map(|package| {
            let dependencies = package["dependencies"]
                .as_array()
                .expect("a list of dependencies")
                .iter()
                .filter(|dependency| purpose == For::Testing || dependency["kind"] != "dev");
            (name(package), dependencies.map(name).collect())
        })
        .collect()
}

/// All workspace members that `from` reaches, in any number of steps.
fn reached(graph: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut next = vec![from.to_owned()];
    while let Some(package) = next.pop() {
        for dependency in graph.get(&package).into_iter().flatten() {
            if graph.contains_key(dependency) && seen.insert(dependency.clone()) {
                next.push(dependency.clone());
            }
        }
    }
    seen
}

#[test]
fn every_crate_is_a_product_or_a_tool() {
    let elsewhere: Vec<_> = MEMBERS
        .iter()
        .filter(|member| {
            !PRODUCTS
                .iter()
                .chain(&*TOOLS)
                .any(|folder| wing(member) == *folder)
        })
        .map(name)
        .collect();
    assert!(
        elsewhere.is_empty(),
        "{elsewhere:?}: a crate lies in one of {:?} or {:?}, so that the rules below hold for it",
        *PRODUCTS,
        *TOOLS
    );
    for folders in [&*PRODUCTS, &*TOOLS] {
        assert!(members_in(folders).len() > 2, "{folders:?}");
    }
}

#[test]
fn products_are_never_built_from_tools() {
    let graph = dependencies(For::Building);
    let all = members_in(&TOOLS);
    for product in members_in(&PRODUCTS) {
        let reached = reached(&graph, &product);
        let tools: Vec<_> = reached.intersection(&all).collect();
        assert!(tools.is_empty(), "{product} depends on {tools:?}");
    }
}

#[test]
fn tests_of_products_use_one_tool_only() {
    let graph = dependencies(For::Testing);
    let all = members_in(&TOOLS);
    for product in members_in(&PRODUCTS) {
        let tools = graph[&product].intersection(&all);
        let others: Vec<_> = tools.filter(|name| *name != FOR_TESTS).collect();
        assert!(others.is_empty(), "the tests of {product} use {others:?}");
    }
}

// wing: sample
#[test]
fn the_two_servers_share_the_wire_types_and_their_manners_only() {
    let graph = dependencies(For::Building);
    let shared = ["api", "serverkit"].map(str::to_owned);
    assert_eq!(reached(&graph, "backend"), BTreeSet::from(shared));
    let graph = dependencies(For::Testing);
    for half in ["app", "hydrate", "frontend", "serverkit"] {
        assert!(
            !reached(&graph, half).contains("backend"),
            "{half} depends on backend"
        );
    }
}
// end of wing

#[test]
fn the_wire_types_need_serde_alone() {
    let direct = &dependencies(For::Testing)["api"];
    // utoipa is optional: only what writes the OpenAPI document asks for it.
    let allowed = BTreeSet::from(["serde", "serde_json", "utoipa"].map(str::to_owned));
    let others: Vec<_> = direct.difference(&allowed).collect();
    assert!(
        others.is_empty(),
        "api depends on {others:?}, and with it the browser"
    );
}

#[test]
fn tools_see_the_products_from_outside() {
    // What they need to know of the API they have from its document: `board-api`.
    let graph = dependencies(For::Testing);
    let all = members_in(&PRODUCTS);
    for tool in members_in(&TOOLS) {
        let reached = reached(&graph, &tool);
        let products: Vec<_> = reached.intersection(&all).collect();
        assert!(products.is_empty(), "{tool} depends on {products:?}");
    }
}

#[test]
fn the_task_runner_starts_the_other_tools_instead_of_linking_them() {
    let linked = reached(&dependencies(For::Building), "xtask");
    let allowed = BTreeSet::from(["gitkit", "project", "taskkit"].map(str::to_owned));
    let others: Vec<_> = linked.difference(&allowed).collect();
    assert!(
        others.is_empty(),
        "xtask is compiled with {others:?}: start them as processes, by src/programs.rs"
    );
}

/// Everything that is compiled for `package`, the crates of others and of build scripts included:
/// names and versions with their features.
fn features_for(package: &str) -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", package, "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}|{f}"])
        .args(["--locked", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .output()
        .expect("run cargo tree");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let named = |line: &str| {
        let (package, features) = line.trim_end_matches(" (*)").split_once('|')?;
        Some((package.to_owned(), features.to_owned()))
    };
    text.lines().filter_map(named).collect()
}

/// The names of the same.
fn compiled_for(package: &str) -> BTreeSet<String> {
    let named = |package: String| Some(package.split_whitespace().next()?.to_owned());
    features_for(package).into_keys().filter_map(named).collect()
}

/// CI compiles the verbs in each run, and a first app waits for what makes it.
#[test]
fn programs_behind_the_task_runner_take_what_is_compiled_for_it() {
    let runner = features_for("xtask");
    let programs = ["release"];
    let programs = programs.into_iter().chain(["generators"]); // wing: generators
    for program in programs {
        let features = features_for(program);
        let differ = |package: &&String| features.get(*package).is_some_and(|it| *it != runner[*package]);
        let twice: Vec<_> = runner.keys().filter(differ).collect();
        assert!(
            twice.is_empty(),
            "{twice:?} have other features for `{program}`, so they are compiled twice: name them in tools/taskkit/Cargo.toml"
        );
    }
}

/// Most crates that a task may wait for before it begins. One more has to be worth a second of
/// everybody's first task.
const MOST: usize = 42;

#[test]
fn the_task_runner_stays_light() {
    let heavy = ["tokio", "hyper", "kube", "reqwest", "axum", "testcontainers"];
    let others = ["release"];
    let others = others.into_iter().chain(["supply"]); // wing: supply
    for tool in others {
        let compiled = compiled_for(tool);
        let found: Vec<_> = heavy.iter().filter(|name| compiled.contains(**name)).collect();
        assert!(
            found.is_empty(),
            "{tool} is compiled from {found:?}: CI would wait for them"
        );
    }
    // HTTP, TLS and YAML too are for programs of their own.
    let outside = ["ureq", "http", "rustls", "ring", "webpki", "serde-saphyr"];
    let compiled = compiled_for("xtask");
    let found: Vec<_> = heavy
        .iter()
        .chain(&outside)
        .filter(|name| compiled.contains(**name))
        .collect();
    assert!(
        found.is_empty(),
        "xtask is compiled from {found:?}: everybody who runs a task would wait for them"
    );
    assert!(
        compiled.len() <= MOST,
        "xtask is compiled from {} crates, {MOST} are allowed: {compiled:?}",
        compiled.len()
    );
}
