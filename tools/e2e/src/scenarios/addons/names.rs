//! external-dns keeps a name in Route 53 for what asks for one, and touches no other record. What
//! becomes of that where it hangs or may not, and that it leaves nothing when it is turned off.

mod denied;

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};

use super::traces::Traces;
use super::{ensure_addons, switch};
use crate::actors::{Administrator, Operator, ReadLoad, Records};
use crate::cluster::Cluster;
use crate::environment::{Environment, PAGE};
use crate::gitops;
use crate::platform::addons::{DNS, account};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::overlays;
use crate::wait::{Verdict, eventually};

/// From a Service in the cluster to its record, and from its end to that of the record.
pub(super) const NAMED: Duration = Duration::from_secs(15);
const LIVE: Duration = Duration::from_mins(1);
/// What a load balancer is called.
const TARGETS: [&str; 2] = [
    "board-1.eu-central-1.elb.amazonaws.com",
    "board-2.eu-central-1.elb.amazonaws.com",
];
/// Of a record that a person has made, and its value.
const FOREIGN: (&str, &str) = ("www", "192.0.2.1");
const TRACES: Traces = Traces {
    words: &[DNS],
    settings: &[],
    kinds: &[],
};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("named", "what asks for a name has it in Route 53", 480),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

pub(crate) const DENIED: Scenario = Scenario {
    step: Step::new(
        "names-denied",
        "external-dns hangs, or may not change the zone",
        480,
    ),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(denied::run(testbed, step)),
};

pub(crate) const OFF: Scenario = Scenario {
    step: Step::new("names-off", "external-dns is turned off and leaves nothing", 480),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(off(testbed, step)),
};

/// The zone, and a name in it that was never there before: the emulator refuses to make a record
/// anew that it had.
pub(super) struct Zone<'a> {
    administrator: Administrator<'a>,
    id: String,
    pub(super) name: String,
}

impl<'a> Zone<'a> {
    /// Turns the add-on on, unless an earlier scenario has.
    pub(super) async fn ready(testbed: &'a Testbed, step: &StepHandle) -> Result<Self> {
        ensure_addons(testbed)?;
        let administrator = Administrator::of(testbed);
        account::ensure(testbed).await?;
        let domain = account::domain(testbed);
        let id = administrator.zone(&domain).await?;
        let foreign = format!("{}.{domain}", FOREIGN.0);
        administrator.make_record(&id, &foreign, FOREIGN.1).await?;
        if !switch::is_on(testbed.first(), DNS).await? {
            switch::on(testbed, step, DNS).await?;
        }
        let now = SystemTime::UNIX_EPOCH.elapsed().context("the clock is wrong")?;
        Ok(Self {
            administrator,
            id,
            name: format!("board-{}.{domain}", now.as_millis()),
        })
    }

    /// A Service that asks for the name, as a person writes it for a load balancer.
    fn service(&self, target: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: board-name\n  namespace: message-board\n  annotations:\n    \
             external-dns.alpha.kubernetes.io/hostname: {}\nspec:\n  type: ExternalName\n  externalName: {target}\n",
            self.name
        )
    }

    /// Waits until the name stands for this target, or for nothing and is no one's, and that no
    /// record of another is touched.
    pub(super) async fn until(
        &self,
        step: &StepHandle,
        target: Option<&str>,
        within: Duration,
    ) -> Result<()> {
        let what = format!("{} as {target:?}", self.name);
        eventually(step, &what, within, async || self.look(target).await).await
    }

    /// Whether it is so now.
    async fn look(&self, target: Option<&str>) -> Result<Verdict<()>> {
        let records = self.administrator.records(&self.id).await?;
        ensure!(
            records.values().any(|value| value == FOREIGN.1),
            "the record of {} is gone: {records:?}",
            FOREIGN.0
        );
        let value = records.get(&(self.name.clone(), "A".to_owned()));
        let owned = self.owned(&records);
        let is_it = value.map(|value| value.trim_end_matches('.')) == target && owned == target.is_some();
        Ok(if is_it {
            Verdict::Ready(())
        } else {
            Verdict::Pending(format!("{records:?}"))
        })
    }

    /// Whether a record says whose the name is.
    fn owned(&self, records: &Records) -> bool {
        let of_name =
            |((name, kind), _): &(&(String, String), &String)| kind == "TXT" && name.ends_with(&self.name);
        let mut texts = records.iter().filter(of_name);
        texts.any(|(_, text)| text.contains("heritage=external-dns"))
    }
}

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let zone = Zone::ready(testbed, step).await?;
    let (cluster, operator) = (testbed.first(), Operator::of(testbed));
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let [first, second] = TARGETS;
    let before = operator.head().await?;
    let asked = operator
        .add_manifests(&overlays::folder(PAGE), &[("name.yaml", &zone.service(first))])
        .await?;
    let since = arrived(step, cluster, &asked).await?;
    zone.until(step, Some(first), NAMED).await?;
    step.measured("Service to record", since.elapsed().as_secs_f64());
    let path = format!("{}/name.yaml", overlays::folder(PAGE));
    let moved = operator.replace(&path, first, second).await?;
    let since = arrived(step, cluster, &moved).await?;
    zone.until(step, Some(second), NAMED).await?;
    step.measured("changed Service to record", since.elapsed().as_secs_f64());
    // In one commit: of two pushes within a second Argo CD 3.5 may lose the second one
    // (argoproj/argo-cd#28306).
    operator.restore(&before).await?;
    let gone = operator.head().await?;
    let since = arrived(step, cluster, &gone).await?;
    zone.until(step, None, NAMED).await?;
    step.measured(
        "end of the Service to end of the record",
        since.elapsed().as_secs_f64(),
    );
    step.evidence(format!(
        "{} stood for {first}, then {second}, and is gone; {} stayed",
        zone.name, FOREIGN.0
    ));
    reads.stop(step).await?.at_most(0)
}

async fn off(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let zone = Zone::ready(testbed, step).await?;
    let reads = ReadLoad::start(testbed, Environment::first())?;
    switch::off(testbed, step, DNS, &TRACES).await?;
    zone.until(step, None, Duration::from_secs(1)).await?;
    reads.stop(step).await?.at_most(0)
}

/// Waits until the page has been synced to a commit, and says since when.
async fn arrived(step: &StepHandle, cluster: &Cluster, commit: &str) -> Result<Instant> {
    gitops::app(step, cluster, PAGE).at(commit).arrived(LIVE).await?;
    Ok(Instant::now())
}
