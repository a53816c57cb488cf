//! The programs that `cargo xtask test` brings, by the variables it sets.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context as _, Result, ensure};
use project::Project;

use crate::loaded;

/// The root of the repository.
pub fn root() -> PathBuf {
    let member = Path::new(env!("CARGO_MANIFEST_DIR"));
    member.ancestors().nth(2).unwrap_or(member).to_owned()
}

/// The apps and environments of this checkout, for which `infra/aws` has roles, registries and
/// pipelines.
pub fn project() -> &'static Project {
    static PROJECT: LazyLock<Project> =
        LazyLock::new(|| Project::load(&root()).expect("read the project of this checkout"));
    &PROJECT
}

/// Where the templates lie.
pub fn templates() -> PathBuf {
    root().join("infra/aws")
}

fn variable(name: &str) -> Result<PathBuf> {
    let value = env::var_os(name);
    Ok(value
        .with_context(|| format!("{name} is not set; run `cargo xtask test --only cloud`"))?
        .into())
}

/// The programs in Python of this crate.
pub(crate) fn emulators() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("emulators")
}

/// The command line of AWS.
pub fn aws(home: &Path) -> Result<Command> {
    contained(
        Command::new(emulators().join("bin/aws")),
        &variable("CLOUD_TOOLS")?,
        home,
    )
}

/// Python with the modules of the command line, and with nothing of the person's own.
pub(crate) fn loader() -> Result<Command> {
    let mut python = Command::new("python3");
    forget_aws(&mut python);
    python.env("PYTHONPATH", variable("CLOUD_TOOLS")?);
    Ok(python)
}

/// A program of the folder with cfn-lint, moto and `MiniStack`.
///
/// Nothing of the person's own reaches it: no profile, no credentials, no folder for its notes but
/// `home`.
pub fn program(name: &str, home: &Path) -> Result<Command> {
    let folder = variable("CLOUD_TOOLS")?;
    let program = folder.join("bin").join(name);
    contained(Command::new(program), &folder, home)
}

/// A shell that carries this script out in `home`; its `aws` is the command line of AWS.
pub fn shell(script: &str, home: &Path) -> Result<Command> {
    let mut shell = contained(Command::new("bash"), &variable("CLOUD_TOOLS")?, home)?;
    shell.args(["-euo", "pipefail", "-c", script]).current_dir(home);
    Ok(shell)
}

/// Python with the modules of the same folder.
pub fn python(home: &Path) -> Result<Command> {
    let folder = variable("CLOUD_TOOLS")?;
    contained(Command::new("python3"), &folder, home)
}

/// What `cargo xtask aws` starts, in the checkout whose root is `root`.
pub fn stacks(root: &Path, home: &Path) -> Result<Command> {
    task("STACKS", root, home)
}

/// What `cargo xtask shift` starts, on an AWS at `endpoint`.
pub fn shift(endpoint: &str, home: &Path) -> Result<Command> {
    let mut shift = task("SHIFT", &root(), home)?;
    shift
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    Ok(shift)
}

/// What `cargo xtask ci` starts, in the checkout whose root is `root`.
pub fn release(root: &Path, home: &Path) -> Result<Command> {
    task("RELEASE", root, home)
}

fn task(name: &str, root: &Path, home: &Path) -> Result<Command> {
    let mut task = contained(Command::new(variable(name)?), &variable("CLOUD_TOOLS")?, home)?;
    // By which a program knows its checkout.
    task.env("CARGO_MANIFEST_DIR", root.join("tools/release"));
    Ok(task)
}

/// The backend's binary.
pub fn backend() -> Result<PathBuf> {
    variable("BACKEND")
}

/// The controller of the hub, on an EKS at `endpoint`.
pub fn clusterset(endpoint: &str, home: &Path) -> Result<Command> {
    let mut clusterset = contained(
        Command::new(variable("CLUSTERSET")?),
        &variable("CLOUD_TOOLS")?,
        home,
    )?;
    clusterset
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    Ok(clusterset)
}

fn contained(mut command: Command, folder: &Path, home: &Path) -> Result<Command> {
    forget_aws(&mut command);
    let path = env::var_os("PATH").unwrap_or_default();
    let first = [emulators().join("bin"), folder.join("bin")];
    let path = env::join_paths(first.into_iter().chain(env::split_paths(&path)));
    command
        .env("LOADED_AWS", loaded::name()?)
        .env("PATH", path.context("put the folder of tools on PATH")?)
        .env("PYTHONPATH", folder)
        .env("HOME", home)
        .env("NO_PROXY", "127.0.0.1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    Ok(command)
}

fn forget_aws(command: &mut Command) {
    for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"AWS_")) {
        command.env_remove(name);
    }
}

/// What it wrote to both outputs; an error with the same text if it failed.
pub fn output(command: &mut Command) -> Result<String> {
    let line = format!("{command:?}");
    let output = command.output().with_context(|| format!("start {line}"))?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    ensure!(
        output.status.success(),
        "{line} ended with {}:\n{}",
        output.status,
        text.concat()
    );
    Ok(text.concat())
}
