//! Who asks: nobody, somebody whose time is over, somebody without the rights, somebody of another
//! account. Each is named with the next step, and nothing is changed.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use cloud::account::Account;
use cloud::emulator::{ANYBODY, Emulator, Key, signed_by};
use cloud::tools;
use serde_json::json;

use crate::fake_aws::{FakeAws, said, stacks};

#[test]
fn missing_credentials_are_named_by_the_real_command_line() {
    let home = tempfile::tempdir().unwrap();
    let mut stacks = stacks(&tools::root(), home.path());
    let error = said(stacks.args(["plan", "staging"])).unwrap_err();
    assert!(error.contains("there are no credentials for AWS"), "{error}");
}

/// AWS as it answers with one fault, whatever it is asked; it works until this process ends.
pub(crate) fn who_says(code: &str, message: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error></ErrorResponse>"
    );
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    thread::spawn(move || {
        for mut asked in listener.incoming().flatten() {
            // All of a small request comes at once.
            let _ = asked.read(&mut [0; 16 * 1024]);
            let _ = asked.write_all(answer.as_bytes());
        }
    });
    endpoint
}

/// What a plan says where AWS is at `endpoint`.
fn plan_at(endpoint: &str, variables: &[(&str, &str)]) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut stacks = stacks(&tools::root(), home.path());
    stacks
        .args(["plan", "staging", "--endpoint", endpoint])
        // Once is enough.
        .env("AWS_MAX_ATTEMPTS", "1")
        .envs(variables.iter().copied());
    said(signed_by(ANYBODY, &mut stacks)).unwrap_err()
}

#[test]
fn expired_credentials_are_named_by_the_real_command_line() {
    let message = "The security token included in the request is expired";
    let error = plan_at(&who_says("ExpiredToken", message), &[]);
    assert!(
        error.contains("have expired") && error.contains("aws sso login") && error.contains("ExpiredToken"),
        "{error}"
    );
}

#[test]
fn what_is_no_fault_of_the_credentials_is_told_by_its_kind() {
    let old = "Signature expired: 20260101T000000Z is now earlier than 20260102T000000Z";
    let plain = who_says("Throttling", "Rate exceeded");
    // Nobody speaks TLS there.
    let tls = plain.replace("http://", "https://");
    let proxy = [("HTTPS_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", "")];
    for (endpoint, variables, words) in [
        (
            who_says("SignatureDoesNotMatch", old),
            &[][..],
            "the clock of this machine",
        ),
        (plain.clone(), &[], "too many requests"),
        (tls, &[], "the certificate of the other side"),
        ("https://sts.example.invalid".to_owned(), &proxy, "HTTPS_PROXY"),
    ] {
        let error = plan_at(&endpoint, variables);
        assert!(error.contains(words), "{words}: {error}");
        assert!(!error.contains("aws sso login"), "{error}");
    }
}

#[test]
fn another_account_is_not_touched() {
    // Nobody's, so that it is another one in every fork.
    let aws = FakeAws::new(r#"*get-caller-identity*) echo '{"Account": "999999999999"}' ;;"#);
    let error = aws.run(&["deploy", "staging"]).unwrap_err();
    let expected = Account::read().unwrap().id;
    assert!(
        error.contains("999999999999") && error.contains(&expected),
        "{error}"
    );
    assert_eq!(aws.calls().lines().count(), 1, "nothing else was asked");
}

/// moto asks for rights from here on.
fn demand_rights(emulator: &Emulator) {
    let reset = format!("{}/moto-api/reset-auth", emulator.endpoint);
    ureq::post(&reset)
        .content_type("application/octet-stream")
        .send("0")
        .unwrap();
}

/// The access key of a new user who may do this everywhere.
fn user(emulator: &Emulator, name: &str, action: &str) -> (String, String) {
    let iam = |what: &str, more: &[&str]| {
        let arguments = [&["iam", what, "--user-name", name], more].concat();
        emulator.ask(&arguments).unwrap()
    };
    iam("create-user", &[]);
    let statement = json!({"Effect": "Allow", "Action": action, "Resource": "*"});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    iam(
        "put-user-policy",
        &["--policy-name", "may", "--policy-document", &policy],
    );
    let key = iam("create-access-key", &[]);
    let text = |field: &str| key["AccessKey"][field].as_str().unwrap().to_owned();
    (text("AccessKeyId"), text("SecretAccessKey"))
}

#[test]
fn who_is_not_known_or_may_not_is_named_and_who_may_goes_on() {
    let emulator = Emulator::moto().unwrap();
    let reader = user(&emulator, "reader", "cloudformation:Describe*");
    let maker = user(&emulator, "maker", "*");
    demand_rights(&emulator);
    let deploy = |key: Key<'_>| {
        let verb = &["deploy", "staging"];
        let said = emulator.stacks_by(key, &tools::root(), verb, &["source"]);
        said.map_err(|error| error.to_string())
    };
    let error = deploy(("unknown", "unknown")).unwrap_err();
    assert!(
        error.contains("not valid") && error.contains("aws sso login"),
        "{error}"
    );
    let error = deploy((&reader.0, &reader.1)).unwrap_err();
    assert!(
        error.contains("a role with more rights is needed")
            && error.contains("cloudformation:CreateChangeSet"),
        "{error}"
    );
    let said = deploy((&maker.0, &maker.1)).unwrap();
    assert!(
        said.contains("add     Repository"),
        "there was something before: {said}"
    );
}
