//! Why nothing came of a request. No text of another host is repeated: it may quote what it was sent.

use std::net::IpAddr;
use std::path::PathBuf;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The address cannot be asked.
    #[error("address: {0}")]
    Address(&'static str),
    /// Every address of the host lies in a range that is not allowed.
    #[error("host: {0} lies in a range that is not allowed")]
    Range(IpAddr),
    /// The host has no address.
    #[error("host: it has no address")]
    NoAddress,
    /// Nobody answers there.
    #[error("connection: it could not be made")]
    Connect,
    /// TLS, or a certificate that is not good for the host.
    #[error("connection: TLS failed")]
    Tls,
    /// It took longer than the limit.
    #[error("no answer in time")]
    Late,
    /// What came is no answer.
    #[error("answer: it cannot be read")]
    Answer,
    /// It answers with a redirect, and none is followed.
    #[error("answer: a redirect ({0}), and none is followed")]
    Redirect(u16),
    /// The answer is longer than the limit.
    #[error("answer: longer than {0} bytes")]
    Long(usize),
    /// The file of roots.
    #[error("{}: {why}", file.display())]
    Roots {
        /// Which.
        file: PathBuf,
        /// Why it cannot be used.
        why: String,
    },
}
