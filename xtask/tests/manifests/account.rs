//! Account and region are the same wherever they stand.

use crate::render::{account_and_region, registry};

/// Account and region in the name of a registry of AWS.
fn named(registry: &str) -> Option<(&str, &str)> {
    let parts: Vec<_> = registry.split('.').collect();
    match parts[..] {
        [account, "dkr", "ecr", region, ..] => Some((account, region)),
        _ => None,
    }
}

#[test]
fn the_account_is_the_one_that_the_manifests_name() {
    // A fork may have its images elsewhere.
    let named = named(registry());
    assert!(
        named.is_none_or(|named| named == account_and_region()),
        "{named:?}"
    );
}

#[test]
fn a_registry_of_aws_names_its_account_and_another_none() {
    let of_aws = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/board";
    assert_eq!(named(of_aws), Some(("123456789012", "cn-north-1")));
    for other in ["registry.example.com/board", "localhost:5000/board"] {
        assert_eq!(named(other), None, "{other}");
    }
}
