//! The command line of AWS as a process that all calls of this one share: the tests call it some
//! hundred times, and to load its modules takes it longer than to answer.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::Path;
use std::process;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::process::Process;
use crate::tools;

/// It never takes longer to load.
const START: Duration = Duration::from_mins(1);

/// By which name `emulators/bin/aws` finds it, in `LOADED_AWS`.
pub(crate) fn name() -> Result<&'static str> {
    static LOADED: LazyLock<Result<Loaded>> = LazyLock::new(Loaded::start);
    match &*LOADED {
        Ok(loaded) => Ok(&loaded.name),
        Err(error) => Err(anyhow!("{error:#}")),
    }
}

struct Loaded {
    name: String,
    _process: Process,
}

impl Loaded {
    fn start() -> Result<Self> {
        let name = format!("gitops-aws-{}", process::id());
        let program = tools::emulators().join("loaded_aws.py");
        let mut command = tools::loader()?;
        command.arg(&program).arg(&name);
        let process = Process::start(command, Path::new("/dev/null"))?;
        let address = SocketAddr::from_abstract_name(&name).context("name a socket")?;
        let started = Instant::now();
        while UnixStream::connect_addr(&address).is_err() {
            ensure!(
                started.elapsed() < START,
                "{} does not answer; start it by hand to see why",
                program.display()
            );
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Self {
            name,
            _process: process,
        })
    }
}
