//! What is kept of compiled code between runs. Nothing in a target folder ever goes, so one that is
//! kept for other dependencies or another compiler too only grows. Each rule is also shown a file
//! that it must refuse.

use std::fs;

use serde_json::Value;

use crate::root;
use crate::rules::{deliver, workflow, workflows};

/// What the name of a cache has to depend on.
const PARTS: [&str; 2] = ["hashFiles('Cargo.lock'", "steps.compiler.outputs.version"];
/// The step by which the compiler is known.
const COMPILER: &str = "echo \"version=$(rustc --version | cut -d ' ' -f 2)\" >> \"$GITHUB_OUTPUT\"";
/// Restores a cache and saves none.
const RESTORE: &str = "actions/cache/restore@";
/// The name that such a step was given.
const AS_RESTORED: &str = "${{ steps.kept.outputs.cache-primary-key }}";
/// The one event after which a workflow of pull requests saves caches: of the default branch, where
/// every pull request finds them.
const OF_THE_BRANCH: &str = "github.event_name == 'schedule'";
/// The jobs of a workflow that another one calls which that one does not have run.
const NOT_CALLED: &str = "inputs.systems == ''";
/// Where tools lie that are built once, whatever the application is built of.
const TOOLS: &str = "~/.cache/";
/// Where the version of cargo-deny stands, as the name of a cache has it.
const CARGO_DENY: &str = "'.github/actions/cargo-deny/action.yml'";

/// The steps of a job that restore or save something.
fn of_caches(job: &Value) -> impl Iterator<Item = &Value> {
    let steps = job["steps"].as_array().into_iter().flatten();
    steps.filter(|step| {
        let uses = step["uses"].as_str();
        uses.is_some_and(|uses| uses.starts_with("actions/cache"))
    })
}

/// What such a step restores or saves.
fn paths(step: &Value) -> impl Iterator<Item = &str> {
    step["with"]["path"].as_str().unwrap_or_default().lines()
}

/// Those that restore or save a target folder.
fn of_target(job: &Value) -> Vec<&Value> {
    let steps = of_caches(job);
    steps
        .filter(|step| paths(step).any(|path| path == "target"))
        .collect()
}

fn saves(step: &Value) -> bool {
    step["uses"]
        .as_str()
        .is_some_and(|uses| !uses.starts_with(RESTORE))
}

/// What of a workflow has a kept target folder grow, or keeps it for nobody.
fn faults(text: &str) -> Vec<String> {
    let workflow: Value = serde_saphyr::from_str(text).expect("a workflow is YAML");
    let mut faults = Vec::new();
    for (name, job) in workflow["jobs"].as_object().expect("jobs") {
        let steps = of_target(job);
        // What is restored and not saved again cannot grow.
        if !steps.iter().any(|step| saves(step)) {
            continue;
        }
        let mut all = job["steps"].as_array().into_iter().flatten();
        if !all.any(|step| step["id"] == "compiler" && step["run"] == COMPILER) {
            faults.push(format!("job {name} does not look which compiler it has"));
        }
        for step in steps {
            let of = |key: &str| step["with"][key].as_str().unwrap_or_default();
            for key in of("key").lines().chain(of("restore-keys").lines()) {
                if key != AS_RESTORED && !PARTS.iter().all(|part| key.contains(part)) {
                    faults.push(format!("job {name} takes over what is left under {key}"));
                }
            }
            if paths(step).any(|path| path.starts_with(TOOLS)) {
                faults.push(format!("job {name} keeps tools as briefly as compiled code"));
            }
        }
    }
    faults
}

/// The jobs that save a cache for a pull request, where no other one gets it.
fn saving_for_pull_requests(text: &str) -> Vec<String> {
    let workflow: Value = serde_saphyr::from_str(text).expect("a workflow is YAML");
    let starts = |event: &str| workflow["on"].get(event).is_some();
    if !starts("pull_request") && !starts("workflow_call") {
        return Vec::new();
    }
    let says = |what: &Value, words: &str| what["if"].as_str().is_some_and(|text| text.contains(words));
    let jobs = workflow["jobs"].as_object().expect("jobs").iter();
    let jobs = jobs.filter(|(_, job)| !says(job, NOT_CALLED));
    let jobs = jobs.filter(|(_, job)| of_caches(job).any(|step| saves(step) && !says(step, OF_THE_BRANCH)));
    jobs.map(|(name, _)| name.clone()).collect()
}

#[test]
fn no_workflow_saves_a_cache_for_a_pull_request() {
    for (name, text) in workflows() {
        assert_eq!(saving_for_pull_requests(&text), Vec::<String>::new(), "{name}");
    }
    for (name, job) in [("check.yaml", "lint"), ("e2e.yaml", "loop")] {
        let by_all = workflow(name).replace(OF_THE_BRANCH, "always()");
        let found = saving_for_pull_requests(&by_all);
        assert!(found.iter().any(|found| found == job), "{name}: {found:?}");
    }
}

#[test]
fn a_target_folder_is_kept_for_one_compiler_and_one_set_of_dependencies() {
    for (name, text) in workflows() {
        let faults = faults(&text);
        assert!(faults.is_empty(), "{name}: {}", faults.join("; "));
    }
    let text = deliver();
    let lock = "key: deliver-${{ hashFiles('Cargo.lock') }}-";
    for (good, bad) in [
        (lock, "key: deliver-"),
        (
            "-${{ steps.compiler.outputs.version }}-${{ github.sha }}",
            "-${{ github.sha }}",
        ),
        (
            "restore-keys: deliver-",
            "restore-keys: |\n            deliver-\n            deliver-",
        ),
    ] {
        assert!(text.contains(good), "{good}");
        let faults = faults(&text.replacen(good, bad, 1)).join("; ");
        assert!(faults.contains("takes over what is left"), "{bad}: {faults}");
    }
    let faults = faults(&text.replace("id: compiler", "id: other")).join("; ");
    assert!(faults.contains("which compiler it has"), "{faults}");
}

#[test]
fn pull_requests_find_caches_of_the_default_branch_and_save_none() {
    let text = workflow("check.yaml");
    let workflow: Value = serde_saphyr::from_str(&text).expect("YAML");
    assert!(workflow["on"]["schedule"].is_array(), "nothing saves any");
    for (name, job) in workflow["jobs"].as_object().expect("jobs") {
        let (saved, restored): (Vec<_>, Vec<_>) = of_caches(job).partition(|step| saves(step));
        let as_saved = |step: &Value| {
            let id = step["id"].as_str().unwrap_or_default();
            let key = format!("${{{{ steps.{id}.outputs.cache-primary-key }}}}");
            (step["with"]["path"].clone(), Value::from(key))
        };
        let restored: Vec<_> = restored.into_iter().map(as_saved).collect();
        for step in &saved {
            let condition = step["if"].as_str().unwrap_or_default();
            assert!(condition.contains(OF_THE_BRANCH), "{name}: {condition}");
        }
        let saved = saved.into_iter().map(|step| &step["with"]);
        let saved: Vec<_> = saved
            .map(|with| (with["path"].clone(), with["key"].clone()))
            .collect();
        assert_eq!(saved, restored, "{name}");
    }
}

#[test]
fn tools_are_kept_for_as_long_as_their_versions_stay() {
    let text = workflow("check.yaml");
    let with_tools = text.replace(
        "            target\n",
        "            target\n            ~/.cache/a\n",
    );
    let faults = faults(&with_tools).join("; ");
    assert!(faults.contains("as briefly as compiled code"), "{faults}");
}

/// The jobs that take over a cargo-deny of any version: a cache of the same name is never saved
/// again, so the newer one would be compiled each time.
fn with_any_cargo_deny(text: &str) -> Vec<String> {
    let workflow: Value = serde_saphyr::from_str(text).expect("a workflow is YAML");
    let takes_any = |step: &Value| {
        let key = step["with"]["key"].as_str().unwrap_or_default();
        let is_by_version = key == AS_RESTORED || key.contains(CARGO_DENY);
        !is_by_version && paths(step).any(|path| path.ends_with("/cargo-deny"))
    };
    let jobs = workflow["jobs"].as_object().expect("jobs").iter();
    let jobs = jobs.filter(|(_, job)| of_caches(job).any(takes_any));
    jobs.map(|(name, _)| name.clone()).collect()
}

#[test]
fn a_cache_with_cargo_deny_is_named_by_its_version() {
    for (name, text) in workflows() {
        assert_eq!(with_any_cargo_deny(&text), Vec::<String>::new(), "{name}");
    }
    let bad = workflow("check.yaml").replace(&format!(", {CARGO_DENY}"), "");
    assert_eq!(with_any_cargo_deny(&bad), ["lint"]);
}

/// The files whose change gives a job of GitLab's pipeline another target folder.
const FILES_OF_GITLAB: [&str; 2] = ["Cargo.lock", "Cargo.toml"];

/// The jobs of GitLab's pipeline that keep a target folder, and those of them that keep it for
/// other dependencies or settings too.
fn kept_on_gitlab(pipeline: &str) -> (Vec<String>, Vec<String>) {
    let pipeline: Value = serde_saphyr::from_str(pipeline).expect("YAML");
    let keeps_target = |job: &Value| {
        let mut paths = job["cache"]["paths"].as_array().into_iter().flatten();
        paths.any(|path| path == "target")
    };
    let jobs = pipeline.as_object().expect("jobs").iter();
    let keeping: Vec<_> = jobs.filter(|(_, job)| keeps_target(job)).collect();
    let is_for_all = |job: &Value| job["cache"]["key"]["files"] != serde_json::json!(FILES_OF_GITLAB);
    let for_all = keeping.iter().filter(|(_, job)| is_for_all(job));
    let for_all = for_all.map(|(name, _)| (*name).clone()).collect();
    let keeping = keeping.iter().map(|(name, _)| (*name).clone()).collect();
    (keeping, for_all)
}

#[test]
fn gitlabs_target_folder_is_kept_for_one_set_of_dependencies_and_settings() {
    let text = fs::read_to_string(root().join(".gitlab-ci.yml")).expect("read the file");
    let (keeping, for_all) = kept_on_gitlab(&text);
    assert!(keeping.iter().any(|name| name == ".verbs"), "{keeping:?}");
    assert!(for_all.is_empty(), "{for_all:?}");
    // Each of them by itself.
    let files = "files: [Cargo.lock, Cargo.toml]\n";
    let keys: Vec<_> = text.match_indices(files).collect();
    assert_eq!(keys.len(), keeping.len());
    for (at, _) in keys {
        let bad = format!(
            "{}files: [Cargo.toml]\n{}",
            &text[..at],
            &text[at + files.len()..]
        );
        let (_, for_all) = kept_on_gitlab(&bad);
        assert_eq!(for_all.len(), 1, "{for_all:?}");
    }
}
