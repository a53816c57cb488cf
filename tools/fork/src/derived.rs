//! What a version of the template comes to in this copy: under the copy's names, without the wings
//! that it went without, and with its account, region and repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use project::Project;
use taskkit::aws::partition::PARAMETERS;

use crate::facts::Facts;
use crate::files::Files;
use crate::format::Formatter;
use crate::names::{self, Names};
use crate::prune::{self, Wings};
use crate::tree::{File, Paths, Tree};
use crate::{POLICY, toml_values, trust, words};

/// What makes a copy another one than the template.
#[derive(Debug)]
pub(crate) struct Shape {
    root: PathBuf,
    formatter: Formatter,
    names: Names,
    without: Vec<String>,
    /// A copy without `infra/` has none.
    facts: Option<Facts>,
    /// Parameters of the templates of AWS that have another value than in the template, as whom AWS
    /// trusts.
    parameters: Vec<(String, String)>,
}

/// Files of the template in the shape of a copy.
#[derive(Debug)]
pub(crate) struct Derived {
    pub(crate) files: Paths,
    pub(crate) gone: Gone,
}

/// What went, and what could not.
#[derive(Debug, Default)]
pub(crate) struct Gone {
    /// Wings that went because they need one which the copy is without.
    pub(crate) along: Vec<String>,
    /// Files with marks that cannot be read, and why: they have what belongs to wings that went.
    pub(crate) left: Vec<(PathBuf, String)>,
}

impl Shape {
    /// That of a copy at `root`, which began as these files of the template.
    pub(crate) fn of(root: &Path, tree: &Tree, base: &Paths) -> Result<Self> {
        let project = Project::of_text(tree.text(project::FILE)?)?;
        let [own, former] = [tree.files(), base].map(shared);
        let changed = own
            .into_iter()
            .filter(|(name, value)| former.get(name) != Some(value));
        Ok(Self {
            root: root.to_owned(),
            formatter: Formatter::of(root),
            names: Names::of(&project),
            without: project.without().to_vec(),
            facts: Facts::of(&Files::of(root, tree.files())).ok(),
            parameters: changed.collect(),
        })
    }

    /// `template`, the files of one of its versions, in this shape.
    pub(crate) fn put_on(&mut self, template: &Paths) -> Result<Derived> {
        let names = Names::of_template(text(template, project::FILE)?)?;
        let facts = Facts::of(&Files::of(&self.root, template)).ok();
        let address = facts.as_ref().and_then(Facts::host_and_name);
        let address = address.map(|(host, name)| format!("{host}/{name}"));
        let mut files = names::translated(template, &names, &self.names, address.as_deref())?;
        let gone = self.prune(&mut files)?;
        let mut files = self.formatter.formatted(template, files)?;
        if let (Some(old), Some(new)) = (facts, &self.facts) {
            let pairs = words::pairs(&old, new);
            let edited = Files::of(&self.root, &files).edited(|text| words::replaced(text, &pairs));
            for (path, text) in edited.iter() {
                put(&mut files, path, text.to_owned());
            }
        }
        self.trust(&mut files);
        Ok(Derived { files, gone })
    }

    /// Gives parameters the values of the copy, and lets its repository sign.
    fn trust(&self, files: &mut Paths) {
        for (name, value) in &self.parameters {
            let Ok(text) = text(files, PARAMETERS) else {
                continue;
            };
            // This version may have no such parameter.
            if let Ok(edited) = toml_values::with_shared(text, &[(name, value.clone())]) {
                put(files, Path::new(PARAMETERS), edited);
            }
        }
        let mut parameters = self.parameters.iter();
        let signer = parameters.find(|(name, value)| name == trust::ON_GITHUB && !value.is_empty());
        if let (Some((_, name)), Ok(text)) = (signer, text(files, POLICY)) {
            let edited = trust::signed_by(text, name);
            put(files, Path::new(POLICY), edited);
        }
    }

    /// Takes out the wings that the copy is without.
    fn prune(&self, files: &mut Paths) -> Result<Gone> {
        if self.without.is_empty() {
            return Ok(Gone::default());
        }
        let wings = Wings::of_text(text(files, prune::FILE)?)?;
        let gone = wings.with_what_needs(&self.without);
        if gone.is_empty() {
            return Ok(Gone::default());
        }
        let left = prune::prune(files, &gone)?.left;
        let names: Vec<String> = gone.iter().map(|wing| wing.name.clone()).collect();
        prune::write_table(files, &wings, &names)?;
        let along = names.into_iter().filter(|name| !self.without.contains(name));
        let along = along.collect();
        Ok(Gone { along, left })
    }
}

fn put(files: &mut Paths, path: &Path, text: String) {
    if let Some(file) = files.get_mut(path) {
        *file = file.with(text);
    }
}

/// The parameters that hold for every stack; none if there is no such file.
fn shared(files: &Paths) -> BTreeMap<String, String> {
    let text = text(files, PARAMETERS).ok();
    let shared = text.and_then(|text| toml_values::shared(text).ok());
    shared.unwrap_or_default()
}

fn text<'f>(files: &'f Paths, path: &str) -> Result<&'f str> {
    let text = files.get(Path::new(path)).and_then(File::text);
    text.with_context(|| format!("this version of the template has no {path}"))
}
