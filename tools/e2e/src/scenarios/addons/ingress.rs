//! People come to the page by its name through a load balancer that its Ingress asks for; then the
//! add-on is turned off and leaves nothing.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use serde_json::json;

use super::balanced;
use super::names::{NAMED, Zone};
use crate::actors::{Operator, ReadLoad};
use crate::cluster::Cluster;
use crate::environment::{Environment, NAMESPACE, PAGE};
use crate::git::checkout::replaced_once;
use crate::git::kustomization_edits::with_item;
use crate::gitops;
use crate::platform::addons::load_balancer::{HOSTNAME, LoadBalancer, Visits};
use crate::platform::addons::{BALANCER, component};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::{overlays, workloads};
use crate::wait::{Verdict, consistently, eventually};

const LIVE: Duration = Duration::from_mins(2);
const SERVED: Duration = Duration::from_secs(10);
const AWAY: Duration = Duration::from_secs(5);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "ingress",
        "the page is visited by its name through a load balancer",
        660,
    ),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    if !balanced::can_be(step) {
        return Ok(());
    }
    let zone = Zone::ready(testbed, step).await?;
    let (cluster, operator) = (testbed.first(), Operator::of(testbed));
    let reads = ReadLoad::start(testbed, Environment::first())?;
    balanced::on(testbed, step).await?;
    let mut balancer = LoadBalancer::start(testbed, cluster, &zone.name).await?;
    let asked = ask(&operator, &zone.name).await?;
    let page = gitops::app(step, cluster, PAGE);
    if let Err(error) = page.at(&asked).live(LIVE).await {
        return Err(error.context(format!("the load balancer says {:?}", balancer.problem().await)));
    }
    let since = Instant::now();
    zone.until(step, Some(HOSTNAME), NAMED).await?;
    step.measured("load balancer to record", since.elapsed().as_secs_f64());
    visited(step, &balancer, &zone.name).await?;
    rolled_out(step, testbed, &operator, &balancer).await?;
    without_controller(step, cluster, &mut balancer).await?;
    zone.until(step, Some(HOSTNAME), NAMED).await?;
    off(testbed, step, &zone, &asked, &balancer).await?;
    reads.stop(step).await?.at_most(0)
}

/// Gives the page its Ingress, under a name that was never there before.
async fn ask(operator: &Operator, host: &str) -> Result<String> {
    let environment = Environment::first();
    let (overlay, named) = (
        overlays::of(PAGE),
        format!("addons/{BALANCER}/{environment}/kustomization.yaml"),
    );
    let line = json!(component(&format!("{BALANCER}/{environment}")));
    let default = format!("value: board.{environment}.example.com");
    operator
        .edit_each(&[&overlay, &named], |path, text| {
            if path == overlay {
                return with_item(&text, "components", &line);
            }
            replaced_once(path, &text, &default, &format!("value: {host}"))
        })
        .await
}

async fn visited(step: &StepHandle, balancer: &LoadBalancer, host: &str) -> Result<()> {
    balanced::served(step, balancer, SERVED).await?;
    let visitors = &balancer.visitors;
    let plain = visitors.plain("/?a=1").await?;
    let expected = format!("\r\nlocation: https://{host}:443/?a=1\r\n");
    ensure!(
        plain.status == 301 && plain.text.to_lowercase().contains(&expected),
        "without TLS: {}",
        plain.text
    );
    let stranger = visitors.secure("other.example.com", "/").await?;
    ensure!(stranger.status == 404, "another name: {}", stranger.status);
    step.evidence(format!(
        "{host} serves the page over TLS, and redirects what comes without"
    ));
    Ok(())
}

/// All pods are replaced, forth and back.
async fn rolled_out(
    step: &StepHandle,
    testbed: &Testbed,
    operator: &Operator,
    balancer: &LoadBalancer,
) -> Result<()> {
    let cluster = testbed.first();
    let visits = Visits::start(&balancer.visitors, 10);
    let there = operator
        .patch(&overlays::of(PAGE), &[overlays::restart("load-balancer")])
        .await?;
    gitops::app(step, cluster, PAGE).at(&there).arrived(LIVE).await?;
    let back = operator.revert(&there).await?;
    gitops::app(step, cluster, PAGE).at(&back).arrived(LIVE).await?;
    workloads::none_ending(step, cluster).await?;
    visits.none_failed(step).await
}

/// The load balancer goes on, and the Ingress still says where it is.
async fn without_controller(step: &StepHandle, cluster: &Cluster, balancer: &mut LoadBalancer) -> Result<()> {
    balancer.controller_away().await;
    let ingresses: Api<Ingress> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    consistently(step, "the page without the controller", AWAY, async || {
        let page = balancer.visitors.page("/").await?;
        let ingress = ingresses.get(PAGE).await?;
        let status = serde_json::to_string(&ingress.status)?;
        Ok(if page.status == 200 && status.contains(HOSTNAME) {
            Verdict::Ready(())
        } else {
            Verdict::Failed(format!("it answers {}, and {status}", page.status))
        })
    })
    .await?;
    balancer.controller_back();
    Ok(())
}

/// Turns it off in the order of docs/ADDONS.md, and looks that nothing is left.
async fn off(
    testbed: &Testbed,
    step: &StepHandle,
    zone: &Zone<'_>,
    asked: &str,
    balancer: &LoadBalancer,
) -> Result<()> {
    let (cluster, operator) = (testbed.first(), Operator::of(testbed));
    let found = balanced::TRACES.count(cluster).await?;
    let since = Instant::now();
    let gone = operator.revert(asked).await?;
    gitops::app(step, cluster, PAGE).at(&gone).live(LIVE).await?;
    zone.until(step, None, NAMED).await?;
    eventually(step, "the end of the load balancer", SERVED, async || {
        Ok(match balancer.visitors.page("/").await {
            Ok(page) => Verdict::Pending(format!("it answers {}", page.status)),
            Err(_) => Verdict::Ready(()),
        })
    })
    .await?;
    balanced::off(testbed, step).await?;
    step.measured("off to nothing left", since.elapsed().as_secs_f64());
    step.evidence(format!("{found} objects were there, and none is left"));
    Ok(())
}
