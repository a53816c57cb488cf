//! Environments added to and removed from a small checkout, under Git.

mod killed;
mod made;
mod places;
mod refused;
mod removed;

use std::fs;

use anyhow::Result;
use project::{Kind, Project};

use super::{new, remove};
use crate::apps::tests::Checkout;

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

fn project(checkout: &Checkout) -> Project {
    Project::load(checkout.root()).unwrap()
}
