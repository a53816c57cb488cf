//! A load balancer of AWS: the weights of the target groups of one listener.
//!
//! `CloudWatch` counts by the minute and says so a minute later, so a shift takes minutes a step
//! here.

mod metrics;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::Aws;
use crate::balancer::{Balancer, Counts, Pace};
use crate::claim::Claim;
use crate::clock;
use crate::fault::Fault;
use crate::weights::Weights;

/// Begins the keys of the listener's tags that are claims.
const CLAIM: &str = "shift/";

/// One listener, whose default action forwards to the targets.
pub(crate) struct Listener {
    aws: Aws,
    arn: String,
    /// The names of targets by the ARNs of their groups.
    names: BTreeMap<String, String>,
    /// The load balancer as `CloudWatch` calls it.
    dimension: String,
    /// Since when is counted.
    since: Duration,
}

/// Its default actions, and the target groups in the one that forwards.
struct Forward {
    actions: Vec<Value>,
    /// By the names of targets: the group, and its weight.
    groups: BTreeMap<String, (String, u32)>,
}

impl Listener {
    /// The one with this ARN. Counts from `since` on.
    pub(crate) fn new(arn: &str, names: BTreeMap<String, String>, since: Duration) -> Result<Self, Fault> {
        // arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener/app/NAME/ID/ID
        let region = arn.split(':').nth(3).filter(|region| !region.is_empty());
        let balancer = behind(arn, ":listener/").rsplit_once('/');
        let (Some(region), Some((balancer, _))) = (region, balancer) else {
            return Err(Fault::NoListener { arn: arn.to_owned() });
        };
        Ok(Self {
            arn: arn.to_owned(),
            names,
            dimension: balancer.to_owned(),
            since: metrics::minute(since),
            aws: Aws {
                region: region.to_owned(),
            },
        })
    }

    fn forward(&self) -> Result<Forward, Fault> {
        let answer = self
            .aws
            .ask(&["elbv2", "describe-listeners", "--listener-arns", &self.arn])?;
        let actions: Vec<_> = list(&answer["Listeners"][0]["DefaultActions"]).cloned().collect();
        let groups = actions
            .iter()
            .filter(|action| action["Type"] == "forward")
            .flat_map(|action| list(&action["ForwardConfig"]["TargetGroups"]))
            .map(|group| self.group(group));
        Ok(Forward {
            groups: groups.collect(),
            actions,
        })
    }

    /// A target's name, and its group with the weight. One that the file does not have is called by
    /// its ARN, and so is found to be none of its targets.
    fn group(&self, group: &Value) -> (String, (String, u32)) {
        let arn = text(&group["TargetGroupArn"]).to_owned();
        let name = self.names.get(&arn).unwrap_or(&arn).clone();
        let weight = group["Weight"].as_u64().and_then(|weight| weight.try_into().ok());
        (name, (arn, weight.unwrap_or_default()))
    }
}

impl Balancer for Listener {
    fn weights(&mut self) -> Result<Weights, Fault> {
        let groups = self.forward()?.groups.into_iter();
        Weights::new(groups.map(|(name, (_, weight))| (name, weight)).collect())
    }

    fn set(&mut self, weights: &Weights) -> Result<(), Fault> {
        let Forward { mut actions, groups } = self.forward()?;
        let weighted = groups.iter().map(|(name, (arn, had))| {
            let weight = weights.of(name).unwrap_or(*had);
            json!({"TargetGroupArn": arn, "Weight": weight})
        });
        let weighted: Vec<_> = weighted.collect();
        // All else of the actions stays, as whether people stick to a target.
        for action in actions.iter_mut().filter(|action| action["Type"] == "forward") {
            action["ForwardConfig"]["TargetGroups"] = weighted.clone().into();
            if let Some(fields) = action.as_object_mut() {
                fields.remove("TargetGroupArn");
            }
        }
        let actions = Value::from(actions).to_string();
        self.aws.ask(&[
            "elbv2",
            "modify-listener",
            "--listener-arn",
            &self.arn,
            "--default-actions",
            &actions,
        ])?;
        Ok(())
    }

    fn expect_somebody(&mut self, target: &str) -> Result<(), Fault> {
        let groups = self.forward()?.groups;
        let arn = groups.get(target).map_or("", |(arn, _)| arn);
        let health = self
            .aws
            .ask(&["elbv2", "describe-target-health", "--target-group-arn", arn])?;
        let states = list(&health["TargetHealthDescriptions"]);
        let states: Vec<_> = states.map(|one| text(&one["TargetHealth"]["State"])).collect();
        if states.contains(&"healthy") {
            return Ok(());
        }
        Err(Fault::Nobody {
            target: target.to_owned(),
            said: match states.join(", ") {
                none if none.is_empty() => "its group is empty".to_owned(),
                some => format!("those of its group are {some}"),
            },
        })
    }

    fn counts(&mut self) -> Result<Counts, Fault> {
        let groups = self.forward()?.groups;
        let until = metrics::counted(clock::now()).max(self.since);
        let of = groups.keys().map(|name| (name.clone(), metrics::NONE)).collect();
        if until <= self.since {
            return Ok(Counts { until, of });
        }
        let names: Vec<_> = groups.keys().cloned().collect();
        let groups: Vec<_> = groups
            .values()
            .map(|(arn, _)| behind(arn, ":").to_owned())
            .collect();
        let queries = metrics::queries(&self.dimension, &groups).to_string();
        let [from, to] = [self.since, until].map(|time| time.as_secs().to_string());
        let answer = self.aws.ask(&[
            "cloudwatch",
            "get-metric-data",
            "--start-time",
            &from,
            "--end-time",
            &to,
            "--metric-data-queries",
            &queries,
        ])?;
        let counts = metrics::read(&answer, groups.len())?;
        Ok(Counts {
            until,
            of: names.into_iter().zip(counts).collect(),
        })
    }

    fn claims(&mut self) -> Result<Vec<Claim>, Fault> {
        let answer = self
            .aws
            .ask(&["elbv2", "describe-tags", "--resource-arns", &self.arn])?;
        let claim = |tag: &Value| {
            let id = text(&tag["Key"]).strip_prefix(CLAIM)?;
            Claim::unpacked(id, text(&tag["Value"]))
        };
        let tags = list(&answer["TagDescriptions"][0]["Tags"]);
        Ok(tags.filter_map(claim).collect())
    }

    fn put(&mut self, claim: &Claim) -> Result<(), Fault> {
        let tag = json!([{"Key": format!("{CLAIM}{}", claim.id), "Value": claim.packed()}]).to_string();
        let add = ["elbv2", "add-tags", "--resource-arns", &self.arn, "--tags", &tag];
        self.aws.ask(&add).map(drop)
    }

    fn remove(&mut self, id: &str) -> Result<(), Fault> {
        let key = format!("{CLAIM}{id}");
        let remove = [
            "elbv2",
            "remove-tags",
            "--resource-arns",
            &self.arn,
            "--tag-keys",
            &key,
        ];
        self.aws.ask(&remove).map(drop)
    }

    fn pace(&self) -> Pace {
        Pace {
            poll: Duration::from_secs(15),
            hold: Duration::from_mins(5),
            patience: metrics::PERIOD,
            wait: Duration::from_mins(30),
            blind: Duration::from_mins(3),
            back: Duration::from_mins(15),
            lease: Duration::from_mins(3),
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What follows the last `mark` of an ARN.
fn behind<'a>(arn: &'a str, mark: &str) -> &'a str {
    arn.rsplit_once(mark).map_or(arn, |(_, rest)| rest)
}
