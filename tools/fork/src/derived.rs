//! What a version of the template comes to in this copy: under the copy's names, without the wings
//! that it went without, and with its account, region and repository.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use project::Project;

use crate::facts::Facts;
use crate::files::Files;
use crate::format;
use crate::names::{self, Names};
use crate::prune::{self, Wings};
use crate::tree::{File, Paths, Tree};
use crate::words;

/// What makes a copy another one than the template.
#[derive(Debug)]
pub(crate) struct Shape {
    root: PathBuf,
    names: Names,
    without: Vec<String>,
    /// A copy without `infra/` has none.
    facts: Option<Facts>,
}

/// Files of the template in the shape of a copy.
#[derive(Debug)]
pub(crate) struct Derived {
    pub(crate) files: Paths,
    /// Wings that went because they need one which the copy is without.
    pub(crate) left_out: Vec<String>,
}

impl Shape {
    /// That of a copy at `root`.
    pub(crate) fn of(root: &Path, tree: &Tree) -> Result<Self> {
        let project = Project::of_text(tree.text(project::FILE)?)?;
        Ok(Self {
            root: root.to_owned(),
            names: Names::of(&project),
            without: project.without().to_vec(),
            facts: Facts::of(&Files::of(root, tree.files())).ok(),
        })
    }

    /// `template`, the files of one of its versions, in this shape.
    pub(crate) fn put_on(&self, template: &Paths) -> Result<Derived> {
        let project = text(template, project::FILE)?;
        let names = Names::of(&Project::of_text(project)?);
        let facts = Facts::of(&Files::of(&self.root, template)).ok();
        let address = facts.as_ref().and_then(Facts::host_and_name);
        let address = address.map(|(host, name)| format!("{host}/{name}"));
        let mut files = names::translated(template, &names, &self.names, address.as_deref())?;
        let left_out = self.prune(&mut files)?;
        let mut files = format::formatted(template, &self.root, files)?;
        if let (Some(old), Some(new)) = (facts, &self.facts) {
            let pairs = words::pairs(&old, new);
            let edited = Files::of(&self.root, &files).edited(|text| words::replaced(text, &pairs));
            for (path, text) in edited.iter() {
                if let Some(file) = files.get_mut(path) {
                    *file = file.with(text.to_owned());
                }
            }
        }
        Ok(Derived { files, left_out })
    }

    /// Takes out the wings that the copy is without; the names of those that go along.
    fn prune(&self, files: &mut Paths) -> Result<Vec<String>> {
        if self.without.is_empty() {
            return Ok(Vec::new());
        }
        let wings = Wings::of_text(text(files, prune::FILE)?)?;
        let gone = wings.with_what_needs(&self.without);
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        // A block that somebody broke is left as it is, as it was in the copy.
        prune::prune(files, &gone)?;
        let names: Vec<String> = gone.iter().map(|wing| wing.name.clone()).collect();
        prune::write_table(files, &wings, &names)?;
        let along = names.into_iter().filter(|name| !self.without.contains(name));
        Ok(along.collect())
    }
}

fn text<'f>(files: &'f Paths, path: &str) -> Result<&'f str> {
    let text = files.get(Path::new(path)).and_then(File::text);
    text.with_context(|| format!("this version of the template has no {path}"))
}
