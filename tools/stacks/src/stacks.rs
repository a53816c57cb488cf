//! The stacks there are, in the order in which they are made; they are removed in the opposite one.

use project::App;

use crate::environment::{Environment, project};

/// One template of `infra/aws`, and what it is told.
#[derive(Debug)]
pub(crate) struct Part {
    /// The file's name without `.yaml`.
    pub(crate) name: &'static str,
    pub(crate) scope: Scope,
    /// Its parameters; `Project`, `Environment` and `App` left out.
    pub(crate) parameters: &'static [&'static str],
    /// Those without which it is of no use.
    pub(crate) required: &'static [&'static str],
    /// What is to be thought of when its stack is removed.
    pub(crate) holds: Holds,
}

/// How many there are of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One, which all environments use.
    Account,
    /// One for each app, which all environments use.
    App,
    /// One for each environment.
    Environment,
}

/// What people put into the resources of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Nothing that cannot be made anew.
    Nothing,
    /// Objects in a bucket, which must be gone before it goes.
    Objects,
    /// Messages in a table, which the template always keeps.
    #[allow(
        dead_code,
        reason = "a copy without the sample has a table again when an app of its own has"
    )]
    Messages,
    /// Histories, which the template always keeps. AWS takes no repository into a stack again by
    /// its name, so the stack stays too.
    Histories,
}

/// They know each other by name only, so each deploys alone; roles name a policy of `registry` and
/// a role of `hub`, which must be there first.
pub(crate) const PARTS: &[Part] = &[
    Part {
        name: "source",
        scope: Scope::Account,
        parameters: &["Layout"],
        required: &[],
        holds: Holds::Histories,
    },
    Part {
        name: "registry",
        scope: Scope::Account,
        parameters: &[],
        required: &[],
        holds: Holds::Nothing,
    },
    Part {
        name: "repository",
        scope: Scope::App,
        parameters: &[],
        required: &[],
        holds: Holds::Nothing,
    },
    Part {
        name: "artifacts",
        scope: Scope::Account,
        parameters: &[],
        required: &[],
        holds: Holds::Objects,
    },
    Part {
        name: "secrets",
        scope: Scope::Account,
        parameters: &[],
        required: &[],
        holds: Holds::Nothing,
    },
    Part {
        name: "access",
        scope: Scope::Account,
        parameters: &[
            "GitHubRepository",
            "GitHubOwnerId",
            "GitHubRepositoryId",
            "GitHubImmutableSubject",
            "GitLabProject",
            "GitLabHost",
            "Providers",
        ],
        required: &[],
        holds: Holds::Nothing,
    },
    Part {
        name: "build",
        scope: Scope::Account,
        parameters: &[
            "Layout",
            "Forge",
            "ForgeApi",
            "ForgeRepo",
            "InfraRemote",
            "SigningKey",
            "Image",
        ],
        required: &[],
        holds: Holds::Nothing,
    },
    // wing: sample
    Part {
        name: "message-board",
        scope: Scope::Environment,
        parameters: &[
            "OidcProvider",
            "OtherOidcProvider",
            "Namespace",
            "PodIdentity",
            "EncryptionKey",
        ],
        required: &["OidcProvider"],
        holds: Holds::Messages,
    },
    // end of wing
    // wing: hub
    Part {
        name: "hub",
        scope: Scope::Account,
        parameters: &["HubOidcProvider", "OtherHubOidcProvider"],
        required: &[],
        holds: Holds::Nothing,
    },
    // end of wing
    Part {
        name: "cluster",
        scope: Scope::Environment,
        parameters: &[
            "Layout",
            "OidcProvider",
            "OtherOidcProvider",
            "SigningKey",
            "HostedZoneId", // wing: addons
            "Target",       // wing: hub
            "OtherTarget",  // wing: hub
        ],
        required: &["OidcProvider"],
        holds: Holds::Nothing,
    },
    // wing: hub
    Part {
        name: "traffic",
        scope: Scope::Environment,
        parameters: &["VpcId", "SubnetIds", "CertificateArn"],
        required: &[],
        holds: Holds::Nothing,
    },
    // end of wing
    // wing: previews
    Part {
        name: "previews",
        scope: Scope::Account,
        parameters: &["PreviewOidcProvider"],
        required: &[],
        holds: Holds::Nothing,
    },
    // end of wing
    Part {
        name: "pipelines",
        scope: Scope::Environment,
        parameters: &["Layout"],
        required: &[],
        holds: Holds::Nothing,
    },
];

impl Part {
    /// Its template, from the root of the repository.
    pub(crate) fn template(&self) -> String {
        format!("infra/aws/{}.yaml", self.name)
    }

    /// Its stacks in one environment and in what all of them use.
    pub(crate) fn stacks(&'static self) -> Vec<StackOf> {
        let of = |app| StackOf { part: self, app };
        match self.scope {
            Scope::Account | Scope::Environment => vec![of(None)],
            Scope::App => project().apps().iter().map(|app| of(Some(app))).collect(),
        }
    }
}

/// One stack of a part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StackOf {
    pub(crate) part: &'static Part,
    /// Whose it is, where each app has one.
    pub(crate) app: Option<&'static App>,
}

impl StackOf {
    /// What AWS calls it.
    pub(crate) fn name(self, project: &str, environment: Environment) -> String {
        let part = self.part.name;
        match (self.app, self.part.scope) {
            (Some(app), _) => format!("{project}-{part}-{}", app.name()),
            (None, Scope::Environment) => format!("{project}-{part}-{}", environment.name()),
            (None, _) => format!("{project}-{part}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use serde_json::Value;

    use super::*;
    use crate::environment::real;

    fn folder() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/aws")
    }

    fn parameters(part: &Part) -> serde_json::Map<String, Value> {
        let text = fs::read_to_string(folder().join(format!("{}.yaml", part.name))).unwrap();
        let template: Value = serde_saphyr::from_str(&text).unwrap();
        template["Parameters"].as_object().unwrap().clone()
    }

    #[test]
    fn every_template_is_a_part() {
        let templates: BTreeSet<_> = fs::read_dir(folder())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(templates, PARTS.iter().map(|part| part.name.to_owned()).collect());
    }

    #[test]
    fn a_part_names_the_parameters_of_its_template() {
        for part in PARTS {
            let mut named: BTreeSet<_> = part.parameters.iter().map(ToString::to_string).collect();
            let more = match part.scope {
                Scope::Account => None,
                Scope::App => Some("App"),
                Scope::Environment => Some("Environment"),
            };
            named.extend(more.map(str::to_owned));
            let mut there: BTreeSet<_> = parameters(part).keys().cloned().collect();
            there.remove("Project");
            assert_eq!(named, there, "{}", part.name);
        }
    }

    #[test]
    fn the_project_is_called_the_same_in_every_template_that_has_it() {
        let projects = PARTS.iter().filter_map(|part| parameters(part).remove("Project"));
        let names: Vec<_> = projects.map(|project| project["Default"].clone()).collect();
        assert!(
            names.len() > 5 && names.iter().all(|name| name == real().name()),
            "{names:?}"
        );
    }

    #[test]
    fn what_a_template_has_no_default_for_is_required() {
        for part in PARTS {
            for (name, parameter) in parameters(part) {
                let given =
                    ["Environment", "App"].contains(&name.as_str()) || part.required.contains(&name.as_str());
                assert!(
                    given || parameter.get("Default").is_some(),
                    "{} of {}",
                    name,
                    part.name
                );
            }
        }
    }
}
