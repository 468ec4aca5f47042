//! TLS of a listener: certificate and key from files, read anew when they change.

use std::fs::Metadata;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::{Config, Faces};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// A connection whose handshake is not done by then is closed.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Longest certificate or key file.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Bits of a file's mode by which anybody on the machine may read or write it.
const OTHERS: u32 = 0o007;

/// Where a listener's certificate and key lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those between it and its root, in PEM, the listener's own first.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", file.display())]
pub struct TlsError {
    file: PathBuf,
    why: String,
}

fn broken(file: &Path) -> impl Fn(&dyn std::fmt::Display) -> TlsError + use<> {
    let file = file.to_owned();
    move |why| TlsError { file: file.clone(), why: why.to_string() }
}

/// What changes when a file is written or another takes its place.
type Seen = Option<(u64, u64, u64, i64, i64, i64, i64)>;

fn seen(path: &Path) -> Seen {
    let told = |file: Metadata| {
        (file.dev(), file.ino(), file.len(), file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec())
    };
    std::fs::metadata(path).ok().map(told)
}

fn read(path: &Path) -> Result<(Vec<u8>, Metadata), TlsError> {
    let broken = broken(path);
    let file = std::fs::File::open(path).map_err(|error| broken(&error))?;
    let about = file.metadata().map_err(|error| broken(&error))?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(broken(&format_args!("longer than {FILE_BYTES_MAX} bytes")));
    }
    Ok((bytes, about))
}

impl TlsFiles {
    fn seen(&self) -> (Seen, Seen) {
        (seen(&self.certificate), seen(&self.key))
    }

    fn load(&self, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let (bytes, _) = read(&self.certificate)?;
        let broken_certificate = broken(&self.certificate);
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&bytes)
            .collect::<Result<_, _>>()
            .map_err(|error| broken_certificate(&error))?;
        if chain.is_empty() {
            return Err(broken_certificate(&"no certificate in it"));
        }
        let (bytes, about) = read(&self.key)?;
        let broken_key = broken(&self.key);
        if about.mode() & OTHERS != 0 {
            return Err(broken_key(&"others can read this key: chmod o-rwx it"));
        }
        // What the reader says of a key could quote it.
        let key = PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| broken_key(&"no private key in it"))?;
        CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => broken_key(&"not the key of the certificate"),
            other => broken_certificate(&other),
        })
    }
}

/// The certificate in use: each handshake asks for it.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// A listener's side of TLS.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    /// The files as they were when last read, whether or not they could be used: each state is read and told of once.
    looked: Arc<Mutex<(Seen, Seen)>>,
}

impl Tls {
    /// Reads the files.
    pub(crate) fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let looked = files.seen();
        let current = Arc::new(Current(RwLock::new(Arc::new(files.load(&provider)?))));
        let broken_certificate = broken(&files.certificate);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| broken_certificate(&error))?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::clone(&current) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { acceptor, current, files, provider, looked: Arc::new(Mutex::new(looked)) })
    }

    /// The members' and the cell's listener's side of TLS, as far as this process holds them; files that both use are read
    /// and watched once.
    pub(crate) fn of_listeners(config: &Config) -> Result<[Option<Self>; 2], TlsError> {
        let open = |held: bool, files: &Option<TlsFiles>| files.clone().filter(|_| held).map(Self::open).transpose();
        let member = open(config.faces != Faces::Cell, &config.member_tls)?;
        let shared = member.clone().filter(|_| config.faces == Faces::Both && config.cell_tls == config.member_tls);
        let cell = if shared.is_some() { shared } else { open(config.faces != Faces::Member, &config.cell_tls)? };
        Ok([member, cell])
    }

    /// One of each that are the same.
    pub(crate) fn different<'a>(member: &'a Option<Self>, cell: &'a Option<Self>) -> impl Iterator<Item = &'a Self> {
        let same = |one: &Self| member.as_ref().is_some_and(|other| Arc::ptr_eq(&one.current, &other.current));
        member.iter().chain(cell.iter().filter(move |tls| !same(tls)))
    }

    /// Reads the files anew if they have changed; open connections stay as they are. Tells whether another certificate is
    /// in use from now on.
    fn look(&self) -> Result<bool, TlsError> {
        let now = self.files.seen();
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if *looked == now {
            return Ok(false);
        }
        *looked = now;
        let fresh = Arc::new(self.files.load(&self.provider)?);
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(true)
    }

    /// Looks at the files for as long as the server runs.
    pub(crate) async fn watch(self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let tls = self.clone();
            match tokio::task::spawn_blocking(move || tls.look()).await {
                Ok(Ok(true)) => {
                    tracing::info!(certificate = %self.files.certificate.display(), "a new certificate is in use")
                }
                Ok(Ok(false)) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%error, "certificate and key have changed and cannot be used; the old ones stay")
                }
                Err(error) => tracing::error!(%error, "certificate and key could not be looked at"),
            }
        }
    }

    /// The handshake; `None` if it fails or takes too long, which is the client's affair.
    pub(crate) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        tokio::time::timeout(HANDSHAKE_LIMIT, self.acceptor.accept(stream)).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn write(files: &TlsFiles, name: &str) -> rcgen::CertifiedKey<rcgen::KeyPair> {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        std::fs::write(&files.certificate, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        std::fs::set_permissions(&files.key, std::fs::Permissions::from_mode(0o600)).unwrap();
        made
    }

    fn folder() -> (tempfile::TempDir, TlsFiles) {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        (folder, files)
    }

    fn in_use(tls: &Tls) -> Vec<u8> {
        tls.current.0.read().unwrap().cert[0].to_vec()
    }

    #[test]
    fn a_changed_pair_is_taken_and_a_broken_one_told_once() {
        let (_folder, files) = folder();
        let first = write(&files, "one.example");
        let tls = Tls::open(files.clone()).unwrap();
        assert!(!tls.look().unwrap());
        // The certificate is there before its key, then half of the key, then all of it.
        let second = rcgen::generate_simple_self_signed(["two.example".to_owned()]).unwrap();
        std::fs::write(&files.certificate, second.cert.pem()).unwrap();
        let error = tls.look().unwrap_err().to_string();
        assert!(error.contains("not the key of the certificate"), "{error}");
        assert!(!tls.look().unwrap(), "told twice");
        let key = second.signing_key.serialize_pem();
        std::fs::write(&files.key, &key[..key.len() / 2]).unwrap();
        let error = tls.look().unwrap_err().to_string();
        assert!(error.contains("no private key"), "{error}");
        assert_eq!(in_use(&tls), first.cert.der().to_vec());
        std::fs::remove_file(&files.key).unwrap();
        assert!(tls.look().is_err());
        std::fs::write(&files.key, key).unwrap();
        std::fs::set_permissions(&files.key, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(tls.look().unwrap());
        assert_eq!(in_use(&tls), second.cert.der().to_vec());
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let (_folder, files) = folder();
        let told = || Tls::open(files.clone()).err().unwrap().to_string();
        assert!(told().contains("cert.pem: No such file"), "{}", told());
        write(&files, "one.example");
        std::fs::set_permissions(&files.key, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(told().contains("key.pem: others can read this key"), "{}", told());
        write(&files, "one.example");
        std::fs::write(&files.certificate, "-----BEGIN NOTHING-----").unwrap();
        assert!(told().contains("cert.pem"), "{}", told());
        std::fs::write(&files.certificate, vec![b'x'; (1 << 20) + 1]).unwrap();
        assert!(told().contains("longer than"), "{}", told());
    }
}
