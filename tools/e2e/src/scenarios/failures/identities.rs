//! A pod has the rights of its own account in AWS and no others: whatever else it shows or asks for
//! is refused, by the trust policies and permissions of the roles as the templates have made them.

pub(in crate::scenarios) mod aws;
mod pods_of_accounts;
pub(in crate::scenarios) mod tokens;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::environment::{API, Environment, NAMESPACE, PAGE};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::pods::Servers;
use crate::world::aws::Refusal;
use crate::world::iam_proxy::AUDIENCE;
use aws::{Answer, Aws, Key};
use pods_of_accounts::role_of;
use tokens::Parts;

/// The account of the API's migration.
const MIGRATION: &str = "backend-migrate";
/// Requests of which the middle one tells what asking costs.
const MANY: usize = 40;
/// What the proxy may add to it. Its goal is 5 ms; the rest is for a machine that does more.
const ADDED: Duration = Duration::from_millis(25);

const INVALID: Refusal = Refusal::new(400, "InvalidIdentityToken");
const UNTRUSTED: Refusal = Refusal::new(403, "AccessDenied");
const DENIED: Refusal = Refusal::new(400, "AccessDeniedException");

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("identities", "each account has its own role only", 90),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A pod asks AWS for the role of another account or environment, or shows a token that is for another audience, \
                changed, expired, or signed by another cluster. Or it does with its own role what only the migration's may.",
        effect: "AWS refuses it: the role's trust policy with `AccessDenied`, a bad token with `InvalidIdentityToken` or \
                 `ExpiredTokenException`, an action that the role has no right to with `AccessDeniedException`. No pod has a key \
                 that could be stolen; tokens are the kubelet's, and expire.",
        within: "the first request",
        way_out: "If it should have been allowed, compare the annotation `eks.amazonaws.com/role-arn` of the service account with \
                  the role, the cluster's issuer with `OidcProvider` in `infra/aws/parameters.toml`, and the action with the \
                  role's policy in `infra/aws/message-board.yaml`.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    step.doing("what pods are given");
    for cluster in &testbed.clusters {
        pods_of_accounts::look(cluster, step).await?;
    }
    let aws = Aws::behind_the_proxy(testbed);
    let checks = Checks {
        testbed,
        step,
        aws: &aws,
    };
    step.doing("who gets which role");
    let (server, migration) = checks.right_accounts().await?;
    checks.whom_the_role_does_not_trust_is_refused().await?;
    checks.a_token_that_is_not_right_is_refused().await?;
    step.doing("what the roles may do");
    checks.no_role_does_more_than_it_may(&server, &migration).await?;
    step.doing("how long it takes to ask");
    checks.measure(&server).await
}

struct Checks<'a> {
    testbed: &'a Testbed,
    step: &'a StepHandle,
    aws: &'a Aws<'a>,
}

impl Checks<'_> {
    /// Keys of the API's role by the token of a pod that serves, and of its migration's.
    async fn right_accounts(&self) -> Result<(Key, Key)> {
        let staging = self.testbed.first();
        let token = self.of_server().await?;
        let server = self
            .taken("the API's own pod", &role_of(staging, API).await?, &token)
            .await?;
        let token = tokens::of_account(staging, NAMESPACE, MIGRATION, AUDIENCE).await?;
        let migration = role_of(staging, MIGRATION).await?;
        let migration = self.taken("its migration", &migration, &token).await?;
        Ok((server, migration))
    }

    async fn of_server(&self) -> Result<String> {
        let pod = Servers::of(self.testbed, self.testbed.first(), API).one().await?;
        tokens::of_pod(self.testbed, &pod).await
    }

    async fn whom_the_role_does_not_trust_is_refused(&self) -> Result<()> {
        let (staging, production) = (self.testbed.first(), self.testbed.last());
        let role = role_of(staging, API).await?;
        for account in [PAGE, MIGRATION, "default"] {
            let token = tokens::of_account(staging, NAMESPACE, account, AUDIENCE).await?;
            self.refused(&format!("the account {account}"), &role, &token, &UNTRUSTED)
                .await?;
        }
        // The same account, but of a cluster that the role does not know.
        let token = tokens::of_account(production, NAMESPACE, API, AUDIENCE).await?;
        self.refused("the account of production", &role, &token, &UNTRUSTED)
            .await?;
        let token = self.of_server().await?;
        for other in [
            role_of(staging, MIGRATION).await?,
            role_of(production, API).await?,
            format!("{role}-of-nobody"),
        ] {
            self.refused(&format!("the API, for {other}"), &other, &token, &UNTRUSTED)
                .await?;
        }
        Ok(())
    }

    async fn a_token_that_is_not_right_is_refused(&self) -> Result<()> {
        let (staging, production) = (self.testbed.first(), self.testbed.last());
        let role = role_of(staging, API).await?;
        let audience = "https://kubernetes.default.svc";
        let token = tokens::of_account(staging, NAMESPACE, API, audience).await?;
        self.refused("a token for the cluster itself", &role, &token, &INVALID)
            .await?;
        let own = Parts::of(&self.of_server().await?)?;
        let migration = role_of(staging, MIGRATION).await?;
        let changed = own.clone().of_another(MIGRATION);
        self.refused("a changed token", &migration, &changed, &INVALID)
            .await?;
        let unsigned = own.clone().unsigned();
        self.refused("an unsigned token", &role, &unsigned, &INVALID)
            .await?;
        self.refused("no token", &role, "garbage", &INVALID).await?;
        let key = tokens::key_of(self.testbed, staging).await?;
        // The same token is taken before it expires, and only with the cluster's own signature.
        let token = own.clone().signed(600, &key)?;
        self.taken("a token that was signed anew", &role, &token).await?;
        let expired = own.clone().signed(-60, &key)?;
        self.refused(
            "an expired token",
            &role,
            &expired,
            &Refusal::new(400, "ExpiredTokenException"),
        )
        .await?;
        let foreign = own.signed(600, &tokens::key_of(self.testbed, production).await?)?;
        self.refused("a token that production has signed", &role, &foreign, &INVALID)
            .await
    }

    async fn no_role_does_more_than_it_may(&self, server: &Key, migration: &Key) -> Result<()> {
        let table = Environment::first().table();
        let other = Environment::last().table();
        let nobody = json!({ "uuid": { "S": "identities" } });
        let whole = |table: &str| json!({ "TableName": table });
        let one = |table: &str| json!({ "TableName": table, "Key": nobody });
        let put = json!({ "TableName": table, "Item": nobody });
        for (who, key, operation, body) in [
            ("the API", server, "GetItem", one(&table)),
            ("the migration", migration, "GetItem", one(&table)),
            ("the migration", migration, "Scan", whole(&table)),
            ("the migration", migration, "DescribeTable", whole(&table)),
        ] {
            let answer = self.aws.on_table(key, operation, &body).await?;
            ensure!(answer.is_ok(), "{operation} of {who} is answered {answer:?}");
        }
        let stranger = Key("ASIAIDENTITIES000000".to_owned());
        let unknown = Refusal::new(400, "UnrecognizedClientException");
        for (who, key, operation, body, expected) in [
            ("the API", server, "Scan", whole(&table), &DENIED),
            ("the API", server, "DescribeTable", whole(&table), &DENIED),
            ("the API", server, "DeleteTable", whole(&table), &DENIED),
            ("the API", server, "GetItem", one(&other), &DENIED),
            ("the API", server, "ListTables", json!({}), &DENIED),
            ("the migration", migration, "PutItem", put, &DENIED),
            ("the migration", migration, "DeleteItem", one(&table), &DENIED),
            ("a stranger", &stranger, "GetItem", one(&table), &unknown),
        ] {
            let answer = self.aws.on_table(key, operation, &body).await?;
            self.is(&format!("{operation} of {who}"), &answer, expected)?;
        }
        Ok(())
    }

    /// What the proxy adds to a request: one by it and one past it in turns, so that both meet the
    /// machine as busy.
    async fn measure(&self, key: &Key) -> Result<()> {
        let bare = Aws::bare(self.testbed);
        let account = Key(self.testbed.harness.account.id.clone());
        let get =
            json!({ "TableName": Environment::first().table(), "Key": { "uuid": { "S": "identities" } } });
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..MANY {
            with.push(took(self.aws, key, &get).await?);
            without.push(took(&bare, &account, &get).await?);
        }
        let (with, without) = (middle(with)?, middle(without)?);
        for (whose, middle) in [("by the proxy", with), ("past it", without)] {
            let what = format!("a request {whose} (ms, p50)");
            self.step.measured(&what, middle.as_secs_f64() * 1000.0);
        }
        let added = with.saturating_sub(without);
        let said = format!(
            "the proxy adds {:.1} ms to a request (p50), of {} that it may",
            added.as_secs_f64() * 1000.0,
            ADDED.as_millis()
        );
        ensure!(added <= ADDED, "{said}");
        self.step.evidence(said);
        Ok(())
    }

    async fn taken(&self, who: &str, role: &str, token: &str) -> Result<Key> {
        match self.aws.assume(role, token).await? {
            Ok(key) => {
                self.step.evidence(format!("{who} gets {role}"));
                Ok(key)
            }
            Err(refused) => bail!("{who} is refused {role}: {refused:?}"),
        }
    }

    async fn refused(&self, who: &str, role: &str, token: &str, expected: &Refusal) -> Result<()> {
        let answer = self.aws.assume(role, token).await?;
        self.is(who, &answer.map(drop), expected)
    }

    fn is(&self, what: &str, answer: &Answer<()>, expected: &Refusal) -> Result<()> {
        ensure!(
            answer.as_ref().err() == Some(expected),
            "{what} is answered {answer:?}, not {expected}"
        );
        self.step.evidence(format!("{what}: {expected}"));
        Ok(())
    }
}

fn middle(mut times: Vec<Duration>) -> Result<Duration> {
    times.sort();
    times.get(MANY / 2).copied().context("nothing was measured")
}

async fn took(aws: &Aws<'_>, key: &Key, get: &Value) -> Result<Duration> {
    let begun = Instant::now();
    let answer = aws.on_table(key, "GetItem", get).await?;
    ensure!(
        answer.is_ok(),
        "a request that is measured is answered {answer:?}"
    );
    Ok(begun.elapsed())
}
