//! `cargo xtask build`: what the images contain.

use anyhow::Result;
use taskkit::build::{apps, context_of, megabytes};
use taskkit::checkout;
use taskkit::environment::project;
use xshell::Shell;

use crate::flags;

impl flags::Build {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        // wing: dev
        if self.dev {
            return crate::dev::build(sh, &self.only, self.toolchain.options()).map(drop);
        }
        // end of wing
        let out = checkout::absolute(sh, &self.out);
        apps(sh, &out, self.toolchain.options())?;
        for app in project().apps() {
            let context = context_of(&out, app);
            println!(
                "{:9} {:>5.1} MB in {}",
                app.name(),
                megabytes(&context)?,
                context.display()
            );
        }
        Ok(())
    }
}
