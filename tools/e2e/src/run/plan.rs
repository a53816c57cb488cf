//! A list of actions that is carried out as it stands: each begins when those it needs have ended,
//! side by side with all others that can.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use futures_util::future::{LocalBoxFuture, try_join_all};
use tokio::sync::SetOnce;

use crate::run::{Step, StepHandle, progress::Progress};

/// How an action is run, on what the actions before it have made.
type Run<C> = Box<dyn for<'a> Fn(&'a C, &'a StepHandle) -> LocalBoxFuture<'a, Result<()>>>;

/// One action: its name and limit, what has to have ended before, and how it is run.
struct Action<C> {
    step: Step,
    needs: Vec<&'static str>,
    run: Run<C>,
}

/// Actions that share a context, in an order in which each comes after those it needs.
pub(crate) struct Plan<C>(Vec<Action<C>>);

impl<C> Plan<C> {
    /// A plan of nothing.
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds an action that needs earlier ones, named by the ids of their steps.
    ///
    /// # Panics
    /// If an action that it needs is not among the earlier ones: it would never begin.
    pub(crate) fn add(
        &mut self,
        step: Step,
        needs: &[&'static str],
        run: impl for<'a> Fn(&'a C, &'a StepHandle) -> LocalBoxFuture<'a, Result<()>> + 'static,
    ) {
        let earlier = self.ids();
        for need in needs {
            assert!(
                earlier.contains(need),
                "{} needs {need}, which is not planned before it",
                step.id
            );
        }
        self.0.push(Action {
            step,
            needs: needs.to_vec(),
            run: Box::new(run),
        });
    }

    /// The names of all its actions.
    pub(crate) fn ids(&self) -> Vec<&'static str> {
        self.0.iter().map(|action| action.step.id).collect()
    }

    /// How many steps it has.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Its steps for a reader: one row comes after the other, and what is in one row may overlap.
    pub(crate) fn rows(&self) -> Vec<Vec<Step>> {
        let before = self.before();
        let begins_row =
            |at: usize| (at..self.0.len()).all(|later| before[later].is_superset(&(0..at).collect()));
        let mut rows: Vec<Vec<Step>> = Vec::new();
        for (at, action) in self.0.iter().enumerate() {
            match rows.last_mut() {
                Some(row) if !begins_row(at) => row.push(action.step),
                _ => rows.push(vec![action.step]),
            }
        }
        rows
    }

    /// Of each action, the places of all that have ended when it begins.
    fn before(&self) -> Vec<BTreeSet<usize>> {
        let mut before: Vec<BTreeSet<usize>> = Vec::new();
        for action in &self.0 {
            let needed = (0..before.len()).filter(|at| action.needs.contains(&self.0[*at].step.id));
            let all = needed.flat_map(|at| before[at].iter().copied().chain([at]));
            let all = all.collect();
            before.push(all);
        }
        before
    }

    /// Carries all of it out. The first action that fails ends those that go on beside it, and
    /// dropping the future ends all.
    pub(crate) async fn carry_out(&self, progress: &Progress, context: &C) -> Result<()> {
        let ended: BTreeMap<_, _> = self.ids().into_iter().map(|id| (id, SetOnce::new())).collect();
        let one = async |action: &Action<C>| {
            for need in &action.needs {
                ended[need].wait().await;
            }
            progress
                .step(&action.step, async |step| (action.run)(context, step).await)
                .await?;
            ended[action.step.id]
                .set(())
                .with_context(|| format!("{} is planned twice", action.step.id))
        };
        try_join_all(self.0.iter().map(one)).await.map(drop)
    }
}

#[cfg(test)]
mod tests;
