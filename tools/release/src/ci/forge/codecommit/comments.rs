//! What was reported of a commit on `CodeCommit`, which has no statuses: comments, each of which is
//! a status in JSON. Everybody who may comment might write one, so only those count that
//! the role of the environment has made which they speak of.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::CodeCommit;
use crate::ci::forge::{Error, Status};
use crate::environment::project;

#[derive(Deserialize)]
struct Got {
    commit: Commit,
}

#[derive(Deserialize)]
struct Commit {
    parents: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comments {
    comments_for_compared_commit_data: Vec<Comparison>,
}

#[derive(Deserialize)]
struct Comparison {
    comments: Vec<Comment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    /// None of one that was deleted.
    #[serde(default)]
    content: String,
    creation_date: CreationDate,
    author_arn: String,
}

/// Which of the two depends on the version and the settings of the `aws` program.
#[derive(Deserialize)]
#[serde(untagged)]
enum CreationDate {
    Seconds(f64),
    Text(Timestamp),
}

impl Comment {
    /// What it reports, if it is by the role of the environment that it speaks of.
    fn report(&self, reporters: &str) -> Option<Status> {
        let report: Status = serde_json::from_str(&self.content).ok()?;
        let environment = project().reporter(&report.context)?;
        is_of(&self.author_arn, &format!("{reporters}-{environment}")).then_some(report)
    }

    /// In seconds since 1970.
    fn at(&self) -> f64 {
        match &self.creation_date {
            CreationDate::Seconds(seconds) => *seconds,
            CreationDate::Text(at) => at.as_duration().as_secs_f64(),
        }
    }
}

/// Whether `author` is a session of the role.
fn is_of(author: &str, role: &str) -> bool {
    let session = author.rsplit(':').next().unwrap_or_default();
    let mut parts = session.split('/');
    parts.next() == Some("assumed-role") && parts.next() == Some(role)
}

impl CodeCommit<'_> {
    /// The newest report of each name. A comment on a commit is one on what it changed, so its
    /// first parent has to be named.
    pub(super) fn reports(&self, commit: &str, reporters: &str) -> Result<Vec<Status>, Error> {
        let repository = ["--repository-name", self.repository];
        let mut args = vec!["get-commit", "--commit-id", commit];
        args.extend(repository);
        let got: Got = self.ask(&args)?;
        let mut args = vec!["get-comments-for-compared-commit", "--after-commit-id", commit];
        args.extend(repository);
        let parent = got.commit.parents.first();
        args.extend(parent.iter().flat_map(|parent| ["--before-commit-id", parent]));
        let comments: Comments = self.ask(&args)?;
        let comparisons = comments.comments_for_compared_commit_data.into_iter();
        let mut ours: Vec<_> = comparisons
            .flat_map(|comparison| comparison.comments)
            .filter_map(|comment| Some((comment.at(), comment.report(reporters)?)))
            .collect();
        ours.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let reports = ours
            .into_iter()
            .map(|(_, report)| (report.context.clone(), report));
        let newest: BTreeMap<_, _> = reports.collect();
        Ok(newest.into_values().collect())
    }
}
