//! The job that a branch is protected by waits for every other job of the checks, and none of them
//! is left out but by night.

use std::process::Command;

use serde_json::Value;

use crate::rules::workflow;

/// The job that a branch is protected by.
const GATE: &str = "conclusion";
/// The jobs that look at what a pull request changes.
const OF_A_CHANGE: [&str; 2] = ["difference", "e2e"];
/// What the gate takes besides `success`: by night, that a job is left out.
const ALSO: &str = "${{ github.event_name == 'schedule' && 'skipped' || 'success' }}";

fn checks() -> Value {
    serde_saphyr::from_str(&workflow("check.yaml")).expect("YAML")
}

/// The gate, and the names of all jobs.
fn gate() -> (Value, Vec<String>) {
    let workflow = checks();
    let jobs = workflow["jobs"].as_object().expect("jobs");
    (jobs[GATE].clone(), jobs.keys().cloned().collect())
}

#[test]
fn a_gate_names_every_job_of_the_checks() {
    let (gate, mut jobs) = gate();
    assert_eq!(gate["if"], "always()");
    let needs = gate["needs"].as_array().expect("a list").iter();
    let mut needs: Vec<_> = needs.filter_map(Value::as_str).collect();
    jobs.retain(|name| name != GATE);
    needs.sort_unstable();
    jobs.sort_unstable();
    assert_eq!(needs, jobs);
}

#[test]
fn the_gate_opens_only_if_every_job_passed() {
    let (gate, jobs) = gate();
    let step = &gate["steps"][0];
    assert_eq!(step["env"]["RESULTS"], "${{ join(needs.*.result, ' ') }}");
    assert_eq!(step["env"]["ALSO"], ALSO);
    let opens = |results: &[&str], also: &str| {
        let mut shell = Command::new("bash");
        shell.args(["-e", "-c", step["run"].as_str().expect("a script")]);
        shell.env("RESULTS", results.join(" ")).env("ALSO", also);
        shell.status().expect("start bash").success()
    };
    let passed = vec!["success"; jobs.len() - 1];
    let by_night = "skipped";
    for also in ["success", by_night] {
        assert!(opens(&passed, also), "{also}");
    }
    for place in 0..passed.len() {
        for other in ["failure", "cancelled", "skipped"] {
            let mut results = passed.clone();
            results[place] = other;
            assert!(!opens(&results, "success"), "{results:?}");
            assert_eq!(opens(&results, by_night), other == by_night, "{results:?}");
        }
    }
}

#[test]
fn no_pull_request_waits_for_what_the_date_alone_turns_red() {
    let workflow = checks();
    let jobs = workflow["jobs"].as_object().expect("jobs").values();
    let steps = jobs.flat_map(|job| job["steps"].as_array().into_iter().flatten());
    let is_dated = |step: &&Value| step["run"].as_str().is_some_and(|run| run.contains("--dated"));
    let dated: Vec<_> = steps.filter(is_dated).map(|step| &step["if"]).collect();
    assert_eq!(dated, ["github.event_name == 'schedule'"]);
}

#[test]
fn only_what_looks_at_a_change_is_left_out_by_night() {
    for (name, job) in checks()["jobs"].as_object().expect("jobs") {
        let is_of_a_change = OF_A_CHANGE.contains(&name.as_str());
        let condition = is_of_a_change.then_some("github.event_name != 'schedule'");
        assert!(name == GATE || job["if"].as_str() == condition, "{name}");
    }
}
