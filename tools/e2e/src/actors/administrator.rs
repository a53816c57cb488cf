//! Somebody with the account's keys, who makes tables and looks into them.

use anyhow::{Context, Result, bail, ensure};
use percent_encoding::percent_decode_str;
use reqwest::RequestBuilder;
use serde_json::{Map, Value, json};

use crate::run::{Harness, Testbed};
use crate::world::aws::{AwsAccess, Refusal, answered, element};

// wing: addons
mod account;
mod secrets; // wing: verifier
pub(crate) use account::Records;
// end of wing

/// What the templates call the policy that gives a role its table.
const POLICY: &str = "messages";
const IAM: Service = Service {
    name: "iam",
    version: "2010-05-08",
};
const CLOUDFORMATION: Service = Service {
    name: "cloudformation",
    version: "2010-05-15",
};
const STS: Service = Service {
    name: "sts",
    version: "2011-06-15",
};
/// What changes nothing.
const QUESTIONS: [(Service, &str); 3] = [
    (CLOUDFORMATION, "ListStacks"),
    (IAM, "ListRoles"),
    (STS, "GetCallerIdentity"),
];
/// As many items as one request takes.
const BATCH: usize = 25;

/// An item in DynamoDB's JSON.
pub(crate) type Item = Map<String, Value>;

/// A service whose calls are forms, and the version of its API.
#[derive(Clone, Copy)]
struct Service {
    name: &'static str,
    version: &'static str,
}

/// An administrator of the tables of both environments.
pub(crate) struct Administrator<'a> {
    http: &'a reqwest::Client,
    url: &'a str,
    region: &'a str,
    account: &'a str,
}

impl<'a> Administrator<'a> {
    pub(crate) fn of(testbed: &'a Testbed) -> Self {
        Self::new(&testbed.harness, &testbed.world.aws)
    }

    pub(crate) fn new(harness: &'a Harness, aws: &'a AwsAccess) -> Self {
        Self {
            http: &harness.http,
            url: &aws.host_url,
            region: &harness.account.region,
            account: &harness.account.id,
        }
    }

    /// Asks each service for something, one after the other. `LocalStack` 4.8.1 counts a service as
    /// loaded a moment before it knows its operations, so of two first calls at the same time it
    /// may refuse the second: "no handler for operation", seen once with the tables of two stacks.
    pub(crate) async fn first_calls(&self) -> Result<()> {
        for (service, action) in QUESTIONS {
            self.ask_query(service, &[("Action", action)]).await?;
        }
        self.ask("ListTables", json!({})).await.map(drop)
    }

    /// Makes the table `name`, empty and with the keys and indexes of the table `like`; one of that
    /// name goes first.
    pub(crate) async fn make_table(&self, name: &str, like: &str) -> Result<()> {
        self.drop_table(name).await?;
        let described = self.ask("DescribeTable", json!({ "TableName": like })).await?;
        let table = &described["Table"];
        let indexes = table["GlobalSecondaryIndexes"].as_array();
        let indexes = indexes.with_context(|| format!("table {like} has no index"))?;
        let index = |index: &Value| json!({ "IndexName": index["IndexName"], "KeySchema": index["KeySchema"], "Projection": index["Projection"] });
        let table = json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": table["AttributeDefinitions"],
            "KeySchema": table["KeySchema"],
            "GlobalSecondaryIndexes": indexes.iter().map(index).collect::<Vec<_>>(),
        });
        self.ask("CreateTable", table).await.map(drop)
    }

    /// Gives a role the rights to the table `name` that it has to the table `like`.
    pub(crate) async fn grant(&self, role: &str, name: &str, like: &str) -> Result<()> {
        let role = ("RoleName", role);
        let has = [("Action", "GetRolePolicy"), role, ("PolicyName", POLICY)];
        let has = self.ask_iam(&has).await?;
        let policy = element(&has, "PolicyDocument");
        let policy = policy.with_context(|| format!("{} has no policy {POLICY}", role.1))?;
        let policy = percent_decode_str(policy)
            .decode_utf8()
            .context("read a policy")?;
        let own = format!(":table/{like}");
        ensure!(policy.contains(&own), "{} has no right to {like}", role.1);
        let policy = policy.replace(&own, &format!(":table/{name}"));
        let give = [
            ("Action", "PutRolePolicy"),
            role,
            ("PolicyName", name),
            ("PolicyDocument", &policy),
        ];
        self.ask_iam(&give).await.map(drop)
    }

    /// Removes a table, if there is one.
    pub(crate) async fn drop_table(&self, name: &str) -> Result<()> {
        match self.ask("DeleteTable", json!({ "TableName": name })).await {
            Err(error) if Refusal::is_why(&error, "ResourceNotFoundException") => Ok(()),
            other => other.map(drop),
        }
    }

    // wing: previews
    /// The names of tables that begin so.
    pub(crate) async fn tables(&self, prefix: &str) -> Result<Vec<String>> {
        let mut answer = self.ask("ListTables", json!({})).await?;
        let names: Vec<String> =
            serde_json::from_value(answer["TableNames"].take()).context("read the names of tables")?;
        Ok(names
            .into_iter()
            .filter(|name| name.starts_with(prefix))
            .collect())
    }
    // end of wing

    /// Writes items as they are, past every rule of the application.
    pub(crate) async fn put(&self, table: &str, items: &[Item]) -> Result<()> {
        for batch in items.chunks(BATCH) {
            let puts: Vec<_> = batch
                .iter()
                .map(|item| json!({ "PutRequest": { "Item": item } }))
                .collect();
            let answer = self
                .ask("BatchWriteItem", json!({ "RequestItems": { table: puts } }))
                .await?;
            let left = answer["UnprocessedItems"]
                .as_object()
                .is_some_and(|left| !left.is_empty());
            if left {
                bail!(
                    "table {table} did not take all items: {}",
                    answer["UnprocessedItems"]
                );
            }
        }
        Ok(())
    }

    /// All items of a table.
    pub(crate) async fn items(&self, table: &str) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let mut from = Value::Null;
        loop {
            let mut scan = json!({ "TableName": table, "ConsistentRead": true });
            if !from.is_null() {
                scan["ExclusiveStartKey"] = from;
            }
            let mut page = self.ask("Scan", scan).await?;
            let found: Vec<Item> = serde_json::from_value(page["Items"].take()).context("read items")?;
            items.extend(found);
            from = page["LastEvaluatedKey"].take();
            if from.is_null() {
                return Ok(items);
            }
        }
    }

    /// The item with this key; empty if there is none.
    pub(crate) async fn item(&self, table: &str, uuid: &str) -> Result<Item> {
        let get = json!({ "TableName": table, "Key": { "uuid": { "S": uuid } }, "ConsistentRead": true });
        let mut answer = self.ask("GetItem", get).await?;
        Ok(match answer["Item"].take() {
            Value::Object(item) => item,
            _ => Item::new(),
        })
    }

    async fn ask_iam(&self, fields: &[(&str, &str)]) -> Result<String> {
        self.ask_query(IAM, fields).await
    }

    async fn ask_query(&self, service: Service, fields: &[(&str, &str)]) -> Result<String> {
        let Service { name, version } = service;
        let version = ("Version", version);
        let fields: Vec<_> = fields.iter().chain([&version]).collect();
        let answer = self.signed(name).form(&fields).send().await;
        let answer = answer.with_context(|| format!("ask {name} of the AWS emulator"))?;
        answered(answer, name).await
    }

    /// The emulator takes any signature, and an account's number for a key of it; it reads service
    /// and region out of the line.
    fn signed(&self, service: &str) -> RequestBuilder {
        self.http
            .post(self.url)
            .header("Authorization", self.line(service))
    }

    fn line(&self, service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.account, self.region
        )
    }

    async fn ask(&self, operation: &str, body: Value) -> Result<Value> {
        let answer = self
            .signed("dynamodb")
            .header("X-Amz-Target", format!("DynamoDB_20120810.{operation}"))
            .header("Content-Type", "application/x-amz-json-1.0")
            .body(body.to_string())
            .send()
            .await
            .with_context(|| format!("{operation} of the AWS emulator"))?;
        let text = answered(answer, operation).await?;
        serde_json::from_str(&text).with_context(|| format!("{operation}: an answer that is no JSON"))
    }
}
