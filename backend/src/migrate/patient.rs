//! The client of a run: one that has time.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};

use crate::dynamodb::Table;

/// For items and the record: nobody waits for the answer, and being throttled is normal in a walk
/// over a whole table.
const ATTEMPTS: u32 = 12;
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(90);

/// The same table, reached by a client that has time. Few writes are under way at once and each
/// waits longer after every refusal, so it needs none of the SDK's other brakes: its quota of
/// retries would end a throttled walk, and its adaptive mode, tried here, took 45 s for 100 items
/// after 30 refusals.
pub(super) fn patient(table: &Table) -> Table {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let config = table.client.config().to_builder();
    let config = config
        .timeout_config(timeouts)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(ATTEMPTS)
                .with_initial_backoff(FIRST_BACKOFF)
                .with_max_backoff(LONGEST_BACKOFF),
        )
        .retry_partition(
            RetryPartition::custom("migrate")
                .token_bucket(TokenBucket::unlimited())
                .build(),
        );
    Table {
        client: Client::from_conf(config.build()),
        name: table.name.clone(),
    }
}
