//! One app: what is seen of it in a round, and what the forge has to be told.

use std::time::Instant;

use anyhow::Result;

use crate::cluster::Cluster;
use crate::forge::Forge;
use crate::look::look;
use crate::settings::Settings;
use crate::soak::{Seen, Soak, Word};

pub(crate) struct Reporter {
    app: String,
    soak: Soak,
    /// What the forge has last taken, and of which commit.
    told: Option<(String, Word)>,
    /// Whether this process has judged anything yet.
    has_begun: bool,
    /// Whether CI is still to be started for what was told.
    owes_ci: bool,
}

impl Reporter {
    pub(crate) fn of(app: &str) -> Self {
        Self {
            app: app.to_owned(),
            soak: Soak::default(),
            told: None,
            has_begun: false,
            owes_ci: false,
        }
    }

    /// Looks once, and tells the forge what it does not know. What fails is done in the next round.
    pub(crate) fn round(
        &mut self,
        cluster: &Cluster,
        forge: &dyn Forge,
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
            let name = format!("{}/{}", settings.reports, self.app);
            self.recall(forge, &name, &seen)?;
        }
        self.has_begun = true;
        let word = self.soak.step(now, settings.soak, &seen);
        if self.is_news(&seen.revision, &word) {
            let name = format!("{}/{}", settings.reports, self.app);
            forge.tell(&name, &seen.revision, &word)?;
            println!("{name} of {}: {word:?}", seen.revision);
            self.owes_ci = !matches!(word, Word::Pending(_));
            self.told = Some((seen.revision, word));
        }
        if self.owes_ci {
            forge.start_ci()?;
            self.owes_ci = false;
        }
        Ok(())
    }

    /// Learns what the forge has of a commit. A process that has just begun goes on from there.
    fn recall(&mut self, forge: &dyn Forge, name: &str, seen: &Seen) -> Result<()> {
        let known = forge.told(name, &seen.revision)?;
        if let Some(word @ (Word::Success(_) | Word::Failure(_))) = &known
            && !self.has_begun
        {
            self.soak.known(&seen.identity, word.clone());
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
