//! How the verbs ask registry and forge: whom they trust, and what it means when no answer comes,
//! or one that says "not now".

mod proxy;

use std::env::var_os;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use ureq::Agent;
use ureq::http::{HeaderMap, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// No answer of a registry or a forge takes longer than this.
const ANSWER: Duration = Duration::from_mins(1);

/// By which a file or a folder of certificates is named that counts in place of the system's, as
/// with OpenSSL.
const NAMED: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// What the verbs ask with.
pub(crate) fn agent() -> Result<Agent> {
    Ok(agent_that_trusts(roots()?))
}

pub(crate) fn agent_that_trusts(roots: RootCerts) -> Agent {
    Agent::config_builder()
        .timeout_global(Some(ANSWER))
        .http_status_as_error(false)
        .proxy(proxy::proxy())
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
        .new_agent()
}

/// The authorities that this machine trusts.
fn roots() -> Result<RootCerts> {
    let found = rustls_native_certs::load_native_certs();
    if !found.certs.is_empty() {
        let certificates = found
            .certs
            .iter()
            .map(|one| Certificate::from_der(one).to_owned());
        return Ok(certificates.collect::<Vec<_>>().into());
    }
    let value = |name: &'static str| var_os(name).filter(|value| !value.is_empty());
    let named = NAMED.into_iter().filter_map(|name| Some((name, value(name)?)));
    let named: Vec<_> = named
        .map(|(name, value)| format!("{name}={}", value.display()))
        .collect();
    if !named.is_empty() {
        let why: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        bail!(
            "{}: no certificate can be read there: {}",
            named.join(" and "),
            why.join("; ")
        );
    }
    // A small image may have none at all; these come with the program.
    Ok(RootCerts::WebPki)
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Whoever answers cannot prove to be whom the address names.
    Certificate(String),
    /// Nobody is there, or the answer broke off.
    Unreachable(String),
    /// It could not even be asked, or what came is no answer.
    Unexpected(String),
}

impl Failure {
    pub(crate) fn of(error: &ureq::Error) -> Self {
        let text = error.to_string();
        // The client wraps what its TLS library says, whose type is not ours to name.
        if text.contains("invalid peer certificate") {
            return Self::Certificate(text);
        }
        if text.contains("InvalidContentType") {
            return Self::Unexpected("plain http, though the address says https".to_owned());
        }
        match error {
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidInput => Self::Unexpected(text),
            ureq::Error::Http(_)
            | ureq::Error::BadUri(_)
            | ureq::Error::Protocol(_)
            | ureq::Error::Json(_) => Self::Unexpected(text),
            _ => Self::Unreachable(text + proxy::note()),
        }
    }
}

/// When to ask again, if an answer says that it was asked too often. GitHub says so by the status
/// of a refusal.
pub(crate) fn limited(status: StatusCode, headers: &HeaderMap, said: &str) -> Option<String> {
    let is_limit = match status {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::FORBIDDEN => {
            let remaining =
                header(headers, "x-ratelimit-remaining").or(header(headers, "ratelimit-remaining"));
            let said = said.to_ascii_lowercase();
            remaining == Some("0")
                || headers.contains_key("Retry-After")
                || ["rate limit", "too many requests"]
                    .iter()
                    .any(|words| said.contains(words))
        }
        _ => false,
    };
    is_limit.then(|| wait(headers))
}

/// `in N s`, as far as the answer says.
fn wait(headers: &HeaderMap) -> String {
    let seconds = |name: &str| header(headers, name)?.parse::<u64>().ok();
    let until = |at: SystemTime| at.duration_since(SystemTime::now()).unwrap_or_default().as_secs();
    let date = || httpdate::parse_http_date(header(headers, "Retry-After")?).ok();
    let reset = || {
        let at = ["x-ratelimit-reset", "ratelimit-reset"]
            .into_iter()
            .find_map(seconds)?;
        // A point in time, or so many seconds from now: by the size of the number.
        let is_time = at > 1_000_000_000;
        Some(if is_time {
            until(UNIX_EPOCH + Duration::from_secs(at))
        } else {
            at
        })
    };
    let wait = seconds("Retry-After")
        .or_else(|| date().map(until))
        .or_else(reset);
    wait.map_or_else(
        || "in some minutes".to_owned(),
        |seconds| format!("in {seconds} s"),
    )
}

/// A header as text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, headers: &[(&'static str, String)], body: &str) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        limited(StatusCode::from_u16(status).unwrap(), &map, body)
    }

    #[test]
    fn a_limit_is_told_from_a_refusal_and_says_how_long_to_wait() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let none = || ("x-ratelimit-remaining", "0".to_owned());
        let after = |value: &str| ("retry-after", value.to_owned());
        let wait = |text: Option<String>| -> u64 {
            let text = text.expect("a limit");
            text.trim_start_matches("in ")
                .trim_end_matches(" s")
                .parse()
                .expect(&text)
        };
        assert_eq!(said(429, &[after("37")], "").as_deref(), Some("in 37 s"));
        assert_eq!(said(403, &[after("60")], "secondary").as_deref(), Some("in 60 s"));
        assert_eq!(said(403, &[none(), after("5")], "").as_deref(), Some("in 5 s"));
        let reset = ("x-ratelimit-reset", (now + 1000).to_string());
        assert!((990..=1000).contains(&wait(said(403, &[none(), reset], ""))));
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(500));
        assert!((490..=500).contains(&wait(said(429, &[after(&date)], ""))));
        let past = httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(500));
        assert_eq!(said(429, &[after(&past)], "").as_deref(), Some("in 0 s"));
        assert_eq!(
            said(429, &[("ratelimit-reset", "12".to_owned())], "").as_deref(),
            Some("in 12 s")
        );
        assert_eq!(
            said(429, &[after("soon")], "").as_deref(),
            Some("in some minutes")
        );
        let secondary = "You have exceeded a secondary rate limit. Please wait";
        assert_eq!(said(403, &[], secondary).as_deref(), Some("in some minutes"));
        let some = ("x-ratelimit-remaining", "12".to_owned());
        assert_eq!(said(403, &[some], "Resource not accessible by integration"), None);
        for status in [200, 401, 404, 500, 503] {
            assert_eq!(said(status, &[none()], "rate limit"), None);
        }
    }
}
