//! Which balancers there are, and their targets: `infra/clusters/balancers.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// One balancer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declared {
    pub(crate) at: At,
    /// Where requests are counted, if not at the balancer.
    pub(crate) prometheus: Option<Prometheus>,
    /// By the names of clusters.
    pub(crate) targets: BTreeMap<String, Target>,
}

/// What kind it is, and where.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum At {
    HaProxy(HaProxy),
    Elbv2(Elbv2),
}

/// A load balancer of AWS.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Elbv2 {
    /// The ARN of the listener whose default action forwards to the targets.
    pub(crate) listener: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HaProxy {
    /// The run-time API: a path, or a host with a port.
    pub(crate) socket: String,
    pub(crate) backend: String,
    /// A map that its configuration names, for who moves the weights.
    pub(crate) claims: String,
}

/// What is asked of Prometheus.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prometheus {
    /// Its address, without the path of its API.
    pub(crate) address: String,
    /// What selects the counters of answered requests, one for each pod and status.
    pub(crate) query: String,
    /// The label that names the target.
    pub(crate) target: String,
    /// The label with the status of the answers.
    pub(crate) status: String,
}

/// One cluster behind it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    /// On AWS, the ARN of its target group.
    pub(crate) group: Option<String>,
    /// What its app answers with 200 when it is ready on the schema that there is.
    pub(crate) ready: String,
}

/// The balancer of this name; without a name, the only one.
pub(crate) fn read(path: &Path, name: Option<&str>) -> Result<Declared> {
    let file = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("read {file}"))?;
    let mut all: BTreeMap<String, Declared> =
        toml::from_str(&text).with_context(|| format!("understand {file}"))?;
    let names = all.keys().cloned().collect::<Vec<_>>().join(", ");
    let found = match name {
        Some(name) => all.remove(name),
        None if all.len() > 1 => bail!("{file} has several balancers; say which by --balancer: {names}"),
        None => all.pop_first().map(|(_, declared)| declared),
    };
    let found = found.with_context(|| match &*names {
        "" => format!("{file} names no balancer; it has examples"),
        _ => format!("{file} has no such balancer; there are: {names}"),
    })?;
    // They stand in claims, whose parts are told apart by signs.
    let plain = |name: &String| {
        name.chars()
            .all(|sign| sign.is_ascii_alphanumeric() || "-_.".contains(sign))
    };
    match found.targets.keys().find(|name| !plain(name)) {
        Some(name) => {
            bail!("{file}: `{name}` is no name of a target; it has letters, digits, `-`, `_` and `.`")
        }
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "[a]\nat.haproxy = { socket = \"/s\", backend = \"b\", claims = \"/m\" }\n\
        [a.targets.blue]\nready = \"http://blue/readyz\"\n";

    fn read_of(text: &str, name: Option<&str>) -> Result<Declared> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("balancers.toml");
        fs::write(&path, text)?;
        read(&path, name)
    }

    #[test]
    fn the_only_one_needs_no_name_and_of_several_one_is_named() {
        assert!(read_of(ONE, None).unwrap().targets.contains_key("blue"));
        let two = format!("{ONE}{}", ONE.replace("[a", "[b"));
        assert!(read_of(&two, Some("b")).is_ok());
        for (text, name, said) in [
            (&*two, None, "a, b"),
            (&*two, Some("c"), "a, b"),
            ("", None, "names no balancer"),
        ] {
            let error = read_of(text, name).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_name_that_a_claim_cannot_carry_is_refused() {
        let error = read_of(&ONE.replace("blue]", "\"a/b\"]"), None).unwrap_err();
        assert!(error.to_string().contains("`a/b`"), "{error}");
    }

    /// What the comments of a file show, and what it says itself.
    fn shown_and_own(text: &str) -> [BTreeMap<String, Declared>; 2] {
        let shown = text.lines().filter_map(|line| line.strip_prefix("#     "));
        let shown: String = shown.flat_map(|line| [line, "\n"]).collect();
        [&*shown, text].map(|text| toml::from_str(text).unwrap())
    }

    #[test]
    fn the_examples_in_the_file_of_this_repository_are_understood() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(crate::flags::FILE);
        let text = fs::read_to_string(&file).unwrap();
        // A fork has its own beside them, or in their place.
        for text in [&*text, &format!("{text}{ONE}")] {
            let [shown, own] = shown_and_own(text);
            assert!(shown.len() > 1 || !own.is_empty(), "{text}");
            assert!(shown.values().all(|one| one.targets.len() > 1), "{shown:?}");
        }
    }
}
