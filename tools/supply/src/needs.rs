//! What the machine must bring, as data: the doctor reads this page from top to bottom.

use taskkit::build::toolchain::MUSL;
use taskkit::packages::HAPROXY;

/// What a need serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Building the programs of the host; all that the tests need from here.
    Tools,
    /// Clusters, forge and emulator.
    Containers,
    /// Installing programs from the Python package index.
    Python,
    /// Installing programs from Maven's repository.
    Maven,
    /// Making root file systems of Debian packages, for images that cannot be pulled.
    DebianRoot,
    /// The proof that pulling works.
    Registry,
    /// Running and checking CI files.
    Pipelines,
    /// What stands in for a load balancer of AWS.
    LoadBalancer,
    /// Compiling static programs for containers.
    Static,
}

/// How it is seen whether a need is met.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// On the search path.
    Program(&'static str),
    /// A program that says its version; the least is in the table `host` of `versions.toml`.
    Version {
        /// The program.
        program: &'static str,
        /// What makes it say its version.
        args: &'static [&'static str],
        /// The key in `versions.toml`.
        pin: &'static str,
        /// Where a newer one is, if the package has none.
        newer: &'static str,
    },
    /// A file or folder that exists.
    Path(&'static str),
    /// The process is root.
    Root,
    /// The system is a Debian or made from one.
    Debian,
    /// A kernel setting is at least this.
    Setting(&'static str, u64),
}

/// How a need is met.
#[derive(Debug, Clone, Copy)]
pub enum Cure {
    /// A Debian package.
    Debian(&'static str),
    /// A kernel setting.
    Setting(&'static str, u64),
    /// An empty folder.
    Folder(&'static str),
    /// Only a person can do it.
    Person(&'static str),
}

/// One need.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// What it serves.
    pub group: Group,
    /// What is looked for.
    pub what: &'static str,
    /// What it is for.
    pub why: &'static str,
    /// How it is seen.
    pub check: Check,
    /// How it is got.
    pub cure: Cure,
    /// Docker brings the same.
    pub only_without_docker: bool,
}

const fn of(group: Group, what: &'static str, why: &'static str, check: Check, cure: Cure) -> Need {
    Need {
        group,
        what,
        why,
        check,
        cure,
        only_without_docker: false,
    }
}

const fn tool(what: &'static str, why: &'static str, check: Check, cure: Cure) -> Need {
    of(Group::Tools, what, why, check, cure)
}

const fn containers(what: &'static str, why: &'static str, check: Check, cure: Cure) -> Need {
    of(Group::Containers, what, why, check, cure)
}

const fn debian_root(what: &'static str, check: Check, cure: Cure) -> Need {
    of(
        Group::DebianRoot,
        what,
        "root file systems of images",
        check,
        cure,
    )
}

const fn python(what: &'static str, why: &'static str, check: Check, cure: Cure) -> Need {
    of(Group::Python, what, why, check, cure)
}

const fn podman(what: &'static str, why: &'static str, check: Check, cure: Cure) -> Need {
    Need {
        only_without_docker: true,
        ..containers(what, why, check, cure)
    }
}

/// Everything, in the order in which it is reported.
pub const NEEDS: &[Need] = &[
    tool(
        "Go",
        "kind, kubectl and kustomize are built from their modules",
        Check::Version {
            program: "go",
            args: &["version"],
            pin: "go",
            newer: "install golang-go from bookworm-backports or of a newer Debian, or a Go of https://go.dev/dl, and put it on PATH",
        },
        Cure::Debian("golang-go"),
    ),
    tool(
        "git",
        "the forge's repositories",
        Check::Program("git"),
        Cure::Debian("git"),
    ),
    python(
        "Python",
        "the AWS emulator, the API's fuzzer and the linters of CI files are installed from their packages",
        Check::Version {
            program: "python3",
            args: &["--version"],
            pin: "python",
            newer: "install a newer Python, or use a newer Debian, and put it on PATH",
        },
        Cure::Debian("python3"),
    ),
    python(
        "pip",
        "the AWS emulator, the API's fuzzer and the linters of CI files are installed from their packages",
        Check::Version {
            program: "python3",
            args: &["-m", "pip", "--version"],
            pin: "pip",
            newer: "get a newer one as https://pip.pypa.io/en/stable/installation says, or use a newer Debian",
        },
        Cure::Debian("python3-pip"),
    ),
    of(
        Group::Maven,
        "Maven",
        "the AWS emulator's database is a Java program",
        Check::Program("mvn"),
        Cure::Debian("maven"),
    ),
    debian_root(
        "mmdebstrap",
        Check::Program("mmdebstrap"),
        Cure::Debian("mmdebstrap"),
    ),
    debian_root(
        "Debian's keys",
        Check::Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
        Cure::Debian("debian-archive-keyring"),
    ),
    debian_root("tar", Check::Program("tar"), Cure::Debian("tar")),
    of(
        Group::Pipelines,
        "rsync",
        "gitlab-ci-local copies work trees and artifacts with it",
        Check::Program("rsync"),
        Cure::Debian("rsync"),
    ),
    containers(
        "/lib/modules",
        "kind mounts it into its nodes",
        Check::Path("/lib/modules"),
        Cure::Folder("/lib/modules"),
    ),
    containers(
        "net.ipv4.ip_forward",
        "pods reach forge and emulator",
        Check::Setting("net.ipv4.ip_forward", 1),
        Cure::Setting("net.ipv4.ip_forward", 1),
    ),
    containers(
        "fs.inotify.max_user_instances",
        "two clusters watch many files",
        Check::Setting("fs.inotify.max_user_instances", 512),
        Cure::Setting("fs.inotify.max_user_instances", 512),
    ),
    containers(
        "fs.inotify.max_user_watches",
        "two clusters watch many files",
        Check::Setting("fs.inotify.max_user_watches", 131_072),
        Cure::Setting("fs.inotify.max_user_watches", 524_288),
    ),
    podman(
        "root",
        "podman must run the nodes with all rights",
        Check::Root,
        Cure::Person("run as root, or start Docker and use it as an ordinary user"),
    ),
    podman(
        "Debian",
        "the packages below are found by their names there",
        Check::Debian,
        Cure::Person("start Docker, or use a Debian or Ubuntu machine"),
    ),
    podman(
        "podman",
        "runs all containers",
        Check::Program("podman"),
        Cure::Debian("podman"),
    ),
    podman(
        "runc",
        "starts containers on old and new cgroups alike",
        Check::Program("runc"),
        Cure::Debian("runc"),
    ),
    podman(
        "conmon",
        "watches over containers",
        Check::Program("conmon"),
        Cure::Debian("conmon"),
    ),
    podman(
        "netavark",
        "networks of containers",
        Check::Path("/usr/lib/podman/netavark"),
        Cure::Debian("netavark"),
    ),
    podman(
        "aardvark-dns",
        "containers find each other by name",
        Check::Path("/usr/lib/podman/aardvark-dns"),
        Cure::Debian("aardvark-dns"),
    ),
    podman(
        "iptables",
        "networks of containers",
        Check::Program("iptables"),
        Cure::Debian("iptables"),
    ),
    podman(
        "ip",
        "finds what killed runs leave of networks",
        Check::Program("ip"),
        Cure::Debian("iproute2"),
    ),
    podman(
        "an image policy",
        "podman takes no image without one",
        Check::Path("/etc/containers/policy.json"),
        Cure::Debian("golang-github-containers-common"),
    ),
    of(
        Group::LoadBalancer,
        "HAProxy",
        "sends visitors to pods",
        Check::Path(HAPROXY.0),
        Cure::Debian(HAPROXY.1),
    ),
    of(
        Group::Static,
        MUSL.0,
        "compiles the C in the static programs of images",
        Check::Program(MUSL.0),
        Cure::Debian(MUSL.1),
    ),
    of(
        Group::Registry,
        "docker-registry",
        "serves images on this machine",
        Check::Program("docker-registry"),
        Cure::Debian("docker-registry"),
    ),
];
