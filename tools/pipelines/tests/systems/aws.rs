//! As much of AWS as lets a run into its registry, for the real command line of AWS: a token is
//! exchanged for a role, and the role for ECR's password. Unlike the emulators, it takes one token,
//! one role and one region only.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// Whom a run may become, and where.
pub(crate) const ROLE: &str = "arn:aws:iam::000000000000:role/ci";
pub(crate) const REGION: &str = "eu-central-1";
/// Whom the runner says a run is.
pub(crate) const IDENTITY: &str = "who-this-run-is";
/// What opens the registry: ECR's answer, in the form its clients send it.
pub(crate) const PASSWORD: &str = "password-of-the-registry";

const KEY: &str = "ASIASTANDIN000000000";
const SECRET: &str = "secret-of-the-session";
const SESSION: &str = "token-of-the-session";
const LATER: &str = "2099-01-01T00:00:00Z";

/// The credentials that `CodeBuild` gives a build of its role.
pub(crate) async fn role_of_the_build() -> Json<Value> {
    Json(json!({ "AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": SESSION, "Expiration": LATER }))
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
    let role = ROLE.replace(':', "%3A").replace('/', "%2F");
    let may = given("WebIdentityToken") == Some(IDENTITY)
        && given("RoleArn") == Some(&role)
        && given("RoleSessionName").is_some_and(|name| !name.is_empty());
    if !may {
        let refusal = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform \
            sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>";
        return (StatusCode::FORBIDDEN, refusal.to_owned());
    }
    let answer = format!(
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{KEY}</AccessKeyId>\
         <SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{SESSION}</SessionToken><Expiration>{LATER}</Expiration>\
         </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    );
    (StatusCode::OK, answer)
}

fn password(headers: &HeaderMap) -> (StatusCode, String) {
    let signed = text(headers, header::AUTHORIZATION.as_str());
    let may = signed.contains(&format!("Credential={KEY}/"))
        && signed.contains(&format!("/{REGION}/ecr/"))
        && text(headers, "x-amz-security-token") == SESSION;
    if !may {
        let refusal =
            json!({ "__type": "UnrecognizedClientException", "message": "not a session of the role" });
        return (StatusCode::BAD_REQUEST, refusal.to_string());
    }
    let token = BASE64_STANDARD.encode(format!("AWS:{PASSWORD}"));
    let answer =
        json!({ "authorizationData": [{ "authorizationToken": token, "expiresAt": 4_070_908_800_u64 }] });
    (StatusCode::OK, answer.to_string())
}
