//! The partitions of AWS: each has regions of its own, a name in every ARN, and an ending of every
//! host name.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use project::Project;
use serde::Deserialize;

/// Where account and region are said.
pub const PARAMETERS: &str = "infra/aws/parameters.toml";

/// What of it a host name is made of.
#[derive(Debug, Deserialize)]
pub struct Place {
    /// Twelve digits.
    pub account: String,
    /// As `eu-central-1`.
    pub region: String,
}

impl Place {
    /// That of the file whose text this is.
    pub fn of_text(text: &str) -> Result<Self> {
        toml::from_str(text).with_context(|| format!("read {PARAMETERS}"))
    }
}

/// Where the images of the checkout at `root` lie: `IMAGE_REGISTRY` of docs/CI.md.
pub fn registry(root: &Path, project: &Project) -> Result<String> {
    let text = fs::read_to_string(root.join(PARAMETERS)).with_context(|| format!("read {PARAMETERS}"))?;
    let Place { account, region } = Place::of_text(&text)?;
    Ok(registry_of(&account, &region, project.name()))
}

/// Where the images of a project of this name lie in an account and a region.
pub fn registry_of(account: &str, region: &str, name: &str) -> String {
    let suffix = of_region(region).suffix;
    format!("{account}.dkr.ecr.{region}.{suffix}/{name}")
}

/// One of them, as botocore's `partitions.json` lists it.
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    /// As in `arn:aws-cn:…`.
    pub name: &'static str,
    /// How the names of its regions begin; of the first partition, those that no other one has.
    regions: &'static str,
    /// As in `…dkr.ecr.cn-north-1.amazonaws.com.cn`.
    pub suffix: &'static str,
}

/// The one for everybody comes first.
pub const PARTITIONS: &[Partition] = &[
    partition("aws", "", "amazonaws.com"),
    partition("aws-cn", "cn-", "amazonaws.com.cn"),
    partition("aws-us-gov", "us-gov-", "amazonaws.com"),
    partition("aws-eusc", "eusc-", "amazonaws.eu"),
    partition("aws-iso", "us-iso-", "c2s.ic.gov"),
    partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov"),
    partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk"),
    partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov"),
];

const fn partition(name: &'static str, regions: &'static str, suffix: &'static str) -> Partition {
    Partition {
        name,
        regions,
        suffix,
    }
}

/// The partition that a region belongs to.
pub fn of_region(region: &str) -> &'static Partition {
    let others = PARTITIONS.iter().skip(1);
    others
        .into_iter()
        .find(|partition| region.starts_with(partition.regions))
        .unwrap_or(&PARTITIONS[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_tells_its_partition() {
        for (region, name, suffix) in [
            ("eu-central-1", "aws", "amazonaws.com"),
            ("mx-central-1", "aws", "amazonaws.com"),
            ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
            ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"),
            ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
        ] {
            let found = of_region(region);
            assert_eq!((found.name, found.suffix), (name, suffix), "{region}");
        }
    }
}
