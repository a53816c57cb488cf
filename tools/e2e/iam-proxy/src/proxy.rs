//! What becomes of a request.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde_json::Value;

use crate::assume_role::{Asked, By};
use crate::authenticator::Authenticator;
use crate::credentials::{Credentials, Key, Scope, Session};
use crate::deployed::Deployed;
use crate::refusal::{Form, Refusal};
use crate::rights::{self, EKS, Right};
use crate::settings::Settings;
use crate::token::{providers, verified};
use crate::upstream::{Upstream, owner};
use crate::xml;

/// The proxy, with the keys that it has given out.
#[derive(Debug)]
pub(crate) struct Proxy {
    upstream: Upstream,
    deployed: Deployed,
    eks: PathBuf,
    providers: PathBuf,
    credentials: Credentials,
    authenticator: Authenticator,
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
            eks: settings.eks,
            providers: settings.providers,
            credentials: Credentials::default(),
            authenticator: Authenticator::new(settings.access_entries),
        }
    }

    /// The answer to a request: the emulator's, or why there is none.
    pub(crate) async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        if let Some(cluster) = Authenticator::asked_by(&request) {
            let review = self.authenticator.review(cluster, &request, &self.credentials);
            return with_body(StatusCode::OK, "application/json", review.to_string());
        }
        let form = Form::of(&request);
        let answered = match Asked::of(&request) {
            Some(asked) => self.assume(&request, asked).await,
            None => self.signed(request).await,
        };
        match answered {
            Ok(answer) => answer,
            Err(Stopped::Refused(refusal)) => {
                eprintln!("refused: {refusal}");
                refused(&refusal, form)
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

    /// Keys of a role, for whoever its trust policy lets in.
    async fn assume(
        &self,
        request: &Request<Bytes>,
        asked: Result<Asked, Refusal>,
    ) -> Result<Response<Bytes>, Stopped> {
        let asked = asked?;
        let (role, arn) = (&asked.role, &asked.arn);
        let who = match &asked.by {
            By::Token(token) => self.trusts_token(&asked, token).await?,
            By::Role => self.trusts_role(&asked, request).await?,
        };
        let fields = asked.fields();
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let answer = self.upstream.ask("sts", &role.account, &fields).await?;
        if answer.status().is_success() {
            let session = Session {
                role: asked.role,
                name: asked.session,
                until: Instant::now() + asked.lifetime,
            };
            eprintln!("{} for {who}", session.who());
            let key = Key {
                id: xml::text(answer.body(), "AccessKeyId")?,
                secret: xml::text(answer.body(), "SecretAccessKey")?,
            };
            self.credentials.give(key, session);
        } else {
            eprintln!("the emulator gives {who} no keys of {arn}");
        }
        Ok(answer)
    }

    /// Who the bearer of a token is, if the role trusts them.
    async fn trusts_token(&self, asked: &Asked, token: &str) -> Result<String, Stopped> {
        let token = verified(token, &providers(&self.providers)?)?;
        let who = format!("{} of {}", token.claims["sub"], token.issuer);
        self.trusts(asked, &who, Refusal::untrusted, |trust| {
            iam::trust::allows(trust, &asked.role.account, &token)
        })
        .await?;
        Ok(who)
    }

    /// Who has signed a request, if the role trusts the role that they have, and that one may take
    /// it on. Within an account trust alone would do for IAM; templates that lack the other half
    /// would fail across accounts.
    async fn trusts_role(&self, asked: &Asked, request: &Request<Bytes>) -> Result<String, Stopped> {
        let scope = Scope::of(request.headers())?;
        if scope.service != "sts" {
            let message = format!(
                "Credential should be scoped to correct service: 'sts', not '{}'",
                scope.service
            );
            return Err(Refusal::validation(message).into());
        }
        let session = self.session(&scope)?;
        let who = session.who();
        let refusal = || {
            let action = iam::role_trust::ACTION;
            Refusal::unassumable(format!(
                "User: {who} is not authorized to perform: {action} on resource: {}",
                asked.arn
            ))
        };
        let right = Right {
            action: iam::role_trust::ACTION.to_owned(),
            // Not as it was named: a path in it would be judged here, and not where the role is
            // found.
            resource: asked.role.arn(),
        };
        if asked.arn != right.resource || !self.allows(&session, &right).await? {
            return Err(refusal().into());
        }
        self.trusts(asked, &who, refusal, |trust| {
            iam::role_trust::allows(trust, &session.role.arn())
        })
        .await?;
        Ok(who)
    }

    /// A refusal unless the role is there and its trust policy allows it.
    async fn trusts(
        &self,
        asked: &Asked,
        who: &str,
        refusal: impl Fn() -> Refusal,
        allows: impl Fn(&Value) -> Result<bool>,
    ) -> Result<(), Stopped> {
        let trust = self.deployed.trust(&asked.role).await?.ok_or_else(|| {
            eprintln!("{who} asks for {}, which is not there", asked.arn);
            refusal()
        })?;
        if !allows(&trust).with_context(|| format!("judge the trust policy of {}", asked.arn))? {
            eprintln!("{} does not trust {who}", asked.arn);
            return Err(refusal().into());
        }
        Ok(())
    }

    fn session(&self, scope: &Scope) -> Result<Session, Refusal> {
        self.credentials.session(&scope.key, Instant::now())
    }

    /// What was signed with a key of a role that has the right to it.
    async fn signed(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, Stopped> {
        let scope = Scope::of(request.headers())?;
        let session = self.session(&scope)?;
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
        let answer = if scope.service == EKS {
            self.upstream.where_says(&self.eks)?.send(request).await
        } else {
            self.upstream.send(request).await
        };
        Ok(answer?)
    }

    /// A refusal unless a policy of the role allows it.
    async fn permitted(&self, session: &Session, right: &Right) -> Result<(), Stopped> {
        if self.allows(session, right).await? {
            return Ok(());
        }
        let (who, Right { action, resource }) = (session.who(), right);
        Err(Refusal::denied(format!(
            "User: {who} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
             allows the {action} action"
        ))
        .into())
    }

    /// Whether a policy of the role allows it.
    async fn allows(&self, session: &Session, right: &Right) -> Result<bool> {
        let policy = self.deployed.permissions(&session.role).await?;
        let allowed = iam::policy::allows(&policy, &right.action, &right.resource);
        allowed.with_context(|| format!("judge what {} may do", session.role.name))
    }
}

fn refused(refusal: &Refusal, form: Form) -> Response<Bytes> {
    match form {
        Form::Query => with_body(refusal.status, "text/xml", refusal.xml()),
        // DynamoDB answers each of them so.
        Form::Json => with_body(
            StatusCode::BAD_REQUEST,
            "application/x-amz-json-1.0",
            refusal.json(),
        ),
        Form::Rest => {
            let mut answer = with_body(refusal.status, "application/json", refusal.rest());
            let code = HeaderValue::from_static(refusal.code);
            answer.headers_mut().insert("x-amzn-errortype", code);
            answer
        }
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
mod tests;
