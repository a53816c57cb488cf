//! The partitions of AWS: each has regions of its own, a name in every ARN, and an ending of every
//! host name.

/// One of them, as botocore's `partitions.json` lists it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Partition {
    /// As in `arn:aws-cn:…`.
    pub(super) name: &'static str,
    /// How the names of its regions begin; of the first partition, those that no other one has.
    regions: &'static str,
    /// As in `…dkr.ecr.cn-north-1.amazonaws.com.cn`.
    pub(super) suffix: &'static str,
}

/// The one for everybody comes first.
pub(super) const PARTITIONS: &[Partition] = &[
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
pub(super) fn of_region(region: &str) -> &'static Partition {
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
