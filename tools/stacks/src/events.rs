//! Why a change of a stack ended badly, read from its events.

use serde_json::Value;

/// The first failures of the last change, oldest first: what follows them is their consequence. AWS
/// lists the newest event first, and every one since the stack was made.
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
        .map(|event| fault(event, "ResourceStatusReason"))
        .take(3)
        .collect();
    if lines.is_empty() {
        return "no resource says why".to_owned();
    }
    lines.join("; ")
}

/// What the checks that go before a change found, of the last operation; nothing if they let it
/// pass. AWS lists the newest event first, each with the operation it belongs to.
pub(crate) fn checks(events: &Value) -> Option<String> {
    let events = events["OperationEvents"].as_array()?;
    let last = &events.first()?["OperationId"];
    let faults: Vec<_> = events
        .iter()
        .filter(|event| event["OperationId"] == *last && event["ValidationStatus"] == "FAILED")
        // What is only warned of stops nothing.
        .filter(|event| event["ValidationFailureMode"] == "FAIL")
        .map(|event| fault(event, "ValidationStatusReason"))
        .collect();
    (!faults.is_empty()).then(|| faults.join("; "))
}

/// As `Bucket (AWS::S3::Bucket): it is there already`, by the field that has the reason.
fn fault(event: &Value, reason: &str) -> String {
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    format!(
        "{} ({}): {}",
        text("LogicalResourceId"),
        text("ResourceType"),
        text(reason)
    )
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

    #[test]
    fn what_stopped_the_last_operation_is_told_and_no_warning() {
        let event = |operation: &str, mode: &str, reason: &str| {
            json!({"OperationId": operation, "EventType": "VALIDATION_ERROR", "LogicalResourceId": "Bucket",
                   "ResourceType": "AWS::S3::Bucket", "ValidationStatus": "FAILED", "ValidationFailureMode": mode,
                   "ValidationStatusReason": reason})
        };
        let events = json!({"OperationEvents": [
            {"OperationId": "2", "EventType": "PROVISIONING_ERROR", "ResourceStatus": "CREATE_FAILED"},
            event("2", "FAIL", "it is there already"),
            event("2", "WARN", "it is not empty"),
            event("1", "FAIL", "of last year"),
        ]});
        assert_eq!(
            checks(&events).unwrap(),
            "Bucket (AWS::S3::Bucket): it is there already"
        );
        assert_eq!(checks(&json!({"OperationEvents": [{"OperationId": "2"}]})), None);
    }
}
