//! What was seen, and what to look out for: one fact with its time, and one fact with how far it may travel.

use crate::{Marking, Observable, Timestamp};

/// That somebody saw a value: what each value of a report is, from the file that it stood in to the cell's pages.
///
/// Who saw it is not part of it: a report has a case and a token for that, and they stay with the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What was seen, in its normal form.
    pub observable: Observable,
    /// When, if whoever saw it says.
    pub seen_at: Option<Timestamp>,
}

impl Sighting {
    /// A sighting of which nobody said when.
    #[must_use]
    pub const fn of(observable: Observable) -> Self {
        Self { observable, seen_at: None }
    }
}

/// A value to look out for: what members are shown of all the sightings of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// What to look for, in its normal form.
    pub observable: Observable,
    /// How far it may travel and what may be done with it: the strictest of what its sightings came with.
    pub marking: Marking,
}
