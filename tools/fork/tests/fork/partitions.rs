//! A region of another partition of AWS: its name in every ARN, its ending of every host.

use crate::checkout::{ACCOUNT, Checkout};

const HOME: &str = "eu-west-1";
/// A region, the name of its partition, and how its hosts end.
const REGIONS: &[(&str, &str, &str)] = &[
    ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
    ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
    ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
    ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
    ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
    ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
    ("ap-southeast-2", "aws", "amazonaws.com"),
];
/// The same in every partition: names that AWS gave once, not hosts (docs/AWS.md).
const EVERYWHERE: &[&str] = &[
    "sts.amazonaws.com",
    "eks.amazonaws.com/role-arn",
    "pods.eks.amazonaws.com",
    "codebuild.amazonaws.com",
    "codepipeline.amazonaws.com",
    "events.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
];

/// What in `text` belongs to another partition than this one.
fn foreign(text: &str, partition: &str, host: &str) -> Vec<String> {
    let mut text = text.replace(host, "");
    for name in EVERYWHERE {
        text = text.replace(name, "");
    }
    let foreign = |line: &&str| {
        let arn = line.split("arn:aws").skip(1);
        let wrong = |rest: &str| !format!("arn:aws{rest}").starts_with(&format!("arn:{partition}:"));
        arn.into_iter().any(wrong) || line.contains("amazonaws.")
    };
    text.lines().filter(foreign).map(str::to_owned).collect()
}

#[test]
fn no_name_or_host_of_another_partition_is_left() {
    let checkout = Checkout::of_git();
    checkout.fork(&["--account", ACCOUNT, "--region", HOME]);
    let home = checkout.deployed();
    let environments = checkout.project().environments().len(); // wing: sample
    for (region, partition, suffix) in REGIONS {
        let said = checkout.fork(&["--region", region]);
        let host = format!("{region}.{suffix}");
        let registry = format!("{ACCOUNT}.dkr.ecr.{host}/gitops-loop\n");
        assert!(said.contains(&registry), "{said}");
        let (mut arns, mut roles) = (0, 0);
        for (path, text) in checkout.deployed() {
            let left = foreign(&text, partition, &host);
            assert!(left.is_empty(), "{region}: {} has {left:?}", path.display());
            let arn = format!("arn:{partition}:iam::{ACCOUNT}:role/");
            arns += text.matches(&arn).count();
            roles += text.matches(&format!(":iam::{ACCOUNT}:role/")).count();
        }
        assert_eq!(arns, roles, "{region}: the partition of each role");
        assert!(roles >= 2 * environments, "{region}: {roles} roles"); // wing: sample
        checkout.fork(&["--region", HOME]);
        assert_eq!(checkout.deployed(), home, "from {region} and back");
    }
}

#[test]
fn what_a_former_version_left_of_another_partition_is_put_right() {
    let checkout = Checkout::of_git();
    checkout.fork(&["--account", ACCOUNT, "--region", "cn-north-1"]);
    let right = checkout.deployed();
    for (path, text) in &right {
        let wrong = text
            .replace("cn-north-1.amazonaws.com.cn", "cn-north-1.amazonaws.com")
            .replace("arn:aws-cn:", "arn:aws:");
        checkout.write(&format!("infra/{}", path.display()), &wrong);
    }
    assert_ne!(checkout.deployed(), right);
    checkout.fork(&["--region", "cn-north-1"]);
    assert_eq!(checkout.deployed(), right);
}

#[test]
fn the_templates_leave_partition_and_host_to_cloudformation() {
    for (path, text) in Checkout::of_an_archive().deployed() {
        if !path.starts_with("aws") || path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let code = |line: &&str| !line.trim_start().starts_with(['#', 'D']);
        let lines: Vec<_> = text.lines().filter(code).collect();
        let left = foreign(&lines.join("\n"), "${AWS::Partition}", "${AWS::URLSuffix}");
        assert!(left.is_empty(), "{}: {left:?}", path.display());
    }
}
