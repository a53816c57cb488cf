//! Gitea: Git over HTTP, pull requests, webhooks and a container registry in one process.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::debian::DebianRoot;
use crate::go::GoModule;
use crate::image::copy_tree;
use crate::part::Part;
use crate::workshop::Workshop;

/// Same interface as upstream's image, without SSH and the styles and scripts of its pages.
pub const PART: Part = Part {
    name: "forge",
    context: &[("Containerfile", include_str!("../../images/forge/Containerfile"))],
    source: include_str!("forge.rs"),
    prepare,
};

/// Where the image keeps what upstream compiles into the binary.
const STATIC_ROOT: &str = "/usr/share/gitea";

const PACKAGES: &[&str] = &[
    "base-files",
    "bash",
    "ca-certificates",
    "coreutils",
    "dash",
    "gettext-base",
    "git",
    "gosu",
    "grep",
    "mawk",
    "netbase",
    "s6",
    "sed",
    "tzdata",
];

/// Since 1.27 Gitea calls its modules `gitea.dev/…`. Not every registry has them so, but all have
/// them under their former paths.
const MOVED: &[(&str, &str, &str)] = &[
    (
        "gitea.dev/actions-proto-go",
        "code.gitea.io/actions-proto-go",
        "v0.6.0",
    ),
    ("gitea.dev/sdk", "code.gitea.io/sdk", "v1.2.0"),
];

/// The version that it requires was withdrawn from registries.
const REPLACED: &[(&str, &str)] = &[("gitlab.com/gitlab-org/api/client-go/v2", "v2.43.0")];

fn prepare(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    let version = shop.versions.get("forge", "gitea")?;
    let gitea = GoModule {
        module: "code.gitea.io/gitea",
        version,
        binaries: &[("gitea", "gitea.dev")],
        replaced: REPLACED,
        moved: MOVED,
        variables: &[
            format!("main.Version={}", version.trim_start_matches('v')),
            format!("gitea.dev/modules/setting.StaticRootPath={STATIC_ROOT}"),
        ],
        ..GoModule::default()
    };
    copy_tree(&gitea.build(shop)?, &folder.join("bin"))?;
    let source = gitea.source(shop)?;
    for name in ["templates", "options", "public"] {
        copy_tree(&source.join(name), &folder.join("static").join(name))?;
    }
    let root = folder.join("docker");
    copy_tree(&source.join("docker/root"), &root)?;
    let ssh = root.join("etc/s6/openssh");
    fs::remove_dir_all(&ssh).with_context(|| format!("leave out {}", ssh.display()))?;
    DebianRoot {
        name: "forge",
        packages: PACKAGES,
    }
    .extract(shop, &folder.join("root.tar"))
}
