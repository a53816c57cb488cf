//! What stands between the clusters and the AWS emulator, which believes everybody: a proxy that
//! verifies tokens and evaluates policies. It is compiled here, and runs in a container beside the
//! emulator, so that it goes on after this process.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use clap::Parser;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use supply::Fault;
use taskkit::{
    build::toolchain::{self, Choice, MUSL, Target, Toolchain},
    lines,
    missing::Missing,
    packages,
};
use xshell::{Cmd, Shell, cmd};

use super::{
    aws::{AWS, AWS_PORT},
    containers::LABEL,
};
use crate::{
    cluster::Cluster,
    host::{network::Network, process::Tool},
    run::{Harness, StepHandle},
    wait::{Verdict, eventually},
};

/// Its container, and its name on the network, which the manifests have.
pub(crate) const IAM_PROXY: &str = "gitops-loop-iam-proxy";
/// Where it listens there, and what the network policies allow.
pub(crate) const IAM_PROXY_PORT: u16 = 4567;

const PACKAGE: &str = "iam-proxy";
/// Where its container has the providers.
const PROVIDERS: &str = "/etc/iam-proxy/providers";
/// Where it has who roles are in clusters.
const ACCESS_ENTRIES: &str = "/etc/iam-proxy/access-entries";
/// Where it has the places of emulators that came later.
const EMULATORS: &str = "/etc/iam-proxy/emulators";
/// The file there with the place of the one of EKS, without its ending.
const EKS: &str = "eks";
/// Whom tokens for AWS are for.
pub(crate) const AUDIENCE: &str = "sts.amazonaws.com";

/// The first time, the standard library is compiled too.
const COMPILED: Duration = Duration::from_mins(15);
const START: Duration = Duration::from_mins(1);
const READY: Duration = Duration::from_secs(20);

/// How to reach the proxy from this process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct IamProxy {
    /// Of this machine's loopback address.
    pub(crate) port: u16,
}

impl IamProxy {
    pub(crate) fn host_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Compiles the proxy and gives its program; what is compiled already costs a moment. `missing`:
/// what is done about what its compiler lacks.
pub(crate) async fn compile(harness: &Harness, missing: Missing) -> Result<PathBuf> {
    let shell = Shell::new().context("open a shell")?;
    shell.change_dir(&harness.run.repo);
    let target = harness.cache.ci().join("target-iam-proxy");
    let build = compilation(&shell, missing).env("CARGO_TARGET_DIR", target);
    let said = Tool::new(build, &harness.run.log("iam-proxy-build"), COMPILED).read();
    let said = said.await.context("compile the IAM proxy")?;
    let program = said
        .lines()
        .last()
        .context("its compiler does not say where it lies")?;
    Ok(program.into())
}

/// By a process of its own, with cargo's results in another folder than this one has.
fn compilation(shell: &Shell, missing: Missing) -> Cmd<'_> {
    cmd!(shell, "/proc/self/exe compile-iam-proxy").args(missing.flag())
}

/// The other side of [`compile`]: a static program, because the container has another libc than
/// this machine.
pub(crate) fn compile_here(toolchain: &Toolchain) -> Result<()> {
    let shell = taskkit::checkout::shell()?;
    let prepared = toolchain::prepare(&shell, Target::Static, toolchain.options())?;
    let folder = prepared.cargo_build(&shell, "dev", &["--package", PACKAGE])?;
    lines::to_stdout(&folder.join(PACKAGE).display().to_string());
    Ok(())
}

/// The settings of its compiler as the process of its own takes them from variables.
#[derive(Debug, Parser)]
struct Compiler {
    #[command(flatten)]
    toolchain: Toolchain,
}

/// What that process, with these options, would stop at minutes later. Without musl's compiler,
/// which is a need of its own, it cannot be said yet which library is missing.
pub(crate) fn lacking(options: &[&str]) -> Result<Option<Fault>> {
    let words = ["e2e"].into_iter().chain(options.iter().copied());
    let toolchain = match Compiler::try_parse_from(words) {
        Ok(Compiler { toolchain }) => toolchain,
        Err(error) => return Ok(Some(misread(&error))),
    };
    let shell = taskkit::checkout::shell()?;
    if !packages::has(&shell, MUSL.0) {
        return Ok(None);
    }
    let options = toolchain.options();
    let rustup = options.choice != Choice::Debian && packages::has(&shell, "rustup");
    let prepared = toolchain::prepare(&shell, Target::Static, options);
    Ok(prepared.err().map(|error| fault(&error, rustup)))
}

/// The variable that the process takes has a value that it does not know.
fn misread(error: &clap::Error) -> Fault {
    let said = error.to_string();
    // What follows the first blank line is about a command line, which nobody has written.
    let (said, _) = said.split_once("\n\n").unwrap_or((said.as_str(), ""));
    let said = said.trim_start_matches("error: ").lines().map(str::trim);
    Fault {
        what: "a value of XTASK_TOOLCHAIN that is known".to_owned(),
        cure: said.collect::<Vec<_>>().join(" "),
    }
}

/// `rustup`: whether that gets a standard library.
fn fault(error: &anyhow::Error, rustup: bool) -> Fault {
    let triple = Target::Static.triple();
    Fault {
        what: format!(
            "Rust's standard library for {triple} (what stands before the emulator of AWS is compiled for it)"
        ),
        cure: if rustup {
            format!("rustup target add {triple}")
        } else {
            format!("{error:#}")
        },
    }
}

/// Starts its container and waits until it answers.
pub(crate) async fn start(
    harness: &Harness,
    network: &Network,
    proxy: &IamProxy,
    program: &Path,
    step: &StepHandle,
) -> Result<()> {
    step.doing("start the container of the IAM proxy");
    let port = proxy.port;
    let (providers, entries, emulators) = (providers(harness), access_entries(harness), emulators(harness));
    for folder in [&providers, &entries, &emulators] {
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    }
    let run = [
        "run".to_owned(),
        "--detach".to_owned(),
        format!("--name={IAM_PROXY}"),
        format!("--label={LABEL}={}", harness.run.id),
        format!("--network={}", harness.engine.network()),
        format!("--publish=127.0.0.1:{port}:{IAM_PROXY_PORT}"),
        format!("--volume={}:/iam-proxy:ro", program.display()),
        format!("--volume={}:{PROVIDERS}:ro", providers.display()),
        format!("--volume={}:{ACCESS_ENTRIES}:ro", entries.display()),
        format!("--volume={}:{EMULATORS}:ro", emulators.display()),
        format!("--env=LISTEN_ADDR=0.0.0.0:{IAM_PROXY_PORT}"),
        format!("--env=UPSTREAM={AWS}:{AWS_PORT}"),
        format!("--env=PROVIDERS={PROVIDERS}"),
        format!("--env=ACCESS_ENTRIES={ACCESS_ENTRIES}"),
        format!("--env=EKS={EMULATORS}/{EKS}.json"),
        "--entrypoint=/iam-proxy".to_owned(),
        // One that is there already: nothing of it is used.
        harness.parts.aws_image.clone(),
    ];
    Tool::of_engine(&harness.engine, run, &harness.run.log("world"), START)?
        .run()
        .await
        .context("start the container of the IAM proxy")?;
    network.pin(&harness.run, &harness.engine).await?;
    eventually(step, "IAM proxy", READY, async || {
        // Whoever signs nothing is refused, by whatever it is asked.
        let answer = harness.http.get(proxy.host_url()).send().await?;
        Ok(match answer.status().as_u16() {
            403 => Verdict::Ready(()),
            status => Verdict::Pending(format!("it answers {status}")),
        })
    })
    .await
}

/// From now on the proxy takes tokens of a cluster's accounts: what a person does on AWS who makes
/// the cluster's issuer an OIDC provider in IAM.
pub(crate) async fn trust(harness: &Harness, cluster: &Cluster) -> Result<()> {
    let keys = kube::core::Request::new("/openid/v1").get("jwks", &kube::api::GetParams::default());
    let keys = keys.context("ask for the keys of the cluster's tokens")?;
    let keys: Value = cluster
        .client
        .request(keys)
        .await
        .with_context(|| format!("ask {} for the keys of its tokens", cluster.name))?;
    let provider = json!({
        "issuer": format!("https://{}", cluster.environment.issuer()),
        "client_ids": [AUDIENCE],
        "jwks": keys,
    });
    let name = cluster.name.as_str();
    put(harness, &providers(harness), name, &provider).map(drop)
}

/// From now on a cluster lets in the roles of these access entries, which EKS would have.
pub(crate) fn let_in(harness: &Harness, cluster: &Cluster, entries: &Value) -> Result<()> {
    put(harness, &access_entries(harness), &cluster.name, entries).map(drop)
}

/// From now on the proxy passes on what asks EKS to this host and port, as long as the file that is
/// given is there.
pub(crate) fn pass_to_eks(harness: &Harness, place: &str) -> Result<PathBuf> {
    put(harness, &emulators(harness), EKS, &json!(place))
}

/// Where the API server of a cluster asks whose token it is.
pub(crate) fn authenticator_of(cluster: &str) -> String {
    format!("http://{IAM_PROXY}:{IAM_PROXY_PORT}/clusters/{cluster}/authenticate")
}

/// Writes the file of this name in a folder of the proxy, which may be reading it.
fn put(harness: &Harness, folder: &Path, name: &str, value: &Value) -> Result<PathBuf> {
    let file = folder.join(name).with_extension("json");
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let unfinished = harness.run.file("of-iam-proxy.json").with_extension(name);
    fs::write(&unfinished, value.to_string()).with_context(|| format!("write {}", unfinished.display()))?;
    fs::rename(&unfinished, &file).with_context(|| format!("put {} in place", file.display()))?;
    Ok(file)
}

fn providers(harness: &Harness) -> PathBuf {
    harness.run.file("oidc-providers")
}

fn access_entries(harness: &Harness) -> PathBuf {
    harness.run.file("access-entries")
}

fn emulators(harness: &Harness) -> PathBuf {
    harness.run.file("emulators")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_compiler_is_installed_only_where_that_is_allowed() {
        let shell = Shell::new().unwrap();
        let told = |missing| compilation(&shell, missing).to_string();
        let [installed, named] = [Missing::Install, Missing::Name].map(told);
        assert!(named.ends_with(" --no-install"), "{named}");
        assert!(!installed.contains("install"), "{installed}");
    }

    #[test]
    fn a_library_that_is_missing_is_told_with_what_gets_it() {
        let error = anyhow::anyhow!("sudo apt-get install rust-web-src").context("compiling");
        let [by_rustup, by_debian] = [true, false].map(|rustup| fault(&error, rustup).to_string());
        let triple = Target::Static.triple();
        assert!(
            by_rustup.ends_with(&format!(": rustup target add {triple}")),
            "{by_rustup}"
        );
        assert!(
            by_debian.ends_with(": compiling: sudo apt-get install rust-web-src"),
            "{by_debian}"
        );
    }
}
