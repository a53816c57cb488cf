//! AWS without its async client: requests that are signed for the role of the pod.

mod role;

use std::time::SystemTime;

use anyhow::{Context as _, Result};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;

pub(crate) use self::role::Role;
pub(crate) use self::role::endpoint; // wing: previews
use crate::http::json;

/// A service that takes JSON.
pub(crate) struct Service<'a> {
    /// As signatures have it.
    pub(crate) name: &'static str,
    /// How the header begins that names the action.
    pub(crate) target: &'static str,
    /// The type of its bodies.
    pub(crate) content: &'static str,
    pub(crate) endpoint: &'a str,
}

impl Service<'_> {
    /// Asks for an action; what a good answer says.
    pub(crate) fn ask<T: DeserializeOwned>(
        &self,
        agent: &Agent,
        role: &Role,
        action: &str,
        body: &Value,
    ) -> Result<T> {
        let (url, body) = (format!("{}/", self.endpoint), body.to_string());
        let target = format!("{}.{action}", self.target);
        let headers = [("content-type", self.content), ("x-amz-target", &target)];
        let identity = role.credentials(agent)?;
        let identity = identity.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&role.region)
            .name(self.name)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .context("name what is signed")?
            .into();
        let request = SignableRequest::new(
            "POST",
            &url,
            headers.iter().copied(),
            SignableBody::Bytes(body.as_bytes()),
        );
        let signed = sign(request.context("read what is signed")?, &parameters);
        let (instructions, _) = signed.context("sign a request")?.into_parts();
        let mut request = agent.post(&url);
        for (name, value) in headers.into_iter().chain(instructions.headers()) {
            request = request.header(name, value);
        }
        json(request.send(&body), &format!("{action} of {}", self.endpoint))
    }
}
