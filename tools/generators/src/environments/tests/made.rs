//! What is made, and that the same again changes nothing.

use super::*;

#[test]
fn it_stands_between_the_two_in_every_file_that_lists_them() {
    let checkout = Checkout::new();
    let before = project(&checkout);
    let (first, last) = (before.first().branch(), before.last().branch());
    let said = add(&checkout, "qa");
    let project = project(&checkout);
    let names: Vec<_> = project.environments().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["staging", "qa", "production"]);
    let qa = project.environment("qa").unwrap();
    assert_eq!((qa.branch(), qa.nodes()), ("qa", 1));
    assert!(
        said.contains("so        staging promotes to qa, and qa to production\n"),
        "{said}"
    );
    for (path, line) in [
        (
            ".github/workflows/deliver.yaml",
            "    branches: [FIRST, qa, LAST]\n",
        ),
        (
            ".gitlab-ci.yml",
            "$CI_COMMIT_BRANCH == \"FIRST\" || $CI_COMMIT_BRANCH == \"qa\" || $CI_COMMIT_BRANCH == \"LAST\"\n",
        ),
        (
            "infra/aws/access.yaml",
            "\"repo:${Subject}:ref:refs/heads/qa\",\n",
        ),
        (
            "infra/aws/access.yaml",
            "\"project_path:${GitLabProject}:ref_type:branch:ref:qa\",\n",
        ),
        (
            "infra/aws/build.yaml",
            "[refs/heads/FIRST, refs/heads/qa, refs/heads/LAST]\n",
        ),
        ("infra/aws/cluster.yaml", "[staging, qa, production]\n"),
        ("infra/aws/message-board.yaml", "[staging, qa, production]\n"),
        ("infra/aws/pipelines.yaml", "[staging, qa, production]\n"),
        (
            "infra/aws/pipelines.yaml",
            "    qa:\n      Branch: qa\n    production:\n",
        ),
        ("infra/aws/parameters.toml", "[staging]\n\n[qa]\n\n"),
        (
            "project.toml",
            "\n\n[[environments]]\nname = \"qa\"\nbranch = \"qa\"\n\n",
        ),
    ] {
        // A fork may be without it.
        if !checkout.path(path).exists() {
            continue;
        }
        let line = line.replace("FIRST", first).replace("LAST", last);
        assert!(
            checkout.read(path).contains(&line),
            "{path} lacks {line}:\n{}",
            checkout.read(path)
        );
        assert!(said.contains(&format!("changed   {path}\n")), "{said}");
    }
    assert!(!said.contains("left"), "{said}");
}

#[test]
fn every_template_that_is_made_for_an_environment_allows_it() {
    let checkout = Checkout::new();
    add(&checkout, "qa");
    let mut seen = 0;
    for (path, text) in checkout.files() {
        let allowed = text
            .lines()
            .filter(|line| line.contains("AllowedValues: [staging"));
        for line in allowed.filter(|_| path.starts_with("infra/aws/")) {
            assert!(line.contains("[staging, qa, production]"), "{path}");
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn its_overlays_are_those_of_the_one_before_with_its_own_name_and_nothing_released() {
    let checkout = Checkout::new();
    checkout.add("bot", Kind::Worker);
    let pin = "infra/backend/overlays/staging/kustomization.yaml";
    let zeros = format!("sha256:{}", "0".repeat(64));
    let released = format!("sha256:{} # commit 0123456789", "1".repeat(64));
    checkout.edit(pin, &zeros, &released);
    change(&checkout, pin);
    checkout.commit();
    add(&checkout, "qa");
    let project = project(&checkout);
    let qa = project.environment("qa").unwrap();
    for app in project.apps() {
        assert!(
            checkout
                .read(&app.overlay(qa))
                .contains(&format!("digest: {zeros}\n")),
            "{app}"
        );
    }
    let overlay = checkout.read("infra/backend/overlays/qa/kustomization.yaml");
    assert_eq!(overlay, checkout.read(pin).replace(&released, &zeros));
    for (path, text) in [
        (
            "infra/backend/overlays/qa/environment.yaml",
            "value: messages-qa\n",
        ),
        (
            "infra/platform/overlays/qa/roles.yaml",
            ":role/backend-migrate-qa\n",
        ),
        ("infra/apps/overlays/qa/environment.yaml", "  name: qa\n"),
        ("infra/apps/root/qa.yaml", "path: infra/apps/overlays/qa\n"),
        ("infra/local/root/qa.yaml", "path: infra/local/apps/qa\n"),
        (
            "infra/local/apps/qa/kustomization.yaml",
            "../../../apps/overlays/qa\n",
        ),
        ("infra/aws/eksctl/qa.yaml", "  name: gitops-loop-qa\n"),
        ("infra/bot/overlays/qa/environment.yaml", "value: qa\n"),
    ] {
        // A fork may be without it.
        if !checkout.path(&copies::place(path, "qa", "staging")).exists() {
            continue;
        }
        assert!(
            checkout.read(path).contains(text),
            "{path}: {}",
            checkout.read(path)
        );
        assert!(!checkout.read(path).contains("staging"), "{path}");
    }
}

#[test]
fn an_app_that_comes_later_gets_an_overlay_for_each_of_the_three() {
    let checkout = Checkout::new();
    add(&checkout, "qa");
    checkout.commit();
    checkout.add("bot", Kind::Cron);
    let project = project(&checkout);
    let bot = project.app("bot").unwrap();
    let there = project
        .environments()
        .iter()
        .filter(|at| checkout.path(&bot.overlay(at)).is_file());
    assert_eq!(there.count(), 3);
}

#[test]
fn another_branch_and_a_fourth_environment() {
    let checkout = Checkout::new();
    let before = project(&checkout);
    let (first, last) = (before.first().branch(), before.last().branch());
    new::run(checkout.root(), "qa", "test/qa", "staging", false).unwrap();
    checkout.commit();
    new::run(checkout.root(), "trial", "trial", "qa", false).unwrap();
    let project = project(&checkout);
    let order: Vec<_> = project
        .environments()
        .iter()
        .map(|at| (at.name(), at.branch()))
        .collect();
    assert_eq!(
        order,
        [
            ("staging", first),
            ("qa", "test/qa"),
            ("trial", "trial"),
            ("production", last)
        ]
    );
    for (path, entries) in [
        (
            ".github/workflows/deliver.yaml",
            format!("[{first}, test/qa, trial, {last}]"),
        ),
        (
            "infra/aws/pipelines.yaml",
            "    qa:\n      Branch: test/qa\n    trial:\n".to_owned(),
        ),
    ] {
        let is_there = checkout.path(path).exists();
        assert!(!is_there || checkout.read(path).contains(&entries), "{path}");
    }
}

#[test]
fn the_same_again_changes_nothing() {
    let checkout = Checkout::new();
    add(&checkout, "qa");
    let made = checkout.files();
    assert!(add(&checkout, "qa").contains("there already"));
    checkout.commit();
    assert!(add(&checkout, "qa").contains("there already"));
    assert_eq!(checkout.files(), made);
    let other = new::run(checkout.root(), "qa", "another", "staging", false).unwrap_err();
    assert!(
        other
            .to_string()
            .contains("released from `qa`; choose another name"),
        "{other}"
    );
}

#[test]
fn a_dry_run_writes_nothing_and_its_patch_makes_the_same() {
    let checkout = Checkout::new();
    let before = checkout.files();
    let patch = new::run(checkout.root(), "qa", "qa", "staging", true).unwrap();
    assert_eq!(checkout.files(), before);
    add(&checkout, "qa");
    let made = checkout.files();
    checkout.reset();
    checkout.apply(&patch);
    assert_eq!(checkout.files(), made);
}

/// These tests run in each fork too, on what it has in the place of the template's own.
#[test]
fn a_fork_with_an_environment_an_app_and_a_release_begins_as_the_template_does() {
    let checkout = Checkout::new();
    let before = checkout.files();
    checkout.edit(
        "infra/backend/overlays/staging/kustomization.yaml",
        &"0".repeat(64),
        &format!("{} # commit 0123456789", "1".repeat(64)),
    );
    checkout.edit(PARAMETERS, "[staging]\n", "[staging]\nOidcProvider = \"x\"\n");
    checkout.commit();
    add(&checkout, "qa");
    checkout.commit();
    checkout.add("bot", Kind::Worker);
    checkout.forget_own_apps();
    forget_own(&checkout);
    assert_eq!(checkout.files(), before);
}
