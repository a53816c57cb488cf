//! Goes the rounds: looks, does what is decided, and tells the pull requests.

mod leaving;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::Value;
use time::OffsetDateTime;

use self::leaving::Leaving;
use super::Settings;
use super::decide::{Action, Limits, News, There, decide};
use super::objects::{Application, Named, PREFIX, Service, end_of_sync, sync_of};
use super::tables::Tables;
use super::walls;
use crate::forge::{self, Forge};
use crate::kubernetes::{Api, List};
use crate::patience::Patience;
use crate::soak::Word;
use crate::token;

/// What its reports are called.
const REPORT: &str = "preview";
/// What all of previews has.
const OURS: &str = "labelSelector=app.kubernetes.io/part-of%3Dpreviews,app.kubernetes.io/name%3Dpreview";
const MERGE: &str = "application/merge-patch+json";

pub(super) struct Keeper<'a> {
    settings: &'a Settings,
    api: Api,
    forge: Box<dyn Forge>,
    tables: Tables,
    limits: Limits,
    /// What was told last, so that it is told once, and since when the commit is not ready.
    told: BTreeMap<u64, Told>,
    /// Those that are gone.
    leaving: Leaving,
    /// Whom the forge gave no good answer about: it is not asked again each round.
    patience: BTreeMap<u64, Patience>,
}

/// What one look gave.
struct Seen {
    there: There,
    /// The commit that each namespace was last made ready for: those that are gone are told of it.
    commits: BTreeMap<u64, String>,
}

struct Told {
    commit: String,
    since: Instant,
    word: Option<Word>,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(settings: &'a Settings) -> Result<Self> {
        let api = Api::from_within()?;
        Ok(Self {
            forge: forge::of(&settings.forge, token(&api, &settings.forge))?,
            tables: Tables::new(&settings.tables, settings.walls.clone())?,
            limits: Limits {
                most: settings.most,
                oldest: settings.oldest,
            },
            told: BTreeMap::new(),
            leaving: Leaving::default(),
            patience: BTreeMap::new(),
            settings,
            api,
        })
    }

    /// One round. What fails in it is said, and keeps nothing else from being done.
    pub(super) fn round(&mut self) -> Result<()> {
        let Seen { there, commits } = self.look()?;
        let (actions, news) = decide(&there, &self.limits);
        for action in actions {
            match self.act(&action) {
                Ok(true) => println!("{action:?}"),
                Ok(false) => (),
                Err(error) => println!("{action:?}: {error:#}"),
            }
        }
        for (number, commit, news) in news {
            if let Err(error) = self.tell(number, &commit, news) {
                println!("{REPORT} {number}: {error:#}");
            }
        }
        self.take_leave(&there, &commits);
        Ok(())
    }

    /// Tells those that are gone, whichever process has told them anything before.
    fn take_leave(&mut self, there: &There, commits: &BTreeMap<u64, String>) {
        let open: BTreeSet<_> = there.previews.iter().map(|preview| preview.number).collect();
        let told = self.told.iter().map(|(number, told)| (number, &told.commit));
        for (number, commit) in told.chain(commits) {
            if !open.contains(number) {
                self.leaving.add(*number, commit);
            }
        }
        self.leaving.forget(&open, &there.namespaces);
        self.told.retain(|number, _| open.contains(number));
        self.patience
            .retain(|number, _| open.contains(number) || self.leaving.has(*number));
        for (number, commit) in self.leaving.due(&there.namespaces) {
            match self.ask(number, |forge| leaving::tell(forge, &commit)) {
                Ok(true) => {
                    println!("{REPORT} {number}: gone");
                    self.leaving.told(number);
                }
                Ok(false) => (),
                Err(error) => println!("{REPORT} {number}: {error:#}"),
            }
        }
    }

    /// What is there. Applications come last: what was just made for one is not taken for what is
    /// left.
    fn look(&self) -> Result<Seen> {
        let tables = self.tables.list()?;
        let namespaces: List<Named> = self
            .api
            .get(&format!("/api/v1/namespaces?{OURS}"))?
            .context("the API server has no namespaces")?;
        let of_previews = || {
            let all = namespaces.items.iter().map(|one| &one.metadata);
            all.filter_map(|one| Some((one.number()?, one)))
        };
        let commits = of_previews().filter_map(|(number, one)| Some((number, one.commit()?.clone())));
        let commits = commits.collect();
        let namespaces = of_previews().map(|(number, one)| (number, one.is_ending()));
        let namespaces = namespaces.collect();
        let path = format!("{}?{OURS}", self.applications());
        let applications: List<Application> =
            self.api.get(&path)?.context("Argo CD is not installed here")?;
        let now = OffsetDateTime::now_utc();
        let previews = applications
            .items
            .iter()
            .filter_map(|one| one.preview(now).transpose());
        let there = There {
            previews: previews.collect::<Result<_>>()?,
            namespaces,
            tables,
        };
        Ok(Seen { there, commits })
    }

    fn applications(&self) -> String {
        let namespace = &self.settings.argocd;
        format!("/apis/argoproj.io/v1alpha1/namespaces/{namespace}/applications")
    }

    /// Says whether it was done, and not put off.
    fn act(&mut self, action: &Action) -> Result<bool> {
        match action {
            Action::Make(number, commit) => {
                if self.tables.make(*number)? {
                    walls::apply(&self.api, &self.settings.walls, *number, commit)?;
                }
            }
            Action::Sync(number, commit) => {
                // One that was killed may have made the namespace and not all that walls it in.
                walls::apply(&self.api, &self.settings.walls, *number, commit)?;
                self.change(*number, &sync_of(commit))?;
            }
            Action::EndSync(number) => self.change(*number, &end_of_sync())?,
            Action::Unlabel(number) => {
                let label = &self.settings.label;
                return self.ask(*number, |forge| forge.unlabel(*number, label));
            }
            Action::DeleteNamespace(number) => {
                self.api.delete(&format!("/api/v1/namespaces/{PREFIX}{number}"))?;
            }
            Action::DeleteTable(number) => self.tables.delete(*number)?,
        }
        Ok(true)
    }

    fn change(&self, number: u64, changes: &Value) -> Result<()> {
        let path = format!("{}/{PREFIX}{number}", self.applications());
        self.api.patch(&path, MERGE, &changes.to_string())
    }

    /// Asks the forge about a pull request, unless it is to be left alone; says whether it was
    /// asked.
    fn ask(&mut self, number: u64, question: impl FnOnce(&dyn Forge) -> Result<()>) -> Result<bool> {
        let (now, patience) = (Instant::now(), self.patience.entry(number).or_default());
        if patience.waits(now) {
            return Ok(false);
        }
        let answer = question(self.forge.as_ref());
        patience.after(now, answer.is_ok());
        answer.map(|()| true)
    }

    fn tell(&mut self, number: u64, commit: &str, news: News) -> Result<()> {
        let address = match news {
            News::Live => self.address(number)?,
            _ => None,
        };
        let told = self.told.entry(number).or_insert_with(|| Told::of(commit));
        if told.commit != commit {
            *told = Told::of(commit);
        }
        let word = match (news, address) {
            (News::Failed(words), _) => Word::Failure(words),
            (News::Live, Some(address)) => Word::Success(address),
            (News::Pending(words), _) if told.since.elapsed() > self.settings.ready => {
                Word::Failure(format!("not ready in time: {words}"))
            }
            (News::Pending(words), _) => Word::Pending(words),
            (News::Live, None) => Word::Pending("it has no address yet".to_owned()),
        };
        if told.word.as_ref() == Some(&word) {
            return Ok(());
        }
        if self.ask(number, |forge| forge.tell(REPORT, commit, &word))? {
            println!("{REPORT} {number}: {word:?}");
            if let Some(told) = self.told.get_mut(&number) {
                told.word = Some(word);
            }
        }
        Ok(())
    }

    fn address(&self, number: u64) -> Result<Option<String>> {
        let page = &self.settings.page;
        let path = format!("/api/v1/namespaces/{PREFIX}{number}/services/{page}");
        let service: Option<Service> = self.api.get(&path)?;
        Ok(service.and_then(|service| service.address(self.settings.node.as_deref())))
    }
}

impl Told {
    fn of(commit: &str) -> Self {
        Self {
            commit: commit.to_owned(),
            since: Instant::now(),
            word: None,
        }
    }
}

#[cfg(test)]
mod tests;
