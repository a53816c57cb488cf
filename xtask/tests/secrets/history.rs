//! How much of the history a checkout has.

use std::path::Path;

use crate::{git_ok, repository};

/// Whether the history of a checkout ends before its first commit.
pub(crate) fn is_shallow(folder: &Path) -> bool {
    let git = gitkit::Git::at(folder).args(["rev-parse", "--is-shallow-repository"]);
    git.read().expect("ask whether the checkout is shallow") == "true"
}

#[test]
fn a_checkout_of_the_last_commit_alone_is_not_taken_for_a_history() {
    let repository = repository();
    let folder = repository.path();
    for name in ["first", "second"] {
        let commit = ["commit", "--quiet", "--allow-empty", "--message", name];
        git_ok(folder, &commit);
    }
    let address = format!("file://{}", folder.display());
    git_ok(folder, &["clone", "--quiet", "--depth=1", &address, "shallow"]);
    assert!(!is_shallow(folder));
    assert!(is_shallow(&folder.join("shallow")));
}
