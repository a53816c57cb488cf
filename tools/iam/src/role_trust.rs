//! Who may take on a role as another role: the part of IAM's rules that the roles of a hub's
//! targets use. Whatever this module does not know is an error, never a yes or a no.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::pattern::texts;
use crate::statement::{OF_TRUST, Statement, allowed, statements};
use crate::trust;

/// What the bearer of a role's keys does to take on the next role.
pub const ACTION: &str = "sts:AssumeRole";

/// Whether a role's trust policy lets in whoever has taken on the role `arn`, which is named by its
/// own ARN, not by that of a session.
pub fn allows(policy: &Value, arn: &str) -> Result<bool> {
    allowed(&statements(policy, OF_TRUST)?, |statement| {
        matches(statement, arn)
    })
}

fn matches(statement: &Statement, arn: &str) -> Result<bool> {
    match texts(&statement["Action"])?.as_slice() {
        [action] if *action == ACTION => {}
        // Statements for tokens and for EKS say nothing of roles.
        [action] if *action == trust::ACTION => return Ok(false),
        actions if statement["Principal"].get("Service").is_some() && actions.contains(&ACTION) => {
            return Ok(false);
        }
        actions => bail!("unknown actions {actions:?}"),
    }
    ensure!(
        !statement.contains_key("Condition"),
        "a condition on a role is not known here"
    );
    let principal = statement["Principal"].as_object().context("a principal")?;
    let Some(trusted) = principal.get("AWS") else {
        return Ok(false);
    };
    let trusted = texts(trusted)?;
    for one in &trusted {
        ensure!(
            one.contains(":role/"),
            "{one} is no role, and nothing else is known here"
        );
    }
    Ok(trusted.contains(&arn))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HUB: &str = "arn:aws:iam::1:role/hub";

    fn policy(action: &str, principal: &Value) -> Value {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": action, "Principal": principal,
        }]})
    }

    #[test]
    fn the_role_that_is_named_gets_in_and_no_other() {
        for principal in [
            json!({"AWS": HUB}),
            json!({"AWS": [HUB, "arn:aws:iam::1:role/other"]}),
        ] {
            let policy = policy(ACTION, &principal);
            assert!(allows(&policy, HUB).unwrap());
            for other in ["arn:aws:iam::2:role/hub", "arn:aws:iam::1:role/hub2", "hub"] {
                assert!(!allows(&policy, other).unwrap(), "{other}");
            }
        }
    }

    #[test]
    fn trust_in_a_token_or_a_service_is_no_trust_in_a_role() {
        let token = policy("sts:AssumeRoleWithWebIdentity", &json!({"Federated": HUB}));
        assert!(!allows(&token, HUB).unwrap());
        let service = policy(ACTION, &json!({"Service": "codebuild.amazonaws.com"}));
        assert!(!allows(&service, HUB).unwrap());
    }

    #[test]
    fn a_denial_wins() {
        let mut policy = policy(ACTION, &json!({"AWS": HUB}));
        let mut denial = policy["Statement"][0].clone();
        denial["Effect"] = "Deny".into();
        policy["Statement"].as_array_mut().unwrap().push(denial);
        assert!(!allows(&policy, HUB).unwrap());
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        for principal in [
            json!("*"),
            json!({"AWS": "*"}),
            json!({"AWS": "arn:aws:iam::1:root"}),
        ] {
            assert!(allows(&policy(ACTION, &principal), HUB).is_err(), "{principal}");
        }
        for actions in [json!("sts:*"), json!([ACTION, "sts:TagSession"])] {
            let mut other = policy(ACTION, &json!({"AWS": HUB}));
            other["Statement"][0]["Action"] = actions;
            assert!(allows(&other, HUB).is_err());
        }
        let mut conditional = policy(ACTION, &json!({"AWS": HUB}));
        conditional["Statement"][0]["Condition"] = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
        assert!(allows(&conditional, HUB).is_err());
    }
}
