//! Who may take on a role through EKS Pod Identity: the part of IAM's rules that the trust policies
//! here use.
//!
//! EKS assumes the role for the pod and says in tags of the session who the pod is. No emulator has
//! it. Whatever this module does not know is an error, never a yes or a no.

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use crate::statement::{Comparison, OF_TRUST, Statement, allowed, conditions_hold, statements};

const SERVICE: &str = "pods.eks.amazonaws.com";
const ACTIONS: [&str; 2] = ["sts:AssumeRole", "sts:TagSession"];

/// A pod for which EKS asks for a role.
#[derive(Debug, Clone, Copy)]
pub struct Pod<'p> {
    /// The account of AWS that its cluster is in.
    pub account: &'p str,
    /// The ARN of its cluster.
    pub cluster: &'p str,
    /// Where it runs.
    pub namespace: &'p str,
    /// As whom it runs.
    pub service_account: &'p str,
}

impl Pod<'_> {
    /// What the request says under a key of a condition.
    fn said(&self, key: &str) -> Result<&str> {
        Ok(match key {
            "aws:SourceAccount" => self.account,
            "aws:RequestTag/eks-cluster-arn" => self.cluster,
            "aws:RequestTag/kubernetes-namespace" => self.namespace,
            "aws:RequestTag/kubernetes-service-account" => self.service_account,
            other => bail!("unknown key {other}"),
        })
    }
}

/// Whether the policy lets EKS take on the role for `pod`: some statement allows it, and none
/// denies it.
pub fn allows(policy: &Value, pod: &Pod<'_>) -> Result<bool> {
    allowed(&statements(policy, OF_TRUST)?, |statement| is_met(statement, pod))
}

fn is_met(statement: &Statement, pod: &Pod<'_>) -> Result<bool> {
    let principal = &statement["Principal"];
    ensure!(
        *principal == json!({"Service": SERVICE}),
        "unknown principal {principal}"
    );
    let action = &statement["Action"];
    ensure!(*action == json!(ACTIONS), "unknown action {action}");
    conditions_hold(statement, comparison, |key| pod.said(key).map(Some))
}

fn comparison(operator: &str) -> Result<Comparison> {
    ensure!(operator == "StringEquals", "unknown operator {operator}");
    Ok(|expected, said| expected == said)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: Pod<'_> = Pod {
        account: "1",
        cluster: "arn:aws:eks:here:1:cluster/c",
        namespace: "n",
        service_account: "s",
    };

    fn policy(condition: &Value) -> Value {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": ACTIONS, "Principal": {"Service": SERVICE},
            "Condition": {"StringEquals": condition},
        }]})
    }

    #[test]
    fn every_condition_must_hold() {
        let bound = policy(&json!({
            "aws:SourceAccount": "1",
            "aws:RequestTag/eks-cluster-arn": POD.cluster,
            "aws:RequestTag/kubernetes-namespace": ["m", "n"],
            "aws:RequestTag/kubernetes-service-account": "s",
        }));
        assert!(allows(&bound, &POD).unwrap());
        for other in [
            Pod { account: "2", ..POD },
            Pod { cluster: "d", ..POD },
            Pod {
                namespace: "o",
                ..POD
            },
            Pod {
                service_account: "t",
                ..POD
            },
        ] {
            assert!(!allows(&bound, &other).unwrap(), "{other:?}");
        }
        assert!(allows(&policy(&json!({})), &POD).unwrap(), "open to every pod");
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        assert!(allows(&policy(&json!({"aws:RequestTag/other": "s"})), &POD).is_err());
        for (field, value) in [
            ("Principal", json!("*")),
            ("Action", json!("sts:AssumeRole")),
            ("Condition", json!({"StringLike": {"aws:SourceAccount": "*"}})),
            ("NotAction", json!("x")),
        ] {
            let mut changed = policy(&json!({}));
            changed["Statement"][0][field] = value;
            assert!(allows(&changed, &POD).is_err(), "{field}");
        }
    }
}
