//! Which right a request to Secrets Manager needs.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// How AWS ends the name of each secret in its ARN: six characters, which no request says. They
/// are anything here, so a policy has to leave them open.
const END: &str = "-??????";

/// A request, as IAM sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As `secretsmanager:GetSecretValue`.
    pub action: String,
    /// The secret's name, or its ARN where the request has that.
    pub secret: String,
}

impl Call {
    /// Reads a request's `x-amz-target` and body. An error if it names no secret, or several: a
    /// batch needs the right to each of its parts, which nothing here asks for.
    pub fn of(target: &str, body: &[u8]) -> Result<Self> {
        let (_, operation) = target.rsplit_once('.').context("an operation")?;
        let body: Value = serde_json::from_slice(body).context("read a request")?;
        let secret = body["SecretId"].as_str();
        let secret = secret.with_context(|| format!("{operation} names no one secret"))?;
        ensure!(
            !secret.is_empty() && !secret.contains(['*', '?']),
            "{secret} is no name of a secret"
        );
        Ok(Self {
            action: format!("secretsmanager:{operation}"),
            secret: secret.to_owned(),
        })
    }

    /// The ARN that a policy has to name, in a partition (`aws`) of AWS.
    pub fn resource(&self, partition: &str, region: &str, account: &str) -> String {
        if self.secret.starts_with("arn:") {
            return self.secret.clone();
        }
        let name = &self.secret;
        format!("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}{END}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::allows;

    fn get(secret: &str) -> Result<Call> {
        let body = json!({ "SecretId": secret, "VersionStage": "AWSCURRENT" }).to_string();
        Call::of("secretsmanager.GetSecretValue", body.as_bytes())
    }

    #[test]
    fn a_request_needs_a_right_to_its_secret() {
        let call = get("board/token").unwrap();
        assert_eq!(call.action, "secretsmanager:GetSecretValue");
        let arn = "arn:aws:secretsmanager:r:1:secret:board/token-";
        assert_eq!(call.resource("aws", "r", "1"), format!("{arn}??????"));
        let whole = format!("{arn}AbCdEf");
        assert_eq!(get(&whole).unwrap().resource("aws", "r", "2"), whole);
    }

    #[test]
    fn a_policy_for_one_name_is_one_for_no_longer_name() {
        let policy = |end: &str| {
            json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
                "Resource": format!("arn:aws:secretsmanager:r:1:secret:board/token-{end}"),
            }] })
        };
        let is_allowed = |end: &str, secret: &str| {
            let call = get(secret).unwrap();
            allows(&policy(end), &call.action, &call.resource("aws", "r", "1")).unwrap()
        };
        assert!(is_allowed("??????", "board/token"));
        assert!(!is_allowed("??????", "board/token-of-another"));
        assert!(!is_allowed("??????", "board/tokens"));
        assert!(
            !is_allowed("AbCdEf", "board/token"),
            "which it is cannot be known"
        );
    }

    #[test]
    fn what_names_no_one_secret_is_an_error() {
        for body in [
            "{}",
            r#"{"SecretIdList": ["a"]}"#,
            r#"{"SecretId": "a*"}"#,
            "no JSON",
        ] {
            let call = Call::of("secretsmanager.GetSecretValue", body.as_bytes());
            assert!(call.is_err(), "{body}");
        }
        assert!(get("").is_err());
        assert!(Call::of("GetSecretValue", br#"{"SecretId": "a"}"#).is_err());
    }
}
