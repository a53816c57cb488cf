//! The image of the verifier: a part of the clusters and no app, so nothing releases it but who
//! writes its digest into `infra/verifier`.

use anyhow::{Context as _, Result};

use crate::ci::git::short;
use crate::ci::images::{self, Recipe};
use crate::ci::registry::Images as _;
use crate::ci::run::Run;
use crate::ci::settings::{self, Engine};
use crate::flags;
use taskkit::build::toolchain::{self, Target};

const NAME: &str = "verifier";
/// What is in it: it looks at releases, and checks that they may be given.
const PROGRAMS: &[&str] = &[
    NAME,
    "release-check",
    "previews", // wing: previews
];
const CONTAINERFILE: &str = "controllers/verifier/Containerfile";

impl Run<'_> {
    /// Builds it, pushes it under the name of the commit, and says by what digest it is named.
    pub(in crate::ci) fn verifier(&self, flags: &flags::CiBuild) -> Result<()> {
        let (commit, settings) = (self.git.head()?, settings::Registry::from_env()?);
        let registry = self.registry(&settings)?;
        let tag = short(&commit);
        let image = format!("{}:{tag}", settings.image(NAME));
        let digest = if let Some(digest) = registry.tagged(NAME, tag)? {
            digest
        } else {
            let engine = Engine::from_env()?;
            let native = toolchain::prepare(self.sh, Target::Static, flags.toolchain.options())?;
            let built = native.cargo_build(self.sh, "release", &["--package", NAME])?;
            let context = self.folder().join(NAME);
            self.sh.create_dir(&context)?;
            for program in PROGRAMS {
                self.sh
                    .copy_file(built.join(program), &context)
                    .with_context(|| format!("collect the program {program}"))?;
            }
            let recipe = Recipe {
                name: NAME,
                file: CONTAINERFILE.to_owned(),
            };
            images::build(self.sh, engine, &recipe, &image, &self.origin(&commit)?, &context)?;
            let said = images::send(self.sh, engine, &settings, &image)?;
            let there = registry.tagged(NAME, tag)?;
            there.with_context(|| format!("the registry did not take {image}: {said}"))?
        };
        println!("pushed    {image}");
        println!("digest    {digest}");
        Ok(())
    }
}
