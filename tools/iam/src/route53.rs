//! Which right a request to Route 53 needs.

use anyhow::{Result, bail, ensure};

const VERSION: &str = "/2013-04-01/";

/// A request, as IAM sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As `route53:ListHostedZones`.
    pub action: &'static str,
    /// The zone; nothing where the action has no resource of its own.
    pub zone: Option<String>,
}

impl Call {
    /// Reads a request's method and path, without its query.
    pub fn of(method: &str, path: &str) -> Result<Self> {
        let whole = path.strip_prefix(VERSION).unwrap_or_default();
        let parts: Vec<_> = whole.trim_end_matches('/').split('/').collect();
        let (action, zone) = match (method, parts.as_slice()) {
            ("GET", ["hostedzone"]) => ("route53:ListHostedZones", None),
            ("GET", ["hostedzone", zone, "rrset"]) => ("route53:ListResourceRecordSets", Some(zone)),
            ("POST", ["hostedzone", zone, "rrset"]) => ("route53:ChangeResourceRecordSets", Some(zone)),
            _ => bail!("{method} {path} is no request to Route 53 that is known here"),
        };
        let mut letters = zone.iter().flat_map(|zone| zone.chars());
        ensure!(letters.all(|c| c.is_ascii_alphanumeric()), "{path} names no zone");
        Ok(Self {
            action,
            zone: zone.map(|zone| (*zone).to_owned()),
        })
    }

    /// What a policy has to name, in a partition (`aws`) of AWS.
    pub fn resource(&self, partition: &str) -> String {
        match &self.zone {
            Some(zone) => format!("arn:{partition}:route53:::hostedzone/{zone}"),
            None => "*".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_needs_a_right_to_its_zone() {
        let right = |method: &str, path: &str| {
            let call = Call::of(method, path).unwrap();
            (call.action, call.resource("aws"))
        };
        assert_eq!(
            right("GET", "/2013-04-01/hostedzone"),
            ("route53:ListHostedZones", "*".to_owned())
        );
        let zone = "arn:aws:route53:::hostedzone/Z1".to_owned();
        assert_eq!(
            right("GET", "/2013-04-01/hostedzone/Z1/rrset"),
            ("route53:ListResourceRecordSets", zone.clone())
        );
        assert_eq!(
            right("POST", "/2013-04-01/hostedzone/Z1/rrset/"),
            ("route53:ChangeResourceRecordSets", zone)
        );
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        for (method, path) in [
            ("DELETE", "/2013-04-01/hostedzone/Z1"),
            ("POST", "/2013-04-01/hostedzone"),
            ("GET", "/hostedzone"),
            ("GET", "/2013-04-01/hostedzone/Z1/rrset/x"),
            ("GET", "/2013-04-01/hostedzone/Z%2F1/rrset"),
            ("GET", "/_localstack/health"),
        ] {
            assert!(Call::of(method, path).is_err(), "{method} {path}");
        }
    }
}
