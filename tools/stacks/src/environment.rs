//! The project that this checkout is of; in unit tests, a sample.

pub(crate) use taskkit::environment::{Environment, named, read};

#[cfg(not(test))]
pub(crate) use taskkit::environment::project;
#[cfg(test)]
pub(crate) use taskkit::environment::{real, sample as project};
