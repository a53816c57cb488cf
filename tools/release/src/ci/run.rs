//! One verb in one checkout: what all of them ask, and whom.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use ureq::Agent;
use xshell::Shell;

use crate::ci::forge;
use crate::ci::gate::Gate;
use crate::ci::git::Git;
use crate::ci::git::remote::Heads; // wing: versions
use crate::ci::git::remote::{GitRemote, Remote};
use crate::ci::http;
use crate::ci::images::Origin;
use crate::ci::look::base_of;
use crate::ci::plan::{self, Plan};
use crate::ci::proposals::Proposals;
use crate::ci::registry::Registry;
use crate::ci::results::FOLDER;
use crate::ci::rules::Rules;
use crate::ci::settings::{self, Forge};
use crate::environment::main_branch;

/// Its methods that are verbs are in `verbs/`.
pub(super) struct Run<'a> {
    pub(super) sh: &'a Shell,
    pub(super) git: &'a Git<'a>,
    agent: Agent,
    /// The repository of the application.
    source: GitRemote<'a, 'a>,
    /// That of the overlays, where it is another one.
    infra: Option<GitRemote<'a, 'a>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(sh: &'a Shell, git: &'a Git<'a>) -> Result<Self> {
        let token = settings::git_token()?;
        let source = GitRemote::origin(git)?;
        let infra = settings::infra_remote()?.map(|address| GitRemote::at(git, address));
        // The token is the forge's, and the forge has the overlays.
        let infra = infra.map(|infra| infra.with_token(token.clone()));
        let is_elsewhere = infra.as_ref().is_some_and(|infra| !infra.same_host(&source));
        let of_source = if is_elsewhere {
            settings::source_token()?
        } else {
            token
        };
        Ok(Self {
            sh,
            git,
            agent: http::agent()?,
            source: source.with_token(of_source),
            infra,
        })
    }

    /// The rules of promotion: those of the tip of the main branch.
    pub(super) fn rules(&self) -> Result<Rules> {
        Rules::of(self.git, &self.tip_of_main()?)
    }

    /// The tip of the main branch of the application's repository.
    pub(super) fn tip_of_main(&self) -> Result<String> {
        let main = main_branch();
        let tip = self.tip(main)?;
        tip.with_context(|| format!("the repository has no branch {main}"))
    }

    /// What images of `commit` say of where they come from.
    pub(super) fn origin(&self, commit: &str) -> Result<Origin> {
        Ok(Origin {
            source: self.source.url(),
            seconds: self.git.seconds(commit)?,
            commit: commit.to_owned(),
        })
    }

    /// Does `work` with the proposals at this forge, which are made if `gate` lets them through.
    pub(super) fn with_proposals<T>(
        &self,
        forge: &Forge,
        gate: Option<Gate>,
        work: impl FnOnce(&Proposals<'_, '_>) -> Result<T>,
    ) -> Result<T> {
        work(&Proposals {
            git: self.git,
            infra: self.infra(),
            source: self.infra.as_ref().map(|_| &self.source as &dyn Remote),
            forge: &*forge::of(forge, self.sh, &self.agent, self.infra()),
            gate,
        })
    }

    /// The tip of the branch that holds the overlays, with its history here.
    pub(super) fn base(&self) -> Result<String> {
        let infra = self.infra();
        let heads = infra.heads(&[main_branch().to_owned()])?;
        let base = base_of(&heads)?;
        if self.git.commit_named(base).is_none() {
            infra.bring(&[main_branch()])?;
        }
        Ok(base.clone())
    }

    pub(super) fn compute(&self) -> Result<Plan> {
        let (environment, settings) = (settings::environment()?, settings::Registry::from_env()?);
        let base = self.base()?;
        let image = |app: &str| settings.image(app);
        let commit = self.git.head()?;
        plan::compute(
            self.git,
            &self.registry(&settings)?,
            &image,
            environment,
            &commit,
            &base,
        )
    }

    /// Where a branch of the application's repository is, with its history here.
    pub(super) fn tip(&self, branch: &str) -> Result<Option<String>> {
        let tip = self.source.heads(&[branch.to_owned()])?.remove(branch);
        if tip
            .as_ref()
            .is_some_and(|tip| self.git.commit_named(tip).is_none())
        {
            self.source.bring(&[branch])?;
        }
        Ok(tip)
    }

    // wing: versions
    /// The tags of the application's repository whose names begin with `start`.
    pub(super) fn tags(&self, start: &str) -> Result<Heads> {
        self.source.tags(start)
    }
    // end of wing

    fn infra(&self) -> &dyn Remote {
        self.infra.as_ref().unwrap_or(&self.source)
    }

    pub(super) fn registry<'r>(&'r self, settings: &'r settings::Registry) -> Result<Registry<'r>> {
        let signed = settings::signing()?.is_some();
        Ok(Registry::new(&self.agent, settings, signed))
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.sh.current_dir().join(FOLDER)
    }
}
