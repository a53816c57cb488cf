//! What goes, what stays, and that nothing is left of an environment that nobody touched.

use super::*;

#[test]
fn one_that_is_taken_back_leaves_nothing() {
    let checkout = Checkout::new();
    let before = checkout.files();
    for is_committed in [false, true] {
        add(&checkout, "qa");
        if is_committed {
            checkout.commit();
        }
        let said = take_away(&checkout, "qa");
        assert_eq!(checkout.files(), before);
        assert!(!said.contains("left"), "{said}");
        for words in [
            "cargo xtask aws destroy qa --yes qa",
            "eksctl delete cluster --name gitops-loop-qa",
            "its branch, qa",
            "gitops-loop/*",
            "next      have the account no longer let its branch push images: cargo xtask aws deploy staging --only access --only build\n",
        ] {
            assert!(said.contains(words), "{said}");
        }
        // Its controllers clear up by roles of the stacks.
        let at = |words: &str| said.find(words);
        assert!(at("eksctl delete cluster") < at("aws destroy"), "{said}");
        assert!(
            said.contains("so        staging promotes to production\n"),
            "{said}"
        );
    }
}

#[test]
fn its_neighbours_stay_and_a_dry_run_says_what_will_go() {
    let checkout = Checkout::new();
    add(&checkout, "qa");
    checkout.commit();
    let with_one = checkout.files();
    add(&checkout, "trial");
    checkout.commit();
    let with_two = checkout.files();
    let patch = remove::run(checkout.root(), "trial", true).unwrap();
    assert_eq!(checkout.files(), with_two);
    take_away(&checkout, "trial");
    assert_eq!(checkout.files(), with_one);
    checkout.reset();
    checkout.apply(&patch);
    assert_eq!(checkout.files(), with_one);
}

#[test]
fn what_was_released_and_what_the_one_before_became_since_is_no_change_of_a_persons() {
    let checkout = Checkout::new();
    add(&checkout, "qa");
    checkout.commit();
    let digest = format!("sha256:{} # commit 0123456789", "1".repeat(64));
    let overlay = "infra/frontend/overlays/qa/kustomization.yaml";
    checkout.edit(overlay, &format!("sha256:{}", "0".repeat(64)), &digest);
    change(&checkout, &overlay.replace("qa", "staging"));
    checkout.edit(
        PARAMETERS,
        "[qa]\n",
        "[qa]\nOidcProvider = \"oidc.example.com/id/1\"\n",
    );
    checkout.commit();
    let said = take_away(&checkout, "qa");
    assert!(!said.contains("left"), "{said}");
    assert!(!checkout.path(overlay).exists() && !checkout.read(PARAMETERS).contains("example.com"));
}

#[test]
fn what_a_person_changed_or_added_is_named_and_stays() {
    let checkout = Checkout::new();
    add(&checkout, "qa");
    checkout.commit();
    let [changed, added] =
        ["environment", "more"].map(|file| format!("infra/backend/overlays/qa/{file}.yaml"));
    checkout.edit(&changed, "messages-qa", "messages-of-qa");
    checkout.write(&added, "mine: true\n");
    checkout.edit(PARAMETERS, "\n[shared]\n", "\n# Not for qa.\n[shared]\n");
    checkout.commit();
    let said = take_away(&checkout, "qa");
    for path in [changed.as_str(), &added] {
        assert!(
            said.contains(&format!("left      {path}: it is not as")),
            "{said}"
        );
        assert!(checkout.path(path).exists());
    }
    assert!(
        said.contains(&format!("left      {PARAMETERS}: it still names qa")),
        "{said}"
    );
    assert!(project(&checkout).environment("qa").is_err());
}

/// Its one commit adds every file, what a person has changed too.
#[test]
fn in_a_shallow_clone_too_a_persons_change_stays() {
    let checkout = Checkout::new();
    add(&checkout, "qa");
    checkout.commit();
    let path = "infra/backend/overlays/qa/environment.yaml";
    checkout.edit(path, "messages-qa", "messages-of-qa");
    checkout.commit();
    let commit = checkout.git(&["rev-parse", "HEAD"]);
    checkout.write(".git/shallow", &commit);
    let said = take_away(&checkout, "qa");
    let left: Vec<_> = said.lines().filter(|line| line.starts_with("left")).collect();
    assert!(matches!(&left[..], [one] if one.contains(path)), "{said}");
    assert!(checkout.path(path).exists());
}

#[test]
fn what_a_person_changed_before_the_first_commit_stays() {
    let checkout = Checkout::new();
    add(&checkout, "qa");
    let path = "infra/frontend/overlays/qa/kustomization.yaml";
    change(&checkout, path);
    checkout.commit();
    assert!(take_away(&checkout, "qa").contains(&format!("left      {path}: ")));
    assert!(checkout.path(path).exists());
}

#[test]
fn a_copy_without_the_command_for_stacks_is_not_told_of_it() {
    let checkout = Checkout::new();
    let text = checkout.read("project.toml");
    // A fork may be without something already.
    let lines = text.lines().filter(|line| !line.starts_with("without = "));
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    checkout.write("project.toml", &format!("without = [\"aws\"]\n{text}"));
    checkout.commit();
    add(&checkout, "qa");
    let said = take_away(&checkout, "qa");
    assert!(
        said.contains("the stacks of qa") && !said.contains("xtask aws"),
        "{said}"
    );
    assert!(said.contains("deploy infra/aws/access.yaml"), "{said}");
}

/// It was made as a copy of one that is gone by now.
#[test]
fn one_behind_another_goes_after_that_one_and_leaves_nothing() {
    let checkout = Checkout::new();
    let before = checkout.files();
    add(&checkout, "qa");
    let path = "infra/frontend/overlays/qa/kustomization.yaml";
    change(&checkout, path);
    checkout.commit();
    new::run(checkout.root(), "trial", "trial", "qa", false).unwrap();
    checkout.commit();
    take_away(&checkout, "qa");
    fs::remove_file(checkout.path(path)).unwrap();
    checkout.commit();
    let said = take_away(&checkout, "trial");
    assert!(!said.contains("left"), "{said}");
    checkout.git(&["add", "--all"]);
    assert_eq!(checkout.files(), before);
}
