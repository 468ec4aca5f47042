//! What an operator reads in the logs: every event and span of every level, as text, kept apart by world.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The lines of one world.
pub type Lines = Arc<Mutex<Vec<String>>>;
/// Where the threads of one test write: the world that it drives at the moment.
pub type Desk = Arc<Mutex<Lines>>;

thread_local! {
    static DESK: RefCell<Option<Desk>> = const { RefCell::new(None) };
}

/// Has this thread write to a test's desk.
pub fn sit(desk: &Desk) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Capture(AtomicU64::new(1))).unwrap());
    DESK.with(|mine| *mine.borrow_mut() = Some(Arc::clone(desk)));
}

/// From here on everything that this test's threads log is of this world.
pub fn turn_to(lines: &Lines) {
    DESK.with(|desk| {
        if let Some(desk) = desk.borrow().as_ref() {
            *desk.lock().unwrap() = Arc::clone(lines);
        }
    });
}

struct Capture(AtomicU64);

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

fn note(text: String) {
    DESK.with(|desk| {
        if let Some(desk) = desk.borrow().as_ref() {
            desk.lock().unwrap().lock().unwrap().push(text);
        }
    });
}

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The runtime tells of its own tasks and threads, not of requests.
        !["tokio", "runtime", "mio"].iter().any(|name| metadata.target().starts_with(name))
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = Text(format!("{} span {}", span.metadata().target(), span.metadata().name()));
        span.record(&mut text);
        note(text.0);
        Id::from_u64(self.0.fetch_add(1, Ordering::SeqCst))
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        let mut text = Text("recorded".to_owned());
        values.record(&mut text);
        note(text.0);
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut text = Text(format!("{} {}", metadata.level(), metadata.target()));
        event.record(&mut text);
        note(text.0);
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}
