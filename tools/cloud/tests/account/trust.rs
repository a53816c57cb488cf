//! Who gets in, judged on the trust policies of the very templates: no emulator evaluates them.

mod github;
mod hub;
mod pod_identity;
mod previews; // wing: previews
mod second_cluster;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cloud::account::Account;
use cloud::intrinsic::Given;
use cloud::template::Template;
use cloud::tools;
use iam::trust::{Token, allows, is_bound};
use serde_json::Value;

const GITHUB: &str = "token.actions.githubusercontent.com";
const GITLAB: &str = "gitlab.com";
const CLUSTER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF";
const FOREIGN_CLUSTER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/FEDCBA9876543210";
const AWS: &str = "sts.amazonaws.com";

/// What the templates are told.
const GIVEN: &[(&str, &str)] = &[
    ("Environment", "staging"),
    ("OidcProvider", CLUSTER),
    ("HubOidcProvider", CLUSTER),
    ("PreviewOidcProvider", CLUSTER), // wing: previews
    ("GitHubRepository", "someone/board"),
    ("GitHubOwnerId", "1234"),
    ("GitHubRepositoryId", "567890"),
    ("GitLabProject", "group/board"),
];

/// The trust policy of every role that trusts tokens, by the role's name in its template; `more`
/// goes before what is given.
fn policies(more: &Given<'_>) -> BTreeMap<String, Value> {
    let given = [more, GIVEN].concat();
    let mut found = BTreeMap::new();
    for template in Template::all().unwrap() {
        for (name, role) in template.resources("AWS::IAM::Role") {
            let policy = &role["Properties"]["AssumeRolePolicyDocument"];
            let text = match policy.as_str() {
                // As text where the issuer is part of it.
                Some(text) => template.fill(text, &given),
                None if is_function(policy) => template.text(policy, &given),
                // That of a service of AWS, or of a role.
                None => continue,
            };
            found.insert(name, serde_json::from_str(&text.unwrap()).unwrap());
        }
    }
    found
}

/// Whether a policy is written as a function of the template.
fn is_function(policy: &Value) -> bool {
    policy["Fn::Sub"].is_array() || policy["Fn::If"].is_array()
}

fn lets_in(role: &str, issuer: &str, aud: &str, sub: &str) -> bool {
    judged(&[], role, issuer, aud, sub)
}

/// The same where the templates are told `more`.
fn judged(more: &Given<'_>, role: &str, issuer: &str, aud: &str, sub: &str) -> bool {
    let account = Account::read().unwrap().id;
    let policy = &policies(more)[role];
    allows(policy, &account, &Token::new(issuer, aud, sub)).unwrap()
}

#[test]
fn every_role_is_judged_here_and_bound_to_one_audience_and_subject() {
    let policies = policies(&[]);
    let judged = [
        "AdmissionRole",
        "ArgoCdRole",
        "BackendRole",
        "ClusterSetRole",
        "GitHubRole",
        "GitLabRole",
        "HubArgoCdRole",
        "MigrateRole",
        "VerifierRole",        // wing: verifier
        "ExternalDnsRole",     // wing: addons
        "LoadBalancerRole",    // wing: addons
        "ExternalSecretsRole", // wing: addons, verifier
        "GitHubPreviewRole",   // wing: previews
        "GitLabPreviewRole",   // wing: previews
        "PreviewsRole",        // wing: previews
        "PreviewBackendRole",  // wing: previews
        "PreviewMigrateRole",  // wing: previews
    ];
    let names: BTreeSet<_> = policies.keys().map(String::as_str).collect();
    assert_eq!(names, judged.into());
    for (name, policy) in policies {
        is_bound(&policy).unwrap_or_else(|error| panic!("{name}: {error:#}"));
    }
}

#[test]
fn roles_of_services_serve_this_account_only() {
    let mut seen = 0;
    for template in Template::all().unwrap() {
        for (name, role) in template.resources("AWS::IAM::Role") {
            let policy = &role["Properties"]["AssumeRolePolicyDocument"];
            if policy.is_string() || is_function(policy) || hub::is_of_a_target(&name) {
                continue;
            }
            seen += 1;
            for statement in policy["Statement"].as_array().unwrap() {
                let service = statement["Principal"]["Service"].as_str().unwrap();
                assert!(service.ends_with(".amazonaws.com"), "{name}");
                assert_eq!(statement["Action"], "sts:AssumeRole");
                let account = &statement["Condition"]["StringEquals"]["aws:SourceAccount"];
                assert_eq!(account, "AWS::AccountId", "{name}");
            }
        }
    }
    assert!(seen > 0);
}

#[test]
fn gitlab_pushes_from_its_branches_and_versions_only() {
    for branch in tools::project()
        .environments()
        .iter()
        .map(project::Environment::branch)
    {
        let subject = format!("project_path:group/board:ref_type:branch:ref:{branch}");
        assert!(lets_in("GitLabRole", GITLAB, AWS, &subject), "{branch}");
    }
    let version = "project_path:group/board:ref_type:tag:ref:v1.2.3";
    assert!(lets_in("GitLabRole", GITLAB, AWS, version));
    let first = tools::project().first().branch();
    let of = |project: &str, kind: &str| format!("project_path:{project}:ref_type:{kind}:ref:{first}");
    let own = &of("group/board", "branch");
    for (what, issuer, aud, sub) in [
        ("another project", GITLAB, AWS, &*of("stranger/board", "branch")),
        (
            "another branch",
            GITLAB,
            AWS,
            "project_path:group/board:ref_type:branch:ref:topic",
        ),
        ("a branch that begins like one", GITLAB, AWS, &format!("{own}-2")),
        (
            "a tag named like a branch",
            GITLAB,
            AWS,
            &of("group/board", "tag"),
        ),
        (
            "a version of another project",
            GITLAB,
            AWS,
            "project_path:stranger/board:ref_type:tag:ref:v1.2.3",
        ),
        (
            "a merge request of a fork",
            GITLAB,
            AWS,
            &of("fork/board", "branch"),
        ),
        ("another audience", GITLAB, "https://gitlab.com", own),
        ("another instance", "gitlab.example.com", AWS, own),
        ("GitHub", GITHUB, AWS, own),
    ] {
        assert!(!lets_in("GitLabRole", issuer, aud, sub), "{what} gets in");
    }
}

#[test]
fn each_service_account_gets_its_own_role_only() {
    let accounts = [
        ("BackendRole", "system:serviceaccount:message-board:backend"),
        (
            "MigrateRole",
            "system:serviceaccount:message-board:backend-migrate",
        ),
        ("ArgoCdRole", "system:serviceaccount:argocd:argocd-repo-server"),
        ("AdmissionRole", "system:serviceaccount:cosign-system:webhook"),
        ("ClusterSetRole", "system:serviceaccount:argocd:clusterset"),
        ("HubArgoCdRole", hub::ACCOUNTS[0]),
        ("HubArgoCdRole", hub::ACCOUNTS[1]),
        ("HubArgoCdRole", hub::ACCOUNTS[2]),
        ("VerifierRole", "system:serviceaccount:verifier:verifier"), // wing: verifier
        // wing: addons
        (
            "ExternalDnsRole",
            "system:serviceaccount:external-dns:external-dns",
        ),
        (
            "LoadBalancerRole",
            "system:serviceaccount:load-balancer:aws-load-balancer-controller",
        ),
        // end of wing
        // wing: addons, verifier
        (
            "ExternalSecretsRole",
            "system:serviceaccount:external-secrets:external-secrets",
        ),
        // end of wing
        // wing: previews
        ("PreviewsRole", "system:serviceaccount:previews:previews"),
        ("PreviewBackendRole", "system:serviceaccount:preview-12:backend"),
        (
            "PreviewMigrateRole",
            "system:serviceaccount:preview-12:backend-migrate",
        ),
        // end of wing
    ];
    for (role, own) in accounts {
        for (_, account) in accounts {
            assert_eq!(
                lets_in(role, CLUSTER, AWS, account),
                accounts.contains(&(role, account)),
                "{account} and {role}"
            );
        }
        for (what, issuer, aud, sub) in [
            (
                "the default account",
                CLUSTER,
                AWS,
                "system:serviceaccount:message-board:default",
            ),
            (
                "the same name elsewhere",
                CLUSTER,
                AWS,
                "system:serviceaccount:other:backend",
            ),
            (
                "the frontend",
                CLUSTER,
                AWS,
                "system:serviceaccount:message-board:frontend",
            ),
            ("another cluster", FOREIGN_CLUSTER, AWS, own),
            (
                "a token for the cluster itself",
                CLUSTER,
                "https://kubernetes.default.svc",
                own,
            ),
        ] {
            assert!(!lets_in(role, issuer, aud, sub), "{what} gets {role}");
        }
    }
}

#[test]
fn the_clusters_issuer_has_no_default_that_exists() {
    for (template, parameter) in [
        ("message-board", "OidcProvider"),
        ("message-board", "OtherOidcProvider"),
        ("cluster", "OtherOidcProvider"),
        ("hub", "HubOidcProvider"),
        ("hub", "OtherHubOidcProvider"),
        ("previews", "PreviewOidcProvider"), // wing: previews
    ] {
        let template = Template::read(template).unwrap();
        let default = template.value["Parameters"][parameter]["Default"]
            .as_str()
            .unwrap();
        // Reserved by RFC 2606: nobody can ever register it.
        assert!(default.split('/').next().unwrap().ends_with(".invalid"));
    }
}

#[test]
fn nobody_else_is_trusted_until_a_fork_names_them() {
    let access = Template::read("access").unwrap();
    for name in [
        "GitHubRepository",
        "GitHubOwnerId",
        "GitHubRepositoryId",
        "GitLabProject",
    ] {
        assert_eq!(access.value["Parameters"][name]["Default"], "", "{name}");
    }
    for resource in access.value["Resources"].as_object().unwrap().values() {
        assert!(resource["Condition"].is_string(), "{resource} is always there");
    }
    let parameters = fs::read_to_string(tools::templates().join("parameters.toml")).unwrap();
    let parameters: toml::Table = parameters.parse().unwrap();
    // This template's own name is nobody's: a stranger may register it. It is in pieces, because a
    // fork's own name may be its owner's, too.
    for parameter in ["GitHubRepository", "GitLabProject"] {
        let named = parameters["shared"].get(parameter).and_then(toml::Value::as_str);
        let named = named.unwrap_or_else(|| panic!("parameters.toml does not say who {parameter} is"));
        assert_ne!(named, concat!("gitops-", "loop/gitops-", "loop"), "{parameter}");
    }
}
