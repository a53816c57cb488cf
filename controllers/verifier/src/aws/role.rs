//! The role of a pod on AWS, by the token that EKS gives to its service account (IRSA).

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use aws_credential_types::Credentials;
use serde::Deserialize;
use ureq::Agent;

use crate::http::text;

/// Where a service of AWS is: as the SDKs have it, by the variables of the pod.
pub(crate) fn endpoint(service: &str, region: &str) -> String {
    let own = format!("AWS_ENDPOINT_URL_{}", service.to_uppercase());
    let said = env::var(own).or_else(|_| env::var("AWS_ENDPOINT_URL"));
    said.unwrap_or_else(|_| format!("https://{service}.{region}.amazonaws.com"))
}

/// Whom AWS takes the program for.
pub(crate) struct Role {
    pub(crate) arn: String,
    pub(crate) token: PathBuf,
    /// Of STS.
    pub(crate) endpoint: String,
    pub(crate) region: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    assume_role_with_web_identity_result: Assumed,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Assumed {
    credentials: Given,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "credentials of {}", self.access_key_id)
    }
}

impl Role {
    /// As EKS writes it into the environment of a pod whose service account has the annotation
    /// `eks.amazonaws.com/role-arn`.
    pub(crate) fn from_env() -> Result<Self> {
        let variable = |name: &str| {
            env::var(name).with_context(|| {
                format!("{name} is not set: does the service account have its role (docs/PROMOTION.md)?")
            })
        };
        let region = variable("AWS_REGION")?;
        Ok(Self {
            arn: variable("AWS_ROLE_ARN")?,
            token: variable("AWS_WEB_IDENTITY_TOKEN_FILE")?.into(),
            endpoint: endpoint("sts", &region),
            region,
        })
    }

    /// For one request: there are few, and what is not kept cannot be out of date.
    pub(crate) fn credentials(&self, agent: &Agent) -> Result<Credentials> {
        let token = fs::read_to_string(&self.token);
        let token = token.with_context(|| format!("read {}", self.token.display()))?;
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", &self.arn),
            ("RoleSessionName", "verifier"),
            ("WebIdentityToken", token.trim()),
        ];
        let url = format!("{}/", self.endpoint);
        let said = text(
            agent.post(&url).send_form(form),
            &format!("ask {url} for the role"),
        )?;
        let answer: Answer = quick_xml::de::from_str(&said).context("understand what STS answers")?;
        let given = answer.assume_role_with_web_identity_result.credentials;
        Ok(Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            None,
            "sts",
        ))
    }

    /// Whether `author` is a session of this role.
    pub(crate) fn is(&self, author: &str) -> bool {
        let name = self.arn.rsplit('/').next().unwrap_or_default();
        let session = author.rsplit(':').next().unwrap_or_default();
        let mut parts = session.split('/');
        parts.next() == Some("assumed-role") && parts.next() == Some(name)
    }
}
