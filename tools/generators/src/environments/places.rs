//! The files that list the environments: `project.toml`, the triggers of the CI systems, and the
//! templates and parameters of the AWS account.

use std::ops::Range;

use anyhow::{Context as _, Result};
use project::{FILE as PROJECT, Project};

use super::Names;
use super::entries::{self, Entry, Glue};
use crate::tables;

/// What `infra/aws/*` is told of each environment.
const PARAMETERS: &str = "infra/aws/parameters.toml";
/// Parameters that are facts of clusters and of where they are. A new environment has none yet, and
/// with those of the other one its roles would trust clusters that are not its own.
const OF_CLUSTERS: &[&str] = &[
    "OidcProvider",
    "OtherOidcProvider",
    "HostedZoneId", // wing: addons
    // wing: hub
    "Target",
    "OtherTarget",
    "VpcId",
    "SubnetIds",
    "CertificateArn",
    // end of wing
];
/// Begins an entry of `project.toml`.
const ENVIRONMENT: &str = "[[environments]]";

/// A list of names of environments that a template allows.
const ALLOWED: Entry = Entry {
    on: "AllowedValues: [",
    of: |name, _| name.to_owned(),
    glue: Glue::Text(", "),
};

/// A file that an environment has entries in.
pub(super) struct Place {
    pub(super) path: String,
    entries: Vec<Entry>,
}

/// All of them but `project.toml`, in the order in which they are written. A copy of the template
/// may be without some.
pub(super) fn all(project: &Project) -> Vec<Place> {
    let place = |path: &str, entries: &[Entry]| Place {
        path: path.to_owned(),
        entries: entries.to_vec(),
    };
    let list = |on, of| Entry {
        on,
        of,
        glue: Glue::Text(", "),
    };
    let line = |of| Entry {
        on: "",
        of,
        glue: Glue::Line,
    };
    vec![
        place(
            ".github/workflows/deliver.yaml",
            &[list("branches: [", |_, branch| branch.to_owned())],
        ),
        place(
            ".gitlab-ci.yml",
            &[Entry {
                on: "- if: ",
                of: |_, branch| format!("$CI_COMMIT_BRANCH == \"{branch}\""),
                glue: Glue::Text(" || "),
            }],
        ),
        place(
            "infra/aws/access.yaml",
            &[
                line(|_, branch| format!("\"repo:${{Subject}}:ref:refs/heads/{branch}\",")),
                line(|_, branch| {
                    format!("\"project_path:${{GitLabProject}}:ref_type:branch:ref:{branch}\",")
                }),
            ],
        ),
        place(
            "infra/aws/build.yaml",
            &[list("codecommit:References: [", |_, branch| {
                format!("refs/heads/{branch}")
            })],
        ),
        place("infra/aws/cluster.yaml", &[ALLOWED]),
        place(&format!("infra/aws/{}.yaml", project.application()), &[ALLOWED]),
        place(
            "infra/aws/pipelines.yaml",
            &[
                ALLOWED,
                line(|name, branch| format!("{name}:\n      Branch: {branch}")),
            ],
        ),
        place("infra/aws/traffic.yaml", &[ALLOWED]),
        place(PARAMETERS, &[]),
    ]
}

impl Place {
    /// The file with the environment in it, or what is missing in it and how to go on by hand.
    pub(super) fn with(&self, text: &str, names: Names<'_>) -> Result<String, String> {
        let plain = tables::with_plain_ends(text);
        let edited = self.with_in_plain(plain, names);
        edited.map(|edited| tables::with_ends_of(text, &edited))
    }

    fn with_in_plain(&self, text: String, names: Names<'_>) -> Result<String, String> {
        if self.path == PARAMETERS {
            return with_parameters(&text, names);
        }
        self.entries.iter().try_fold(text, |text, entry| {
            let old = (entry.of)(names.after, names.after_branch);
            let new = (entry.of)(names.name, names.branch);
            entries::with(&text, *entry, &old, &new).ok_or_else(|| {
                let [old, new] = [old, new].map(|entry| in_one_line(&entry));
                format!("it does not have `{old}` where it had; put `{new}` beside it by hand")
            })
        })
    }

    /// The file without the environment.
    pub(super) fn without(&self, text: &str, name: &str, branch: &str) -> String {
        let plain = tables::with_plain_ends(text);
        let edited = if self.path == PARAMETERS {
            tables::without(&plain, &header(name), |_| true)
        } else {
            self.entries.iter().fold(plain, |text, entry| {
                entries::without(&text, *entry, &(entry.of)(name, branch))
            })
        };
        tables::with_ends_of(text, &edited)
    }
}

fn in_one_line(entry: &str) -> String {
    entry.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `project.toml` with the environment behind the one before it.
pub(super) fn entered(original: &str, names: Names<'_>) -> Result<String> {
    let text = &tables::with_plain_ends(original);
    let own = format!("name = \"{}\"", names.after);
    let is_after = |table: &str| table.lines().map(tables::uncommented).any(|line| line == own);
    let after = tables::find(text, ENVIRONMENT, is_after)
        .with_context(|| format!("{PROJECT} has no line `{own}` below `{ENVIRONMENT}`; write it so"))?;
    let entry = format!(
        "{ENVIRONMENT}\nname = \"{}\"\nbranch = \"{}\"\n",
        names.name, names.branch
    );
    let edited = with_table(text, after.end, &entry);
    Ok(tables::with_ends_of(original, &edited))
}

/// `project.toml` without the environment.
pub(super) fn removed(text: &str, name: &str) -> String {
    let edited = tables::without_named(&tables::with_plain_ends(text), ENVIRONMENT, name);
    tables::with_ends_of(text, &edited)
}

/// The parameters with a table of the environment's own, as the one before it has, but for what is
/// a fact of that one's clusters.
fn with_parameters(text: &str, names: Names<'_>) -> Result<String, String> {
    let table = |name| tables::find(text, &header(name), |_| true);
    if table(names.name).is_some() {
        return Ok(text.to_owned());
    }
    let Some(Range { start, end }) = table(names.after) else {
        let [old, new] = [names.after, names.name].map(header);
        return Err(format!("it has no table `{old}`; put `{new}` into it by hand"));
    };
    let lines = text[start..end].split_inclusive('\n').skip(1);
    let values = lines.filter(|line| {
        let line = line.trim();
        let key = line.split('=').next().unwrap_or_default().trim_end();
        !line.is_empty() && !line.starts_with('#') && !OF_CLUSTERS.contains(&key)
    });
    let entry = format!("{}\n{}", header(names.name), values.collect::<String>());
    Ok(with_table(text, end, &entry))
}

/// How the table of an environment begins.
fn header(name: &str) -> String {
    format!("[{name}]")
}

/// The text with a table behind the one that ends at `end`, and an empty line on each side of it
/// that has something.
fn with_table(text: &str, end: usize, table: &str) -> String {
    let behind = text[end..].trim_start_matches('\n');
    let gap = if behind.is_empty() { "" } else { "\n" };
    format!("{}\n\n{table}{gap}{behind}", text[..end].trim_end())
}
