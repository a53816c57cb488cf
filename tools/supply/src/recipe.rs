//! What every recipe says of itself, so that pulling, building, pruning and the doctor need not
//! know any of them by name.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::Value;

use crate::needs::Group;
use crate::options::Extra;
use crate::part::Part;
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
    /// Got only where this is asked for; otherwise always.
    pub extra: Option<Extra>,
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
