//! The policies of roles, as the templates have put them into the emulator.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hyper::StatusCode;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::role::Role;
use crate::upstream::Upstream;
use crate::xml;

const VERSION: (&str, &str) = ("Version", "2010-05-08");
/// How long a role's permissions count without being asked for again: a change reaches a request in
/// AWS within seconds, too.
const FRESH: Duration = Duration::from_secs(2);

/// What IAM has of roles.
#[derive(Debug)]
pub(crate) struct Deployed {
    upstream: Upstream,
    permissions: Mutex<HashMap<Role, (Instant, Arc<Value>)>>,
}

impl Deployed {
    pub(crate) fn new(upstream: Upstream) -> Self {
        Self {
            upstream,
            permissions: Mutex::default(),
        }
    }

    /// Who may take on a role; nothing if there is no such role.
    pub(crate) async fn trust(&self, role: &Role) -> Result<Option<Value>> {
        let fields = [("Action", "GetRole"), VERSION, ("RoleName", &role.name)];
        let answer = self.upstream.ask("iam", &role.account, &fields).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => document(answer.body(), "AssumeRolePolicyDocument").map(Some),
            status => anyhow::bail!("GetRole: {status}: {}", String::from_utf8_lossy(answer.body())),
        }
    }

    /// What a role may do: the statements of all policies that are part of it. Those that are
    /// attached from elsewhere give it nothing here.
    pub(crate) async fn permissions(&self, role: &Role) -> Result<Arc<Value>> {
        if let Some((since, known)) = self.known().get(role)
            && since.elapsed() < FRESH
        {
            return Ok(known.clone());
        }
        let asked = Instant::now();
        let read = Arc::new(self.read(role).await?);
        self.known().insert(role.clone(), (asked, read.clone()));
        Ok(read)
    }

    async fn read(&self, role: &Role) -> Result<Value> {
        let of_role = ("RoleName", role.name.as_str());
        let ask = async |fields: &[(&str, &str)]| self.upstream.get("iam", &role.account, fields).await;
        let names = ask(&[("Action", "ListRolePolicies"), VERSION, of_role]).await?;
        let mut statements = Vec::new();
        for name in xml::texts(&names, "member")? {
            let answer = ask(&[
                ("Action", "GetRolePolicy"),
                VERSION,
                of_role,
                ("PolicyName", &name),
            ])
            .await?;
            let mut policy = document(&answer, "PolicyDocument")?;
            match policy["Statement"].take() {
                Value::Array(list) => statements.extend(list),
                one => statements.push(one),
            }
        }
        Ok(json!({ "Version": "2012-10-17", "Statement": statements }))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Role, (Instant, Arc<Value>)>> {
        self.permissions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A policy in an answer, where it is URL-encoded.
fn document(answer: &[u8], name: &str) -> Result<Value> {
    let text = xml::text(answer, name)?;
    let text = percent_decode_str(&text)
        .decode_utf8()
        .context("a policy is not UTF-8")?;
    let read =
        |text: &str| serde_json::from_str(text).with_context(|| format!("understand the policy {text}"));
    match read(&text)? {
        // LocalStack makes JSON of what a template gives as text, and is JSON already.
        Value::String(text) => read(&text),
        policy => Ok(policy),
    }
}

#[cfg(test)]
mod tests {
    use super::document;

    #[test]
    fn a_policy_is_decoded() {
        let answer = b"<R><AssumeRolePolicyDocument>%7B%22Version%22%3A%20%222012-10-17%22%7D</AssumeRolePolicyDocument></R>";
        let policy = document(answer, "AssumeRolePolicyDocument").unwrap();
        assert_eq!(policy["Version"], "2012-10-17");
        assert!(document(answer, "PolicyDocument").is_err());
        let twice = b"<R><PolicyDocument>%22%7B%5C%22Version%5C%22%3A%201%7D%22</PolicyDocument></R>";
        assert_eq!(document(twice, "PolicyDocument").unwrap()["Version"], 1);
    }
}
