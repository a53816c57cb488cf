//! What the program `supply` gets for tasks and tests.

mod parts;

pub(crate) use self::parts::*;
pub(crate) use taskkit::supply::{Kind, kind, kustomize};
