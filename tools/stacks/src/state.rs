//! How a stack stands, and what that means to somebody who wants to change it.

use crate::error::AwsError;

/// How a stack stands before it is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// There is none, or one that nothing has been made for yet.
    Absent,
    /// Its first deployment failed and all of it was removed; nothing but removing the rest is
    /// possible.
    RolledBack,
    /// It can be changed.
    There,
}

/// The status of a stack in which nothing has been made: it waits for its first change.
pub(crate) const WAITING: &str = "REVIEW_IN_PROGRESS";

/// The status of a stack whose first deployment failed: it has nothing any more.
pub(crate) const ROLLED_BACK: &str = "ROLLBACK_COMPLETE";

/// What a status means to somebody who wants to change the stack.
pub(crate) fn judge(stack: &str, status: &str) -> Result<State, AwsError> {
    let for_a_person = |next: &str| AwsError::Stuck {
        stack: stack.to_owned(),
        status: status.to_owned(),
        next: next.to_owned(),
    };
    match status {
        WAITING | "DELETE_COMPLETE" => Ok(State::Absent),
        ROLLED_BACK => Ok(State::RolledBack),
        "UPDATE_ROLLBACK_FAILED" => Err(for_a_person(&format!(
            "aws cloudformation continue-update-rollback --stack-name {stack}"
        ))),
        "ROLLBACK_FAILED" | "DELETE_FAILED" | "CREATE_FAILED" => Err(for_a_person(&format!(
            "see why (aws cloudformation describe-stack-events --stack-name {stack}), then aws cloudformation delete-stack \
             --stack-name {stack}"
        ))),
        status if status.ends_with("_IN_PROGRESS") => Err(AwsError::Busy {
            stack: stack.to_owned(),
            status: status.to_owned(),
        }),
        _ => Ok(State::There),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_leads_somewhere() {
        assert_eq!(judge("s", "REVIEW_IN_PROGRESS").unwrap(), State::Absent);
        assert_eq!(judge("s", "ROLLBACK_COMPLETE").unwrap(), State::RolledBack);
        assert_eq!(judge("s", "UPDATE_ROLLBACK_COMPLETE").unwrap(), State::There);
        let error = |status| judge("s", status).unwrap_err().to_string();
        assert!(error("UPDATE_IN_PROGRESS").contains("try again"));
        assert!(error("UPDATE_ROLLBACK_FAILED").contains("continue-update-rollback --stack-name s"));
        assert!(error("DELETE_FAILED").contains("delete-stack --stack-name s"));
    }
}
