//! What becomes of a request.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};

use crate::credentials::{Credentials, Scope, Session};
use crate::deployed::Deployed;
use crate::refusal::Refusal;
use crate::rights::{self, Right};
use crate::settings::Settings;
use crate::token::{providers, verified};
use crate::upstream::{Upstream, owner};
use crate::web_identity::Asked;
use crate::xml;

/// The proxy, with the keys that it has given out.
#[derive(Debug)]
pub(crate) struct Proxy {
    upstream: Upstream,
    deployed: Deployed,
    providers: PathBuf,
    credentials: Credentials,
}

/// Why a request has no answer of the emulator.
enum Stopped {
    Refused(Refusal),
    Failed(anyhow::Error),
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<anyhow::Error> for Stopped {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl Proxy {
    pub(crate) fn new(settings: Settings) -> Self {
        let upstream = Upstream::at(settings.upstream);
        Self {
            deployed: Deployed::new(upstream.clone()),
            upstream,
            providers: settings.providers,
            credentials: Credentials::default(),
        }
    }

    /// The answer to a request: the emulator's, or why there is none.
    pub(crate) async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let json = request.headers().contains_key("x-amz-target");
        let answered = match Asked::of(&request) {
            Some(asked) => self.assume(asked).await,
            None => self.signed(request).await,
        };
        match answered {
            Ok(answer) => answer,
            Err(Stopped::Refused(refusal)) => {
                eprintln!("refused: {refusal}");
                refused(&refusal, json)
            }
            Err(Stopped::Failed(error)) => {
                eprintln!("failed: {error:#}");
                with_body(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "text/plain",
                    format!("{error:#}"),
                )
            }
        }
    }

    /// Keys of a role, for a token that its trust policy lets in.
    async fn assume(&self, asked: Result<Asked, Refusal>) -> Result<Response<Bytes>, Stopped> {
        let asked = asked?;
        let token = verified(&asked.token, &providers(&self.providers)?)?;
        let (role, subject) = (&asked.role, &token.claims["sub"]);
        let trust = self.deployed.trust(role).await?.ok_or_else(|| {
            eprintln!("{subject} asks for {}, which is not there", asked.arn);
            Refusal::untrusted()
        })?;
        let allowed = iam::trust::allows(&trust, &role.account, &token);
        if !allowed.with_context(|| format!("judge the trust policy of {}", asked.arn))? {
            eprintln!("{} does not trust {subject} of {}", asked.arn, token.issuer);
            return Err(Refusal::untrusted().into());
        }
        let lifetime = asked.lifetime.as_secs().to_string();
        // Made anew of what was read: the emulator is to see nothing else.
        let fields = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", &asked.arn),
            ("RoleSessionName", &asked.session),
            ("WebIdentityToken", &asked.token),
            ("DurationSeconds", &lifetime),
        ];
        let answer = self.upstream.ask("sts", &role.account, &fields).await?;
        if answer.status().is_success() {
            let session = Session {
                role: asked.role,
                name: asked.session,
                until: Instant::now() + asked.lifetime,
            };
            eprintln!("{} for {subject} of {}", session.who(), token.issuer);
            self.credentials
                .give(xml::text(answer.body(), "AccessKeyId")?, session);
        }
        Ok(answer)
    }

    /// What was signed with a key of a role that has the right to it.
    async fn signed(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, Stopped> {
        let scope = Scope::of(request.headers())?;
        let session = self.credentials.session(&scope.key, Instant::now())?;
        let account = &session.role.account;
        let right = rights::needed(&request, &scope, &session.role);
        if let Some(right) = right.map_err(|error| Refusal::denied(format!("{error:#}")))? {
            self.permitted(&session, &right).await?;
            // The tables are the account's, whose number the emulator takes for a key.
            let line = HeaderValue::try_from(owner(account, &scope.region, &scope.service));
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, line.context("write the line of the owner")?);
            headers.remove("x-amz-security-token");
        }
        Ok(self.upstream.send(request).await?)
    }

    /// A refusal unless a policy of the role allows it.
    async fn permitted(&self, session: &Session, Right { action, resource }: &Right) -> Result<(), Stopped> {
        let policy = self.deployed.permissions(&session.role).await?;
        let allowed = iam::policy::allows(&policy, action, resource);
        if allowed.with_context(|| format!("judge what {} may do", session.role.name))? {
            return Ok(());
        }
        let who = session.who();
        let message = format!(
            "User: {who} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
             allows the {action} action"
        );
        Err(Refusal::denied(message).into())
    }
}

fn refused(refusal: &Refusal, json: bool) -> Response<Bytes> {
    if json {
        // DynamoDB answers each of them so.
        with_body(
            StatusCode::BAD_REQUEST,
            "application/x-amz-json-1.0",
            refusal.json(),
        )
    } else {
        with_body(refusal.status, "text/xml", refusal.xml())
    }
}

fn with_body(status: StatusCode, kind: &'static str, body: String) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert("x-amzn-requestid", HeaderValue::from_static("iam-proxy"));
    answer
}

#[cfg(test)]
#[path = "proxy/tests.rs"]
mod tests;
