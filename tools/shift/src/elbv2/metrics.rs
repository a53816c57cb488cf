//! What `CloudWatch` knows of target groups, as sums over whole minutes.

use std::time::Duration;

use serde_json::{Value, json};

use super::{list, text};
use crate::balancer::Count;
use crate::fault::Fault;

/// Metrics of load balancers come by the minute.
pub(super) const PERIOD: Duration = Duration::from_mins(1);
/// How long after its end a minute is complete.
const LATER: Duration = Duration::from_mins(1);

pub(super) const NONE: Count = Count {
    sent: 0,
    ended: 0,
    failed: 0,
};

/// Each with whether a request that it counts has ended, and whether it has failed. What was sent
/// and is in none of the others has had no answer: a cluster that hangs shows no 5xx.
const METRICS: [(&str, bool, bool); 6] = [
    ("RequestCount", false, false),
    ("HTTPCode_Target_2XX_Count", true, false),
    ("HTTPCode_Target_3XX_Count", true, false),
    ("HTTPCode_Target_4XX_Count", true, false),
    ("HTTPCode_Target_5XX_Count", true, true),
    ("TargetConnectionErrorCount", true, true),
];

/// The beginning of a time's minute.
pub(super) fn minute(time: Duration) -> Duration {
    let seconds = PERIOD.as_secs();
    Duration::from_secs(time.as_secs() / seconds * seconds)
}

/// Until when everything is counted.
pub(super) fn counted(now: Duration) -> Duration {
    minute(now.saturating_sub(LATER))
}

/// Asks for each metric of each group: `g0m0`, `g0m1` and so on. Divisions and sums are made here,
/// because emulators know no expressions.
pub(super) fn queries(balancer: &str, groups: &[String]) -> Value {
    let query = |group: usize, metric: usize| {
        json!({
            "Id": format!("g{group}m{metric}"),
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/ApplicationELB",
                    "MetricName": METRICS[metric].0,
                    "Dimensions": [
                        {"Name": "TargetGroup", "Value": groups[group]},
                        {"Name": "LoadBalancer", "Value": balancer},
                    ],
                },
                "Period": PERIOD.as_secs(),
                "Stat": "Sum",
            },
        })
    };
    let all = (0..groups.len()).flat_map(|group| (0..METRICS.len()).map(move |metric| (group, metric)));
    all.map(|(group, metric)| query(group, metric)).collect()
}

/// The counts of each group, in the order in which they were asked for.
pub(super) fn read(answer: &Value, groups: usize) -> Result<Vec<Count>, Fault> {
    let mut counts = vec![NONE; groups];
    for result in list(&answer["MetricDataResults"]) {
        let status = text(&result["StatusCode"]);
        let id = text(&result["Id"]);
        let Some((count, metric)) = place(id, &mut counts) else {
            continue;
        };
        if status != "Complete" {
            return Err(Fault::Unreachable {
                said: format!("CloudWatch says of {metric} that it is {status}"),
            });
        }
        let sum = list(&result["Values"]).filter_map(Value::as_f64).sum::<f64>();
        let sum = whole(sum);
        match METRICS.iter().find(|(name, ..)| *name == metric) {
            Some((_, true, failed)) => {
                count.ended += sum;
                count.failed += if *failed { sum } else { 0 };
            }
            _ => count.sent += sum,
        }
    }
    // What could not be connected may not count as a request.
    for count in &mut counts {
        count.sent = count.sent.max(count.ended);
    }
    Ok(counts)
}

fn place<'c>(id: &str, counts: &'c mut [Count]) -> Option<(&'c mut Count, &'static str)> {
    let (group, metric) = id.strip_prefix('g')?.split_once('m')?;
    let (name, ..) = METRICS.get(metric.parse::<usize>().ok()?)?;
    Some((counts.get_mut(group.parse::<usize>().ok()?)?, name))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a sum of counts is a whole number far below 2^52"
)]
fn whole(sum: f64) -> u64 {
    sum.max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(results: &[(&str, &[f64])]) -> Value {
        let results = results
            .iter()
            .map(|(id, values)| json!({"Id": id, "Values": values, "StatusCode": "Complete"}));
        json!({"MetricDataResults": results.collect::<Vec<_>>()})
    }

    #[test]
    fn sums_become_counts_and_what_hangs_is_what_is_missing() {
        let said = answer(&[
            ("g0m0", &[60.0, 60.0]),
            ("g0m1", &[60.0, 60.0]),
            ("g1m0", &[30.0]),
            ("g1m1", &[5.0]),
            ("g1m3", &[1.0]),
            ("g1m4", &[4.0]),
            ("g1m5", &[2.0]),
        ]);
        let [blue, green] = read(&said, 2).unwrap()[..] else {
            panic!("not two")
        };
        assert_eq!((blue.sent, blue.ended, blue.failed), (120, 120, 0));
        assert_eq!((green.sent, green.ended, green.failed), (30, 12, 6));
    }

    #[test]
    fn an_answer_with_holes_is_none() {
        let mut said = answer(&[("g0m0", &[1.0])]);
        said["MetricDataResults"][0]["StatusCode"] = "PartialData".into();
        let error = read(&said, 1).unwrap_err();
        assert!(
            error.passes() && error.to_string().contains("PartialData"),
            "{error}"
        );
    }

    #[test]
    fn a_minute_counts_when_it_is_complete() {
        let at = Duration::from_secs;
        assert_eq!(counted(at(600)), at(540));
        assert_eq!(counted(at(659)), at(540));
        assert_eq!(counted(at(660)), at(600));
    }

    #[test]
    fn each_metric_of_each_group_is_asked_for() {
        let groups = ["targetgroup/a/1".to_owned(), "targetgroup/b/2".to_owned()];
        let asked = queries("app/board/3", &groups);
        assert_eq!(asked.as_array().unwrap().len(), 12);
        assert_eq!(asked[7]["Id"], "g1m1");
        assert_eq!(
            asked[7]["MetricStat"]["Metric"]["Dimensions"][0]["Value"],
            groups[1]
        );
    }
}
