//! What the tests of `infra/aws` work with: the templates, emulators of AWS, and readers of
//! policies.

pub mod account;
pub mod checkout;
pub mod emulator;
pub mod intrinsic;
mod loaded;
mod pattern;
pub mod policy;
pub mod process;
pub mod recorder;
mod statement;
pub mod template;
pub mod tools;
pub mod trust;
