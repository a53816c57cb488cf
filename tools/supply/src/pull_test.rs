//! Shows that mode `pull` works where no public registry is in reach: a real registry on this
//! machine serves our images under their upstream paths, and a second, empty engine gets them from
//! it.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use child_process::ProcessGroup;
use taskkit::missing::Missing;
use xshell::Shell;

use crate::acquire::source;
use crate::cache::Cache;
use crate::doctor;
use crate::engine::{Engine, Kind};
use crate::needs::Group;
use crate::node_image::id;
use crate::options::{Mode, Options};
use crate::orchestrate::images;
use crate::recipes;
use crate::run;
use crate::versions::Versions;
use crate::workshop::{Session, Workshop, minutes};

/// Pushes every part, pulls all of them with [`Mode::Pull`] into an empty engine, and compares the
/// images' ids. Gives the number of images compared. The caller holds the cache's lock, and every
/// part is there already.
pub fn prove_pull(session: Session<'_>, engine: &Engine) -> Result<usize> {
    ensure!(
        engine.kind() == Kind::Podman,
        "the proof needs podman, whose storage can be a second, empty one"
    );
    doctor::ready(session, &[Group::Registry])?;
    let folder = session.cache.build().join("proof");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let outcome = prove(session, engine, &folder);
    fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
    outcome
}

fn prove(session: Session<'_>, engine: &Engine, folder: &Path) -> Result<usize> {
    let versions = Versions::load()?;
    let here = Workshop::new(session, engine, &versions);
    let registry = Registry::start(folder, session.logs)?;
    let sh = Shell::new().context("open a shell")?;
    for each in recipes::images() {
        let image = each.image.part.image(&versions)?;
        let (target, _) = source(image, Some(&registry.address));
        session.progress.doing(&format!("push {target}"));
        let push = engine
            .command(&sh, ["push", "--tls-verify=false", image])
            .arg(format!("docker://{target}"));
        here.run("proof", minutes(10), push)?;
    }
    let empty = Cache::at(folder.join("cache"))?;
    let other = Engine::podman(&empty, session.logs)?;
    let there = Session {
        cache: &empty,
        missing: Missing::Name,
        ..session
    };
    let there = Workshop::new(there, &other, &versions);
    let options = Options {
        mode: Mode::Pull,
        mirror: Some(registry.address.clone()),
        admission: true,
        addons: true,
    };
    let outcome = images(there, &options).and_then(|_| {
        let mut compared = 0;
        for each in recipes::images() {
            let image = each.image.part.image(&versions)?;
            let [ours, pulled] = [id(here, image)?, id(there, image)?];
            ensure!(
                ours == pulled,
                "{image} is {ours} here but {pulled} after the pull"
            );
            compared += 1;
        }
        Ok(compared)
    });
    // Its layers are mounts and files of root's that only podman takes apart.
    let reset = other.command(&sh, ["system", "reset", "--force"]);
    here.run("proof", minutes(5), reset)?;
    if let Some(run) = other.socket().parent() {
        fs::remove_dir_all(run).with_context(|| format!("remove {}", run.display()))?;
    }
    outcome
}

/// A registry on a free port of the loopback, gone when dropped.
struct Registry {
    address: String,
    process: ProcessGroup<Child>,
}

impl Registry {
    fn start(folder: &Path, logs: &Path) -> Result<Self> {
        let port = {
            let probe = TcpListener::bind("127.0.0.1:0").context("find a free port")?;
            probe.local_addr().context("read the free port")?.port()
        };
        let address = format!("127.0.0.1:{port}");
        let storage = folder.join("registry");
        let config = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {address}\n",
            storage.display()
        );
        let file = folder.join("registry.yml");
        fs::write(&file, config).with_context(|| format!("write {}", file.display()))?;
        let log = logs.join("proof-registry.log");
        let output = fs::File::create(&log).with_context(|| format!("create {}", log.display()))?;
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("share the registry's log")?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .context("start docker-registry")?;
        let process = ProcessGroup::of(process);
        let mut registry = Self { address, process };
        let started = Instant::now();
        while TcpStream::connect(&registry.address).is_err() {
            let ended = registry
                .process
                .leader
                .try_wait()
                .context("wait for docker-registry")?;
            if ended.is_some() || started.elapsed() > Duration::from_secs(20) {
                bail!(
                    "the registry does not answer on {}; log: {}",
                    registry.address,
                    log.display()
                );
            }
            run::check_cancelled()?;
            thread::sleep(Duration::from_millis(50));
        }
        Ok(registry)
    }
}
