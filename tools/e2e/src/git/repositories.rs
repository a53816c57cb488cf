//! The repositories of a run: the checkouts in which its developer, operator and reviewer work, and
//! the manifests' one on the forge.

use std::path::PathBuf;

use crate::git::checkout::Checkout;
use crate::git::forge::{ForgeAccess, Repository};
use crate::git::layout::Home;
use crate::run::Harness;
use crate::world::World;

/// Where the scenarios' developer works.
pub(crate) fn application(harness: &Harness, world: &World) -> Checkout {
    Checkout::open(&folder(harness, world.layout.application()), &world.forge.token)
}

/// Where what was released is seen; the same folder, if it is the same repository.
pub(crate) fn manifests(harness: &Harness, world: &World) -> Checkout {
    Checkout::open(&folder(harness, world.layout.manifests()), &world.forge.token)
}

/// The folder of this run with a repository's checkout.
pub(crate) fn folder(harness: &Harness, home: Home) -> PathBuf {
    harness.run.file("checkout").join(home.name)
}

/// The repository of the code, as the forge has it.
pub(crate) fn application_on_forge(world: &World) -> Repository {
    on_forge(world, world.layout.application())
}

/// The repository of the manifests, as the forge has it.
pub(crate) fn manifests_on_forge(world: &World) -> Repository {
    on_forge(world, world.layout.manifests())
}

fn on_forge(world: &World, home: Home) -> Repository {
    world
        .forge
        .client()
        .repository(ForgeAccess::ORGANISATION, home.name)
}
