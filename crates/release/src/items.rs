//! Items of a report, found by their values: a report may name two thousand, and what is done for each must not look through all.

use std::collections::{HashMap, HashSet};

use model::{CaseId, Observable, Timestamp};
use vault::{Item, ReportEntry};

/// When reports came, as far as that was read; `None` of one that is no member's.
pub(crate) type Received = HashMap<CaseId, Option<Timestamp>>;

/// Some items of a report.
pub(crate) struct Items<'a>(HashMap<&'a Observable, Vec<&'a Item>>);

impl<'a> Items<'a> {
    pub(crate) fn of(items: &'a [Item]) -> Self {
        let mut found: HashMap<_, Vec<_>> = HashMap::with_capacity(items.len());
        for item in items {
            found.entry(&item.sighting.observable).or_default().push(item);
        }
        Self(found)
    }

    /// Whether an item is one of them.
    pub(crate) fn has(&self, item: &Item) -> bool {
        self.0.get(&item.sighting.observable).is_some_and(|same| same.contains(&item))
    }
}

/// Those items of a report whose values another version of it does not name.
pub(crate) fn without(report: &ReportEntry, other: &ReportEntry) -> Vec<Item> {
    let known: HashSet<&Observable> = other.items.iter().map(|item| &item.sighting.observable).collect();
    report.items.iter().filter(|item| !known.contains(&item.sighting.observable)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use model::{Kind, Sighting};

    use super::*;

    #[test]
    fn an_item_is_found_among_others_of_its_value() {
        let item = |name: &str, at: Option<i64>| Item {
            sighting: Sighting {
                observable: Observable::from_normal(Kind::Domain, name),
                seen_at: at.map(Timestamp::from_millis),
            },
            held: None,
            kept: None,
        };
        let all = [item("a.test", None), item("b.test", None), item("a.test", Some(1))];
        let items = Items::of(&all);
        assert!(all.iter().all(|item| items.has(item)));
        assert!(!items.has(&item("a.test", Some(2))) && !items.has(&item("c.test", None)));
    }
}
