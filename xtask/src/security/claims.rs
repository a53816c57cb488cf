//! What this repository claims of its security, and which test would fail. Nothing stands here without a test.

use super::{Claim, Part};

const fn claim(
    part: Part,
    rule: &'static str,
    reason: &'static str,
    check: &'static str,
    file: &'static str,
) -> Claim {
    Claim {
        part,
        rule,
        reason,
        check,
        file,
    }
}

const FAULTS: &str = "xtask/tests/manifests/faults.rs";
const SCHEMAS: &str = "xtask/tests/manifests/schemas.rs";
const DELIVERY: &str = "xtask/tests/manifests/delivery.rs";
const RIGHTS: &str = "xtask/tests/manifests/rights.rs";
const TRAFFIC: &str = "xtask/tests/manifests/traffic.rs";
const ROLES: &str = "xtask/tests/manifests/cloudformation.rs";
const SECRETS: &str = "xtask/tests/secrets.rs";
const GUARD: &str = "xtask/tests/manifests/admission.rs";
const IMAGES: &str = "xtask/src/ci/images.rs";
const BILL: &str = "xtask/src/ci/sbom.rs";
const REFUSALS: &str = "xtask/src/ci/tests/refusals.rs";
const CI_RULES: &str = "pipelines/tests/systems/rules.rs";
const STATICS: &str = "pipelines/tests/systems/statics.rs";
const TRUST: &str = "cloud/tests/account/trust.rs";
const HEADERS: &str = "frontend/server/tests/it/headers.rs";
const ROUTER: &str = "backend/tests/it/router.rs";
const LAYERS: &str = "serverkit/tests/layers.rs";
const SLOW: &str = "dev/tests/hostile/slow.rs";
const MALFORMED: &str = "dev/tests/hostile/malformed.rs";
const POSTURE_PODS: &str = "e2e/src/scenarios/posture/pods.rs";
const POSTURE_NETWORK: &str = "e2e/src/scenarios/posture/network.rs";
const POSTURE_RIGHTS: &str = "e2e/src/scenarios/posture/argocd.rs";
const POSTURE_PROJECT: &str = "e2e/src/scenarios/posture/project.rs";
const POSTURE_SECRETS: &str = "e2e/src/scenarios/posture/secrets.rs";
const POSTURE_IMAGES: &str = "e2e/src/scenarios/posture/admission.rs";
const SCANNER: &str = "dev/tests/hostile/scanner.rs";

/// In the order of the page.
#[rustfmt::skip]
pub const CLAIMS: &[Claim] = &[
    claim(Part::Pods, "Image of our registry, by digest", "a tag, `latest` above all, can come to mean something else", "image_by_digest", FAULTS),
    claim(Part::Pods, "Not root", "who breaks out of a container is nobody on the node", "not_root", FAULTS),
    claim(Part::Pods, "Read-only root", "nothing can be put beside the program", "read_only_root", FAULTS),
    claim(Part::Pods, "No capability, no escalation, not privileged", "a server that listens above port 1024 needs none", "no_capability", FAULTS),
    claim(Part::Pods, "Seccomp `RuntimeDefault`", "rare system calls are where kernels break", "seccomp", FAULTS),
    claim(Part::Pods, "No hostPath or other volume, no network, process or port of the host", "the node is no part of the application", "nothing_of_the_host", FAULTS),
    claim(Part::Pods, "No token of Kubernetes", "no pod talks to its API", "no_token", FAULTS),
    claim(Part::Pods, "An account for each, the migration's apart", "what a migration may do, a request may not", "own_account", FAULTS),
    claim(Part::Pods, "The namespace is labelled to enforce `restricted`, at a pinned version", "what is forgotten above is refused at the door", "pod_security_restricted", FAULTS),
    claim(Part::Pods, "Requests and limits", "one pod must not starve its neighbours", "requests_and_limits", FAULTS),
    claim(Part::Pods, "Labels, and one namespace", "policies and budgets choose by them", "labels", FAULTS),
    claim(Part::Pods, "Nothing in another namespace", "the policies hold in this one", "own_namespace", FAULTS),
    claim(Part::Pods, "Startup, liveness and readiness probes", "a pod that cannot serve gets no requests, one that waits is not killed", "probes", FAULTS),
    claim(Part::Pods, "preStop sleep, and a grace period that covers it", "a rollout loses no request", "stops_in_order", FAULTS),
    claim(Part::Pods, "A disruption budget that can be met", "a drain neither hangs nor takes all", "budget_can_be_met", FAULTS),
    claim(Part::Pods, "Spread over zones and nodes", "one of them may fail", "spread", FAULTS),
    claim(Part::Pods, "The cluster refuses a pod that breaks `restricted`", "a rule that nobody applies is a wish", "violations_are_refused", POSTURE_PODS),
    claim(Part::Pods, "What runs has no more rights than that, by what the kernel says of it", "a description can be wrong", "running_pods_keep_the_rules", POSTURE_PODS),
    claim(Part::Network, "Denied unless a policy allows it, in and out", "a pod that was taken over reaches little", "denied_by_default", FAULTS),
    claim(Part::Network, "Metrics on a port that no visitor reaches", "they tell about other visitors", "metrics_have_a_port_of_their_own_that_no_visitor_reaches", TRAFFIC),
    claim(Part::Network, "What no policy allows does not connect in a cluster; what is needed does", "not every network plugin enforces policies", "only_what_policies_allow_connects", POSTURE_NETWORK),
    claim(Part::Manifests, "Every field is known to Kubernetes or Argo CD and has the right type", "a misspelt setting protects nothing, and is applied without a word", "every_field_is_known_and_of_the_right_type", SCHEMAS),
    claim(Part::Manifests, "The project allows exactly what is rendered: repository, namespace, kinds", "what is pushed to Git can do no more", "the_project_allows_exactly_what_is_rendered", DELIVERY),
    claim(Part::Manifests, "Argo CD is given the right to change those kinds, in that namespace, and no others", "a project is only as good as the program that reads it", "argo_cd_may_change_the_kinds_of_its_project_and_no_others", RIGHTS),
    claim(Part::Manifests, "Argo CD may watch those kinds and what they make, in two namespaces", "it has no business with anybody's secrets", "argo_cd_may_watch_what_it_watches", RIGHTS),
    claim(Part::Manifests, "Argo CD refuses another repository, namespace or kind", "who may push is held by the project", "only_what_the_project_allows_is_synced", POSTURE_PROJECT),
    claim(Part::Manifests, "In a cluster, no account of Argo CD may do more than that, by whatever role", "rights come from more roles than one writes", "rights_end_at_the_namespace", POSTURE_RIGHTS),
    claim(Part::Manifests, "Nobody signs in to Argo CD; the administrator has no password", "Git is the only way in", "nobody_signs_in", POSTURE_RIGHTS),
    claim(Part::Secrets, "None in the work tree", "what is in Git is public one day", "no_secret_is_in_the_work_tree", SECRETS),
    claim(Part::Secrets, "None in the history", "deleting a file deletes no secret", "no_secret_is_in_the_history", SECRETS),
    claim(Part::Secrets, "A commit with one is refused, where the hook is installed", "before it leaves the machine it needs no new key", "the_hook_refuses_a_commit_with_a_key_and_no_other", SECRETS),
    claim(Part::Secrets, "None in Git, images, objects, arguments, logs, Argo CD's diff, or what a run leaves", "what everybody reads, everybody knows", "no_secret_is_found", POSTURE_SECRETS),
    claim(Part::Images, "The namespace asks for signatures", "what is forgotten elsewhere is refused at the door", "signatures_are_asked_for", FAULTS),
    claim(Part::Images, "Where the controller does not answer, nothing starts; other namespaces do not ask it", "a guard that is away lets nobody in, and takes no cluster down", "the_guard_fails_closed_and_leaves_alone_what_a_cluster_needs", GUARD),
    claim(Part::Images, "An unsigned or foreign image, or one that another key signed, is refused; ours is not", "only CI makes what runs", "only_what_ci_signed_gets_in", POSTURE_IMAGES),
    claim(Part::Images, "Without the controller a signed image is refused too, and what runs goes on", "its failure is no way in", "nobody_gets_in_unasked", POSTURE_IMAGES),
    claim(Part::Images, "Nothing of the machine or of now is in an image", "who makes it again gets the same, and need not believe who pushed it", "when_and_by_whom_files_were_made_does_not_show", IMAGES),
    claim(Part::Images, "Where images are signed, one without a signature is not released", "a run that is cut off leaves nothing half done", "where_images_are_signed_one_without_a_signature_counts_as_not_there", REFUSALS),
    claim(Part::Images, "The bill of materials names what is compiled in, and nothing else", "a fault in a crate is looked up, not guessed", "each_app_names_what_it_is_made_of_and_nothing_of_the_other", BILL),
    claim(Part::Images, "No licence in an image that `deny.toml` does not allow", "users of the template choose their own", "no_image_has_a_licence_that_is_not_allowed", BILL),
    claim(Part::Ci, "Actions pinned by commit, a time limit for each job", "a tag can be moved to other code", "every_job_has_a_timeout_and_every_action_is_a_full_commit", CI_RULES),
    claim(Part::Ci, "No job of a workflow may write what it need not", "a step that was taken over has its job's rights", "no_job_may_write_what_it_need_not", CI_RULES),
    claim(Part::Ci, "zizmor finds nothing in the workflows", "titles and branch names are written by strangers", "zizmor_finds_nothing", STATICS),
    claim(Part::Ci, "GitHub's roles trust this repository and its branches only", "anybody can have a token of GitHub", "github_is_refused_else", TRUST),
    claim(Part::Ci, "Every role is bound to one audience and subject", "a role without is everybody's", "every_role_is_judged_here_and_bound_to_one_audience_and_subject", TRUST),
    claim(Part::Aws, "Each account of a cluster gets its own role only", "the frontend has no business in the table", "each_service_account_gets_its_own_role_only", TRUST),
    claim(Part::Aws, "Each role may do what its code does, to this table only", "a server cannot drop what it serves", "each_role_may_do_what_its_code_does_to_this_table_only", ROLES),
    claim(Part::Http, "The page runs only scripts of its own", "a message is text, whatever is in it", "the_page_runs_only_what_is_its_own", HEADERS),
    claim(Part::Http, "Security headers on every answer", "errors and files too", "every_answer_is_guarded", HEADERS),
    claim(Part::Http, "An unknown method is refused with 405", "what is not offered is not tried", "a_method_that_a_path_does_not_take_is_answered_with_those_it_takes", ROUTER),
    claim(Part::Http, "Other methods are refused by both servers, `TRACE` too", "an echo shows a script what it must not see", "methods_that_are_not_offered_are_refused", MALFORMED),
    claim(Part::Http, "Slow heads, slow bodies and unread answers are cut off after 10, 10 and 15 s", "a hundred clients must not be a crowd", "slow_clients_are_cut_off_and_nobody_else_notices", SLOW),
    claim(Part::Http, "Heads that are too large or wrong are refused, with 431 and 400", "what two servers read differently is two requests", "a_head_that_is_too_large_or_wrong_is_refused", MALFORMED),
    claim(Part::Http, "Nothing outside the folder of files is served", "the pod has more files than the page", "nothing_outside_the_folder_of_files_is_served", MALFORMED),
    claim(Part::Http, "What a client says of the host is in no answer", "a redirect to elsewhere carries our name", "what_a_client_says_of_the_host_comes_back_nowhere", MALFORMED),
    claim(Part::Http, "A panic is a 500 without a word about the inside", "a stack trace is a map", "a_panic_is_answered_without_a_word_about_the_inside", LAYERS),
    claim(Part::Http, "A scan by wapiti finds nothing above low", "others look with the same tools", "a_scan_of_both_servers_finds_nothing_above_low", SCANNER),
    claim(Part::Http, "Messages that are too long or wrong are refused, with a reason", "memory is for everybody", "bad_messages_are_refused_with_a_reason", ROUTER),
];
