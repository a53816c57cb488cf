//! How releases have gone, and what is about to go on.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use crate::ci::plan;
use crate::ci::proposals::Proposals;
use crate::ci::propose::Outcome;
use crate::ci::releases::{self, Figures};
use crate::ci::run::Run;
use crate::ci::settings::Forge;
use crate::environment::{Environment, environments, project};
use crate::flags;

impl Run<'_> {
    /// Says it for each environment. What goes on next depends on the forge, and is said where the
    /// variables name one.
    pub(in crate::ci) fn releases(&self, flags: &flags::Releases) -> Result<()> {
        let (base, forge) = (self.base()?, Forge::from_env_if_any()?);
        let rules = self.rules()?;
        let now = u64::try_from(Timestamp::now().as_second()).context("the clock is before 1970")?;
        let mut all = Vec::new();
        for environment in environments() {
            let mut figures = Figures::of(self.git, environment, &base, now)?;
            // wing: versions
            if let Some(range) = rules.follows(environment) {
                figures.next = vec![format!(
                    "the highest version of {range}, by `cargo xtask ci follow`"
                )];
                all.push(figures);
                continue;
            }
            // end of wing
            if let (Some(forge), Some(before)) = (&forge, project().before(environment)) {
                let next = rules.gate(environment, None).and_then(|gate| {
                    self.with_proposals(forge, gate, |proposals| proposals.next_of(before, environment))
                });
                // The rest is known all the same.
                (figures.waits, figures.next) =
                    next.unwrap_or_else(|error| (true, vec![format!("{error:#}")]));
            }
            all.push(figures);
        }
        if let Some(file) = &flags.html {
            write(file, &releases::html(&all, now)?)?;
        }
        if flags.json {
            println!("{}", releases::json(&all)?);
        } else if flags.html.is_none() {
            for figures in &all {
                print!("{figures}");
            }
        }
        Ok(())
    }
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("write {}", file.display()))?;
    // What programs read stands alone.
    eprintln!("written   {}", file.display());
    Ok(())
}

impl Proposals<'_, '_> {
    /// What of `from` could be proposed to `to` now, or why nothing can, and whether that waits.
    pub(in crate::ci) fn next_of(&self, from: Environment, to: Environment) -> Result<(bool, Vec<String>)> {
        let shown = self.preview(to, |look| plan::promotion(self.git, from, to, None, &look.base))?;
        Ok(match shown {
            Ok((proposal, _)) => (false, vec![proposal.title]),
            Err(Outcome::Held(hold)) => (true, vec![format!("held {hold}")]),
            Err(Outcome::Unverified(unproven)) => (true, unproven.iter().map(ToString::to_string).collect()),
            Err(_) => (false, Vec::new()),
        })
    }
}
