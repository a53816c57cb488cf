//! Clusters as EKS describes them, and what their tags ask for.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// Begins each tag that is meant for this program, and each label that is made of one.
pub(crate) const PREFIX: &str = "gitops-loop/";
/// The tag that makes a cluster a target: `true`. Any other value takes it out of the set.
pub(crate) const TARGET: &str = "gitops-loop/target";
/// The tag that names the environment whose overlays the cluster runs.
pub(crate) const ENVIRONMENT: &str = "gitops-loop/environment";

/// One cluster of EKS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Cluster {
    /// Its name, one of its kind in an account and region.
    pub(crate) name: String,
    /// Its name in all of AWS.
    pub(crate) arn: String,
    /// As `ACTIVE`.
    pub(crate) status: String,
    /// The address of its API; empty until there is one.
    pub(crate) endpoint: String,
    /// Who signs for that address: PEM in base64, as EKS has it.
    pub(crate) certificate_authority: String,
    /// All of its tags.
    pub(crate) tags: BTreeMap<String, String>,
}

/// What a cluster's tags ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish<'a> {
    /// To be a target of this environment.
    Target(&'a str),
    /// To be none: a person has written so.
    NoTarget,
    /// Nothing that can be understood. With a tag that was lost by accident it looks like this.
    Unclear(&'static str),
}

impl Cluster {
    /// Whether its API serves.
    pub(crate) fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }

    /// What its tags ask for.
    pub(crate) fn wish(&self) -> Wish<'_> {
        let environment = self.tags.get(ENVIRONMENT).map(String::as_str);
        match (self.tags.get(TARGET).map(String::as_str), environment) {
            (None, _) => Wish::Unclear("it has no tag gitops-loop/target"),
            (Some("true"), Some(environment)) if is_label_value(environment) && !environment.is_empty() => {
                Wish::Target(environment)
            }
            (Some("true"), _) => Wish::Unclear("its tag gitops-loop/environment names no environment"),
            (Some(_), _) => Wish::NoTarget,
        }
    }

    /// Account and region, as they stand at the beginning of its ARN.
    pub(crate) fn place(&self) -> Option<&str> {
        place(&self.arn)
    }

    /// Those of its tags that can be labels.
    pub(crate) fn labels(&self) -> BTreeMap<String, String> {
        let ours = self.tags.iter().filter(|(name, value)| {
            name.strip_prefix(PREFIX).is_some_and(is_label_name) && is_label_value(value)
        });
        ours.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// Account and region of an ARN, as `arn:aws:eks:eu-central-1:000000000000`.
pub(crate) fn place(arn: &str) -> Option<&str> {
    let (end, _) = arn.match_indices(':').nth(4)?;
    Some(&arn[..end])
}

/// What was seen of EKS in one pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Observation {
    /// Every cluster that could be described.
    pub(crate) clusters: Vec<Cluster>,
    /// Clusters that were asked for by name, because they have a Secret and are not listed, and of
    /// which EKS says that there are none.
    pub(crate) gone: BTreeSet<String>,
    /// Why clusters may be missing here.
    pub(crate) doubts: Vec<String>,
}

impl Observation {
    /// Whether what is missing here may be taken for gone.
    pub(crate) fn is_complete(&self) -> bool {
        self.doubts.is_empty() && !self.clusters.is_empty()
    }

    /// The cluster of this name.
    pub(crate) fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }
}

/// Kubernetes' rule for the part of a label's name behind the slash.
fn is_label_name(name: &str) -> bool {
    !name.is_empty() && is_label_value(name)
}

/// Kubernetes' rule for the value of a label.
fn is_label_value(value: &str) -> bool {
    let within = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let at_ends = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    value.len() <= 63
        && value.chars().all(within)
        && at_ends(value.chars().next())
        && at_ends(value.chars().next_back())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An active cluster with these tags.
    pub(crate) fn cluster(name: &str, tags: &[(&str, &str)]) -> Cluster {
        let tags = tags
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Cluster {
            name: name.to_owned(),
            arn: format!("arn:aws:eks:eu-central-1:000000000000:cluster/{name}"),
            status: "ACTIVE".to_owned(),
            endpoint: format!("https://{name}.example.invalid"),
            certificate_authority: "Q0E=".to_owned(),
            tags: tags.collect(),
        }
    }

    #[test]
    fn tags_say_whether_a_cluster_is_a_target() {
        let wish = |tags: &[_]| {
            let cluster = cluster("blue", tags);
            match cluster.wish() {
                Wish::Target(environment) => environment.to_owned(),
                Wish::NoTarget => "none".to_owned(),
                Wish::Unclear(_) => "unclear".to_owned(),
            }
        };
        assert_eq!(
            wish(&[(TARGET, "true"), (ENVIRONMENT, "production")]),
            "production"
        );
        assert_eq!(wish(&[(TARGET, "false"), (ENVIRONMENT, "production")]), "none");
        assert_eq!(wish(&[(ENVIRONMENT, "production")]), "unclear");
        assert_eq!(wish(&[(TARGET, "true")]), "unclear");
        assert_eq!(wish(&[(TARGET, "true"), (ENVIRONMENT, "a/b")]), "unclear");
        assert_eq!(wish(&[(TARGET, "true"), (ENVIRONMENT, "")]), "unclear");
    }

    #[test]
    fn only_tags_of_ours_that_can_be_labels_become_labels() {
        let cluster = cluster(
            "blue",
            &[
                (TARGET, "true"),
                ("gitops-loop/colour", "blue"),
                ("gitops-loop/note", "two words"),
                ("gitops-loop/", "x"),
                ("team", "a"),
            ],
        );
        let labels: Vec<_> = cluster.labels().into_keys().collect();
        assert_eq!(labels, ["gitops-loop/colour", TARGET]);
    }

    #[test]
    fn account_and_region_are_read_from_the_arn() {
        let cluster = cluster("blue", &[]);
        assert_eq!(cluster.place(), Some("arn:aws:eks:eu-central-1:000000000000"));
        assert_eq!(place("arn:aws"), None);
    }

    #[test]
    fn an_empty_or_doubtful_list_is_not_complete() {
        let mut seen = Observation::default();
        assert!(!seen.is_complete());
        seen.clusters.push(cluster("blue", &[]));
        assert!(seen.is_complete());
        seen.doubts.push("the list failed".to_owned());
        assert!(!seen.is_complete());
    }
}
