//! The program that makes the requests.

use std::env;

use tokio::process::Command;

use crate::server::Server;

/// What counts as a right answer to requests that only the server can judge.
const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/schemathesis.toml");

/// What schemathesis says at its end.
pub(crate) struct Answer {
    pub(crate) found_nothing: bool,
    /// Everything it printed: each finding with a request that shows it, and the seed of the run.
    pub(crate) text: String,
}

/// Has the server asked what its document allows, and what it does not.
pub(crate) async fn ask(server: &Server, arguments: &[&str]) -> Answer {
    // It keeps notes in the folder it stands in, and reads those of earlier runs.
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env::var_os("SCHEMATHESIS").unwrap())
        .args(["--config-file", SETTINGS, "run"])
        .arg(format!("http://{}{}", server.address, api::OPENAPI))
        // Half of its requests carry a tag or a cursor that was never handed out, which is no fault
        // of the document.
        .args(["--continue-on-failure", "--warnings=off", "--no-color"])
        .args(arguments)
        .current_dir(folder.path())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    let ran = output.status.code().is_some_and(|code| code <= 1);
    assert!(ran, "it did not run: {}\n{text}", output.status);
    Answer {
        found_nothing: output.status.success(),
        text,
    }
}
