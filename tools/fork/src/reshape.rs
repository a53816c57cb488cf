//! A fork of another name or without some wings: computed from the last commit as a whole, and then
//! written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use project::Project;

use super::facts::Facts;
use super::files::Files;
use super::format::Formatter;
use super::names::{self, Names};
use super::prune::{self, Pruned, Wings};
use super::tree::{File, Paths, Tree};
use super::{Changed, limits};
use crate::flags;

/// Brings the work tree at `root` to what the options say.
pub(super) fn run(options: &flags::Fork, root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let old = Names::of(&Project::of_text(tree.text(project::FILE)?)?);
    let new = old.with(options.name.as_ref(), options.application.as_ref());
    // A fork without `infra/` has no facts.
    let facts = Facts::of(&Files::of(root, tree.files())).ok();
    let address = facts.as_ref().and_then(Facts::host_and_name);
    let address = address.map(|(host, name)| format!("{host}/{name}"));
    let mut files = names::renamed(&tree, &old, &new, address.as_deref())?;
    let pruned = without(options, &mut files)?;
    let mut files = Formatter::of(root).formatted(tree.files(), files)?;
    let project = project_of(&files)?;
    let changed = with_facts(options, root, &mut files)?;
    let facts = changed.as_ref().map(|changed| &changed.facts).or(facts.as_ref());
    limits::check(&files, &project, facts)?;
    report(&tree.bring_to(&files)?, &new);
    for (path, reason) in pruned.left {
        println!("left {} as it is: {reason}", path.display());
    }
    for path in names::unreadable(&tree, &old, &new) {
        println!(
            "left {}, which has the former name and is no text",
            path.display()
        );
    }
    if let Some(changed) = changed {
        changed.print(&project);
    }
    Ok(())
}

/// Takes out of `files` the wings that the options leave out.
fn without(options: &flags::Fork, files: &mut Paths) -> Result<Pruned> {
    if options.without.is_empty() {
        return Ok(Pruned::default());
    }
    let before = project_of(files)?;
    // As renamed, since a file may have the name of the application.
    let table = files.get(Path::new(prune::FILE)).and_then(File::text);
    let wings = Wings::of_text(table.with_context(|| format!("{} is not committed", prune::FILE))?)?;
    let gone = wings.named(&options.without, before.without())?;
    if gone.is_empty() {
        return Ok(Pruned::default());
    }
    let mut pruned = prune::prune(files, &gone)?;
    prune::write_table(files, &wings, project_of(files)?.without())?;
    let apps = gone_apps(&before, &project_of(files)?)?;
    pruned.left.extend(still_naming(files, &apps));
    *files = prune::locked(std::mem::take(files))?;
    Ok(pruned)
}

/// How an app is made.
const NEW_APP: &[&str] = &[
    "`cargo xtask new-app NAME --kind web`", // wing: generators
    "docs/APPS.md",
];

/// The apps that went along; an error if none is left.
fn gone_apps(before: &Project, after: &Project) -> Result<Vec<String>> {
    ensure!(
        before.apps().is_empty() || !after.apps().is_empty(),
        "no app would be left; make one of your own first ({}), commit it, and run this again; nothing was written",
        NEW_APP.join(", ")
    );
    let gone = before.apps().iter().filter(|app| after.app(app.name()).is_err());
    Ok(gone.map(|app| app.name().to_owned()).collect())
}

/// Templates of AWS that name apps which are gone, and the reason why they are left.
fn still_naming(files: &Paths, apps: &[String]) -> Vec<(PathBuf, String)> {
    let templates = files
        .iter()
        .filter(|(path, _)| path.starts_with(limits::TEMPLATES));
    let naming = templates.filter_map(|(path, file)| {
        let text = file.text()?;
        let is_word = |c: char| c.is_ascii_alphanumeric();
        let words: BTreeSet<_> = text.split(|c| !is_word(c)).collect();
        let named: Vec<_> = apps.iter().filter(|app| words.contains(app.as_str())).collect();
        let named: Vec<_> = named.into_iter().map(String::as_str).collect();
        (!named.is_empty()).then(|| {
            let reason = format!(
                "it names {}; put your own apps in their place",
                named.join(" and ")
            );
            (path.clone(), reason)
        })
    });
    naming.collect()
}

fn project_of(files: &Paths) -> Result<Project> {
    let text = files.get(Path::new(project::FILE)).and_then(File::text);
    let text = text.with_context(|| format!("{} is not committed", project::FILE))?;
    Ok(Project::of_text(text)?)
}

/// Puts account, region and repository into `files`, where options name them.
fn with_facts(options: &flags::Fork, root: &Path, files: &mut Paths) -> Result<Option<Changed>> {
    if options.changes_no_fact() {
        return Ok(None);
    }
    let changed = options.with_facts(&Files::of(root, files))?;
    for (path, text) in changed.texts.iter() {
        if let Some(file) = files.get_mut(path) {
            *file = file.with(text.to_owned());
        }
    }
    Ok(Some(changed))
}

fn report(written: &[PathBuf], names: &Names) {
    println!("name         {}", names.name);
    println!("application  {}", names.application);
    if written.is_empty() {
        println!("nothing to do: every file says so already");
        return;
    }
    println!(
        "{} files were written or removed; look at them (`git add --all && git diff --staged`), run `cargo xtask check`, \
         and commit them; docs/FORK.md says what else a fork needs",
        written.len()
    );
}
