//! How long a client may take to begin a request, to finish its head, and to take its answer.
//!
//! hyper has one limit for the first two. It cannot be short, because a kept connection is quiet
//! for long, and it must not be long for a head that has begun: each client that never ends one
//! would hold a connection. So hyper gets a timer that knows when the first byte has come, from the
//! [`Connection`] it reads. For the third it has none: the [`Connection`] fails.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// For a connection without a request. Longer than clients keep theirs (load balancers 60 s,
/// reqwest 90 s): who closes first must not be the one who does not know of the next request.
pub(crate) const BEGIN: Duration = Duration::from_secs(100);
/// From the first byte of a head to its last. It fits into a few packets.
const HEAD: Duration = Duration::from_secs(10);
/// In which a client has to take something of an answer that waits for it.
const TAKE: Duration = Duration::from_secs(15);

/// Whether something has come since hyper began to wait for a head.
#[derive(Clone, Debug, Default)]
struct Heard(Arc<AtomicBool>);

impl Heard {
    fn set(&self, heard: bool) {
        // Reader and timer belong to one task.
        self.0.store(heard, Ordering::Relaxed);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream that says when it hears something, and that fails when nobody takes what it writes.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    heard: Heard,
    /// Runs while the client takes nothing.
    stalled: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            heard: Heard::default(),
            stalled: None,
        }
    }

    /// The timer that hyper waits for heads by: it is for this connection only.
    pub(crate) fn timer(&self) -> HeadTimer {
        HeadTimer(self.heard.clone())
    }

    fn unless_stalled<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(TAKE)));
        ready!(stalled.as_mut().poll(context));
        // What was not taken would stay in the system's memory for minutes.
        self.stream.set_zero_linger().ok();
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.heard.set(true);
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.unless_stalled(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.unless_stalled(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Makes one [`AwaitHead`] for each head.
#[derive(Clone, Debug)]
pub(crate) struct HeadTimer(Heard);

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.0.set(false);
        Box::pin(AwaitHead {
            heard: self.0.clone(),
            has_begun: false,
            sleep: Box::pin(tokio::time::sleep_until(deadline.into())),
        })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into()
    }
}

/// Ends when a head did not begin in time, or is not whole in time.
struct AwaitHead {
    heard: Heard,
    has_begun: bool,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

impl Future for AwaitHead {
    type Output = ();

    /// hyper polls it after each read.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if !self.has_begun && self.heard.get() {
            self.has_begun = true;
            let deadline = tokio::time::Instant::now() + HEAD;
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(context)
    }
}

impl Sleep for AwaitHead {}
