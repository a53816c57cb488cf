//! `cargo xtask fork`: changes in `infra/` what ties it to one account, one region and one repository.
//!
//! Kubernetes and AWS read plain files, so these facts are repeated in many of them. They are replaced as text, which leaves
//! comments and order as they are. `infra/local` is left out: the end-to-end run has a forge and an account of its own.
//! Every file is read and every change checked before the first one is written.

mod facts;
mod files;
mod github;
mod partition;
mod toml_values;
mod trust;
mod understood;
mod words;

use anyhow::Result;
use xshell::Shell;

use self::facts::Facts;
use self::files::Files;
use self::trust::Trust;
use crate::flags;

pub(crate) use self::facts::{account, region, repository};
pub(crate) use self::github::number;

const POLICY: &str = "infra/admission/policy.yaml";
const REPOSITORY: &str = "infra/apps/base/repository.yaml";

impl flags::Fork {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let files = Files::read(sh)?;
        let old = Facts::of(&files)?;
        if self.changes_nothing() {
            old.print();
            return Ok(());
        }
        let new = Facts {
            account: self.account.clone().unwrap_or_else(|| old.account.clone()),
            region: self.region.clone().unwrap_or_else(|| old.region.clone()),
            repository: self.repository.clone().unwrap_or_else(|| old.repository.clone()),
        };
        let trust = self
            .names_whom_to_trust()
            .then(|| Trust::in_ci_of(&new, &self.github));
        let trust = trust.transpose()?;
        let edited = files.edited(|text| words::replaced(text, &old, &new));
        let edited = match &trust {
            Some(trust) => trust.put_into(edited)?,
            None => edited,
        };
        understood::check_others(&files, &old, &new)?;
        understood::check(&edited, &old, &new, trust.as_ref())?;
        for path in files.replace(&edited)? {
            println!("changed {}", path.display());
        }
        new.print();
        if let Some(trust) = &trust {
            trust.print();
        }
        println!("docs/FORK.md says what else a fork needs");
        Ok(())
    }

    fn changes_nothing(&self) -> bool {
        self.account.is_none() && self.region.is_none() && !self.names_whom_to_trust()
    }

    /// Without a repository that somebody named, nobody is trusted: a stranger may register the name of this template.
    fn names_whom_to_trust(&self) -> bool {
        self.repository.is_some() || self.github.says_something()
    }
}
