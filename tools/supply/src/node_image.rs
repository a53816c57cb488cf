//! The image of the nodes: kind's own with what each cluster runs in it, so that a new cluster
//! loads nothing.

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::engine::Kind;
use crate::key::{Key, code};
use crate::options::Options;
use crate::part::STAGE;
use crate::preload::preload;
use crate::recipes::images_in_nodes;
use crate::run;
use crate::work::make;
use crate::workshop::{Workshop, minutes};

/// The repository of node images that carry what each cluster runs.
const NODE: &str = "localhost/gitops-loop/node";

/// The node image with what each cluster runs in it, whether they were pulled or built.
pub(crate) fn whole_node(shop: Workshop<'_>, options: &Options) -> Result<String> {
    let target = node_name(shop, options)?;
    let there = id(shop, &target).is_ok();
    make(shop, "whole-node", |shop| {
        if there {
            return Ok(());
        }
        run::check_cancelled()?;
        let images = images(shop, options)?;
        let (node, inside) = images.split_first().context("a node is made of an image")?;
        preload(shop, node, inside, &target, &format!("{STAGE}=whole-node"))
    })?;
    Ok(target)
}

/// The node itself, and what is put into it.
fn images<'v>(shop: Workshop<'v>, options: &Options) -> Result<Vec<&'v str>> {
    images_in_nodes(options)
        .into_iter()
        .map(|each| each.image.part.image(shop.versions))
        .collect()
}

/// Named by the contents of what goes into it.
pub(crate) fn node_name(shop: Workshop<'_>, options: &Options) -> Result<String> {
    let mut inputs = vec![code(include_str!("preload.rs"))];
    for image in images(shop, options)? {
        inputs.push(id(shop, image)?);
    }
    Ok(format!("{NODE}:{}", Key::of(inputs.iter().map(String::as_bytes))))
}

/// The id of an image that the engine holds.
pub(crate) fn id(shop: Workshop<'_>, image: &str) -> Result<String> {
    let sh = Shell::new().context("open a shell")?;
    let inspect = shop
        .engine()?
        .command(&sh, ["image", "inspect", "--format", "{{.Id}}", image]);
    shop.read("engine", minutes(1), inspect)
        .with_context(|| format!("inspect {image}"))
}

/// Removes node images of older parts, and untagged images that recipes left, but no image of the
/// user's.
pub(crate) fn forget_intermediates(shop: Workshop<'_>, kept: &str) -> Result<()> {
    let sh = Shell::new().context("open a shell")?;
    let engine = shop.engine()?;
    let filter = format!("reference={NODE}");
    let list = engine.command(
        &sh,
        [
            "image",
            "ls",
            "--format",
            "{{.Repository}}:{{.Tag}}",
            "--filter",
            &filter,
        ],
    );
    let list = shop.read("prune", minutes(1), list)?;
    for image in list.lines().filter(|image| *image != kept) {
        // A node that still runs keeps its image.
        let _ = shop.run("prune", minutes(1), engine.command(&sh, ["image", "rm", image]));
    }
    let prune = engine.command(&sh, ["image", "prune", "--force"]);
    let prune = match engine.kind() {
        Kind::Podman => prune,
        Kind::Docker => prune.args(["--filter", &format!("label={STAGE}")]),
    };
    shop.run("prune", minutes(3), prune)
}
