//! `cargo xtask fork` and `update`: what makes a copy of this template somebody's own, and brings
//! it what is new in the template later.
//!
//! Kubernetes and AWS read plain files, so names and facts are repeated in many of them. They are
//! replaced as text, which leaves comments and order as they are. Everything is read and every
//! change checked before the first file is written.
//!
//! - Account, region and repository stand in `infra/`; `infra/local` is left out, since the
//!   end-to-end run has a forge and an account of its own.
//! - The two names stand everywhere (`names.rs`).
//! - A wing is a part of the template that a fork may go without (`prune.rs`).
//! - A newer version of the template goes through the same names and parts, and is then merged
//!   (`update.rs`).

mod derived;
mod facts;
mod files;
mod flags;
mod format;
mod github;
mod limits;
mod names;
mod prune;
mod reshape;
mod staging;
mod toml_values;
mod tree;
mod trust;
mod understood;
mod update;
mod words;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use project::Project;
use taskkit::alone::alone;
use taskkit::checkout::{self, KeptSettings};

use self::facts::Facts;
use self::files::{Files, Texts};
pub use self::flags::Flags;
use self::flags::Fork;
pub use self::prune::Wings;
use self::trust::Trust;

pub(crate) use self::facts::{account, region, repository};
pub(crate) use self::github::number;

const POLICY: &str = "infra/admission/policy.yaml";
const REPOSITORY: &str = "infra/apps/base/repository.yaml";

impl Fork {
    /// Does what the options say, from the root of the repository.
    fn run(self) -> Result<()> {
        checkout::forget_git(KeptSettings::Person)?;
        let sh = &checkout::shell()?;
        let _others_wait = alone(&sh.current_dir())?;
        if self.table {
            return write_table(&sh.current_dir());
        }
        if self.reshapes() {
            return reshape::run(&self, &sh.current_dir());
        }
        let project = Project::load(&sh.current_dir())?;
        let files = Files::read(sh)?;
        if self.changes_no_fact() {
            Facts::of(&files)?.print(&project);
            return print_wings(&sh.current_dir(), &project);
        }
        let changed = self.with_facts(&files)?;
        for path in files.replace(&changed.texts)? {
            println!("changed {}", path.display());
        }
        changed.print(&project);
        println!("docs/FORK.md says what else a fork needs");
        Ok(())
    }

    /// Whether more changes than account, region and repository.
    fn reshapes(&self) -> bool {
        self.name.is_some() || self.application.is_some() || !self.without.is_empty()
    }

    fn changes_no_fact(&self) -> bool {
        self.account.is_none() && self.region.is_none() && !self.names_whom_to_trust()
    }

    /// Without a repository that somebody named, nobody is trusted: a stranger may register the
    /// name of this template.
    fn names_whom_to_trust(&self) -> bool {
        self.repository.is_some() || self.github.says_something()
    }

    /// `files` with the account, the region and the repository of the options.
    fn with_facts(&self, files: &Files) -> Result<Changed> {
        let old = Facts::of(files)?;
        let new = Facts {
            account: self.account.clone().unwrap_or_else(|| old.account.clone()),
            region: self.region.clone().unwrap_or_else(|| old.region.clone()),
            repository: self.repository.clone().unwrap_or_else(|| old.repository.clone()),
        };
        let trust = self
            .names_whom_to_trust()
            .then(|| Trust::in_ci_of(&new, &self.github));
        let trust = trust.transpose()?;
        let pairs = words::pairs(&old, &new);
        let edited = files.edited(|text| words::replaced(text, &pairs));
        let texts = match &trust {
            Some(trust) => trust.put_into(edited)?,
            None => edited,
        };
        understood::check_others(files, &old, &new)?;
        understood::check(&texts, &old, &new, trust.as_ref())?;
        Ok(Changed {
            texts,
            facts: new,
            trust,
        })
    }
}

fn write_table(root: &Path) -> Result<()> {
    let read = |path: &str| fs::read_to_string(root.join(path)).with_context(|| format!("read {path}"));
    let wings = Wings::of_text(&read(prune::FILE)?)?;
    let table = wings.table(Project::load(root)?.without());
    let page = prune::with_table(&read(prune::PAGE)?, &table)?;
    fs::write(root.join(prune::PAGE), page).with_context(|| format!("write {}", prune::PAGE))
}

fn print_wings(root: &Path, project: &Project) -> Result<()> {
    // A folder with `infra/` alone has none.
    if let Ok(text) = fs::read_to_string(root.join(prune::FILE)) {
        Wings::of_text(&text)?.print(project.without());
    }
    Ok(())
}

/// The facts of a fork, and the files of `infra/` that say so.
struct Changed {
    texts: Texts,
    facts: Facts,
    trust: Option<Trust>,
}

impl Changed {
    fn print(&self, project: &Project) {
        self.facts.print(project);
        if let Some(trust) = &self.trust {
            trust.print();
        }
    }
}
