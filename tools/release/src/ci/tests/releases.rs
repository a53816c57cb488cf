//! The figures of releases that were merged with a commit of the merge.

use super::propose::branch;
use super::{Repository, git};
use crate::ci::releases::Figures;
use crate::environment::project;

/// When everything else in these tests happens.
const START: u64 = 1_767_225_600;

impl Repository {
    /// Has somebody merge a branch of the remote, so many seconds later.
    fn merged_after(&self, seconds: u64, branch: &str) {
        self.git(&["fetch", "--quiet", "origin", branch]);
        let merge = git(
            &self.sh,
            &["merge", "--quiet", "--no-ff", "-m", "Merge", "FETCH_HEAD"],
        );
        let date = format!("@{} +0000", START + seconds);
        merge.env("GIT_COMMITTER_DATE", date).run().expect("merge");
        self.push("master");
    }
}

#[test]
fn a_release_begins_with_its_merge_and_not_with_the_commit_of_its_proposal() {
    let repository = Repository::new();
    let (forge, staging) = (repository.forge(), project().first());
    for (at, content) in [(3600, "1"), (7200, "2")] {
        let commit = repository.change(content);
        let registry = repository.registry(&[&commit]);
        let proposed = repository.propose(staging, &commit, &registry, &forge).unwrap();
        repository.merged_after(at, &branch(&proposed));
    }
    let back = repository.roll_back(&forge, None).unwrap();
    repository.merged_after(9000, &branch(&back));
    let (git, head) = (repository.handle(), repository.head());
    let figures = Figures::of(&git, staging, &head, START + 10_000).unwrap();
    assert_eq!(figures.since, Some(START + 9000));
    assert_eq!((figures.releases, figures.taken_back), (2, 1));
    assert_eq!(
        (figures.lead_time, figures.time_to_restore),
        (Some(7200), Some(1800))
    );
}
