//! `cargo xtask ci tag v1.2.3`: gives the images of a commit a version as a second tag. Nothing is
//! built: the manifest that the registry has under the commit's content is put there once more,
//! under another name, so the digest is the same.

use anyhow::{Context as _, Result, bail};

use crate::ci::git::Git;
use crate::ci::registry::{Images as _, Registry};
use crate::ci::version::Version;
use crate::environment::{apps, main_branch};

/// Tags the images of the commit that is checked out.
pub(crate) fn run(git: &Git<'_>, registry: &Registry<'_>, version: &str) -> Result<()> {
    let commit = git.head()?;
    // Previews are looked for by the commit.
    if version != commit {
        Version::of_tag(version)?;
    }
    // All are looked up before the first is tagged, so that a version is whole or not there.
    let mut images = Vec::new();
    for app in apps() {
        let (image, content) = (
            registry.settings.image(app.name()),
            git.fingerprint(&commit, app)?,
        );
        let digest = registry.digest(app.name(), &content)?.with_context(|| {
            let main = main_branch();
            format!(
                "the registry does not have {image}:{content}; push commit {commit} to {main}, let its release finish, and run \
                 this again"
            )
        })?;
        // Signed or not: a tag is written once.
        match registry.tagged(app.name(), version)? {
            Some(other) if other != digest => bail!(
                "{image}:{version} is {other} already, and commit {commit} has {digest}; a version stays what it is: take the next one"
            ),
            there => images.push((app.name(), image, digest, there.is_some())),
        }
    }
    for (app, image, digest, there) in images {
        if there {
            println!("is there  {image}:{version} ({digest})");
            continue;
        }
        registry
            .put_again(app, &digest, version)
            .with_context(|| format!("tag {image}@{digest} as {version}"))?;
        println!("tagged    {image}:{version} ({digest})");
    }
    Ok(())
}
