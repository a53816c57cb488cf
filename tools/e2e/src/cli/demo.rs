//! `cargo xtask demo`: a person's first change on what `up` left running. A line of the page is
//! changed on the forge, built and proposed by the CI that is there, merged by the person who
//! watches, and live in the first environment. It works in a clone of its own.

mod change;
mod title;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use self::change::Change;
use crate::{
    actors::{Reviewer, Visitor, merge_on_forge},
    ci::{self, Ledger},
    cli::ci_service,
    cluster::Cluster,
    environment::Environment,
    git::{
        forge::{PullRequest, Repository},
        repositories::{application_on_forge, manifests_on_forge},
    },
    run::{
        Session, Step, StepHandle, harness,
        saved_state::{State, Up},
    },
    wait::{Verdict, eventually},
};

/// What the demo is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Merge the pull request as well, for those who only want to watch
    #[arg(long)]
    merge: bool,
}

const CHANGE: Step = Step::new("demo-change", "change the page", 300);
const BUILD: Step = Step::new("demo-build", "build and proposal", 1860);
const MERGE: Step = Step::new("demo-merge", "merge", 3660);
const LIVE: Step = Step::new("demo-live", "live", 330);

/// How many steps it has.
pub(crate) const STEPS: usize = [CHANGE, BUILD, MERGE, LIVE].len();

/// Where compilers start from nothing.
const BUILT_WITHIN: Duration = Duration::from_mins(30);
/// A person reads, and may be called away.
const MERGED_WITHIN: Duration = Duration::from_hours(1);
const LIVE_WITHIN: Duration = Duration::from_mins(5);

/// The line that is changed is in here.
const FILE: &str = "frontend/app/src/form.rs";

/// From a change to visitors who see it.
pub(crate) async fn run(session: &Session, args: &Args) -> Result<()> {
    let state = State::load(&session.cache)?.and_then(|state| state.up);
    let up = state.context("only a part is up; run `cargo xtask e2e down`, then `cargo xtask e2e up`")?;
    let demo = Demo::on(session, &up).await?;
    let progress = &session.progress;
    let change = progress
        .step(&CHANGE, async |step| demo.change(step).await)
        .await?;
    for line in change.lines() {
        progress.say(&line);
    }
    let early = EndsEarly {
        session,
        proposals: demo.page(&up.world.layout.manifests().path(), "/pulls"),
        over: false,
    };
    let proposal = progress
        .step(&BUILD, async |step| demo.proposed(step, &change).await)
        .await?;
    progress.say(&format!("    proposed: {}", demo.address(&proposal)));
    let merged = progress
        .step(&MERGE, async |step| demo.merged(step, proposal, args.merge).await)
        .await?;
    progress
        .step(&LIVE, async |step| demo.live(step, &change).await)
        .await?;
    early.end();
    demo.say_what_was_shown(&change, merged);
    Ok(())
}

/// What is up, as the person of the demo comes to it.
struct Demo<'a> {
    session: &'a Session,
    up: &'a Up,
    http: reqwest::Client,
    /// The environment that is built for.
    cluster: Cluster,
    application: Repository,
    manifests: Repository,
}

impl<'a> Demo<'a> {
    async fn on(session: &'a Session, up: &'a Up) -> Result<Self> {
        let first = Environment::first();
        let state = up.clusters.iter().find(|cluster| cluster.environment == first);
        let state = state.with_context(|| {
            format!("{first} is not up; run `cargo xtask e2e down`, then `cargo xtask e2e up`")
        })?;
        Ok(Self {
            session,
            up,
            http: harness::http()?,
            cluster: Cluster::open(state.clone()).await?,
            application: application_on_forge(&up.world),
            manifests: manifests_on_forge(&up.world),
        })
    }

    /// Pushes a change, once there is a CI that will hear of it.
    async fn change(&self, step: &StepHandle) -> Result<Change> {
        step.doing("ask the forge who builds");
        let hooks = self.application.webhook_addresses().await.with_context(|| {
            format!(
                "the forge of what is up does not answer at {}; if this machine was started anew, run `cargo xtask e2e down`, then `cargo xtask e2e up`",
                self.up.world.forge.host_url
            )
        })?;
        if !ci::listens(&self.http, &hooks).await {
            step.doing("start the CI, which had ended");
            ci_service::start(self.session).await?;
        }
        Change::push(self.session, &self.up.world, step).await
    }

    /// The pull request that CI opens for it.
    async fn proposed(&self, step: &StepHandle, change: &Change) -> Result<PullRequest> {
        let environment = Environment::first();
        let ledger = || Ledger::read(&self.session.run.file("ci"));
        ci::waits::passed(step, &ledger, environment.branch(), &change.commit, BUILT_WITHIN).await?;
        let reviewer = Reviewer::of(&self.up.world);
        reviewer.proposal(step, environment, &change.commit).await
    }

    /// Waits until it is merged, or merges it; gives when that was seen.
    async fn merged(&self, step: &StepHandle, mut proposal: PullRequest, by_itself: bool) -> Result<Instant> {
        if by_itself {
            return merge_on_forge(step, &self.manifests, &proposal).await;
        }
        let forge = &self.up.world.forge;
        self.session.progress.say(&format!(
            "    now merge it there, as user {}, password {}; its pages say what it changes",
            forge.user, forge.password
        ));
        let what = "somebody who merges";
        let wait = eventually(step, what, MERGED_WITHIN, async || {
            let now = self.manifests.pull_request(proposal.number).await?;
            if now.merged {
                return Ok(Verdict::Ready(Instant::now()));
            }
            if now.is_open() {
                return Ok(Verdict::Pending(format!("{} is open", self.address(&now))));
            }
            // A push after this one has made CI propose anew.
            let open = Reviewer::of(&self.up.world)
                .open_proposals(Environment::first())
                .await?;
            Ok(match open.into_iter().next() {
                Some(newer) => {
                    proposal = newer;
                    Verdict::Pending(format!("replaced by {}", self.address(&proposal)))
                }
                None => Verdict::Failed(format!(
                    "{} was closed and not merged, so nothing is released",
                    self.address(&now)
                )),
            })
        });
        wait.await.context("`cargo xtask demo --merge` merges by itself")
    }

    /// Waits until visitors see the change.
    async fn live(&self, step: &StepHandle, change: &Change) -> Result<()> {
        let visitor = Visitor::of(&self.cluster, &self.http);
        let what = format!("page of {}", Environment::first());
        let seen = eventually(step, &what, LIVE_WITHIN, async || {
            Ok(if visitor.page().await?.shows(&change.title) {
                Verdict::Ready(())
            } else {
                Verdict::Pending(format!("does not show “{}” yet", change.title))
            })
        });
        let argocd = self.cluster.argocd_page();
        seen.await
            .with_context(|| format!("look at Argo CD, {argocd}, or at what `cargo xtask e2e logs` saves"))
    }

    fn say_what_was_shown(&self, change: &Change, merged: Instant) {
        let progress = &self.session.progress;
        let first = Environment::first();
        progress.say(&format!(
            "{first} shows “{}”: {}  ({:.1} s after the merge, {:.1} s after the push)",
            change.title,
            self.cluster.page(),
            merged.elapsed().as_secs_f64(),
            change.pushed.elapsed().as_secs_f64(),
        ));
        let Some(next) = Environment::all().get(1) else {
            return;
        };
        let state = self
            .up
            .clusters
            .iter()
            .find(|cluster| cluster.environment == *next);
        let page = state.and_then(|state| state.sites.get(crate::environment::PAGE));
        let layout = self.up.world.layout;
        let forge = &self.up.world.forge;
        progress.say(&format!(
            "next: {next} still shows the old page{}. The same images reach it by a push to `{}`:",
            page.map(|page| format!(", {page}")).unwrap_or_default(),
            next.branch()
        ));
        progress.say(&format!(
            "  git -C {} push {} HEAD:{}",
            change.folder.display(),
            forge.with_rights(&layout.application().remote(&forge.host_url)),
            next.branch()
        ));
        progress.say(&format!(
            "  CI builds nothing, and opens a pull request: {}",
            self.page(&layout.manifests().path(), "/pulls")
        ));
        progress.say("or `cargo xtask demo` for another change, `cargo xtask e2e down` to remove it all");
    }

    fn page(&self, repository: &str, rest: &str) -> String {
        format!("{}/{repository}{rest}", self.up.world.forge.host_url)
    }

    /// Where a person reads a proposal.
    fn address(&self, proposal: &PullRequest) -> String {
        let manifests = self.up.world.layout.manifests();
        self.page(&manifests.path(), &format!("/pulls/{}", proposal.number))
    }
}

/// Says what stays on the forge if the demo ends before its end: a failure, or Ctrl-C.
struct EndsEarly<'a> {
    session: &'a Session,
    proposals: String,
    over: bool,
}

impl EndsEarly<'_> {
    fn end(mut self) {
        self.over = true;
    }
}

impl Drop for EndsEarly<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.session.progress.say(&format!(
                "what was pushed stays on the forge: CI goes on with it, and its pull request can be merged at {}",
                self.proposals
            ));
        }
    }
}
