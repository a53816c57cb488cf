//! What is made, and that the same again changes nothing.

use super::*;

#[test]
fn only_lists_that_were_there_change_and_no_other_file() {
    for kind in Kind::ALL {
        let checkout = Checkout::new();
        let said = checkout.add("bot", kind);
        let status = checkout.status();
        let changed: Vec<_> = status
            .lines()
            .filter_map(|line| line.strip_prefix(" M "))
            .collect();
        assert_eq!(
            changed,
            ["Cargo.lock", "infra/apps/base/kustomization.yaml", "project.toml"]
        );
        for path in changed {
            assert!(said.contains(&format!("changed   {path}\n")), "{said}");
        }
        let others = status.lines().filter(|line| !line.starts_with(" M "));
        for line in others {
            let own = ["?? apps/bot/", "?? infra/bot/", "?? infra/apps/base/bot.yaml"];
            assert!(own.iter().any(|own| line.starts_with(own)), "{line}");
        }
        let project = project::Project::load(checkout.root()).unwrap();
        let app = project.app("bot").unwrap();
        assert_eq!(
            (app.kind(), app.package(), app.folder()),
            (kind, "bot", "apps/bot")
        );
        for environment in project.environments() {
            assert!(checkout.path(&app.overlay(environment)).is_file());
        }
        assert!(checkout.path(&app.containerfile()).is_file());
    }
}

#[test]
fn no_word_of_the_template_is_left() {
    let checkout = Checkout::new();
    for kind in Kind::ALL {
        let name = format!("my-{kind}");
        checkout.add(&name, kind);
        checkout.commit();
    }
    for (path, text) in checkout.files() {
        if path.starts_with("tools/") {
            continue;
        }
        for word in [
            "app-name",
            "application-name",
            "environment-name",
            "registry-name",
            "branch-name",
        ] {
            assert!(!path.contains(word) && !text.contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn its_images_are_expected_where_those_of_the_others_lie() {
    let checkout = Checkout::new();
    let project = project::Project::load(checkout.root()).unwrap();
    let (other, registry) = (&project.apps()[0], "registry.example.com/shop");
    let overlay = other.overlay(project.first());
    let text = checkout.read(&overlay);
    let lines = text.lines().map(|line| match line.split_once("newName: ") {
        Some((indent, _)) => format!("{indent}newName: {registry}/{other}\n"),
        None => format!("{line}\n"),
    });
    checkout.write(&overlay, &lines.collect::<String>());
    checkout.commit();
    checkout.add("bot", Kind::Worker);
    let bot = project::Project::load(checkout.root()).unwrap();
    let bot = bot.app("bot").unwrap();
    for environment in project.environments() {
        let overlay = checkout.read(&bot.overlay(environment));
        assert!(
            overlay.contains(&format!("newName: {registry}/bot\n")),
            "{overlay}"
        );
    }
}

#[test]
fn the_same_again_changes_nothing_also_after_the_commit_and_in_a_changed_work_tree() {
    let checkout = Checkout::new();
    checkout.add("bot", Kind::Worker);
    let made = checkout.files();
    assert!(checkout.add("bot", Kind::Worker).contains("there already"));
    checkout.commit();
    checkout.edit("apps/bot/src/work.rs", "One round.", "One more round.");
    assert!(checkout.add("bot", Kind::Worker).contains("there already"));
    checkout.reset();
    assert_eq!(checkout.files(), made);
}

#[test]
fn a_dry_run_writes_nothing_and_its_patch_makes_the_same() {
    let checkout = Checkout::new();
    let before = checkout.files();
    let patch = new::run(checkout.root(), "bot", Kind::Worker, true).unwrap();
    assert_eq!(checkout.files(), before);
    assert!(!checkout.path("target").exists());
    checkout.add("bot", Kind::Worker);
    let made = checkout.files();
    checkout.reset();
    checkout.apply(&patch);
    assert_eq!(checkout.files(), made);
}

#[test]
fn programs_are_formatted_whatever_the_app_is_called() {
    let checkout = Checkout::new();
    let this = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (kind, name) in Kind::ALL
        .into_iter()
        .zip(["a", "zoo", "m-1", &"long-name".repeat(4)])
    {
        checkout.add(name, kind);
        checkout.commit();
    }
    let paths = gitkit::files(&checkout.path("apps")).unwrap();
    let sources = paths
        .iter()
        .filter(|path| Path::new(path).extension().is_some_and(|of| of == "rs"));
    let formatted = Command::new("rustfmt")
        .args(["--check", "--edition", "2024", "--config-path"])
        .arg(this.join("rustfmt.toml"))
        .args(sources)
        .current_dir(checkout.path("apps"))
        .output()
        .unwrap();
    assert!(
        formatted.status.success(),
        "{}",
        String::from_utf8_lossy(&formatted.stdout)
    );
}

#[test]
fn entries_are_sorted_into_the_lock_file_and_come_out_again() {
    let checkout = Checkout::new();
    let before = checkout.read(lists::LOCK);
    let manifest = "[dependencies]\ntokio.workspace = true\nanyhow.workspace = true\n[dev-dependencies]\ntempfile = \"3\"\n";
    for name in ["a-first", "middle", "zzz-last"] {
        let lock = lists::with(lists::LOCK, &before, name, Kind::Worker, manifest).unwrap();
        let uses = "dependencies = [\n \"anyhow\",\n \"tempfile\",\n \"tokio\",\n]\n";
        assert!(
            lock.contains(&format!("name = \"{name}\"\nversion = \"0.1.0\"\n{uses}")),
            "{name}"
        );
        let names: Vec<_> = lock.lines().filter(|line| line.starts_with("name = ")).collect();
        assert!(names.is_sorted(), "{name}");
        assert_eq!(lists::without(lists::LOCK, &lock, name), before);
    }
    let unknown = lists::with(
        lists::LOCK,
        &before,
        "bot",
        Kind::Cron,
        "[dependencies]\nno-such-crate = \"1\"\n",
    );
    assert!(format!("{:#}", unknown.unwrap_err()).contains("no-such-crate"));
}

#[test]
fn what_a_person_wrote_between_two_entries_stays() {
    let text = "name = \"a\"\n\n[[apps]]\nname = \"one\"\n\n# Ours.\n[[apps]]\nname = \"two\"\n\n[[environments]]\nname = \"e\"\n";
    let without = |name| lists::without(project::FILE, text, name);
    assert_eq!(without("one"), text.replace("[[apps]]\nname = \"one\"\n\n", ""));
    assert_eq!(without("two"), text.replace("[[apps]]\nname = \"two\"\n\n", ""));
    assert_eq!(without("three"), text);
}

/// A file cannot be moved from one disk to another in one step.
#[test]
fn a_target_folder_on_another_disk_is_no_hindrance() {
    let checkout = Checkout::new();
    let before = checkout.files();
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), checkout.path("target")).unwrap();
    checkout.add("bot", Kind::Web);
    checkout.remove("bot");
    assert_eq!(checkout.files(), before);
}

/// `kustomize edit` writes lists so.
#[test]
fn the_entry_is_indented_like_the_others_and_comments_stay_between_them() {
    let checkout = Checkout::new();
    let text = checkout.read(lists::APPLICATIONS);
    let edited = text
        .replace("\n  - ", "\n- ")
        .replace("- frontend.yaml", "# The page.\n- frontend.yaml");
    checkout.write(lists::APPLICATIONS, &edited);
    checkout.commit();
    checkout.add("bot", Kind::Cron);
    let listed = checkout.read(lists::APPLICATIONS);
    // A fork has apps of its own between the two.
    for part in [
        "\n# The page.\n- frontend.yaml # wing: sample\n- ",
        "\n- bot.yaml\nlabels:",
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    checkout.remove("bot");
    assert_eq!(checkout.status(), "");
}
