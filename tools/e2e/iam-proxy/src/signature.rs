//! Requests that carry their signature in their address: version 4 of AWS' signatures, as it is
//! made ahead for somebody else to send.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};
use hyper::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::{digest, hmac};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

use crate::credentials::Scope;

/// What is not escaped in what is signed.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// How a time is written.
const TIME: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
const SIGNATURE: &str = "X-Amz-Signature";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A `GET` of the root of a host, with its signature.
#[derive(Debug, Clone)]
pub(crate) struct Presigned {
    /// Whom it is for, as it was signed.
    pub(crate) host: String,
    fields: BTreeMap<String, String>,
}

impl Presigned {
    /// Takes an address apart.
    pub(crate) fn read(url: &str) -> Result<Self> {
        let uri: Uri = url.parse().context("read its address")?;
        let host = uri.authority().context("its address has no host")?.to_string();
        ensure!(uri.path() == "/", "it is for the path {}", uri.path());
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let (name, twice) = (name.into_owned(), "a field is there twice");
            ensure!(fields.insert(name, value.into_owned()).is_none(), twice);
        }
        Ok(Self { host, fields })
    }

    pub(crate) fn field(&self, name: &str) -> Result<&str> {
        let field = self.fields.get(name);
        field
            .map(String::as_str)
            .with_context(|| format!("it has no {name}"))
    }

    /// Whose key it names, and for what.
    pub(crate) fn scope(&self) -> Result<Scope> {
        let credential = self.field("X-Amz-Credential")?;
        Scope::parse(credential).with_context(|| format!("{credential} names no key"))
    }

    /// When it was signed.
    pub(crate) fn signed_at(&self) -> Result<OffsetDateTime> {
        let at = self.field("X-Amz-Date")?;
        let at = PrimitiveDateTime::parse(at, TIME).with_context(|| format!("{at} is no time"))?;
        Ok(at.assume_utc())
    }

    /// An error unless it was signed with this secret, goes with these headers besides its host,
    /// and was signed less than `lifetime` ago.
    pub(crate) fn verify(
        &self,
        secret: &str,
        headers: &[(&str, &str)],
        (now, lifetime): (OffsetDateTime, Duration),
    ) -> Result<()> {
        let algorithm = self.field("X-Amz-Algorithm")?;
        ensure!(algorithm == ALGORITHM, "it is signed by {algorithm}");
        let (scope, at) = (self.scope()?, self.signed_at()?);
        ensure!(at <= now + Duration::MINUTE, "it was signed in the future");
        ensure!(now < at + lifetime, "it has expired");
        let (key, signed) = self.signed(secret, headers, &scope)?;
        let signature = unhex(self.field(SIGNATURE)?).context("its signature is none")?;
        let verified = hmac::verify(&key, signed.as_bytes(), &signature);
        verified.ok().context("its signature is another one")
    }

    /// The key, and what is signed with it.
    fn signed(&self, secret: &str, headers: &[(&str, &str)], scope: &Scope) -> Result<(hmac::Key, String)> {
        let date = self.field("X-Amz-Date")?;
        ensure!(date.starts_with(&scope.date), "its key is for another day");
        let Scope {
            date: day,
            region,
            service,
            ..
        } = scope;
        let asked = hex(digest::digest(&digest::SHA256, self.canonical(headers)?.as_bytes()).as_ref());
        let signed = format!("{ALGORITHM}\n{date}\n{day}/{region}/{service}/aws4_request\n{asked}");
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [day, region, service, "aws4_request"] {
            let with = hmac::Key::new(hmac::HMAC_SHA256, &key);
            key = hmac::sign(&with, part.as_bytes()).as_ref().to_vec();
        }
        Ok((hmac::Key::new(hmac::HMAC_SHA256, &key), signed))
    }

    /// All of it that is signed.
    fn canonical(&self, headers: &[(&str, &str)]) -> Result<String> {
        let escaped = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
        let fields = self.fields.iter().filter(|(name, _)| *name != SIGNATURE);
        let mut fields: Vec<_> = fields
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        fields.sort();
        let names = self.field("X-Amz-SignedHeaders")?;
        let signed: Vec<_> = names.split(';').collect();
        for name in headers.iter().map(|(name, _)| name).chain([&"host"]) {
            ensure!(signed.contains(name), "its {name} is not signed");
        }
        let mut lines = String::new();
        for name in signed {
            let known = headers.iter().find(|(known, _)| *known == name);
            let value = match known {
                Some((_, value)) => value,
                None if name == "host" => self.host.as_str(),
                None => bail!("a header {name} is signed, which nobody has"),
            };
            let _ = writeln!(lines, "{name}:{value}");
        }
        let nothing = hex(digest::digest(&digest::SHA256, b"").as_ref());
        Ok(format!(
            "GET\n/\n{}\n{lines}\n{names}\n{nothing}",
            fields.join("&")
        ))
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
pub(crate) mod tests;
