//! However a person or a tool wrote the files: changed, or named with nothing changed.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::checkout::{ACCOUNT, ADDRESS, Checkout, PARAMETERS, POLICY, REPOSITORY, facts, whole};

const ROOT: &str = "infra/apps/root/staging.yaml";

/// The address that a copy of this repository begins with.
fn former(checkout: &Checkout) -> String {
    let [_, _, repository] = facts(&checkout.fork(&[]));
    repository
}

#[test]
fn an_address_is_changed_however_it_is_written() {
    for written in [
        "url: \"{}\" # ours",
        "url: '{}'",
        "url:    {}   ",
        "\"url\": {} # a \"comment\"",
        "url: &address {}",
        "url: >-\n    {}",
        "url: !!str \"{}\"",
    ] {
        let checkout = Checkout::of_git();
        let former = former(&checkout);
        let line = written.replace("{}", &former);
        checkout.edit(ADDRESS, &format!("url: {former}"), &line);
        checkout.edit(
            ROOT,
            &format!("repoURL: {former}"),
            &format!("repoURL: '{former}' # ours"),
        );
        assert_eq!(facts(&checkout.fork(&[]))[2], former, "{written}");
        checkout.fork(&whole());
        let expected = written.replace("{}", REPOSITORY);
        assert!(
            checkout.read(ADDRESS).contains(&expected),
            "{}",
            checkout.read(ADDRESS)
        );
        let root = checkout.read(ROOT);
        assert!(
            root.contains(&format!("repoURL: '{REPOSITORY}' # ours")),
            "{root}"
        );
        assert!(!root.contains(&former), "{root}");
    }
}

#[test]
fn line_ends_of_windows_stay() {
    let checkout = Checkout::of_git();
    for file in [ADDRESS, PARAMETERS, POLICY, ROOT] {
        checkout.edit(file, "\n", "\r\n");
    }
    checkout.fork(&whole());
    for (file, line) in [
        (ADDRESS, format!("  url: {REPOSITORY}\r\n")),
        (PARAMETERS, "GitHubRepository = \"nobody/nothing\"\r\n".to_owned()),
        (PARAMETERS, format!("account = \"{ACCOUNT}\"\r\n")),
        (
            POLICY,
            "subject: https://github.com/nobody/nothing/.github/workflows/".to_owned(),
        ),
    ] {
        let text = checkout.read(file);
        assert!(text.contains(&line), "{text}");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{file}");
    }
}

#[test]
fn parameters_are_changed_however_they_are_written() {
    for (old, new) in [
        ("GitHubRepository = ", "GitHubRepository='a/b'   # ours\n#"),
        (
            "GitHubRepository = ",
            "  \"GitHubRepository\"  =  \"\"\"a/b\"\"\"\n#",
        ),
        ("GitHubOwnerId = ", "GitHubOwnerId = '7' # \"8\"\n#"),
    ] {
        let checkout = Checkout::of_git();
        checkout.edit(PARAMETERS, old, new);
        checkout.fork(&whole());
        let text = checkout.read(PARAMETERS);
        assert!(
            text.contains("\"nobody/nothing\"") && text.contains("\"12\""),
            "{text}"
        );
        assert!(!text.contains("a/b") && !text.contains("'7'"), "{text}");
    }
}

#[test]
fn what_is_not_understood_is_named_and_nothing_is_written() {
    let checkout = Checkout::of_git();
    let former = former(&checkout);
    let shorter = former.trim_end_matches(".git");
    let escaped = former.replacen('h', "\\x68", 1);
    for (file, old, new) in [
        (ADDRESS, format!("url: {former}"), format!("url: \"{escaped}\"")),
        (ROOT, format!("repoURL: {former}"), format!("repoURL: {shorter}")),
        (
            ROOT,
            former.clone(),
            "https://github.com/third/party.git".to_owned(),
        ),
        (
            "infra/apps/base/project.yaml",
            "apiVersion".to_owned(),
            format!("# {}/\napiVersion", shorter.to_uppercase()),
        ),
    ] {
        let before = checkout.read(file);
        checkout.edit(file, &old, &new);
        let error = checkout.refusal(&whole());
        assert!(error.contains(file) && error.contains("by hand"), "{error}");
        checkout.write(file, &before);
    }
}

#[test]
fn an_identity_or_parameter_that_is_not_there_is_named() {
    let checkout = Checkout::of_git();
    checkout.edit(POLICY, "subject: https://", "subjectRegExp: ^https://");
    let error = checkout.refusal(&whole());
    assert!(error.contains(POLICY), "{error}");
    let checkout = Checkout::of_git();
    checkout.edit(PARAMETERS, "GitHubOwnerId = ", "# GitHubOwnerId = ");
    let error = checkout.refusal(&whole());
    assert!(
        error.contains("GitHubOwnerId") && error.contains("[shared]"),
        "{error}"
    );
    let checkout = Checkout::of_git();
    checkout.edit(
        PARAMETERS,
        "[production]\n",
        "[production]\nGitHubRepository = 'a/b'\n",
    );
    let error = checkout.refusal(&whole());
    assert!(error.contains("[production]"), "{error}");
}

#[test]
fn what_git_does_not_track_is_not_looked_at() {
    let checkout = Checkout::of_git();
    let [account, ..] = facts(&checkout.fork(&[]));
    let swap = [account.as_bytes(), b"\xff\xfe\0"].concat();
    std::fs::write(checkout.path("infra/aws/.parameters.toml.swp"), &swap).expect("write");
    std::fs::write(checkout.path("infra/platform/base/notes"), &account).expect("write");
    symlink("nowhere", checkout.path("infra/apps/dangling.yaml")).expect("link");
    symlink("user@host.1234:1", checkout.path("infra/aws/.#parameters.toml")).expect("link");
    std::fs::create_dir(checkout.path("infra/closed")).expect("make a folder");
    let rights = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(checkout.path("infra/closed"), rights).expect("close a folder");
    let said = checkout.fork(&whole());
    assert!(said.contains("changed infra/aws/parameters.toml"), "{said}");
    assert_eq!(checkout.read("infra/platform/base/notes"), account);
    let left = std::fs::read(checkout.path("infra/aws/.parameters.toml.swp")).expect("read");
    assert_eq!(left, swap);
}

#[test]
fn what_git_tracks_and_nobody_can_change_is_named() {
    let checkout = Checkout::of_git();
    let [account, ..] = facts(&checkout.fork(&[]));
    std::fs::write(checkout.path("infra/logo.png"), b"\x89PNG\xff").expect("write");
    symlink("nowhere", checkout.path("infra/apps/dangling.yaml")).expect("link");
    checkout.git(&["add", "--all"]);
    // A picture and a link name no account.
    checkout.fork(&["--account", ACCOUNT]);
    checkout.fork(&["--account", &account]);
    let binary = [b"\xff".as_slice(), account.as_bytes()].concat();
    std::fs::write(checkout.path("infra/logo.png"), binary).expect("write");
    let error = checkout.refusal(&whole());
    assert!(error.contains("infra/logo.png"), "{error}");
}

#[test]
fn a_file_that_was_removed_is_missed_by_nobody() {
    let checkout = Checkout::of_git();
    let file = checkout.path("infra/apps/root/production.yaml");
    std::fs::remove_file(&file).expect("remove");
    checkout.fork(&whole());
    assert!(!file.exists());
    std::fs::remove_file(checkout.path(ADDRESS)).expect("remove");
    assert!(checkout.refusal(&whole()).contains(ADDRESS));
}

#[test]
fn rights_of_a_file_stay() {
    let checkout = Checkout::of_git();
    let mode = |file: &str| {
        let file = std::fs::metadata(checkout.path(file)).expect("look at a file");
        file.permissions().mode() & 0o777
    };
    for (file, rights) in [(ADDRESS, 0o444), (ROOT, 0o755), (PARAMETERS, 0o600)] {
        std::fs::set_permissions(checkout.path(file), std::fs::Permissions::from_mode(rights)).expect("set");
    }
    checkout.fork(&whole());
    assert_eq!(
        [mode(ADDRESS), mode(ROOT), mode(PARAMETERS)],
        [0o444, 0o755, 0o600]
    );
}
