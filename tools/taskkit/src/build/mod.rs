//! What the images contain: static binaries and browser bundles.
//!
//! This folder is part of every app's content: changing how an app is compiled makes a new image of
//! it.

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use project::App;
use xshell::Shell;

use crate::build::toolchain::{Options, Prepared, Target};
use crate::environment::project;

pub mod bundle;
mod debian;
mod paths;
pub mod toolchain;

/// This folder, from the top of the repository.
pub const FOLDER: &str = "tools/taskkit/src/build";

/// Cargo's list of the files that a program of an app was made from.
#[derive(Debug)]
pub struct DepInfo {
    /// What it is of.
    pub app: &'static App,
    /// Where the list lies.
    pub file: PathBuf,
}

impl DepInfo {
    /// The one beside `program`, where Cargo has put both.
    pub fn beside(app: &'static App, program: &Path) -> Self {
        Self {
            app,
            file: program.with_extension("d"),
        }
    }
}

/// One app's build context: everything its Containerfile copies.
pub fn context_of(out: &Path, app: &App) -> PathBuf {
    out.join(app.name())
}

/// Compiles the apps into `out`, one folder each.
///
/// Always all, in one cargo run: built apart, cargo would unify the features of their common
/// dependencies differently and compile tokio, hyper and all above them twice. What did not change
/// costs nothing.
///
/// Answers what each was made from.
pub fn apps(sh: &Shell, out: &Path, options: Options) -> Result<Vec<DepInfo>> {
    let native = toolchain::prepare(sh, Target::Static, options)?;
    let pages: Vec<_> = bundle::pages().collect();
    if pages.is_empty() {
        return servers(sh, &native, out);
    }
    let wasm = toolchain::prepare(sh, Target::Wasm, options)?;
    // Side by side: each has a long tail of one crate that leaves a core idle.
    thread::scope(|scope| {
        let bundle_shell = sh.clone();
        let bundle = scope.spawn(move || {
            let pages = pages.into_iter();
            let built = pages.map(|(app, package)| bundle::build(&bundle_shell, &wasm, out, app, package));
            built.collect::<Result<Vec<_>>>()
        });
        let servers = servers(sh, &native, out);
        let bundle = bundle
            .join()
            .map_err(|_| anyhow!("the thread that builds the browser bundle panicked"))?;
        let mut made = servers?;
        made.extend(bundle?);
        Ok(made)
    })
}

fn servers(sh: &Shell, native: &Prepared, out: &Path) -> Result<Vec<DepInfo>> {
    let packages: Vec<_> = packages().collect();
    let built = native.cargo_build(sh, "release", &packages)?;
    let collected = project().apps().iter().map(|app| {
        let (context, binary) = (context_of(out, app), built.join(app.package()));
        sh.create_dir(&context)?;
        sh.copy_file(&binary, &context)
            .with_context(|| format!("collect the binary {}", app.package()))?;
        Ok(DepInfo::beside(app, &binary))
    });
    collected.collect()
}

/// What names the programs of all apps to cargo.
pub fn packages() -> impl Iterator<Item = &'static str> {
    project()
        .apps()
        .iter()
        .flat_map(|app| ["--package", app.package()])
}

/// Size of all files below `folder`.
pub fn megabytes(folder: &Path) -> Result<f64> {
    fn bytes(folder: &Path) -> std::io::Result<u64> {
        std::fs::read_dir(folder)?
            .map(|entry| {
                let entry = entry?;
                let meta = entry.metadata()?;
                if meta.is_dir() {
                    bytes(&entry.path())
                } else {
                    Ok(meta.len())
                }
            })
            .sum()
    }
    let bytes = bytes(folder).with_context(|| format!("measure {}", folder.display()))?;
    #[expect(clippy::cast_precision_loss, reason = "printed with one digit")]
    Ok(bytes as f64 / 1e6)
}
