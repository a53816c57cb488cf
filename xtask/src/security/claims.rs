//! The security rules of this repository, each with the test that fails when it is broken.

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
const PROJECTS: &str = "xtask/tests/manifests/projects.rs";
const RIGHTS: &str = "xtask/tests/manifests/rights.rs";
const TRAFFIC: &str = "xtask/tests/manifests/traffic.rs";
const ROLES: &str = "xtask/tests/manifests/cloudformation.rs";
const SECRETS: &str = "xtask/tests/secrets.rs";
const GUARD: &str = "xtask/tests/manifests/admission.rs";
const IMAGES: &str = "tools/release/src/ci/images.rs";
const BILL: &str = "tools/release/src/ci/sbom.rs";
const REFUSALS: &str = "tools/release/src/ci/tests/refusals.rs";
const CI_RULES: &str = "tools/pipelines/tests/systems/rules.rs";
const CI_GIVEN: &str = "tools/pipelines/tests/systems/given.rs";
const STATICS: &str = "tools/pipelines/tests/systems/statics.rs";
const GITHUB_TRUST: &str = "tools/cloud/tests/account/trust/github.rs";
const TRUST: &str = "tools/cloud/tests/account/trust.rs";
const IDENTITIES: &str = "tools/e2e/src/scenarios/failures/identities.rs";
const PODS_OF_ACCOUNTS: &str = "tools/e2e/src/scenarios/failures/identities/pods_of_accounts.rs";
const HEADERS: &str = "frontend/server/tests/it/headers.rs";
const ROUTER: &str = "backend/tests/it/router.rs";
const LAYERS: &str = "crates/serverkit/tests/layers.rs";
const SLOW: &str = "tools/dev/tests/hostile/slow.rs";
const MALFORMED: &str = "tools/dev/tests/hostile/malformed.rs";
const POSTURE_PODS: &str = "tools/e2e/src/scenarios/posture/pods.rs";
const POSTURE_NETWORK: &str = "tools/e2e/src/scenarios/posture/network.rs";
const POSTURE_RIGHTS: &str = "tools/e2e/src/scenarios/posture/argocd.rs";
const POSTURE_PROJECT: &str = "tools/e2e/src/scenarios/posture/project.rs";
const POSTURE_WEBHOOK: &str = "tools/e2e/src/scenarios/posture/webhook.rs";
const POSTURE_SECRETS: &str = "tools/e2e/src/scenarios/posture/secrets.rs";
const POSTURE_IMAGES: &str = "tools/e2e/src/scenarios/posture/admission.rs";
const REPRODUCTION: &str = "tools/e2e/src/scenarios/posture/reproduction.rs";
const PREVIEWS: &str = "xtask/tests/manifests/previews/accounts.rs";
const PREVIEW_WALLS: &str = "tools/e2e/src/scenarios/previews/walls.rs";
const SCANNER: &str = "tools/dev/tests/hostile/scanner.rs";

/// In the order of the page.
#[rustfmt::skip]
pub const CLAIMS: &[Claim] = &[
    claim(Part::Pods, "Images come from our registry, pinned by digest", "a tag, above all `latest`, can move to other content", "image_by_digest", FAULTS),
    claim(Part::Pods, "Containers do not run as root", "a process that escapes its container has no privileges on the node", "not_root", FAULTS),
    claim(Part::Pods, "The root file system is read-only", "an attacker cannot add files beside the program", "read_only_root", FAULTS),
    claim(Part::Pods, "No capabilities, no privilege escalation, not privileged", "a server on a port above 1024 needs none", "no_capability", FAULTS),
    claim(Part::Pods, "Seccomp profile `RuntimeDefault`", "rarely used system calls are a common source of kernel vulnerabilities", "seccomp", FAULTS),
    claim(Part::Pods, "No volumes but claims and Secrets; no network, process or port of the host", "the application needs nothing from the node", "nothing_of_the_host", FAULTS),
    claim(Part::Pods, "No Kubernetes token is mounted", "no pod uses the Kubernetes API", "no_token", FAULTS),
    claim(Part::Pods, "Each app has its own service account, and so does the migration", "a request must not be able to do what a migration may", "own_account", FAULTS),
    claim(Part::Pods, "The namespace enforces the Pod Security Standard `restricted`, at a pinned version", "the API server rejects what the rules above miss", "pod_security_restricted", FAULTS),
    claim(Part::Pods, "Every container has requests and limits: CPU, memory, ephemeral storage", "one pod must not starve its neighbours, nor fill the disk of its node with logs", "requests_and_limits", FAULTS),
    claim(Part::Pods, "Every object has the standard labels", "network policies and disruption budgets select by label", "labels", FAULTS),
    claim(Part::Pods, "Every object is in the application's namespace", "the policies apply there", "own_namespace", FAULTS),
    claim(Part::Pods, "Startup, liveness and readiness probes", "a pod that cannot serve gets no requests, and one that is only waiting is not killed", "probes", FAULTS),
    claim(Part::Pods, "A preStop sleep, and a grace period that covers it", "a rollout loses no request", "stops_in_order", FAULTS),
    claim(Part::Pods, "A disruption budget that can be met", "a drain neither hangs nor evicts every pod", "budget_can_be_met", FAULTS),
    claim(Part::Pods, "Pods are spread over zones and nodes", "one of them may fail", "spread", FAULTS),
    claim(Part::Pods, "A cluster rejects pods that violate `restricted`", "a label alone enforces nothing", "violations_are_refused", POSTURE_PODS),
    claim(Part::Pods, "Running processes have no more privileges than that, according to the kernel", "a manifest may not have the effect it describes", "running_pods_keep_the_rules", POSTURE_PODS),
    claim(Part::Network, "Traffic in both directions is denied unless a policy allows it", "a compromised pod can reach little", "denied_by_default", FAULTS),
    claim(Part::Network, "Metrics have a port of their own that visitors cannot reach", "metrics reveal what other visitors do", "metrics_have_a_port_of_their_own_that_no_visitor_reaches", TRAFFIC),
    claim(Part::Network, "In a cluster, only connections that a policy allows succeed", "not every network plugin enforces policies", "only_what_policies_allow_connects", POSTURE_NETWORK),
    claim(Part::Manifests, "Kubernetes or Argo CD knows every field, and its type is right", "a misspelt setting is ignored silently and protects nothing", "every_field_is_known_and_of_the_right_type", SCHEMAS),
    claim(Part::Manifests, "The AppProject allows exactly the rendered repository, namespace and kinds", "a push to Git cannot do more", "the_project_allows_exactly_what_is_rendered", PROJECTS),
    claim(Part::Manifests, "The root Application has an AppProject that allows exactly what it creates: Applications and AppProjects", "an app of apps could else create anything", "the_roots_project_allows_exactly_what_the_root_renders", PROJECTS),
    claim(Part::Manifests, "No Application is in the AppProject `default`, and that allows nothing", "Argo CD creates it open, for every Application that names no other", "nothing_is_in_the_project_default_which_allows_nothing", PROJECTS),
    claim(Part::Manifests, "Argo CD's RBAC allows it to change only those kinds, in that namespace", "an AppProject limits Argo CD only while Argo CD works correctly", "argo_cd_may_change_the_kinds_of_its_project_and_no_others", RIGHTS),
    claim(Part::Manifests, "Argo CD may watch only those kinds, what they create, and its own objects, in two namespaces", "it needs no access to Secrets elsewhere", "argo_cd_may_watch_what_it_watches", RIGHTS),
    claim(Part::Manifests, "Argo CD may not take from the namespace the labels by which pods are restricted and images signed", "a push to Git could otherwise switch off what refuses the rest of it", "argo_cd_may_not_take_from_its_namespace_what_judges_its_pods", RIGHTS),
    claim(Part::Manifests, "In a cluster, Argo CD rejects another repository, namespace or kind, and whatever is in `default`", "the AppProject limits what a push can do", "only_what_the_project_allows_is_synced", POSTURE_PROJECT),
    claim(Part::Manifests, "In a cluster, no service account of Argo CD may do more, through any role", "permissions may come from roles that others created", "rights_end_at_the_namespace", POSTURE_RIGHTS),
    claim(Part::Manifests, "In a cluster, the API server refuses Argo CD's controller what goes further, and those labels", "a rule that is written may not have the effect it describes", "the_api_server_refuses_the_rest", POSTURE_RIGHTS),
    claim(Part::Manifests, "In a cluster, Argo CD ignores webhooks without the secret and oversized ones", "anyone who can reach its address can send them", "only_who_knows_the_secret_makes_it_look", POSTURE_WEBHOOK),
    claim(Part::Manifests, "Nobody can sign in to Argo CD, and the administrator has no password", "changes come only through Git", "nobody_signs_in", POSTURE_RIGHTS),
    claim(Part::Manifests, "The keeper of previews may start a sync and end it, and not change what it deploys", "RBAC knows no fields of an object", "the_keeper_may_not_change_what_an_application_deploys", PREVIEWS),
    claim(Part::Manifests, "In a cluster, the keeper's account is refused each way to have Argo CD deploy something else", "Argo CD takes it from an Application's `spec`, `operation` and `status`", "deploys_as_before", PREVIEW_WALLS),
    claim(Part::Secrets, "No secret in the work tree", "files in Git may become public", "no_secret_is_in_the_work_tree", SECRETS),
    claim(Part::Secrets, "No secret in the history", "deleting a file does not delete the secret", "no_secret_is_in_the_history", SECRETS),
    claim(Part::Secrets, "The pre-commit hook, if installed, rejects a commit that contains a secret", "a secret that never leaves the machine need not be replaced", "the_hook_refuses_a_commit_with_a_key_and_no_other", SECRETS),
    claim(Part::Secrets, "No secret in Git, images, objects, arguments, logs, Argo CD's diff, or the files of a run", "many people can read these", "no_secret_is_found", POSTURE_SECRETS),
    claim(Part::Images, "The namespace requires signed images", "the controller rejects what other rules miss", "signatures_are_asked_for", FAULTS),
    claim(Part::Images, "If the admission controller does not answer, no pod starts in the namespace; other namespaces are not affected", "an outage of the controller admits nothing, and does not stop the cluster", "the_guard_fails_closed_and_leaves_alone_what_a_cluster_needs", GUARD),
    claim(Part::Images, "In a cluster, unsigned images, foreign images and images signed with another key are rejected; ours are admitted", "only CI may build what runs", "only_what_ci_signed_gets_in", POSTURE_IMAGES),
    claim(Part::Images, "In a cluster without the controller, even signed images are rejected, and running pods continue", "disabling the controller is no way in", "nobody_gets_in_unasked", POSTURE_IMAGES),
    claim(Part::Images, "Keyless signatures count only from the workflow that signs, run for the branch that builds", "anyone can get a certificate from Sigstore", "no_identity_counts_but_that_of_the_workflow_that_signs", GUARD),
    claim(Part::Images, "The policy covers every image that is released", "the controller rejects images that no policy covers", "its_policy_speaks_of_every_image_that_is_released", GUARD),
    claim(Part::Images, "The admission controller's pods are unprivileged too", "it decides what runs", "its_pods_are_as_confined_as_ours", GUARD),
    claim(Part::Images, "The same commit, built again in another folder, gives the same images", "a signed image contains what the source says", "the_same_commit_gives_the_same_images", REPRODUCTION),
    claim(Part::Images, "An image contains nothing of the build machine or the build time", "anyone can rebuild the same image instead of trusting who pushed it", "when_and_by_whom_files_were_made_does_not_show", IMAGES),
    claim(Part::Images, "Where images are signed, an unsigned one is not released", "an interrupted run leaves no half-finished release", "where_images_are_signed_one_without_a_signature_counts_as_not_there", REFUSALS),
    claim(Part::Images, "The bill of materials lists exactly what is compiled in", "affected images can be looked up when a crate has a vulnerability", "each_app_names_what_it_is_made_of_and_nothing_of_the_other", BILL),
    claim(Part::Images, "Every licence in an image is allowed by `deny.toml`", "a fork decides which licences it accepts", "no_image_has_a_licence_that_is_not_allowed", BILL),
    claim(Part::Ci, "Actions are pinned by commit, and every job has a timeout", "a tag can move to other code", "every_job_has_a_timeout_and_every_action_is_a_full_commit", CI_RULES),
    claim(Part::Ci, "No workflow job has write permissions that it does not need", "a compromised step has the permissions of its job", "no_job_may_write_what_it_need_not", CI_RULES),
    claim(Part::Ci, "Workflows that a pull request starts get no secrets and no write permissions", "the author of the pull request decides what they run", "what_a_pull_request_starts_gets_no_secret_and_may_write_nothing", CI_GIVEN),
    claim(Part::Ci, "No CI system uses a stored AWS key", "a key that does not exist cannot leak", "no_ci_file_takes_a_key_of_aws", CI_GIVEN),
    claim(Part::Ci, "zizmor finds nothing in the workflows", "strangers choose titles and branch names", "zizmor_finds_nothing", STATICS),
    claim(Part::Ci, "GitHub's role trusts only this repository, by GitHub's numbers for it, and its branches and version tags", "anyone can get a token from GitHub, and take a name over that somebody gave up", "no_neighbour_gets_in", GITHUB_TRUST),
    claim(Part::Ci, "GitLab's role trusts only this project, its branches and tags `v*`", "anyone can get a token from GitLab", "gitlab_pushes_from_its_branches_and_versions_only", TRUST),
    claim(Part::Ci, "Neither GitHub nor GitLab is trusted until a fork names its repository", "someone else may register the name of this template", "nobody_else_is_trusted_until_a_fork_names_them", TRUST),
    claim(Part::Ci, "Every federated role is bound to one audience and subject", "otherwise any token of the issuer would be accepted", "every_role_is_judged_here_and_bound_to_one_audience_and_subject", TRUST),
    claim(Part::Aws, "Each Kubernetes service account can assume only its own IAM role", "the frontend needs no access to the table", "each_service_account_gets_its_own_role_only", TRUST),
    claim(Part::Aws, "In a cluster, no pod has a static key of AWS", "what expires by itself need not be replaced", "no_pod_has_a_static_key", PODS_OF_ACCOUNTS),
    claim(Part::Aws, "In a cluster, another account, role or cluster gets no role", "a pod that was taken over asks for more than its own", "whom_the_role_does_not_trust_is_refused", IDENTITIES),
    claim(Part::Aws, "In a cluster, a token that is changed, unsigned, expired or for others gets no role", "tokens for other audiences are easier to steal", "a_token_that_is_not_right_is_refused", IDENTITIES),
    claim(Part::Aws, "In a cluster, neither server nor migration does what only the other may", "the server must not read all messages at once", "no_role_does_more_than_it_may", IDENTITIES),
    claim(Part::Aws, "Each role may do only what its code does, on this table only", "a server cannot delete the table it uses", "each_role_may_do_what_its_code_does_to_this_table_only", ROLES),
    claim(Part::Http, "The page runs only its own scripts", "a message is only text, whatever it contains", "the_page_runs_only_what_is_its_own", HEADERS),
    claim(Part::Http, "Security headers on every response", "this includes errors and files", "every_answer_is_guarded", HEADERS),
    claim(Part::Http, "The API answers an unsupported method with 405", "only documented methods do anything", "a_method_that_a_path_does_not_take_is_answered_with_those_it_takes", ROUTER),
    claim(Part::Http, "Both servers reject unsupported methods, including `TRACE`", "`TRACE` would show a script headers that it must not see", "methods_that_are_not_offered_are_refused", MALFORMED),
    claim(Part::Http, "Slow heads, slow bodies and unread responses are cut off after 10, 10 (of the API 4) and 15 s", "slow clients must not use up all connections", "slow_clients_are_cut_off_and_nobody_else_notices", SLOW),
    claim(Part::Http, "Oversized or malformed request heads are rejected with 431 or 400", "two servers that parse a request differently allow request smuggling", "a_head_that_is_too_large_or_wrong_is_refused", MALFORMED),
    claim(Part::Http, "No file outside the static folder is served", "the pod contains other files", "nothing_outside_the_folder_of_files_is_served", MALFORMED),
    claim(Part::Http, "No response repeats the host that a client sent", "a redirect to another host would carry our name", "what_a_client_says_of_the_host_comes_back_nowhere", MALFORMED),
    claim(Part::Http, "A panic is answered with 500 and no internal details", "a stack trace helps an attacker", "a_panic_is_answered_without_a_word_about_the_inside", LAYERS),
    claim(Part::Http, "A wapiti scan finds nothing above severity low", "attackers use the same tools", "a_scan_of_both_servers_finds_nothing_above_low", SCANNER),
    claim(Part::Http, "Messages that are too long or malformed are rejected with a reason", "one visitor must not use up memory", "bad_messages_are_refused_with_a_reason", ROUTER),
];
