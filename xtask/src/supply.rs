//! `cargo xtask supply`: the parts of the end-to-end run, and the cache they lie in. The work is
//! that of the program `supply`, which is compiled when it is first needed; tasks and tests ask it
//! by `program.rs` and read JSON.

mod parts;
mod program;

pub(crate) use self::parts::*;
pub(crate) use self::program::{Kind, kind};

// wing: supply
impl crate::flags::Supply {
    /// Becomes the program, so that Ctrl-C and the exit code are its own.
    pub(crate) fn run(self, sh: &xshell::Shell) -> anyhow::Result<()> {
        use std::os::unix::process::CommandExt as _;

        let mut supply = std::process::Command::new("cargo");
        supply
            .current_dir(sh.current_dir())
            .args(["run", "--package", program::PACKAGE, "--"])
            .args(self.args);
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(crate::env::is_cargo_noise))
        {
            supply.env_remove(name);
        }
        // `exec` answers only when it failed.
        Err(anyhow::Error::from(supply.exec()).context("start `cargo run --package supply`"))
    }
}
// end of wing
