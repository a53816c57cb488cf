//! The container in which an editor or Codespaces opens this repository: all of it is pinned, and
//! its Rust is the one that the workspace names. Its Go is Debian's.

use std::fs;

use serde_json::Value;

use crate::root;

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("read {name}: {error}"))
}

fn container() -> Value {
    serde_json::from_str(&read(".devcontainer/devcontainer.json")).expect("JSON")
}

/// The release itself has one that cannot get another, and the doctor would install that.
#[test]
fn its_go_is_of_the_backports_of_its_debian_and_comes_before_the_doctor() {
    let container = container();
    let image = container["image"].as_str().expect("an image");
    let (_, suite) = image.rsplit_once('-').expect("an image of a suite of Debian");
    let first = container["onCreateCommand"].as_str().expect("a command");
    for part in [
        format!("s/:.*/: {suite}-backports/"),
        format!("--target-release {suite}-backports golang-go"),
    ] {
        assert!(first.contains(&part), "{part}: {first}");
    }
    assert_eq!(container["postCreateCommand"], "cargo xtask doctor");
}

#[test]
fn it_is_pinned_and_has_the_rust_of_the_workspace() {
    let container = container();
    let manifest: toml::Value = toml::from_str(&read("Cargo.toml")).expect("TOML");
    let rust = manifest["workspace"]["package"]["rust-version"]
        .as_str()
        .expect("a version");
    let image = container["image"].as_str().expect("an image");
    let expected = format!("docker.io/library/rust:{rust}-");
    assert!(image.starts_with(&expected), "{image} is not {expected}…");
    let features = container["features"].as_object().expect("features");
    assert!(
        features
            .keys()
            .any(|feature| feature.contains("/docker-in-docker@")),
        "the e2e needs Docker"
    );
    for feature in features.keys() {
        let digest = feature.split_once("@sha256:").map(|(_, digest)| digest);
        assert!(
            digest.is_some_and(|digest| digest.len() == 64),
            "{feature} has no digest"
        );
    }
}
