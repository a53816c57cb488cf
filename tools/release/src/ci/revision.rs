//! The commit that an image says it was made of: of those with its content, the one whose run made
//! it.

use anyhow::Result;
use serde_json::Value;

use crate::ci::git::Git;
use crate::ci::plan::{AppPlan, Plan};
use crate::ci::registry::{Images as _, Registry};

/// What an image says of itself, as its description has it.
pub(crate) fn label<'d>(description: &'d Value, name: &str) -> Option<&'d str> {
    description["config"]["Labels"][format!("org.opencontainers.image.{name}")].as_str()
}

/// The commit that an image of the registry names.
fn named(registry: &Registry<'_>, app: &AppPlan, digest: &str) -> Result<Option<String>> {
    let (_, description) = registry.config(app.name, digest)?;
    Ok(label(&description, "revision").map(str::to_owned))
}

/// The commit that an image of `app` is to name when it is made for `commit`. A run that was cut
/// off before it signed has left one under the tag of this content, and on ECR a tag is written
/// once: then that very image is made again, for only what was made here is signed.
pub(crate) fn to_name(git: &Git<'_>, registry: &Registry<'_>, app: &AppPlan, commit: &str) -> Result<String> {
    let Some(digest) = registry.tagged(app.name, &app.fingerprint)? else {
        return Ok(commit.to_owned());
    };
    // Nobody has signed for what it says.
    let has_the_content = |named: &String| {
        git.commit_named(named).as_ref() == Some(named)
            && git
                .fingerprint(named, app.app)
                .is_ok_and(|content| content == app.fingerprint)
    };
    let named = named(registry, app, &digest)?.filter(has_the_content);
    Ok(named.unwrap_or_else(|| commit.to_owned()))
}

/// The signed images that runs for the commit of `plan` have made, each with its digest: those that
/// this one has pushed, and those of an attempt before it. What was made of another commit is not
/// among them, for another run has made it.
pub(crate) fn made<'p>(
    registry: &Registry<'_>,
    plan: &'p Plan,
    pushed: &[(&AppPlan, String)],
) -> Result<Vec<(&'p AppPlan, String)>> {
    let is_of_now = |app: &AppPlan, digest: &str| -> Result<bool> {
        let names = || named(registry, app, digest);
        Ok(plan.environment.builds() && names()?.as_ref() == Some(&plan.commit))
    };
    let mut made = Vec::new();
    for app in &plan.apps {
        let now = pushed.iter().find(|(one, _)| one.name == app.name);
        let digest = match (now, &app.in_registry) {
            (Some((_, digest)), _) => digest,
            (None, Some(digest)) if is_of_now(app, digest)? => digest,
            (None, _) => continue,
        };
        made.push((app, digest.clone()));
    }
    Ok(made)
}
