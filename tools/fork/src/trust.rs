//! Whose CI may push images, and whose signature they need: the repository's own, on its own forge,
//! and nobody else's.

use anyhow::{Context as _, Result, ensure};

use super::facts::Facts;
use super::files::Texts;
use super::github::{self, Subject};
use super::{POLICY, toml_values};
use crate::flags;
use taskkit::aws::partition::PARAMETERS;

/// The parameter with the repository on GitHub whose workflows may push and sign.
pub(super) const ON_GITHUB: &str = "GitHubRepository";

/// The CI of one repository.
#[derive(Debug)]
pub(super) struct Trust {
    /// Only of a repository on GitHub.
    pub(super) github: Option<Subject>,
    /// Host and `group/project`, only of a repository on a GitLab.
    gitlab: Option<(String, String)>,
}

impl Trust {
    /// The CI of the repository that `facts` name.
    pub(super) fn in_ci_of(facts: &Facts, options: &flags::GitHub) -> Result<Self> {
        let github = facts.on_github().map(|name| github::subject(name, options));
        ensure!(
            github.is_some() || !options.says_something(),
            "{} is not on GitHub, so it has no numbers there; leave out the options --github-…",
            facts.repository
        );
        let gitlab = facts
            .on_gitlab()
            .map(|(host, project)| (host.to_owned(), project.to_owned()));
        Ok(Self {
            github: github.transpose()?,
            gitlab,
        })
    }

    /// `texts` with the rights and signatures of this CI, in place of any other's.
    pub(super) fn put_into(&self, mut texts: Texts) -> Result<Texts> {
        let text = texts.text(PARAMETERS)?;
        let edited = toml_values::with_shared(text, &self.parameters())?;
        texts.put(PARAMETERS, edited);
        if let (Some(subject), Ok(text)) = (&self.github, texts.text(POLICY)) {
            let edited = signed_by(text, &subject.name);
            texts.put(POLICY, edited);
        }
        Ok(texts)
    }

    /// What the templates are told.
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let github = self.github.as_ref();
        let text = |of: fn(&Subject) -> String| github.map(of).unwrap_or_default();
        let immutable = github.is_none_or(|subject| subject.numbers.is_some());
        let mut all = vec![
            (ON_GITHUB, text(|subject| subject.name.clone())),
            ("GitHubOwnerId", text(|subject| subject.number(|it| &it.owner))),
            (
                "GitHubRepositoryId",
                text(|subject| subject.number(|it| &it.repository)),
            ),
            (
                "GitHubImmutableSubject",
                if immutable { "yes" } else { "no" }.to_owned(),
            ),
        ];
        let project = self.gitlab.as_ref().map(|(_, project)| project.clone());
        all.push(("GitLabProject", project.unwrap_or_default()));
        // The project of this name on another host may be a stranger's.
        if let Some((host, _)) = &self.gitlab {
            all.push(("GitLabHost", host.clone()));
        }
        all
    }

    pub(super) fn print(&self) {
        match &self.github {
            Some(subject) => println!("subject     {subject}"),
            None => println!("{POLICY} still trusts a workflow on GitHub: name your key or issuer there"),
        }
    }
}

/// How an identity of a workflow on GitHub begins; the repository's name and the workflow's path
/// follow.
const HOST: &str = "https://github.com/";
/// Between the two.
pub(super) const WORKFLOWS: &str = "/.github/workflows/";

/// `text` with the workflow of the repository of this name, wherever a `subject` names one.
pub(crate) fn signed_by(text: &str, name: &str) -> String {
    let line = |line: &str| {
        let parts = line.contains("subject:").then(|| line.split_once(HOST)).flatten();
        let Some((before, identity)) = parts else {
            return line.to_owned();
        };
        match identity.split_once(WORKFLOWS) {
            Some((_, workflow)) => format!("{before}{HOST}{name}{WORKFLOWS}{workflow}"),
            None => line.to_owned(),
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

/// Every identity of a workflow on GitHub in the policy of this text.
pub(super) fn signers(text: &str) -> Result<Vec<String>> {
    let policies: Vec<serde_json::Value> =
        serde_saphyr::from_multiple(text).with_context(|| format!("read {POLICY}"))?;
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for authority in policies
        .iter()
        .flat_map(|policy| list(&policy["spec"]["authorities"]))
    {
        for identity in list(&authority["keyless"]["identities"]) {
            let issuer = identity["issuer"].as_str().unwrap_or_default();
            if issuer == "https://token.actions.githubusercontent.com" {
                found.push(identity["subject"].as_str().unwrap_or_default().to_owned());
            }
        }
    }
    Ok(found)
}

/// Whether `signer` is a workflow of the repository of this name.
pub(super) fn is_of(signer: &str, name: &str) -> bool {
    signer.starts_with(&format!("{HOST}{name}{WORKFLOWS}"))
}
