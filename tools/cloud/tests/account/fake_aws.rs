//! A stand-in for the command line of AWS, for answers that no emulator gives.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use cloud::account::Account;
use cloud::tools;

/// The id of each change set.
pub(crate) const CHANGE_SET: &str = "arn:aws:cloudformation:here:1:changeSet/xtask/1";

/// `aws` in place of the real one: answers each call by the first words that fit, and keeps all
/// calls.
pub(crate) struct FakeAws {
    folder: tempfile::TempDir,
}

impl FakeAws {
    /// `cases` are those of a shell's `case "$*" in`; else the caller belongs to the account of the
    /// templates.
    pub(crate) fn new(cases: &str) -> Self {
        let account = Account::read().unwrap().id;
        let identity =
            format!(r#"*get-caller-identity*) echo '{{"Account": "{account}", "Arn": "arn:x"}}' ;;"#);
        let created = format!(r#"*create-change-set*) echo '{{"Id": "{CHANGE_SET}"}}' ;;"#);
        let folder = tempfile::tempdir().unwrap();
        let calls = folder.path().join("calls");
        let program = folder.path().join("aws");
        let script = format!(
            "#!/bin/sh\necho \"$*\" >> {}\ncase \"$*\" in\n{cases}\n{identity}\n{created}\n*) echo '{{}}' ;;\nesac\n",
            calls.display()
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    pub(crate) fn calls(&self) -> String {
        fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut stacks = stacks(&tools::root(), self.folder.path());
        let path = std::env::var("PATH").unwrap();
        stacks
            .env("PATH", format!("{}:{path}", self.folder.path().display()))
            .args(arguments);
        said(&mut stacks)
    }
}

/// `cargo xtask aws` with nobody's credentials.
pub(crate) fn stacks(root: &Path, home: &Path) -> Command {
    tools::stacks(root, home).unwrap()
}

/// What it wrote; as an error if it failed.
pub(crate) fn said(command: &mut Command) -> Result<String, String> {
    tools::output(command).map_err(|error| error.to_string())
}
