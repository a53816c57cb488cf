//! The table of recipes: names, pins, and what is got on request alone.

use std::collections::BTreeSet;

use super::*;
use crate::needs::{Check, NEEDS, Need};
use crate::recipe::needs;
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
    let names = |admission, addons| {
        let options = Options {
            admission,
            addons,
            ..Options::default()
        };
        let images = images_in_nodes(&options).into_iter();
        images.map(|each| each.recipe.name).collect::<Vec<_>>()
    };
    let always = names(false, false);
    assert_eq!(always[0], "node");
    assert_eq!(names(false, true), always, "add-ons make no other node image");
    assert_eq!(names(true, false), [&always[..], &["admission"]].concat());
}

// wing: addons
/// Whether the kinds that an add-on has in its folder are of the version that is built, as their
/// first line says.
pub(super) fn kinds_are_of(part: &Part, title: &str, kinds: &[&str]) {
    let versions = Versions::load().unwrap();
    let version = versions.get(part.name, part.name).unwrap();
    let folder = root().join("infra/addons").join(part.name).join("cluster");
    for kind in kinds {
        let text = std::fs::read_to_string(folder.join(format!("{kind}.yaml"))).unwrap();
        let first = text.lines().next().unwrap();
        assert!(
            first.contains(&format!("of {title} {version} ")),
            "{kind} is of another version: {first}"
        );
    }
}

fn addons() -> impl Iterator<Item = Image> {
    let asked = Options {
        addons: true,
        ..Options::default()
    };
    images().filter(move |each| asked.want(each.image.extra) && !Options::default().want(each.image.extra))
}

#[test]
fn the_images_of_add_ons_are_got_on_request_alone() {
    let addons: Vec<_> = addons().map(|each| each.recipe.name).collect();
    let expected = [
        "metrics-server",
        "external-dns",
        "argo-rollouts",
        "external-secrets", // wing: verifier
    ];
    assert_eq!(addons, expected);
}

#[test]
fn the_image_of_an_add_on_is_the_one_that_clusters_elsewhere_run() {
    let versions = Versions::load().unwrap();
    for Image { recipe, image } in addons() {
        let (name, image) = (recipe.name, image.part.image(&versions).unwrap());
        assert!(image.ends_with(&format!(":{}", versions.get(name, name).unwrap())));
        let path = root().join(format!("infra/addons/{name}/base/deployment.yaml"));
        let manifest = std::fs::read_to_string(path).unwrap();
        assert_eq!(
            manifest.matches(&format!("image: {image}\n")).count(),
            1,
            "{image}"
        );
    }
}
// end of wing

#[test]
fn packages_of_npm_are_got_without_a_node_of_the_machine() {
    let of_node = |need: &&Need| matches!(need.check, Check::Program("node" | "npm"));
    assert_eq!(NEEDS.iter().filter(of_node).count(), 0);
    for name in ["axe-core", "forge-pages", "gitlab-ci-local"] {
        let needs = named(name).unwrap().needs;
        assert!(
            needs.contains(&Group::Python),
            "{name} installs Node from the Python index"
        );
    }
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
