//! Clients that hold connections: heads and bodies that never end, answers that nobody reads. A
//! visitor must not notice, and each of them must be cut off in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::raw::{address, status};
use crate::stack;

/// Of each kind, at each server.
const CLIENTS: usize = 50;
/// Between two bytes of a slow client.
const PAUSE: Duration = Duration::from_millis(500);
/// For a machine that does something else too.
const SLACK: Duration = Duration::from_secs(15);
/// So much before its limit a client may end: a timer is not exact.
const EARLY: Duration = Duration::from_secs(1);
/// `HEAD` in serverkit.
const HEAD: Duration = Duration::from_secs(10);
/// `TAKE` in serverkit.
const TAKE: Duration = Duration::from_secs(15);
/// `TIMEOUT` of a body in the frontend.
const FORM: Duration = Duration::from_secs(10);
/// `BODY_TIMEOUT` in the backend, which names it in its answer.
const POST: Duration = Duration::from_secs(4);
/// In which a visitor has to be answered, whatever others do.
const VISITOR: Duration = Duration::from_secs(10);

/// How a slow client ended.
struct Cut {
    after: Duration,
    answer: String,
}

/// Sends `head` at once, and then bytes of `more` for as long as it is let.
async fn dribble(address: String, head: String, more: &'static str) -> Cut {
    // Before there is a connection: the server may begin to count before a busy client does.
    let started = Instant::now();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut bytes = more.bytes().cycle();
    loop {
        let mut part = [0; 4096];
        tokio::select! {
            read = stream.read(&mut part) => match read {
                Ok(count @ 1..) => answer.extend_from_slice(&part[..count]),
                _ => break,
            },
            () = sleep(PAUSE) => {
                let byte = bytes.next().unwrap();
                if stream.write_all(&[byte]).await.is_err() {
                    break;
                }
            }
        }
    }
    Cut {
        after: started.elapsed(),
        answer: String::from_utf8_lossy(&answer).into_owned(),
    }
}

/// Asks for much and reads nothing.
async fn leave_unread(address: String, path: String) -> Cut {
    let started = Instant::now();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let requests = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n").repeat(400);
    // More than the system keeps between the two; the rest of them is not even read.
    let _ = timeout(PAUSE, stream.write_all(requests.as_bytes())).await;
    // A write that waits for room fails as soon as the server has reset the connection; so does one
    // for which there is room.
    while !matches!(timeout(PAUSE, stream.write_all(b"x")).await, Ok(Err(_))) {
        sleep(PAUSE).await;
    }
    Cut {
        after: started.elapsed(),
        answer: String::new(),
    }
}

/// Visits again and again until told to stop; the number of visits and the longest.
fn visitor(url: String, stop: Arc<AtomicBool>) -> JoinHandle<(usize, Duration)> {
    tokio::spawn(async move {
        let (mut visits, mut longest) = (0, Duration::ZERO);
        while !stop.load(Ordering::Relaxed) {
            // Each over a connection of its own: that is what slow clients take away.
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let started = Instant::now();
            let answer = timeout(VISITOR, client.get(&url).send()).await;
            let answer = answer.unwrap_or_else(|_| panic!("{url} was not answered within {VISITOR:?}"));
            assert_eq!(answer.unwrap().status(), 200, "{url}");
            longest = longest.max(started.elapsed());
            visits += 1;
            sleep(Duration::from_millis(100)).await;
        }
        (visits, longest)
    })
}

fn many<F>(client: impl Fn() -> F) -> JoinSet<Cut>
where
    F: Future<Output = Cut> + Send + 'static,
{
    let mut set = JoinSet::new();
    for _ in 0..CLIENTS {
        set.spawn(client());
    }
    set
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_cut_off_and_nobody_else_notices() {
    let stack = stack().await;
    let (page, backend) = (stack.page_url(), stack.backend_url());
    let (front, back) = (address(&page).to_owned(), address(&backend).to_owned());
    let stop = Arc::new(AtomicBool::new(false));
    let visitors =
        [page.clone(), format!("{backend}{}", board_api::MESSAGES)].map(|url| visitor(url, stop.clone()));

    let head = |address: &str| {
        let address = address.to_owned();
        move || {
            dribble(
                address.clone(),
                "GET / HTTP/1.1\r\nhost: test\r\n".into(),
                "x-a: b\r\n",
            )
        }
    };
    let body = |address: &str, path: &str, kind: &str| {
        let (address, request) = (
            address.to_owned(),
            format!(
                "POST {path} HTTP/1.1\r\nhost: test\r\naccept: text/html\r\ncontent-type: {kind}\r\ncontent-length: 2000\r\n\r\n"
            ),
        );
        move || dribble(address.clone(), request.clone(), "a")
    };
    let unread = |address: &str, path: &'static str| {
        let address = address.to_owned();
        move || leave_unread(address.clone(), path.to_owned())
    };
    let late = format!("did not arrive within {} s", POST.as_secs());
    let sets = [
        ("a head, at the frontend", HEAD, 0, "", many(head(&front))),
        ("a head, at the backend", HEAD, 0, "", many(head(&back))),
        (
            "a body, at the frontend",
            FORM,
            408,
            "",
            many(body(&front, "/form/post", "application/x-www-form-urlencoded")),
        ),
        (
            "a body, at the backend",
            POST,
            408,
            late.as_str(),
            many(body(&back, board_api::MESSAGES, "application/json")),
        ),
        (
            "an answer, at the frontend",
            TAKE,
            0,
            "",
            many(unread(&front, "/pkg/app_bg.wasm")),
        ),
        (
            "an answer, at the backend",
            TAKE,
            0,
            "",
            many(unread(&back, board_api::OPENAPI)),
        ),
    ];
    for (what, limit, answer, words, set) in sets {
        let cuts = timeout(limit + 3 * SLACK, set.join_all());
        let cuts = cuts
            .await
            .unwrap_or_else(|_| panic!("{what}: clients are still connected"));
        let shortest = cuts.iter().map(|cut| cut.after).min().unwrap();
        let longest = cuts.iter().map(|cut| cut.after).max().unwrap();
        println!(
            "{what}: {} clients cut off after {shortest:.1?} to {longest:.1?}",
            cuts.len()
        );
        // Somebody on a bad line may be as slow, for that long.
        assert!(shortest + EARLY >= limit, "{what}: {shortest:?}");
        assert!(longest <= limit + SLACK, "{what}: {longest:?}");
        for cut in cuts {
            assert_eq!(status(&cut.answer), answer, "{what}: {}", cut.answer);
            assert!(cut.answer.contains(words), "{what}: {}", cut.answer);
        }
    }
    stop.store(true, Ordering::Relaxed);
    for visitor in visitors {
        let (visits, longest) = visitor.await.unwrap();
        println!("{visits} visits meanwhile, the longest {longest:.2?}");
        assert!(visits >= 5, "{visits} visits in the whole time show little");
    }
}

/// The other side of the limit on heads: a kept connection may be quiet for longer than a head may
/// take.
#[tokio::test]
async fn a_quiet_connection_is_kept() {
    let stack = stack().await;
    for url in [stack.page_url(), stack.backend_url()] {
        let mut stream = TcpStream::connect(address(&url)).await.unwrap();
        for pause in [Duration::ZERO, HEAD + Duration::from_secs(2)] {
            sleep(pause).await;
            stream
                .write_all(b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n")
                .await
                .unwrap();
            let mut part = [0; 4096];
            let count = timeout(SLACK, stream.read(&mut part)).await.unwrap().unwrap();
            assert_eq!(
                status(&String::from_utf8_lossy(&part[..count])),
                200,
                "after {pause:?}"
            );
        }
    }
}
