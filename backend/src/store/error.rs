//! Why the store could not answer.

use aws_sdk_dynamodb::error::SdkError;

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The table did not answer, throttles, or refused.
    #[error("cannot {doing}")]
    Unavailable {
        /// What was tried.
        doing: &'static str,
        /// What the SDK says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The table was reached and did not answer within the time of all tries. A write may have been
    /// done.
    #[error("cannot {doing} in time")]
    Slow {
        /// What was tried.
        doing: &'static str,
        /// What the SDK says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The idempotency key of a new message was used for another one.
    #[error("this idempotency key was used for another message, {0}")]
    KeyUsed(String),
    /// No message has that identity.
    #[error("there is no such message")]
    NotFound,
    /// The message is not at a revision that the change expects.
    #[error("the message was changed since: it is at revision {0}")]
    Changed(u32),
    /// A cursor that no page carried.
    #[error("the cursor is not one that a page of messages carried")]
    Cursor,
}

/// Wraps an SDK error with what was tried.
pub(crate) fn unavailable<E, R>(doing: &'static str) -> impl FnOnce(SdkError<E, R>) -> StoreError
where
    SdkError<E, R>: std::error::Error + Send + Sync + 'static,
{
    move |error| {
        if matches!(error, SdkError::TimeoutError(_)) {
            let source = Box::new(error);
            StoreError::Slow { doing, source }
        } else {
            let source = Box::new(error);
            StoreError::Unavailable { doing, source }
        }
    }
}
