//! The repositories of a run: the checkouts in which its developer, operator and reviewer work, and
//! the manifests' one on the forge.

use std::path::PathBuf;

use crate::checkout::Checkout;
use crate::env::Ground;
use crate::forge::Repository;
use crate::layout::Home;
use crate::world::{ForgeAccess, World};

/// Where the scenarios' developer works.
pub(crate) fn application(ground: &Ground, world: &World) -> Checkout {
    Checkout::open(&folder(ground, world.layout.application()), &world.forge.token)
}

/// Where what was released is seen; the same folder, if it is the same repository.
pub(crate) fn manifests(ground: &Ground, world: &World) -> Checkout {
    Checkout::open(&folder(ground, world.layout.manifests()), &world.forge.token)
}

/// The folder of this run with a repository's checkout.
pub(crate) fn folder(ground: &Ground, home: Home) -> PathBuf {
    ground.run.file("checkout").join(home.name)
}

/// The repository of the manifests, as the forge has it.
pub(crate) fn manifests_on_forge(world: &World) -> Repository {
    let name = world.layout.manifests().name;
    world.forge.client().repository(ForgeAccess::ORGANISATION, name)
}
