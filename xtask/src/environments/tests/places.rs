//! Files that a fork has changed or does not have.

use super::*;

#[test]
fn one_that_cannot_be_extended_is_named_and_left() {
    for (path, from, to, missing) in [
        (
            ".github/workflows/deliver.yaml",
            "branches: [master, ",
            "branches: [main, ",
            "`master`",
        ),
        (
            ".gitlab-ci.yml",
            "$CI_COMMIT_BRANCH == \"master\" ||",
            "$CI_COMMIT_REF_NAME == \"master\" ||",
            "put `$CI_COMMIT_BRANCH == \"qa\"` beside it by hand",
        ),
        (
            "infra/aws/cluster.yaml",
            "[staging, production]",
            "[stage, production]",
            "`staging`",
        ),
        (
            "infra/aws/pipelines.yaml",
            "    staging:\n      Branch: master\n",
            "    staging: { Branch: master }\n",
            "Branch: qa",
        ),
        (
            "infra/aws/parameters.toml",
            "[staging]",
            "[stage]",
            "put `[qa]` into it",
        ),
    ] {
        let checkout = Checkout::new();
        checkout.edit(path, from, to);
        checkout.commit();
        let before = checkout.read(path);
        let said = add(&checkout, "qa");
        let left: Vec<_> = said.lines().filter(|line| line.starts_with("left")).collect();
        assert!(
            matches!(&left[..], [one] if one.contains(path) && one.contains(missing)),
            "{said}"
        );
        assert_eq!(checkout.read(path), before);
        assert!(project(&checkout).environment("qa").is_ok());
    }
}

#[test]
fn a_copy_that_has_gone_without_some_is_not_told_of_them() {
    let checkout = Checkout::new();
    checkout.git(&[
        "rm",
        "--quiet",
        "-r",
        ".github",
        "infra/aws/pipelines.yaml",
        "infra/aws/eksctl",
    ]);
    checkout.commit();
    let before = checkout.files();
    let said = add(&checkout, "qa");
    assert!(
        !said.contains("left") && !said.contains("github") && !said.contains("eksctl"),
        "{said}"
    );
    take_away(&checkout, "qa");
    assert_eq!(checkout.files(), before);
}

#[test]
fn what_a_person_wrote_between_two_entries_stays() {
    let checkout = Checkout::new();
    checkout.edit("project.toml", "nodes = 2\n\n", "nodes = 2\n\n# The real one.\n");
    checkout.edit(
        "infra/aws/parameters.toml",
        "[staging]\n",
        "[staging]\nEncryptionKey = \"aws\"\nOidcProvider = \"x\"\n",
    );
    checkout.commit();
    let before = checkout.files();
    add(&checkout, "qa");
    assert!(
        checkout
            .read("project.toml")
            .contains("branch = \"qa\"\n\n# The real one.\n[[environments]]\n")
    );
    assert!(
        checkout
            .read("infra/aws/parameters.toml")
            .contains("OidcProvider = \"x\"\n\n[qa]\nEncryptionKey = \"aws\"\n\n[production]\n")
    );
    take_away(&checkout, "qa");
    assert_eq!(checkout.files(), before);
}

#[test]
fn a_comment_behind_a_name_is_no_hindrance() {
    let checkout = Checkout::new();
    checkout.edit(
        "project.toml",
        "name = \"staging\"",
        "name = \"staging\" # The first.",
    );
    checkout.commit();
    let before = checkout.files();
    add(&checkout, "qa");
    checkout.edit("project.toml", "name = \"qa\"", "name = \"qa\" # Ours.");
    checkout.commit();
    take_away(&checkout, "qa");
    assert_eq!(checkout.files(), before);
}

#[test]
fn a_project_that_is_written_otherwise_is_refused() {
    let checkout = Checkout::new();
    checkout.edit("project.toml", "name = \"staging\"", "name = 'staging'");
    checkout.commit();
    let error = try_add(&checkout, "qa").unwrap_err();
    assert!(
        format!("{error:#}").contains("no line `name = \"staging\"`"),
        "{error:#}"
    );
    assert_eq!(checkout.status(), "");
}
