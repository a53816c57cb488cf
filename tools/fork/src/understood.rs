//! That a change has reached every place: what is written otherwise than this command understands
//! is named, and nothing is written.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::facts::Facts;
use super::files::{Files, Texts};
use super::trust::{self, Trust, WORKFLOWS};
use super::{POLICY, REPOSITORY, toml_values};
use taskkit::aws::partition::PARAMETERS;

/// Applied by hand, so nothing else would tell that they name another repository.
const ROOTS: &str = "infra/apps/root/";

/// An error naming a file that is no text and still has a fact that changes: nobody knows how to
/// write it.
pub(super) fn check_others(files: &Files, old: &Facts, new: &Facts) -> Result<()> {
    for (old, new) in [
        (&old.account, &new.account),
        (&old.region, &new.region),
        (&old.repository, &new.repository),
    ] {
        if let Some(path) = files.other_with(old).filter(|_| old != new) {
            bail!(
                "{} names {old} and is no text, so it cannot be changed; remove it, as an editor's leftover, or take it out of Git, \
                 and run this again; nothing was written",
                path.display()
            );
        }
    }
    Ok(())
}

/// An error naming the first place in `edited` that does not say what it should.
pub(super) fn check(edited: &Texts, old: &Facts, new: &Facts, trust: Option<&Trust>) -> Result<()> {
    let read = Facts::of(edited)?;
    for (file, read, new) in [
        (PARAMETERS, &read.account, &new.account),
        (PARAMETERS, &read.region, &new.region),
        (REPOSITORY, &read.repository, &new.repository),
    ] {
        ensure!(
            read == new,
            "{file}: `{read}` is written in a way that this command cannot change; put {new} there by hand and run this again; \
             nothing was written"
        );
    }
    former_address(edited, old, new)?;
    if let Some(trust) = trust {
        parameters(edited, trust)?;
        roots(edited, new)?;
        signers(edited, trust)?;
    }
    Ok(())
}

/// No file still has the former address, as without `.git` or in other letters.
fn former_address(edited: &Texts, old: &Facts, new: &Facts) -> Result<()> {
    let (Some((host, name)), true) = (old.host_and_name(), old.repository != new.repository) else {
        return Ok(());
    };
    let former = format!("{host}/{name}").to_lowercase();
    let new = new.repository.to_lowercase();
    for (path, text) in edited.iter() {
        let lines = text.lines().enumerate();
        // An identity that signs is looked at by its own rule.
        for (number, line) in lines.filter(|(_, line)| !line.contains(WORKFLOWS)) {
            ensure!(
                !names(&line.to_lowercase().replace(&new, ""), &former),
                "{}:{}: the former repository is written in a way that this command cannot change: `{}`; put {} there by hand and \
                 run this again; nothing was written",
                path.display(),
                number + 1,
                line.trim(),
                new
            );
        }
    }
    Ok(())
}

/// Whether `line` has `address`, and not only as the beginning of a longer name.
fn names(line: &str, address: &str) -> bool {
    line.match_indices(address).any(|(at, _)| {
        let after = &line[at + address.len()..];
        let after = after.strip_prefix(".git").unwrap_or(after);
        !after.starts_with(|c: char| c.is_ascii_alphanumeric() || "._-".contains(c))
    })
}

fn parameters(edited: &Texts, trust: &Trust) -> Result<()> {
    let read = toml_values::shared(edited.text(PARAMETERS)?)?;
    for (name, value) in trust.parameters() {
        ensure!(
            read.get(name) == Some(&value),
            "{PARAMETERS}: {name} cannot be changed to {value}; nothing was written"
        );
    }
    Ok(())
}

fn roots(edited: &Texts, new: &Facts) -> Result<()> {
    for (path, text) in edited.iter().filter(|(path, _)| path.starts_with(ROOTS)) {
        let objects: Vec<Value> =
            serde_saphyr::from_multiple(text).with_context(|| format!("read {}", path.display()))?;
        let named = objects.iter().flat_map(|object| {
            let many = object["spec"]["sourceRepos"].as_array().into_iter().flatten();
            many.chain([&object["spec"]["source"]["repoURL"]])
        });
        for address in named.filter_map(Value::as_str) {
            ensure!(
                address == new.repository,
                "{}: {address} is named where {} belongs; put it there by hand and run this again; nothing was written",
                path.display(),
                new.repository
            );
        }
    }
    Ok(())
}

fn signers(edited: &Texts, trust: &Trust) -> Result<()> {
    let (Some(subject), Ok(text)) = (&trust.github, edited.text(POLICY)) else {
        return Ok(());
    };
    for signer in trust::signers(text)? {
        if !trust::is_of(&signer, &subject.name) {
            bail!(
                "{POLICY}: the identity `{signer}` is written in a way that this command cannot change; name a workflow of {} there \
                 by hand and run this again; nothing was written",
                subject.name
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_without_its_ending_and_not_as_a_beginning() {
        let former = "github.com/a/b";
        for there in [
            "u: github.com/a/b",
            "'https://github.com/a/b.git' # x",
            "github.com/a/b/",
        ] {
            assert!(names(there, former), "{there}");
        }
        for other in [
            "github.com/a/b-two",
            "github.com/a/bc",
            "github.com/a/b.github.io",
            "x",
        ] {
            assert!(!names(other, former), "{other}");
        }
    }
}
