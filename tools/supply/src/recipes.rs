//! The table of all recipes. A new one is a row here and a file below.

pub mod admission;
pub mod argocd;
pub mod aws;
pub mod browser;
pub mod checks;
pub mod cloud;
pub mod forge;
pub mod kube_router;
pub mod node;
pub mod pipelines;
pub mod tools;

use crate::needs::Group;
use crate::part::Part;
use crate::recipe::{FilesRecipe, ImageRecipe, Output, Recipe, to_json};

/// Everything from outside. Of the images, the slowest to build come first.
pub const RECIPES: &[Recipe] = &[
    in_nodes(node::PART, "the image of the clusters' nodes", COMPILED),
    in_nodes(argocd::PART, "Argo CD", COMPILED),
    on_request(
        admission::PART,
        "the controller that lets only signed images in",
        COMPILED,
    ),
    image(forge::PART, "the forge", COMPILED),
    image(
        aws::PART,
        "the emulator of AWS",
        &[Group::Python, Group::Maven, Group::DebianRoot],
    ),
    in_nodes(argocd::REDIS, "the Redis of Argo CD", &[Group::DebianRoot]),
    in_nodes(kube_router::PART, "what enforces network policies", COMPILED),
    files("kind", "kind, which makes clusters", GO, tools::KIND),
    files("kubectl", "kubectl", GO, tools::KUBECTL),
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
        &[],
        browser::AXE_CORE,
    ),
];

const GO: &[Group] = &[Group::Tools];
const PYTHON: &[Group] = &[Group::Python];
/// Go programs on a Debian.
const COMPILED: &[Group] = &[Group::Tools, Group::DebianRoot];

const fn image(part: Part, makes: &'static str, needs: &'static [Group]) -> Recipe {
    of_part(part, makes, needs, false, false)
}

/// An image that every cluster runs.
const fn in_nodes(part: Part, makes: &'static str, needs: &'static [Group]) -> Recipe {
    of_part(part, makes, needs, true, false)
}

/// An image that clusters run where it is asked for.
const fn on_request(part: Part, makes: &'static str, needs: &'static [Group]) -> Recipe {
    of_part(part, makes, needs, true, true)
}

const fn of_part(
    part: Part,
    makes: &'static str,
    needs: &'static [Group],
    in_nodes: bool,
    on_request: bool,
) -> Recipe {
    Recipe {
        name: part.name,
        makes,
        needs,
        output: Output::Image(ImageRecipe {
            part,
            in_nodes,
            on_request,
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

/// The root of the checkout this was built in.
#[cfg(test)]
pub(crate) fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
