//! Accepts connections, plain or by TLS: header timeout, a cap on their number, and an end that lets running requests
//! finish.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;

use crate::proxies::{Proxies, counted_by};
use crate::session::Peer;
use crate::tls::Tls;

/// Connections of one listener.
const CONNECTIONS_MAX: u32 = 12_000;
/// Connections of one address, or one /64 of IPv6, that is neither this machine nor a trusted proxy: nobody takes all.
const CONNECTIONS_EACH_MAX: usize = 1_024;
/// A connection that has not sent a whole request head by then is closed; also how long a kept one may rest.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of a request's head.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Most headers of a request.
const HEADERS_MAX: usize = 64;
/// How long running requests may take to finish at the end.
const DRAIN: Duration = Duration::from_secs(5);
/// Pause after an accept that failed, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Connections by address.
#[derive(Clone, Default)]
struct Crowd(Arc<Mutex<HashMap<String, usize>>>);

struct Place {
    crowd: Crowd,
    whose: Option<String>,
}

impl Crowd {
    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection; `None` if its address has all that one may have.
    fn place(&self, peer: IpAddr, proxies: &Proxies) -> Option<Place> {
        let crowd = self.clone();
        if peer.to_canonical().is_loopback() || proxies.trusts(peer) {
            return Some(Place { crowd, whose: None });
        }
        let whose = counted_by(peer);
        let mut counts = self.counts();
        let count = counts.entry(whose.clone()).or_insert(0);
        if *count >= CONNECTIONS_EACH_MAX {
            return None;
        }
        *count += 1;
        Some(Place { crowd, whose: Some(whose) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(whose) = &self.whose else { return };
        let mut counts = self.crowd.counts();
        if let Some(count) = counts.get_mut(whose) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(whose);
            }
        }
    }
}

/// Serves one connection to its end; at the server's, running requests are let finish.
async fn drive(
    builder: http1::Builder,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: IpAddr,
    router: Router,
    proxies: Proxies,
    mut stop: watch::Receiver<bool>,
) {
    let service = router.map_request(move |mut request: Request<Incoming>| {
        let visitor = Peer(proxies.visitor(peer, request.headers()));
        request.extensions_mut().insert(visitor);
        request
    });
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    tokio::select! {
        // A broken connection is the client's affair.
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Serves until `stop` turns true, then lets running requests finish.
pub(crate) async fn listen(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    proxies: Proxies,
    mut stop: watch::Receiver<bool>,
) {
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
    let crowd = Crowd::default();
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX.max(8192));
    loop {
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match accepted {
            Ok((stream, address)) => (stream, address.ip()),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(place) = crowd.place(peer, &proxies) else { continue };
        // Small answers must not wait for each other.
        let _ = stream.set_nodelay(true);
        let (builder, router, proxies, mut stop) = (builder.clone(), router.clone(), proxies.clone(), stop.clone());
        let tls = tls.clone();
        tokio::spawn(async move {
            let _seats = (seat, place);
            let Some(tls) = tls else { return drive(builder, stream, peer, router, proxies, stop).await };
            // The handshake is done here: whoever is slow with it keeps nobody else waiting.
            let shaken = tokio::select! {
                shaken = tls.accept(stream) => shaken,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            if let Some(stream) = shaken {
                drive(builder, stream, peer, router, proxies, stop).await;
            }
        });
    }
    drop(listener);
    let drained = tokio::time::timeout(DRAIN, seats.acquire_many(CONNECTIONS_MAX));
    if drained.await.is_err() {
        tracing::warn!("connections were still open after {DRAIN:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_does_not_take_every_connection() {
        let (crowd, proxies) = (Crowd::default(), Proxies::new(&["10.0.0.7".parse().unwrap()]));
        let place = |text: &str| crowd.place(text.parse().unwrap(), &proxies);
        let mut held: Vec<Place> = (0..CONNECTIONS_EACH_MAX).map(|_| place("192.0.2.1").unwrap()).collect();
        assert!(place("192.0.2.1").is_none());
        for other in ["192.0.2.2", "127.0.0.1", "10.0.0.7"] {
            assert!(place(other).is_some(), "{other}");
        }
        held.pop();
        assert!(place("192.0.2.1").is_some());
        drop(held);
        assert!(crowd.counts().is_empty());
    }
}
