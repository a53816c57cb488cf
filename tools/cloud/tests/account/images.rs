//! A push as a build does it, by the registry's own protocol.

use cloud::emulator::Emulator;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use ureq::Agent;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// A repository of an emulated ECR.
pub(crate) struct Repository<'e> {
    pub(crate) emulator: &'e Emulator,
    pub(crate) name: &'static str,
}

impl Repository<'_> {
    /// Pushes an image that differs by `label`: the status, and the digest it would have.
    pub(crate) fn push(&self, tag: &str, label: &str) -> (u16, String) {
        let config =
            self.blob(&json!({"architecture": "amd64", "os": "linux", "config": {"Labels": {"l": label}}}));
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
            "config": {"mediaType": CONFIG, "digest": config.0, "size": config.1},
        })
        .to_string();
        let answer = agent()
            .put(self.url(&format!("manifests/{tag}")))
            .header("Content-Type", MANIFEST)
            .send(manifest.as_bytes())
            .unwrap();
        (answer.status().as_u16(), digest(manifest.as_bytes()))
    }

    /// Digest and size of an uploaded blob.
    fn blob(&self, content: &Value) -> (String, usize) {
        let content = content.to_string();
        let digest = digest(content.as_bytes());
        let begun = agent().post(self.url("blobs/uploads/")).send_empty().unwrap();
        assert_eq!(begun.status(), 202);
        let place = begun.headers()["location"].to_str().unwrap().to_owned();
        let place = if place.starts_with('/') {
            format!("{}{place}", self.emulator.endpoint)
        } else {
            place
        };
        let joint = if place.contains('?') { '&' } else { '?' };
        let put = agent()
            .put(format!("{place}{joint}digest={digest}"))
            .send(content.as_bytes());
        assert_eq!(put.unwrap().status(), 201);
        (digest, content.len())
    }

    fn url(&self, path: &str) -> String {
        format!("{}/v2/{}/{path}", self.emulator.endpoint, self.name)
    }
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .new_agent()
}

fn digest(content: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(content) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}
