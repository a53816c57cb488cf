//! The administrator's work on roles and on zones of Route 53.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use reqwest::Method;

use super::Administrator;
use crate::world::AWS;
use crate::world::aws::{Refusal, answered, element};

const ROUTE53: &str = "2013-04-01/hostedzone";
/// A policy that takes something from a role.
const DENIAL: &str = "denial";

/// The records of a zone: their values, or what they are an alias of, by name and type.
pub(crate) type Records = BTreeMap<(String, String), String>;

impl Administrator<'_> {
    /// Whether there is a role of this name.
    pub(crate) async fn has_role(&self, name: &str) -> Result<bool> {
        match self.ask_iam(&[("Action", "GetRole"), ("RoleName", name)]).await {
            Err(error) if Refusal::is_why(&error, "NoSuchEntity") => Ok(false),
            other => other.map(|_| true),
        }
    }

    /// Takes an action from a role, until [`Self::allow_again`].
    pub(crate) async fn deny(&self, role: &str, action: &str) -> Result<()> {
        let policy = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Deny", "Action": "{action}", "Resource": "*"}}]}}"#
        );
        let denied = [
            ("Action", "PutRolePolicy"),
            ("RoleName", role),
            ("PolicyName", DENIAL),
            ("PolicyDocument", &policy),
        ];
        self.ask_iam(&denied).await.map(drop)
    }

    /// Ends that.
    pub(crate) async fn allow_again(&self, role: &str) -> Result<()> {
        let allowed = [
            ("Action", "DeleteRolePolicy"),
            ("RoleName", role),
            ("PolicyName", DENIAL),
        ];
        self.ask_iam(&allowed).await.map(drop)
    }

    /// The words by which the container engine ends it, for whom there is no time to wait.
    pub(crate) fn words_to_allow_again(&self, role: &str) -> Vec<String> {
        // The emulator takes an account's number for a key of it.
        let key = format!("AWS_ACCESS_KEY_ID={}", self.account);
        let exec = ["exec", "--env", &key, "--env", "AWS_SECRET_ACCESS_KEY=any", AWS];
        let call = ["awslocal", "--region", self.region, "iam", "delete-role-policy"];
        let which = ["--role-name", role, "--policy-name", DENIAL];
        let words = exec.iter().chain(&call).chain(&which);
        words.map(ToString::to_string).collect()
    }

    /// Makes a zone for a domain, and gives its id.
    pub(crate) async fn make_zone(&self, domain: &str) -> Result<String> {
        let zone = format!(
            "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>{domain}</Name>\
             <CallerReference>{domain}</CallerReference></CreateHostedZoneRequest>"
        );
        id_of(&self.ask_route53(Method::POST, "", zone).await?)
    }

    /// The id of the zone of a domain.
    pub(crate) async fn zone(&self, domain: &str) -> Result<String> {
        let zones = self.ask_route53(Method::GET, "", String::new()).await?;
        let named = format!("{domain}.");
        let mut zones = zones.split("<HostedZone>").skip(1);
        let zone = zones.find(|zone| element(zone, "Name") == Some(named.as_str()));
        id_of(zone.with_context(|| format!("there is no zone {domain}"))?)
    }

    /// Makes an address record by hand.
    pub(crate) async fn make_record(&self, zone: &str, name: &str, address: &str) -> Result<()> {
        let change = format!(
            "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>\
             <Change><Action>UPSERT</Action><ResourceRecordSet><Name>{name}</Name><Type>A</Type><TTL>300</TTL>\
             <ResourceRecords><ResourceRecord><Value>{address}</Value></ResourceRecord></ResourceRecords>\
             </ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
        );
        let path = format!("/{zone}/rrset");
        self.ask_route53(Method::POST, &path, change).await.map(drop)
    }

    /// All records of a zone.
    pub(crate) async fn records(&self, zone: &str) -> Result<Records> {
        let path = format!("/{zone}/rrset");
        let listed = self.ask_route53(Method::GET, &path, String::new()).await?;
        let read = |set: &str| {
            let [name, kind, value] = ["Name", "Type", "Value"].map(|name| element(set, name));
            let value = value.or_else(|| element(set, "DNSName"));
            let name = name.context("a record has a name")?.trim_end_matches('.');
            let kind = kind.context("a record has a type")?;
            let value = value.unwrap_or_default();
            Ok(((name.to_owned(), kind.to_owned()), value.to_owned()))
        };
        listed.split("<ResourceRecordSet>").skip(1).map(read).collect()
    }

    async fn ask_route53(&self, method: Method, path: &str, body: String) -> Result<String> {
        let url = format!("{}/{ROUTE53}{path}", self.url);
        let asked = self.http.request(method, url).body(body);
        let asked = asked.header("Authorization", self.line("route53")).send();
        let answer = asked.await.context("ask Route 53 of the AWS emulator")?;
        answered(answer, "Route 53").await
    }
}

/// The id of the first zone in an answer.
fn id_of(xml: &str) -> Result<String> {
    let id = element(xml, "Id").context("a zone has an id")?;
    Ok(id.trim_start_matches("/hostedzone/").to_owned())
}
