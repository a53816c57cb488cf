//! What is made for each preview besides what it runs: files of a folder, with its number in the
//! place of 0, and its commit in the place of a word.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::objects::PREFIX;
use crate::kubernetes::Api;

/// In this order: each file, and where its object lies.
const FILES: [(&str, &str); 4] = [
    ("namespace.yaml", "/api/v1/namespaces/preview-0"),
    (
        "quota.yaml",
        "/api/v1/namespaces/preview-0/resourcequotas/preview",
    ),
    ("limits.yaml", "/api/v1/namespaces/preview-0/limitranges/preview"),
    // Last: Argo CD is let in when the rest is there.
    (
        "access.yaml",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/preview-0/rolebindings/argocd",
    ),
];

/// What stands where the commit comes.
const COMMIT: &str = "COMMIT";

/// Makes the namespace of a preview and what is to be in it first.
pub(super) fn apply(api: &Api, folder: &Path, number: u64, commit: &str) -> Result<()> {
    for (file, path) in FILES {
        let read = read(folder, file)?;
        let path = format!("{}?fieldManager=previews&force=true", of(path, number));
        let object = of(&read, number).replace(COMMIT, commit);
        api.patch(&path, "application/apply-patch+yaml", &object)?;
    }
    Ok(())
}

/// A file of the folder.
pub(super) fn read(folder: &Path, file: &str) -> Result<String> {
    let path = folder.join(file);
    fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
}

fn of(text: &str, number: u64) -> String {
    text.replace(&format!("{PREFIX}0"), &format!("{PREFIX}{number}"))
}
