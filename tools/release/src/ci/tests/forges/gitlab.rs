//! GitLab, by a bare repository that takes push options and writes them down. What GitLab makes of
//! them is not shown.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::ci::forge::Forge as _;
use crate::ci::forge::gitlab::GitLab;
use crate::ci::git::Git;
use crate::ci::git::remote::GitRemote;
use crate::ci::proposals::Proposals;
use crate::ci::propose::Outcome;
use crate::ci::tests::{Repository, agent, wanted};
use crate::environment::project;

/// A remote that keeps the options of each push in a file, as GitLab's would read them.
fn gitlab() -> (Repository, PathBuf) {
    let repository = Repository::new();
    let kept = repository.remote.with_file_name("options");
    let hook = repository.remote.join("hooks/post-receive");
    let script = format!(
        "#!/bin/sh\nwhile read -r old new ref; do echo \"$ref\"; done >> {0}\nn=0\n\
         while [ $n -lt ${{GIT_PUSH_OPTION_COUNT:-0}} ]; do eval \"echo \\\"  \\$GIT_PUSH_OPTION_$n\\\"\"; n=$((n+1)); done >> {0}\n",
        kept.display()
    );
    fs::write(&hook, script).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let remote = repository.remote.display().to_string();
    repository.git(&["-C", &remote, "config", "receive.advertisePushOptions", "true"]);
    (repository, kept)
}

fn propose_on_gitlab(repository: &Repository, commits: &[&str]) -> anyhow::Result<Outcome> {
    let git = Git::new(&repository.sh);
    let origin = GitRemote::origin(&git)?;
    let agent = agent();
    let forge = GitLab {
        remote: &origin,
        agent: &agent,
        api: None,
    };
    let proposals = Proposals {
        git: &git,
        infra: &origin,
        source: None,
        forge: &forge,
        gate: None,
    };
    let registry = repository.registry(commits);
    let commit = commits[commits.len() - 1];
    let wanted = wanted(&git, &registry, project().first(), commit);
    proposals.settle(project().first(), |look| wanted.newest(look))
}

#[test]
fn gitlab_is_asked_for_a_merge_request_by_the_push_itself() {
    let (repository, kept) = gitlab();
    let early = repository.change("early");
    fs::remove_file(&kept).unwrap();
    propose_on_gitlab(&repository, &[&early]).unwrap();
    let options = fs::read_to_string(&kept).unwrap();
    let lines: Vec<_> = options.lines().collect();
    assert_eq!(lines[0], format!("refs/heads/release/staging-{}", &early[..10]));
    assert_eq!(
        lines[1..4],
        [
            "  merge_request.create".to_owned(),
            "  merge_request.target=master".to_owned(),
            format!(
                "  merge_request.title=Release backend and frontend to staging ({})",
                &early[..10]
            )
        ]
    );
    assert!(lines[4].starts_with("  merge_request.description=Images of commit "));
    assert_eq!(lines[lines.len() - 1], "  merge_request.remove_source_branch");

    // Once more: nothing is pushed.
    propose_on_gitlab(&repository, &[&early]).unwrap();
    assert_eq!(fs::read_to_string(&kept).unwrap(), options);

    // A later release deletes the branch, which closes the merge request.
    let late = repository.change("late");
    propose_on_gitlab(&repository, &[&early, &late]).unwrap();
    let branches = repository.git(&["ls-remote", "--heads", "origin", "release/*"]);
    assert_eq!(branches.lines().count(), 1, "{branches}");
    assert!(branches.ends_with(&late[..10]), "{branches}");
}

#[test]
fn a_merged_branch_that_was_left_is_no_open_merge_request() {
    let (repository, _) = gitlab();
    let commit = repository.change("new");
    propose_on_gitlab(&repository, &[&commit]).unwrap();
    let branch = format!("release/staging-{}", &commit[..10]);
    repository.git(&["fetch", "--quiet", "origin", &branch]);
    repository.git(&["merge", "--quiet", "--ff-only", "FETCH_HEAD"]);
    repository.push("master");
    assert_eq!(
        propose_on_gitlab(&repository, &[&commit]).unwrap(),
        Outcome::Nothing
    );
    let branches = repository.git(&["ls-remote", "--heads", "origin", "release/*"]);
    assert_eq!(branches, "", "the next release would count it as open");
}

#[test]
fn a_server_that_takes_no_push_options_is_named() {
    let (repository, _) = gitlab();
    let remote = repository.remote.display().to_string();
    repository.git(&["-C", &remote, "config", "receive.advertisePushOptions", "false"]);
    let commit = repository.change("new");
    let error = propose_on_gitlab(&repository, &[&commit]).expect_err("no options");
    let text = format!("{error:#}");
    assert!(text.contains("receive.advertisePushOptions"), "{text}");
}

#[test]
fn what_strangers_propose_is_no_branch_of_the_repository() {
    let (repository, _) = gitlab();
    let commit = repository.change("new");
    let name = format!("release/staging-{}", &commit[..10]);
    let remote = repository.remote.display().to_string();
    // As GitLab keeps the merge request of a fork, and a branch whose name only ends like one of
    // CI's.
    for reference in [
        "refs/merge-requests/1/head".to_owned(),
        format!("refs/heads/x/refs/heads/{name}"),
    ] {
        repository.git(&["-C", &remote, "update-ref", &reference, &commit]);
    }
    let git = Git::new(&repository.sh);
    let origin = GitRemote::origin(&git).unwrap();
    let agent = agent();
    let forge = GitLab {
        remote: &origin,
        agent: &agent,
        api: None,
    };
    assert_eq!(forge.open_proposals("release/staging-").unwrap(), []);
    let outcome = propose_on_gitlab(&repository, &[&commit]).unwrap();
    assert!(matches!(outcome, Outcome::Proposed { proposal, .. } if proposal.branch == name));
}
