//! One app: what is seen of it in a round, and what the forge has to be told.

use std::time::Instant;

use anyhow::Result;

use crate::cluster::Cluster;
use crate::forge::Forge;
use crate::look::look;
use crate::settings::Settings;
use crate::soak::{Soak, Word};

pub(crate) struct Reporter {
    app: String,
    soak: Soak,
    /// What the forge has last taken, and of which commit.
    told: Option<(String, Word)>,
    /// Whether this process has judged anything yet.
    has_begun: bool,
}

impl Reporter {
    pub(crate) fn of(app: &str) -> Self {
        Self {
            app: app.to_owned(),
            soak: Soak::default(),
            told: None,
            has_begun: false,
        }
    }

    /// Looks once, and tells the forge what it does not know. What fails is done in the next round.
    pub(crate) fn round(
        &mut self,
        cluster: &Cluster,
        forge: &Forge,
        settings: &Settings,
        now: Instant,
    ) -> Result<()> {
        let Some(seen) = look(cluster, settings, &self.app)? else {
            return Ok(());
        };
        if self
            .told
            .as_ref()
            .is_none_or(|(revision, _)| *revision != seen.revision)
        {
            self.recall(forge, &seen.revision, &seen.identity)?;
        }
        self.has_begun = true;
        let word = self.soak.step(now, settings.soak, &seen);
        if self.is_news(&seen.revision, &word) {
            forge.tell(&self.app, &seen.revision, &word)?;
            self.told = Some((seen.revision, word));
        }
        Ok(())
    }

    /// Learns what the forge has of a commit. A process that has just begun goes on from there.
    fn recall(&mut self, forge: &Forge, revision: &str, identity: &str) -> Result<()> {
        let known = forge.told(&self.app, revision)?;
        if let Some(word @ (Word::Success(_) | Word::Failure(_))) = &known
            && !self.has_begun
        {
            self.soak.known(identity, word.clone());
        }
        self.told = known.map(|word| (revision.to_owned(), word));
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
