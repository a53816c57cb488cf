//! The identity of a message in a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::error::ApiError;
use crate::store::StoreError;

/// Longer than any that this service gave; `DynamoDB` would refuse a key beyond 2 kB as malformed.
const LONGEST: usize = 64;

/// What may be the identity of a message; what cannot be one is the identity of none.
#[derive(Debug)]
pub(crate) struct Identity(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Identity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(uuid)) if uuid.len() <= LONGEST => Ok(Self(uuid)),
            _ => Err(StoreError::NotFound.into()),
        }
    }
}
