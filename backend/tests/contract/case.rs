//! One promise, and the trial of it on one database.

use std::pin::Pin;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use backend::dynamodb::{self, Table, Timeouts};
use libtest_mimic::Trial;
use testkit::databases::Database;
use tokio::runtime::Handle;

/// More than the slowest case takes on a busy machine; without it, a case that waits for ever says
/// nothing.
const LIMIT: Duration = Duration::from_mins(1);

/// A table of the case's own, as the infrastructure makes it, and the database it is in.
pub(crate) struct Ground {
    pub(crate) table: Table,
    pub(crate) database: &'static str,
    pub(crate) endpoint: String,
}

type Run = fn(Ground) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Something that must hold on every database.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
}

/// Cases from the names of their functions.
macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        vec![$($crate::case::Case {
            name: concat!(module_path!(), "::", stringify!($name)),
            run: |ground| Box::pin($name(ground)),
        }),+]
    };
}
pub(crate) use cases;

impl Case {
    /// On a database that is not there it is ignored; asked for all the same, it fails with the
    /// reason.
    pub(crate) fn trial(self, database: &Database, client: Option<Client>, runtime: &Handle) -> Trial {
        let (_, name) = self.name.split_once("::").unwrap_or_default();
        let (runtime, database) = (runtime.clone(), database.clone());
        let (name, ignored) = (format!("{}::{name}", database.name), client.is_none());
        let run = move || {
            let endpoint = database.endpoint?;
            let case = self.on(database.name, endpoint, client);
            runtime
                .block_on(async { tokio::time::timeout(LIMIT, case).await })
                .map_err(|_| format!("not done after {} s", LIMIT.as_secs()).into())
        };
        Trial::test(name, run).with_ignored_flag(ignored)
    }

    async fn on(self, database: &'static str, endpoint: String, client: Option<Client>) {
        let client = client.expect("a database that is there has a client");
        let name = format!("messages-{}", uuid::Uuid::new_v4());
        assert!(testkit::table::create(&client, &name).await.unwrap());
        let ground = Ground {
            table: Table { client, name },
            database,
            endpoint,
        };
        (self.run)(ground).await;
    }
}

/// The product's own client, with its timeouts and retries, if the database is there.
pub(crate) async fn client(database: &Database) -> Option<Client> {
    let endpoint = database.endpoint.as_ref().ok()?;
    Some(dynamodb::client(testkit::loader(endpoint), Timeouts::default()).await)
}
