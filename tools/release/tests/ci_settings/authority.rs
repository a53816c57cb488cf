//! A forge and a registry whose certificates are of an authority of one's own: a real TLS server,
//! and the verbs as CI runs them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use project::Project;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::{checkout, ci_in, git};

/// An authority, and a server on this machine with a certificate of it. It answers everything with
/// an empty list.
struct Tls {
    /// `127.0.0.1:port`.
    address: String,
    /// Where the authority's certificate lies.
    authority: PathBuf,
    asked: Arc<Mutex<Vec<String>>>,
    folder: TempDir,
}

impl Tls {
    fn start() -> Self {
        let key = KeyPair::generate().expect("make a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).expect("sign for itself");
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().expect("make a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &issuer).expect("sign for the server");

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("the key of the certificate");
        let folder = tempfile::tempdir().expect("make a folder");
        let file = folder.path().join("authority.pem");
        fs::write(&file, authority.pem()).expect("write a file");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let keeping = asked.clone();
        // It ends with the tests' process.
        std::thread::spawn(move || serve(&listener, &Arc::new(config), &keeping));
        Self {
            address,
            authority: file,
            asked,
            folder,
        }
    }

    /// What was asked since the last call.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("not poisoned"))
    }
}

fn serve(listener: &TcpListener, config: &Arc<ServerConfig>, asked: &Mutex<Vec<String>>) {
    for socket in listener.incoming() {
        let connection = ServerConnection::new(config.clone()).expect("a connection");
        let mut stream = StreamOwned::new(connection, socket.expect("a client"));
        let (mut request, mut byte) = (Vec::new(), [0]);
        // A client that does not like the certificate goes away.
        while !request.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
            request.push(byte[0]);
        }
        let request = String::from_utf8_lossy(&request);
        let Some(line) = request.lines().next() else {
            continue;
        };
        asked.lock().expect("not poisoned").push(line.to_owned());
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]");
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }
}

/// What the verb says that asks the forge first.
fn promote(tls: &Tls, variables: &[(&str, &Path)]) -> String {
    let api = format!("https://{}/api/v1", tls.address);
    let forge = [
        ("FORGE", "gitea"),
        ("FORGE_API", &api),
        ("FORGE_REPO", "owner/name"),
        ("FORGE_TOKEN", "secret"),
    ];
    let forge = forge.map(|(name, value)| (name, Path::new(value)));
    let output = ci_in(&checkout(), &["promote"], forge.iter().chain(variables).copied());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_forge_is_trusted_whose_authority_the_environment_names() {
    let tls = Tls::start();
    let said = promote(&tls, &[]);
    let is_named =
        |said: &str| said.contains("certificate that is not trusted") && said.contains("SSL_CERT_FILE");
    assert!(is_named(&said) && !said.contains("cannot be reached"), "{said}");
    assert_eq!(tls.asked(), [""; 0]);

    // In a file, or in a folder as `openssl rehash` leaves one.
    let named = tls.folder.path().join("0a1b2c3d.0");
    fs::copy(&tls.authority, &named).expect("write a file");
    let (file, folder): (&Path, &Path) = (&tls.authority, tls.folder.path());
    for trusted in [("SSL_CERT_FILE", file), ("SSL_CERT_DIR", folder)] {
        let said = promote(&tls, &[trusted]);
        assert!(!said.contains("certificate"), "{trusted:?}: {said}");
        assert!(
            tls.asked()[0].starts_with("GET /api/v1/repos/owner/name/pulls?"),
            "{said}"
        );
    }
    // Somebody else's authority is not that one's.
    let other = Tls::start();
    let said = promote(&tls, &[("SSL_CERT_FILE", &other.authority)]);
    assert!(is_named(&said), "{said}");
}

#[test]
fn git_trusts_whom_the_verbs_trust() {
    let tls = Tls::start();
    let checkout = checkout();
    let origin = format!("https://{}/owner/name.git", tls.address);
    git(&checkout, &["remote", "set-url", "origin", &origin]);
    let plan = |trusted: Option<&Path>| {
        let trusted = trusted.map(|file| ("SSL_CERT_FILE", file));
        let variables = [
            ("RELEASE_BRANCH", "master"),
            ("IMAGE_REGISTRY", "127.0.0.1:1/loop"),
        ];
        let variables = variables.map(|(name, value)| (name, Path::new(value)));
        let output = ci_in(&checkout, &["plan"], variables.into_iter().chain(trusted));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = plan(None);
    assert!(
        said.contains("certificate that is not trusted") && said.contains(&origin),
        "{said}"
    );
    assert_eq!(tls.asked(), [""; 0]);
    let said = plan(Some(&tls.authority));
    assert!(!said.contains("certificate that"), "{said}");
    assert!(
        tls.asked()[0].starts_with("GET /owner/name.git/info/refs"),
        "{said}"
    );
}

#[test]
fn a_file_of_authorities_that_cannot_be_read_is_named() {
    let tls = Tls::start();
    let empty = tls.folder.path().join("empty.pem");
    fs::write(&empty, "").expect("write a file");
    for file in [Path::new("/nowhere/authority.pem"), &empty] {
        let said = promote(&tls, &[("SSL_CERT_FILE", file)]);
        let expected = format!(
            "SSL_CERT_FILE={}: no certificate can be read there",
            file.display()
        );
        assert!(said.contains(&expected), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_registry_is_trusted_whose_authority_the_environment_names() {
    let tls = Tls::start();
    let checkout = checkout();
    let project = Project::load(checkout.path()).expect("read the project");
    for app in project.apps() {
        let folder = checkout.path().join(app.folder());
        fs::create_dir(&folder).expect("make a folder");
        fs::write(folder.join("main.rs"), "").expect("write a file");
    }
    git(&checkout, &["add", "--all"]);
    git(
        &checkout,
        &[
            "-c",
            "user.name=dev",
            "-c",
            "user.email=dev@example.invalid",
            "commit",
            "--quiet",
            "--message",
            "Start",
        ],
    );
    let registry = format!("{}/loop", tls.address);
    let tag = |trusted: Option<&Path>| {
        let trusted = trusted.map(|file| ("SSL_CERT_FILE", file));
        let registry = [("IMAGE_REGISTRY", Path::new(&registry))];
        let output = ci_in(&checkout, &["tag", "v1.2.3"], registry.into_iter().chain(trusted));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = tag(None);
    assert!(
        said.contains("certificate that is not trusted") && said.contains("SSL_CERT_FILE"),
        "{said}"
    );
    assert_eq!(tls.asked(), [""; 0]);
    let said = tag(Some(&tls.authority));
    // It has no digests; but it was asked.
    assert!(said.contains("without a digest"), "{said}");
    assert!(tls.asked()[0].starts_with("HEAD /v2/loop/"), "{said}");
}

#[test]
fn a_server_that_speaks_no_tls_is_told_from_one_that_is_away() {
    let plain = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let tls = Tls::start();
    let address = plain.local_addr().expect("an address").to_string();
    let other = Tls { address, ..tls };
    std::thread::spawn(move || {
        for socket in plain.incoming() {
            let _ = socket
                .expect("a client")
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let said = promote(&other, &[]);
    assert!(
        said.contains("plain http, though the address says https"),
        "{said}"
    );
}
