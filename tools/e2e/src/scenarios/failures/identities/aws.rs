//! AWS as a pod of the cluster asks it: by the proxy before the emulator.

use anyhow::{Context, Result, bail};
use reqwest::header::AUTHORIZATION;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::run::Testbed;
use crate::world::aws::{Refusal, element};

/// AWS at one address.
pub(in crate::scenarios) struct Aws<'a> {
    http: &'a reqwest::Client,
    region: &'a str,
    url: String,
}

/// Who signs a request.
#[derive(Debug, Clone)]
pub(in crate::scenarios) struct Key(pub(in crate::scenarios) String);

/// What AWS answers: what was asked for, or a refusal.
pub(in crate::scenarios) type Answer<T> = std::result::Result<T, Refusal>;

impl<'a> Aws<'a> {
    /// As everything in the clusters has it.
    pub(in crate::scenarios) fn behind_the_proxy(testbed: &'a Testbed) -> Self {
        Self::at(testbed, testbed.world.iam_proxy.host_url())
    }

    /// The emulator itself, which believes everybody.
    pub(in crate::scenarios) fn bare(testbed: &'a Testbed) -> Self {
        Self::at(testbed, testbed.world.aws.host_url.clone())
    }

    fn at(testbed: &'a Testbed, url: String) -> Self {
        Self {
            http: &testbed.harness.http,
            region: &testbed.harness.account.region,
            url,
        }
    }

    /// Keys of a role for a token.
    pub(in crate::scenarios) async fn assume(&self, role: &str, token: &str) -> Result<Answer<Key>> {
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", role),
            ("RoleSessionName", "identities"),
            ("WebIdentityToken", token),
        ];
        Self::keys(self.http.post(&self.url).form(&form), role).await
    }

    async fn keys(request: RequestBuilder, role: &str) -> Result<Answer<Key>> {
        let answer = request.send().await;
        let answer = answer.with_context(|| format!("ask STS for {role}"))?;
        match read(answer).await? {
            (StatusCode::OK, text) => {
                let key = element(&text, "AccessKeyId").context("STS answers without a key")?;
                Ok(Ok(Key(key.to_owned())))
            }
            (status, text) => Refusal::read(status, &text).map(Err),
        }
    }

    /// Keys of a role for the bearer of the keys of another one.
    pub(in crate::scenarios) async fn take_on(&self, role: &str, key: &Key) -> Result<Answer<Key>> {
        let form = [
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", role),
            ("RoleSessionName", "identities"),
        ];
        let signed = self.signed(key, "sts");
        let request = self.http.post(&self.url).header(AUTHORIZATION, signed);
        Self::keys(request.form(&form), role).await
    }

    /// An operation on a table.
    pub(in crate::scenarios) async fn on_table(
        &self,
        key: &Key,
        operation: &str,
        body: &Value,
    ) -> Result<Answer<()>> {
        let signed = self.signed(key, "dynamodb");
        let request = self
            .http
            .post(&self.url)
            .header(AUTHORIZATION, signed)
            .header("X-Amz-Target", format!("DynamoDB_20120810.{operation}"))
            .header("Content-Type", "application/x-amz-json-1.0");
        let answer = request.body(body.to_string()).send().await;
        let answer = answer.with_context(|| format!("ask DynamoDB for {operation}"))?;
        match read(answer).await? {
            (StatusCode::OK, _) => Ok(Ok(())),
            (status, text) => Refusal::read(status, &text)
                .map(Err)
                .with_context(|| operation.to_owned()),
        }
    }

    /// The line of a request that says whose key signed it.
    fn signed(&self, key: &Key, service: &str) -> String {
        let scope = format!("{}/20260101/{}/{service}/aws4_request", key.0, self.region);
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")
    }
}

async fn read(answer: Response) -> Result<(StatusCode, String)> {
    let status = answer.status();
    let text = answer.text().await.context("read what AWS answers")?;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        bail!("the IAM proxy fails: {text}");
    }
    Ok((status, text))
}
