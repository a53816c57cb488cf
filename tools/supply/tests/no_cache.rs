//! A machine is looked at without the folder of what is kept.

use std::process::Command;

#[test]
fn the_doctor_and_the_question_for_a_compiler_need_no_cache() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody can make this folder.
    let cache = "/dev/null/cache";
    for verb in ["doctor", "toolchain"] {
        let mut look = Command::new(env!("CARGO_BIN_EXE_supply"));
        look.args([verb, "--no-install", "--logs"])
            .arg(folder.path())
            .env("GITOPS_LOOP_CACHE", cache)
            .env("PATH", "");
        // Without a program on the path much is missing, which is an answer as well.
        let answer = look.output().unwrap();
        let said = String::from_utf8_lossy(&answer.stdout);
        assert!(said.starts_with('{') && !said.contains(cache), "{verb}: {said}");
    }
}
