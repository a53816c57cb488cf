//! Images by docker or podman: built from prebuilt files, pushed with credentials that touch no
//! file of the user's.

use std::env;
use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{self, Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use project::App;
use serde_json::{Value, json};
use tempfile::TempDir;
use xshell::{Shell, cmd};

use crate::ci::plan::AppPlan;
use crate::ci::registry::{Images, Registry};
use crate::ci::settings::{self, Engine};

/// What an image says of where it comes from, and the time in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) commit: String,
    /// Address of the repository.
    pub(crate) source: String,
    /// When it was committed, in seconds since 1970.
    pub(crate) seconds: u64,
}

/// What an image is made by.
#[derive(Debug)]
pub(crate) struct Recipe<'a> {
    pub(crate) name: &'a str,
    /// Its Containerfile, from the top of the repository.
    pub(crate) file: String,
}

impl<'a> Recipe<'a> {
    pub(crate) fn of(app: &'a App) -> Self {
        Self {
            name: app.name(),
            file: app.containerfile(),
        }
    }
}

/// Builds an image from the files in `context`. Nothing of now or of this machine gets
/// into it: the same files and the same origin give the same image.
pub(crate) fn build(
    sh: &Shell,
    engine: Engine,
    Recipe { name, file }: &Recipe<'_>,
    image: &str,
    origin: &Origin,
    context: &Path,
) -> Result<()> {
    settle(context, origin.seconds).with_context(|| format!("date the files of {name}"))?;
    let program = engine.program();
    let commit = format!("COMMIT={}", origin.commit);
    let source = format!("SOURCE={}", origin.source);
    let seconds = origin.seconds.to_string();
    let time = match engine {
        // An argument that BuildKit knows.
        Engine::Docker => ["--build-arg".to_owned(), format!("SOURCE_DATE_EPOCH={seconds}")],
        Engine::Podman => ["--timestamp".to_owned(), seconds],
    };
    cmd!(sh, "{program} build --quiet --file {file} --build-arg {commit} --build-arg {source} {time...} --tag {image} {context}")
        // An attestation would turn the image into an index, with another digest on each build.
        .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
        .run()
        .with_context(|| format!("build the image of {name}"))
}

/// What the engine calls an image: the digest of its description or, in an engine that keeps images
/// as a registry does, that of its manifest.
pub(crate) fn id(sh: &Shell, engine: Engine, image: &str) -> Result<String> {
    let (program, format) = (engine.program(), "{{.Id}}");
    let id = cmd!(sh, "{program} image inspect --format {format} {image}")
        .quiet()
        .read()
        .with_context(|| format!("ask {program} for {image}"))?;
    // podman leaves the kind of hash out.
    Ok(format!("sha256:{}", id.trim_start_matches("sha256:")))
}

/// Gives all files below `path` one time, and the rights they have for a user whose umask takes
/// nothing from others.
fn settle(path: &Path, seconds: u64) -> io::Result<()> {
    let about = fs::symlink_metadata(path)?;
    if about.is_dir() {
        for entry in fs::read_dir(path)? {
            settle(&entry?.path(), seconds)?;
        }
    }
    let is_open = about.is_dir() || about.permissions().mode() & 0o100 != 0;
    fs::set_permissions(path, Permissions::from_mode(if is_open { 0o755 } else { 0o644 }))?;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    File::open(path)?.set_times(FileTimes::new().set_modified(time).set_accessed(time))
}

/// Pushes the image of `app`, unless a run of the same content was faster: on ECR a tag is written
/// once. Gives its digest.
pub(crate) fn push(
    sh: &Shell,
    engine: Engine,
    settings: &settings::Registry,
    images: &dyn Images,
    app: &AppPlan,
) -> Result<String> {
    let image = &app.image;
    let said = send(sh, engine, settings, image)?;
    if let Some(digest) = images.tagged(app.name, &app.fingerprint)? {
        return Ok(digest);
    }
    bail!(
        "the registry did not take {image}: check REGISTRY_USER and REGISTRY_PASSWORD, that the repository exists, and that `cargo \
         xtask ci build` ran here; then run the verb again: {}",
        said.trim()
    )
}

/// Has the engine push an image, and gives what it said: whether the registry took it, the registry
/// knows.
pub(crate) fn send(sh: &Shell, engine: Engine, settings: &settings::Registry, image: &str) -> Result<String> {
    let program = engine.program();
    let mut push = cmd!(sh, "{program} push --quiet");
    if engine == Engine::Podman && settings.insecure {
        push = push.arg("--tls-verify=false");
    }
    let login = login(settings)?;
    if let Some(folder) = &login {
        let folder = folder.path();
        push = match engine {
            Engine::Docker => push.env("DOCKER_CONFIG", folder),
            Engine::Podman => push.env("REGISTRY_AUTH_FILE", folder.join(AUTH_FILE)),
        };
    }
    let output = push.arg(image).ignore_status().output();
    let output = output.with_context(|| format!("start {program}"))?;
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// An error unless the registry's image is the one that was built here: only that is to be signed.
pub(crate) fn is_ours(
    sh: &Shell,
    engine: Engine,
    registry: &Registry<'_>,
    app: &AppPlan,
    digest: &str,
) -> Result<()> {
    let ours = id(sh, engine, &app.image)?;
    let (theirs, _) = registry.config(app.name, digest)?;
    if ours == theirs || ours == digest {
        return Ok(());
    }
    bail!(
        "the registry has another image as {} ({digest}) than was built here ({ours}), and nobody signed it: find out who pushed it, \
         remove the tag, and run `cargo xtask ci push` again",
        app.image
    )
}

/// The folder of docker's settings that are the user's.
fn settings_of_docker() -> Option<PathBuf> {
    let home = || Some(Path::new(&env::var_os("HOME")?).join(".docker"));
    env::var_os("DOCKER_CONFIG").map(PathBuf::from).or_else(home)
}

/// Lends the contexts in `own` to another folder of settings, for docker finds its daemon by them,
/// and gives the name of the present one, if it has any.
fn lend_contexts(own: &Path, folder: &Path) -> Result<Option<String>> {
    let contexts = own.join("contexts");
    if !contexts.is_dir() {
        return Ok(None);
    }
    let contexts = path::absolute(contexts).context("find docker's contexts")?;
    symlink(contexts, folder.join("contexts")).context("lend docker its contexts")?;
    let Ok(text) = fs::read(own.join(AUTH_FILE)) else {
        return Ok(None);
    };
    let config: Value = serde_json::from_slice(&text).unwrap_or_default();
    Ok(config["currentContext"].as_str().map(str::to_owned))
}

/// The name docker wants; podman reads the same format under any name.
const AUTH_FILE: &str = "config.json";

/// A folder with the registry's credentials that goes when dropped: `login` would leave them in the
/// user's home.
pub(crate) fn login(registry: &settings::Registry) -> Result<Option<TempDir>> {
    let Some((user, password)) = &registry.credentials else {
        return Ok(None);
    };
    let folder = tempfile::tempdir().context("make a folder for the registry's credentials")?;
    let auth = BASE64_STANDARD.encode(format!("{user}:{password}"));
    let mut config = json!({ "auths": { registry.login_key(): { "auth": auth } } });
    if let Some(own) = settings_of_docker()
        && let Some(context) = lend_contexts(&own, folder.path())?
    {
        config["currentContext"] = json!(context);
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(folder.path().join(AUTH_FILE))
        .and_then(|mut file| file.write_all(config.to_string().as_bytes()))
        .context("write the registry's credentials")?;
    Ok(Some(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_and_by_whom_files_were_made_does_not_show() {
        let seen = |umask: u32| {
            let folder = tempfile::tempdir().unwrap();
            let site = folder.path().join("site");
            fs::create_dir(&site).unwrap();
            for (name, mode) in [("server", 0o777), ("site/page", 0o666)] {
                fs::write(folder.path().join(name), name).unwrap();
                fs::set_permissions(folder.path().join(name), Permissions::from_mode(mode & !umask)).unwrap();
            }
            settle(folder.path(), 1_700_000_000).unwrap();
            ["", "server", "site", "site/page"].map(|name| {
                let about = fs::metadata(folder.path().join(name)).unwrap();
                (about.permissions().mode(), about.modified().unwrap())
            })
        };
        let (open, closed) = (seen(0o002), seen(0o077));
        assert_eq!(open, closed);
        let modes = open.map(|(mode, _)| mode & 0o777);
        assert_eq!(modes, [0o755, 0o755, 0o755, 0o644]);
    }
    #[test]
    fn docker_finds_its_daemon_with_credentials_of_its_own_too() {
        let [own, folder] = [0, 1].map(|_| tempfile::tempdir().unwrap());
        let lend = |own: &Path| lend_contexts(own, folder.path()).unwrap();
        assert_eq!(lend(own.path()), None);
        assert!(!folder.path().join("contexts").exists());
        let meta = own.path().join("contexts/meta");
        fs::create_dir_all(&meta).unwrap();
        fs::write(own.path().join(AUTH_FILE), r#"{"currentContext":"colima"}"#).unwrap();
        assert_eq!(lend(own.path()).as_deref(), Some("colima"));
        assert!(folder.path().join("contexts/meta").is_dir());
    }
}
