//! The subject of the tokens that GitHub Actions gets: the names of owner and repository, since
//! 2026-07-15 each with a number.
//!
//! <https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims>

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::Agent;

use crate::flags;

/// GitHub answers in less, or not at all.
const ANSWER: Duration = Duration::from_secs(20);
/// Repositories made from this day on have the numbers; older ones since they were renamed, moved
/// or asked to.
const NUMBERED_SINCE: &str = "2026-07-15";

/// Whom tokens are about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Subject {
    /// `owner/name`.
    pub(super) name: String,
    /// None where the tokens carry the names alone.
    pub(super) numbers: Option<Numbers>,
}

/// What GitHub never gives to anybody else.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) owner: String,
    pub(super) repository: String,
}

impl Subject {
    /// One of the numbers, or nothing.
    pub(super) fn number(&self, which: fn(&Numbers) -> &String) -> String {
        self.numbers.as_ref().map(which).cloned().unwrap_or_default()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.numbers, self.name.split_once('/')) {
            (Some(numbers), Some((owner, name))) => {
                write!(f, "repo:{owner}@{}/{name}@{}", numbers.owner, numbers.repository)
            }
            _ => write!(f, "repo:{}", self.name),
        }
    }
}

/// A repository as GitHub describes it.
#[derive(Debug, Deserialize)]
struct Repository {
    id: u64,
    full_name: String,
    created_at: String,
    owner: Owner,
}

#[derive(Debug, Deserialize)]
struct Owner {
    id: u64,
}

/// Which subject it has chosen.
#[derive(Debug, Deserialize)]
struct Customization {
    use_default: Option<bool>,
    use_immutable_subject: Option<bool>,
}

/// For the command line: a number of GitHub's.
pub(crate) fn number(text: &str) -> Result<String> {
    ensure!(
        text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() && !text.starts_with('0'),
        "GitHub's ids are numbers, such as 1296269"
    );
    Ok(text.to_owned())
}

/// The subject of the repository `name`: by the options where they say it, else by GitHub's API.
pub(super) fn subject(name: &str, options: &flags::GitHub) -> Result<Subject> {
    ensure!(
        is_a_name(name),
        "`{name}` is no repository on GitHub, which are named owner/name"
    );
    let given = (&options.owner_id, &options.repository_id);
    let numbers = match (given, options.immutable_subject.as_deref()) {
        (_, Some("no")) => None,
        ((Some(owner), Some(repository)), _) => Some(Numbers {
            owner: owner.clone(),
            repository: repository.clone(),
        }),
        ((None, None), chosen) => Api::new(name, options).numbers(chosen.is_some())?,
        _ => bail!(
            "--github-owner-id and --github-repository-id belong together; {}",
            ask_for(name)
        ),
    };
    Ok(Subject {
        name: name.to_owned(),
        numbers,
    })
}

/// As the template's parameter takes it.
fn is_a_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    name.split('/')
        .map(|part| !part.is_empty() && part.chars().all(plain))
        .eq([true, true])
}

/// The next step where GitHub could not be asked.
fn ask_for(name: &str) -> String {
    format!(
        "this prints the options to add here: gh api repos/{name} --jq \
         '\"--github-owner-id \\(.owner.id) --github-repository-id \\(.id)\"'; nothing was written"
    )
}

struct Api<'o> {
    name: &'o str,
    options: &'o flags::GitHub,
    agent: Agent,
}

impl<'o> Api<'o> {
    fn new(name: &'o str, options: &'o flags::GitHub) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(ANSWER))
            .http_status_as_error(false);
        Self {
            name,
            options,
            agent: config.build().new_agent(),
        }
    }

    /// The numbers, unless the tokens of this repository do without; `chosen` says that they do
    /// not.
    fn numbers(&self, chosen: bool) -> Result<Option<Numbers>> {
        let found = self.repository().with_context(|| ask_for(self.name))?;
        ensure!(
            found.full_name == self.name,
            "GitHub calls the repository {}, which is how its tokens name it; give --repository https://github.com/{}.git; nothing \
             was written",
            found.full_name,
            found.full_name
        );
        let numbered = chosen || self.is_numbered(&found)?;
        Ok(numbered.then(|| Numbers {
            owner: found.owner.id.to_string(),
            repository: found.id.to_string(),
        }))
    }

    fn repository(&self) -> Result<Repository> {
        let path = format!("repos/{}", self.name);
        match self.get(&path)? {
            Answer::Found(repository) => Ok(repository),
            Answer::Refused(404) => bail!(
                "GitHub shows no repository {} to {}; make it first, or give GH_TOKEN a token that may read it (`gh auth token`)",
                self.name,
                if flags::GitHub::token().is_some() {
                    "this token"
                } else {
                    "the public"
                },
            ),
            Answer::Refused(401) => bail!("GitHub refuses the token of GH_TOKEN or GITHUB_TOKEN"),
            Answer::Refused(status) => {
                bail!("GitHub answers {path} with {status}, perhaps for the number of requests")
            }
        }
    }

    /// Whether the tokens carry the numbers. GitHub tells its choice only to who may administer the
    /// repository.
    fn is_numbered(&self, found: &Repository) -> Result<bool> {
        let path = format!("repos/{}/actions/oidc/customization/sub", self.name);
        if flags::GitHub::token().is_some()
            && let Ok(Answer::Found(Customization {
                use_default,
                use_immutable_subject,
            })) = self.get(&path)
        {
            ensure!(
                use_default != Some(false),
                "the repository has a subject of its own making, which infra/aws/access.yaml does not know; set it back: gh api \
                 --method PUT {path} --field use_default=true; nothing was written"
            );
            if let Some(numbered) = use_immutable_subject {
                return Ok(numbered);
            }
        }
        ensure!(
            found.created_at.as_str() >= NUMBERED_SINCE,
            "{} was made before {NUMBERED_SINCE}, so its tokens carry GitHub's numbers only if it was renamed, moved or asked to since; \
             this says whether they do: gh api {path} --jq .use_immutable_subject; add --github-immutable-subject yes where it \
             prints true, no where it prints false; nothing was written",
            self.name
        );
        Ok(true)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>> {
        let url = format!("{}/{path}", self.options.api.trim_end_matches('/'));
        let mut request = self
            .agent
            .get(&url)
            .header("Accept", "application/vnd.github+json");
        if let Some(token) = flags::GitHub::token() {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let mut answer = request
            .call()
            .with_context(|| format!("GitHub cannot be asked at {url}"))?;
        if !answer.status().is_success() {
            return Ok(Answer::Refused(answer.status().as_u16()));
        }
        let read = answer.body_mut().read_json();
        Ok(Answer::Found(read.with_context(|| {
            format!("what answers at {url} is not GitHub's API")
        })?))
    }
}

enum Answer<T> {
    Found(T),
    /// With the status.
    Refused(u16),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_written_as_tokens_have_it() {
        let numbers = Some(Numbers {
            owner: "1".to_owned(),
            repository: "2".to_owned(),
        });
        let subject = |numbers| Subject {
            name: "you/board".to_owned(),
            numbers,
        };
        assert_eq!(subject(numbers).to_string(), "repo:you@1/board@2");
        assert_eq!(subject(None).to_string(), "repo:you/board");
    }

    #[test]
    fn what_is_no_number_or_name_is_refused() {
        assert!(number("1296269").is_ok());
        for wrong in ["", "0", "012", "-1", "1 2", "*", "one", "1@2"] {
            assert!(number(wrong).is_err(), "{wrong}");
        }
        assert!(is_a_name("you/board.js"));
        for wrong in ["you", "you/", "you/board/", "you/*", "you/bo ard", "a/b/c"] {
            assert!(!is_a_name(wrong), "{wrong}");
        }
    }
}
