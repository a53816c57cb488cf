//! Where the verifier says what it has found out: reports on a commit, each of which replaces the
//! one of the same name before it.

mod client;
mod codecommit;
mod github_api;
mod gitlab;

#[cfg(test)]
pub(crate) mod tests;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::settings::{ForgeSettings, Kind};
use crate::soak::Word;

/// What a forge keeps of a description.
const DESCRIPTION: usize = 140;

/// One kind of forge. `name` is what a report is called.
pub(crate) trait Forge {
    /// What it was told last of a commit under this name.
    fn told(&self, name: &str, commit: &str) -> Result<Option<Word>>;
    /// Tells it.
    fn tell(&self, name: &str, commit: &str, word: &Word) -> Result<()>;
    // wing: previews
    /// Takes a label from a pull request.
    fn unlabel(&self, number: u64, label: &str) -> Result<()> {
        anyhow::bail!("this forge has no label {label} on pull request {number}")
    }
    // end of wing
    /// Has CI look at what was told, where the forge itself tells nobody.
    fn start_ci(&self) -> Result<()> {
        Ok(())
    }
}

/// Gives the token of a forge. It is asked for each request, so that a token that was renewed
/// counts at once: a mounted Secret reaches a pod up to a minute and a half later.
pub(crate) type Token = Box<dyn Fn() -> Result<String>>;

/// The forge that the settings name.
pub(crate) fn of(settings: &ForgeSettings, token: Token) -> Result<Box<dyn Forge>> {
    Ok(match settings.kind {
        Kind::Github | Kind::Gitea => Box::new(github_api::GitHubApi::new(settings, token)?),
        Kind::Gitlab => Box::new(gitlab::GitLab::new(settings, token)?),
        Kind::Codecommit => Box::new(codecommit::CodeCommit::new(settings)?),
    })
}

/// A report, in the words that GitHub has for a commit status.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    context: String,
    /// `status` on Gitea.
    #[serde(alias = "status")]
    state: String,
    #[serde(default)]
    description: Option<String>,
}

impl Report {
    fn new(name: &str, word: &Word) -> Self {
        Self {
            context: name.to_owned(),
            state: state(word).to_owned(),
            description: Some(description(word)),
        }
    }

    fn word(self) -> Option<Word> {
        let words = self.description.unwrap_or_default();
        match self.state.as_str() {
            "success" => Some(Word::Success(words)),
            "failure" => Some(Word::Failure(words)),
            "pending" => Some(Word::Pending(words)),
            _ => None,
        }
    }
}

/// What GitHub calls it.
fn state(word: &Word) -> &'static str {
    match word {
        Word::Pending(_) => "pending",
        Word::Success(_) => "success",
        Word::Failure(_) => "failure",
    }
}

fn description(word: &Word) -> String {
    let (Word::Pending(words) | Word::Success(words) | Word::Failure(words)) = word;
    words.chars().take(DESCRIPTION).collect()
}
