//! People who come to a page by its name, over TLS, each by a connection of its own.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::actors::{Pace, Tally};
use crate::run::StepHandle;

const PATIENCE: Duration = Duration::from_secs(5);
/// Fewer would prove little.
const FEWEST: usize = 500;

/// An answer of the load balancer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Head and body.
    pub(crate) text: String,
}

impl Answer {
    /// The cookie that it sets, as a browser sends it back.
    fn cookie(&self) -> Option<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        let mut headers = head.lines().filter_map(|line| line.split_once(':'));
        let (_, set) = headers.find(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))?;
        set.trim().split(';').next()
    }

    /// The paths of the files that a page names, which have its commit in them.
    fn files(&self) -> Vec<&str> {
        let links = self.text.split("href=\"").skip(1);
        let named = links.filter_map(|rest| rest.split('"').next());
        named.filter(|path| path.starts_with("/v/")).collect()
    }
}

/// Who knows where the name leads to, and trusts its certificate and no other.
#[derive(Clone)]
pub(crate) struct Visitors {
    host: String,
    address: Ipv4Addr,
    tls: TlsConnector,
}

impl Visitors {
    pub(super) fn new(host: &str, address: Ipv4Addr, certificate: &CertificateDer<'_>) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots
            .add(certificate.clone().into_owned())
            .context("trust the certificate")?;
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config
            .with_safe_default_protocol_versions()
            .context("choose versions of TLS")?;
        let config = config.with_root_certificates(roots).with_no_client_auth();
        Ok(Self {
            host: host.to_owned(),
            address,
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Asks for a path over TLS, as a browser does that was given `host` in the address.
    pub(crate) async fn secure(&self, host: &str, path: &str) -> Result<Answer> {
        self.with_headers(host, path, "").await
    }

    /// The same with further headers, each with the end of its line.
    async fn with_headers(&self, host: &str, path: &str, headers: &str) -> Result<Answer> {
        let ask = async {
            let stream = TcpStream::connect(SocketAddrV4::new(self.address, 443)).await?;
            // The certificate has to be for the page's name, whatever is asked for.
            let name = ServerName::try_from(self.host.clone()).context("a name")?;
            let stream = self.tls.connect(name, stream).await?;
            answer(stream, host, path, headers).await
        };
        tokio::time::timeout(PATIENCE, ask)
            .await
            .context("no answer in time")?
    }

    /// The same without TLS.
    pub(crate) async fn plain(&self, path: &str) -> Result<Answer> {
        let ask = async {
            let stream = TcpStream::connect(SocketAddrV4::new(self.address, 80)).await?;
            answer(stream, &self.host, path, "").await
        };
        tokio::time::timeout(PATIENCE, ask)
            .await
            .context("no answer in time")?
    }

    /// The page by its name.
    pub(crate) async fn page(&self, path: &str) -> Result<Answer> {
        self.secure(&self.host, path).await
    }

    /// Opens the page as a browser does, which keeps cookies. An error unless all files that the
    /// page names are there, and come from where the page has come from.
    pub(crate) async fn browse(&self) -> Result<()> {
        let page = self.page("/").await?;
        ensure!(page.status == 200, "/ answers {}", page.status);
        let files = page.files();
        ensure!(!files.is_empty(), "the page names no file: {}", page.text);
        let cookie = page.cookie().context("the page sets no cookie")?;
        let headers = format!("Cookie: {cookie}\r\nAccept-Encoding: br\r\n");
        for file in files {
            let answer = self.with_headers(&self.host, file, &headers).await;
            let answer = answer.with_context(|| file.to_owned())?;
            ensure!(answer.status == 200, "{file} answers {}", answer.status);
            ensure!(
                answer.cookie().is_none(),
                "{file} comes from another pod than the page that names it"
            );
        }
        Ok(())
    }
}

async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    host: &str,
    path: &str,
    headers: &str,
) -> Result<Answer> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    // Whoever closes without saying so in TLS has sent all the same.
    let read = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    match (status, read) {
        (Some(status), _) => Ok(Answer { status, text }),
        (None, read) => {
            read.context("read the answer")?;
            anyhow::bail!("no answer, but {text:?}")
        }
    }
}

/// Visits at a steady pace. Dropping them ends them.
pub(crate) struct Visits {
    seen: Arc<Mutex<Tally>>,
    pace: Pace,
}

impl Visits {
    /// Between two of them.
    pub(crate) const EVERY: Duration = Duration::from_millis(40);

    /// One of so many asks for the page itself, which needs the backend and the table, the others
    /// for its version.
    pub(crate) fn start(visitors: &Visitors, pages: usize) -> Self {
        let seen = Arc::<Mutex<Tally>>::default();
        let (tally, visitors, began) = (Arc::clone(&seen), visitors.clone(), Instant::now());
        let pace = Pace::start(Self::EVERY, move |number| {
            let (tally, visitors) = (Arc::clone(&tally), visitors.clone());
            let path = if number % pages == 0 {
                "/"
            } else {
                board_api::VERSION
            };
            async move {
                let asked = began.elapsed().as_secs_f64();
                let failed = match visitors.page(path).await {
                    Ok(answer) if answer.status == 200 => None,
                    Ok(answer) => Some(format!("{path} answers {}", answer.status)),
                    Err(error) => Some(format!("{path}: {error:#}")),
                };
                let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                tally.asked += 1;
                let failed = failed.map(|failed| format!("after {asked:.1} s {failed}"));
                tally.failed.extend(failed);
            }
        });
        Self { seen, pace }
    }

    /// What was answered so far.
    pub(crate) fn so_far(&self) -> Tally {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends them: none may have failed.
    pub(crate) async fn none_failed(self, step: &StepHandle) -> Result<()> {
        self.stop(step).await?.at_most(0)
    }

    /// Ends them: this was answered.
    pub(crate) async fn stop(self, step: &StepHandle) -> Result<Tally> {
        let Self { seen, pace } = self;
        pace.stop().await.context("the visits")?;
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (asked, failed) = (seen.asked, seen.failed.len());
        step.requests(asked, failed);
        step.evidence(format!("{failed} of {asked} visits by name failed"));
        ensure!(asked >= FEWEST, "only {asked} visits were made");
        Ok(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_reads_of_an_answer_its_cookie_and_the_files_that_it_names() {
        let text = "HTTP/1.1 200 OK\r\nSet-Cookie: AWSALBTG=a1; path=/; HttpOnly\r\n\r\n\
            <link rel=\"stylesheet\" href=\"/v/c0ffee/style.css\"><a href=\"/\">Home</a>\
            <link rel=\"modulepreload\" href=\"/v/c0ffee/pkg/app.js\">";
        let mut answer = Answer {
            status: 200,
            text: text.to_owned(),
        };
        assert_eq!(answer.cookie(), Some("AWSALBTG=a1"));
        assert_eq!(answer.files(), ["/v/c0ffee/style.css", "/v/c0ffee/pkg/app.js"]);
        answer.text = text.replace("Set-Cookie", "Other");
        assert_eq!(answer.cookie(), None);
    }
}
