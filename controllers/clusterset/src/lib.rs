//! Makes clusters of EKS targets of one Argo CD, the hub: a cluster whose tags say so gets a Secret
//! in the hub, from which an `ApplicationSet` makes its Applications.
//!
//! One pass looks at EKS ([`eks`]), at the Secrets of the hub ([`hub`]), and does what [`decide`]
//! makes of the two. Nothing is taken away that was not seen to be gone, and never more than one
//! cluster in a pass. A release that a cluster has missed is repeated by [`catch_up`].

mod catch_up;
mod cluster;
pub mod config;
mod decide;
mod eks;
mod health;
mod hub;
mod lease;
mod metrics;
mod pass;
mod registration;
pub mod run;
