//! A proxy on loopback, before the page: lets event streams die without closing them, as networks
//! do, and counts them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How a browser asks for a stream. It sends the head of a request at once.
const STREAM: &[u8] = b"GET /events";
/// A connection that is no stream, or not yet.
const NO_STREAM: usize = 0;

/// Passes every byte both ways, but what comes on a dead stream: that connection stays open, and
/// the browser gets nothing. Ends when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    streams: Arc<Streams>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Streams {
    /// So many were opened; each has its number, from one.
    opened: AtomicUsize,
    closed: AtomicUsize,
    /// The streams up to this number are dead.
    dead: AtomicUsize,
}

impl Proxy {
    /// Starts one before the page at `upstream`.
    pub(crate) async fn start(upstream: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("bind the proxy")?;
        let address = listener.local_addr().context("the proxy's address")?;
        let streams = Arc::<Streams>::default();
        let shared = Arc::clone(&streams);
        let accepting = tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                tokio::spawn(forward(browser, upstream, Arc::clone(&shared)));
            }
        });
        Ok(Self {
            address,
            streams,
            accepting,
        })
    }

    /// The page through this proxy, at `host`; without a slash at its end.
    pub fn url(&self, host: &str) -> String {
        format!("http://{host}:{}", self.address.port())
    }

    /// How many streams were opened so far.
    pub fn opened_streams(&self) -> usize {
        self.streams.opened.load(Ordering::SeqCst)
    }

    /// How many of them are open now, dead or not.
    pub fn open_streams(&self) -> usize {
        self.opened_streams() - self.streams.closed.load(Ordering::SeqCst)
    }

    /// The streams that are open now die; those to come live.
    pub fn kill_open_streams(&self) {
        let opened = self.streams.opened.load(Ordering::SeqCst);
        self.streams.dead.store(opened, Ordering::SeqCst);
    }

    /// Every stream dies, those to come before their first byte; until [`Self::kill_open_streams`].
    pub fn kill_all_streams(&self) {
        self.streams.dead.store(usize::MAX, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn forward(browser: TcpStream, upstream: SocketAddr, streams: Arc<Streams>) {
    let Ok(server) = TcpStream::connect(upstream).await else {
        return;
    };
    let ((from_browser, to_browser), (from_server, to_server)) = (browser.into_split(), server.into_split());
    let number = AtomicUsize::new(NO_STREAM);
    let asks = pass(from_browser, to_server, |bytes| {
        if bytes.starts_with(STREAM) {
            number.store(
                streams.opened.fetch_add(1, Ordering::SeqCst) + 1,
                Ordering::SeqCst,
            );
        }
        true
    });
    let answers = pass(from_server, to_browser, |_| {
        let number = number.load(Ordering::SeqCst);
        number == NO_STREAM || number > streams.dead.load(Ordering::SeqCst)
    });
    // A browser that gives a stream up closes the whole connection.
    tokio::select! {
        () = asks => {}
        () = answers => {}
    }
    if number.load(Ordering::SeqCst) != NO_STREAM {
        streams.closed.fetch_add(1, Ordering::SeqCst);
    }
}

/// Passes on what `may_pass`, until one side ends.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    may_pass: impl Fn(&[u8]) -> bool,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if may_pass(&buffer[..count]) && to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
