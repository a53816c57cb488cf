//! Where things lie on the forge: the manifests beside the application, or in a repository of their
//! own.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::git::forge::ForgeAccess;

/// The layouts that a project may have; everything that differs between them follows from here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Layout {
    /// One repository holds everything
    #[default]
    One,
    /// The manifests are in a repository of their own, in which CI proposes and which Argo CD reads
    Split,
}

/// A repository of the forge, and what of HEAD it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) name: &'static str,
    /// Pathspecs of Git: what is left out of it.
    pub(crate) lacks: &'static [&'static str],
}

const WHOLE: Home = Home {
    name: "gitops-loop",
    lacks: &[],
};

/// The code's own tests read the table's definition in `infra/aws`.
const APPLICATION: Home = Home {
    name: "gitops-loop",
    lacks: &["infra", ":!infra/aws"],
};

const MANIFESTS: Home = Home {
    name: "gitops-loop-infra",
    lacks: &[".", ":!infra"],
};

impl Layout {
    /// Where developers push and CI listens.
    pub(crate) fn application(self) -> Home {
        match self {
            Self::One => WHOLE,
            Self::Split => APPLICATION,
        }
    }

    /// What CI has configured as `INFRA_REMOTE`: the manifests' repository, if it is another one.
    pub(crate) fn infra(self) -> Option<Home> {
        match self {
            Self::One => None,
            Self::Split => Some(MANIFESTS),
        }
    }

    /// Where the overlays are, CI proposes, reviewers merge, and what Argo CD reads.
    pub(crate) fn manifests(self) -> Home {
        self.infra().unwrap_or(self.application())
    }

    /// Every repository once.
    pub(crate) fn homes(self) -> impl Iterator<Item = Home> {
        std::iter::once(self.application()).chain(self.infra())
    }
}

impl Home {
    /// Owner and name, as the forge's API takes them.
    pub(crate) fn path(self) -> String {
        format!("{}/{}", ForgeAccess::ORGANISATION, self.name)
    }

    /// Its address, from where the forge is reached as `forge`.
    pub(crate) fn remote(self, forge: &str) -> String {
        format!("{forge}/{}.git", self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_is_both_and_two_are_apart() {
        assert_eq!(Layout::default(), Layout::One);
        assert_eq!(Layout::One.application(), Layout::One.manifests());
        assert_eq!(Layout::One.homes().count(), 1);
        assert_ne!(Layout::Split.application().name, Layout::Split.manifests().name);
        assert_eq!(Layout::Split.homes().count(), 2);
    }

    #[test]
    fn the_local_manifests_name_the_repository_of_the_default_layout() {
        let root = crate::run::run_dir::repo_root().unwrap();
        let address = Layout::One.manifests().remote(&ForgeAccess::cluster_url());
        for file in ["apps/component/repository", "root/staging", "root/production"] {
            let text = std::fs::read_to_string(root.join(format!("infra/local/{file}.yaml"))).unwrap();
            assert!(text.contains(&address), "{file}: {text}");
        }
    }
}
