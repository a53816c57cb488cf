//! What is refused, with the reason and the next step, and that nothing is changed then.

use super::*;

/// What is said of a name that cannot be.
fn refusal(checkout: &Checkout, name: &str, kind: Kind) -> String {
    checkout.refusal(name, || new::run(checkout.root(), name, kind, false))
}

#[test]
fn a_name_that_cannot_be() {
    let checkout = Checkout::new();
    let long = "a".repeat(60);
    for (name, says) in [
        ("backend", "there is an app `backend` of kind api"),
        ("root", "is reserved"),
        ("platform", "is reserved"),
        ("default", "is reserved"),
        ("kube-bot", "is reserved"),
        ("Bot", "begin with a letter"),
        ("my_bot", "begin with a letter"),
        ("bot-", "begin with a letter"),
        (&long, "has 60 characters"),
        ("xtask", "a package of this workspace"),
        (
            "tokio",
            "a package of this workspace, or one that it is built from",
        ),
        ("serde-core", "a package of this workspace"),
        ("async", "a word of Rust"),
        ("std", "a word of Rust"),
        ("deps", "a folder that cargo or CI makes"),
        ("staging", "an environment"),
        ("null", "no text in YAML"),
        ("gitops-loop", "what the repository is called"),
        (
            "my-registry-name",
            "a word that stands for a name in the template",
        ),
        ("backend-migrate", "the name of an object in infra/"),
        ("default-deny", "the name of an object in infra/"),
        ("dns", "the name of an object in infra/"),
    ] {
        let error = refusal(&checkout, name, Kind::Worker);
        assert!(error.contains(says), "{name}: {error}");
    }
}

#[test]
fn a_name_that_another_kind_has() {
    let checkout = Checkout::new();
    checkout.add("bot", Kind::Worker);
    checkout.commit();
    let error = refusal(&checkout, "bot", Kind::Cron);
    assert!(
        error.contains("an app `bot` of kind worker") && error.contains("choose another"),
        "{error}"
    );
}

#[test]
fn a_work_tree_with_changes() {
    let checkout = Checkout::new();
    for path in ["infra/backend/base/deployment.yaml", "Cargo.lock", "project.toml"] {
        checkout.write(path, &(checkout.read(path) + "# changed\n"));
        for error in [
            refusal(&checkout, "bot", Kind::Worker),
            format!(
                "{:#}",
                remove::run(checkout.root(), "backend", false).unwrap_err()
            ),
        ] {
            assert!(
                error.contains(path) && error.contains("commit or stash") || error.contains("by hand"),
                "{error}"
            );
        }
        checkout.reset();
    }
    checkout.git(&["rm", "--quiet", "infra/backend/base/service.yaml"]);
    assert!(refusal(&checkout, "bot", Kind::Worker).contains("infra/backend/base/service.yaml"));
    checkout.reset();
    // A file that Git does not know is nobody's hindrance.
    checkout.write("notes.txt", "mine");
    checkout.add("bot", Kind::Worker);
}

#[test]
fn a_file_in_the_way() {
    let checkout = Checkout::new();
    for path in [
        "apps/bot/src/main.rs",
        "infra/bot/base/deployment.yaml",
        "infra/apps/base/bot.yaml",
    ] {
        checkout.write(path, "mine\n");
        let error = refusal(&checkout, "bot", Kind::Worker);
        assert!(error.contains(path) && error.contains("move it away"), "{error}");
        checkout.reset();
    }
    for path in ["apps/bot", "infra/bot"] {
        checkout.write(path, "mine\n");
        let of_file = refusal(&checkout, "bot", Kind::Worker);
        fs::remove_file(checkout.path(path)).unwrap();
        std::os::unix::fs::symlink("nowhere", checkout.path(path)).unwrap();
        let of_link = refusal(&checkout, "bot", Kind::Worker);
        fs::remove_file(checkout.path(path)).unwrap();
        for error in [of_file, of_link] {
            assert!(error.starts_with(&format!("{path} is there")), "{error}");
        }
    }
}

#[test]
fn an_app_that_is_not_there_or_was_not_made() {
    let checkout = Checkout::new();
    let error = |name: &str| format!("{:#}", remove::run(checkout.root(), name, false).unwrap_err());
    assert!(error("bot").contains("there is no app `bot`"));
    assert!(error("frontend").contains("was not made by `new-app`"));
    assert_eq!(checkout.status(), "");
}

#[test]
fn a_folder_that_is_no_checkout_of_git() {
    let checkout = Checkout::new();
    fs::remove_dir_all(checkout.path(".git")).unwrap();
    let error = new::run(checkout.root(), "bot", Kind::Worker, false).unwrap_err();
    assert!(format!("{error:#}").contains("in a checkout of Git"), "{error:#}");
}
