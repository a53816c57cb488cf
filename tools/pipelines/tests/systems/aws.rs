//! As much of AWS as lets a run into its registry, for the real command line of AWS: a token is
//! exchanged for a role, and the role for ECR's password. Unlike the emulators, it takes one token
//! and one region only, and a password opens what its role may push.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// Whom a run may become, with the key of its session and the password that this one is given.
pub(crate) struct Role {
    pub(crate) arn: &'static str,
    key: &'static str,
    /// What opens the registry: ECR's answer, in the form its clients send it.
    pub(crate) password: &'static str,
}

pub(crate) const RELEASES: Role = Role {
    arn: "arn:aws:iam::000000000000:role/ci",
    key: "ASIASTANDIN000000000",
    password: "password-of-the-registry",
};
// wing: previews
pub(crate) const PREVIEWS: Role = Role {
    arn: "arn:aws:iam::000000000000:role/previews",
    key: "ASIASTANDIN000000001",
    password: "password-of-previews",
};
// end of wing
const ROLES: &[Role] = &[
    RELEASES, PREVIEWS, // wing: previews
];

pub(crate) const REGION: &str = "eu-central-1";
/// Whom the runner says a run is.
pub(crate) const IDENTITY: &str = "who-this-run-is";
const SECRET: &str = "secret-of-the-session";
const SESSION: &str = "token-of-the-session";
const LATER: &str = "2099-01-01T00:00:00Z";

/// The credentials that `CodeBuild` gives a build of its role.
pub(crate) async fn role_of_the_build() -> Json<Value> {
    Json(
        json!({ "AccessKeyId": RELEASES.key, "SecretAccessKey": SECRET, "Token": SESSION, "Expiration": LATER }),
    )
}

/// Every call of AWS that is made here: STS by a form, ECR by JSON.
pub(crate) async fn call(headers: HeaderMap, body: String) -> (StatusCode, String) {
    match text(&headers, "x-amz-target") {
        "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken" => password(&headers),
        "" if body.contains("Action=AssumeRoleWithWebIdentity") => session(&body),
        other => (StatusCode::NOT_IMPLEMENTED, format!("not known here: {other}")),
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn session(body: &str) -> (StatusCode, String) {
    let given = |name: &str| {
        body.split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    };
    let written = |role: &Role| role.arn.replace(':', "%3A").replace('/', "%2F");
    let role = ROLES.iter().find(|role| given("RoleArn") == Some(&written(role)));
    let is_run = given("WebIdentityToken") == Some(IDENTITY)
        && given("RoleSessionName").is_some_and(|name| !name.is_empty());
    let Some(Role { key, .. }) = role.filter(|_| is_run) else {
        let refusal = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform \
            sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>";
        return (StatusCode::FORBIDDEN, refusal.to_owned());
    };
    let answer = format!(
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{key}</AccessKeyId>\
         <SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{SESSION}</SessionToken><Expiration>{LATER}</Expiration>\
         </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    );
    (StatusCode::OK, answer)
}

fn password(headers: &HeaderMap) -> (StatusCode, String) {
    let signed = text(headers, header::AUTHORIZATION.as_str());
    let of_role = |role: &&Role| signed.contains(&format!("Credential={}/", role.key));
    let is_session =
        signed.contains(&format!("/{REGION}/ecr/")) && text(headers, "x-amz-security-token") == SESSION;
    let role = ROLES.iter().find(of_role).filter(|_| is_session);
    let Some(Role { password, .. }) = role else {
        let refusal =
            json!({ "__type": "UnrecognizedClientException", "message": "not a session of the role" });
        return (StatusCode::BAD_REQUEST, refusal.to_string());
    };
    let token = BASE64_STANDARD.encode(format!("AWS:{password}"));
    let answer =
        json!({ "authorizationData": [{ "authorizationToken": token, "expiresAt": 4_070_908_800_u64 }] });
    (StatusCode::OK, answer.to_string())
}
