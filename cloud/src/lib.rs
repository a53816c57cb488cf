//! What the tests of `infra/aws` work with: the templates, emulators of AWS, and a reader of trust policies.

pub mod emulator;
pub mod process;
pub mod recorder;
pub mod template;
pub mod tools;
pub mod trust;
