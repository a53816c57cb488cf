//! Account and region are the same wherever they stand.

use crate::render::{ROOT, account_and_region};

#[test]
fn the_account_is_the_one_that_the_manifests_name() {
    let settings =
        std::fs::read_to_string(ROOT.join("infra/aws/parameters.toml")).expect("read the settings");
    let settings: toml::Table = settings.parse().expect("the settings are TOML");
    let (account, region) = account_and_region();
    assert_eq!(settings["account"].as_str(), Some(account));
    assert_eq!(settings["region"].as_str(), Some(region));
}
