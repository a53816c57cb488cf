//! What goes, what stays, and that nothing is left of an app that nobody touched.

use super::*;

#[test]
fn an_app_that_is_taken_back_leaves_nothing() {
    let checkout = Checkout::new();
    let before = checkout.files();
    for kind in Kind::ALL {
        checkout.add("bot", kind);
        assert_ne!(checkout.status(), "");
        let said = checkout.remove("bot");
        assert_eq!(checkout.status(), "", "{kind}");
        assert_eq!(checkout.files(), before);
        assert!(!checkout.path("apps/bot").exists() && !checkout.path("infra/bot").exists());
        assert!(
            said.contains("stays     the images in the registry, gitops-loop/bot"),
            "{said}"
        );
        let has_volume = said.contains("the claim `bot`");
        assert_eq!(has_volume, kind == Kind::Worker, "{said}");
    }
}

// wing: hub
/// Its Argo CD deletes nothing in a cluster that is no longer asked for it.
#[test]
fn what_runs_on_in_the_targets_of_a_hub_is_named_but_for_the_data() {
    let checkout = Checkout::new();
    let project = project::Project::load(checkout.root()).unwrap();
    for kind in Kind::ALL {
        checkout.add("bot", kind);
        let files = checkout.files().into_iter();
        let manifests = files.filter(|(path, _)| path.starts_with("infra/bot/base/"));
        let texts: Vec<_> = manifests.map(|(_, text)| text).collect();
        let kinds = texts.iter().flat_map(|text| text.lines());
        let kinds = kinds.filter_map(|line| line.strip_prefix("kind: "));
        let kinds = kinds.filter(|kind| !["Kustomization", "PersistentVolumeClaim"].contains(kind));
        let said = checkout.remove("bot");
        let command = format!("kubectl --namespace {} delete ", project.application());
        let (_, rest) = said.split_once(&command).expect("a command");
        let (named, rest) = rest.split_once(' ').unwrap();
        let named: Vec<_> = named.split(',').collect();
        let mut seen = 0;
        for kind in kinds.map(str::to_lowercase) {
            let plural = kind.strip_suffix('y').map(|start| format!("{start}ies"));
            let plural = plural.unwrap_or(format!("{kind}s"));
            assert!(named.contains(&plural.as_str()), "{plural}: {named:?}");
            seen += 1;
        }
        assert!(
            seen > 2 && !named.contains(&"persistentvolumeclaims"),
            "{named:?}"
        );
        assert!(
            rest.starts_with("--selector app.kubernetes.io/name=bot\n"),
            "{rest}"
        );
    }
}
// end of wing

#[test]
fn after_its_commit_too_and_its_neighbours_stay() {
    let checkout = Checkout::new();
    for name in ["one", "two", "three"] {
        checkout.add(name, Kind::Worker);
        checkout.commit();
    }
    let with_three = checkout.files();
    for name in ["one", "two"] {
        checkout.remove(name);
        checkout.commit();
    }
    let project = project::Project::load(checkout.root()).unwrap();
    assert!(project.app("three").is_ok() && project.app("one").is_err());
    let left = checkout.files();
    assert!(left.iter().all(|(path, _)| with_three.contains_key(path)));
    checkout.remove("three");
    checkout.commit();
    checkout.add("three", Kind::Worker);
    assert_eq!(checkout.files(), left);
}

#[test]
fn a_dry_run_of_it_writes_nothing_and_its_patch_does_the_same() {
    let checkout = Checkout::new();
    checkout.add("bot", Kind::Web);
    checkout.commit();
    let before = checkout.files();
    let patch = remove::run(checkout.root(), "bot", true).unwrap();
    assert_eq!(checkout.files(), before);
    checkout.apply(&patch);
    let applied = checkout.files();
    checkout.reset();
    checkout.remove("bot");
    assert_eq!(checkout.files(), applied);
}

#[test]
fn what_ci_wrote_is_no_change_of_a_persons() {
    let checkout = Checkout::new();
    checkout.add("bot", Kind::Cron);
    let overlay = "infra/bot/overlays/staging/kustomization.yaml";
    let released = format!("sha256:{} # commit 0123456789", "1".repeat(64));
    checkout.edit(overlay, &format!("sha256:{}", "0".repeat(64)), &released);
    checkout.commit();
    let said = checkout.remove("bot");
    assert!(!said.contains("left"), "{said}");
    assert!(!checkout.path("infra/bot").exists());
}

/// An update changes templates, and leaves apps as they are.
#[test]
fn an_app_that_older_templates_made_goes_and_a_persons_change_stays() {
    let checkout = Checkout::new();
    checkout.add("bot", Kind::Worker);
    checkout.commit();
    for (file, from, to) in [
        ("apps/app-name/src/work.rs", "One round.", "A whole round."),
        (
            "infra/app-name/base/deployment.yaml",
            "memory: 64Mi",
            "memory: 80Mi",
        ),
    ] {
        let template = format!("{}/worker/{file}", crate::apps::template::FOLDER);
        checkout.edit(&template, from, to);
    }
    let path = "infra/bot/base/volume.yaml";
    checkout.write(path, &format!("# Ours.\n{}", checkout.read(path)));
    checkout.commit();
    let said = checkout.remove("bot");
    let left: Vec<_> = said.lines().filter(|line| line.starts_with("left")).collect();
    assert!(matches!(&left[..], [one] if one.contains(path)), "{said}");
    assert!(!checkout.path("apps/bot").exists());
    assert!(!checkout.path("infra/bot/base/deployment.yaml").exists());
}

#[test]
fn a_manifest_that_a_person_changed_is_named_and_stays() {
    let checkout = Checkout::new();
    checkout.add("bot", Kind::Worker);
    let path = "infra/bot/base/deployment.yaml";
    checkout.edit(path, "memory: 64Mi", "memory: 96Mi");
    checkout.write("infra/bot/base/more.yaml", "mine: true\n");
    checkout.commit();
    let said = checkout.remove("bot");
    for left in [path, "infra/bot/base/more.yaml"] {
        assert!(said.contains(&format!("left      {left}: ")), "{said}");
        assert!(checkout.path(left).exists());
    }
    assert!(!checkout.path("infra/bot/base/volume.yaml").exists() && !checkout.path("apps/bot").exists());
    assert!(!checkout.read(crate::apps::lists::APPLICATIONS).contains("bot"));
}

/// Nothing else has them, so they could not be brought back.
#[test]
fn files_that_git_ignores_are_named_and_stay() {
    let checkout = Checkout::new();
    checkout.write(".gitignore", "/target\n*.env\n");
    checkout.commit();
    checkout.add("bot", Kind::Worker);
    checkout.commit();
    let paths = ["apps/bot/mine.env", "infra/bot/mine.env"];
    for path in paths {
        checkout.write(path, "mine\n");
    }
    let said = checkout.remove("bot");
    for path in paths {
        assert!(said.contains(&format!("left      {path}: ")), "{said}");
        assert_eq!(checkout.read(path), "mine\n");
    }
}

#[test]
fn a_crate_that_a_person_changed_stays_whole_and_is_released_no_more() {
    let checkout = Checkout::new();
    checkout.add("bot", Kind::Worker);
    checkout.edit("apps/bot/src/work.rs", "One round.", "One more round.");
    checkout.commit();
    let said = checkout.remove("bot");
    assert!(
        said.contains("left      apps/bot/src/work.rs: ") && said.contains("git rm -r apps/bot"),
        "{said}"
    );
    // Cargo takes no folder of this pattern without a manifest.
    assert!(checkout.path("apps/bot/Cargo.toml").exists() && !checkout.path("infra/bot").exists());
    assert!(checkout.read("Cargo.lock").contains("name = \"bot\""));
    assert!(
        project::Project::load(checkout.root())
            .unwrap()
            .app("bot")
            .is_err()
    );
}

#[test]
fn an_entry_with_a_comment_goes_and_one_of_another_form_is_refused() {
    let checkout = Checkout::new();
    let before = checkout.files();
    checkout.add("bot", Kind::Cron);
    checkout.edit(
        crate::apps::lists::APPLICATIONS,
        "- bot.yaml\n",
        "- bot.yaml # ours\n",
    );
    checkout.edit(project::FILE, "name = \"bot\"\n", "name = \"bot\" # ours\n");
    checkout.commit();
    checkout.remove("bot");
    assert_eq!(checkout.files(), before);
    checkout.reset();
    checkout.edit(project::FILE, "name = \"bot\" # ours", "name = 'bot'");
    checkout.commit();
    let error = remove::run(checkout.root(), "bot", false).unwrap_err();
    assert!(
        error.to_string().contains("write its entry as the others are"),
        "{error}"
    );
    assert_eq!(checkout.status(), "");
}
