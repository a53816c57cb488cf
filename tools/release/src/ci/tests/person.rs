//! What a person's own settings, hooks, names and variables may not do to the release verbs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::Repository;
use crate::ci::git::Git;
use crate::ci::git::remote::{GitRemote, Remote as _};
use crate::environment::project;

/// Settings of all kinds that change what Git prints, writes, pushes or runs. `HOOKS` is a folder
/// of hooks that refuse everything.
const SETTINGS: &[(&str, &str)] = &[
    ("color.ui", "always"),
    ("commit.gpgSign", "true"),
    ("core.abbrev", "7"),
    ("core.attributesFile", "HOOKS/attributes"),
    ("core.autocrlf", "true"),
    ("core.hooksPath", "HOOKS"),
    ("core.logAllRefUpdates", "always"),
    ("core.pager", "false"),
    ("core.quotePath", "false"),
    ("diff.external", "false"),
    ("diff.noprefix", "true"),
    ("fetch.prune", "true"),
    ("fetch.recurseSubmodules", "true"),
    ("format.attach", "true"),
    ("format.headers", "X-Header: yes"),
    ("format.outputDirectory", "HOOKS"),
    ("gpg.program", "false"),
    ("i18n.commitEncoding", "ISO-8859-1"),
    ("i18n.logOutputEncoding", "UTF-16"),
    ("log.showSignature", "true"),
    ("push.default", "nothing"),
    ("push.followTags", "true"),
    ("push.gpgSign", "true"),
    ("push.pushOption", "ci.skip"),
    ("push.recurseSubmodules", "only"),
    ("remote.origin.mirror", "true"),
    ("remote.origin.pushurl", "/nowhere"),
    ("remote.origin.push", "refs/tags/*:refs/tags/*"),
    ("remote.origin.tagOpt", "--tags"),
    ("user.name", "Somebody"),
];

/// A folder with hooks that refuse and attributes that hide everything.
fn hooks(place: &Path) {
    fs::create_dir_all(place).unwrap();
    for name in [
        "pre-push",
        "reference-transaction",
        "post-index-change",
        "pre-commit",
    ] {
        let hook = place.join(name);
        fs::write(&hook, "#!/bin/sh\necho a hook of the person ran >&2\nexit 1\n").unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(
        place.join("attributes"),
        "* export-ignore diff=none text eol=crlf\n",
    )
    .unwrap();
}

/// All branches and tags of the remote after a release of the same commit, with what was proposed.
fn released(arrange: impl FnOnce(&Repository)) -> (String, String) {
    let repository = Repository::new();
    let commit = repository.change("new");
    // Reachable, so that a push that follows tags takes it along.
    repository.git(&["tag", "-a", "-m", "local", "v9.9.9", "HEAD^"]);
    arrange(&repository);
    let (registry, forge) = (repository.registry(&[&commit]), repository.forge());
    repository
        .propose(project().first(), &commit, &registry, &forge)
        .unwrap();
    let there = repository.remote.display().to_string();
    let made = format!("refs/heads/release/staging-{}", &commit[..10]);
    let made = repository.git(&["-C", &there, "rev-parse", &made]);
    let git = repository.handle();
    GitRemote::origin(&git)
        .unwrap()
        .bring(&[&format!("release/staging-{}", &commit[..10])])
        .unwrap();
    let refs = repository.git(&["-C", &there, "for-each-ref"]);
    (refs, git.patch(&made).unwrap())
}

#[test]
fn no_setting_or_hook_of_a_person_changes_a_release() {
    let expected = released(|_| {});
    assert!(!expected.0.contains("refs/tags"), "{}", expected.0);
    let set = |repository: &Repository, file: &Path| {
        let hooks_folder = repository.remote.with_file_name("hooks");
        hooks(&hooks_folder);
        let file = file.display().to_string();
        for (key, value) in SETTINGS {
            let value = value.replace("HOOKS", &hooks_folder.display().to_string());
            repository.git(&["config", "--file", &file, key, &value]);
        }
    };
    let local = released(|repository| set(repository, &repository.sh.current_dir().join(".git/config")));
    assert_eq!(local, expected);
    let global = released(|repository| {
        let file = repository.remote.with_file_name("global");
        set(repository, &file);
        repository.sh.set_var("GIT_CONFIG_GLOBAL", file);
    });
    assert_eq!(global, expected);
    let by_folder = released(|repository| {
        hooks(&repository.sh.current_dir().join(".git/hooks"));
        let info = repository.sh.current_dir().join(".git/info");
        fs::create_dir_all(&info).unwrap();
        fs::write(info.join("attributes"), "* -diff export-ignore\n").unwrap();
    });
    assert_eq!(by_folder, expected);
}

#[test]
fn a_replaced_commit_is_released_as_it_is() {
    let expected = released(|_| {});
    let replaced = released(|repository| {
        let tree = repository.git(&["rev-parse", "HEAD^^{tree}"]);
        let other = repository.git(&["commit-tree", &tree, "-m", "other"]);
        repository.git(&["replace", "HEAD", &other]);
    });
    assert_eq!(replaced, expected);
}

#[test]
fn a_way_to_the_remote_is_honoured() {
    let expected = released(|_| {});
    let rewritten = released(|repository| {
        let key = format!("url.{}.insteadOf", repository.remote.display());
        repository.git(&["config", &key, "forge:app"]);
        repository.git(&["config", "remote.origin.url", "forge:app"]);
    });
    assert_eq!(rewritten, expected);
}

#[test]
fn other_things_with_the_name_of_a_branch_are_told_apart() {
    for name in [
        "refs/tags/master",
        "refs/tags/heads/master",
        "refs/tags/refs/heads/master",
        "refs/heads/x/refs/heads/master",
        "refs/heads/HEAD",
        "refs/tags/HEAD",
        "refs/remotes/origin/master",
    ] {
        let repository = Repository::new();
        let start = repository.git(&["rev-parse", "HEAD"]);
        let there = repository.remote.display().to_string();
        repository.git(&["-C", &there, "update-ref", name, &start]);
        // Moves on elsewhere, so that it has to be fetched.
        let other = repository.remote.with_file_name("other").display().to_string();
        repository.git(&["clone", "--quiet", "--no-tags", &there, &other]);
        repository.git(&["-C", &other, "commit", "--quiet", "--allow-empty", "-m", "on"]);
        // Not by a push, which Git refuses where a tag is named `refs/heads/master`.
        let on_master = [
            "-C",
            &there,
            "fetch",
            "--quiet",
            &other,
            "+HEAD:refs/heads/master",
        ];
        repository.git(&on_master);
        // The same name here, too, and branches named like a commit.
        repository.git(&["update-ref", name, &start]);
        let on = repository.git(&["-C", &other, "rev-parse", "HEAD"]);
        for like in [&on[..10], &on] {
            repository.git(&["update-ref", &format!("refs/heads/{like}"), &start]);
        }
        let git = repository.handle();
        let origin = GitRemote::origin(&git).unwrap();
        let heads = origin.heads(&["master".to_owned()]).unwrap();
        assert_eq!(
            heads.into_iter().collect::<Vec<_>>(),
            [("master".to_owned(), on.clone())],
            "{name}"
        );
        origin.bring(&["master"]).unwrap();
        assert_eq!(git.commit_named(&on[..10]), Some(on.clone()), "{name}");
        assert_eq!(git.head().unwrap(), start, "{name}");
        let (registry, forge) = (repository.registry(&[&start]), repository.forge());
        repository
            .propose(project().first(), &on, &registry, &forge)
            .unwrap();
    }
}

#[test]
fn the_reason_is_in_gits_own_words_with_the_next_step() {
    let fails = |repository: &Repository| {
        let git = Git::new(&repository.sh);
        let error = GitRemote::origin(&git)
            .map(|_| ())
            .and_then(|()| git.head().map(drop));
        format!("{:#}", error.unwrap_err())
    };
    let repository = Repository::new();
    repository.sh.set_var("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let said = fails(&repository);
    assert!(
        said.contains("dubious ownership") && said.contains("safe.directory"),
        "{said}"
    );

    let repository = Repository::new();
    fs::remove_dir_all(repository.sh.current_dir().join(".git")).unwrap();
    // Whatever repository lies around it, the files are none of it.
    let around = repository.remote.parent().unwrap().display().to_string();
    repository.git(&["init", "--quiet", &around]);
    let said = fails(&repository);
    assert!(
        said.contains("not a git repository") && said.contains("CODEBUILD_CLONE_REF"),
        "{said}"
    );

    let repository = Repository::new();
    repository.git(&["remote", "rename", "origin", "upstream"]);
    let said = fails(&repository);
    assert!(said.contains("git remote add origin URL"), "{said}");

    let repository = Repository::new();
    repository.git(&["switch", "--quiet", "--orphan", "new"]);
    let said = fails(&repository);
    assert!(
        said.contains("HEAD") && said.contains("fatal: Needed a single revision"),
        "{said}"
    );

    let repository = Repository::new();
    repository.sh.set_var("PATH", "/nowhere");
    let said = fails(&repository);
    assert!(said.contains("Git cannot be started"), "{said}");
}

/// Configuration, branches and hooks of a repository.
fn state(folder: &Path) -> Vec<String> {
    let common = folder.join(".git");
    let git = |args: &[&str]| gitkit::Git::at(folder).args(args).read().unwrap();
    let mut hooks: Vec<_> = fs::read_dir(common.join("hooks"))
        .unwrap()
        .map(|entry| entry.unwrap().path().display().to_string())
        .collect();
    hooks.sort();
    let config = fs::read_to_string(common.join("config")).unwrap();
    hooks.extend([config, git(&["for-each-ref"]), git(&["worktree", "list"])]);
    hooks
}

#[test]
fn a_test_started_by_a_hook_of_a_linked_worktree_leaves_its_repository_alone() {
    let place = tempfile::tempdir().unwrap();
    let (main, linked) = (place.path().join("main"), place.path().join("linked"));
    fs::create_dir(&main).unwrap();
    let git = |folder: &Path, args: &[&str]| gitkit::Git::at(folder).as_somebody().args(args);
    git(&main, &["init", "--quiet"]).run().unwrap();
    git(&main, &["commit", "--quiet", "--allow-empty", "-m", "one"])
        .run()
        .unwrap();
    git(
        &main,
        &["worktree", "add", "--quiet", &linked.display().to_string()],
    )
    .run()
    .unwrap();
    let test = std::env::current_exe().unwrap();
    let (hook, log) = (main.join(".git/hooks/pre-commit"), place.path().join("log"));
    let script = format!(
        "#!/bin/sh\nexport GIT_DIR GIT_INDEX_FILE\nexport GIT_COMMON_DIR='{main}/.git' GIT_WORK_TREE='{linked}' \
         GIT_OBJECT_DIRECTORY='{main}/.git/objects' GIT_NAMESPACE=x GIT_CONFIG_PARAMETERS=\"'core.bare=true'\"\n\
         env | grep ^GIT_DIR= > '{log}'\n\
         '{test}' --exact ci::tests::person::a_way_to_the_remote_is_honoured >> '{log}' 2>&1\nexit 1\n",
        main = main.display(),
        linked = linked.display(),
        log = log.display(),
        test = test.display(),
    );
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, script).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let before = state(&main);
    let refused = git(&linked, &["commit", "--quiet", "--allow-empty", "-m", "two"])
        .output()
        .unwrap();
    let said = fs::read_to_string(&log).unwrap();
    assert!(
        !refused.status.success() && said.contains("GIT_DIR=") && said.contains("1 passed"),
        "{said}"
    );
    assert_eq!(state(&main), before);
}
