//! One request over one connection to one judged address.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::ranges::{Network, is_public};
use crate::resolve::{Names, Resolve};
use crate::{EgressError, roots};

/// Connections that are open at once; further requests wait for one of them, within their own time.
const CONNECTIONS_MAX: usize = 16;
/// Addresses of one host that are tried.
const ADDRESSES_MAX: usize = 4;
/// Bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Lines of an answer's head.
const HEAD_LINES_MAX: usize = 64;
const AGENT: HeaderValue = HeaderValue::from_static("fusioncell");

/// What one request may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first look at the name to the last byte of the answer.
    pub time: Duration,
    /// Bytes of the answer's body.
    pub answer_bytes: usize,
}

/// Where a client may go.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Networks that are allowed though they are not the public internet's. Plain HTTP is spoken to those of them that are
    /// this machine itself, and to nobody else.
    pub allowed: Vec<Network>,
    /// File with the only roots that certificates may go back to, in PEM, instead of this machine's.
    pub roots: Option<PathBuf>,
}

impl Rules {
    /// Whether an address may be connected to.
    #[must_use]
    pub fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.allowed.iter().any(|network| network.contains(&address))
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its body, whole.
    pub body: Bytes,
}

/// See the crate.
pub struct Client {
    rules: Rules,
    limits: Limits,
    names: Arc<dyn Resolve>,
    tls: Arc<ClientConfig>,
    room: Semaphore,
}

impl Client {
    /// A client with this machine's resolver.
    ///
    /// # Errors
    /// [`EgressError::Roots`] if the file of roots cannot be used.
    pub fn new(rules: Rules, limits: Limits) -> Result<Self, EgressError> {
        Self::with_names(rules, limits, Arc::new(Names))
    }

    /// A client with another resolver.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_names(rules: Rules, limits: Limits, names: Arc<dyn Resolve>) -> Result<Self, EgressError> {
        let tls = roots::tls(rules.roots.as_deref())?;
        Ok(Self { rules, limits, names, tls, room: Semaphore::new(CONNECTIONS_MAX) })
    }

    /// Whether an address could be asked at all, without looking at names: its scheme, and that it holds no password.
    ///
    /// # Errors
    /// [`EgressError::Address`] says why not.
    pub fn check(url: &Url) -> Result<(), EgressError> {
        if !matches!(url.scheme(), "https" | "http") {
            return Err(EgressError::Address("the scheme is neither https nor http"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EgressError::Address("a name or password does not belong in it"));
        }
        if url.host().is_none() { Err(EgressError::Address("it names no host")) } else { Ok(()) }
    }

    /// Posts a body and reads the answer.
    ///
    /// # Errors
    /// [`EgressError`] if there is no answer within the limits; a status that says no is an answer, a redirect is none.
    pub async fn post(
        &self,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
        body: impl Into<Bytes> + Send,
    ) -> Result<Reply, EgressError> {
        self.ask(Method::POST, url, headers, body.into()).await
    }

    async fn ask(
        &self,
        method: Method,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<Reply, EgressError> {
        Self::check(url)?;
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let host = url.host_str().ok_or(EgressError::Address("it names no host"))?;
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let request = Request::builder().method(method).uri(path).header(HOST, host).header(USER_AGENT, AGENT);
        let mut request = request.body(Full::new(body)).map_err(|_| EgressError::Address("it cannot be asked for"))?;
        request.headers_mut().extend(headers.iter().cloned());
        let work = async {
            let _room = self.room.acquire().await.map_err(|_| EgressError::Connect)?;
            let tcp = self.connect(url).await?;
            if url.scheme() == "http" {
                return exchange(tcp, request, self.limits.answer_bytes).await;
            }
            let name = match url.host() {
                Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|_| EgressError::Tls)?,
                Some(Host::Ipv4(address)) => ServerName::IpAddress(address.into()),
                Some(Host::Ipv6(address)) => ServerName::IpAddress(address.into()),
                None => return Err(EgressError::Address("it names no host")),
            };
            let tls = TlsConnector::from(Arc::clone(&self.tls)).connect(name, tcp);
            exchange(tls.await.map_err(|_| EgressError::Tls)?, request, self.limits.answer_bytes).await
        };
        tokio::time::timeout(self.limits.time, work).await.map_err(|_| EgressError::Late)?
    }

    /// Connects to an address that was judged: nothing looks at the name again.
    async fn connect(&self, url: &Url) -> Result<TcpStream, EgressError> {
        let port = url.port_or_known_default().ok_or(EgressError::Address("it names no port"))?;
        let found = match url.host() {
            Some(Host::Ipv4(address)) => vec![SocketAddr::new(address.into(), port)],
            Some(Host::Ipv6(address)) => vec![SocketAddr::new(address.into(), port)],
            Some(Host::Domain(name)) => self.names.resolve(name, port).await.map_err(|_| EgressError::NoAddress)?,
            None => return Err(EgressError::Address("it names no host")),
        };
        let first = found.first().ok_or(EgressError::NoAddress)?.ip();
        let plain = url.scheme() == "http";
        // Of a name with good and bad addresses only the good ones are ever connected to.
        let admitted: Vec<SocketAddr> = found.into_iter().filter(|found| self.rules.admits(found.ip())).collect();
        if admitted.is_empty() {
            return Err(EgressError::Range(first));
        }
        for address in admitted.into_iter().take(ADDRESSES_MAX) {
            if plain && !address.ip().to_canonical().is_loopback() {
                return Err(EgressError::Address("plain http leaves this machine: use https"));
            }
            if let Ok(tcp) = TcpStream::connect(address).await {
                // What is not sent at once is only slower.
                let _ = tcp.set_nodelay(true);
                return Ok(tcp);
            }
        }
        Err(EgressError::Connect)
    }
}

async fn exchange(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    bytes_max: usize,
) -> Result<Reply, EgressError> {
    /// The connection ends with the exchange, however that ends.
    struct Ends(tokio::task::JoinHandle<()>);
    impl Drop for Ends {
        fn drop(&mut self) {
            self.0.abort();
        }
    }
    let mut builder = hyper::client::conn::http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEAD_LINES_MAX);
    let (mut sender, connection) = builder.handshake(TokioIo::new(io)).await.map_err(|_| EgressError::Answer)?;
    let _ends = Ends(tokio::spawn(async move {
        let _ = connection.await;
    }));
    let answer = sender.send_request(request).await.map_err(|_| EgressError::Answer)?;
    let status = answer.status();
    if status.is_redirection() {
        return Err(EgressError::Redirect(status.as_u16()));
    }
    let body = Limited::new(answer.into_body(), bytes_max).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { EgressError::Long(bytes_max) } else { EgressError::Answer }
    })?;
    Ok(Reply { status: status.as_u16(), body: body.to_bytes() })
}
