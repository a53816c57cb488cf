//! One simulation of [`super::races`]: the runs of CI and the people around them, each a thread
//! that `shuttle` moves on.

mod editors;
mod people;
mod prover;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::{Result, bail, ensure};
use shuttle::rand::{Rng as _, thread_rng};
use shuttle::thread;
use xshell::Shell;

pub(super) use self::prover::Health;
use super::bare::Bare;
use super::door::{Door, Gated};
use super::model::{Forge, Registry, digest};
use super::races::one_look;
use super::{NAMES, git, shell, wanted};
use crate::ci::git::remote::{GitRemote, Heads, Remote as _};
use crate::ci::git::{Git, Memory};
use crate::ci::history::MarkSource;
use crate::ci::plan::Plan;
use crate::ci::proposals::Proposals;
use crate::ci::registry::Images as _;
use crate::ci::wanted::Wanted;
use crate::environment::{Environment, apps, project};
use overlay::Pin;
use project::App;

/// Pushes of one simulation.
pub(super) const PUSHES: usize = 3;
/// A run compiles for none to three times as many steps of others.
const BUILD: usize = 12;
/// How often a run may fail before it counts as one that never comes to an end.
const TRIES: usize = 12;

/// Which protocol a run follows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Protocol {
    Ours,
    /// The same, with two runs for each push, each of one app: the two projects of `CodeBuild`.
    Shared,
    /// Two runs again, but each asks whether it is the last one when it begins: then perhaps nobody
    /// is.
    SharedAskingFirst,
    /// One that looks only once, as the reader of this file might have written it: its faults must
    /// be found.
    OneLook,
    /// Ours, with somebody who reports what staging has proven, and a gate that asks for it.
    Gated,
    /// The same, and nobody asks.
    Ungated,
    /// Ours, but what stands in the overlay is all that it knows: a mark that was lost is no
    /// release.
    Forgetful,
}

/// The apps that a run pushes; `None`: all.
pub(super) type Own = Option<&'static [&'static str]>;

impl Protocol {
    /// The runs that one push starts.
    pub(super) fn runs(self) -> Vec<Own> {
        match self {
            Self::Ours | Self::OneLook | Self::Forgetful | Self::Gated | Self::Ungated => vec![None],
            Self::Shared | Self::SharedAskingFirst => NAMES.chunks(1).map(Some).collect(),
        }
    }
}

/// A commit, and the content of both apps in it.
pub(super) type Push = (String, Vec<String>);

/// What a simulation needs. Its threads get copies.
#[derive(Clone)]
pub(super) struct Simulation {
    pub(super) work: PathBuf,
    pub(super) remote: PathBuf,
    pub(super) registry: Registry,
    pub(super) forge: Forge,
    pub(super) door: Door,
    /// Runs that have not ended.
    pub(super) running: Arc<Mutex<usize>>,
    /// Of all simulations: the same commits come again and again.
    pub(super) memory: Memory,
    pub(super) pushes: Arc<Mutex<Vec<Push>>>,
    /// What is known of images in staging.
    pub(super) health: Health,
    /// How often somebody wrote an overlay anew.
    pub(super) rewritten: Arc<Mutex<usize>>,
    pub(super) protocol: Protocol,
}

impl Simulation {
    fn shell(&self) -> Shell {
        let sh = shell();
        sh.change_dir(&self.work);
        sh
    }

    /// Master of the remote as at the start, and no proposals.
    pub(super) fn begin(&self, start: &str) {
        let (sh, remote) = (self.shell(), &self.remote);
        let there = remote.display().to_string();
        let delete = [
            "-C",
            &there,
            "for-each-ref",
            "--format=delete %(refname)",
            "refs/heads/release",
        ];
        let refs = git(&sh, &delete).read().unwrap() + &format!("\nupdate refs/heads/master {start}\n");
        git(&sh, &["-C", &there, "update-ref", "--stdin"])
            .input(refs.trim_start())
            .run()
            .unwrap();
    }

    /// What one run of CI does for a push.
    pub(super) fn run(&self, commit: &str, own: Own, door: &Door) -> Result<()> {
        let sh = self.shell();
        let git = Git::remembering(&sh, self.memory.clone());
        let (registry, forge) = (Gated(&self.registry, door), Gated(&self.forge, door));
        let (mut missing, mut others) = (Vec::new(), Vec::new());
        for app in apps() {
            let tag = git.fingerprint(commit, app)?;
            if registry.digest(app.name(), &tag)?.is_none() {
                let mine = own.is_none_or(|own| own.contains(&app.name()));
                if mine { &mut missing } else { &mut others }.push((app.name(), tag));
            }
        }
        for _ in 0..thread_rng().gen_range(0..4) * BUILD {
            door.pass()?;
        }
        for (app, tag) in missing {
            self.registry.push(app, &tag);
            door.pass()?;
        }
        let origin = self.remote(&git);
        let proposals = Proposals {
            git: &git,
            infra: &Gated(&origin, door),
            source: None,
            forge: &forge,
            gate: None,
        };
        match self.protocol {
            Protocol::SharedAskingFirst if !others.is_empty() => Ok(()),
            Protocol::OneLook => one_look(&proposals, &registry, commit),
            _ => {
                let wanted = Wanted {
                    own,
                    ..wanted(&git, &registry, project().first(), commit)
                };
                proposals.settle(project().first(), |look| {
                    let mut plan = wanted.newest(look)?;
                    if matches!(self.protocol, Protocol::Forgetful) {
                        forget(&mut plan);
                    }
                    Ok(plan)
                })?;
                Ok(())
            }
        }
    }

    /// The push that an environment is pinned to. Where somebody's tool lost the mark, it has to be
    /// the push that was merged last: a proposal that is opened once more after its merge changes
    /// nothing.
    pub(super) fn pinned(&self, environment: Environment, last: Option<usize>) -> Result<usize> {
        let pushes = self.pushes.lock().unwrap();
        let mut found = None;
        for (at, (app, pin)) in apps().iter().zip(self.pins(environment)).enumerate() {
            let number = match &pin.commit {
                Some(commit) => pushes.iter().position(|(pushed, _)| pushed == commit),
                None => last,
            };
            let Some(number) = number else {
                bail!(
                    "{} is pinned to {:?}, which was never pushed",
                    app.name(),
                    pin.commit
                );
            };
            ensure!(
                pin.digest == digest(&pushes[number].1[at]),
                "{} has not the image of push {number}",
                app.name()
            );
            ensure!(
                found.is_none_or(|found| found == number),
                "the apps are of different pushes"
            );
            found = Some(number);
        }
        found.map_or_else(|| bail!("there are no apps"), Ok)
    }

    fn remote<'g, 'sh>(&self, git: &'g Git<'sh>) -> Bare<'g, 'sh> {
        Bare {
            folder: self.remote.clone(),
            git: GitRemote::at(git, self.remote.display().to_string()),
        }
    }

    pub(super) fn heads(&self) -> Heads {
        let sh = self.shell();
        let git = Git::remembering(&sh, self.memory.clone());
        self.remote(&git).heads(&["*".to_owned()]).unwrap()
    }

    pub(super) fn pins(&self, environment: Environment) -> Vec<Pin> {
        let sh = self.shell();
        let git = Git::remembering(&sh, self.memory.clone());
        let remote = self.remote(&git);
        let master = remote.heads(&["master".to_owned()]).unwrap()["master"].clone();
        if git.commit_named(&master).is_none() {
            remote.bring(&["master"]).unwrap();
        }
        let pin = |app: &App| {
            let text = git.file(&master, &app.overlay(environment)).unwrap();
            overlay::pin(&text, app.name()).unwrap()
        };
        apps().iter().map(pin).collect()
    }

    pub(super) fn run_all(&self) {
        let promoter = {
            let simulation = self.clone();
            thread::spawn(move || {
                while *simulation.running.lock().unwrap() > 0 {
                    // Before the first release there is nothing to promote.
                    let _ = simulation.promote(&simulation.door);
                    thread::yield_now();
                }
            })
        };
        let reviewer = {
            let simulation = self.clone();
            thread::spawn(move || simulation.review())
        };
        let editor = {
            let simulation = self.clone();
            thread::spawn(move || simulation.edit())
        };
        let prover = self.protocol.has_proofs().then(|| {
            let simulation = self.clone();
            thread::spawn(move || simulation.prove())
        });
        for run in self.develop() {
            run.join().unwrap();
        }
        editor.join().unwrap();
        if let Some(prover) = prover {
            prover.join().unwrap();
        }
        promoter.join().unwrap();
        reviewer.join().unwrap();
        self.at_rest();
    }
}

/// Takes what was found again in the history away.
fn forget(plan: &mut Plan) {
    for app in plan.apps.iter_mut().filter(|app| app.known == MarkSource::Found) {
        (app.released, app.withdrawn) = (None, None);
    }
}

fn until_done(run: &dyn Fn() -> Result<()>) {
    let mut last = None;
    for _ in 0..TRIES {
        match run() {
            Ok(()) => return,
            Err(error) => last = Some(error),
        }
    }
    panic!("repeated {TRIES} times, and still: {last:?}");
}
