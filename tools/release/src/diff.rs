//! `cargo xtask diff BASE HEAD`: what a change does to each environment, as Argo CD would see it.
//! Markdown, for a reviewer.

mod change;
mod risks;
mod tree;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Error, Result, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::flags;
use taskkit::missing::Missing;
use taskkit::supply;

/// All that is rendered lies below it.
const MANIFESTS: &str = "infra";

impl flags::Diff {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let kustomize = supply::kustomize(sh, Missing::of_flag(self.no_install))?;
        let scratch = sh.create_temp_dir().context("make a folder")?;
        let render = |side, commit| render(sh, &kustomize, commit, scratch.path(), side);
        let (base, head) = (render("base", &self.base)?, render("head", &self.head)?);
        if let Some(error) = head.into_iter().next() {
            return Err(error);
        }
        // A change that mends it has to be shown, too.
        for error in base {
            print!("Counts as empty before this change: {error:#}\n\n");
        }
        print!("{}", compare(sh, scratch.path())?);
        Ok(())
    }
}

/// Renders every overlay of a commit: `infra/backend/overlays/staging` becomes
/// `<side>/backend-staging.yaml`. Gives why some could not be.
fn render(sh: &Shell, kustomize: &Path, commit: &str, scratch: &Path, side: &str) -> Result<Vec<Error>> {
    let tree = scratch.join(format!("{side}-tree"));
    let rendered = scratch.join(side);
    for folder in [&tree, &rendered] {
        sh.create_dir(folder)
            .with_context(|| format!("make {}", folder.display()))?;
    }
    tree::write(sh, commit, MANIFESTS, &tree).with_context(|| format!("read {MANIFESTS} of {commit}"))?;
    let mut failed = Vec::new();
    for (name, overlay) in overlays(&tree.join(MANIFESTS))? {
        let text = cmd!(sh, "{kustomize} build {overlay}").quiet().read();
        match text.with_context(|| format!("render {name} of {commit}")) {
            Ok(text) => {
                let file = rendered.join(format!("{name}.yaml"));
                fs::write(&file, text + "\n").with_context(|| format!("write {}", file.display()))?;
            }
            Err(error) => failed.push(error),
        }
    }
    Ok(failed)
}

/// `<part>/overlays/<environment>` below `manifests`, by name.
fn overlays(manifests: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for part in folders(manifests)? {
        for overlay in folders(&part.join("overlays"))? {
            let name = |path: &Path| {
                path.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            };
            found.push((format!("{}-{}", name(&part), name(&overlay)), overlay));
        }
    }
    if found.is_empty() {
        bail!("{} has no overlays", manifests.display());
    }
    Ok(found)
}

fn folders(parent: &Path) -> Result<Vec<PathBuf>> {
    if !parent.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(parent).with_context(|| format!("list {}", parent.display()))?;
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry
            .with_context(|| format!("list {}", parent.display()))?
            .path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// The risks, then a section for each overlay that differs; those that do not are named in one
/// line.
fn compare(sh: &Shell, scratch: &Path) -> Result<String> {
    let (mut text, mut notes, mut same) = (String::new(), String::new(), Vec::new());
    for name in rendered_names(scratch)? {
        let title = name.trim_end_matches(".yaml");
        let [base, head] = ["base", "head"].map(|side| rendered_file(scratch, side, &name));
        let diff = difference(sh, scratch, &base, &head).with_context(|| format!("compare {title}"))?;
        if diff.is_empty() {
            same.push(title.to_owned());
            continue;
        }
        let [old, new] = [&base, &head].map(|side| objects(&scratch.join(side)));
        for risks::Note { object, what, why } in risks::notes(&old?, &new?) {
            let what = what.replace('|', "\\|");
            // Writing to a string cannot fail.
            let _ = writeln!(notes, "| {title} | {object} | {what} | {why} |");
        }
        let _ = writeln!(text, "### {title}\n\n````diff\n{diff}\n````\n");
    }
    if !same.is_empty() {
        let _ = writeln!(text, "Unchanged: {}", same.join(", "));
    }
    if !notes.is_empty() {
        notes.insert_str(0, "| Look twice | object | what | why |\n|---|---|---|---|\n");
        notes.push('\n');
    }
    Ok(notes + &text)
}

/// The files of both sides, each once.
fn rendered_names(scratch: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for side in ["base", "head"] {
        for entry in fs::read_dir(scratch.join(side)).context("list what was rendered")? {
            let name = entry.context("list what was rendered")?.file_name();
            names.insert(name.to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

/// A file of one side, from `scratch`; an empty one where that side does not have it.
fn rendered_file(scratch: &Path, side: &str, name: &str) -> PathBuf {
    let file = Path::new(side).join(name);
    if scratch.join(&file).exists() {
        file
    } else {
        PathBuf::from("/dev/null")
    }
}

/// Two files of `scratch` as Git compares them; empty where they are the same.
fn difference(sh: &Shell, scratch: &Path, base: &Path, head: &Path) -> Result<String> {
    let _folder = sh.push_dir(scratch);
    let git = gitkit::Git::closing(sh.cmd(gitkit::PROGRAM).into())
        // A repository around the folder would be asked for settings and attributes.
        .env("GIT_CEILING_DIRECTORIES", scratch.parent().unwrap_or(scratch))
        .args([
            "diff",
            "--no-index",
            "--no-prefix",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
        ]);
    let output = git.args([base, head]).output()?;
    // Its status is 1 where they differ, and also where it cannot read one of them.
    let compared = match output.status.code() {
        Some(0) => true,
        Some(1) => !output.stdout.is_empty(),
        _ => false,
    };
    if !compared {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let text = String::from_utf8(output.stdout).context("a difference is UTF-8")?;
    Ok(text.trim_end_matches('\n').to_owned())
}

/// What was rendered; nothing where there is no such file.
fn objects(rendered: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(rendered).with_context(|| format!("read {}", rendered.display()))?;
    serde_saphyr::from_multiple(&text).with_context(|| format!("parse {}", rendered.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::real;

    #[test]
    fn what_differs_is_shown_and_what_does_not_is_named() {
        let sh = Shell::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("base/backend-staging.yaml", "spec:\n  replicas: 1\n"),
            ("head/backend-staging.yaml", "spec:\n  replicas: 2\n"),
            ("base/platform-staging.yaml", "kind: Namespace\n"),
            ("head/platform-staging.yaml", "kind: Namespace\n"),
            ("head/frontend-staging.yaml", "kind: Service\n"),
        ] {
            sh.write_file(folder.path().join(file), text).unwrap();
        }
        let text = compare(&sh, folder.path()).unwrap();
        assert!(
            text.starts_with("### backend-staging") && text.contains("-  replicas: 1\n+  replicas: 2"),
            "{text}"
        );
        assert!(
            text.contains("### frontend-staging") && text.contains("+kind: Service"),
            "{text}"
        );
        assert!(text.ends_with("Unchanged: platform-staging\n"), "{text}");
    }

    #[test]
    fn what_cannot_be_compared_is_not_taken_for_the_same() {
        let sh = Shell::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let [base, head] = ["base", "head"].map(Path::new);
        difference(&sh, folder.path(), base, head).unwrap_err();
        for (file, text) in [(base, "a\n"), (head, "b\n")] {
            sh.write_file(folder.path().join(file), text).unwrap();
        }
        assert!(
            difference(&sh, folder.path(), base, head)
                .unwrap()
                .ends_with("-a\n+b")
        );
        assert_eq!(difference(&sh, folder.path(), base, base).unwrap(), "");
    }

    #[test]
    fn what_is_risky_comes_first() {
        let sh = Shell::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let base = "kind: Service\nmetadata: {name: backend}\n---\nkind: Role\nmetadata: {name: b}\n";
        sh.write_file(folder.path().join("base/backend-staging.yaml"), base)
            .unwrap();
        // The other folder is there, but empty: the overlay was removed.
        sh.create_dir(folder.path().join("head")).unwrap();
        let text = compare(&sh, folder.path()).unwrap();
        let notes: Vec<_> = text.lines().take(4).collect();
        assert_eq!(
            notes[2..],
            [
                "| backend-staging | Role/b | is deleted | Argo CD removes it from the cluster |",
                "| backend-staging | Service/backend | is deleted | who sends there gets no answer |",
            ],
            "{text}"
        );
    }

    #[test]
    fn every_overlay_of_this_repository_is_found() {
        let found = overlays(
            &Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../..")
                .join(MANIFESTS),
        )
        .unwrap();
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        let project = real();
        let apps = project.apps().iter().map(project::App::name);
        for part in apps.chain(["apps", "platform"]) {
            for environment in project.environments() {
                assert!(
                    names.contains(&format!("{part}-{environment}").as_str()),
                    "{names:?}"
                );
            }
        }
    }
}
