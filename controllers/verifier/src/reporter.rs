//! One app: what is seen of it in a round, and what the forge has to be told.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::cluster::Cluster;
use crate::forge::Forge;
use crate::look::{Look, look};
use crate::patience::Patience;
use crate::settings::Settings;
use crate::soak::{SYNC_FAILED, Seen, Soak, Word};

pub(crate) struct Reporter {
    app: String,
    /// What its reports are called.
    name: String,
    soak: Soak,
    /// With a forge that gives no good answer.
    patience: Patience,
    /// What the forge has last taken, and of which commit.
    told: Option<(String, Word)>,
    /// Whether this process has judged anything yet.
    has_begun: bool,
    /// Whether CI is still to be started for what was told.
    owes_ci: bool,
}

impl Reporter {
    /// Of an app; `reports` is what its reports are called, but for the app at the end.
    pub(crate) fn of(app: &str, reports: &str) -> Self {
        Self {
            app: app.to_owned(),
            name: format!("{reports}/{app}"),
            soak: Soak::default(),
            patience: Patience::default(),
            told: None,
            has_begun: false,
            owes_ci: false,
        }
    }

    /// Looks once, and tells the forge what it does not know. What fails is done in a later round.
    pub(crate) fn round(
        &mut self,
        cluster: &Cluster,
        forge: &dyn Forge,
        settings: &Settings,
        now: Instant,
    ) -> Result<()> {
        match look(cluster, settings, &self.app)? {
            Look::Nothing => self.soak.interrupt(),
            Look::Moving => {}
            Look::There(seen) => self.judge(forge, settings.soak, now, &seen)?,
        }
        Ok(())
    }

    /// Judges what was seen, whether or not the forge answers: only a process that has just begun
    /// asks it first.
    fn judge(&mut self, forge: &dyn Forge, soak: Duration, now: Instant, seen: &Seen) -> Result<()> {
        let word = self.has_begun.then(|| self.soak.step(now, soak, seen));
        if self.patience.waits(now) {
            return Ok(());
        }
        let done = self.report(forge, seen, |one| {
            word.unwrap_or_else(|| one.soak.step(now, soak, seen))
        });
        self.patience.after(now, done.is_ok());
        done
    }

    fn report(&mut self, forge: &dyn Forge, seen: &Seen, word: impl FnOnce(&mut Self) -> Word) -> Result<()> {
        let known = self.told.as_ref();
        if known.is_none_or(|(revision, _)| *revision != seen.revision) {
            self.recall(forge, seen)?;
        }
        self.has_begun = true;
        let word = word(self);
        if self.is_news(&seen.revision, &word) {
            forge.tell(&self.name, &seen.revision, &word)?;
            println!("{} of {}: {word:?}", self.name, seen.revision);
            self.owes_ci = !matches!(word, Word::Pending(_));
            self.told = Some((seen.revision.clone(), word));
        }
        if self.owes_ci {
            forge.start_ci()?;
            self.owes_ci = false;
        }
        Ok(())
    }

    /// Learns what the forge has of a commit. A process that has just begun goes on from there, and
    /// cannot know whether the one before it has started CI.
    fn recall(&mut self, forge: &dyn Forge, seen: &Seen) -> Result<()> {
        let known = forge.told(&self.name, &seen.revision)?;
        if let Some(word @ (Word::Success(_) | Word::Failure(_))) = &known
            && !self.has_begun
        {
            // That a commit could not be synced says nothing of the release that runs.
            if !is_of_a_sync(word) {
                self.soak.known(&seen.identity, word.clone());
            }
            self.owes_ci = true;
        }
        self.told = known.map(|word| (seen.revision.clone(), word));
        Ok(())
    }

    /// Whether the forge has something else of this commit. That it is looked at is told once.
    fn is_news(&self, revision: &str, word: &Word) -> bool {
        match &self.told {
            Some((of, told)) if of == revision => match (told, word) {
                (_, Word::Pending(_)) => false,
                (told, word) => told != word,
            },
            _ => true,
        }
    }
}

/// Whether it says that a commit was not synced.
fn is_of_a_sync(word: &Word) -> bool {
    matches!(word, Word::Failure(why) if why.starts_with(SYNC_FAILED))
}
