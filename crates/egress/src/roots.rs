//! The roots that certificates must go back to: this machine's, or those of a file alone.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::EgressError;

/// Longest file of roots.
const FILE_BYTES_MAX: u64 = 4 << 20;

fn of_file(file: &Path) -> Result<RootCertStore, EgressError> {
    let broken = |why: &dyn std::fmt::Display| EgressError::Roots { file: file.to_owned(), why: why.to_string() };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(|error| broken(&error))?;
    opened.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| broken(&error))?;
        roots.add(certificate).map_err(|error| broken(&error))?;
    }
    if roots.is_empty() { Err(broken(&"no certificate in it")) } else { Ok(roots) }
}

/// A machine without roots reaches nobody by TLS, and finds out when it tries.
fn of_machine() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// How TLS is spoken.
pub(crate) fn tls(file: Option<&Path>) -> Result<Arc<ClientConfig>, EgressError> {
    let roots = file.map_or_else(|| Ok(of_machine()), of_file)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.map_err(|_| EgressError::Tls)?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
