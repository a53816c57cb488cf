//! Which right a request to EKS needs.

use anyhow::{Result, bail, ensure};

/// A request, as IAM sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As `eks:DescribeCluster`.
    pub action: &'static str,
    /// The cluster; nothing where the action has no resource of its own.
    pub cluster: Option<String>,
}

impl Call {
    /// Reads a request's method and path, without its query.
    pub fn of(method: &str, path: &str) -> Result<Self> {
        let parts: Vec<_> = path.split('/').skip(1).collect();
        let (action, cluster) = match (method, parts.as_slice()) {
            ("GET", ["clusters"]) => ("eks:ListClusters", None),
            ("GET", ["clusters", cluster]) => ("eks:DescribeCluster", Some(cluster)),
            _ => bail!("{method} {path} is no request to EKS that is known here"),
        };
        let is_plain = |name: &&str| {
            let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
            begins
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        };
        ensure!(cluster.is_none_or(is_plain), "{path} names no cluster");
        Ok(Self {
            action,
            cluster: cluster.map(|cluster| (*cluster).to_owned()),
        })
    }

    /// What a policy has to name, in a partition (`aws`) of AWS.
    pub fn resource(&self, partition: &str, region: &str, account: &str) -> String {
        match &self.cluster {
            Some(cluster) => format!("arn:{partition}:eks:{region}:{account}:cluster/{cluster}"),
            None => "*".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_needs_a_right_to_its_cluster() {
        let right = |path: &str| {
            let call = Call::of("GET", path).unwrap();
            (call.action, call.resource("aws", "r", "1"))
        };
        assert_eq!(right("/clusters"), ("eks:ListClusters", "*".to_owned()));
        let blue = "arn:aws:eks:r:1:cluster/blue_1".to_owned();
        assert_eq!(right("/clusters/blue_1"), ("eks:DescribeCluster", blue));
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        for (method, path) in [
            ("POST", "/clusters"),
            ("DELETE", "/clusters/blue"),
            ("GET", "/clusters/"),
            ("GET", "/clusters/blue/"),
            ("GET", "/clusters/blue/node-groups"),
            ("GET", "/clusters/blue%2Fx"),
            ("GET", "/clusters/*"),
            ("GET", "clusters"),
            ("GET", "/tags/arn"),
        ] {
            assert!(Call::of(method, path).is_err(), "{method} {path}");
        }
    }
}
