//! A server on loopback that answers as Prometheus does.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::json;

use super::*;
use crate::drive::fake::Fake;

/// A server that gives these answers one after the other, and the first lines of what it is asked.
pub(crate) fn answering(
    answers: impl IntoIterator<Item = (u16, String)> + Send + 'static,
) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, questions) = channel();
    thread::spawn(move || {
        for (status, body) in answers {
            let (mut client, _) = listener.accept().unwrap();
            asked.send(head(&client)).unwrap();
            let length = body.len();
            write!(
                client,
                "HTTP/1.1 {status} Some\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )
            .unwrap();
        }
    });
    (address, questions)
}

/// The first line of a request, of which all is read.
fn head(client: &TcpStream) -> String {
    let lines = BufReader::new(client).lines().map_while(Result::ok);
    let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    head[0].clone()
}

pub(crate) fn counted(address: SocketAddr) -> Counted {
    let prometheus = Prometheus {
        address: format!("http://{address}/"),
        query: "answered{route=\"/\"}".to_owned(),
        target: "cluster".to_owned(),
        status: "code".to_owned(),
    };
    let direct = Agent::config_builder()
        .proxy(None)
        .timeout_global(Some(ANSWER))
        .http_status_as_error(false);
    Counted {
        agent: direct.build().into(),
        reading: Duration::ZERO,
        ..Counted::new(Box::new(Fake::new()), prometheus)
    }
}

pub(crate) fn vector(series: &[(&str, &str, &str, u64)]) -> (u16, String) {
    let series = series.iter().map(|(cluster, pod, code, value)| {
        let metric = json!({"cluster": cluster, "pod": pod, "code": code});
        json!({"metric": metric, "value": [1_700_000_000.5, value.to_string()]})
    });
    let result: Vec<_> = series.collect();
    let data = json!({"resultType": "vector", "result": result});
    (200, json!({"status": "success", "data": data}).to_string())
}

fn count_of(counted: &mut Counted, target: &str) -> (u64, u64, u64) {
    let count = counted.counts().unwrap().of.get(target).copied();
    let count = count.unwrap_or_default();
    (count.sent, count.ended, count.failed)
}

#[test]
fn counters_of_pods_that_come_and_go_are_one_count_that_never_falls() {
    let (address, questions) = answering(vec![
        vector(&[("blue", "a", "200", 900), ("green", "a", "200", 10)]),
        // One has begun anew, and one fails for the first time.
        vector(&[("green", "a", "200", 4), ("green", "a", "503", 3)]),
        // One has ended, and another one has answered for long before it was read here.
        vector(&[("green", "b", "200", 5000), ("green", "b", "503", 70)]),
        vector(&[("green", "b", "200", 5004), ("green", "b", "503", 71)]),
        // The first one is read again.
        vector(&[("green", "a", "200", 6), ("green", "b", "404", 1)]),
    ]);
    let mut counted = counted(address);
    assert_eq!(count_of(&mut counted, "green"), (10, 10, 0));
    assert_eq!(count_of(&mut counted, "green"), (17, 17, 3));
    assert_eq!(count_of(&mut counted, "green"), (17, 17, 3));
    assert_eq!(count_of(&mut counted, "green"), (22, 22, 4));
    assert_eq!(count_of(&mut counted, "green"), (25, 25, 4));
    let asked = questions.recv().unwrap();
    assert!(
        asked.starts_with("GET /api/v1/query?query=answered%7B"),
        "{asked}"
    );
}

#[test]
fn what_is_counted_may_be_as_old_as_a_reading() {
    let (address, _questions) = answering(vec![vector(&[("green", "a", "200", 1)])]);
    let mut counted = Counted {
        reading: READING,
        ..counted(address)
    };
    let until = counted.counts().unwrap().until;
    assert!(until + READING <= clock::now(), "{until:?}");
}

#[test]
fn no_data_is_none() {
    let answered = vector(&[("blue", "a", "200", 1)]);
    let (address, _questions) = answering(vec![vector(&[]), answered, vector(&[])]);
    let mut counted = counted(address);
    let fault = counted.counts().unwrap_err();
    let said = fault.to_string();
    assert!(!fault.passes() && said.contains("has no series"), "{said}");
    assert_eq!(count_of(&mut counted, "green"), (0, 0, 0));
    // What was counted before stays.
    assert_eq!(count_of(&mut counted, "blue"), (1, 1, 0));
}

#[test]
fn what_is_no_answer_passes_and_what_is_no_counter_does_not() {
    let error = |status: u16, kind: &str| (status, json!({"status": "error", "errorType": kind}).to_string());
    let holes = json!({"status": "success", "warnings": ["no answer of a store"], "data": {"result": []}});
    let (_, unlabelled) = vector(&[("green", "a", "200", 1)]);
    let cases = [
        (error(400, "bad_data"), "bad_data", false),
        (error(422, "execution"), "execution", false),
        (error(401, "unauthorized"), "unauthorized", false),
        (error(408, "slow"), "slow", true),
        (error(429, "too many"), "too many", true),
        (error(499, "canceled"), "canceled", true),
        (error(503, "timeout"), "timeout", true),
        ((502, "<html>".to_owned()), "<html>", true),
        ((200, holes.to_string()), "no answer of a store", true),
        (vector(&[("green", "a", "200", 1)]), "", false),
        (
            (200, unlabelled.replace("code", "other")),
            "labels cluster and code",
            false,
        ),
        (
            (200, unlabelled.replace("\"1\"", "\"0.5\"")),
            "is no counter",
            false,
        ),
    ];
    for (answer, said, passes) in cases {
        let (address, _questions) = answering(vec![answer]);
        match counted(address).counts() {
            Ok(counts) => assert!(said.is_empty() && counts.of.contains_key("green")),
            Err(fault) => {
                let text = fault.to_string();
                assert!(!said.is_empty() && text.contains(said), "{text}");
                assert_eq!(fault.passes(), passes, "{text}");
            }
        }
    }
}

#[test]
fn nobody_there_passes_and_a_step_is_held_for_several_readings() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let mut counted = counted(address);
    assert!(counted.counts().unwrap_err().passes());
    assert_eq!(counted.pace().hold, HOLD);
    // The balancer itself is asked for all else.
    assert_eq!(counted.weights().unwrap().of("blue"), Some(100));
}
