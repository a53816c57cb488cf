//! The forms of addresses and names, so that what was copied in another form is named as such and
//! asked of nobody.

use anyhow::{Context as _, Result, bail, ensure};

/// Host and folder of `IMAGE_REGISTRY`.
pub(super) fn registry(address: &str) -> Result<(String, String)> {
    let expected = || format!("IMAGE_REGISTRY={address}: expected host[:port]/folder, without a scheme");
    ensure!(!address.contains("://"), expected());
    ensure!(
        !address.contains('@'),
        "IMAGE_REGISTRY: without `@`; a user goes into REGISTRY_USER and REGISTRY_PASSWORD, and a digest is found by the verbs"
    );
    let (host, folder) = address
        .trim_end_matches('/')
        .split_once('/')
        .with_context(expected)?;
    ensure!(is_host(host) && !folder.starts_with('/'), expected());
    // A job that adds a folder to a setting does not look whether that ends with a slash.
    let parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let folder = parts.join("/");
    ensure!(
        host == "localhost" || host.contains(['.', ':']),
        "IMAGE_REGISTRY={address}: `{host}` names no host to programs that push images, but a user of Docker Hub; write \
         docker.io/{address}, or the host with its port"
    );
    ensure!(
        !folder.contains(':'),
        "IMAGE_REGISTRY={address}: without a tag; images are tagged with their content"
    );
    ensure!(
        !folder.contains(|c: char| c.is_ascii_uppercase()),
        "IMAGE_REGISTRY={address}: names of images are in lower case; write {host}/{}",
        folder.to_ascii_lowercase()
    );
    let is_name = |part: &str| {
        let is_sign = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        part.chars().all(is_sign)
    };
    ensure!(parts.into_iter().all(is_name), expected());
    Ok((host.to_owned(), folder))
}

/// A name or an address, perhaps with a port.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let is_sign = |c: char| c.is_ascii_alphanumeric() || "-._[:]".contains(c);
    let is_name = !name.is_empty() && name.chars().all(is_sign);
    is_name && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// `FORGE_API`, without a slash at its end.
pub(super) fn api(address: &str) -> Result<String> {
    let rest = ["https://", "http://"]
        .into_iter()
        .find_map(|scheme| address.strip_prefix(scheme));
    let Some(rest) = rest else {
        bail!("FORGE_API={address}: expected an address that begins with https:// or http://");
    };
    let host = rest.split('/').next().unwrap_or_default();
    ensure!(
        !host.contains('@'),
        "FORGE_API names a user; the token goes into FORGE_TOKEN"
    );
    ensure!(
        !host.is_empty() && !rest.contains(|c: char| c.is_whitespace() || matches!(c, '?' | '#')),
        "FORGE_API={address}: expected the base address of the API, such as https://api.github.com"
    );
    ensure!(
        !matches!(host, "github.com" | "www.github.com"),
        "FORGE_API={address}: that is GitHub's page; its API is at https://api.github.com"
    );
    Ok(address.trim_end_matches('/').to_owned())
}

/// `FORGE_REPO` of a forge whose repositories have owners.
pub(super) fn repository(name: &str) -> Result<String> {
    let parts: Vec<&str> = name.split('/').collect();
    ensure!(
        parts.len() == 2 && parts.iter().all(|part| is_name(part)) && !has_suffix(name),
        "FORGE_REPO={name}: expected owner/name, without an address around it and without .git"
    );
    Ok(name.to_owned())
}

/// `FORGE_REPO` on GitLab, where groups may lie in groups.
pub(super) fn project(path: &str) -> Result<String> {
    let parts: Vec<&str> = path.split('/').collect();
    ensure!(
        parts.len() >= 2 && parts.iter().all(|part| is_name(part)) && !has_suffix(path),
        "FORGE_REPO={path}: expected group/name, without an address around it and without .git"
    );
    Ok(path.to_owned())
}

/// `FORGE_REPORTER` on CodeCommit.
pub(super) fn role(name: &str) -> Result<String> {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    ensure!(
        !name.is_empty() && name.chars().all(is_sign),
        "FORGE_REPORTER={name}: expected the name of a role, without its account and path"
    );
    Ok(name.to_owned())
}

/// `FORGE_REPO` on CodeCommit.
pub(super) fn codecommit(name: &str) -> Result<String> {
    ensure!(
        is_name(name) && !has_suffix(name),
        "FORGE_REPO={name}: expected the repository's name alone, without an address around it and without .git"
    );
    Ok(name.to_owned())
}

fn is_name(part: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !part.is_empty() && !matches!(part, "." | "..") && part.chars().all(is_sign)
}

fn has_suffix(name: &str) -> bool {
    // GitHub, Gitea and CodeCommit allow no name that ends so.
    name.to_ascii_lowercase().ends_with(".git")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_a_host_and_a_folder() {
        for (address, host, folder) in [
            ("localhost:5000/loop", "localhost:5000", "loop"),
            ("ghcr.io/owner/board/", "ghcr.io", "owner/board"),
            (
                "1.dkr.ecr.eu-central-1.amazonaws.com/gitops-loop//",
                "1.dkr.ecr.eu-central-1.amazonaws.com",
                "gitops-loop",
            ),
            // As a preview's job makes it of a setting that ends with a slash.
            ("ghcr.io/owner//preview", "ghcr.io", "owner/preview"),
            ("[::1]:5000/a", "[::1]:5000", "a"),
            ("[::1]/a", "[::1]", "a"),
            ("localhost/loop", "localhost", "loop"),
            ("registry:5000/loop", "registry:5000", "loop"),
        ] {
            assert_eq!(registry(address).unwrap(), (host.to_owned(), folder.to_owned()));
        }
        for (address, words) in [
            ("https://ghcr.io/owner", "without a scheme"),
            ("http://127.0.0.1:5000/loop/", "without a scheme"),
            ("oci://ghcr.io/owner", "without a scheme"),
            ("ghcr.io", "expected host[:port]/folder"),
            ("ghcr.io/", "expected host[:port]/folder"),
            ("/owner", "expected host[:port]/folder"),
            ("ghcr.io//owner", "expected host[:port]/folder"),
            ("ghcr.io/a b", "expected host[:port]/folder"),
            ("ghcr.io/owner?x", "expected host[:port]/folder"),
            ("ghcr.io:/owner", "expected host[:port]/folder"),
            ("ghcr.io:https/owner", "expected host[:port]/folder"),
            ("ghcr.io?x/owner", "expected host[:port]/folder"),
            ("owner/board", "write docker.io/owner/board"),
            ("registry/loop", "or the host with its port"),
            ("ghcr.io/owner:latest", "without a tag"),
            ("user:secret@ghcr.io/owner", "REGISTRY_USER"),
            ("ghcr.io/Owner/Board", "write ghcr.io/owner/board"),
        ] {
            let error = registry(address).expect_err(address).to_string();
            assert!(error.contains(words), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn an_api_is_an_address_of_the_web() {
        for (address, base) in [
            ("https://api.github.com", "https://api.github.com"),
            ("https://api.github.com/", "https://api.github.com"),
            ("http://host:3000/api/v1//", "http://host:3000/api/v1"),
        ] {
            assert_eq!(api(address).unwrap(), base);
        }
        for (address, words) in [
            ("api.github.com", "https:// or http://"),
            ("localhost:3000/api/v1", "https:// or http://"),
            ("ssh://git@host/x", "https:// or http://"),
            ("HTTPS", "https:// or http://"),
            ("https://", "base address"),
            ("https:///api", "base address"),
            ("https://host/api v1", "base address"),
            ("https://host/api?x=1", "base address"),
            ("https://user:secret@host/api", "FORGE_TOKEN"),
            ("https://github.com/owner/name", "https://api.github.com"),
        ] {
            let error = api(address).expect_err(address).to_string();
            assert!(error.contains(words), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_repository_is_no_address() {
        assert_eq!(repository("Owner-1/na.me_2").unwrap(), "Owner-1/na.me_2");
        assert_eq!(codecommit("gitops-loop-infra").unwrap(), "gitops-loop-infra");
        for name in [
            "https://github.com/owner/name",
            "git@github.com:owner/name.git",
            "owner/name.git",
            "owner/name/",
            "/owner/name",
            "owner",
            "owner/name/pulls",
            "owner/na me",
            "owner/..",
        ] {
            let error = repository(name).expect_err(name).to_string();
            assert!(error.contains("expected owner/name"), "{error}");
        }
        for path in ["group/name", "group/team/na.me"] {
            assert_eq!(project(path).unwrap(), path);
        }
        for path in [
            "name",
            "/group/name",
            "group/name.git",
            "https://gitlab.com/group/name",
        ] {
            assert!(project(path).is_err(), "{path}");
        }
        assert_eq!(role("loop-verifier").unwrap(), "loop-verifier");
        assert!(role("arn:aws:iam::000000000000:role/loop-verifier").is_err());
        for name in [
            "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/loop",
            "loop.git",
            "a/b",
            "codecommit::eu-west-1://loop",
        ] {
            assert!(codecommit(name).is_err(), "{name}");
        }
    }
}
