//! The project that this checkout is of; in unit tests, a sample of their own.

pub(crate) use taskkit::environment::{Environment, named, read};

#[cfg(not(test))]
pub(crate) use taskkit::environment::project;

/// A project of the unit tests' own, so that they are about the same apps in every fork.
#[cfg(test)]
pub(crate) fn project() -> &'static project::Project {
    taskkit::environment::sample(include_str!("sample.toml"))
}

/// What this checkout has, for tests of its files.
#[cfg(test)]
pub(crate) fn real() -> project::Project {
    let root = taskkit::checkout::root().expect("find the checkout");
    project::Project::load(&root).expect("read the file")
}

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
