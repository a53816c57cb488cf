//! The project that this checkout is of; in unit tests, a sample.

pub(crate) use taskkit::environment::{Environment, named, read};

#[cfg(not(test))]
pub(crate) use taskkit::environment::project;
#[cfg(test)]
pub(crate) use taskkit::environment::{real, sample as project};

/// Every app, in the order in which they are synced first.
pub(crate) fn apps() -> &'static [project::App] {
    project().apps()
}

/// Every environment, in the order of promotion.
pub(crate) fn environments() -> &'static [project::Environment] {
    project().environments()
}

/// The branch that the first environment is released from; the overlays of all are changed there.
pub(crate) fn main_branch() -> &'static str {
    project().first().branch()
}
