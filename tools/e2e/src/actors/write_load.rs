//! A steady write load: four messages a second to one environment, without giving up: each message
//! has an idempotency key, and is sent again under it until it is accepted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};
use board_api::{MessageList, NewMessage};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;

use super::pace::Pace;
use super::sampler::with_causes;
use crate::environment::Environment;
use crate::run::{StepHandle, Testbed};

/// Between two messages.
const EVERY: Duration = Duration::from_millis(250);
/// What one try may take.
const TRY: Duration = Duration::from_secs(8);
/// For all tries of one message.
const PATIENCE: Duration = Duration::from_mins(1);
/// Before the next try, where the answer does not say.
const PAUSE: Duration = Duration::from_millis(500);

/// A running load. Dropping it ends it.
pub(crate) struct WriteLoad {
    environment: Environment,
    board: Board,
    seen: Seen,
    writing: Pace,
}

type Seen = Arc<Mutex<Sent>>;

/// What became of the messages.
#[derive(Debug, Default)]
struct Sent {
    /// The messages the API said it took.
    taken: Vec<String>,
    /// Those it never took, and the last answer.
    given_up: Vec<String>,
    /// Tries that were not answered with a message.
    refused: Vec<String>,
}

/// Where the messages go, and under which author.
#[derive(Clone)]
struct Board {
    http: reqwest::Client,
    url: String,
    author: String,
}

impl WriteLoad {
    /// Starts the load, under an author that nobody had before.
    pub(crate) fn start(testbed: &Testbed, environment: Environment) -> Result<Self> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let http = reqwest::Client::builder().no_proxy().timeout(TRY).build()?;
        let board = Board {
            http,
            url: format!("{}{}", testbed.cluster(environment).api(), board_api::MESSAGES),
            author: format!("writers {}", since.as_millis()),
        };
        let (seen, writer) = (Seen::default(), board.clone());
        let tally = Arc::clone(&seen);
        let writing = Pace::start(EVERY, move |number| {
            writer
                .clone()
                .insist(format!("message {number}"), Arc::clone(&tally))
        });
        Ok(Self {
            environment,
            board,
            seen,
            writing,
        })
    }

    /// Stops the load once each message is taken or given up. An error unless every message that
    /// was taken is on the board, once.
    pub(crate) async fn stop(self, step: &StepHandle) -> Result<()> {
        self.writing.stop().await.context("the write load")?;
        let sent = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        let found = self.board.read().await?;
        let taken = sent.taken.len();
        step.evidence(format!(
            "{taken} messages were posted to {} in {} tries, {} of which were refused",
            self.environment,
            taken + sent.refused.len(),
            sent.refused.len(),
        ));
        if let Some(first) = sent.refused.first() {
            step.evidence(format!("the first refusal: {first}"));
        }
        sent.judge(&found)
    }
}

impl Board {
    async fn insist(self, text: String, seen: Seen) {
        let begun = Instant::now();
        loop {
            let (why, pause) = match self.post(&text).await {
                Ok(()) => {
                    lock(&seen).taken.push(text);
                    return;
                }
                Err(refused) => refused,
            };
            lock(&seen).refused.push(why.clone());
            if begun.elapsed() > PATIENCE {
                lock(&seen).given_up.push(format!("{text}: {why}"));
                return;
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// One try; else why not, and how long to wait before the next.
    async fn post(&self, text: &str) -> Result<(), (String, Duration)> {
        let (author, text) = (self.author.clone(), text.to_owned());
        let key = format!("{author} {text}").replace(' ', "-");
        let request = self
            .http
            .post(&self.url)
            .header(board_api::IDEMPOTENCY_KEY, key)
            .json(&NewMessage { author, text });
        let answer = request
            .send()
            .await
            .map_err(|error| (with_causes(error), PAUSE))?;
        if answer.status() == StatusCode::CREATED {
            return Ok(());
        }
        let after = answer.headers().get(RETRY_AFTER);
        let after = after.and_then(|after| after.to_str().ok()?.parse().ok());
        Err((
            answer.status().to_string(),
            after.map_or(PAUSE, Duration::from_secs),
        ))
    }

    /// How often each message of the load is on the board.
    async fn read(&self) -> Result<BTreeMap<String, usize>> {
        let mut found = BTreeMap::new();
        let mut before = None;
        loop {
            let mut url = format!("{}?limit={}", self.url, board_api::MAX_LIMIT);
            if let Some(cursor) = before {
                url = format!("{url}&before={cursor}");
            }
            let page: MessageList =
                async { self.http.get(&url).send().await?.error_for_status()?.json().await }
                    .await
                    .context("read the messages again")?;
            let ours = page
                .messages
                .iter()
                .filter(|message| message.author == self.author);
            for message in ours {
                *found.entry(message.text.clone()).or_default() += 1;
            }
            before = page.next;
            if before.is_none() {
                return Ok(found);
            }
        }
    }
}

impl Sent {
    fn judge(&self, found: &BTreeMap<String, usize>) -> Result<()> {
        ensure!(
            self.given_up.is_empty(),
            "{} messages were never taken: {}",
            self.given_up.len(),
            self.given_up[0]
        );
        ensure!(
            !self.taken.is_empty(),
            "no message was posted, so nothing was proved"
        );
        let lost = self.taken.iter().filter(|text| !found.contains_key(*text));
        let lost: Vec<_> = lost.map(String::as_str).collect();
        ensure!(
            lost.is_empty(),
            "taken, but not on the board: {}",
            lost.join(", ")
        );
        let doubled = found.iter().filter(|(_, count)| **count != 1);
        let doubled: Vec<_> = doubled.map(|(text, _)| text.as_str()).collect();
        ensure!(
            doubled.is_empty(),
            "more than once on the board: {}",
            doubled.join(", ")
        );
        Ok(())
    }
}

fn lock(seen: &Seen) -> std::sync::MutexGuard<'_, Sent> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_doubled_and_refused_messages_are_noticed() {
        let sent = |taken: &[&str], given_up: &[&str]| Sent {
            taken: taken.iter().map(ToString::to_string).collect(),
            given_up: given_up.iter().map(ToString::to_string).collect(),
            refused: Vec::new(),
        };
        let found = |counts: &[(&str, usize)]| {
            let counts = counts.iter().map(|(text, count)| ((*text).to_owned(), *count));
            counts.collect::<BTreeMap<_, _>>()
        };
        let both = found(&[("1", 1), ("2", 1)]);
        assert!(sent(&["1", "2"], &[]).judge(&both).is_ok());
        let refused =
            |sent: Sent, found: &BTreeMap<String, usize>| sent.judge(found).unwrap_err().to_string();
        assert!(refused(sent(&["1", "2", "3"], &[]), &both).contains("not on the board: 3"));
        assert!(refused(sent(&["1"], &["2: 503"]), &both).contains("never taken: 2: 503"));
        assert!(
            refused(sent(&["1", "2"], &[]), &found(&[("1", 2), ("2", 1)])).contains("once on the board: 1")
        );
        assert!(refused(sent(&[], &[]), &both).contains("nothing was proved"));
    }
}
