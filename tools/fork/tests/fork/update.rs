//! A newer version of the template comes into a copy that has changed.

use std::fs;

use crate::checkout::{ACCOUNT, Checkout, NUMBERS, PARAMETERS, REGION, REPOSITORY};
use crate::derived::{APP, with_an_app};
use crate::named::keeps;
use crate::names::{APPLICATION, NAME, former};
use crate::template::{
    DELETED, GOES, Template, WITHOUT, append, locked, module, new_part, read, renamed, update, version,
    without_row, without_unknown_keys,
};

/// What only the copy has, and what it says otherwise than the template.
fn with_changes(copy: &Checkout) {
    let names = ["--name", NAME, "--application", APPLICATION, "--without", WITHOUT];
    let facts = [
        "--account",
        ACCOUNT,
        "--region",
        REGION,
        "--repository",
        REPOSITORY,
    ];
    copy.fork(&[&names[..], &facts, &NUMBERS].concat());
    with_an_app(copy);
    fs::remove_dir_all(copy.path("findings")).expect("remove it");
    without_row(copy, DELETED);
    let [module_file, _] = renamed(copy).map(module);
    copy.edit(&module_file, "use std::io;\n", "// Ours.\nuse std::io;\n");
    append(copy, "README.md", "\n## How we start\n");
    copy.write("docs/OURS.md", "# What is ours?\n\nThe shop.\n");
    locked(copy, &[]);
    copy.commit();
}

/// The content of what neither the template nor the commands made.
fn ours(copy: &Checkout) -> [String; 3] {
    let of_app = ["Cargo.toml", "src/main.rs"].map(|file| copy.read(&format!("apps/{APP}/{file}")));
    let [manifest, code] = of_app;
    [manifest, code, copy.read("docs/OURS.md")]
}

#[test]
fn five_versions_come_to_a_copy_of_another_name_with_an_app_and_without_parts() {
    let template = Template::of_all_in(tempfile::tempdir().expect("make a folder"));
    let former = former(&template.0);
    let copy = template.0.copy();
    with_changes(&copy);
    let before = ours(&copy);
    let [module_before, module_after] = renamed(&template.0).map(module);
    let part = new_part(&template.0);
    template.release_five();
    let (code, said) = update(&copy, &template, &["--check"]);
    assert_eq!(code, 10, "{said}");
    for minor in 1..=5 {
        let change = format!("## {}\n\n- Change {minor}.", version(minor));
        assert!(said.contains(&change), "{said}");
    }
    let (code, said) = update(&copy, &template, &[]);
    assert_eq!(code, 0, "{said}");
    // Nothing but the branch is there.
    assert_eq!(read(&copy, &["status", "--porcelain"]), "");
    let branch = format!("template/v{}", version(5));
    assert_eq!(
        read(&copy, &["rev-parse", &format!("{branch}^")]),
        read(&copy, &["rev-parse", "HEAD"])
    );
    copy.git(&["merge", "--quiet", &branch]);

    assert!(
        copy.read("docs/CI.md")
            .contains(&format!("The folder is `{NAME}`."))
    );
    assert!(
        copy.read("infra/apps/root/staging.yaml")
            .contains(&format!("# Of {NAME}."))
    );
    let trusted = "# New words.\nGitHubRepository = \"nobody/nothing\"\n";
    assert!(copy.read(PARAMETERS).contains(trusted));
    assert!(copy.read("docs/GLOSSARY.md").ends_with("That is all.\n"));
    assert!(
        copy.read(&module_after).contains("// Ours.\n"),
        "an edit went along with its file"
    );
    assert!(copy.path("docs/MORE.md").exists());
    let gone = [
        module_before.as_str(),
        GOES,
        DELETED,
        "findings",
        "docs/LOOKS.md",
        "xtask/tests/house_rules",
        "xtask/src/hooks.rs",
    ];
    for gone in gone {
        assert!(!copy.path(gone).exists(), "{gone}");
    }
    assert!(copy.read("README.md").contains("## How we start"));
    assert_eq!(ours(&copy), before, "files of its own are as they were");
    without_unknown_keys(&copy);
    let project = copy.project();
    assert_eq!([project.name(), project.application()], [NAME, APPLICATION]);
    assert!(project.app(APP).is_ok());
    for gone in ["house-rules", &part, "secrets"] {
        assert!(project.without().iter().any(|name| name == gone), "{gone}");
    }
    locked(&copy, &["--locked"]);
    let changed = read(&copy, &["show", "--format=", "--name-only", &branch]);
    for name in changed.lines() {
        let text = fs::read_to_string(copy.path(name)).unwrap_or_default();
        let names = former.iter().any(|former| keeps(&text, former));
        assert!(!names || name == "template.toml", "{name} has a former name");
    }
    let stay = format!("{DELETED}: stays deleted");
    assert!(
        said.contains(&stay) && said.contains("findings/new.sh: stays deleted"),
        "{said}"
    );
    assert!(
        said.contains(&format!("left out {part}")) && !said.contains("conflict"),
        "{said}"
    );

    // And that is all.
    copy.git(&["branch", "--delete", "--quiet", &branch]);
    let (code, said) = update(&copy, &template, &[]);
    assert!(code == 0 && said.contains("nothing to do"), "{said}");
    assert_eq!(update(&copy, &template, &["--check"]).0, 0);
    assert_eq!(read(&copy, &["branch", "--list", "template/*"]), "");
}
