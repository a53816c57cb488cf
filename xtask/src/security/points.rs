//! The points of docs/CHECKLIST.md. To add one, name the function of its test or the scenario's
//! name for `--only`, and run `cargo xtask security`. A point without proof says why.

/// One thing that must hold.
#[derive(Debug)]
pub(super) struct Point {
    pub(super) number: u8,
    /// What must hold, in one line.
    pub(super) holds: &'static str,
    pub(super) shown: &'static [Shown],
    /// What of it is not shown, and why; empty where nothing is missing.
    pub(super) missing: &'static str,
}

/// What fails when it no longer holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// Of the function of a test; of a scenario of the e2e, for `--only`.
    pub(super) name: &'static str,
    pub(super) is_scenario: bool,
}

const fn point(number: u8, holds: &'static str, shown: &'static [Shown], missing: &'static str) -> Point {
    Point {
        number,
        holds,
        shown,
        missing,
    }
}

const fn test(name: &'static str) -> Shown {
    let is_scenario = false;
    Shown { name, is_scenario }
}

// wing: e2e
const fn scenario(name: &'static str) -> Shown {
    let is_scenario = true;
    Shown { name, is_scenario }
}
// end of wing

/// The checks of `scorecard`.
#[rustfmt::skip]
pub(super) const SCORECARD: &[Point] = &[
    point(1, "Binary-Artifacts: no executable binaries in the repository", &[test("no_file_is_a_program")], ""),
    point(2, "Branch-Protection", &[], "a setting of the forge; FORK.md asks for it"),
    point(3, "CI-Tests: tests run for each pull request and are required", &[test("a_gate_names_every_job_of_the_checks")], "the forge must be set to require the job `conclusion`"),
    point(4, "CII-Best-Practices", &[], "a badge that each project applies for"),
    point(5, "Code-Review", &[], "a setting of the forge; FORK.md asks for it"),
    point(6, "Contributors", &[], "about people, not files"),
    point(7, "Dangerous-Workflow: no checkout of untrusted commits, no untrusted text in scripts", &[test("zizmor_finds_nothing"), test("zizmor_finds_injection_and_loose_references"), test("what_a_pull_request_starts_gets_no_secret_and_may_write_nothing")], ""),
    point(8, "Dependency-Update-Tool", &[test("updates_are_proposed_for_each_kind_of_dependency"), test("what_is_due_fails_and_is_named")], "versions of third-party programs are updated by hand"),
    point(9, "Fuzzing", &[test("keeps_to_its_document"), test("no_order_of_runs_breaks_a_rule")], "done with schemathesis and shuttle, which Scorecard does not recognize"),
    point(10, "License", &[test("licences_and_a_way_to_report_are_there")], ""),
    point(11, "Maintained", &[], "about people, not files"),
    point(12, "Packaging", &[], "a template publishes no package"),
    point(13, "Pinned-Dependencies: actions by commit, images by digest, crates by `Cargo.lock`", &[test("every_job_has_a_timeout_and_every_action_is_a_full_commit"), test("image_by_digest")], "parts from PyPI, npm and Go are pinned by version only, rustup on CodeBuild not at all"),
    point(14, "SAST", &[test("zizmor_finds_nothing")], "Rust code is checked by clippy (`cargo xtask check`), which Scorecard does not count"),
    point(15, "SBOM", &[], "no release artifacts are published"),
    point(16, "Security-Policy", &[test("licences_and_a_way_to_report_are_there")], ""),
    point(17, "Signed-Releases", &[], "no release artifacts are published"),
    point(18, "Token-Permissions: workflows have no permissions by default, jobs only those they need", &[test("zizmor_finds_nothing"), test("no_workflow_begins_with_a_permission"), test("no_job_may_write_what_it_need_not")], ""),
    point(19, "Vulnerabilities: no dependency with a known vulnerability", &[], "`cargo xtask check --dated` runs `cargo deny` on advisories, if it is installed and their database can be fetched, and `advisories.yaml` does each night"),
    point(20, "Webhooks: protected by a secret", &[], "a setting of the forge"),
];

/// Of manifests (1 to 6), network and secrets (7, 8), Argo CD and images (9 to 12), CI (13 to 15),
/// the loop and its failures (16 to 24), migrations (25 to 32), requests (33 to 37), the database
/// (38 to 42), HTTP and what is measured (43, 44).
#[rustfmt::skip]
pub(super) const POINTS: &[Point] = &[
    point(1, "Every overlay builds, and Kubernetes or Argo CD knows every field", &[test("every_application_is_rendered_in_every_environment"), test("every_field_is_known_and_of_the_right_type")], ""),
    point(2, "The namespace enforces `restricted` and admits every workload", &[test("pod_security_restricted"), scenario("first-sync"), scenario("pod-security")], ""),
    point(3, "A scan against the NSA/CISA hardening guide finds nothing unexplained", &[test("every_rule_is_kept_everywhere")], "Kubescape is not run; the rules in SECURITY.md cover its controls that apply here"),
    point(4, "Read-only root file system, non-root user, no capabilities, seccomp", &[test("read_only_root"), test("not_root"), test("no_capability"), test("seccomp"), scenario("pod-security")], ""),
    point(5, "No Kubernetes token in any pod; the migration has its own service account", &[test("no_token"), test("own_account"), scenario("pod-security")], ""),
    point(6, "Requests and limits on every container, including Jobs", &[test("requests_and_limits")], ""),
    point(7, "Only connections that a network policy allows succeed", &[test("denied_by_default"), test("network_rules_are_enforced"), scenario("network-policies")], ""),
    point(8, "No secret in Git, images, arguments, logs or Argo CD's diff", &[test("no_secret_is_in_the_work_tree"), test("no_secret_is_in_the_history"), test("the_hook_refuses_a_commit_with_a_key_and_no_other"), scenario("secrets")], ""),
    point(9, "The AppProject rejects other repositories, namespaces and kinds", &[test("the_project_allows_exactly_what_is_rendered"), test("the_roots_project_allows_exactly_what_the_root_renders"), test("nothing_is_in_the_project_default_which_allows_nothing"), scenario("project")], ""),
    point(10, "Tags are immutable, and workloads are pinned by digest", &[test("a_tag_never_moves"), test("image_by_digest")], ""),
    point(11, "A release's signature and provenance are verified, and a modified image is rejected", &[test("where_images_are_signed_one_without_a_signature_counts_as_not_there"), test("no_identity_counts_but_that_of_the_workflow_that_signs"), scenario("admission")], "provenance is attached and signed, but not verified; no keyless signature is made"),
    point(12, "Each image has a bill of materials, and known vulnerabilities stop a release", &[test("each_app_names_what_it_is_made_of_and_nothing_of_the_other"), test("each_night_what_is_released_is_held_against_new_advisories")], "no release waits for that: `cargo xtask check --dated` looks for vulnerabilities, with `cargo deny` if it is installed, and on GitHub a run each night, also in what is released"),
    point(13, "Workflows: read-only token, actions pinned by commit, no checkout of untrusted code", &[test("zizmor_finds_nothing"), test("no_job_may_write_what_it_need_not"), test("every_job_has_a_timeout_and_every_action_is_a_full_commit"), test("what_a_pull_request_starts_gets_no_secret_and_may_write_nothing")], ""),
    point(14, "CI gets a role by OIDC, bound to repository and branch, and has no long-lived key", &[test("branches_and_versions_push_in_the_one_form_that_is_trusted"), test("no_neighbour_gets_in"), test("nothing_else_of_the_repository_gets_in"), test("gitlab_pushes_from_its_branches_and_versions_only"), test("no_ci_file_takes_a_key_of_aws"), test("every_role_is_judged_here_and_bound_to_one_audience_and_subject")], ""),
    point(15, "A commit by CI starts no build, and concurrent runs converge", &[scenario("quiet-bumps"), test("no_order_of_runs_breaks_a_rule"), scenario("two-developers")], ""),
    point(16, "A commit goes live in time by refresh, webhook or polling", &[scenario("page-change"), scenario("forge-down"), scenario("webhook-lost")], ""),
    point(17, "A webhook with a wrong secret or an oversized body is rejected", &[scenario("webhook")], ""),
    point(18, "Drift is corrected within 10 s", &[test("a_failed_sync_is_not_tried_again_and_drift_is_healed"), scenario("drift")], ""),
    point(19, "What is removed from Git is pruned, except what is protected from pruning", &[test("an_application_removed_from_git_takes_its_objects_along_but_the_root_does_not"), scenario("prune")], ""),
    point(20, "After a bad manifest or image, the old pods keep serving", &[scenario("bad-manifest"), scenario("unknown-kind"), scenario("image-missing"), scenario("image-never-ready"), scenario("image-crashes")], ""),
    point(21, "A release to staging does not affect production, and a promotion changes only images", &[scenario("page-change"), scenario("promotion"), test("staging_and_production_differ_in_the_listed_values_and_nowhere_else")], ""),
    point(22, "An Application removed from its generator is handled as configured", &[test("an_application_removed_from_git_takes_its_objects_along_but_the_root_does_not"), test("a_cluster_that_is_no_longer_selected_keeps_everything"), scenario("new-app"), scenario("cluster-leaves")], ""),
    point(23, "An unreachable cluster does not affect the others", &[scenario("cluster-back")], ""),
    point(24, "When parts of Argo CD are killed during a sync, it converges", &[scenario("argocd-killed")], ""),
    point(25, "A failed migration is reported, and the old version keeps serving", &[test("it_runs_before_the_sync_and_replaces_the_last_one"), test("it_ends_and_a_failure_shows_at_once"), scenario("migration-fails"), scenario("new-migration")], ""),
    point(26, "A migration that hangs is stopped by its deadline", &[test("it_ends_and_a_failure_shows_at_once"), scenario("migration-hangs"), scenario("migration-image")], ""),
    point(27, "A migration killed half-way finishes with the same result when it runs again", &[test("a_killed_run_is_taken_over_at_its_checkpoint"), scenario("migration-killed")], ""),
    point(28, "Of two concurrent migrations one works, and the other finds everything done", &[test("of_two_migrators_one_works_and_the_other_finds_it_done"), test("two_migrators_at_once_end_well"), scenario("migrations-at-once")], ""),
    point(29, "If a migration was skipped, the new version does not serve", &[test("not_ready_on_an_older_schema"), scenario("migration-skipped")], ""),
    point(30, "Each sync replaces the migration Job, also with server-side apply", &[test("it_runs_before_the_sync_and_replaces_the_last_one")], "not tested in a cluster; the Job opts out of server-side apply"),
    point(31, "The previous release works on the new schema", &[test("the_store_of_the_release_before_works_on_this_schema")], ""),
    point(32, "Going back to older code loses nothing", &[test("this_release_works_on_the_schema_of_the_next"), test("older_code_can_neither_migrate_nor_serve_after_a_contraction"), scenario("new-migration"), scenario("rollback")], ""),
    point(33, "A rolling update under load fails no request", &[scenario("rollout")], ""),
    point(34, "SIGTERM: readiness fails first, requests in flight finish, exit code 0", &[test("sigterm_fails_readiness_first_and_drops_no_request"), test("stops_in_order")], ""),
    point(35, "A node is drained without a failed request", &[test("budget_can_be_met"), scenario("drain")], "not tested: rejection of a second, simultaneous eviction"),
    point(36, "When pods are killed one after another, few requests fail and service recovers", &[scenario("pod-killed"), scenario("process-killed")], ""),
    point(37, "Without the database: alive, not ready, 503 with `Retry-After`; recovers by itself", &[test("an_unreachable_table_is_not_ready_and_recovers"), test("live_but_not_ready_without_a_table"), test("a_table_that_does_not_answer_is_worth_another_try"), scenario("dynamodb-unreachable")], ""),
    point(38, "Brief throttling goes unnoticed, lasting throttling gives 503, and a slow response is abandoned", &[test("throttled_twice_is_not_noticed"), test("throttled_throughout_is_a_503"), test("a_late_answer_is_not_waited_for"), test("late_answers_throughout_are_a_504"), scenario("dynamodb-throttled")], ""),
    point(39, "A post repeated with its key is stored once; the key with another body is rejected", &[test("the_same_key_is_one_message"), test("the_same_key_with_another_body_is_refused")], ""),
    point(40, "A conflict is reported and never retried blindly", &[test("an_edit_of_another_revision_is_refused"), test("a_refused_condition_is_not_tried_again")], ""),
    point(41, "Lists over 1 MB are complete, and oversized input gives a clean 4xx", &[test("pages_larger_than_a_megabyte_are_complete"), test("the_longest_message_is_stored"), test("bad_messages_are_refused_with_a_reason")], "a hot key: no emulator throttles one"),
    point(42, "Production's table has point-in-time recovery, deletion protection and encryption", &[test("productions_messages_cannot_be_lost_by_a_slip"), test("what_moto_answers_for_in_production")], ""),
    point(43, "Security headers; limits on bodies, heads and time; no internal details; 405", &[test("every_answer_is_guarded"), test("slow_clients_are_cut_off_and_nobody_else_notices"), test("a_head_that_is_too_large_or_wrong_is_refused"), test("bad_messages_are_refused_with_a_reason"), test("a_panic_is_answered_without_a_word_about_the_inside"), test("methods_that_are_not_offered_are_refused")], ""),
    point(44, "Metrics, and logs with the trace id and without secrets", &[test("a_request_is_found_in_log_and_metrics"), test("requests_are_measured_by_pattern_and_never_by_path"), scenario("secrets")], "there are no dashboards"),
];
