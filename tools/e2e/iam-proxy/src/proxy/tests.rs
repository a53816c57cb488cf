//! The whole way of a request.

mod bench;
mod clusters;
mod targets;

use tokio::net::TcpSocket;

use super::*;
use crate::test_issuer::Issuer;
use bench::{Bench, KEY, ROLE, emulated_by};

#[tokio::test]
async fn the_right_account_gets_keys_that_do_what_the_role_may() {
    let bench = Bench::new().await;
    assert_eq!(
        bench.table(KEY, "GetItem", "t").await.0,
        400,
        "a key that nobody has yet"
    );
    let (status, answer) = bench.assume(ROLE, &bench.issuer.token()).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(bench.table(KEY, "GetItem", "t").await, (200, "{}".to_owned()));
    // The emulator takes the account's number for a key of it.
    let (line, _) = bench.last();
    assert!(line.contains("Credential=1/"), "{line}");
    for (operation, table) in [("Scan", "t"), ("GetItem", "other"), ("DeleteTable", "t")] {
        let (status, answer) = bench.table(KEY, operation, table).await;
        assert_eq!(status, 400, "{operation} {table}");
        let named = "assumed-role/backend/s1 is not authorized to perform: dynamodb:";
        assert!(
            answer.contains("#AccessDeniedException") && answer.contains(named),
            "{answer}"
        );
        assert_eq!(bench.tables_asked_for(), ["t"], "{operation} of {table}");
    }
}

#[tokio::test]
async fn whom_the_role_does_not_trust_is_refused_in_the_words_of_aws() {
    let bench = Bench::new().await;
    let denied =
        |(status, answer): (u16, String)| status == 403 && answer.contains("<Code>AccessDenied</Code>");
    let other = "arn:aws:iam::1:role/none";
    assert!(
        denied(bench.assume(other, &bench.issuer.token()).await),
        "no such role"
    );
    let Bench { issuer, .. } = bench;
    let bench = Bench {
        issuer: issuer.saying("sub", "system:serviceaccount:n:b"),
        ..bench
    };
    assert!(
        denied(bench.assume(ROLE, &bench.issuer.token()).await),
        "another account"
    );
    let (status, answer) = bench.assume(ROLE, &Issuer::new().token()).await;
    assert_eq!(status, 400);
    assert!(answer.contains("<Code>InvalidIdentityToken</Code>"), "{answer}");
    let asked = bench.seen.lock().unwrap().clone();
    assert!(
        asked.iter().all(|(_, body)| !body.contains("WebIdentityToken")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn nothing_unsigned_or_unknown_reaches_the_emulator() {
    let bench = Bench::new().await;
    bench.assume(ROLE, &bench.issuer.token()).await;
    let before = bench.seen.lock().unwrap().len();
    let (status, answer) = bench.ask(Request::get("/_localstack/health"), "").await;
    assert!(
        status == 403 && answer.contains("MissingAuthenticationToken"),
        "{status} {answer}"
    );
    let sign = |service: &str| Request::post("/").header(AUTHORIZATION, owner(KEY, "r", service));
    let form = |service: &str| sign(service).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let (status, answer) = bench
        .ask(form("iam"), "Action=PutRolePolicy&RoleName=backend")
        .await;
    assert!(
        status == 403 && answer.contains("AccessDenied"),
        "{status} {answer}"
    );
    let (status, _) = bench
        .ask(
            Request::post("/").header("x-amz-target", "DynamoDB_20120810.Scan"),
            "{}",
        )
        .await;
    assert_eq!(status, 400);
    assert_eq!(bench.seen.lock().unwrap().len(), before);
    assert_eq!(bench.ask(form("sts"), "Action=GetCallerIdentity").await.0, 200);
}

#[tokio::test]
async fn an_emulator_that_is_away_is_no_refusal() {
    let mut bench = Bench::new().await;
    bench.proxy.upstream = Upstream::at("127.0.0.1:1".parse().unwrap());
    bench.proxy.deployed = Deployed::new(bench.proxy.upstream.clone());
    let (status, answer) = bench.assume(ROLE, &bench.issuer.token()).await;
    assert!(
        status == 503 && answer.contains("reach the emulator"),
        "{status} {answer}"
    );
}

#[tokio::test]
async fn an_emulator_that_is_away_for_a_moment_is_asked_again() {
    let mut bench = Bench::new().await;
    // Nobody listens on it yet, and nobody else can.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let place = socket.local_addr().unwrap();
    bench.proxy.upstream = Upstream::at(place.to_string().parse().unwrap());
    bench.proxy.deployed = Deployed::new(bench.proxy.upstream.clone());
    let back = tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        emulated_by(socket.listen(8).unwrap())
    });
    let (status, answer) = bench.assume(ROLE, &bench.issuer.token()).await;
    assert_eq!(status, 200, "{answer}");
    back.await.unwrap();
}
