//! Runs that something else starts than a push of a branch.

use pipelines::PullRequest; // wing: previews
use pipelines::{Outcome, Push, Runner, github, gitlab};

use crate::fixture::REPOSITORY; // wing: previews
use crate::fixture::{Site, behind};
use crate::outside::runner;
use crate::source::git;

impl Site {
    /// Runs what a person starts for the image of a controller.
    pub(crate) async fn run_for_controller(&mut self, name: &str) -> Outcome {
        let named = ("CONTROLLER".to_owned(), name.to_owned());
        self.project.settings.extend([named]);
        let (push, place) = (self.push(), self.place());
        let ran = match runner(self.system) {
            Runner::GitHub(act) => github::run_for_controller(&act, name, &self.project, &push, &place).await,
            // As a tool starts it; a push of a branch has the same rules in all else.
            Runner::GitLab { runner, .. } => gitlab::run_by_api(&runner, &self.project, &push, &place).await,
            codebuild @ Runner::CodeBuild => codebuild.run(&self.project, &push, &place, |_| ()).await,
        };
        ran.expect("the run is carried out")
    }

    /// Runs what GitHub or GitLab runs for a tag at the source commit.
    pub(crate) async fn run_for_tag(&self, tag: &str) -> Outcome {
        self.remote(&["tag", "--force", tag, &self.commit]);
        let place = self.place();
        let ran = match runner(self.system) {
            Runner::GitHub(act) => github::run_for_tag(&act, tag, &self.project, &self.push(), &place).await,
            Runner::GitLab { runner, .. } => {
                gitlab::run_for_tag(&runner, tag, &self.project, &self.push(), &place).await
            }
            Runner::CodeBuild => panic!("no pipeline of AWS starts for a tag"),
        };
        ran.expect("the run is carried out")
    }

    // wing: previews
    /// Runs what GitHub or GitLab runs for a pull request whose head is the source commit, and which
    /// begins behind the first.
    pub(crate) async fn run_for_pull_request(&self, labels: &[&str], from: &str) -> Outcome {
        let place = self.place();
        let base = self.remote(&["rev-list", "--max-parents=0", &self.commit]);
        let of = PullRequest {
            repository: REPOSITORY,
            from,
            labels,
            number: 7,
            base: &base,
        };
        let ran = match runner(self.system) {
            Runner::GitHub(act) => {
                github::run_for_pull_request(&act, &of, &self.project, &self.push(), &place).await
            }
            Runner::GitLab { runner, .. } => {
                gitlab::run_for_merge_request(&runner, &of, &self.project, &self.push(), &place).await
            }
            Runner::CodeBuild => panic!("no pipeline of AWS starts for a pull request"),
        };
        ran.expect("the run is carried out")
    }
    // end of wing

    /// Runs what the system runs when an environment has said something new of what it has.
    pub(crate) async fn run_for_report(&self, name: &str) -> Outcome {
        let place = self.place();
        let ran = match runner(self.system) {
            Runner::GitHub(act) => {
                github::run_for_status(&act, name, &self.project, &self.push(), &place).await
            }
            Runner::GitLab { runner, .. } => {
                gitlab::run_by_api(&runner, &self.project, &self.push(), &place).await
            }
            // EventBridge starts the pipeline of the branch behind.
            codebuild @ Runner::CodeBuild => {
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
                codebuild.run(&self.project, &push, &place, |_| ()).await
            }
        };
        ran.expect("the run is carried out")
    }
}
