//! What is brought into the clusters before and beside the apps, each as a person does it: Argo CD,
//! controllers and add-ons.

pub(crate) mod addons; // wing: addons
pub(crate) mod admission;
pub(crate) mod argocd;
pub(crate) mod controller_image;
pub(crate) mod fleet;
pub(crate) mod kustomize;
pub(crate) mod previews; // wing: previews
pub(crate) mod rollout;
pub(crate) mod verifier; // wing: verifier
