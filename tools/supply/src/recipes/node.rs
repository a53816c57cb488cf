//! The kind node image: Kubernetes, containerd, etcd, `CoreDNS` and pause on Debian.

use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::debian::DebianRoot;
use crate::go::{GoModule, OWN_PROGRAM};
use crate::image::{Image, copy_tree};
use crate::key::shorten;
use crate::part::{Part, STAGE};
use crate::preload::preload;
use crate::recipes::tools::kind;
use crate::workshop::{Workshop, minutes};

/// Same interface as upstream's `kindest/node`.
pub const PART: Part = Part {
    name: "node",
    context: &[
        ("Containerfile", include_str!("../../images/node/Containerfile")),
        (
            "Root.Containerfile",
            include_str!("../../images/node/Root.Containerfile"),
        ),
        (
            "System.Containerfile",
            include_str!("../../images/node/System.Containerfile"),
        ),
        ("coredns.go", COREDNS),
    ],
    source: include_str!("node.rs"),
    prepare,
};

const COREDNS: &str = include_str!("../../images/node/coredns.go");

const ROOT_PACKAGES: &[&str] = &[
    // Services, as upstream's base image has them.
    "systemd",
    "systemd-sysv",
    "dbus",
    "mount",
    "kmod",
    "procps",
    "hostname",
    "ca-certificates",
    "curl",
    "jq",
    "pigz",
    // Kubernetes and containerd.
    "conntrack",
    "iptables",
    "nftables",
    "iproute2",
    "ethtool",
    "socat",
    "e2fsprogs",
    "libseccomp2",
    "runc",
    "containernetworking-plugins",
    "catatonit",
];

/// All that kube-proxy starts; unpacked with what they depend on, without a shell.
const PROXY_PACKAGES: &[&str] = &["conntrack", "iptables", "kmod", "nftables", "netbase"];

fn prepare(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    let sh = Shell::new().context("open a shell")?;
    let version = shop.versions.get("node", "kubernetes")?;
    let bin = folder.join("bin");
    collect_binaries(shop, &bin)?;
    let files = kind(shop.versions)?.source(shop)?.join("images/base/files");
    copy_tree(&files, &folder.join("files"))?;
    let root = folder.join("root.tar");
    DebianRoot {
        name: "node",
        packages: ROOT_PACKAGES,
    }
    .build(shop, &root)?;
    DebianRoot {
        name: "kube-proxy",
        packages: PROXY_PACKAGES,
    }
    .extract(shop, &folder.join("proxy.tar"))?;
    // Debian's catatonit can be what upstream's pause is.
    let pause = folder.join("pause");
    sh.create_dir(&pause).context("create a folder for pause")?;
    let unpack = cmd!(
        sh,
        "tar --extract --file {root} --directory {pause} ./usr/bin/catatonit"
    );
    shop.run("image-node", minutes(1), unpack)?;
    sh.write_file(folder.join("version"), version)
        .context("write the node's version")?;

    let links = folder.join("links/usr/sbin");
    sh.create_dir(&links)
        .context("create a folder for kube-proxy's links")?;
    for command in [
        "iptables",
        "iptables-save",
        "iptables-restore",
        "ip6tables",
        "ip6tables-save",
        "ip6tables-restore",
    ] {
        // Debian sets these links in a maintainer script.
        symlink("xtables-nft-multi", links.join(command)).with_context(|| format!("link {command}"))?;
    }

    let base = Image {
        part: "node",
        context: folder,
        file: "Root.Containerfile",
        stage: None,
        label: Some(STAGE),
        tag: "localhost/gitops-loop/node:root",
    };
    base.build(shop)?;
    let images = system_images(shop, &sh, &bin, &files, version)?;
    for tag in &images {
        let stage = stage_of(tag);
        Image {
            file: "System.Containerfile",
            stage: Some(&stage),
            tag,
            ..base
        }
        .build(shop)?;
    }
    let names: Vec<&str> = images.iter().map(String::as_str).collect();
    preload(
        shop,
        base.tag,
        &names,
        "localhost/gitops-loop/node:assembled",
        &format!("{STAGE}=node"),
    )?;
    let leftovers = shop
        .engine()?
        .command(&sh, ["image", "rm", base.tag])
        .args(&images);
    shop.run("image-node", minutes(1), leftovers)
}

/// What kubeadm asks for, except that pause is the one containerd is set to, as in upstream's node
/// image.
fn system_images(
    shop: Workshop<'_>,
    sh: &Shell,
    bin: &Path,
    files: &Path,
    version: &str,
) -> Result<Vec<String>> {
    let kubeadm = bin.join("kubeadm");
    let list = cmd!(sh, "{kubeadm} config images list --kubernetes-version {version}");
    let list = shop.read("image-node", minutes(1), list)?;
    let config = sh
        .read_file(files.join("etc/containerd/config.toml"))
        .context("read kind's containerd config")?;
    let pause = config
        .lines()
        .find_map(|line| line.trim().strip_prefix("sandbox_image = "))
        .context("kind's containerd config names no sandbox image")?;
    let others = list
        .lines()
        .filter(|image| stage_of(image) != "pause")
        .map(str::to_owned);
    Ok(others.chain([pause.trim_matches('"').to_owned()]).collect())
}

/// `registry.k8s.io/coredns/coredns:v1.12.1` is stage `coredns`.
fn stage_of(image: &str) -> String {
    let name = shorten(image);
    name.split_once(':')
        .map_or(name.clone(), |(name, _)| name.to_owned())
}

fn collect_binaries(shop: Workshop<'_>, bin: &Path) -> Result<()> {
    let pin = |key| shop.versions.get("node", key);
    let containerd = "github.com/containerd/containerd/v2";
    let folders = [
        kubernetes(shop, pin("kubernetes")?, BINARIES)?,
        GoModule {
            module: containerd,
            version: pin("containerd")?,
            binaries: &[
                ("containerd", "github.com/containerd/containerd/v2/cmd/containerd"),
                (
                    "containerd-shim-runc-v2",
                    "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
                ),
                ("ctr", "github.com/containerd/containerd/v2/cmd/ctr"),
            ],
            tags: &["no_btrfs", "no_zfs", "no_devmapper"],
            variables: &[format!("{containerd}/version.Version={}", pin("containerd")?)],
            ..GoModule::default()
        }
        .build(shop)?,
        GoModule {
            module: "go.etcd.io/etcd/server/v3",
            version: pin("etcd")?,
            binaries: &[("etcd", "go.etcd.io/etcd/server/v3")],
            ..GoModule::default()
        }
        .build(shop)?,
        GoModule {
            module: "github.com/coredns/coredns",
            version: pin("coredns")?,
            binaries: &[("coredns", OWN_PROGRAM)],
            program: Some(COREDNS),
            ..GoModule::default()
        }
        .build(shop)?,
    ];
    for folder in folders {
        copy_tree(&folder, bin)?;
    }
    Ok(())
}

const BINARIES: &[(&str, &str)] = &[
    ("kubelet", "k8s.io/kubernetes/cmd/kubelet"),
    ("kubeadm", "k8s.io/kubernetes/cmd/kubeadm"),
    ("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
    ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    (
        "kube-controller-manager",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
    ),
    ("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
    ("kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy"),
];

/// Binaries of Kubernetes, all static: one setting for all of them halves what is compiled.
pub(crate) fn kubernetes(
    shop: Workshop<'_>,
    version: &str,
    binaries: &[(&str, &str)],
) -> Result<std::path::PathBuf> {
    // v1.36.4 publishes its staging modules as v0.36.4.
    let published = version.replacen("v1.", "v0.", 1);
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    let set = |name: &str, value: &str| {
        ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]
            .map(|package| format!("{package}.{name}={value}"))
    };
    let variables = [
        set("gitVersion", version),
        set("gitMajor", major),
        set("gitMinor", minor),
        set("gitTreeState", "clean"),
    ]
    .concat();
    GoModule {
        module: "k8s.io/kubernetes",
        version,
        binaries,
        variables: &variables,
        published: Some(&published),
        ..GoModule::default()
    }
    .build(shop)
}
