//! The table of all recipes. A new one is a row here and a file below.
//!
//! A file by whose text its results are named stays public: without `pub` before what it exports it
//! would be another text, and everybody would make anew what is kept.

pub mod admission;
pub mod argo_rollouts; // wing: addons
pub mod argocd;
pub mod aws;
mod browser;
pub mod checks;
pub(crate) mod cloud;
pub mod external_dns; // wing: addons
pub mod external_secrets; // wing: addons, verifier
pub mod forge;
pub(crate) mod forge_pages;
pub mod kube_router;
pub(crate) mod kubectl;
pub mod metrics_server; // wing: addons
pub mod node;
mod npm;
pub(crate) mod pipelines;
pub(crate) mod tools;

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::needs::Group;
use crate::options::{Extra, Options};
use crate::part::Part;
use crate::recipe::{FilesRecipe, ImageRecipe, Output, Recipe, to_json};
use crate::workshop::Workshop;

/// Everything from outside. Of the images, the slowest to build come first.
pub const RECIPES: &[Recipe] = &[
    in_nodes(node::PART, "the image of the clusters' nodes", COMPILED),
    in_nodes(argocd::PART, "Argo CD", COMPILED),
    of_part(
        admission::PART,
        "the controller that lets only signed images in",
        COMPILED,
        (true, Some(Extra::Admission)),
    ),
    addon(metrics_server::PART, "what measures pods, for autoscalers"), // wing: addons
    addon(external_dns::PART, "what names in Route 53 what clusters serve"), // wing: addons
    // wing: addons
    addon(
        argo_rollouts::PART,
        "what releases an app to a few visitors first",
    ),
    // end of wing
    // wing: addons, verifier
    addon(
        external_secrets::PART,
        "what keeps Secrets as Secrets Manager has them",
    ),
    // end of wing
    image(forge::PART, "the forge", COMPILED),
    image(
        aws::PART,
        "the emulator of AWS",
        &[Group::Python, Group::Maven, Group::DebianRoot],
    ),
    in_nodes(argocd::REDIS, "the Redis of Argo CD", &[Group::DebianRoot]),
    in_nodes(kube_router::PART, "what enforces network policies", COMPILED),
    files("kind", "kind, which makes clusters", GO, tools::KIND),
    files("kubectl", "kubectl", GO, kubectl::KUBECTL),
    files(
        "forge-pages",
        "the styles and scripts of the forge's pages",
        &[Group::Tools, Group::Python],
        forge_pages::FORGE_PAGES,
    ),
    files(
        "kustomize",
        "kustomize, which renders the manifests",
        GO,
        tools::KUSTOMIZE,
    ),
    files(
        "argocd-manifests",
        "the manifests of Argo CD",
        GO,
        FilesRecipe {
            make: |shop| to_json(argocd::manifests(shop)?),
            folders: |shop| Ok(vec![argocd::kept(shop)]),
            always: false,
        },
    ),
    files(
        "cosign",
        "cosign, which signs images",
        GO,
        FilesRecipe {
            make: |shop| to_json(admission::build_cosign(shop)?),
            folders: |shop| Ok(vec![admission::folder(shop)?]),
            always: false,
        },
    ),
    files(
        "kubeconform",
        "kubeconform, which holds manifests against schemas",
        &[Group::Tools, Group::Python],
        checks::KUBECONFORM,
    ),
    files(
        "gitleaks",
        "gitleaks, which looks for secrets",
        GO,
        checks::GITLEAKS,
    ),
    files(
        "schemathesis",
        "schemathesis, which fuzzes the API",
        PYTHON,
        tools::SCHEMATHESIS,
    ),
    files("wapiti", "wapiti, which scans the servers", PYTHON, tools::WAPITI),
    files("cloud", "the emulators of AWS", PYTHON, cloud::CLOUD),
    files("act", "act, which runs GitHub's workflows", GO, pipelines::ACT),
    files(
        "gitlab-ci-local",
        "gitlab-ci-local, which runs GitLab's pipelines",
        &[Group::Python, Group::Pipelines],
        pipelines::GITLAB_CI_LOCAL,
    ),
    files(
        "linters",
        "the linters of CI files",
        &[Group::Tools, Group::Python],
        pipelines::LINTERS,
    ),
    files(
        "axe-core",
        "axe-core, which looks for faults in a page",
        PYTHON,
        browser::AXE_CORE,
    ),
];

const GO: &[Group] = &[Group::Tools];
const PYTHON: &[Group] = &[Group::Python];
/// Go programs on a Debian.
const COMPILED: &[Group] = &[Group::Tools, Group::DebianRoot];

const fn image(part: Part, makes: &'static str, needs: &'static [Group]) -> Recipe {
    of_part(part, makes, needs, (false, None))
}

/// An image that every cluster runs.
const fn in_nodes(part: Part, makes: &'static str, needs: &'static [Group]) -> Recipe {
    of_part(part, makes, needs, (true, None))
}

// wing: addons
/// Not in the nodes' image, which would be another one with add-ons: their clusters are given it.
const fn addon(part: Part, makes: &'static str) -> Recipe {
    of_part(part, makes, GO, (false, Some(Extra::Addons)))
}
// end of wing

const fn of_part(
    part: Part,
    makes: &'static str,
    needs: &'static [Group],
    (in_nodes, extra): (bool, Option<Extra>),
) -> Recipe {
    Recipe {
        name: part.name,
        makes,
        needs,
        output: Output::Image(ImageRecipe {
            part,
            in_nodes,
            extra,
        }),
    }
}

const fn files(
    name: &'static str,
    makes: &'static str,
    needs: &'static [Group],
    files: FilesRecipe,
) -> Recipe {
    Recipe {
        name,
        makes,
        needs,
        output: Output::Files(files),
    }
}

/// An image with its row.
#[derive(Clone, Copy)]
pub(crate) struct Image {
    pub(crate) recipe: &'static Recipe,
    pub(crate) image: &'static ImageRecipe,
}

/// The recipe of this name.
pub fn named(name: &str) -> Result<&'static Recipe> {
    let names = || RECIPES.iter().map(|recipe| recipe.name).collect::<Vec<_>>();
    RECIPES
        .iter()
        .find(|recipe| recipe.name == name)
        .with_context(|| format!("there is no recipe `{name}`, only {}", names().join(", ")))
}

/// Every image, in the order of the table.
pub(crate) fn images() -> impl Iterator<Item = Image> {
    RECIPES.iter().filter_map(|recipe| match &recipe.output {
        Output::Image(image) => Some(Image { recipe, image }),
        Output::Files(_) => None,
    })
}

/// The images that a cluster's nodes carry, the node image first.
pub(crate) fn images_in_nodes(options: &Options) -> Vec<Image> {
    let mut images: Vec<_> = images()
        .filter(|each| each.image.in_nodes && options.want(each.image.extra))
        .collect();
    images.sort_by_key(|each| each.image.extra.is_some());
    images
}

/// Every folder of the cache that recipes of files name today.
pub(crate) fn folders(shop: Workshop<'_>) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for recipe in RECIPES {
        if let Output::Files(files) = &recipe.output {
            all.extend((files.folders)(shop)?);
        }
    }
    Ok(all)
}

/// The root of the checkout this was built in.
#[cfg(test)]
pub(crate) fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[cfg(test)]
mod tests;
