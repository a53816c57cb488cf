//! One outside part: the upstream image and the recipe that builds the same thing where it cannot
//! be pulled.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::error::SupplyError;
use crate::go;
use crate::image::Image;
use crate::key::{Key, code};
use crate::versions::Versions;
use crate::workshop::{Workshop, minutes};

/// The label that holds an image's content key.
pub const LABEL: &str = "gitops-loop.part";

/// The label of images that are steps on the way.
pub(crate) const STAGE: &str = "gitops-loop.stage";

/// An image from outside.
#[derive(Clone, Copy)]
pub struct Part {
    /// Also the name of its table in `versions.toml` and of its folder in `tools/supply/images/`.
    pub name: &'static str,
    /// Files of the build context with their text, `Containerfile` among them.
    pub context: &'static [(&'static str, &'static str)],
    /// The recipe's source: changed code is a changed image.
    pub source: &'static str,
    /// Puts what the Containerfile takes besides `context` into the folder.
    pub prepare: fn(Workshop<'_>, &Path) -> Result<()>,
}

impl Part {
    /// The upstream name, under which the image is also kept when it was built here.
    pub fn image<'v>(&self, versions: &'v Versions) -> Result<&'v str> {
        versions.get(self.name, "image")
    }

    /// Hash of everything the image is made of: pins, recipe, context.
    pub(crate) fn key(&self, versions: &Versions) -> Key {
        let pins = [versions.canonical("debian"), versions.canonical(self.name)];
        let recipe = code(self.source);
        let compiler = recipe.contains("GoModule").then(|| versions.canonical(go::TABLE));
        let files = self
            .context
            .iter()
            .flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]);
        Key::of(
            pins.iter()
                .chain(&compiler)
                .map(String::as_bytes)
                .chain([recipe.as_bytes()])
                .chain(files),
        )
    }

    /// Builds the image and tags it with the upstream name.
    pub fn build(&self, shop: Workshop<'_>) -> Result<()> {
        let folder = shop.scratch(&format!("context/{}", self.name))?;
        for (name, text) in self.context {
            fs::write(folder.join(name), text).with_context(|| format!("write {name} of {}", self.name))?;
        }
        (self.prepare)(shop, &folder)?;
        let image = self.image(shop.versions)?;
        let label = format!("{LABEL}={}", self.key(shop.versions));
        let (part, context) = (self.name, folder.as_path());
        Image {
            part,
            context,
            file: "Containerfile",
            stage: None,
            label: Some(&label),
            tag: image,
        }
        .build(shop)?;
        fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))
    }

    /// What the engine holds under the upstream name.
    pub fn held(&self, shop: Workshop<'_>) -> Result<Held> {
        let sh = Shell::new().context("open a shell")?;
        let image = self.image(shop.versions)?;
        let format = format!("{{{{index .Config.Labels \"{LABEL}\"}}}}");
        let inspect = shop
            .engine()?
            .command(&sh, ["image", "inspect", "--format", &format, image]);
        let label = match shop.read("engine", minutes(1), inspect) {
            Ok(label) => label,
            Err(error) if matches!(error.downcast_ref(), Some(SupplyError::Command { .. })) => {
                return Ok(Held::Nothing);
            }
            Err(error) => return Err(error),
        };
        Ok(match label.as_str() {
            "" | "<no value>" => Held::Upstream,
            key if key == self.key(shop.versions).to_string() => Held::Built,
            _ => Held::Stale,
        })
    }
}

/// What the engine has under a part's upstream name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// No such image.
    Nothing,
    /// An image without our label: it was pulled.
    Upstream,
    /// What the recipe builds today.
    Built,
    /// What an older recipe built.
    Stale,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Part = Part {
        name: "forge",
        context: &[("Containerfile", "FROM scratch")],
        source: "recipe",
        prepare: |_, _| Ok(()),
    };

    #[test]
    fn the_key_follows_pins_recipe_and_context() {
        let versions = Versions::load().unwrap();
        let key = |part: Part| part.key(&versions);
        assert_eq!(
            key(PART),
            key(Part {
                prepare: |_, folder| Ok(fs::remove_dir(folder)?),
                ..PART
            })
        );
        assert_ne!(
            key(PART),
            key(Part {
                source: "other",
                ..PART
            })
        );
        assert_ne!(
            key(PART),
            key(Part {
                context: &[("Containerfile", "FROM other")],
                ..PART
            })
        );
        assert_ne!(key(PART), key(Part { name: "aws", ..PART }));
        let by = |compiler: &str, source| {
            let versions = Versions::parse(&format!("[go]\ntoolchain = '{compiler}'")).unwrap();
            Part { source, ..PART }.key(&versions)
        };
        assert_ne!(by("go1.26.8", "GoModule"), by("go1.26.9", "GoModule"));
        assert_eq!(by("go1.26.8", "recipe"), by("go1.26.9", "recipe"));
    }

    #[test]
    fn the_key_of_one_part_does_not_follow_the_pins_of_another() {
        let text = |gitea: &str, helm: &str| {
            format!("[debian]\nsuite = 'a'\n[forge]\ngitea = '{gitea}'\n[argocd]\nhelm = '{helm}'")
        };
        let key = |gitea, helm| PART.key(&Versions::parse(&text(gitea, helm)).unwrap());
        assert_eq!(key("1", "1"), key("1", "2"));
        assert_ne!(key("1", "1"), key("2", "1"));
    }
}
