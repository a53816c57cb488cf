//! The points of docs/CHECKLIST.md. To claim one more: name the function of its test, or the story's name for `--only`, and run
//! `cargo xtask security`. What is not shown says why.

use super::checklist::{Point, Shown};

const fn point(number: u8, holds: &'static str, shown: &'static [Shown], missing: &'static str) -> Point {
    Point {
        number,
        holds,
        shown,
        missing,
    }
}

const fn test(name: &'static str) -> Shown {
    Shown::Test(name)
}

const fn story(name: &'static str) -> Shown {
    Shown::Story(name)
}

/// What `scorecard` looks for, check by check.
#[rustfmt::skip]
pub(super) const SCORECARD: &[Point] = &[
    point(1, "Binary-Artifacts: no program that nobody can read", &[test("no_file_is_a_program")], ""),
    point(2, "Branch-Protection", &[], "a setting of the forge; FORK.md asks for it"),
    point(3, "CI-Tests: tests run for each pull request, and are required", &[test("a_gate_names_every_job_of_the_checks")], "that the forge requires the job `conclusion` is its setting"),
    point(4, "CII-Best-Practices", &[], "a badge that a project applies for"),
    point(5, "Code-Review", &[], "a setting of the forge; FORK.md asks for it"),
    point(6, "Contributors", &[], "tells of people, not of files"),
    point(7, "Dangerous-Workflow: no checkout of a stranger's commit, no stranger's text in a script", &[test("zizmor_finds_nothing"), test("zizmor_finds_injection_and_loose_references")], ""),
    point(8, "Dependency-Update-Tool", &[test("updates_are_proposed_for_each_kind_of_dependency")], "what `supply/versions.toml` pins is updated by hand"),
    point(9, "Fuzzing", &[test("keeps_to_its_document"), test("no_order_of_runs_breaks_a_rule")], "by schemathesis and shuttle, neither of which Scorecard knows"),
    point(10, "License", &[test("licences_and_a_way_to_report_are_there")], ""),
    point(11, "Maintained", &[], "tells of people, not of files"),
    point(12, "Packaging", &[], "a template publishes no package"),
    point(13, "Pinned-Dependencies: actions by commit, images by digest, crates by `Cargo.lock`", &[test("every_job_has_a_timeout_and_every_action_is_a_full_commit"), test("image_by_digest")], "the parts from PyPI, npm and Go by version"),
    point(14, "SAST", &[test("zizmor_finds_nothing")], "the code by clippy (`cargo xtask check`), which Scorecard does not count"),
    point(15, "SBOM", &[], "no release of this repository has one"),
    point(16, "Security-Policy", &[test("licences_and_a_way_to_report_are_there")], ""),
    point(17, "Signed-Releases", &[], "no release of this repository is signed"),
    point(18, "Token-Permissions: a workflow's token may do nothing, a job's what it needs", &[test("zizmor_finds_nothing"), test("no_workflow_begins_with_a_permission"), test("no_job_may_write_what_it_need_not")], ""),
    point(19, "Vulnerabilities: no dependency with a known one", &[], "`cargo xtask check` asks `cargo deny` for advisories, where it is installed and their database can be fetched"),
    point(20, "Webhooks: with a secret", &[], "a setting of the forge"),
];

/// Of manifests (1 to 6), network and secrets (7, 8), Argo CD and images (9 to 12), CI (13 to 15), the loop and its failures (16 to
/// 24), migrations (25 to 32), requests (33 to 37), the database (38 to 42), HTTP and what is measured (43, 44).
#[rustfmt::skip]
pub(super) const POINTS: &[Point] = &[
    point(1, "Every overlay builds, and every field is one that Kubernetes or Argo CD knows", &[test("every_application_is_rendered_in_every_environment"), test("every_field_is_known_and_of_the_right_type")], ""),
    point(2, "Every workload is admitted where the namespace enforces `restricted`", &[test("pod_security_restricted"), story("first-sync"), story("pod-security")], ""),
    point(3, "A scan by NSA's and CISA's list finds nothing without a reason", &[test("every_rule_is_kept_everywhere")], "Kubescape is not run; the rules in SECURITY.md are its controls that apply here"),
    point(4, "Root read-only, not root, no capability, seccomp", &[test("read_only_root"), test("not_root"), test("no_capability"), test("seccomp"), story("pod-security")], ""),
    point(5, "No token of Kubernetes in a pod; the migration has an account of its own", &[test("no_token"), test("own_account"), story("pod-security")], ""),
    point(6, "Requests and limits on every container, Jobs too", &[test("requests_and_limits")], ""),
    point(7, "What no policy allows does not connect; what is needed does", &[test("denied_by_default"), test("network_rules_are_enforced"), story("network-policies")], ""),
    point(8, "No secret in Git, images, arguments, logs or Argo CD's diff", &[test("no_secret_is_in_the_work_tree"), test("no_secret_is_in_the_history"), test("the_hook_refuses_a_commit_with_a_key_and_no_other"), story("secrets")], ""),
    point(9, "The project refuses a foreign repository, namespace and kind", &[test("the_project_allows_exactly_what_is_rendered"), story("project")], ""),
    point(10, "Tags do not move; what runs is named by digest", &[test("a_tag_never_moves"), test("image_by_digest")], ""),
    point(11, "Signature and provenance of a release are verified; a changed image fails", &[test("where_images_are_signed_one_without_a_signature_counts_as_not_there"), story("admission")], "the provenance is attached, and signed, but looked at by nobody"),
    point(12, "A bill of materials for each image; known faults stop a release", &[test("each_app_names_what_it_is_made_of_and_nothing_of_the_other")], "known faults: `cargo deny` asks for advisories in `cargo xtask check`, where it is installed"),
    point(13, "Workflows: read-only token, actions by commit, no untrusted checkout", &[test("zizmor_finds_nothing"), test("no_job_may_write_what_it_need_not"), test("every_job_has_a_timeout_and_every_action_is_a_full_commit")], ""),
    point(14, "CI gets a role by OIDC, bound to repository and branch; no long-lived key", &[test("github_pushes_from_its_branches_and_versions"), test("github_is_refused_else"), test("every_role_is_judged_here_and_bound_to_one_audience_and_subject")], ""),
    point(15, "A commit of CI's starts no build; runs at the same time converge", &[story("quiet-bumps"), test("no_order_of_runs_breaks_a_rule"), story("two-developers")], ""),
    point(16, "A commit is live in time by refresh, by webhook, by polling", &[story("page-change")], "the annotation and polling: measured by `cargo xtask bench loop` (BENCHMARK.md), no test"),
    point(17, "A webhook with a wrong secret or too large a body is refused", &[story("webhook")], ""),
    point(18, "Drift is healed within 10 s", &[test("a_failed_sync_is_not_tried_again_and_drift_is_healed"), story("drift")], ""),
    point(19, "What is removed from Git is pruned; what may not be pruned stays", &[test("an_application_removed_from_git_takes_its_objects_along_but_the_root_does_not"), story("prune")], ""),
    point(20, "After a bad manifest the old pods go on serving", &[story("bad-manifest"), story("unknown-kind"), story("image-missing"), story("image-never-ready"), story("image-crashes")], ""),
    point(21, "Staging's commit leaves production alone; a promotion changes the image only", &[story("page-change"), story("promotion"), test("staging_and_production_differ_in_the_listed_values_and_nowhere_else")], ""),
    point(22, "A generator's removed entry does what the policy says", &[test("an_application_removed_from_git_takes_its_objects_along_but_the_root_does_not")], "there is no ApplicationSet here, and no story of a removed Application"),
    point(23, "A cluster that is away does not touch the others", &[], "no story of it"),
    point(24, "Argo CD's parts are killed during a sync, and it converges", &[story("argocd-killed")], ""),
    point(25, "A migration that fails leaves the old version serving, and says so", &[test("it_runs_before_the_sync_and_replaces_the_last_one"), test("it_ends_and_a_failure_shows_at_once"), story("migration-fails"), story("new-migration")], ""),
    point(26, "A migration that hangs is ended by its deadline", &[test("it_ends_and_a_failure_shows_at_once"), story("migration-hangs"), story("migration-image")], ""),
    point(27, "A migration killed half way ends the same when it runs again", &[test("a_killed_run_is_taken_over_at_its_checkpoint"), story("migration-killed")], ""),
    point(28, "Of two migrations at once one works, the other finds it done", &[test("of_two_migrators_one_works_and_the_other_finds_it_done"), test("two_migrators_at_once_end_well"), story("migrations-at-once")], ""),
    point(29, "A migration that was skipped keeps the new version from serving", &[test("not_ready_on_an_older_schema"), story("migration-skipped")], ""),
    point(30, "A sync makes the migration's Job anew, applied by the server or not", &[test("it_runs_before_the_sync_and_replaces_the_last_one")], "in a cluster, and with server-side apply, which the Job opts out of"),
    point(31, "The release before works on the new schema", &[test("the_store_of_the_release_before_works_on_this_schema")], ""),
    point(32, "Going back to older code loses nothing", &[test("this_release_works_on_the_schema_of_the_next"), test("older_code_can_neither_migrate_nor_serve_after_a_contraction"), story("new-migration"), story("rollback")], ""),
    point(33, "A rolling update under load fails no request", &[story("rollout")], ""),
    point(34, "SIGTERM: readiness fails first, what is under way ends well, exit code 0", &[test("sigterm_fails_readiness_first_and_drops_no_request"), test("stops_in_order")], ""),
    point(35, "A node is drained without a failed request", &[test("budget_can_be_met"), story("drain")], "that a second eviction at once is refused"),
    point(36, "Pods are killed one after the other; few requests fail, and it recovers", &[story("pod-killed"), story("process-killed")], ""),
    point(37, "Without the database: alive, not ready, 503 with `Retry-After`, back by itself", &[test("an_unreachable_table_is_not_ready_and_recovers"), test("live_but_not_ready_without_a_table"), test("a_table_that_does_not_answer_is_worth_another_try"), story("dynamodb-unreachable")], ""),
    point(38, "Throttled twice is not noticed, throughout is a 503; a late answer is not waited for", &[test("throttled_twice_is_not_noticed"), test("throttled_throughout_is_a_503"), test("a_late_answer_is_not_waited_for"), test("late_answers_throughout_are_a_504"), story("dynamodb-throttled")], ""),
    point(39, "A post repeated with its key is one message; with another body it is refused", &[test("the_same_key_is_one_message"), test("the_same_key_with_another_body_is_refused")], ""),
    point(40, "A conflict is told and never retried blindly", &[test("an_edit_of_another_revision_is_refused"), test("a_refused_condition_is_not_tried_again")], ""),
    point(41, "Pages over a megabyte are complete; what is too large is a clean 4xx", &[test("pages_larger_than_a_megabyte_are_complete"), test("the_longest_message_is_stored"), test("bad_messages_are_refused_with_a_reason")], "a hot key: no emulator throttles one"),
    point(42, "Production's table has recovery, deletion protection and encryption", &[test("productions_messages_cannot_be_lost_by_a_slip")], ""),
    point(43, "Security headers; limits on bodies, heads and time; nothing of the inside; 405", &[test("every_answer_is_guarded"), test("slow_clients_are_cut_off_and_nobody_else_notices"), test("a_head_that_is_too_large_or_wrong_is_refused"), test("a_panic_is_answered_without_a_word_about_the_inside"), test("methods_that_are_not_offered_are_refused")], ""),
    point(44, "Metrics, logs with the trace's id, nothing secret in them", &[test("a_request_is_found_in_log_and_metrics"), test("requests_are_measured_by_pattern_and_never_by_path")], "there are no dashboards"),
];
