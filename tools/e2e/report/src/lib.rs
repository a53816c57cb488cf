//! What a run leaves to read: `report.html`, `report.json`, `junit.xml` and a table, all made from
//! one [`Report`].
//!
//! A crate of its own, so that the page can be changed and looked at without compiling a Kubernetes
//! client: `cargo xtask e2e report RUN_DIR` writes the page of an earlier run again.

mod html;
mod json;
mod junit;
mod part;
mod record;
#[cfg(test)]
mod sample;
mod shown;
mod step;
mod text;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use part::{Part, PartOutcome, Work, WorkKind};
pub use record::{
    About, Answer, Answers, Diagnosis, FORMAT, Image, Load, Mark, Milestone, Report, Second, Traffic, Visits,
    Way, Weights,
};
pub use shown::Shown;
pub use step::{Failure, Kind, Outcome, Requests, StepRecord};

/// The page, in the folder of its run.
pub const PAGE: &str = "report.html";
/// The same for programs.
pub const JSON: &str = "report.json";
/// What each environment has at the end of the run, if somebody has written it there.
pub const RELEASES: &str = "releases.html";
/// The same for a CI system.
pub const JUNIT: &str = "junit.xml";

/// Why a report could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: cannot be read or written", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It was written in a form that is not read any more, or not yet.
    #[error(
        "{}: this report has format {found}, and format {FORMAT} is read here; run the e2e again, or render it with the \
         commit that wrote it",
        path.display()
    )]
    Format {
        /// Which file.
        path: PathBuf,
        /// The format it says it has; reports that say none have 1.
        found: u64,
    },
    /// It is no report at all.
    #[error("{}: not a report", path.display())]
    Json {
        /// Which file.
        path: PathBuf,
        /// What did not fit.
        source: serde_json::Error,
    },
    /// A page shows of a run what no run has.
    #[error("no step of the run printed `{}`; take the line out of the page, or write it anew", .0.trim())]
    Shown(String),
    /// A template asked for something that could not be written.
    #[error("render the page")]
    Page(#[from] askama::Error),
    /// Something in it cannot be said in XML.
    #[error("render the JUnit report")]
    Junit(#[from] quick_junit::SerializeError),
    /// Something in it cannot be said in JSON.
    #[error("render the JSON report")]
    Unspeakable(#[source] serde_json::Error),
}

impl Report {
    /// Writes page, JSON and `junit.xml` into the folder of the run.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        write(&folder.join(JSON), &self.json()?)?;
        write(&folder.join(JUNIT), &self.junit()?)?;
        self.write_page(folder).map(drop)
    }

    /// Writes the page alone, and gives its path.
    pub fn write_page(&self, folder: &Path) -> Result<PathBuf, Error> {
        let page = folder.join(PAGE);
        write(&page, &self.html(folder)?)?;
        Ok(page)
    }

    /// The report of the run in this folder.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(JSON);
        let text = fs::read_to_string(&path).map_err(|source| Error::File {
            path: path.clone(),
            source,
        })?;
        json::parse(&path, &text)
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}
