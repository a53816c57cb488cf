//! Why a change of a stack ended badly, read from its events.

use serde_json::Value;

/// The first failures of the last change, oldest first: what follows them is their consequence. AWS lists the newest event first,
/// and every one since the stack was made.
pub(crate) fn reasons(events: &Value) -> String {
    const BEGINNINGS: &[&str] = &["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"];
    let status = |event: &Value| event["ResourceStatus"].as_str().unwrap_or_default().to_owned();
    let begins = |event: &&Value| {
        event["ResourceType"] == "AWS::CloudFormation::Stack" && BEGINNINGS.contains(&status(event).as_str())
    };
    let events = events["StackEvents"].as_array().map_or(&[][..], Vec::as_slice);
    let of_this_change: Vec<_> = events.iter().take_while(|event| !begins(event)).collect();
    let failed = of_this_change.into_iter().rev().filter(|event| {
        let reason = event["ResourceStatusReason"].as_str().unwrap_or_default();
        status(event).ends_with("_FAILED") && !reason.contains("cancelled")
    });
    let lines: Vec<_> = failed
        .map(|event| {
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            format!(
                "{} ({}): {}",
                text("LogicalResourceId"),
                text("ResourceType"),
                text("ResourceStatusReason")
            )
        })
        .take(3)
        .collect();
    if lines.is_empty() {
        return "no resource says why".to_owned();
    }
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_failure_is_the_reason() {
        let event = |status: &str, reason: &str| {
            json!({"LogicalResourceId": "Bucket", "ResourceType": "AWS::S3::Bucket", "ResourceStatus": status,
                   "ResourceStatusReason": reason})
        };
        let newest_first = json!({"StackEvents": [
            event("CREATE_FAILED", "Resource creation cancelled"),
            event("CREATE_FAILED", "it is there already"),
            event("CREATE_IN_PROGRESS", ""),
            json!({"ResourceType": "AWS::CloudFormation::Stack", "ResourceStatus": "UPDATE_IN_PROGRESS"}),
            event("CREATE_FAILED", "of last year"),
        ]});
        assert_eq!(
            reasons(&newest_first),
            "Bucket (AWS::S3::Bucket): it is there already"
        );
    }
}
