//! How the configuration is made of what upstream releases.

use super::*;

#[test]
fn upstreams_address_becomes_the_supplied_file() {
    let before = "resources:\n  - namespace.yaml\n  - https://example.com/v3.5.7/manifests/install.yaml\npatches: []\n";
    let after = "resources:\n  - namespace.yaml\n  - install.yaml\npatches: []\n";
    assert_eq!(with_local_manifests(before).unwrap(), after);
    assert!(
        with_local_manifests(after)
            .unwrap_err()
            .to_string()
            .contains("exactly one line")
    );
}

#[test]
fn definitions_come_first() {
    let text =
        "kind: Service\n---\napiVersion: v1\nkind: CustomResourceDefinition\nspec: {}\n---\nkind: Secret";
    let (definitions, rest) = split(text);
    assert_eq!(
        definitions,
        "apiVersion: v1\nkind: CustomResourceDefinition\nspec: {}"
    );
    assert_eq!(rest, "kind: Service\n---\nkind: Secret");
}
