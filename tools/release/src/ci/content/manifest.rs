//! What the manifests of a commit say of its packages: their folders, what they are compiled with,
//! and which files besides their own they are made from.
//!
//! Which package a dependency is, is Cargo's answer in `Cargo.lock` (`lock.rs`); the manifests only
//! tell tests' dependencies from the others.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::tree::{folder_of, resolved};

/// A package of this repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// From the top; the one at the top has the folder without a name.
    pub(crate) folder: String,
    /// The packages that it is compiled with; its tests may need more.
    pub(crate) built_with: BTreeSet<String>,
    /// What else it is made from, as its manifest declares.
    pub(crate) inputs: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Manifest {
    package: Option<Named>,
    #[serde(flatten)]
    tables: Tables,
    #[serde(default)]
    target: BTreeMap<String, Tables>,
    #[serde(default)]
    workspace: Workspace,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    metadata: Metadata,
}

/// `[package.metadata.image]`
#[derive(Debug, Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    image: Image,
}

#[derive(Debug, Default, Deserialize)]
struct Image {
    /// Files and folders, from the package's own folder.
    #[serde(default)]
    inputs: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Tables {
    #[serde(default)]
    dependencies: Dependencies,
    #[serde(default)]
    build_dependencies: Dependencies,
}

#[derive(Debug, Default, Deserialize)]
struct Workspace {
    #[serde(default)]
    dependencies: Dependencies,
}

type Dependencies = BTreeMap<String, Dependency>;

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Dependency {
    Detailed {
        /// Its name, where the key is another one.
        package: Option<String>,
        #[serde(default)]
        workspace: bool,
    },
    /// A version alone.
    Version(serde::de::IgnoredAny),
}

/// The packages of the manifests, each given with its path. One that is not understood is left out:
/// whoever needs its package then finds none.
pub(crate) fn packages(manifests: &[(&str, &str)]) -> Vec<Package> {
    let read = manifests
        .iter()
        .filter_map(|(path, text)| Some((*path, toml::from_str::<Manifest>(text).ok()?)));
    let read: Vec<_> = read.collect();
    let shared = read.iter().find(|(path, _)| folder_of(path).is_empty());
    let none = Dependencies::new();
    let shared = shared.map_or(&none, |(_, root)| &root.workspace.dependencies);
    read.iter()
        .filter_map(|(path, manifest)| manifest.at(path, shared))
        .collect()
}

impl Manifest {
    fn at(&self, path: &str, shared: &Dependencies) -> Option<Package> {
        let (package, folder) = (self.package.as_ref()?, folder_of(path));
        let tables = self.target.values().chain([&self.tables]);
        let needed = tables.flat_map(|tables| tables.dependencies.iter().chain(&tables.build_dependencies));
        let declared = package.metadata.image.inputs.iter();
        Some(Package {
            name: package.name.clone(),
            folder: folder.to_owned(),
            built_with: needed
                .map(|(key, needed)| needed.name(key, shared).to_owned())
                .collect(),
            inputs: declared.filter_map(|named| resolved(folder, named)).collect(),
        })
    }
}

impl Dependency {
    /// What its package is called.
    fn name<'n>(&'n self, key: &'n str, shared: &'n Dependencies) -> &'n str {
        match self {
            Self::Detailed {
                package: Some(package),
                ..
            } => package,
            Self::Detailed { workspace: true, .. } => match shared.get(key) {
                Some(Self::Detailed {
                    package: Some(package),
                    ..
                }) => package,
                _ => key,
            },
            _ => key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_compiled_with_all_but_what_its_tests_need() {
        let root =
            "[workspace]\n[workspace.dependencies]\nshared = { path = \"s\", package = \"shared-kit\" }\n";
        let bot = "[package]\nname = \"bot\"\n[package.metadata.image]\ninputs = [\"../../words\"]\n\
            [dependencies]\nserde = \"1\"\nkit = { package = \"old-kit\", version = \"1\" }\nshared.workspace = true\n\
            [dev-dependencies]\ntestkit = \"1\"\n[build-dependencies]\ncc = \"1\"\n\
            [target.'cfg(unix)'.dependencies]\nrustix = \"1\"\n";
        let found = packages(&[
            ("Cargo.toml", root),
            ("apps/bot/Cargo.toml", bot),
            ("broken/Cargo.toml", "="),
        ]);
        let [bot] = found.as_slice() else {
            panic!("one package, not {found:?}")
        };
        assert_eq!((bot.name.as_str(), bot.folder.as_str()), ("bot", "apps/bot"));
        let needed: Vec<_> = bot.built_with.iter().map(String::as_str).collect();
        assert_eq!(needed, ["cc", "old-kit", "rustix", "serde", "shared-kit"]);
        assert_eq!(bot.inputs, ["words"]);
    }
}
