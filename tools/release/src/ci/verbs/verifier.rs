//! The image of the verifier: a part of the clusters and no app, so nothing releases it but who
//! writes its digest into `infra/verifier`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::ci::content::{MANIFEST, SETTINGS, read};
use crate::ci::git::{Git, short};
use crate::ci::images::{self, Recipe};
use crate::ci::registry::Images as _;
use crate::ci::run::Run;
use crate::ci::settings::{self, Engine};
use crate::flags;
use taskkit::build::toolchain::{self, Target};

const NAME: &str = "verifier";
/// What is in it: it looks at releases, and checks that they may be given.
pub(in crate::ci) const PROGRAMS: &[&str] = &[
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
            made_of(self.git, &commit, &self.sh.current_dir(), &built)?;
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

/// Refuses programs that were compiled from anything but `commit`, whose name the image gets.
pub(in crate::ci) fn made_of(git: &Git<'_>, commit: &str, root: &Path, built: &Path) -> Result<()> {
    let tree = git.tree(commit)?;
    let mut files = BTreeSet::from([CONTAINERFILE.to_owned()]);
    let settings = SETTINGS.iter().flat_map(|place| tree.at(place));
    let manifests = tree.paths().filter(|path| path.ends_with(MANIFEST));
    files.extend(settings.chain(manifests).map(str::to_owned));
    for program in PROGRAMS {
        let list = built.join(program).with_extension("d");
        files.extend(read::files(root, &list)?);
    }
    for path in &files {
        ensure!(
            tree.get(path).is_some(),
            "{path} is not in commit {commit}, whose name the image of the verifier gets; commit it"
        );
    }
    read::unchanged(root, commit, |path| files.contains(path))
}
