//! A pull request gets a preview by a label, the next commit when one is pushed, and leaves nothing
//! when it is closed. What its accounts may not.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use super::{GONE, Proposed, READY, none_left};
use crate::actors::ReadLoad;
use crate::environment::{Environment, NAMESPACE};
use crate::previews;
use crate::progress::StepHandle;
use crate::scenario::{Scenario, Suite};
use crate::scenarios::release::{STYLE, remarked};
use crate::step::Step;
use crate::testbed::Testbed;
use crate::wait::{Verdict, eventually};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "preview",
        "a pull request runs before it is merged, and leaves nothing",
        2400,
    ),
    suite: Suite::Previews,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    previews::ensure(testbed, step).await?;
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let proposed = Proposed::open(testbed, "preview", STYLE).await?;
    step.doing("build the images of the pull request");
    let head = proposed.build(testbed).await?;
    let since = Instant::now();
    proposed.label(testbed).await?;
    let address = proposed.address(testbed, step, READY).await?;
    step.measured("label to ready", since.elapsed().as_secs_f64());
    shows(testbed, step, &address, &head).await?;
    walled_in(testbed).await?;

    remarked(&proposed.checkout, STYLE, "/* ", " */").await?;
    let head = proposed.build(testbed).await?;
    let since = Instant::now();
    proposed.checkout.push(&proposed.branch).await?;
    let address = proposed.address(testbed, step, READY).await?;
    shows(testbed, step, &address, &head).await?;
    step.measured("push to the new page", since.elapsed().as_secs_f64());

    proposed.close(testbed).await?;
    let gone = none_left(testbed, step, GONE).await?;
    step.measured("closed to nothing left", gone.as_secs_f64());
    reads.stop(step).await?.at_most(0)
}

/// The page there is made from this commit, and has the messages of a preview.
async fn shows(testbed: &Testbed, step: &StepHandle, address: &str, commit: &str) -> Result<()> {
    let what = format!("{address} shows the commit");
    eventually(step, &what, READY, async || {
        let answer = testbed.harness.http.get(address).send().await?;
        let page = answer.error_for_status()?.text().await?;
        let wanted = [
            format!("data-commit=\"{commit}\""),
            "A preview of a pull request".to_owned(),
        ];
        let lacks = wanted.iter().find(|text| !page.contains(*text));
        Ok(match lacks {
            None => Verdict::Ready(()),
            Some(text) => Verdict::Pending(format!("no {text} on it")),
        })
    })
    .await
}

/// Neither account may write for the environment, nor make a namespace of another kind.
async fn walled_in(testbed: &Testbed) -> Result<()> {
    let cluster = testbed.first();
    let argocd = cluster.seen_by("system:serviceaccount:previews:argocd").await?;
    let accounts: Api<ServiceAccount> = Api::namespaced(argocd, NAMESPACE);
    let account = serde_json::from_value(json!({ "metadata": { "name": "stranger" } }));
    let account = account.context("an account")?;
    let refused = accounts.create(&PostParams::default(), &account).await;
    ensure!(refused.is_err(), "Argo CD of previews writes for the environment");
    let keeper = cluster.seen_by("system:serviceaccount:previews:previews").await?;
    let namespaces: Api<Namespace> = Api::all(keeper);
    for (name, level, why) in [
        ("other", "restricted", "in namespaces of previews only"),
        ("preview-4711", "privileged", "is a restricted one"),
    ] {
        let labels = json!({ "pod-security.kubernetes.io/enforce": level });
        let namespace = json!({ "metadata": { "name": name, "labels": labels } });
        let namespace = serde_json::from_value(namespace).context("a namespace")?;
        let refused = namespaces.create(&PostParams::default(), &namespace).await;
        let said = refused.err().map(|error| error.to_string()).unwrap_or_default();
        ensure!(said.contains(why), "the keeper makes {name}: {said}");
    }
    Ok(())
}
