//! One stream for many viewers: each frame is built once and shared; a slow viewer is cut over to a fresh snapshot.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Response};
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver, Sender};

use crate::problem::Problem;

/// Frames that a viewer may lag behind before it is cut over; all viewers share one ring of them.
pub const FRAMES_HELD_MAX: usize = 256;
/// Time between two beats.
pub(crate) const BEAT_MILLIS: i64 = 1_000;
/// Viewers of one listener's stream.
pub const VIEWERS_MAX: usize = 10_000;
/// Streams of one member organisation, or of one person of the cell: nobody takes the others' places.
pub const STREAMS_EACH_MAX: usize = 16;

/// How long to wait for a stream of one's own to end.
const STREAM_WAIT_SECS: u64 = 10;

/// Whose a stream is: an organisation's id, or a person's.
pub type Holder = [u8; 16];

/// Why there is no place in the audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// The holder has all the streams that one may have.
    Yours,
    /// The listener is full, or closing.
    All,
}

/// One frame as it goes over the wire.
#[derive(Clone, Debug)]
struct Frame {
    /// Empty for a pulse, which only makes viewers check whether they may still watch, and for a cut, which has a place.
    bytes: Bytes,
    /// Who alone may have it; everybody, if nothing is said.
    to: Option<policy::Audience>,
    /// Place in the stream; a viewer skips what its snapshot held. Zero for frames without a place.
    place: u64,
}

/// A point to start from: bytes to send first and the place up to which they tell everything.
#[derive(Clone, Debug)]
pub struct Start {
    /// Frames to send first.
    pub frames: Vec<Bytes>,
    /// The place that they reach to.
    pub place: u64,
}

/// What is answered to whoever finds no place. Those who have their share hear of their own streams only.
pub(crate) fn no_place(why: NoPlace) -> Problem {
    match why {
        NoPlace::Yours => Problem::slow_down(STREAM_WAIT_SECS),
        NoPlace::All => Problem::busy("too many viewers"),
    }
}

/// Fans frames out to viewers.
pub struct Hub {
    sender: Mutex<Option<Sender<Frame>>>,
    viewers: Arc<AtomicUsize>,
    holders: Arc<Mutex<HashMap<Holder, usize>>>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            sender: Mutex::new(Some(broadcast::channel(FRAMES_HELD_MAX).0)),
            viewers: Arc::default(),
            holders: Arc::default(),
        }
    }
}

impl Hub {
    fn send(&self, frame: Frame) {
        if let Some(sender) = self.sender.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            // No receiver means that nobody watches.
            let _ = sender.send(frame);
        }
    }

    /// Sends a frame to every viewer whose start did not tell it already.
    pub fn publish(&self, bytes: Bytes, place: u64) {
        self.send(Frame { bytes, to: None, place });
    }

    /// Sends a frame to those viewers alone who are of its audience when it reaches them.
    pub fn publish_to(&self, to: policy::Audience, bytes: Bytes) {
        self.send(Frame { bytes, to: Some(to), place: 0 });
    }

    /// Sends every viewer to a fresh snapshot: too much has changed to tell it bit by bit.
    pub fn recut(&self, place: u64) {
        self.send(Frame { bytes: Bytes::new(), to: None, place });
    }

    /// Makes every viewer check at once whether it may still watch.
    pub fn pulse(&self) {
        self.send(Frame { bytes: Bytes::new(), to: None, place: 0 });
    }

    /// Ends all streams, now and for good.
    pub fn close(&self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// How many watch.
    #[must_use]
    pub fn viewers(&self) -> usize {
        self.viewers.load(Ordering::Relaxed)
    }

    /// Begins to listen; frames from here on are kept until the viewer reads them.
    ///
    /// # Errors
    /// `NoPlace` if the hub is closed or full, or the holder has its share.
    pub fn subscribe(&self, holder: Holder) -> Result<Subscription, NoPlace> {
        if self.viewers() >= VIEWERS_MAX {
            return Err(NoPlace::All);
        }
        let receiver = self.sender.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Sender::subscribe);
        let receiver = receiver.ok_or(NoPlace::All)?;
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let streams = holders.entry(holder).or_insert(0);
        if *streams >= STREAMS_EACH_MAX {
            return Err(NoPlace::Yours);
        }
        *streams += 1;
        drop(holders);
        self.viewers.fetch_add(1, Ordering::Relaxed);
        let seat = Seat { viewers: Arc::clone(&self.viewers), holders: Arc::clone(&self.holders), holder };
        Ok(Subscription { receiver, _seat: seat })
    }
}

struct Seat {
    viewers: Arc<AtomicUsize>,
    holders: Arc<Mutex<HashMap<Holder, usize>>>,
    holder: Holder,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.viewers.fetch_sub(1, Ordering::Relaxed);
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(streams) = holders.get_mut(&self.holder) {
            *streams = streams.saturating_sub(1);
            if *streams == 0 {
                holders.remove(&self.holder);
            }
        }
    }
}

/// A place in the audience.
pub struct Subscription {
    receiver: Receiver<Frame>,
    _seat: Seat,
}

/// What a viewer's stream asks while it runs.
pub trait Audience: Send + Sync + 'static {
    /// A fresh snapshot, read after the subscription began; it may wait for a store or a lock.
    fn snapshot(&self) -> Option<Start>;
    /// Whether this viewer may still watch.
    fn allowed(&self) -> bool;
    /// Whether this viewer is, at this moment, of the audience that a frame is for.
    fn is_of(&self, _audience: &policy::Audience) -> bool {
        false
    }
}

struct Viewer<A> {
    subscription: Subscription,
    queued: VecDeque<Bytes>,
    place: u64,
    audience: A,
}

/// Text of an event; `data` must be one line.
#[must_use]
pub fn event(name: &str, id: Option<&str>, data: &str) -> Bytes {
    let mut text = String::with_capacity(name.len() + data.len() + 48);
    text.push_str("event: ");
    text.push_str(name);
    if let Some(id) = id {
        text.push_str("\nid: ");
        text.push_str(id);
    }
    text.push_str("\ndata: ");
    text.push_str(data);
    text.push_str("\n\n");
    Bytes::from(text)
}

async fn next<A: Audience>(mut viewer: Viewer<A>) -> Option<(Result<Bytes, Infallible>, Viewer<A>)> {
    loop {
        if let Some(bytes) = viewer.queued.pop_front() {
            return Some((Ok(bytes), viewer));
        }
        let received = viewer.subscription.receiver.recv().await;
        if matches!(received, Err(RecvError::Closed)) || !viewer.audience.allowed() {
            return None;
        }
        match received {
            Ok(frame) if frame.place != 0 && frame.place <= viewer.place => {}
            Ok(frame) if frame.place == 0 && frame.bytes.is_empty() => {}
            Ok(frame) if frame.to.is_some_and(|to| !viewer.audience.is_of(&to)) => {}
            Ok(frame) if !frame.bytes.is_empty() => {
                viewer.place = viewer.place.max(frame.place);
                return Some((Ok(frame.bytes), viewer));
            }
            Ok(_) | Err(_) => {
                // Too slow, or cut over: what was missed is dropped, a snapshot read from now on replaces it.
                viewer.subscription.receiver = viewer.subscription.receiver.resubscribe();
                let start = crate::http::in_place(|| viewer.audience.snapshot())?;
                viewer.place = start.place;
                viewer.queued.push_back(event("resync", None, "{}"));
                viewer.queued.extend(start.frames);
            }
        }
    }
}

/// The answer that streams to one viewer.
pub fn stream_to<A: Audience>(subscription: Subscription, start: Start, audience: A) -> Response<Body> {
    let viewer = Viewer { subscription, queued: start.frames.into(), place: start.place, audience };
    let mut response = Response::new(Body::from_stream(stream::unfold(viewer, next)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use http_body_util::BodyExt;

    use super::*;

    struct Fixed(Arc<AtomicBool>);

    impl Audience for Fixed {
        fn snapshot(&self) -> Option<Start> {
            Some(Start { frames: vec![event("snapshot", None, "{}")], place: 1_000 })
        }

        fn allowed(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
    }

    async fn read(response: &mut Response<Body>) -> Option<String> {
        let frame = response.body_mut().frame().await?.unwrap();
        Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
    }

    fn watch(hub: &Hub, allowed: &Arc<AtomicBool>) -> Response<Body> {
        let start = Start { frames: vec![event("snapshot", Some("a"), "{}")], place: 5 };
        stream_to(hub.subscribe([1; 16]).unwrap(), start, Fixed(Arc::clone(allowed)))
    }

    #[tokio::test]
    async fn a_viewer_gets_its_snapshot_and_then_only_what_is_newer() {
        let hub = Hub::default();
        let mut response = watch(&hub, &Arc::new(AtomicBool::new(true)));
        hub.publish(event("release", None, "old"), 5);
        hub.publish(event("release", None, "new"), 6);
        hub.publish(event("beat", None, "1"), 0);
        assert_eq!(read(&mut response).await.unwrap(), "event: snapshot\nid: a\ndata: {}\n\n");
        assert_eq!(read(&mut response).await.unwrap(), "event: release\ndata: new\n\n");
        assert_eq!(read(&mut response).await.unwrap(), "event: beat\ndata: 1\n\n");
        hub.close();
        assert_eq!(read(&mut response).await, None);
        drop(response);
        assert_eq!(hub.viewers(), 0);
    }

    #[tokio::test]
    async fn a_slow_viewer_is_cut_over_and_a_revoked_one_ends() {
        let hub = Hub::default();
        let allowed = Arc::new(AtomicBool::new(true));
        let mut response = watch(&hub, &allowed);
        assert!(read(&mut response).await.unwrap().contains("snapshot"));
        for place in 6..6 + 2 * FRAMES_HELD_MAX as u64 {
            hub.publish(event("release", None, "x"), place);
        }
        assert_eq!(read(&mut response).await.unwrap(), "event: resync\ndata: {}\n\n");
        assert!(read(&mut response).await.unwrap().contains("snapshot"));
        hub.publish(event("release", None, "old"), 999);
        hub.publish(event("release", None, "next"), 1_001);
        assert!(read(&mut response).await.unwrap().contains("next"));
        allowed.store(false, Ordering::Relaxed);
        hub.pulse();
        assert_eq!(read(&mut response).await, None);
    }

    #[test]
    fn each_holder_has_its_own_places() {
        let hub = Hub::default();
        let mut held: Vec<Subscription> = (0..STREAMS_EACH_MAX).map(|_| hub.subscribe([1; 16]).ok().unwrap()).collect();
        assert_eq!(hub.subscribe([1; 16]).err(), Some(NoPlace::Yours));
        let other = hub.subscribe([2; 16]);
        assert!(other.is_ok(), "another member sees nothing of it");
        held.pop();
        assert!(hub.subscribe([1; 16]).is_ok());
        drop((held, other));
        assert!(hub.holders.lock().unwrap().is_empty());
        hub.close();
        assert_eq!(hub.subscribe([1; 16]).err(), Some(NoPlace::All));
    }
}
