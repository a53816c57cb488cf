//! How releases have gone, and what is about to go on.

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use crate::ci::figures::{self, Figures};
use crate::ci::place::Gate;
use crate::ci::plan;
use crate::ci::propose::Outcome;
use crate::ci::run::Run;
use crate::ci::settings::Forge;
use crate::environment::{Environment, environments, project};

impl Run<'_> {
    /// Says it for each environment. What goes on next depends on the forge, and is said where the
    /// variables name one.
    pub(in crate::ci) fn releases(&self, json: bool) -> Result<()> {
        let (base, forge) = (self.base()?, Forge::from_env_if_any()?);
        let now = u64::try_from(Timestamp::now().as_second()).context("the clock is before 1970")?;
        let mut all = Vec::new();
        for environment in environments() {
            let mut figures = Figures::of(self.git, environment, &base, now)?;
            if let (Some(forge), Some(before)) = (&forge, project().before(environment)) {
                figures.next = self.next(forge, before, environment);
            }
            all.push(figures);
        }
        if json {
            println!("{}", figures::json(&all)?);
        } else {
            for figures in &all {
                print!("{figures}");
            }
        }
        Ok(())
    }

    /// What of `from` could be proposed to `to` now, or why nothing can.
    fn next(&self, forge: &Forge, from: Environment, to: Environment) -> Vec<String> {
        let shown = self.place(forge, Gate::before(to, None), |place| {
            place.preview(to, |look| plan::promotion(self.git, from, to, None, &look.base))
        });
        match shown {
            Ok(Ok((proposal, _))) => vec![proposal.title],
            Ok(Err(Outcome::Held(hold))) => vec![format!("held {hold}")],
            Ok(Err(Outcome::Unverified(unproven))) => unproven.iter().map(ToString::to_string).collect(),
            Ok(Err(_)) => Vec::new(),
            Err(error) => vec![format!("{error:#}")],
        }
    }
}
