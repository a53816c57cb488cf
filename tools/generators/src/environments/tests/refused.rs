//! What is refused, with the reason and the next step, and that nothing is changed then.

use super::*;

/// What is said of an environment that cannot be.
fn refusal(checkout: &Checkout, name: &str) -> String {
    checkout.refusal(name, || try_add(checkout, name))
}

#[test]
fn a_name_that_cannot_be() {
    let checkout = Checkout::new();
    let long = "a".repeat(60);
    let most = 64 - format!("{}-external-secrets-", project(&checkout).name()).len();
    let (role, at_most) = ("a".repeat(most + 1), format!("take at most {most}"));
    let there = format!(
        "there is an environment `staging`, released from `{}`",
        project(&checkout).first().branch()
    );
    for (name, says) in [
        ("staging", there.as_str()),
        ("default", "is reserved"),
        ("kube-qa", "is reserved"),
        ("shared", "is reserved"),
        ("QA", "begin with a letter"),
        ("q_a", "begin with a letter"),
        (&long, "has 60 characters"),
        (&role, &at_most),
        ("backend", "is an app"),
        (
            "message-board",
            "what all apps and environments are called together",
        ),
        ("message", "is a word that infra/"),
        ("three", "is a word that infra/aws/"),
    ] {
        let error = refusal(&checkout, name);
        assert!(error.contains(says), "{name}: {error}");
    }
}

#[test]
fn a_name_that_is_too_long_beside_an_app() {
    let checkout = Checkout::new();
    checkout.add(&"a".repeat(40), Kind::Cron);
    checkout.commit();
    let error = refusal(&checkout, "pre-production-2");
    assert!(
        error.contains("`pre-production-2` cannot be an environment") && error.contains("has 40 characters"),
        "{error}"
    );
}

#[test]
fn a_branch_that_somebody_uses() {
    let checkout = Checkout::new();
    for (branch, says) in [
        (
            "qa",
            "there is a branch `qa`, and what is pushed to it would be released",
        ),
        ("qa/topic", "there is a branch `qa/topic`"),
    ] {
        checkout.git(&["branch", branch]);
        let error = refusal(&checkout, "qa");
        assert!(error.contains(says) && error.contains("--branch"), "{error}");
        checkout.git(&["branch", "--delete", branch]);
    }
    checkout.git(&["update-ref", "refs/remotes/origin/qa", "HEAD"]);
    assert!(refusal(&checkout, "qa").contains("there is a branch `qa`"));
    let of = |branch: &str| {
        let error = new::run(checkout.root(), "qa", branch, "staging", false).unwrap_err();
        format!("{error:#}")
    };
    assert!(of(project(&checkout).first().branch()).contains("a branch of its own"));
    assert!(of("release/qa").contains("as the branches of proposals do"));
    assert_eq!(checkout.status(), "");
    new::run(checkout.root(), "qa", "for-qa", "staging", false).unwrap();
}

#[test]
fn a_place_in_the_order_that_is_none() {
    let checkout = Checkout::new();
    let after = |after: &str| {
        let error = new::run(checkout.root(), "qa", "qa", after, false).unwrap_err();
        format!("{error:#}")
    };
    assert!(after("trial").contains("there is no environment `trial`"));
    add(&checkout, "trial");
    assert!(after("trial").contains("`trial` is not committed yet"));
    checkout.reset();
    let error = after("production");
    assert!(
        error.contains("where a commit goes last") && error.contains("--after"),
        "{error}"
    );
}

#[test]
fn a_work_tree_with_changes_and_a_file_in_the_way() {
    let checkout = Checkout::new();
    for path in ["infra/backend/base/deployment.yaml", PARAMETERS, "project.toml"] {
        checkout.write(path, &(checkout.read(path) + "# changed\n"));
        let error = refusal(&checkout, "qa");
        assert!(
            error.contains(path) && error.contains("commit or stash"),
            "{error}"
        );
        checkout.reset();
    }
    checkout.write("infra/apps/root/qa.yaml", "mine\n");
    let error = refusal(&checkout, "qa");
    assert!(
        error.contains("infra/apps/root/qa.yaml") && error.contains("move it away"),
        "{error}"
    );
}

#[test]
fn an_environment_that_the_command_does_not_make() {
    let checkout = Checkout::new();
    for name in ["staging", "production"] {
        let error = remove::run(checkout.root(), name, false).unwrap_err();
        assert!(
            error.to_string().contains("`new-environment` does not make"),
            "{error}"
        );
    }
    let error = remove::run(checkout.root(), "qa", false).unwrap_err();
    assert!(
        error.to_string().contains("there is no environment `qa`"),
        "{error}"
    );
    assert_eq!(checkout.status(), "");
}
