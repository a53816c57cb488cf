//! The places where a run's secret could leak, collected as files for a search.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use xshell::{Shell, cmd};

use super::inside::Inside;
use crate::environment::Environment;
use crate::git::Git;
use crate::git::forge::{FORGE, ForgeAccess};
use crate::host::process::Tool;
use crate::platform::argocd::NAMESPACE as ARGOCD;
use crate::run::Testbed;
use crate::scenarios::release::STYLE;
use crate::world::{AWS, IAM_PROXY};

const COLLECT: Duration = Duration::from_mins(1);
/// Where what the tools of it say goes.
const LOG: &str = "secrets";
/// What is in a cluster besides what its dump has. Secrets are where secrets are kept.
const KINDS: &str = "jobs,configmaps,serviceaccounts,networkpolicies,poddisruptionbudgets,applications.argoproj.io,appprojects.argoproj.io";

/// What was collected for the search, and words that must be found in it: else the search has not
/// read it.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) known: String,
}

/// Every object of the forge's repositories: all branches, and what pull requests had.
pub(super) async fn git(testbed: &Testbed, folder: PathBuf) -> Result<Place> {
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let forge = &testbed.world.forge;
    let git = Git::at(&folder).with_token(&forge.token);
    for home in testbed.world.layout.homes() {
        let bare = folder.join(format!("{}.git", home.name));
        let (remote, copy) = (home.remote(&forge.host_url), bare.display().to_string());
        git.run(&["clone", "--quiet", "--mirror", &remote, &copy]).await?;
        let objects = folder.join(format!("{}.objects", home.name));
        git.elsewhere(&bare)
            .keep(&["cat-file", "--batch-all-objects", "--batch"], &objects)
            .await?;
        fs::remove_dir_all(&bare).with_context(|| format!("remove {}", bare.display()))?;
    }
    Ok(Place {
        name: "Git on the forge".to_owned(),
        folder,
        known: "kind: AppProject".to_owned(),
    })
}

/// `$1` is a folder of archives of images. Puts what is in each in its place, with nothing
/// compressed: some engines keep layers so.
const UNPACK: &str = r#"
set -eu
cd "$1"
for archive in *.tar; do
    mkdir "${archive%.tar}"
    tar --extract --file "$archive" --directory "${archive%.tar}"
    rm "$archive"
done
find . -type f | while read -r file; do
    # What is not compressed comes out as it is.
    gzip --decompress --force --stdout < "$file" > "$1.plain"
    mv "$1.plain" "$file"
done
"#;

/// The images that were pushed: their descriptions, and their layers unpacked.
pub(super) async fn images(testbed: &Testbed, folder: PathBuf) -> Result<Place> {
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let engine = &testbed.harness.engine;
    let log = testbed.harness.run.log(LOG);
    let ours = format!(
        "reference={}/{}/*",
        testbed.world.forge.registry,
        ForgeAccess::ORGANISATION
    );
    let list = [
        "image",
        "ls",
        "--format",
        "{{.Repository}}:{{.Tag}}",
        "--filter",
        &ours,
    ];
    let list = Tool::of_engine(engine, list, &log, COLLECT)?
        .read()
        .await
        .context("list the images")?;
    for (number, image) in list.lines().enumerate() {
        let file = folder.join(format!("{number}.tar")).display().to_string();
        Tool::of_engine(engine, ["save", "--output", &file, image], &log, COLLECT)?
            .run()
            .await
            .with_context(|| format!("save {image}"))?;
    }
    let shell = Shell::new().context("open a shell")?;
    let unpack = cmd!(shell, "sh -c {UNPACK} sh {folder}");
    Tool::new(unpack, &log, COLLECT).run().await?;
    Ok(Place {
        name: "the images".to_owned(),
        folder,
        known: line_of_style(testbed)?,
    })
}

/// Words that of an image only a layer has: the longest line of a file that is in it as it is.
fn line_of_style(testbed: &Testbed) -> Result<String> {
    let path = testbed.application().folder().join(STYLE);
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let longest = text.lines().max_by_key(|line| line.len());
    longest.map(str::to_owned).context("the style is empty")
}

/// What forge, emulator and the proxy before it said.
pub(super) async fn outside(testbed: &Testbed, folder: PathBuf) -> Result<Place> {
    for container in [FORGE, AWS, IAM_PROXY] {
        // A tool writes both its output and its errors into its log.
        Tool::of_engine(
            &testbed.harness.engine,
            ["logs", container],
            &folder.join(container),
            COLLECT,
        )?
        .run()
        .await?;
    }
    Ok(Place {
        name: "the logs of forge and emulator".to_owned(),
        folder,
        known: "/api/v1/".to_owned(),
    })
}

/// What a cluster shows to those who may not read Secrets: its objects, Argo CD's among them, and
/// the logs of all pods.
pub(super) async fn cluster(testbed: &Testbed, environment: Environment, folder: &Path) -> Result<Place> {
    let folder = folder.join(environment.name());
    let output = format!("--output-directory={}", folder.join("dump").display());
    let dump = ["cluster-info", "dump", "--all-namespaces", &output];
    let objects = ["get", KINDS, "--all-namespaces", "--output", "json"];
    let dump = kubectl(testbed, environment, &dump)?.run();
    let file = folder.join("objects.json");
    let objects = keep(kubectl(testbed, environment, &objects)?, &file);
    tokio::try_join!(dump, objects)?;
    Ok(Place {
        name: format!("objects and logs of {environment}"),
        folder,
        known: "\"kind\": \"AppProject\"".to_owned(),
    })
}

/// `$1` is the container of Argo CD's Redis, whose password it reads. Prints all that is in it,
/// unpacked: the differences between Git and the cluster, and what was rendered, as Argo CD would
/// show them to those it lets in.
const CACHE: &str = r#"
set -eu
read -r REDISCLI_AUTH
export REDISCLI_AUTH
pid=$(ctr --namespace k8s.io tasks list | awk -v id="$1" '$1 == id { print $2 }')
redis() { nsenter --target "$pid" --mount --net redis-cli --raw "$@"; }
redis --scan | while read -r key; do
    echo "$key"
    # It complains of the end of the line that follows.
    redis GET "$key" < /dev/null | gzip --decompress 2> /dev/null || true
done
"#;

/// What Argo CD would show, were there somebody it lets in.
pub(super) async fn diffs(testbed: &Testbed, environment: Environment, folder: &Path) -> Result<Place> {
    let (cluster, folder) = (
        testbed.cluster(environment),
        folder.join(format!("{environment}-argocd")),
    );
    let redis = Inside::any(cluster, ARGOCD, "app.kubernetes.io/name=argocd-redis").await?;
    let kept: Api<Secret> = Api::namespaced(cluster.client.clone(), ARGOCD);
    let kept = kept.get("argocd-redis").await.context("read Redis's password")?;
    let password = kept.data.and_then(|mut data| data.remove("auth"));
    let password = password.context("Redis has no password")?.0;
    let exec = [
        "exec",
        "--interactive",
        &redis.node,
        "sh",
        "-c",
        CACHE,
        "sh",
        &redis.container,
    ];
    let all = Tool::of_engine(
        &testbed.harness.engine,
        exec,
        &testbed.harness.run.log(LOG),
        COLLECT,
    )?
    .quiet();
    let password = [password.as_slice(), b"\n"].concat();
    keep(all.input(password), &folder.join("cache")).await?;
    Ok(Place {
        name: format!("Argo CD's diff on {environment}"),
        folder,
        known: "\"targetState\"".to_owned(),
    })
}

pub(super) fn kubectl(testbed: &Testbed, environment: Environment, args: &[&str]) -> Result<Tool> {
    let shell = Shell::new().context("open a shell")?;
    let command = testbed
        .cluster(environment)
        .kubectl(&testbed.harness, &shell, args);
    Ok(Tool::new(command, &testbed.harness.run.log(LOG), COLLECT).quiet())
}

/// Keeps what a tool prints in a file.
pub(super) async fn keep(tool: Tool, file: &Path) -> Result<()> {
    let text = tool.read().await?;
    let folder = file.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, text))
        .with_context(|| format!("write {}", file.display()))
}
