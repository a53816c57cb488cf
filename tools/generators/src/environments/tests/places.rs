//! Files that a fork has changed or does not have.

use super::*;

#[test]
fn one_that_cannot_be_extended_is_named_and_left() {
    for (path, from, to, missing) in [
        (
            ".github/workflows/deliver.yaml",
            "branches: [FIRST, ",
            "branches: [other, ",
            "`FIRST`",
        ),
        (
            ".gitlab-ci.yml",
            "$CI_COMMIT_BRANCH == \"FIRST\" ||",
            "$CI_COMMIT_REF_NAME == \"FIRST\" ||",
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
            "    staging:\n      Branch: FIRST\n",
            "    staging: { Branch: FIRST }\n",
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
        // A fork may be without it.
        if !checkout.path(path).exists() {
            continue;
        }
        let begun = project(&checkout);
        let [from, to, missing] =
            [from, to, missing].map(|text| text.replace("FIRST", begun.first().branch()));
        checkout.edit(path, &from, &to);
        checkout.commit();
        let before = checkout.read(path);
        let said = add(&checkout, "qa");
        let left: Vec<_> = said.lines().filter(|line| line.starts_with("left")).collect();
        assert!(
            matches!(&left[..], [one] if one.contains(path) && one.contains(&missing)),
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
        "--ignore-unmatch",
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
    let last = "[[environments]]\nname = \"production\"\n";
    checkout.edit("project.toml", last, &format!("# The real one.\n{last}"));
    checkout.edit(
        PARAMETERS,
        "[staging]\n",
        "[staging]\nEncryptionKey = \"aws\"\nOtherOidcProvider = \"y\"\nOidcProvider = \"x\"\n",
    );
    // wing: hub
    checkout.edit(
        PARAMETERS,
        "[staging]\n",
        "[staging]\nTarget = \"blue\"\nOtherTarget=\"green\"\n",
    );
    // end of wing
    checkout.commit();
    let before = checkout.files();
    add(&checkout, "qa");
    let listed = checkout.read("project.toml");
    let (own, behind) = listed.split_once("branch = \"qa\"\n\n#").unwrap();
    assert!(!own.contains(last) && behind.contains(&format!(" The real one.\n{last}")));
    assert!(
        checkout
            .read(PARAMETERS)
            .contains("OidcProvider = \"x\"\n\n[qa]\nEncryptionKey = \"aws\"\n\n")
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

/// As a person's editor writes them on another system.
#[test]
fn lists_with_other_ends_of_lines_are_extended_keep_them_and_come_back() {
    let checkout = Checkout::new();
    let mut paths = vec![
        "Cargo.lock",
        "infra/apps/base/kustomization.yaml",
        "infra/aws/access.yaml",
        PARAMETERS,
        "infra/aws/pipelines.yaml",
        project::FILE,
    ];
    // A fork may be without some.
    paths.retain(|path| checkout.path(path).exists());
    for path in &paths {
        checkout.write(path, &checkout.read(path).replace('\n', "\r\n"));
    }
    checkout.commit();
    let said = add(&checkout, "qa");
    assert!(!said.contains("\nleft "), "{said}");
    checkout.commit();
    checkout.add("bot", Kind::Cron);
    for path in &paths {
        let text = checkout.read(path);
        let all = text.matches('\n').count();
        assert_eq!(text.matches("\r\n").count(), all, "{path}");
    }
    checkout.commit();
    take_away(&checkout, "qa");
    assert!(take_away(&checkout, "qa").contains("removed already"));
    checkout.commit();
    assert!(!checkout.read(project::FILE).contains("qa"));
    let left = paths.iter().filter(|path| checkout.read(path).contains("/qa\""));
    assert_eq!(left.count(), 0);
}

#[test]
fn an_app_without_an_overlay_to_copy_is_named() {
    let checkout = Checkout::new();
    checkout.add("bot", Kind::Cron);
    checkout.commit();
    checkout.git(&["rm", "-r", "--quiet", "infra/bot/overlays/staging"]);
    checkout.commit();
    let error = checkout.refusal("qa", || try_add(&checkout, "qa"));
    assert!(
        error.contains("infra/bot/overlays/staging/kustomization.yaml is not committed")
            && error.contains("put it back"),
        "{error}"
    );
}
