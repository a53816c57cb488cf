//! Who may take on a role by a signed token: the part of IAM's rules that the trust policies here
//! use.
//!
//! No emulator evaluates them. Whatever this module does not know is an error, never a yes or a no.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::pattern::{like, texts};
use crate::role_trust;
use crate::statement::{Comparison, OF_TRUST, Statement, allowed, conditions_hold, statements};

pub(crate) const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// A token: who issued it, and what it says.
#[derive(Debug, Clone)]
pub struct Token {
    /// Without `https://`.
    pub issuer: String,
    /// `aud`, `sub` and what else it claims.
    pub claims: BTreeMap<&'static str, String>,
}

impl Token {
    /// One with the two claims that matter.
    pub fn new(issuer: &str, aud: &str, sub: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            claims: BTreeMap::from([("aud", aud.to_owned()), ("sub", sub.to_owned())]),
        }
    }
}

/// Whether the policy lets the bearer of `token` in: some statement allows it, and none denies it.
pub fn allows(policy: &Value, account: &str, token: &Token) -> Result<bool> {
    allowed(&statements(policy, OF_TRUST)?, |statement| {
        matches_token(statement, account, token)
    })
}

/// How the subject ends for any tag of a version, on GitHub and on GitLab.
const VERSIONS: [&str; 2] = [":ref:refs/tags/v*", ":ref_type:tag:ref:v*"];

// wing: previews
/// How the subject begins for the accounts of all previews, whose namespaces have a number each.
const PREVIEWS: &str = "system:serviceaccount:preview-*:";
/// How the subject ends for any branch of a project on GitLab, of which a merge request's is one.
const MERGE_REQUESTS: &str = ":ref_type:branch:ref:*";
// end of wing

/// Every statement must name an audience and a subject, and a wildcard may stand only at the end of
/// a version's tag, for the number of a preview, or for the branch of a merge request: a policy
/// without is open to everybody whom the issuer serves.
pub fn is_bound(policy: &Value) -> Result<()> {
    for statement in statements(policy, OF_TRUST)? {
        let conditions = statement["Condition"]
            .as_object()
            .context("a statement has no condition")?;
        for claim in [":aud", ":sub"] {
            let named = conditions
                .values()
                .filter_map(Value::as_object)
                .any(|keys| keys.keys().any(|key| key.ends_with(claim)));
            ensure!(named, "a statement names no `{claim}`");
        }
        for (key, values) in conditions
            .get("StringLike")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            for pattern in texts(values)? {
                let mut starts = VERSIONS.iter().filter_map(|end| pattern.strip_suffix(end));
                let fixed = starts.any(|start| !start.contains(['*', '?']));
                // wing: previews
                let account = pattern.strip_prefix(PREVIEWS);
                let fixed = fixed || account.is_some_and(|name| !name.contains(['*', '?', ':']));
                let project = pattern.strip_suffix(MERGE_REQUESTS);
                let fixed = fixed || project.is_some_and(|project| !project.contains(['*', '?']));
                // end of wing
                ensure!(fixed, "`{key}` may be anything like {pattern}");
            }
        }
    }
    Ok(())
}

fn matches_token(statement: &Statement, account: &str, token: &Token) -> Result<bool> {
    // A statement for roles says nothing of tokens.
    if statement["Action"] == role_trust::ACTION {
        return Ok(false);
    }
    ensure!(
        statement["Action"] == ACTION,
        "unknown action {}",
        statement["Action"]
    );
    let principal = statement["Principal"].as_object().context("a principal")?;
    ensure!(principal.len() == 1, "unknown principal {principal:?}");
    let provider = principal
        .get("Federated")
        .and_then(Value::as_str)
        .context("a federated principal")?;
    if !is_provider(provider, account, &token.issuer) {
        return Ok(false);
    }
    conditions_hold(statement, comparison, |key| claim(key, token))
}

/// Whether this is the ARN of an issuer's OIDC provider in an account, in whichever partition.
fn is_provider(arn: &str, account: &str, issuer: &str) -> bool {
    let rest = arn.strip_prefix("arn:").and_then(|rest| rest.split_once(':'));
    rest.is_some_and(|(partition, rest)| {
        (partition == "aws" || partition.starts_with("aws-"))
            && rest == format!("iam::{account}:oidc-provider/{issuer}")
    })
}

fn comparison(operator: &str) -> Result<Comparison> {
    match operator {
        "StringEquals" => Ok(|expected, said| expected == said),
        "StringLike" => Ok(like),
        other => bail!("unknown operator {other}"),
    }
}

/// What the token says under a key as `issuer:claim`.
fn claim<'t>(key: &str, token: &'t Token) -> Result<Option<&'t str>> {
    let (issuer, name) = key
        .rsplit_once(':')
        .with_context(|| format!("unknown key {key}"))?;
    // A key of another issuer is in no token of this one.
    if issuer != token.issuer {
        return Ok(None);
    }
    Ok(token.claims.get(name).map(String::as_str))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(condition: &Value) -> Value {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": ACTION,
            "Principal": {"Federated": "arn:aws:iam::1:oidc-provider/idp"},
            "Condition": condition,
        }]})
    }

    #[test]
    fn every_condition_must_hold() {
        let policy = policy(&json!({"StringEquals": {"idp:aud": "a", "idp:sub": ["s", "t"]}}));
        let allowed = |token: Token| allows(&policy, "1", &token).unwrap();
        assert!(allowed(Token::new("idp", "a", "s")));
        assert!(allowed(Token::new("idp", "a", "t")));
        assert!(!allowed(Token::new("idp", "b", "s")));
        assert!(!allowed(Token::new("idp", "a", "u")));
        assert!(!allowed(Token::new("other", "a", "s")));
        let mut silent = Token::new("idp", "a", "s");
        silent.claims.remove("sub");
        assert!(!allowed(silent));
    }

    #[test]
    fn the_provider_may_be_in_any_partition_but_in_no_other_account() {
        let allowed = |provider: &str| {
            let mut policy = policy(&json!({}));
            policy["Statement"][0]["Principal"]["Federated"] = provider.into();
            allows(&policy, "1", &Token::new("idp", "a", "s")).unwrap()
        };
        assert!(allowed("arn:aws-cn:iam::1:oidc-provider/idp"));
        for other in [
            "arn:awsome:iam::1:oidc-provider/idp",
            "arn:aws:iam::2:oidc-provider/idp",
            "idp",
        ] {
            assert!(!allowed(other), "{other}");
        }
    }

    #[test]
    fn a_denial_wins() {
        let mut policy = policy(&json!({"StringEquals": {"idp:aud": "a"}}));
        let mut denial = policy["Statement"][0].clone();
        denial["Effect"] = "Deny".into();
        policy["Statement"].as_array_mut().unwrap().push(denial);
        assert!(!allows(&policy, "1", &Token::new("idp", "a", "s")).unwrap());
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let token = Token::new("idp", "a", "s");
        let unknown = policy(&json!({"StringEqualsIgnoreCase": {"idp:aud": "a"}}));
        assert!(allows(&unknown, "1", &token).is_err());
        let mut everybody = policy(&json!({}));
        everybody["Statement"][0]["Principal"] = json!("*");
        assert!(allows(&everybody, "1", &token).is_err());
        let mut resource = policy(&json!({}));
        resource["Statement"][0]["NotAction"] = json!("x");
        assert!(allows(&resource, "1", &token).is_err());
    }

    #[test]
    fn an_open_policy_is_found() {
        let bound = |condition: Value| is_bound(&policy(&condition));
        let aud = json!({"idp:aud": "a"});
        assert!(bound(json!({"StringEquals": {"idp:aud": "a", "idp:sub": "s"}})).is_ok());
        assert!(bound(json!({"StringEquals": aud})).is_err(), "no subject");
        assert!(
            bound(json!({"StringEquals": {"idp:sub": "s"}})).is_err(),
            "no audience"
        );
        for open in [
            "repo:*",
            "repo:a/b:*",
            "repo:a/*:ref:refs/tags/v*",
            "project_path:a/*:ref_type:tag:ref:v*",
            "system:serviceaccount:*:backend",
            "system:serviceaccount:preview-*:*",
            "project_path:a/*:ref_type:branch:ref:*",
            "project_path:a/b:ref_type:*:ref:*",
        ] {
            let condition = json!({"StringEquals": aud, "StringLike": {"idp:sub": open}});
            assert!(bound(condition).is_err(), "{open}");
        }
    }
}
