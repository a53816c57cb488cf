//! Installs Argo CD into a cluster.
