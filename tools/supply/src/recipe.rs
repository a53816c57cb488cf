//! What every recipe says of itself, so that pulling, building, pruning and the doctor need not
//! know any of them by name.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::Value;

use crate::needs::Group;
use crate::part::Part;
use crate::recipes::RECIPES;
use crate::workshop::Workshop;

/// A row of the table of all recipes.
#[derive(Clone, Copy)]
pub struct Recipe {
    /// Names it on the command line and in JSON.
    pub name: &'static str,
    /// What it makes and what that is for, as an error continues after "get".
    pub makes: &'static str,
    /// What the machine must bring to make it.
    pub needs: &'static [Group],
    /// What comes of it.
    pub output: Output,
}

/// What comes of a recipe.
#[derive(Clone, Copy)]
pub enum Output {
    /// An image, which is pulled where a registry answers.
    Image(ImageRecipe),
    /// Programs or other files in the cache.
    Files(FilesRecipe),
}

/// How an image is used.
#[derive(Clone, Copy)]
pub struct ImageRecipe {
    /// How it is built.
    pub part: Part,
    /// Every cluster runs it, so the node image carries it; the first of these is the node image
    /// itself.
    pub in_nodes: bool,
    /// Got only where [`crate::Options::admission`] asks for it.
    pub on_request: bool,
}

/// How files are made.
#[derive(Clone, Copy)]
pub struct FilesRecipe {
    /// Makes them, or finds them in the cache, and says as JSON where they lie.
    pub make: fn(Workshop<'_>) -> Result<Value>,
    /// The folders of the cache that hold them; no others are kept.
    pub folders: fn(Workshop<'_>) -> Result<Vec<PathBuf>>,
    /// Made even where nothing may be installed: whole suites of tests cannot do without, and it
    /// lies in the cache alone.
    pub always: bool,
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
pub(crate) fn images_in_nodes(with_requested: bool) -> Vec<Image> {
    let mut images: Vec<_> = images()
        .filter(|each| each.image.in_nodes && (with_requested || !each.image.on_request))
        .collect();
    images.sort_by_key(|each| each.image.on_request);
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

/// The needs of several recipes, each once.
pub(crate) fn needs<'a>(recipes: impl IntoIterator<Item = &'a Recipe>) -> Vec<Group> {
    let mut groups = Vec::new();
    for group in recipes.into_iter().flat_map(|recipe| recipe.needs) {
        if !groups.contains(group) {
            groups.push(*group);
        }
    }
    groups
}

/// Where the files of a recipe lie, for a program that reads JSON.
pub(crate) fn to_json(files: impl Serialize) -> Result<Value> {
    serde_json::to_value(files).context("write paths as JSON")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::versions::Versions;

    #[test]
    fn every_recipe_has_a_name_of_its_own() {
        let names: BTreeSet<_> = RECIPES.iter().map(|recipe| recipe.name).collect();
        assert_eq!(names.len(), RECIPES.len());
        assert_eq!(named("kustomize").unwrap().name, "kustomize");
        let error = named("kustomise").err().unwrap().to_string();
        assert!(error.contains("kustomize"), "{error}");
    }

    #[test]
    fn every_image_is_pinned_and_has_a_containerfile() {
        let versions = Versions::load().unwrap();
        for Image { recipe, image } in images() {
            let (name, pinned) = (recipe.name, image.part.image(&versions).unwrap());
            assert_eq!(name, image.part.name);
            let registry = pinned.split('/').next().unwrap();
            assert!(registry.contains('.'), "{pinned} must name its registry");
            let tag = pinned.rsplit('/').next().unwrap();
            assert!(tag.contains(':'), "{pinned} must be pinned");
            let mut files = image.part.context.iter();
            assert!(files.any(|(file, _)| *file == "Containerfile"), "{name}");
        }
    }

    #[test]
    fn nodes_carry_what_is_on_request_last_and_only_then() {
        let names = |requested| {
            images_in_nodes(requested)
                .into_iter()
                .map(|each| each.recipe.name)
        };
        assert_eq!(names(false).next(), Some("node"));
        assert!(!names(false).any(|name| name == "admission"));
        assert_eq!(names(true).next_back(), Some("admission"));
    }

    #[test]
    fn a_need_that_recipes_share_is_looked_at_once() {
        let all = needs(RECIPES);
        assert!(
            all.iter()
                .all(|group| all.iter().filter(|each| *each == group).count() == 1)
        );
        assert!(all.contains(&Group::Maven), "{all:?}");
    }
}
