//! The table is unreachable, throttles or is slow: the backend reports it in time, is not
//! restarted, and recovers by itself.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use fault_proxy::{Fault, FaultProxy};
use kube::ResourceExt as _;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;

use crate::actors::{Visitor, WriteLoad};
use crate::environment::{API, Environment, apps_with_servers};
use crate::platform::rollout::is_ready;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::detour::{Detour, answer_of};
use crate::scenarios::pods::{Servers, node_of, restarts};
use crate::wait::{Verdict, eventually};

/// Six probes, a second apart, that wait a second for the table each, and some time to notice.
const UNREADY: Duration = Duration::from_secs(18);
/// Longer than three liveness probes, five seconds apart, would need to end the process.
const OUTAGE: Duration = Duration::from_secs(18);
const BACK: Duration = Duration::from_secs(10);
/// All tries of one operation, and the way there and back.
const PATIENCE: Duration = Duration::from_secs(7);
/// More than any scenario asks.
const ALL: usize = 1_000_000;
/// What the page says without a board.
const AWAY: &str = "The message board cannot be reached";

pub(crate) const UNREACHABLE: Scenario = Scenario {
    step: Step::new("dynamodb-unreachable", "the table cannot be reached", 240),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "Packets to DynamoDB are dropped, as by a wrong route or network policy.",
        effect: "The backend answers 503 with `Retry-After` and is no longer ready, so the Service sends it no requests. The \
                 page says that the board cannot be reached. No pod restarts. A message sent again with its key is stored once.",
        within: "18 s until the backend gets no requests, 10 s from the end of the outage until it answers",
        way_out: "Nothing to do once the route is restored. `kubectl describe pod` shows the failing readiness probe, and the \
                  log shows the cause.",
    }),
    run: |testbed, step| Box::pin(unreachable(testbed, step)),
};

pub(crate) const THROTTLED: Scenario = Scenario {
    step: Step::new("dynamodb-throttled", "the table throttles or is slow", 240),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "DynamoDB throttles writes, loses a response, or responds too late.",
        effect: "Brief throttling goes unnoticed. Lasting throttling is answered with 503 and `Retry-After`, while reads \
                 continue. If a response is lost, one message is stored. A slow table causes a 504 in time instead of a hanging \
                 page. The pod stays ready.",
        within: "7 s for any response; immediate recovery",
        way_out: "Nothing to do if it passes. Otherwise, raise the table's capacity or find the hot key.",
    }),
    run: |testbed, step| Box::pin(throttled(testbed, step)),
};

async fn unreachable(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let detour = Detour::find(testbed).await?;
    let outcome = outage(testbed, step, &detour).await;
    // In any case: the next scenario needs the table.
    let opened = detour.end().await;
    outcome.and(opened)
}

async fn outage(testbed: &Testbed, step: &StepHandle, detour: &Detour<'_>) -> Result<()> {
    let servers = Servers::of(testbed, testbed.first(), API);
    let (before, one) = (Processes::of(testbed).await?, servers.one().await?);
    let visitor = Visitor::of(testbed.first(), &testbed.harness.http);
    let writes = WriteLoad::start(testbed, Environment::first())?;
    tokio::time::sleep(Duration::from_secs(2)).await;

    let cut = Instant::now();
    detour.wall().await?;
    eventually(step, "readiness", UNREADY, async || {
        Ok(if servers.list().await?.iter().any(is_ready) {
            Verdict::Pending("a pod is still ready".to_owned())
        } else {
            Verdict::Ready(())
        })
    })
    .await?;
    step.measured("until it takes no requests", cut.elapsed().as_secs_f64());
    let status = one.status.as_ref().context("a pod has a status")?;
    let address = status.pod_ip.as_deref().context("a pod has an address")?;
    let node = node_of(&one)?;
    for (path, expected) in [
        (board_api::HEALTHZ, (200, None)),
        (board_api::READYZ, (503, Some(1))),
        (board_api::MESSAGES, (503, Some(1))),
    ] {
        let answer = answer_of(testbed, node, address, path).await?;
        ensure!(
            answer == expected,
            "{path} answers {answer:?} (status, Retry-After) without a table, not {expected:?}"
        );
    }
    let page = testbed
        .harness
        .http
        .get(format!("{}/", testbed.first().page()))
        .send()
        .await?;
    let (status, page) = (page.status(), page.text().await.context("read the page")?);
    ensure!(
        status == StatusCode::SERVICE_UNAVAILABLE && page.contains(AWAY),
        "the page answers {status} without a table, or does not say {AWAY:?}"
    );
    step.evidence(format!(
        "/healthz 200, /readyz and the API 503 with Retry-After: 1, the page 503: {AWAY}"
    ));
    tokio::time::sleep(OUTAGE.saturating_sub(cut.elapsed())).await;

    let opened = Instant::now();
    detour.open().await?;
    eventually(step, "the page", BACK, async || {
        visitor.page().await?;
        visitor.messages().await.map(|_| Verdict::Ready(()))
    })
    .await?;
    step.measured("answers again after", opened.elapsed().as_secs_f64());
    before.are_there(testbed).await?;
    writes.stop(step).await
}

async fn throttled(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let detour = Detour::find(testbed).await?;
    let outcome = faults(testbed, step, &detour).await;
    // In any case: the next scenario needs the table.
    let opened = detour.end().await;
    outcome.and(opened)
}

async fn faults(testbed: &Testbed, step: &StepHandle, detour: &Detour<'_>) -> Result<()> {
    let (before, proxy) = (Processes::of(testbed).await?, detour.through_proxy().await?);
    let board = Board::of(testbed)?;
    eventually(step, "the proxy", BACK, async || {
        board.read().await?;
        Ok(match proxy.seen("Query") {
            0 => Verdict::Pending("nothing goes through it yet".to_owned()),
            _ => Verdict::Ready(()),
        })
    })
    .await?;

    // Nobody else posts yet, so that each of these meets the fault that is meant for it.
    proxy.next(2, "PutItem", Fault::Throttled);
    board.expect("a post that is throttled twice", board.post().await?, 201, None)?;
    proxy.next(1, "PutItem", Fault::CutAfter);
    board.expect("a post whose answer is lost", board.post().await?, 201, None)?;
    ensure!(
        proxy.seen("PutItem") == 5,
        "5 writes were to be seen, not {}",
        proxy.seen("PutItem")
    );
    let stored = board.stored(testbed).await?;
    ensure!(stored == 2, "2 messages were posted, and {stored} are stored");

    let writes = WriteLoad::start(testbed, Environment::first())?;
    proxy.next(ALL, "PutItem", Fault::Throttled);
    board.expect(
        "a post that is throttled throughout",
        board.post().await?,
        503,
        Some(1),
    )?;
    board.expect("a list meanwhile", board.read().await?, 200, None)?;
    proxy.heal();
    proxy.next(ALL, "Query", Fault::Late(Duration::from_secs(20)));
    let asked = Instant::now();
    board.expect("a list of a slow table", board.read().await?, 504, None)?;
    step.measured("slow list answered after", asked.elapsed().as_secs_f64());
    board.expect("a post meanwhile", board.post().await?, 201, None)?;
    let servers = Servers::of(testbed, testbed.first(), API).list().await?;
    ensure!(
        servers.iter().all(is_ready),
        "a server is not ready because of a slow table"
    );
    before.are_there(testbed).await?;

    recovers(step, &board, &proxy).await?;
    before.are_there(testbed).await?;
    writes.stop(step).await
}

async fn recovers(step: &StepHandle, board: &Board<'_>, proxy: &FaultProxy) -> Result<()> {
    proxy.heal();
    let healed = Instant::now();
    board.expect("a list after it", board.read().await?, 200, None)?;
    board.expect("a post after it", board.post().await?, 201, None)?;
    step.measured("both answered after", healed.elapsed().as_secs_f64());
    Ok(())
}

/// The API of staging, as somebody uses it who looks at the status.
struct Board<'a> {
    http: &'a reqwest::Client,
    url: String,
    /// Somebody who has posted nothing before.
    author: String,
}

/// Status, and after how many seconds to ask again.
type Answer = (u16, Option<u64>);

impl<'a> Board<'a> {
    fn of(testbed: &'a Testbed) -> Result<Self> {
        let now = SystemTime::UNIX_EPOCH.elapsed().context("the clock is wrong")?;
        Ok(Self {
            http: &testbed.harness.http,
            url: format!("{}{}", testbed.first().api(), board_api::MESSAGES),
            author: format!("somebody {}", now.as_millis()),
        })
    }

    async fn read(&self) -> Result<Answer> {
        send(self.http.get(&self.url)).await
    }

    async fn post(&self) -> Result<Answer> {
        let message = board_api::NewMessage {
            author: self.author.clone(),
            text: "is this taken?".to_owned(),
        };
        send(self.http.post(&self.url).json(&message)).await
    }

    /// How many messages of theirs are on the board.
    async fn stored(&self, testbed: &Testbed) -> Result<usize> {
        let messages = Visitor::of(testbed.first(), self.http).messages().await?;
        let theirs = messages.iter().filter(|message| message.author == self.author);
        Ok(theirs.count())
    }

    fn expect(&self, what: &str, found: Answer, status: u16, after: Option<u64>) -> Result<()> {
        ensure!(
            found == (status, after),
            "{what} ({}) is answered {found:?} (status, Retry-After), not {:?}",
            self.url,
            (status, after)
        );
        Ok(())
    }
}

/// An error where the answer comes too late, whatever it is.
async fn send(request: reqwest::RequestBuilder) -> Result<Answer> {
    let asked = Instant::now();
    let answer = request.send().await.context("ask the API")?;
    let took = asked.elapsed();
    ensure!(
        took < PATIENCE,
        "an answer took {:.1} s, {} s are allowed",
        took.as_secs_f64(),
        PATIENCE.as_secs()
    );
    let after = answer.headers().get(RETRY_AFTER);
    let after = after.and_then(|after| after.to_str().ok()?.parse().ok());
    Ok((answer.status().as_u16(), after))
}

/// The servers of all apps of staging: the pod of each, and how often its process was started
/// again.
#[derive(Debug, PartialEq, Eq)]
struct Processes(BTreeSet<(String, i32)>);

impl Processes {
    async fn of(testbed: &Testbed) -> Result<Self> {
        let mut found = BTreeSet::new();
        for app in apps_with_servers() {
            let pods = Servers::of(testbed, testbed.first(), app).list().await?;
            found.extend(pods.iter().map(|pod| (pod.name_any(), restarts(pod))));
        }
        Ok(Self(found))
    }

    /// An error unless the same are there.
    async fn are_there(&self, testbed: &Testbed) -> Result<()> {
        let now = Self::of(testbed).await?;
        ensure!(
            now == *self,
            "processes were replaced or started again: {:?} before, {:?} now (pod, restarts)",
            self.0,
            now.0
        );
        Ok(())
    }
}
