//! What a copy and the template have changed at the same place.

use std::fs;

use crate::checkout::Checkout;
use crate::template::{Template, append, locked, read, update};

/// A template and a copy of its first version.
fn begun() -> (Template, Checkout) {
    let template = Template::small();
    let lines: Vec<_> = (0..40).map(|number| format!("line {number} of it")).collect();
    let lines = lines.join("\n");
    fs::create_dir(template.0.path("texts")).expect("make a folder");
    for name in ["moved", "edited", "dropped", "like"] {
        template
            .0
            .write(&format!("texts/{name}.md"), &format!("# {name}\n\n{lines}\n"));
    }
    template.release(1);
    let copy = template.0.copy();
    (template, copy)
}

fn on_branch(copy: &Checkout, name: &str) -> String {
    read(copy, &["show", &format!("template/v900.2.0:{name}")])
}

#[test]
fn the_same_lines_are_left_as_git_leaves_them_and_listed() {
    let (template, copy) = begun();
    template.0.edit("page.md", "two\n", "two of the template\n");
    template.0.edit("page.md", "five\n", "five of the template\n");
    template.release(2);
    copy.edit("page.md", "two\n", "two of ours\n");
    copy.commit();
    let (code, said) = update(&copy, &template, &[]);
    assert!(code == 11 && said.contains("page.md: conflict"), "{said}");
    let page = on_branch(&copy, "page.md");
    let both = "<<<<<<< this-copy\ntwo of ours\n=======\ntwo of the template\n>>>>>>> template/v900.2.0\n";
    assert!(
        page.contains(both) && page.contains("five of the template"),
        "{page}"
    );
    assert_eq!(page.matches("<<<<<<<").count(), 1);
    assert!(read(&copy, &["log", "-1", "--format=%B", "template/v900.2.0"]).contains("- page.md: conflict"));
    assert!(
        !copy.read("page.md").contains("<<<"),
        "the work tree is as it was"
    );
}

#[test]
fn what_one_side_deleted_or_moved_is_settled_without_a_conflict() {
    let (template, copy) = begun();
    for name in ["moved", "like"] {
        template.0.edit(
            &format!("texts/{name}.md"),
            "line 20 of it",
            "line 20, which is new",
        );
    }
    fs::remove_file(template.0.path("texts/edited.md")).expect("remove it");
    template
        .0
        .edit("texts/dropped.md", "line 3 of", "line 3 and a half of");
    template.release(2);
    fs::rename(copy.path("texts/moved.md"), copy.path("moved.md")).expect("move it");
    append(&copy, "texts/edited.md", "Ours.\n");
    fs::remove_file(copy.path("texts/dropped.md")).expect("remove it");
    // A file of its own that began as one of the template, which is gone.
    fs::rename(copy.path("texts/like.md"), copy.path("own.md")).expect("move it");
    append(&copy, "own.md", "Ours.\n");
    copy.commit();
    let own = copy.read("own.md");
    let (code, said) = update(&copy, &template, &[]);
    assert_eq!(code, 0, "{said}");
    for says in [
        "texts/edited.md: kept: you have changed what the template has deleted",
        "texts/dropped.md: stays deleted",
        "own.md: left: it is yours",
    ] {
        assert!(said.contains(says), "{said}");
    }
    assert!(on_branch(&copy, "moved.md").contains("line 20, which is new"));
    assert!(on_branch(&copy, "texts/edited.md").ends_with("Ours."));
    assert_eq!(on_branch(&copy, "own.md") + "\n", own);
    let files = read(
        &copy,
        &["ls-tree", "-r", "--name-only", "template/v900.2.0", "texts"],
    );
    assert_eq!(files, "texts/edited.md");
}

#[test]
fn what_both_added_under_one_name_is_a_conflict() {
    let (template, copy) = begun();
    template.0.write("notes.md", "Of the template.\n");
    template.release(2);
    copy.write("notes.md", "Ours.\n");
    copy.commit();
    let (code, said) = update(&copy, &template, &[]);
    assert!(code == 11 && said.contains("notes.md: conflict"), "{said}");
    assert!(on_branch(&copy, "notes.md").contains("Ours."));
}

/// A crate that needs others of this workspace.
fn crate_of(checkout: &Checkout, name: &str, needs: &str) {
    fs::create_dir_all(checkout.path(&format!("crates/{name}/src"))).expect("make a folder");
    let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[dependencies]\n{needs}");
    checkout.write(&format!("crates/{name}/Cargo.toml"), &manifest);
    checkout.write(&format!("crates/{name}/src/lib.rs"), "");
}

#[test]
fn the_lock_file_is_merged_by_packages_and_waits_for_manifests_with_conflicts() {
    let template = Template::small();
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n";
    template.0.write("Cargo.toml", workspace);
    crate_of(&template.0, "ma", "");
    locked(&template.0, &[]);
    template.release(1);
    let copy = template.0.copy();
    crate_of(&template.0, "mb", "ma = { path = \"../ma\" }\n");
    locked(&template.0, &[]);
    template.release(2);
    crate_of(&copy, "mc", "ma = { path = \"../ma\" }\n");
    locked(&copy, &[]);
    copy.commit();
    let (code, said) = update(&copy, &template, &[]);
    assert_eq!(code, 0, "{said}");
    copy.git(&["merge", "--quiet", "template/v900.2.0"]);
    locked(&copy, &["--locked"]);

    template
        .0
        .write("Cargo.toml", &format!("{workspace}exclude = [\"x\"]\n"));
    crate_of(&template.0, "md", "");
    template.release(3);
    copy.write("Cargo.toml", &format!("{workspace}exclude = [\"y\"]\n"));
    copy.commit();
    let (code, said) = update(&copy, &template, &[]);
    assert_eq!(code, 11, "{said}");
    for says in [
        "Cargo.toml: conflict",
        "Cargo.lock: lock: cargo could not complete it",
    ] {
        assert!(said.contains(says), "{said}");
    }
}
