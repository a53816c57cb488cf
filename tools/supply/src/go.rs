//! Builds binaries from a published Go module, without a clone: through a module of our own that
//! requires it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use xshell::{Cmd, Shell, cmd};

use crate::key::{Key, shorten};
use crate::versions::Versions;
use crate::workshop::{Workshop, minutes};

mod toolchain;
mod wrapper;

/// Binaries of one module.
#[derive(Clone, Default)]
pub struct GoModule<'a> {
    /// For example `k8s.io/kubernetes`.
    pub module: &'a str,
    /// For example `v1.36.4`.
    pub version: &'a str,
    /// Name of the binary, and the package it is made of. Packages may lie in any module of the
    /// build.
    pub binaries: &'a [(&'a str, &'a str)],
    /// Link with C libraries; otherwise the binaries are static.
    pub cgo: bool,
    /// Build tags.
    pub tags: &'a [&'a str],
    /// String variables set by the linker, as `path/of/package.name=value`.
    pub variables: &'a [String],
    /// The module replaces some modules by folders of its own repository; this is the version they
    /// are published under, where its go.mod does not require that one anyway.
    pub published: Option<&'a str>,
    /// Modules that are taken in another version than is required, because no registry has that
    /// one.
    pub replaced: &'a [(&'a str, &'a str)],
    /// Modules that registries have under another path than the one they are required by: path,
    /// path in its place, version.
    pub moved: &'a [(&'a str, &'a str, &'a str)],
    /// Source of a program of our own made of the module's packages; in `binaries` its package is
    /// [`OWN_PROGRAM`].
    pub program: Option<&'a str>,
    /// Files of the module that have another text than published: their paths there, and the text.
    pub patched: &'a [(&'a str, &'a str)],
}

/// The table of `versions.toml` that has the compiler.
pub(crate) const TABLE: &str = "go";

/// The package of [`GoModule::program`], and the module that builds are made through.
pub const OWN_PROGRAM: &str = "wrapper";

/// What the key is made of, besides the compiler. The last four fields are told only where there is
/// something to tell.
impl fmt::Debug for GoModule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("GoModule");
        told.field("module", &self.module)
            .field("version", &self.version)
            .field("binaries", &self.binaries)
            .field("cgo", &self.cgo)
            .field("tags", &self.tags)
            .field("variables", &self.variables)
            .field("published", &self.published);
        if !self.replaced.is_empty() {
            told.field("replaced", &self.replaced);
        }
        if !self.moved.is_empty() {
            told.field("moved", &self.moved);
        }
        if let Some(program) = self.program {
            told.field("program", &program);
        }
        if !self.patched.is_empty() {
            told.field("patched", &self.patched);
        }
        told.finish()
    }
}

/// Which compiler of Go is used, as the value of `GOTOOLCHAIN`: for whoever starts Go elsewhere.
pub fn compiler() -> Result<String> {
    let sh = Shell::new().context("open a shell")?;
    let compiler = toolchain::of(&sh, &Versions::load()?)?;
    Ok(compiler.into_owned())
}

impl GoModule<'_> {
    /// Builds the binaries, or finds them in the cache, and puts this one of them into `folder`,
    /// from which an image is built.
    pub fn build_into(&self, shop: Workshop<'_>, folder: &Path, binary: &str) -> Result<()> {
        let built = self.build(shop)?.join(binary);
        fs::copy(&built, folder.join(binary))
            .map(drop)
            .with_context(|| format!("copy {}", built.display()))
    }

    /// Builds the binaries, or finds them in the cache, and gives their folder.
    pub fn build(&self, shop: Workshop<'_>) -> Result<PathBuf> {
        let folder = self.folder(shop);
        if folder.is_dir() {
            return Ok(folder);
        }
        ensure!(
            !shop.look_only,
            "{} {} is not built yet",
            self.module,
            self.version
        );
        let sh = Shell::new().context("open a shell")?;
        let wrapper = self.wrapper(shop, &sh)?;
        sh.change_dir(&wrapper);
        let fresh = shop.scratch(&format!("out/{}", self.short_name()))?;
        let log = format!("go-{}", self.short_name());
        let packages = self.binaries.iter().map(|(_, package)| package);
        let (tags, flags) = (self.tags.join(","), self.linker_flags());
        shop.progress
            .doing(&format!("compile {} {}", self.short_name(), self.version));
        // One command for all, so that one binary is linked while another compiles. Debug
        // information is left out from the start: stripping it at the end would cost the time and
        // the disk all the same.
        let build = cmd!(
            sh,
            "go build -mod=mod -trimpath -buildvcs=false -gcflags=all=-dwarf=false -tags {tags}"
        );
        let build = build
            .arg("-ldflags")
            .arg(flags)
            .arg("-o")
            .arg(format!("{}/", fresh.display()))
            .args(packages);
        shop.run(&log, minutes(20), self.environment(shop, &sh, build)?)?;
        for (binary, package) in self.binaries {
            let compiled = fresh.join(shorten(unversioned(package)));
            fs::rename(&compiled, fresh.join(binary))
                .with_context(|| format!("find {binary} as {}", compiled.display()))?;
        }
        if let Some(parent) = folder.parent() {
            sh.create_dir(parent)
                .with_context(|| format!("create {}", parent.display()))?;
        }
        fs::rename(&fresh, &folder).with_context(|| format!("keep the binaries in {}", folder.display()))?;
        Ok(folder)
    }

    /// Where the binaries lie once they are built.
    pub(crate) fn folder(&self, shop: Workshop<'_>) -> PathBuf {
        shop.cache
            .binaries()
            .join(format!("{}-{}", self.short_name(), self.key(shop.versions)))
    }

    /// The module's own files, as published. They are read-only and go with the compiler caches.
    pub fn source(&self, shop: Workshop<'_>) -> Result<PathBuf> {
        #[derive(Deserialize)]
        struct Downloaded {
            #[serde(rename = "Dir")]
            dir: PathBuf,
        }
        let what = format!("{}@{}", self.module, self.version);
        ensure!(!shop.look_only, "{what} is not downloaded yet");
        let sh = Shell::new().context("open a shell")?;
        let scratch = shop.cache.build();
        sh.create_dir(&scratch)
            .with_context(|| format!("create {}", scratch.display()))?;
        // Outside of any module, so that a go.mod nearby has no say.
        sh.change_dir(&scratch);
        shop.progress
            .doing(&format!("download {} {}", self.module, self.version));
        let cmd = self.environment(shop, &sh, cmd!(sh, "go mod download -json {what}"))?;
        let text = shop.read(&format!("go-{}", self.short_name()), minutes(10), cmd)?;
        let found: Downloaded =
            serde_json::from_str(&text).with_context(|| format!("read where {what} lies"))?;
        Ok(found.dir)
    }

    /// Caches of our own: they grow to many GB and are dropped after the builds.
    fn environment<'sh>(&self, shop: Workshop<'_>, sh: &Shell, cmd: Cmd<'sh>) -> Result<Cmd<'sh>> {
        let toolchain = toolchain::of(sh, shop.versions)?;
        Ok(cmd
            .env("GOCACHE", shop.cache.build().join("gocache"))
            .env("GOMODCACHE", shop.cache.build().join("gomod"))
            .env("GOFLAGS", "-modcacherw")
            .env("GOTOOLCHAIN", toolchain.as_ref())
            // A compiler's process ends before its garbage is worth collecting: a fifth less work,
            // in at most 1 GiB for each of the four or so processes.
            .env("GOGC", "off")
            .env("GOMEMLIMIT", "1GiB")
            .env("GOWORK", "off")
            .env("CGO_ENABLED", if self.cgo { "1" } else { "0" }))
    }

    fn linker_flags(&self) -> String {
        let variables = self.variables.iter().flat_map(|variable| ["-X", variable]);
        ["-s", "-w"]
            .into_iter()
            .chain(variables)
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn short_name(&self) -> String {
        shorten(unversioned(self.module))
    }

    /// Also of the compiler: what is wrong with its standard library is in all that it compiled.
    fn key(&self, versions: &Versions) -> Key {
        let (told, compiler) = (format!("{self:?}"), versions.canonical(TABLE));
        Key::of([told.as_bytes(), compiler.as_bytes()])
    }
}

/// A path without the major version at its end, after which Go names neither binaries nor folders.
fn unversioned(path: &str) -> &str {
    match path.rsplit_once("/v") {
        Some((rest, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            rest
        }
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_module_lacks_its_major_version() {
        let name = |module| {
            GoModule {
                module,
                ..GoModule::default()
            }
            .short_name()
        };
        assert_eq!(name("github.com/argoproj/argo-cd/v3"), "argo-cd");
        assert_eq!(name("code.gitea.io/gitea"), "gitea");
    }

    #[test]
    fn any_setting_changes_the_key() {
        let pinned = |go: &str| Versions::parse(&format!("[go]\ntoolchain = '{go}'")).unwrap();
        let (versions, newer) = (pinned("go1.26.8"), pinned("go1.26.9"));
        let one = GoModule {
            module: "a/b",
            version: "v1",
            ..GoModule::default()
        };
        let others = [
            GoModule {
                cgo: true,
                ..one.clone()
            },
            GoModule {
                version: "v2",
                ..one.clone()
            },
            GoModule {
                replaced: &[("c/d", "v1")],
                ..one.clone()
            },
            GoModule {
                moved: &[("c/d", "e/f", "v1")],
                ..one.clone()
            },
            GoModule {
                program: Some("package main"),
                ..one.clone()
            },
            GoModule {
                patched: &[("a.go", "package a")],
                ..one.clone()
            },
        ];
        for other in others {
            assert_ne!(one.key(&versions), other.key(&versions), "{other:?}");
        }
        assert_ne!(one.key(&versions), one.key(&newer));
        assert_eq!(one.key(&versions), one.clone().key(&versions));
    }
}
