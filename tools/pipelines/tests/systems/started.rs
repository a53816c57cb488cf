//! Runs that something else starts than a push of a branch.

use pipelines::PullRequest; // wing: previews
use pipelines::{Cause, Outcome, Push, System};

use crate::fixture::REPOSITORY; // wing: previews
use crate::fixture::{Site, behind};
use crate::source::git;

impl Site {
    /// Runs what a person starts for the image of a controller.
    pub(crate) async fn run_for_controller(&self, name: &str) -> Outcome {
        self.run_for(Cause::Controller(name), self.push()).await
    }

    /// Runs what GitHub or GitLab runs for a tag at the source commit.
    pub(crate) async fn run_for_tag(&self, tag: &str) -> Outcome {
        self.remote(&["tag", "--force", tag, &self.commit]);
        self.run_for(Cause::Tag(tag), self.push()).await
    }

    // wing: previews
    /// Runs what GitHub or GitLab runs for a pull request whose head is the source commit, and
    /// which begins behind the first.
    pub(crate) async fn run_for_pull_request(&self, labels: &[&str], from: &str) -> Outcome {
        self.run_for_head(labels, from, false).await
    }

    /// The same where what a merge would be is checked out, as GitHub always has it.
    pub(crate) async fn run_for_merged_pull_request(&self, labels: &[&str], from: &str) -> Outcome {
        let message = "--message=Merge it into what is newer";
        git(&self.checkout, &["commit", "--quiet", "--allow-empty", message]);
        self.run_for_head(labels, from, true).await
    }

    async fn run_for_head(&self, labels: &[&str], from: &str, merged: bool) -> Outcome {
        let base = self.remote(&["rev-list", "--max-parents=0", &self.commit]);
        let of = PullRequest {
            repository: REPOSITORY,
            from,
            labels,
            number: 7,
            base: &base,
            merged,
        };
        self.run_for(Cause::PullRequest(of), self.push()).await
    }
    // end of wing

    /// Runs what the system runs when an environment has said something new of what it has.
    pub(crate) async fn run_for_report(&self, name: &str) -> Outcome {
        if self.system != System::Codebuild {
            return self.run_for(Cause::Status(name), self.push()).await;
        }
        // EventBridge starts the pipeline of the branch behind.
        let behind = behind();
        let branch = behind.branch();
        git(&self.checkout, &["fetch", "--quiet", "origin", branch]);
        git(
            &self.checkout,
            &["checkout", "--quiet", "-B", branch, "FETCH_HEAD"],
        );
        let push = Push {
            branch,
            ..self.push()
        };
        self.run_for(Cause::Push, push).await
    }
}
