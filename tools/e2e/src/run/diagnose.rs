//! Saves what is needed to understand a failure, from whatever is still running. It never fails
//! itself: where a query gets no answer, the file says so.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result};
use supply::engine::Engine;
use tokio::task::JoinSet;
use xshell::{Cmd, Shell, cmd};

use crate::{
    environment::{self, Environment},
    git::forge::FORGE,
    host::process::Tool,
    platform::argocd,
    run::run_dir::RunDir,
    world::{AWS, IAM_PROXY},
};

const ANSWER: Duration = Duration::from_secs(20);
/// For all of them: saving must not hold up a run for long.
const ANSWERS: Duration = Duration::from_mins(1);
const NAMESPACES: [&str; 3] = [argocd::NAMESPACE, environment::NAMESPACE, "kube-system"];

/// Fills `folder`, which is made.
pub(crate) async fn collect(run: &RunDir, engine: &Engine, kubectl: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let shell = Shell::new().context("open a shell")?;
    let mut questions: Vec<(String, Cmd<'_>)> = vec![
        ("containers".to_owned(), engine.command(&shell, ["ps", "--all"])),
        (format!("{FORGE}.log"), engine.command(&shell, ["logs", FORGE])),
        (format!("{AWS}.log"), engine.command(&shell, ["logs", AWS])),
        (
            format!("{IAM_PROXY}.log"),
            engine.command(&shell, ["logs", IAM_PROXY]),
        ),
    ];
    for environment in Environment::with_hubs() {
        let kubeconfig = run.file(&format!("kubeconfig-{environment}"));
        if environment.is_hub() && !kubeconfig.exists() {
            continue;
        }
        for node in environment.nodes() {
            let journal = [
                "exec",
                &node,
                "journalctl",
                "--no-pager",
                "--lines",
                "2000",
                "--unit",
                "kubelet",
                "--unit",
                "containerd",
            ];
            questions.push((format!("{node}.log"), engine.command(&shell, ["logs", &node])));
            questions.push((format!("{node}-journal.log"), engine.command(&shell, journal)));
        }
        if kubeconfig.exists() {
            let ask = |arguments: &str| {
                cmd!(shell, "{kubectl} --kubeconfig {kubeconfig} --request-timeout 15s")
                    .args(arguments.split(' '))
            };
            questions.push((
                format!("{environment}-applications.yaml"),
                ask("get applications.argoproj.io --all-namespaces --output yaml"),
            ));
            questions.push((
                format!("{environment}-pods"),
                ask("get pods,jobs --all-namespaces --output wide"),
            ));
            questions.push((
                format!("{environment}-events"),
                ask("get events --all-namespaces --sort-by .lastTimestamp"),
            ));
            for namespace in NAMESPACES {
                let describe = ask(&format!("describe pods,jobs --namespace {namespace}"));
                questions.push((format!("{environment}-{namespace}-describe"), describe));
                let logs = ask(&format!(
                    "cluster-info dump --namespaces {namespace} --output-directory"
                ));
                let dump = folder.join(format!("{environment}-{namespace}-dump"));
                questions.push((format!("{environment}-{namespace}-dump.log"), logs.arg(dump)));
            }
        }
    }
    let mut running = JoinSet::new();
    for (name, question) in questions {
        // A tool writes answer and errors into the file of its own.
        let tool = Tool::new(question, &folder.join(name), ANSWER);
        running.spawn(async move { drop(tool.run().await) });
    }
    let all = async { while running.join_next().await.is_some() {} };
    tokio::time::timeout(ANSWERS, all)
        .await
        .context("not all diagnostics were saved in time")
}
