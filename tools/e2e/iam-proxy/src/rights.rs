//! Which right a signed request needs.

use anyhow::{Result, bail, ensure};
use hyper::body::Bytes;
use hyper::{Method, Request};
use iam::{dynamodb, eks, route53, secretsmanager};

use crate::assume_role::form;
use crate::credentials::Scope;
use crate::role::Role;

/// Another emulator answers for it.
pub(crate) const EKS: &str = "eks";
const DYNAMODB: &str = "DynamoDB_20120810.";
const SECRETS: &str = "secretsmanager.";

/// An action, and the ARN of what it is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Right {
    pub(crate) action: String,
    pub(crate) resource: String,
}

/// The right that a request of a role needs; nothing if everybody has it. What is
/// not known here is an error, because the emulator would do it.
pub(crate) fn needed(request: &Request<Bytes>, scope: &Scope, role: &Role) -> Result<Option<Right>> {
    let (method, path) = (request.method().as_str(), request.uri().path());
    match scope.service.as_str() {
        "route53" => {
            let call = route53::Call::of(method, path)?;
            return Ok(Some(Right {
                resource: call.resource(&role.partition),
                action: call.action.to_owned(),
            }));
        }
        EKS => {
            let call = eks::Call::of(method, path)?;
            return Ok(Some(Right {
                resource: call.resource(&role.partition, &scope.region, &role.account),
                action: call.action.to_owned(),
            }));
        }
        _ => {}
    }
    let whole = request.uri().path_and_query().map_or("", |whole| whole.as_str());
    ensure!(
        request.method() == Method::POST && whole == "/",
        "{} {whole} is no request that is known here",
        request.method()
    );
    let mut targets = request.headers().get_all("x-amz-target").iter();
    let target = targets.next().and_then(|target| target.to_str().ok());
    ensure!(targets.next().is_none(), "more than one x-amz-target");
    match (scope.service.as_str(), target) {
        ("dynamodb", Some(target)) if target.starts_with(DYNAMODB) => {
            let call = dynamodb::Call::of(target, request.body())?;
            Ok(Some(Right {
                resource: call.resource(&role.partition, &scope.region, &role.account),
                action: call.action,
            }))
        }
        ("secretsmanager", Some(target)) if target.starts_with(SECRETS) => {
            let call = secretsmanager::Call::of(target, request.body())?;
            Ok(Some(Right {
                resource: call.resource(&role.partition, &scope.region, &role.account),
                action: call.action,
            }))
        }
        ("sts", None) if action(request).as_deref() == Some("GetCallerIdentity") => Ok(None),
        (service, _) => bail!("which right this request to {service} needs is not known here"),
    }
}

fn action(request: &Request<Bytes>) -> Option<String> {
    form(request)?.remove("Action")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(service: &str, target: Option<&str>, path: &str, body: &str) -> Result<Option<Right>> {
        let scope = Scope {
            key: "KEY".to_owned(),
            date: "20260101".to_owned(),
            region: "r".to_owned(),
            service: service.to_owned(),
        };
        let mut request = Request::post(path);
        request = match target {
            Some(target) => request.header("x-amz-target", target),
            None => request.header("content-type", "application/x-www-form-urlencoded"),
        };
        needed(
            &request.body(Bytes::from(body.to_owned())).unwrap(),
            &scope,
            &Role::parse("arn:aws:iam::1:role/backend").unwrap(),
        )
    }

    #[test]
    fn a_request_to_a_table_needs_its_right() {
        let get = ask(
            "dynamodb",
            Some("DynamoDB_20120810.GetItem"),
            "/",
            r#"{"TableName":"t"}"#,
        );
        let right = get.unwrap().unwrap();
        assert_eq!(right.action, "dynamodb:GetItem");
        assert_eq!(right.resource, "arn:aws:dynamodb:r:1:table/t");
        assert_eq!(ask("sts", None, "/", "Action=GetCallerIdentity").unwrap(), None);
    }

    #[test]
    fn a_request_for_a_secret_needs_its_right() {
        let (target, body) = (Some("secretsmanager.GetSecretValue"), r#"{"SecretId":"s"}"#);
        let right = ask("secretsmanager", target, "/", body).unwrap().unwrap();
        assert_eq!(right.action, "secretsmanager:GetSecretValue");
        assert_eq!(right.resource, "arn:aws:secretsmanager:r:1:secret:s-??????");
        assert!(ask("dynamodb", target, "/", body).is_err());
        assert!(ask("secretsmanager", Some("secretsmanager.ListSecrets"), "/", "{}").is_err());
    }

    #[test]
    fn a_request_for_a_cluster_needs_its_right() {
        let scope = Scope {
            key: "KEY".to_owned(),
            date: "20260101".to_owned(),
            region: "r".to_owned(),
            service: EKS.to_owned(),
        };
        let role = Role::parse("arn:aws:iam::1:role/clusterset").unwrap();
        let get = |path: &str| needed(&Request::get(path).body(Bytes::new()).unwrap(), &scope, &role);
        let right = get("/clusters/blue?x=y").unwrap().unwrap();
        assert_eq!(right.action, "eks:DescribeCluster");
        assert_eq!(right.resource, "arn:aws:eks:r:1:cluster/blue");
        assert!(get("/clusters/blue/addons").is_err());
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let (table, get) = (r#"{"TableName":"t"}"#, Some("DynamoDB_20120810.GetItem"));
        // One that says of itself that it is for another service than its target.
        assert!(ask("sts", get, "/", table).is_err());
        assert!(
            ask(
                "dynamodb",
                Some("DynamoDBStreams_20120810.GetRecords"),
                "/",
                table
            )
            .is_err()
        );
        assert!(ask("dynamodb", None, "/", table).is_err());
        assert!(ask("route53", get, "/", table).is_err());
        assert!(ask("dynamodb", get, "/_localstack/health", table).is_err());
        assert!(ask("dynamodb", get, "/?Action=x", table).is_err());
        assert!(ask("iam", None, "/", "Action=PutRolePolicy").is_err());
        assert!(ask("sts", None, "/", "Action=AssumeRole").is_err());
        assert!(ask("sts", None, "/", "Action=GetCallerIdentity&Action=AssumeRole").is_err());
    }
}
