//! The shapes that forks give their overlays.

use serde_json::json;

use super::*;

const DIGEST: &str = "sha256:aaaa";

/// The overlay as it comes, and as forks write it.
fn overlays() -> Vec<String> {
    let own = crate::run::run_dir::repo_root()
        .unwrap()
        .join("infra/backend/overlays/staging/kustomization.yaml");
    let own = std::fs::read_to_string(own).unwrap();
    let plain =
        "resources:\n  - ../../base\nimages:\n  - name: backend\n    digest: sha256:bbbb # commit c\n";
    let more = [
        "# The end, and no line after it",
        "patches:\n- path: environment.yaml\n  target: {kind: Deployment}\n\n# Tail.\n",
        "patches: [{path: environment.yaml}] # One.\nlabels:\n  - pairs: {team: board}\n",
        "patches: []\nreplicas: []\n",
        "patches:\n  - target: {kind: Job}\n    patch: |-\n      - op: remove\n        path: /spec/x\n  # Behind.\n",
        "replicas:\n  - {name: frontend, count: 3}\n  - {name: backend, count: 3}\n",
        "replicas:\n- count: 3\n  name: backend\n- count: 3\n  name: frontend\nnameSuffix: -x\n",
        "patches: [\n  {path: one.yaml},\n  {path: two.yaml}\n]\n",
        "replicas:\r\n  - name: backend\r\n    count: 1\r\n",
    ];
    let forks = more.into_iter().map(|more| format!("{plain}{more}"));
    let appended = own.clone() + "labels:\n  - pairs:\n      team: board\n# Ours.\n";
    forks.chain([plain.to_owned(), own, appended]).collect()
}

#[test]
fn a_patch_comes_last_in_every_shape_of_an_overlay() {
    let patch = json!({ "target": { "kind": "Deployment" }, "patch": "- op: \"x\" # y\n" });
    for overlay in overlays() {
        let before = read(&overlay).unwrap();
        let once = with_item(&overlay, "patches", &patch).expect(&overlay);
        let twice = with_item(&once, "patches", &patch).expect(&once);
        let after = read(&twice).unwrap();
        let count = before["patches"].as_array().map_or(0, Vec::len);
        assert_eq!(after["patches"].as_array().unwrap().len(), count + 2, "{twice}");
        assert_eq!(after["patches"][count + 1], patch);
        let kept = overlay.lines().filter(|line| !line.contains(['[', ']']));
        for line in kept {
            assert!(
                twice.lines().any(|other| other.starts_with(line)),
                "lost {line:?} in {twice}"
            );
        }
    }
}

#[test]
fn a_resource_is_added_beside_those_that_are_there() {
    for overlay in overlays() {
        let mut expected = read(&overlay).unwrap()["resources"].clone();
        expected.as_array_mut().unwrap().push(json!("more.yaml"));
        let added = with_item(&overlay, "resources", &json!("more.yaml")).expect(&overlay);
        assert_eq!(read(&added).unwrap()["resources"], expected);
    }
}

#[test]
fn replicas_are_those_of_the_app_in_every_shape_of_an_overlay() {
    for overlay in overlays() {
        let scaled = with_replicas(&overlay, "backend", 7).expect(&overlay);
        let (before, after) = (read(&overlay).unwrap(), read(&scaled).unwrap());
        let of = |text: &Value, app: &str| {
            let entries = text["replicas"].as_array().cloned().unwrap_or_default();
            entries
                .iter()
                .find(|entry| entry["name"] == app)
                .map(|entry| entry["count"].clone())
        };
        assert_eq!(of(&after, "backend"), Some(json!(7)), "{scaled}");
        assert_eq!(of(&after, "frontend"), of(&before, "frontend"), "{scaled}");
    }
}

#[test]
fn the_digest_is_another_and_the_rest_stays() {
    for overlay in overlays() {
        let changed = with_digest(&overlay, "backend", DIGEST).expect(&overlay);
        let pinned = read(&overlay).unwrap()["images"][0]["digest"].clone();
        assert_eq!(changed, overlay.replace(pinned.as_str().unwrap(), DIGEST));
    }
    assert!(with_digest("images: []\n", "backend", DIGEST).is_err());
}

#[test]
fn what_is_no_list_is_refused() {
    for strange in [
        "patches: one\n",
        "patches: &all\n  - a\nother: *all\n",
        "- patches\n",
    ] {
        assert!(with_item(strange, "patches", &json!("b")).is_err(), "{strange}");
    }
}
