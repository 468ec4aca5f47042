//! Accepts connections: header timeout, a cap on their number, and an end that lets running requests finish.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;

use crate::session::Peer;

/// Connections of one listener.
const CONNECTIONS_MAX: u32 = 12_000;
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

/// Serves until `stop` turns true, then lets running requests finish.
pub(crate) async fn listen(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
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
            Ok((stream, address)) => (stream, Peer(address.ip())),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Small answers must not wait for each other.
        let _ = stream.set_nodelay(true);
        let service = router.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request
        });
        let service = TowerToHyperService::new(service);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let mut stop = stop.clone();
        tokio::spawn(async move {
            let _seat = seat;
            tokio::pin!(connection);
            tokio::select! {
                // A broken connection is the client's affair.
                _ = connection.as_mut() => return,
                _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
            }
            let _ = connection.await;
        });
    }
    drop(listener);
    let drained = tokio::time::timeout(DRAIN, seats.acquire_many(CONNECTIONS_MAX));
    if drained.await.is_err() {
        tracing::warn!("connections were still open after {DRAIN:?}");
    }
}
