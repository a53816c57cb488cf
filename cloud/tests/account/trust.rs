//! Who gets in, judged on the trust policies of the very templates: no emulator evaluates them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cloud::account::Account;
use cloud::template::Template;
use cloud::tools;
use cloud::trust::{Token, allows, is_bound};
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
    ("GitHubRepository", "someone/board"),
    ("GitLabProject", "group/board"),
];

/// The trust policy of every role that trusts tokens, by the role's name in its template.
fn policies() -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for template in Template::all().unwrap() {
        for (name, role) in template.resources("AWS::IAM::Role") {
            // As text where the issuer is part of it; a policy for a service of AWS is not.
            let Some(text) = role["Properties"]["AssumeRolePolicyDocument"].as_str() else {
                continue;
            };
            let policy = serde_json::from_str(&template.fill(text, GIVEN).unwrap()).unwrap();
            found.insert(name, policy);
        }
    }
    found
}

fn lets_in(role: &str, issuer: &str, aud: &str, sub: &str) -> bool {
    let account = Account::read().unwrap().id;
    allows(&policies()[role], &account, &Token::new(issuer, aud, sub)).unwrap()
}

#[test]
fn every_role_is_judged_here_and_bound_to_one_audience_and_subject() {
    let policies = policies();
    let judged = [
        "ArgoCdRole",
        "BackendRole",
        "GitHubRole",
        "GitLabRole",
        "MigrateRole",
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
            if policy.is_string() {
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
    assert_eq!(seen, 3);
}

#[test]
fn github_pushes_from_its_branches_and_versions() {
    for subject in [
        "repo:someone/board:ref:refs/heads/master",
        "repo:someone/board:ref:refs/heads/production",
        "repo:someone/board:ref:refs/tags/v1.2.3",
    ] {
        assert!(lets_in("GitHubRole", GITHUB, AWS, subject), "{subject}");
    }
}

#[test]
fn github_is_refused_else() {
    let master = "repo:someone/board:ref:refs/heads/master";
    for (what, issuer, aud, sub) in [
        (
            "another repository",
            GITHUB,
            AWS,
            "repo:stranger/board:ref:refs/heads/master",
        ),
        (
            "a repository whose name only begins so",
            GITHUB,
            AWS,
            "repo:someone/board-copy:ref:refs/heads/master",
        ),
        (
            "another branch",
            GITHUB,
            AWS,
            "repo:someone/board:ref:refs/heads/topic",
        ),
        (
            "a branch named like a version",
            GITHUB,
            AWS,
            "repo:someone/board:ref:refs/heads/v1.2.3",
        ),
        (
            "a branch that only begins so",
            GITHUB,
            AWS,
            "repo:someone/board:ref:refs/heads/master-2",
        ),
        (
            "another tag",
            GITHUB,
            AWS,
            "repo:someone/board:ref:refs/tags/nightly",
        ),
        (
            "a pull request, as from a fork",
            GITHUB,
            AWS,
            "repo:someone/board:pull_request",
        ),
        (
            "an environment",
            GITHUB,
            AWS,
            "repo:someone/board:environment:production",
        ),
        ("another audience", GITHUB, "https://github.com/someone", master),
        ("another issuer", GITLAB, AWS, master),
        (
            "a repository with another letter case",
            GITHUB,
            AWS,
            "repo:Someone/Board:ref:refs/heads/master",
        ),
    ] {
        assert!(!lets_in("GitHubRole", issuer, aud, sub), "{what} gets in");
    }
}

#[test]
fn gitlab_pushes_from_its_branches_only() {
    for branch in ["master", "production"] {
        let subject = format!("project_path:group/board:ref_type:branch:ref:{branch}");
        assert!(lets_in("GitLabRole", GITLAB, AWS, &subject), "{branch}");
    }
    let master = "project_path:group/board:ref_type:branch:ref:master";
    for (what, issuer, aud, sub) in [
        (
            "another project",
            GITLAB,
            AWS,
            "project_path:stranger/board:ref_type:branch:ref:master",
        ),
        (
            "another branch",
            GITLAB,
            AWS,
            "project_path:group/board:ref_type:branch:ref:topic",
        ),
        (
            "a tag named like a branch",
            GITLAB,
            AWS,
            "project_path:group/board:ref_type:tag:ref:master",
        ),
        (
            "a merge request of a fork",
            GITLAB,
            AWS,
            "project_path:fork/board:ref_type:branch:ref:master",
        ),
        ("another audience", GITLAB, "https://gitlab.com", master),
        ("another instance", "gitlab.example.com", AWS, master),
        ("GitHub", GITHUB, AWS, master),
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
    ];
    for (role, own) in accounts {
        for (_, account) in accounts {
            assert_eq!(
                lets_in(role, CLUSTER, AWS, account),
                account == own,
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
    let template = Template::read("message-board").unwrap();
    let default = template.value["Parameters"]["OidcProvider"]["Default"]
        .as_str()
        .unwrap();
    // Reserved by RFC 2606: nobody can ever register it.
    assert!(default.split('/').next().unwrap().ends_with(".invalid"));
}

#[test]
fn nobody_else_is_trusted_until_a_fork_names_them() {
    let access = Template::read("access").unwrap();
    for name in ["GitHubRepository", "GitLabProject"] {
        assert_eq!(access.value["Parameters"][name]["Default"], "", "{name}");
    }
    for resource in access.value["Resources"].as_object().unwrap().values() {
        assert!(resource["Condition"].is_string(), "{resource} is always there");
    }
    let parameters = fs::read_to_string(tools::templates().join("parameters.toml")).unwrap();
    // This template's own name is nobody's: a stranger may register it.
    for parameter in ["GitHubRepository", "GitLabProject"] {
        let line = parameters
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{parameter} = ")));
        let named = line.unwrap_or_else(|| panic!("parameters.toml does not say who {parameter} is"));
        assert_ne!(named, "\"gitops-loop/gitops-loop\"", "{parameter}");
    }
}
