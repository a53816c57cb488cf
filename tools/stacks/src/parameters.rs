//! `infra/aws/parameters.toml`: which account, and what the templates are told.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use taskkit::aws::partition::PARAMETERS;
use xshell::Shell;

use crate::environment::{Environment, project};
use crate::error::AwsError;
use crate::stacks::{PARTS, Part, Scope, StackOf};

/// Its value begins the names of the stacks, and is the tag of a table. An account has one project
/// all the same: tables and some roles are called alike in each (docs/AWS.md).
pub(crate) const PROJECT: &str = "Project";
/// As in every template.
pub(crate) fn default_project() -> &'static str {
    project().name()
}

/// What is deployed, and where to.
#[derive(Debug, Deserialize)]
pub(crate) struct Settings {
    /// Twelve digits.
    pub(crate) account: String,
    /// As `eu-central-1`.
    pub(crate) region: String,
    shared: Parameters,
    /// One section for each environment.
    #[serde(flatten)]
    own: BTreeMap<String, Parameters>,
}

/// Name and value.
type Parameters = BTreeMap<String, String>;

impl Settings {
    pub(crate) fn read(sh: &Shell) -> Result<Self> {
        let path = sh.current_dir().join(PARAMETERS);
        let text = fs::read_to_string(&path).with_context(|| format!("read {PARAMETERS}"))?;
        Self::of_text(&text)
    }

    /// Those of the file whose text this is.
    pub(crate) fn of_text(text: &str) -> Result<Self> {
        toml::from_str(text).with_context(|| format!("read {PARAMETERS}"))
    }

    /// Everything that is said of an environment; `given`, of the command line, goes before the
    /// file.
    pub(crate) fn of(&self, environment: Environment, given: &[(String, String)]) -> Result<Values> {
        let all = project().environments();
        let known = |name: &str| all.iter().any(|known| known.name() == name);
        if let Some(other) = self.own.keys().find(|name| !known(name)) {
            bail!("{PARAMETERS} has [{other}], which is no environment of project.toml; rename or remove it");
        }
        let own = self.own.get(environment.name());
        let own =
            own.with_context(|| format!("{PARAMETERS} has no [{environment}]; add it, empty or not"))?;
        let mut values = self.shared.clone();
        values.extend(own.clone());
        values.extend(given.iter().cloned());
        for name in values.keys() {
            let known = name == PROJECT || PARTS.iter().any(|part| part.parameters.contains(&name.as_str()));
            if !known {
                bail!("no template has a parameter `{name}`: it is in {PARAMETERS}, or was given by --set");
            }
        }
        Ok(Values { values, environment })
    }
}

/// What one environment's stacks are told.
#[derive(Debug)]
pub(crate) struct Values {
    values: Parameters,
    environment: Environment,
}

impl Values {
    pub(crate) fn project(&self) -> &str {
        self.values.get(PROJECT).map_or(default_project(), String::as_str)
    }

    fn filled(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !value.is_empty())
    }

    /// Whether a repository on GitHub is named in whose tokens are numbers that nobody has said:
    /// the template would trust nobody then.
    fn lacks_githubs_numbers(&self) -> bool {
        let numbered = self
            .values
            .get("GitHubImmutableSubject")
            .is_none_or(|it| it != "no");
        let told = ["GitHubOwnerId", "GitHubRepositoryId"]
            .iter()
            .all(|name| self.filled(name));
        self.filled("GitHubRepository") && numbered && !told
    }

    /// What a stack takes of it, as the command line wants it.
    pub(crate) fn for_stack(&self, stack: StackOf) -> Result<Vec<serde_json::Value>, AwsError> {
        self.complete(stack.part)?;
        Ok(self.told(stack))
    }

    /// The same, whether or not there is enough of it to make the stack.
    pub(crate) fn told(&self, stack: StackOf) -> Vec<serde_json::Value> {
        let part = stack.part;
        let named = part.parameters.iter().chain([&PROJECT]);
        let set = named.filter_map(|name| Some((*name, self.values.get(*name)?.as_str())));
        let environment =
            (part.scope == Scope::Environment).then(|| ("Environment", self.environment.name()));
        let app = stack.app.map(|app| ("App", app.name()));
        let all = set.chain(environment).chain(app);
        all.map(|(name, value)| serde_json::json!({"ParameterKey": name, "ParameterValue": value}))
            .collect()
    }

    /// Whether everything is said without which `part` is of no use.
    pub(crate) fn complete(&self, part: &Part) -> Result<(), AwsError> {
        let missing: Vec<_> = part
            .required
            .iter()
            .copied()
            .filter(|name| !self.filled(name))
            .collect();
        if !missing.is_empty() {
            return Err(AwsError::ParameterMissing {
                template: part.template(),
                missing,
                environment: self.environment.name(),
                project: self.project().to_owned(),
            });
        }
        if part.name == "access" && self.lacks_githubs_numbers() {
            return Err(AwsError::NumbersMissing {
                repository: self.values.get("GitHubRepository").cloned().unwrap_or_default(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        let head = "account = '1'\nregion = 'r'\n";
        toml::from_str(&format!("{head}{text}")).unwrap()
    }

    fn stack(name: &str) -> StackOf {
        let part = PARTS.iter().find(|part| part.name == name).unwrap();
        part.stacks()[0]
    }

    #[test]
    fn the_nearest_value_wins_and_each_part_gets_its_own() {
        let settings = settings("[shared]\nLayout = 'one'\n[staging]\nLayout = 'three'\n[production]");
        let layout = |environment, given: &[(String, String)]| {
            let values = settings.of(environment, given).unwrap();
            let told = values.for_stack(stack("source")).unwrap();
            told[0]["ParameterValue"].as_str().unwrap().to_owned()
        };
        assert_eq!(layout(project().last(), &[]), "one");
        assert_eq!(layout(project().first(), &[]), "three");
        let given = [("Layout".to_owned(), "one".to_owned())];
        assert_eq!(layout(project().first(), &given), "one");
        let values = settings.of(project().first(), &[]).unwrap();
        assert!(values.for_stack(stack("registry")).unwrap().is_empty());
    }

    #[test]
    fn an_app_is_told_to_its_own_stack() {
        let settings = settings("[shared]\n[staging]\n[production]");
        let values = settings.of(project().last(), &[]).unwrap();
        let part = PARTS.iter().find(|part| part.scope == Scope::App).unwrap();
        let told = part.stacks().into_iter().map(|stack| {
            let told = values.for_stack(stack).unwrap();
            (
                stack.name("sample", project().last()),
                told[0]["ParameterValue"].clone(),
            )
        });
        let apps = project().apps().iter();
        let expected = apps.map(|app| (format!("sample-repository-{app}"), app.name().into()));
        assert!(told.eq(expected));
    }

    #[test]
    fn what_is_missing_is_named() {
        let settings = settings("[shared]\n[staging]\nOidcProvider = ''\n[production]");
        let values = settings.of(project().first(), &[]).unwrap();
        let error = values.for_stack(stack("cluster")).unwrap_err().to_string();
        assert!(
            error.contains("OidcProvider") && error.contains("[staging]"),
            "{error}"
        );
    }

    #[test]
    fn a_repository_on_github_needs_both_numbers_or_none() {
        for (more, enough) in [
            ("", false),
            ("GitHubOwnerId = '1'", false),
            ("GitHubOwnerId = '1'\nGitHubRepositoryId = ''", false),
            ("GitHubOwnerId = '1'\nGitHubRepositoryId = '2'", true),
            ("GitHubImmutableSubject = 'yes'", false),
            ("GitHubImmutableSubject = 'no'", true),
        ] {
            let settings = settings(&format!(
                "[shared]\nGitHubRepository = 'you/board'\n{more}\n[staging]\n[production]"
            ));
            let values = settings.of(project().first(), &[]).unwrap();
            assert_eq!(values.for_stack(stack("access")).is_ok(), enough, "{more}");
            assert!(values.for_stack(stack("registry")).is_ok());
        }
    }

    #[test]
    fn a_name_that_no_template_knows_is_refused() {
        let settings = settings("[shared]\nLayuot = 'one'\n[staging]\n[production]");
        let error = settings.of(project().first(), &[]).unwrap_err().to_string();
        assert!(error.contains("`Layuot`"), "{error}");
    }
}
