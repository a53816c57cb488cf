//! Every `DynamoDB` there is here, for tests that run on each of them.

use anyhow::Result;

use crate::embedded::Embedded;
use crate::names::{DYNAMODB_LOCAL, EMBEDDED, LOCALSTACK};

/// One `DynamoDB`.
#[derive(Debug, Clone)]
pub struct Database {
    /// `embedded`, `dynamodb-local` or `localstack`.
    pub name: &'static str,
    /// Where it answers, or why it is not there: what would run on it is then to be reported as
    /// skipped.
    pub endpoint: Result<String, String>,
}

/// All of them, running.
#[derive(Debug)]
pub struct Databases {
    list: Vec<Database>,
    #[cfg(feature = "containers")]
    containers: Option<crate::containers::Containers>,
}

impl Databases {
    /// Starts what can be started. That no engine is there is a reason to skip; one that was named
    /// and starts nothing is an error, as is a container that runs and does not answer.
    pub async fn start() -> Result<Self> {
        let embedded = Database {
            name: EMBEDDED,
            endpoint: Ok(Embedded::start().await?.endpoint),
        };
        let mut databases = Self {
            list: vec![embedded],
            #[cfg(feature = "containers")]
            containers: None,
        };
        #[cfg(feature = "containers")]
        databases.start_containers().await?;
        #[cfg(not(feature = "containers"))]
        databases.lack_containers("built without containers; `cargo xtask test` builds with them");
        Ok(databases)
    }

    /// What there is, and what is not there with the reason.
    pub fn list(&self) -> &[Database] {
        &self.list
    }

    #[cfg(feature = "containers")]
    async fn start_containers(&mut self) -> Result<()> {
        match crate::containers::Containers::start().await {
            Ok(containers) => {
                for (name, endpoint) in self.containers.insert(containers).answering().await? {
                    let endpoint = Ok(endpoint);
                    self.list.push(Database { name, endpoint });
                }
            }
            Err(error) if crate::containers::are_promised() => return Err(error),
            Err(reason) => self.lack_containers(&format!("{reason:#}")),
        }
        Ok(())
    }

    fn lack_containers(&mut self, reason: &str) {
        self.list
            .extend([DYNAMODB_LOCAL, LOCALSTACK].map(|name| Database {
                name,
                endpoint: Err(reason.to_owned()),
            }));
    }

    /// Removes the containers. Without this call the next run does it.
    #[cfg_attr(
        not(feature = "containers"),
        expect(clippy::unused_async, reason = "only containers take time to stop")
    )]
    pub async fn stop(self) -> Result<()> {
        #[cfg(feature = "containers")]
        if let Some(containers) = self.containers {
            containers.remove().await?;
        }
        Ok(())
    }
}
