//! Which names may be: they become labels of Kubernetes, host names, and parts of paths.

use std::collections::BTreeMap;

use crate::{ProjectError, Written};

/// The longest label of DNS, and so of Kubernetes.
const LABEL: usize = 63;
/// The longest name of a `CronJob`, whose runs have eleven more characters.
const CRON_JOB: usize = 52;
/// What stands between an app and an environment in the longest name made of both, a role's.
const BETWEEN: &str = "-migrate-";
/// What kind calls the first node of a cluster.
const NODE: &str = "-control-plane";
/// The longest name of a role of AWS.
const ROLE: usize = 64;
/// What stands between the project and an environment in the longest name of a role made of both.
const OF_ROLE: &str = "-external-secrets-";
/// Folders of `infra/` and Applications that are no app.
const NO_APP: &[&str] = &[
    "addons",
    "admission",
    "apps",
    "argocd",
    "aws",
    "base",
    "clusters",
    "default",
    "hub",
    "local",
    "platform",
    "root",
    "target",
    "verifier",
];
/// Namespaces of what runs beside the apps, and the first one of every cluster.
const NO_APPLICATION: &[&str] = &["argocd", "cosign-system", "default"];
/// Folders beside the overlays, keys of `infra/aws/parameters.toml`, and clusters that are no
/// environment.
const NO_ENVIRONMENT: &[&str] = &[
    "account",
    "base",
    "component",
    "default",
    "hub",
    "local",
    "next-hub",
    "overlays",
    "region",
    "root",
    "shared",
];
/// Where the branches of proposals begin; a branch called like this folder would keep Git from
/// making any of them.
const PROPOSALS: &str = "release/";
/// Words that YAML reads as a boolean or as nothing where a manifest has them without quotes.
const NO_STRING: &[&str] = &["false", "n", "no", "null", "off", "on", "true", "y", "yes"];

/// The first thing that is wrong, if any is.
pub(crate) fn check(written: &Written) -> Result<(), ProjectError> {
    label("name", &written.name, LABEL)?;
    allowed("name", &written.name, NO_APPLICATION)?;
    label("application", &written.application, LABEL)?;
    allowed("application", &written.application, NO_APPLICATION)?;
    environments(written)?;
    apps(written)
}

fn environments(written: &Written) -> Result<(), ProjectError> {
    if written.environments.is_empty() {
        return Err(ProjectError::NoEnvironment);
    }
    let (mut names, mut branches) = (Seen::default(), Seen::default());
    let of_node = LABEL.saturating_sub(written.name.len() + "-".len() + NODE.len());
    let longest = of_node.min(ROLE.saturating_sub(written.name.len() + OF_ROLE.len()));
    for (at, environment) in written.environments.iter().enumerate() {
        let key = |part: &str| format!("environments[{at}].{part}");
        label(&key("name"), &environment.name, longest)?;
        allowed(&key("name"), &environment.name, NO_ENVIRONMENT)?;
        names.once(
            key("name"),
            &environment.name,
            "name the other environment otherwise",
        )?;
        branch(&key("branch"), &environment.branch)?;
        branches.once(
            key("branch"),
            &environment.branch,
            "give each environment a branch of its own, since a push releases to one",
        )?;
        if environment.nodes == 0 {
            return Err(wrong(&key("nodes"), "0", "a cluster has at least 1"));
        }
        // wing: versions
        if let Some(range) = &environment.follows {
            crate::follows::check(&key("follows"), range, at == 0)?;
        }
        // end of wing
    }
    Ok(())
}

fn apps(written: &Written) -> Result<(), ProjectError> {
    let environments = written.environments.iter().map(|at| at.name.len());
    let longest = LABEL.saturating_sub(environments.max().unwrap_or(0) + BETWEEN.len());
    let mut seen = [(); 4].map(|()| Seen::default());
    for (at, app) in written.apps.iter().enumerate() {
        let key = |part: &str| format!("apps[{at}].{part}");
        label(&key("name"), &app.name, longest.min(CRON_JOB))?;
        allowed(&key("name"), &app.name, NO_APP)?;
        folder(&key("folder"), &app.folder)?;
        let port = app.node_port.map(|port| port.to_string());
        let values = [
            ("name", Some(&app.name)),
            ("package", Some(&app.package)),
            ("folder", Some(&app.folder)),
            ("node-port", port.as_ref()),
        ];
        for (seen, (part, value)) in seen.iter_mut().zip(values) {
            if let Some(value) = value {
                seen.once(key(part), value, "choose another for one of the two")?;
            }
        }
    }
    Ok(())
}

/// Values that may stand in the file once, and where they stand.
#[derive(Default)]
struct Seen(BTreeMap<String, String>);

impl Seen {
    fn once(&mut self, key: String, value: &str, step: &str) -> Result<(), ProjectError> {
        if let Some(other) = self.0.get(value) {
            return Err(wrong(&key, value, &format!("{other} is the same; {step}")));
        }
        self.0.insert(value.to_owned(), key);
        Ok(())
    }
}

/// A name that a Service can have too: it begins with a letter.
fn label(key: &str, value: &str, longest: usize) -> Result<(), ProjectError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_label = value.starts_with(|first: char| first.is_ascii_lowercase())
        && value.bytes().all(plain)
        && !value.ends_with('-');
    if !is_label {
        let why = "is no label of DNS; begin with a letter, go on with a-z, 0-9 and -, and do not end with -";
        return Err(wrong(key, value, why));
    }
    if NO_STRING.contains(&value) {
        let why = "is no text in YAML but a boolean or nothing; choose another";
        return Err(wrong(key, value, why));
    }
    if value.len() > longest {
        let why = format!(
            "has {} characters; take at most {longest}, so that the longest name made of it is no longer than Kubernetes and AWS allow",
            value.len()
        );
        return Err(wrong(key, value, &why));
    }
    Ok(())
}

fn allowed(key: &str, value: &str, reserved: &[&str]) -> Result<(), ProjectError> {
    if reserved.contains(&value) || value.starts_with("kube-") {
        let why = format!(
            "is reserved, as are {} and kube-*; choose another",
            reserved.join(", ")
        );
        return Err(wrong(key, value, &why));
    }
    Ok(())
}

fn branch(key: &str, value: &str) -> Result<(), ProjectError> {
    if value == "HEAD" || !value.split('/').all(is_part_of_branch) {
        return Err(wrong(
            key,
            value,
            "is no name of a branch; use letters, digits, -, _, . and /, and no part that begins with - or ., ends with . or .lock",
        ));
    }
    if value.starts_with(PROPOSALS) || value == PROPOSALS.trim_end_matches('/') {
        let why = format!("begins as the branches of proposals do; choose one without {PROPOSALS}");
        return Err(wrong(key, value, &why));
    }
    Ok(())
}

/// Whether this may stand between two `/` of a branch. Git itself takes more characters, but a
/// manifest or a shell might not.
fn is_part_of_branch(part: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let outside = part.starts_with(['-', '.']) || part.ends_with('.') || part.strip_suffix(".lock").is_some();
    !part.is_empty() && part.bytes().all(plain) && !part.contains("..") && !outside
}

fn folder(key: &str, value: &str) -> Result<(), ProjectError> {
    let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
    if value.split('/').all(is_part) {
        return Ok(());
    }
    Err(wrong(
        key,
        value,
        "is no folder of the repository; name it from the top, as `apps/bot`",
    ))
}

pub(crate) fn wrong(key: &str, value: &str, why: &str) -> ProjectError {
    ProjectError::Value {
        key: key.to_owned(),
        value: value.to_owned(),
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::OF_ROLE;

    #[test]
    fn no_template_of_aws_makes_a_longer_name_of_a_role_of_project_and_environment() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/aws");
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // A folder beside the templates has no text.
            let text = fs::read_to_string(&path).unwrap_or_default();
            let names = text.split("RoleName: !Sub ${Project}").skip(1);
            let between = names.filter_map(|rest| {
                let name = rest.lines().next()?.split(" #").next()?;
                name.trim_end().strip_suffix("${Environment}")
            });
            for between in between {
                assert!(between.len() <= OF_ROLE.len(), "{}: {between}", path.display());
            }
        }
    }
}
