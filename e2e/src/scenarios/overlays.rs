//! The files of staging's overlays that scenarios change, by their paths under `infra/`. A change of a base would reach production at
//! the same time.

pub(crate) const BACKEND: &str = "backend/overlays/staging/kustomization.yaml";
pub(crate) const FRONTEND: &str = "frontend/overlays/staging/kustomization.yaml";

/// They end with the environment variables of the servers.
pub(crate) const BACKEND_VARIABLES: &str = "backend/overlays/staging/environment.yaml";
pub(crate) const FRONTEND_VARIABLES: &str = "frontend/overlays/staging/environment.yaml";

/// For the end of those: it is the default, so it changes nothing but the pods.
pub(crate) const HARMLESS_VARIABLE: &str = "            - name: RUST_LOG\n              value: info\n";
