//! The container in which an editor or Codespaces opens this repository: all of it is pinned, and
//! its Rust is the one that the workspace names.

use std::fs;

use serde_json::Value;

use crate::root;

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("read {name}: {error}"))
}

#[test]
fn it_is_pinned_and_has_the_rust_of_the_workspace() {
    let container: Value = serde_json::from_str(&read(".devcontainer/devcontainer.json")).expect("JSON");
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
