//! The administrator's work on secrets of Secrets Manager.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Administrator;
use crate::world::aws::{Refusal, answered};

impl Administrator<'_> {
    /// Puts what a secret says from now on; makes it if it is not there.
    pub(crate) async fn put_secret(&self, name: &str, says: &str) -> Result<()> {
        // Tells one putting from another; the SDKs make one up.
        let token = format!("{:032x}", fastrand::u128(..));
        let put = json!({ "SecretId": name, "SecretString": says, "ClientRequestToken": token });
        match self.ask_secrets("PutSecretValue", put).await {
            Err(error) if Refusal::is_why(&error, "ResourceNotFoundException") => {
                let create = json!({ "Name": name, "SecretString": says, "ClientRequestToken": token });
                self.ask_secrets("CreateSecret", create).await
            }
            other => other,
        }
    }

    /// Removes a secret for good.
    pub(crate) async fn delete_secret(&self, name: &str) -> Result<()> {
        let delete = json!({ "SecretId": name, "ForceDeleteWithoutRecovery": true });
        self.ask_secrets("DeleteSecret", delete).await
    }

    async fn ask_secrets(&self, operation: &str, body: Value) -> Result<()> {
        let asked = self
            .signed("secretsmanager")
            .header("X-Amz-Target", format!("secretsmanager.{operation}"))
            .header("Content-Type", "application/x-amz-json-1.1")
            .body(body.to_string());
        let answer = asked.send().await;
        let answer = answer.with_context(|| format!("{operation} of the AWS emulator"))?;
        answered(answer, operation).await.map(drop)
    }
}
