//! What the tests of `infra/aws` work with: the templates, emulators of AWS, and a recorder
//! of what they are asked for.

pub mod account;
pub mod checkout;
pub mod emulator;
pub mod intrinsic;
mod loaded;
pub mod process;
pub mod recorder;
pub mod template;
pub mod tools;
