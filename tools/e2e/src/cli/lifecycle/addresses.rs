//! What a person can look at when a bring-up has ended: where it is, and what to do next. Each
//! address is printed only once it answers.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use reqwest::header::ACCEPT;

use crate::{
    actors::Visitor,
    cluster::Cluster,
    environment::{Environment, NAMESPACE},
    platform::argocd::NAMESPACE as ARGOCD,
    report::releases_page,
    run::{Session, Step, StepHandle, Testbed},
    wait::{Verdict, eventually},
};

/// Argo CD still has to sync everything for the first time.
const STEP: Step = Step::new("addresses", "addresses that answer", 300);
const ANSWERS: Duration = Duration::from_mins(4);

const NEXT: [(&str, &str); 3] = [
    (
        "cargo xtask demo",
        "changes the page by one line, and shows how it goes live",
    ),
    (
        "cargo xtask e2e run --suite failures",
        "breaks one thing at a time, and shows what visitors notice",
    ),
    ("cargo xtask e2e down", "removes it all"),
];

/// Waits until everything answers, and gives the lines that say where it is.
pub(super) async fn answering(session: &Session, testbed: &Testbed) -> Result<Vec<String>> {
    let answer = async |step: &StepHandle| {
        let clusters = testbed.clusters.iter();
        try_join_all(clusters.map(|cluster| page_answers(testbed, cluster, step))).await?;
        let mut interfaces = Vec::new();
        for cluster in with_argocd(&testbed.clusters) {
            interfaces.push(Interface::of(testbed, cluster, step).await?);
        }
        step.doing("write the page of the releases");
        releases_page::write(testbed).await?;
        Ok(Loop::of(testbed, interfaces).lines())
    };
    session.progress.step(&STEP, answer).await
}

async fn page_answers(testbed: &Testbed, cluster: &Cluster, step: &StepHandle) -> Result<()> {
    let visitor = Visitor::of(cluster, &testbed.harness.http);
    let what = format!("page of {}", cluster.environment);
    let shown = async || visitor.commit_shown().await.map(Verdict::Ready);
    eventually(step, &what, ANSWERS, shown).await.map(drop)
}

/// Every Argo CD once, by a cluster that it manages.
fn with_argocd(clusters: &[Cluster]) -> impl Iterator<Item = &Cluster> {
    let is_first = |(number, cluster): &(usize, &Cluster)| {
        let runs_in = |cluster: &Cluster| cluster.argocd().environment;
        let mut before = clusters[..*number].iter();
        before.all(|before| runs_in(before) != runs_in(cluster))
    };
    let clusters = clusters.iter().enumerate().filter(is_first);
    clusters.map(|(_, cluster)| cluster)
}

/// How a person looks at an Argo CD.
struct Interface {
    /// Where it runs.
    environment: Environment,
    address: String,
    /// Whether it has pages: one that was built from its Go module alone has none.
    has_pages: bool,
}

impl Interface {
    async fn of(testbed: &Testbed, cluster: &Cluster, step: &StepHandle) -> Result<Self> {
        let environment = cluster.argocd().environment;
        let (http, address) = (&testbed.harness.http, cluster.argocd_page());
        let what = format!("Argo CD of {environment}");
        eventually(step, &what, ANSWERS, async || {
            let answer = http.get(format!("{address}/api/v1/applications")).send().await?;
            Ok(match answer.status() {
                status if status.is_success() => Verdict::Ready(()),
                status => Verdict::Pending(format!("answers a reader {status}")),
            })
        })
        .await?;
        let page = http.get(address).header(ACCEPT, "text/html").send().await;
        let page = page.with_context(|| format!("ask for the page of {what}"))?;
        let page = page
            .text()
            .await
            .with_context(|| format!("read the page of {what}"))?;
        Ok(Self {
            environment,
            address: address.to_owned(),
            has_pages: page.to_lowercase().contains("<html"),
        })
    }

    fn row(&self) -> Row {
        let address = &self.address;
        let text = if self.has_pages {
            format!("{address}/applications  (no login, read-only)")
        } else {
            format!("{address}/api/v1/applications  (no login, read-only; built without its pages)")
        };
        (self.environment.name(), text)
    }
}

/// What is somewhere, and where.
type Row = (&'static str, String);

/// What is up, as a person comes to it.
struct Loop<'a> {
    /// Each environment, its page and its kubeconfig.
    environments: Vec<(Environment, &'a str, &'a Path)>,
    interfaces: Vec<Interface>,
    /// The application's repository on the forge, and the manifests' one.
    repository: String,
    manifests: String,
    user: &'a str,
    password: &'a str,
    /// What `git clone` takes.
    remote: String,
    run: &'a Path,
    /// The machine may have none of its own.
    kubectl: &'a Path,
}

impl<'a> Loop<'a> {
    fn of(testbed: &'a Testbed, interfaces: Vec<Interface>) -> Self {
        let (world, forge) = (&testbed.world, &testbed.world.forge);
        let environments = testbed.clusters.iter();
        let environments = environments.map(|cluster| {
            let kubeconfig = cluster.kubeconfig.as_path();
            (cluster.environment, cluster.page(), kubeconfig)
        });
        let page = |path: String| format!("{}/{path}", forge.host_url);
        Self {
            environments: environments.collect(),
            interfaces,
            repository: page(world.layout.application().path()),
            manifests: page(world.layout.manifests().path()),
            user: &forge.user,
            password: &forge.password,
            remote: forge.with_rights(&world.layout.application().remote(&forge.host_url)),
            run: &testbed.harness.run.path,
            kubectl: &testbed.harness.parts.tools.kubectl,
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            String::new(),
            "what is up, until `cargo xtask e2e down`:".to_owned(),
        ];
        for (title, rows) in self.groups() {
            for (number, (what, text)) in rows.into_iter().enumerate() {
                let title = if number == 0 { title } else { "" };
                lines.push(format!("  {title:<9} {what:<13} {text}"));
            }
        }
        lines.push("next:".to_owned());
        for (command, what) in NEXT {
            lines.push(format!("  {command:<37} {what}"));
        }
        lines.push(format!("  git clone {}", self.remote));
        lines.push(format!(
            "      for a change of your own: CI builds what you push to `{}` there, and opens a pull request",
            Environment::first().branch()
        ));
        lines
    }

    fn groups(&self) -> [(&'static str, Vec<Row>); 5] {
        let (run, kubectl) = (self.run.display(), self.kubectl.display());
        let pages = self.environments.iter();
        let pages = pages.map(|(environment, page, _)| (environment.name(), (*page).to_owned()));
        let kubeconfigs = self.environments.iter();
        let kubeconfigs = kubeconfigs.map(|(environment, _, file)| {
            (
                environment.name(),
                format!("export KUBECONFIG={}", file.display()),
            )
        });
        let kinds = [("applications", ARGOCD), ("pods", NAMESPACE)];
        let kinds =
            kinds.map(|(kind, namespace)| (kind, format!("{kubectl} get {kind} --namespace {namespace}")));
        let login = format!(
            "user {}, password {}  (to merge; whoever reads needs none)",
            self.user, self.password
        );
        let forge = vec![
            ("code", self.repository.clone()),
            ("pull requests", format!("{}/pulls", self.manifests)),
            ("login", login),
        ];
        let files = vec![
            ("releases", format!("file://{run}/{}", e2e_report::RELEASES)),
            ("bring-up", format!("file://{run}/{}", e2e_report::PAGE)),
            ("logs of CI", format!("{run}/ci")),
        ];
        [
            ("page", pages.collect()),
            ("forge", forge),
            ("Argo CD", self.interfaces.iter().map(Interface::row).collect()),
            ("kubectl", kubeconfigs.chain(kinds).collect()),
            ("files", files),
        ]
    }
}

#[cfg(test)]
mod tests;
