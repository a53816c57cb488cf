//! The image of a controller: a part of the clusters and no app, so nothing releases it but who
//! writes its digest into the manifests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

use crate::ci::content::{MANIFEST, SETTINGS, read};
use crate::ci::git::{Git, short};
use crate::ci::images::{self, Recipe};
use crate::ci::registry::Images as _;
use crate::ci::run::Run;
use crate::ci::settings::{self, Engine};
use crate::flags;
use taskkit::build::toolchain::{self, Target};

/// Where controllers are, each in a folder of its name, which is its package's too.
const FOLDER: &str = "controllers";
const CONTAINERFILE: &str = "Containerfile";

/// A controller, as its folder has it.
#[derive(Debug)]
pub(in crate::ci) struct Controller {
    name: String,
    /// What is in its image: all programs of its package.
    programs: Vec<String>,
}

impl Controller {
    /// The one of this name in the checkout at `root`.
    pub(in crate::ci) fn named(root: &Path, name: &str) -> Result<Self> {
        let known = folders(&root.join(FOLDER))?;
        if !known.contains(name) {
            let known = known.into_iter().collect::<Vec<_>>().join(", ");
            let there = if known.is_empty() {
                "there is none".to_owned()
            } else {
                format!("there is: {known}")
            };
            bail!("{FOLDER}/ has no controller {name}; {there}");
        }
        let source = root.join(FOLDER).join(name).join("src");
        let mut programs = Vec::new();
        if source.join("main.rs").exists() {
            programs.push(name.to_owned());
        }
        for file in files(&source.join("bin"))? {
            let program = file.strip_suffix(".rs");
            let program =
                program.with_context(|| format!("{FOLDER}/{name}/src/bin/{file} is no file of Rust"))?;
            programs.push(program.to_owned());
        }
        Ok(Self {
            name: name.to_owned(),
            programs,
        })
    }

    fn containerfile(&self) -> String {
        format!("{FOLDER}/{}/{CONTAINERFILE}", self.name)
    }

    /// Refuses programs that were compiled from anything but `commit`, whose name the image gets.
    pub(in crate::ci) fn made_of(
        &self,
        git: &Git<'_>,
        commit: &str,
        root: &Path,
        built: &Path,
    ) -> Result<()> {
        let tree = git.tree(commit)?;
        let mut files = BTreeSet::from([self.containerfile()]);
        let settings = SETTINGS.iter().flat_map(|place| tree.at(place));
        let manifests = tree.paths().filter(|path| path.ends_with(MANIFEST));
        files.extend(settings.chain(manifests).map(str::to_owned));
        for program in &self.programs {
            let list = built.join(program).with_extension("d");
            files.extend(read::files(root, &list)?);
        }
        for path in &files {
            ensure!(
                tree.get(path).is_some(),
                "{path} is not in commit {commit}, whose name the image of {} gets; commit it",
                self.name
            );
        }
        read::unchanged(root, commit, |path| files.contains(path))
    }
}

impl Run<'_> {
    /// Builds it, pushes it under the name of the commit, and says by what digest it is named.
    pub(in crate::ci) fn controller(&self, flags: &flags::CiController) -> Result<()> {
        let root = self.sh.current_dir();
        let controller = Controller::named(&root, &flags.name)?;
        let name = controller.name.as_str();
        let (commit, settings) = (self.git.head()?, settings::Registry::from_env()?);
        let registry = self.registry(&settings)?;
        let tag = short(&commit);
        let image = format!("{}:{tag}", settings.image(name));
        let digest = if let Some(digest) = registry.tagged(name, tag)? {
            digest
        } else {
            ensure!(
                !controller.programs.is_empty(),
                "{FOLDER}/{name} has no src/main.rs, and nothing in src/bin"
            );
            let engine = Engine::from_env()?;
            let native = toolchain::prepare(self.sh, Target::Static, flags.build.toolchain.options())?;
            let built = native.cargo_build(self.sh, "release", &["--package", name])?;
            controller.made_of(self.git, &commit, &root, &built)?;
            let context = self.folder().join(name);
            self.sh.create_dir(&context)?;
            for program in &controller.programs {
                self.sh
                    .copy_file(built.join(program), &context)
                    .with_context(|| format!("collect the program {program}"))?;
            }
            let recipe = Recipe {
                name,
                file: controller.containerfile(),
            };
            images::build(self.sh, engine, &recipe, &image, &self.origin(&commit)?, &context)?;
            let said = images::send(self.sh, engine, &settings, &image)?;
            let there = registry.tagged(name, tag)?;
            there.with_context(|| format!("the registry did not take {image}: {said}"))?
        };
        println!("pushed    {image}");
        println!("digest    {digest}");
        Ok(())
    }
}

/// The folders in `folder` from which an image is made.
fn folders(folder: &Path) -> Result<BTreeSet<String>> {
    let names = files(folder)?.into_iter();
    Ok(names
        .filter(|name| folder.join(name).join(CONTAINERFILE).exists())
        .collect())
}

/// The names of what is in `folder`, in order; nothing, if it is not there.
fn files(folder: &Path) -> Result<BTreeSet<String>> {
    if !folder.exists() {
        return Ok(BTreeSet::new());
    }
    let listed = fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    let names = listed.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: std::io::Result<_> = names.collect();
    names.with_context(|| format!("list {}", folder.display()))
}
