//! Replay of real data: drafts of a data folder become the reports of as many members, at a steady number of values a second.

use std::collections::HashMap;

use model::{Draft, Region, Sector};

use crate::random::{number_of, spread};
use crate::report::{Action, Report};

/// Longest name of a member that is made from an author.
const NAME_CHARS_MAX: usize = 80;

/// A member that stands for an author of the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The author's name.
    pub name: String,
    /// A sector, by a hash of the name.
    pub sector: Sector,
    /// A region, by a hash of the name.
    pub region: Region,
}

#[derive(Debug)]
struct Piece {
    /// How far into its source it lies, in parts of 2^32: sources run side by side and end together.
    place: u64,
    author: usize,
    items: u64,
    report: Report,
}

/// Collects drafts.
#[derive(Debug, Default)]
pub struct ReplayBuilder {
    items_max: usize,
    authors: Vec<Author>,
    by_name: HashMap<String, usize>,
    sources: HashMap<String, Vec<(i64, usize, Report)>>,
}

impl ReplayBuilder {
    /// Reports will have at most `items_max` values.
    #[must_use]
    pub fn new(items_max: usize) -> Self {
        Self { items_max, ..Self::default() }
    }

    /// Adds a draft of `source`, which is a group of files that belong together.
    pub fn add(&mut self, source: &str, draft: &Draft) {
        let name = draft.author.as_deref().map(str::trim).filter(|name| !name.is_empty()).unwrap_or(source);
        let author = self.author(name);
        let at = draft.happened_at.map_or(i64::MIN, model::Timestamp::as_millis);
        let reports = Report::of_draft(draft, self.items_max);
        if reports.is_empty() {
            return;
        }
        self.sources
            .entry(source.to_owned())
            .or_default()
            .extend(reports.into_iter().map(|report| (at, author, report)));
    }

    fn author(&mut self, name: &str) -> usize {
        let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
        let name = name.trim().to_owned();
        // The register tells no names apart that differ in case alone, and on the networks that authors write on they are one.
        let folded = name.to_lowercase();
        if let Some(&known) = self.by_name.get(&folded) {
            return known;
        }
        let hash = number_of(&name);
        let nth = |hash: u64, count: usize| usize::try_from(hash % count.max(1) as u64).unwrap_or(0);
        let sector = Sector::ALL.get(nth(hash, Sector::ALL.len())).copied().unwrap_or(Sector::Energy);
        let region = Region::ALL.get(nth(spread(hash), Region::ALL.len())).copied().unwrap_or(Region::London);
        self.authors.push(Author { name, sector, region });
        self.by_name.insert(folded, self.authors.len() - 1);
        self.authors.len() - 1
    }

    /// The replay at `items_per_second` values a second. Each source keeps its own order of time.
    #[must_use]
    pub fn build(self, items_per_second: f64) -> Replay {
        let mut pieces = Vec::new();
        let mut sources: Vec<_> = self.sources.into_iter().collect();
        sources.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, mut reports) in sources {
            reports.sort_by_key(|(at, _, _)| *at);
            let total: u64 = reports.iter().map(|(_, _, report)| report.indicators.len() as u64).sum();
            let mut before = 0;
            for (_, author, report) in reports {
                let items = report.indicators.len() as u64;
                pieces.push(Piece { place: (before << 32) / total.max(1), author, items, report });
                before += items;
            }
        }
        pieces.sort_by_key(|piece| piece.place);
        let items = pieces.iter().map(|piece| piece.items).sum();
        let speed = if items_per_second.is_finite() && items_per_second > 0.0 { items_per_second } else { 1.0 };
        Replay { authors: self.authors, items, reports: pieces.len(), speed, sent: 0, pieces: pieces.into_iter() }
    }
}

/// A schedule of real reports; each is told as happening when it is sent.
#[derive(Debug)]
pub struct Replay {
    authors: Vec<Author>,
    items: u64,
    reports: usize,
    speed: f64,
    sent: u64,
    pieces: std::vec::IntoIter<Piece>,
}

impl Replay {
    /// The members; an action names one by its index.
    #[must_use]
    pub fn authors(&self) -> &[Author] {
        &self.authors
    }

    /// Values in all.
    #[must_use]
    pub const fn items(&self) -> u64 {
        self.items
    }

    /// Reports in all.
    #[must_use]
    pub const fn reports(&self) -> usize {
        self.reports
    }
}

impl Iterator for Replay {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let piece = self.pieces.next()?;
        // Whole milliseconds: a value more or less does not matter.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let at_millis = (self.sent as f64 * 1000.0 / self.speed) as u64;
        self.sent += piece.items;
        Some(Action { at_millis, organisation: piece.author, report: piece.report })
    }
}

#[cfg(test)]
mod tests {
    use model::{DraftIndicator, Kind, Observable, Origin, Sighting, Timestamp};

    use super::*;

    fn draft(author: Option<&str>, at: i64, values: usize) -> Draft {
        let mut draft = Draft::titled(format!("{at}"));
        draft.author = author.map(String::from);
        draft.happened_at = Some(Timestamp::from_millis(at));
        draft.indicators = (0..values)
            .map(|n| DraftIndicator {
                sighting: Sighting::of(Observable::from_normal(Kind::Domain, format!("d{at}-{n}.example"))),
                origin: Origin::default(),
            })
            .collect();
        draft
    }

    #[test]
    fn authors_become_members_whatever_the_case_of_their_names_and_sources_run_side_by_side() {
        let mut builder = ReplayBuilder::new(4);
        for (name, at) in [("ana", 30), ("Ana ", 10), ("ANA", 20)] {
            builder.add("labels", &draft(Some(name), at, 2));
        }
        builder.add("stream", &draft(Some("ben"), 5, 6));
        builder.add("prose", &draft(None, 7, 1));
        builder.add("prose", &draft(None, 8, 0));
        let replay = builder.build(2.0);
        assert_eq!(replay.authors().iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["ana", "ben", "prose"]);
        assert_eq!((replay.items(), replay.reports()), (13, 6));
        let actions: Vec<Action> = replay.collect();
        let titles: Vec<_> = actions.iter().map(|a| a.report.title.as_str()).collect();
        assert_eq!(titles, ["10", "7", "5", "20", "30", "5"]);
        assert_eq!(actions.iter().map(|a| a.at_millis).collect::<Vec<_>>(), [0, 1000, 1500, 3500, 4500, 5500]);
        assert!(actions.iter().all(|a| a.report.indicators.len() <= 4));
    }
}
