//! Podman with storage, networks and settings of our own, so that the user's containers are never
//! touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Resource, getrlimit};
use xshell::{Shell, cmd};

use crate::cache::Cache;
use crate::run;

/// A podman of our own.
pub(crate) struct Configured {
    /// Variables that select its configuration.
    pub(crate) env: Vec<(String, String)>,
    /// Where its API answers, once it is started.
    pub(crate) socket: PathBuf,
    /// The folders that nobody else uses.
    pub(crate) folders: Vec<PathBuf>,
}

/// Writes the configuration.
pub(crate) fn configure(cache: &Cache, logs: &Path) -> Result<Configured> {
    let folder = cache.engine();
    // Not in the cache: what lies here must be gone after a reboot, and a socket's path must be
    // short.
    let run = PathBuf::from("/run").join(format!("gitops-loop-{}", cache.key()));
    for folder in [&folder, &folder.join("networks"), &run] {
        fs::create_dir_all(folder).with_context(|| format!("create {} for podman", folder.display()))?;
    }
    let (containers, storage, registries) = (
        folder.join("containers.conf"),
        folder.join("storage.conf"),
        folder.join("registries.conf"),
    );
    write(
        &containers,
        &containers_conf(&folder, &run, most_files(), most_processes()),
    )?;
    if !registries.exists() {
        write(&registries, "")?;
    }
    let env: Vec<(String, String)> = [
        ("CONTAINERS_CONF", &containers),
        ("CONTAINERS_STORAGE_CONF", &storage),
        ("CONTAINERS_REGISTRIES_CONF", &registries),
    ]
    .map(|(name, path)| (name.to_owned(), path.display().to_string()))
    .into();
    choose_driver(&storage, &folder, &run, &env, logs)?;
    Ok(Configured {
        env,
        socket: run.join("podman.sock"),
        folders: vec![folder, run],
    })
}

/// Overlay where the file system carries it; a driver once chosen stays, because podman refuses
/// another one on the same storage.
fn choose_driver(
    conf: &Path,
    folder: &Path,
    run: &Path,
    env: &[(String, String)],
    logs: &Path,
) -> Result<()> {
    let sh = Shell::new().context("open a shell")?;
    let works = |driver| {
        write(conf, &storage_conf(driver, folder, run))?;
        let info = cmd!(sh, "podman info").envs(env.iter().cloned());
        run::read(info, &logs.join("engine.log"), Duration::from_secs(30)).map(drop)
    };
    if let Some(driver) = fs::read_to_string(conf).ok().as_deref().and_then(driver_in) {
        return works(driver).with_context(|| format!("use podman's storage in {}", folder.display()));
    }
    let Err(overlay) = works("overlay") else {
        return Ok(());
    };
    works("vfs").map_err(|vfs| {
        // Neither is chosen: the next start begins anew.
        let _ = fs::remove_file(conf);
        vfs.context(format!(
            "podman works neither with overlay storage ({overlay:#}) nor with vfs"
        ))
    })
}

fn driver_in(conf: &str) -> Option<&'static str> {
    ["overlay", "vfs"]
        .into_iter()
        .find(|driver| conf.contains(&format!("driver = \"{driver}\"")))
}

/// Without `CAP_SYS_RESOURCE` nobody may ask for more than this process has.
fn most_files() -> u64 {
    getrlimit(Resource::Nofile)
        .maximum
        .unwrap_or(1_048_576)
        .min(1_048_576)
}

/// Podman lowers its own limit to the kernel's number of process ids as it starts, and cannot raise
/// it again.
fn most_processes() -> u64 {
    let ids = fs::read_to_string("/proc/sys/kernel/pid_max")
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let ids = ids.unwrap_or(32_768);
    getrlimit(Resource::Nproc).maximum.unwrap_or(ids).min(ids)
}

fn containers_conf(folder: &Path, run: &Path, files: u64, processes: u64) -> String {
    format!(
        r#"# Written at each start.
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
log_driver = "k8s-file"
pids_limit = 0

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{run}/libpod"

[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"#,
        run = run.display(),
        folder = folder.display(),
    )
}

fn storage_conf(driver: &str, folder: &Path, run: &Path) -> String {
    format!(
        "# Written at the first start.\n[storage]\ndriver = \"{driver}\"\ngraphroot = \"{}/storage\"\nrunroot = \"{}/storage\"\n",
        folder.display(),
        run.display()
    )
}

/// A file that says so already is left alone: another run may be reading it.
fn write(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_driver_is_read_back() {
        for driver in ["overlay", "vfs"] {
            let conf = storage_conf(driver, Path::new("/overlay"), Path::new("/vfs"));
            assert_eq!(driver_in(&conf), Some(driver));
        }
        assert_eq!(driver_in(""), None);
    }

    #[test]
    fn limits_are_written_as_given() {
        let conf = containers_conf(Path::new("/cache"), Path::new("/run/x"), 20_000, 32_768);
        assert!(
            conf.contains(r#"["nofile=20000:20000", "nproc=32768:32768"]"#),
            "{conf}"
        );
        assert!(toml::from_str::<toml::Table>(&conf).is_ok());
    }
}
