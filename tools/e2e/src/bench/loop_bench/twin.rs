//! A second image of an app without a build: the same layers under a configuration that names
//! another commit.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::actors::Registry;
use crate::run::Testbed;

/// By which the programs know their commit; set in the image.
const COMMIT: &str = "APP_COMMIT=";

/// Makes the image in the forge's registry and gives its digest. The same image and commit always
/// give the same one.
pub(super) async fn of(testbed: &Testbed, app: &str, digest: &str, commit: &str) -> Result<String> {
    let registry = Registry::of(testbed);
    let mut manifest = registry.manifest(app, digest).await?;
    let config = manifest.pointer("/config/digest").and_then(Value::as_str);
    let config = config.context("the image has no configuration")?;
    let config = registry.blob(app, config).await?;
    let config = named(
        serde_json::from_slice(&config).context("understand an image's configuration")?,
        commit,
    )?;

    let (name, config) = digest_of(&config);
    manifest["config"]["digest"] = json!(name);
    manifest["config"]["size"] = json!(config.len());
    registry.push_blob(app, &name, config).await?;
    let (digest, _) = digest_of(&manifest);
    registry.push_manifest(app, &digest, &manifest).await
}

/// The configuration of an image, with another commit in its environment.
fn named(mut config: Value, commit: &str) -> Result<Value> {
    let variables = config.pointer_mut("/config/Env").and_then(Value::as_array_mut);
    let variable = variables
        .into_iter()
        .flatten()
        .find(|variable| variable.as_str().is_some_and(|text| text.starts_with(COMMIT)))
        .with_context(|| format!("the image sets no {COMMIT}"))?;
    *variable = json!(format!("{COMMIT}{commit}"));
    Ok(config)
}

fn digest_of(value: &Value) -> (String, Vec<u8>) {
    let bytes = value.to_string().into_bytes();
    let mut digest = "sha256:".to_owned();
    for byte in Sha256::digest(&bytes) {
        // Writing to a string cannot fail.
        let _ = write!(digest, "{byte:02x}");
    }
    (digest, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_commit_changes() {
        let config = json!({ "config": { "Env": ["PATH=/", "APP_COMMIT=old"], "User": "65532" }, "rootfs": { "diff_ids": ["sha256:1"] } });
        let other = named(config.clone(), "new").unwrap();
        assert_eq!(other["config"]["Env"], json!(["PATH=/", "APP_COMMIT=new"]));
        assert_eq!(
            (&other["rootfs"], &other["config"]["User"]),
            (&config["rootfs"], &config["config"]["User"])
        );
        assert!(named(json!({ "config": { "Env": ["PATH=/"] } }), "new").is_err());
    }

    #[test]
    fn digests_are_those_of_the_bytes_that_are_sent() {
        let (digest, bytes) = digest_of(&json!({}));
        assert_eq!(bytes, b"{}");
        assert_eq!(
            digest,
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }
}
