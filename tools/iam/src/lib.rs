//! The part of IAM's rules that the templates of `infra/aws` use: who may take on a role by a
//! signed token, through EKS or as another role, and what the role may then do.
//!
//! No emulator evaluates them. Tests judge the templates' text by it, and the e2e each request.

pub mod dynamodb;
pub mod eks;
mod pattern;
pub mod pod_identity;
pub mod policy;
pub mod role_trust;
pub mod route53;
pub mod secretsmanager;
mod statement;
pub mod trust;
