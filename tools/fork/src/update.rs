//! `cargo xtask update`: what is new in the template, merged into a copy of it, as one branch.
//!
//! The version that the copy is from and the newer one both go through what made the copy
//! (`derived.rs`), so that names are the copy's and parts that it dropped are in neither.
//! Everything is done in a repository that is thrown away; the branch is written last.

mod base;
mod branch;
mod changelog;
mod lock;
mod merge;
mod record;
mod releases;
mod settle;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use gitkit::Checkout;
use semver::Version;
use taskkit::alone::alone;
use taskkit::checkout::{self, KeptSettings};

use self::branch::Branch;
use self::changelog::Section;
use self::record::Record;
use self::releases::Releases;
use crate::derived::Shape;
use crate::flags::Update;
use crate::tree::{File, Paths, Tree, listed};

pub(crate) use self::record::FILE as RECORD;

/// How an update ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There is nothing newer, or the branch is as it shall be.
    Done,
    /// `--check` found a newer version.
    Newer,
    /// The branch has conflicts.
    Conflicts,
}

impl Outcome {
    /// What scripts read.
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Newer => 10,
            Self::Conflicts => 11,
        })
    }
}

impl Update {
    /// Does what the options say, from the root of the repository.
    pub(crate) fn run(&self) -> Result<Outcome> {
        // Settings handed over by `GIT_CONFIG_*` may hold a credential, by which the template is
        // reached.
        checkout::forget_git(KeptSettings::Caller)?;
        let root = checkout::root()?;
        // Reading changes nothing, and waits for nobody.
        let _others_wait = (!self.check).then(|| alone(&root)).transpose()?;
        let tree = Tree::read(&root)?;
        ensure!(
            self.check || tree.touched().is_empty(),
            "the work tree has changes that are not committed; commit them or put them away (`git stash`), and run this \
             again; nothing was written: {}",
            listed(&names(&tree))
        );
        let record = tree.text(record::FILE).ok().map(Record::of_text).transpose()?;
        let releases = Releases::listed(&root, self.address(record.as_ref())?)?;
        let head = Checkout::at(&root).head()?;
        let base = self.base(record, &releases, &head)?;
        match Step::new(&releases, base, self.to.as_ref())? {
            Some(step) => step.run(self.check, &root, &tree, &head),
            None => Ok(Outcome::Done),
        }
    }

    /// Where the template lies.
    fn address<'a>(&'a self, record: Option<&'a Record>) -> Result<&'a str> {
        let recorded = record.map(|record| record.address.as_str());
        self.from.as_deref().or(recorded).with_context(|| {
            format!(
                "{} does not say where the template lies; say it: --from ADDRESS",
                record::FILE
            )
        })
    }

    /// The version that the copy is from.
    fn base(&self, record: Option<Record>, releases: &Releases, head: &str) -> Result<Version> {
        let said = self.base.clone().or(record.map(|record| record.version));
        let base = said.map_or_else(|| base::nearest(releases, head), Ok)?;
        releases.check(&base).context(
            "it is not known what this copy is from; say a version that the template has (`--base VERSION`)",
        )?;
        Ok(base)
    }
}

/// From one version to a newer one.
#[derive(Debug)]
struct Step<'r> {
    releases: &'r Releases,
    base: Version,
    to: Version,
    new: Paths,
}

impl<'r> Step<'r> {
    /// None if there is nothing newer.
    fn new(releases: &'r Releases, base: Version, to: Option<&Version>) -> Result<Option<Self>> {
        let to = to.map_or_else(|| releases.newest(), Ok)?.clone();
        releases.check(&to)?;
        if to == base {
            println!("nothing to do: this copy has version {base} of the template");
            return Ok(None);
        }
        ensure!(
            to > base,
            "this copy has version {base} of the template already, and {to} is older; take back what an update brought by \
             reverting its merge"
        );
        releases.fetch([&base, &to])?;
        let new = releases.files(&to)?;
        Ok(Some(Self {
            releases,
            base,
            to,
            new,
        }))
    }

    fn run(&self, only_check: bool, root: &Path, tree: &Tree, head: &str) -> Result<Outcome> {
        let text = self.new.get(Path::new(changelog::FILE)).and_then(File::text);
        let sections = changelog::between(text.unwrap_or_default(), &self.base, &self.to);
        if only_check {
            println!(
                "this copy has version {} of the template; {} is newer",
                self.base, self.to
            );
            print!("{}", changelog::printed(&sections));
            println!(
                "\ncargo xtask update{} makes a branch of it",
                self.option(&sections)
            );
            return Ok(Outcome::Newer);
        }
        if let Some(stop) = changelog::stop(&sections, &self.to) {
            bail!(
                "version {stop} of the template may not be skipped, as its {} says; take it over and merge its branch first: \
                 cargo xtask update --to {stop}",
                changelog::FILE
            );
        }
        let base = self.releases.files(&self.base)?;
        let mut shape = Shape::of(root, tree, &base)?;
        let base = shape.put_on(&base)?;
        let new = shape.put_on(&self.new).with_context(|| self.unreadable())?;
        for wing in new
            .gone
            .along
            .iter()
            .filter(|wing| !base.gone.along.contains(wing))
        {
            println!("left out {wing}, which needs a part that this copy is without");
        }
        for (path, reason) in new.gone.left.iter().filter(|left| !base.gone.left.contains(left)) {
            println!("left {} as it is: {reason}", path.display());
        }
        let branch = Branch {
            releases: self.releases,
            root,
            head,
            base: &self.base,
            to: &self.to,
        };
        branch.write(&base.files, &new.files)
    }

    /// What to do when the newer version has what the command of this copy does not understand.
    fn unreadable(&self) -> String {
        let Self { base, to, .. } = self;
        let mut versions = self.releases.versions().iter();
        let between = versions.rfind(|version| base < *version && *version < to);
        let way = between.map_or_else(
            || "there is none between the two; tell those who make the template".to_owned(),
            |between| {
                format!(
                    "take over an earlier one and merge its branch first: cargo xtask update --to {between}"
                )
            },
        );
        format!(
            "the command of this copy, which has version {base}, cannot read version {to} of the template; {way}"
        )
    }

    /// What is left to say on the command line.
    fn option(&self, sections: &[Section<'_>]) -> String {
        match changelog::stop(sections, &self.to) {
            Some(stop) => format!(" --to {stop}"),
            None => String::new(),
        }
    }
}

fn names(tree: &Tree) -> Vec<String> {
    let touched = tree.touched().iter();
    touched.map(|path: &PathBuf| path.display().to_string()).collect()
}
