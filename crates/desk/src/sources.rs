//! The sources panel: what the wall's picture rests on, each with the time at which it last gave a sign of life.

use model::Timestamp;

use crate::desk::{Desk, rfc3339};
use crate::views::SourceRow;

/// Members' reports that were heard once and then not for this long are missed.
const MEMBERS_SILENT_MILLIS: i64 = 10 * 60_000;
/// Feeds and imports may rest for a day; one that is not heard for longer is missed.
const FEEDS_SILENT_MILLIS: i64 = 26 * 3_600_000;
/// What should move within milliseconds and has not for this long stands still.
const STUCK_MILLIS: i64 = 10_000;
/// Entries that the picture may be behind the journal.
const BEHIND_MAX: u64 = 20_000;

/// What the process that runs the desk knows of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// When the fold last took a step.
    pub stepped_at: Timestamp,
    /// Whether the fold has ended.
    pub ended: bool,
    /// Entries that the fold has not taken in yet.
    pub behind: u64,
    /// Since when entries wait for the disk without one getting there.
    pub waiting_since: Option<Timestamp>,
    /// Since when the gate has work that is due and not done.
    pub overdue_since: Option<Timestamp>,
    /// Whether reports of member processes are taken at the socket; `None` where there is no such socket.
    pub intake: Option<bool>,
    /// Whether anybody would be woken for a report that is still going on; `None` until it is known.
    pub woken: Option<bool>,
}

impl Desk {
    pub(crate) fn sources(&self, now: Timestamp, facts: &Facts) -> Vec<SourceRow> {
        let old = |at: Timestamp, millis: i64| now.millis_since(at) > millis;
        let stuck = |since: Option<Timestamp>| since.is_some_and(|since| old(since, STUCK_MILLIS));
        let stalled = facts.ended || old(facts.stepped_at, STUCK_MILLIS);
        let row = |id: &str, name: &str, at: Option<Timestamp>, silent: bool| SourceRow {
            id: id.to_owned(),
            name: name.to_owned(),
            at: at.map(rfc3339),
            silent,
            exercise: self.exercise,
        };
        // What a report moves is told by the minute, as all times of reports are.
        let minute = |at: Option<Timestamp>| at.map(|at| at.floor_to(MINUTE_MILLIS));
        let missed = |at: Option<Timestamp>, millis: i64| at.is_some_and(|at| old(at, millis));
        let mut rows = vec![row(
            "members",
            "Members' reports",
            minute(self.heard_members),
            missed(self.heard_members, MEMBERS_SILENT_MILLIS),
        )];
        if self.heard_feeds.is_some() {
            let silent = missed(self.heard_feeds, FEEDS_SILENT_MILLIS);
            rows.push(row("feeds", "Feeds and imports", minute(self.heard_feeds), silent));
        }
        if let Some(listens) = facts.intake {
            rows.push(row("intake", "Member portal's reports", minute(self.heard_members), !listens));
        }
        if facts.woken == Some(false) {
            rows.push(row("shift", "Nobody is woken for reports that go on", None, true));
        }
        rows.push(row("journal", "Journal", minute(self.last_entry), stuck(facts.waiting_since)));
        let stepped = (facts.stepped_at != Timestamp::default()).then_some(facts.stepped_at);
        rows.push(row("fusion", "Fusion", stepped, stalled || facts.behind > BEHIND_MAX));
        rows.push(row("gate", "Release gate", self.last_release, stalled || stuck(facts.overdue_since)));
        rows
    }
}

/// Length of what the cell is told of the time at which a report came.
pub(crate) const MINUTE_MILLIS: i64 = 60_000;
