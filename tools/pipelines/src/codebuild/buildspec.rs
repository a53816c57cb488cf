//! The repository's own buildspec, read as CodeBuild reads it: version 0.2, strict about what it
//! does not know.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::step::{OnFailure, Step};

/// A buildspec, version 0.2.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Buildspec {
    version: f64,
    /// Shell and variables.
    #[serde(default)]
    pub(crate) env: Environment,
    phases: Phases,
    // What follows the build on AWS; nothing in it decides whether a build passes.
    #[serde(default, rename = "artifacts")]
    _artifacts: Option<IgnoredAny>,
    #[serde(default, rename = "cache")]
    _cache: Option<IgnoredAny>,
    #[serde(default, rename = "reports")]
    _reports: Option<IgnoredAny>,
}

/// The `env` block.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Environment {
    /// Which shell runs the commands.
    #[serde(default)]
    pub(crate) shell: Shell,
    /// Values the build starts with; whoever starts the build may override them.
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    /// Variables whose last values are the build's result.
    #[serde(default)]
    pub(crate) exported_variables: Vec<String>,
    /// Variables AWS fills from Secrets Manager; whoever starts the build here has to provide them.
    #[serde(default)]
    pub(crate) secrets_manager: BTreeMap<String, String>,
    /// Variables AWS fills from its parameter store; treated the same.
    #[serde(default)]
    pub(crate) parameter_store: BTreeMap<String, String>,
    // Here, Git has no need of AWS's credentials.
    #[serde(default, rename = "git-credential-helper")]
    _git_credential_helper: Option<IgnoredAny>,
}

/// The shells CodeBuild has on Linux; `sh` when none is named.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shell {
    /// `/bin/sh`.
    #[default]
    Sh,
    /// `bash`.
    Bash,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Phases {
    install: Option<Phase>,
    pre_build: Option<Phase>,
    build: Option<Phase>,
    post_build: Option<Phase>,
}

/// One phase.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Phase {
    /// What a failed command means for the phases after this one.
    #[serde(default)]
    pub(crate) on_failure: Option<OnFailure>,
    /// Run in order; the first that fails ends the phase.
    pub(crate) commands: Vec<String>,
    /// Run after the commands in any case.
    #[serde(default)]
    pub(crate) finally: Vec<String>,
    // Chooses toolchains of AWS's own images.
    #[serde(default, rename = "runtime-versions")]
    _runtime_versions: Option<IgnoredAny>,
}

impl Buildspec {
    /// Read `buildspec.yaml` of a checkout.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("read the buildspec {}", path.display()))?;
        Self::parse(&text)
            .with_context(|| format!("{} is not a buildspec CodeBuild would take", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let spec: Self = serde_saphyr::from_str(text)?;
        // Version 0.1 runs each command in a shell of its own.
        ensure!(
            (spec.version - 0.2).abs() < f64::EPSILON,
            "version is {}, only 0.2 is known",
            spec.version
        );
        let phases = spec.phases();
        ensure!(!phases.is_empty(), "no phase has commands");
        for (step, phase) in phases {
            ensure!(
                !phase.commands.is_empty(),
                "phase {} has no commands",
                step.name()
            );
        }
        for name in spec
            .env
            .variables
            .keys()
            .chain(&spec.env.exported_variables)
            .chain(spec.secrets())
        {
            ensure!(
                is_shell_name(name),
                "{name:?} in env cannot be the name of a variable"
            );
        }
        Ok(spec)
    }

    /// Those that are there, in the order they run.
    pub(crate) fn phases(&self) -> Vec<(Step, &Phase)> {
        let Phases {
            install,
            pre_build,
            build,
            post_build,
        } = &self.phases;
        [
            (Step::Install, install),
            (Step::PreBuild, pre_build),
            (Step::Build, build),
            (Step::PostBuild, post_build),
        ]
        .into_iter()
        .filter_map(|(step, phase)| Some((step, phase.as_ref()?)))
        .collect()
    }

    /// The variables a build starts with: whoever starts it wins over the file, as on AWS; secrets
    /// must be provided.
    pub(crate) fn variables(&self, given: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
        let missing: Vec<&str> = self
            .secrets()
            .filter(|name| !given.contains_key(*name))
            .map(String::as_str)
            .collect();
        ensure!(
            missing.is_empty(),
            "the buildspec takes {} from AWS's secret stores and the build was started without",
            missing.join(", ")
        );
        let mut variables = self.env.variables.clone();
        variables.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
        Ok(variables)
    }

    fn secrets(&self) -> impl Iterator<Item = &String> {
        self.env
            .secrets_manager
            .keys()
            .chain(self.env.parameter_store.keys())
    }
}

fn is_shell_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|each| each.is_ascii_alphanumeric() || each == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        format!("{:#}", Buildspec::parse(text).expect_err("must be refused"))
    }

    #[test]
    fn reads_what_codebuild_reads() {
        let spec = Buildspec::parse(
            "version: 0.2\n\
             env:\n  shell: bash\n  variables:\n    LEVEL: 3\n    FLAG: true\n  exported-variables: [DIGEST]\n\
             phases:\n  install:\n    runtime-versions: {python: 3.12}\n    commands: [one]\n\
             \x20 build:\n    on-failure: ABORT\n    commands:\n      - |\n        two\n        three\n    finally: [four]\n\
             cache:\n  paths: ['target/**/*']\n",
        )
        .expect("a valid buildspec");
        assert_eq!(spec.env.shell, Shell::Bash);
        assert_eq!(spec.env.variables["LEVEL"], "3");
        assert_eq!(spec.env.variables["FLAG"], "true");
        let phases = spec.phases();
        assert_eq!(
            phases.iter().map(|(step, _)| *step).collect::<Vec<_>>(),
            [Step::Install, Step::Build]
        );
        assert_eq!(phases[1].1.commands, ["two\nthree\n"]);
        assert_eq!(phases[1].1.on_failure, Some(OnFailure::Abort));
    }

    #[test]
    fn says_what_is_wrong_with_a_bad_spec() {
        assert!(refused("version: 0.1\nphases: {build: {commands: [a]}}").contains("only 0.2"));
        assert!(refused("version: 0.2\nphases: {}").contains("no phase"));
        assert!(refused("version: 0.2\nphases: {build: {commands: []}}").contains("build has no commands"));
        assert!(refused("version: 0.2\nphases: {build: {command: [a]}}").contains("command"));
        assert!(refused("version: 0.2\nphases: {deploy: {commands: [a]}}").contains("deploy"));
        assert!(
            refused("version: 0.2\nenv: {variables: {'A-B': x}}\nphases: {build: {commands: [a]}}")
                .contains("A-B")
        );
    }

    #[test]
    fn whoever_starts_the_build_overrides_the_file_and_provides_secrets() {
        let spec = Buildspec::parse(
            "version: 0.2\nenv: {variables: {A: file, B: file}, secrets-manager: {TOKEN: 'forge:token'}}\n\
             phases: {build: {commands: [a]}}",
        )
        .expect("a valid buildspec");
        let mut given = BTreeMap::from([("A".to_owned(), "caller".to_owned())]);
        let error = spec
            .variables(&given)
            .expect_err("a secret is missing")
            .to_string();
        assert!(error.contains("TOKEN"), "{error}");
        given.insert("TOKEN".to_owned(), "t".to_owned());
        let variables = spec.variables(&given).expect("complete");
        assert_eq!(
            (variables["A"].as_str(), variables["B"].as_str()),
            ("caller", "file")
        );
    }

    #[test]
    fn this_repository_s_own_is_one() {
        let path = crate::root().join(crate::codebuild::FILE);
        let spec = Buildspec::read(&path).unwrap();
        let variables = spec.variables(&BTreeMap::new()).unwrap();
        assert_eq!(variables["FORGE"], "codecommit");
        assert_eq!(spec.phases().len(), 4);
    }
}
