//! What is sent, and what is made of answers.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::thread;

use super::*;

const PATIENCE: Duration = Duration::from_secs(5);
const ANSWER: &str = "B.3.0.0.pxname.1:KNS:str:clusters\nS.3.2.1.svname.1:KNSP:str:green\n\
    S.3.2.7.stot.1:MCP:u64:12\nS.3.2.99.check_desc.1:MOS:str:a:b, c\n\n";

/// Takes what comes first, as `HAProxy` may, and answers that.
fn answers_once(mut stream: impl Read + Write, answer: &str) -> String {
    let mut asked = [0; 100];
    let length = stream.read(&mut asked).unwrap();
    stream.write_all(answer.as_bytes()).unwrap();
    String::from_utf8(asked[..length].to_vec()).unwrap()
}

#[test]
fn servers_are_read_with_their_statistics() {
    let servers = servers_in(ANSWER);
    assert_eq!(servers.len(), 1);
    assert_eq!(servers["green"].text("check_desc"), Some("a:b, c"));
    assert_eq!(servers["green"].number("stot"), 12);
    assert_eq!(servers["green"].number("econ"), 0);
}

#[test]
fn a_socket_is_asked_by_its_path_or_by_its_address() {
    let asked = "show stat clusters 4 -1 typed\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let other = thread::spawn(move || answers_once(listener.accept().unwrap().0, ANSWER));
    let api = RuntimeApi::at(path.display().to_string(), PATIENCE);
    assert_eq!(api.servers("clusters").unwrap(), servers_in(ANSWER));
    assert_eq!(other.join().unwrap(), asked);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let other = thread::spawn(move || answers_once(listener.accept().unwrap().0, "No such proxy.\n\n"));
    let error = RuntimeApi::at(address, PATIENCE).servers("clusters").unwrap_err();
    assert_eq!(other.join().unwrap(), asked);
    let said = error.to_string();
    assert!(said.ends_with("backend clusters: No such proxy."), "{said}");
}

/// Each part of its answer comes in time, and the whole would take for ever.
#[test]
fn the_whole_answer_has_to_be_there_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let drips = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        while stream.write_all(b".").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let began = Instant::now();
    let error = RuntimeApi::at(address, Duration::from_millis(300)).ask("show info");
    let said = error.unwrap_err().to_string();
    assert!(said.ends_with(": no answer in time"), "{said}");
    assert!(began.elapsed() >= Duration::from_millis(300));
    drips.join().unwrap();
}

/// At a path too, where nothing comes at all.
#[test]
fn one_that_says_nothing_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _listener = UnixListener::bind(&path).unwrap();
    let api = RuntimeApi::at(path.display().to_string(), Duration::from_millis(100));
    let said = api.ask("show info").unwrap_err().to_string();
    assert!(said.ends_with(": no answer in time"), "{said}");
}

#[test]
fn one_that_is_not_there_is_named() {
    let error = RuntimeApi::at("/nowhere/socket", PATIENCE).ask("show info");
    let said = error.unwrap_err().to_string();
    assert!(said.starts_with("HAProxy at /nowhere/socket: "), "{said}");
}
