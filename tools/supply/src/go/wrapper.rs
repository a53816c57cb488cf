//! The module that a build is made through: Go follows replacements only in the main module, so it
//! repeats those of the module that it requires.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use xshell::{Shell, cmd};

use super::{GoModule, OWN_PROGRAM};
use crate::image::copy_tree;
use crate::workshop::{Workshop, minutes};

/// The folder of a module that is built with other texts than published.
const PATCHED: &str = "patched";

impl GoModule<'_> {
    /// Writes it; its folder.
    pub(super) fn wrapper(&self, shop: Workshop<'_>, sh: &Shell) -> Result<PathBuf> {
        let source = self.source(shop)?;
        let manifest = source.join("go.mod");
        let log = format!("go-{}", self.short_name());
        let text = shop.read(
            &log,
            minutes(1),
            self.environment(shop, sh, cmd!(sh, "go mod edit -json {manifest}"))?,
        )?;
        let manifest: Manifest =
            serde_json::from_str(&text).with_context(|| format!("read go.mod of {}", self.module))?;
        let mut lines = vec![
            format!("module {OWN_PROGRAM}"),
            format!("go {}", manifest.go.as_deref().unwrap_or("1.24")),
            format!("require {} {}", manifest.module.path, self.version),
        ];
        if manifest.module.path != self.module {
            let own = format!(
                "replace {} => {} {}",
                manifest.module.path, self.module, self.version
            );
            lines.push(own);
        }
        for Replace { old, new } in manifest.replace.unwrap_or_default() {
            let (target, version) = match (&new.version, self.published) {
                (Some(version), _) => (new.path.as_str(), version.as_str()),
                (None, Some(published)) => (old.path.as_str(), published),
                // The version that go.mod requires beside it is used; Go objects if that one does
                // not exist.
                (None, None) => continue,
            };
            let from = old
                .version
                .map(|version| format!(" {version}"))
                .unwrap_or_default();
            lines.push(format!("replace {}{from} => {target} {version}", old.path));
        }
        let replaced = self.replaced.iter();
        lines.extend(replaced.map(|(module, version)| format!("replace {module} => {module} {version}")));
        let moved = self.moved.iter();
        lines.extend(moved.map(|(module, path, version)| format!("replace {module} => {path} {version}")));
        let wrapper = shop.scratch(&format!("go/{}", self.short_name()))?;
        if !self.patched.is_empty() {
            self.patched_copy(&source, &wrapper)?;
            lines.push(format!("replace {} => ./{PATCHED}", manifest.module.path));
        }
        let write = |name: &str, text: &[u8]| {
            fs::write(wrapper.join(name), text)
                .with_context(|| format!("write {name} of the build of {}", self.module))
        };
        write("go.mod", lines.join("\n").as_bytes())?;
        if let Ok(sums) = fs::read(source.join("go.sum")) {
            write("go.sum", &sums)?;
        }
        if let Some(program) = self.program {
            write("main.go", program.as_bytes())?;
        }
        Ok(wrapper)
    }

    /// A copy of the module with the texts of `patched`, beside the wrapper. It is built from that:
    /// Go takes no overlay of files in its cache of modules.
    fn patched_copy(&self, source: &Path, wrapper: &Path) -> Result<()> {
        let copy = wrapper.join(PATCHED);
        copy_tree(source, &copy)?;
        for (file, text) in self.patched {
            let path = copy.join(file);
            ensure!(path.is_file(), "{} {} has no {file}", self.module, self.version);
            fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Manifest {
    /// What the module calls itself, which need not be the path that registries have it under.
    module: Module,
    go: Option<String>,
    replace: Option<Vec<Replace>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Module {
    path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Replace {
    old: Target,
    new: Target,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    path: String,
    version: Option<String>,
}
