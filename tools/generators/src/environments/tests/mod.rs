//! Environments added to and removed from a small checkout, under Git.

mod killed;
mod made;
mod places;
mod refused;
mod removed;

use std::fs;

use anyhow::Result;
use project::{Kind, Project};
use taskkit::aws::partition::PARAMETERS;

use super::{copies, new, places as listed_places, remove};
use crate::apps::tests::Checkout;
use crate::tables;

/// Takes out what only a fork has: environments between the first and the last, what was released,
/// and what it knows of the first one's clusters.
pub(crate) fn forget_own(checkout: &Checkout) {
    let project = project(checkout);
    let own = project.environments().iter();
    for own in own.filter(|at| ![project.first(), project.last()].contains(at)) {
        let paths = checkout.files().into_keys();
        for path in paths.filter(|path| copies::is_of(path, own.name())) {
            fs::remove_file(checkout.path(&path)).unwrap();
        }
        for place in listed_places::all(&project) {
            if let Ok(text) = fs::read_to_string(checkout.path(&place.path)) {
                checkout.write(&place.path, &place.without(&text, own.name(), own.branch()));
            }
        }
        let listed = checkout.read(project::FILE);
        checkout.write(project::FILE, &listed_places::removed(&listed, own.name()));
    }
    for app in project.apps() {
        let overlay = app.overlay(project.first());
        checkout.write(&overlay, &copies::cleared(&checkout.read(&overlay)));
    }
    let mut parameters = checkout.read(PARAMETERS);
    let header = format!("[{}]", project.first());
    if let Some(table) = tables::find(&parameters, &header, |_| true) {
        parameters.replace_range(table, &(header + "\n"));
        checkout.write(PARAMETERS, &parameters);
    }
}

/// `new-environment NAME --after staging`.
fn try_add(checkout: &Checkout, name: &str) -> Result<String> {
    new::run(checkout.root(), name, name, "staging", false)
}

fn add(checkout: &Checkout, name: &str) -> String {
    try_add(checkout, name).unwrap_or_else(|error| panic!("{name}: {error:#}"))
}

fn take_away(checkout: &Checkout, name: &str) -> String {
    remove::run(checkout.root(), name, false).unwrap_or_else(|error| panic!("{name}: {error:#}"))
}

/// As a person changes a file.
fn change(checkout: &Checkout, path: &str) {
    checkout.write(path, &(checkout.read(path) + "# Ours.\n"));
}

fn project(checkout: &Checkout) -> Project {
    Project::load(checkout.root()).unwrap()
}
