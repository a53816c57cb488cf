//! The hub's side: Secrets and Applications in the namespace of Argo CD, and whether the API of a
//! target answers.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Client, Config};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use serde_json::{Value, json};

use crate::catch_up::Application;
use crate::registration::{MANAGER, Registration, SECRET_TYPE};

/// How long a target may take to say that it is there.
const REACH: Duration = Duration::from_secs(2);
/// Has Argo CD look at an Application now.
const REFRESH: &str = "argocd.argoproj.io/refresh";

/// The hub.
#[derive(Clone)]
pub(crate) struct Hub {
    secrets: Api<Secret>,
    applications: Api<DynamicObject>,
}

impl Hub {
    /// Argo CD in this namespace of the cluster.
    pub(crate) fn new(client: &Client, namespace: &str) -> Self {
        let application = GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Application");
        let application = ApiResource::from_gvk(&application);
        Self {
            secrets: Api::namespaced(client.clone(), namespace),
            applications: Api::namespaced_with(client.clone(), namespace, &application),
        }
    }

    /// Every cluster that Argo CD knows, whoever registered it.
    pub(crate) async fn registered(&self) -> Result<Vec<Registration>> {
        let clusters = ListParams::default().labels(&format!("{SECRET_TYPE}=cluster"));
        let secrets = self
            .secrets
            .list(&clusters)
            .await
            .context("list the clusters' Secrets")?;
        Ok(secrets.into_iter().map(read).collect())
    }

    /// Writes a Secret, and takes back what somebody else has written into its fields.
    pub(crate) async fn apply(&self, registration: &Registration) -> Result<()> {
        let name = &registration.name;
        let params = PatchParams::apply(MANAGER).force();
        let patched = self
            .secrets
            .patch(name, &params, &Patch::Apply(write(registration)))
            .await;
        let written = patched.with_context(|| format!("write the Secret {name}"))?;
        // Fields of somebody else stay where they are left out above.
        let written = read(written);
        let excess = registration.excess(&written);
        if excess.is_empty() {
            return Ok(());
        }
        let without = Patch::Merge(without_labels(&excess));
        let patched = self.secrets.patch(name, &PatchParams::default(), &without).await;
        patched
            .map(drop)
            .with_context(|| format!("take labels of others off the Secret {name}"))
    }

    /// Deletes a Secret. One that is gone already is no error.
    pub(crate) async fn remove(&self, name: &str) -> Result<()> {
        match self.secrets.delete(name, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            deleted => deleted
                .map(drop)
                .with_context(|| format!("delete the Secret {name}")),
        }
    }

    /// Every Application.
    pub(crate) async fn applications(&self) -> Result<Vec<Application>> {
        let found = self.applications.list(&ListParams::default()).await;
        let found = found.context("list the Applications")?;
        let read = found.into_iter().map(|app| {
            let value = serde_json::to_value(app).context("write an Application as JSON")?;
            serde_json::from_value(value).context("understand an Application")
        });
        read.collect()
    }

    /// Has Argo CD do `operation` with an Application, unless that has changed since it was read.
    pub(crate) async fn operate(&self, app: &Application, operation: &Value) -> Result<()> {
        let version = &app.metadata.resource_version;
        let patch = json!({"metadata": {"resourceVersion": version}, "operation": operation});
        self.patch(app, &patch, "repeat the sync of").await
    }

    /// Has Argo CD look at an Application now.
    pub(crate) async fn refresh(&self, app: &Application) -> Result<()> {
        let patch = json!({"metadata": {"annotations": {REFRESH: "normal"}}});
        self.patch(app, &patch, "refresh").await
    }

    async fn patch(&self, app: &Application, patch: &Value, what: &str) -> Result<()> {
        let name = &app.metadata.name;
        let patched = self
            .applications
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await;
        patched
            .map(drop)
            .with_context(|| format!("{what} the Application {name}"))
    }
}

/// An error if the API of a target says nothing. That it lets nobody in is an answer.
pub(crate) async fn reach(endpoint: &str, certificate_authority: &str) -> Result<()> {
    let mut config = Config::new(endpoint.parse().context("understand the endpoint")?);
    let pem = BASE64_STANDARD
        .decode(certificate_authority)
        .context("read the certificate authority")?;
    config.root_cert = Some(certificates(
        &String::from_utf8(pem).context("read the certificate authority")?,
    )?);
    config.proxy_url = None;
    config.connect_timeout = Some(REACH);
    config.read_timeout = Some(REACH);
    let client = Client::try_from(config).context("make a client of the target")?;
    let ask = http_get("/readyz")?;
    match tokio::time::timeout(REACH, client.send(ask)).await {
        Err(_) => bail!("no answer within {} s", REACH.as_secs()),
        Ok(answer) => {
            let status = answer.context("ask whether it is ready")?.status();
            if status.is_server_error() {
                bail!("it answers {status}");
            }
            Ok(())
        }
    }
}

fn http_get(path: &str) -> Result<axum::http::Request<kube::client::Body>> {
    let request = axum::http::Request::get(path);
    request
        .body(kube::client::Body::empty())
        .context("make a request")
}

/// The certificates of a PEM file, as DER.
fn certificates(pem: &str) -> Result<Vec<Vec<u8>>> {
    let all = CertificateDer::pem_slice_iter(pem.as_bytes());
    let all = all.map(|one| Ok(one.context("read a certificate")?.to_vec()));
    all.collect()
}

/// A patch that takes labels away, whoever has written them.
fn without_labels(names: &[&str]) -> Value {
    let labels: BTreeMap<_, _> = names.iter().map(|name| (*name, Value::Null)).collect();
    json!({"metadata": {"labels": labels}})
}

fn read(secret: Secret) -> Registration {
    let data = secret.data.unwrap_or_default().into_iter();
    Registration {
        name: secret.metadata.name.unwrap_or_default(),
        labels: secret.metadata.labels.unwrap_or_default(),
        annotations: secret.metadata.annotations.unwrap_or_default(),
        data: data
            .map(|(key, ByteString(value))| (key, String::from_utf8_lossy(&value).into_owned()))
            .collect(),
    }
}

fn write(registration: &Registration) -> Secret {
    let data = registration.data.iter();
    let data: BTreeMap<_, _> = data
        .map(|(key, value)| (key.clone(), ByteString(value.clone().into_bytes())))
        .collect();
    Secret {
        metadata: ObjectMeta {
            name: Some(registration.name.clone()),
            labels: Some(registration.labels.clone()),
            annotations: Some(registration.annotations.clone()),
            ..ObjectMeta::default()
        },
        type_: Some("Opaque".to_owned()),
        data: Some(data),
        ..Secret::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::cluster;
    use crate::registration::tests::settings;

    #[test]
    fn a_secret_is_read_as_it_was_written() {
        let wanted = Registration::of(&cluster("blue", &[]), &settings()).unwrap();
        assert!(read(write(&wanted)) == wanted);
    }

    #[test]
    fn a_label_of_somebody_else_is_taken_away_by_its_name() {
        let patch = without_labels(&["gitops-loop/colour"]);
        assert_eq!(
            patch,
            json!({"metadata": {"labels": {"gitops-loop/colour": null}}})
        );
    }

    #[test]
    fn all_certificates_of_a_file_are_read() {
        let one = "-----BEGIN CERTIFICATE-----\nQ0\nE=\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(&one.repeat(2)).unwrap(), [b"CA", b"CA"]);
        assert!(certificates("-----BEGIN CERTIFICATE-----\nQ0E=").is_err());
        assert!(certificates("").unwrap().is_empty());
    }
}
