//! The store answers as a plain list of cases would, whatever comes in whatever batches, and after a crash.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeMap;

use common::*;
use model::{CaseId, OrganisationId};
use own::{Change, Entry, News, Note, Reader, Writer};
use proptest::prelude::*;

/// Cases in the order in which they were opened, and of what each organisation was not told.
#[derive(Clone, Default)]
struct Plain(BTreeMap<OrganisationId, Vec<(Entry, Vec<Note>)>>, BTreeMap<OrganisationId, u8>);

impl Plain {
    fn case(&mut self, organisation: &OrganisationId, case: &CaseId) -> Option<&mut (Entry, Vec<Note>)> {
        self.0.get_mut(organisation)?.iter_mut().find(|held| held.0.case == *case)
    }

    fn make(&mut self, change: &Change) {
        match change.clone() {
            Change::Open { organisation, case, summary, note } => {
                if self.case(&organisation, &case).is_none() {
                    let entry = Entry { case, summary, unread: false };
                    self.0.entry(organisation).or_default().push((entry, vec![note]));
                }
            }
            Change::Note { organisation, case, note, unread, mail } => {
                if let Some(held) = self.case(&organisation, &case)
                    && held.1.iter().all(|known| known.id != note.id)
                {
                    held.1.push(note);
                    held.0.unread |= unread;
                    if unread && mail {
                        *self.1.entry(organisation).or_default() |= 1;
                    }
                }
            }
            Change::Summarise { organisation, case, summary } => {
                if let Some(held) = self.case(&organisation, &case) {
                    held.0.summary = summary;
                }
            }
            Change::Erase { organisation, case, mut summary, note } => {
                if let Some(held) = self.case(&organisation, &case) {
                    summary.title.clear();
                    held.0.summary = summary;
                    held.1 = vec![note];
                }
            }
            Change::Read { organisation, case } => {
                let had = self.case(&organisation, &case).is_some_and(|held| std::mem::take(&mut held.0.unread));
                let unread = self.0.get(&organisation).is_some_and(|held| held.iter().any(|held| held.0.unread));
                if had && !unread {
                    *self.1.entry(organisation).or_default() &= 2;
                }
            }
            Change::News { organisation } => *self.1.entry(organisation).or_default() |= 2,
            Change::Told { organisation } => drop(self.1.remove(&organisation)),
        }
    }

    fn same(&self, reader: &Reader) {
        for of in 0..4 {
            let none = Vec::new();
            let held = self.0.get(&firm(of)).unwrap_or(&none);
            let mut listed = Vec::new();
            let mut next = None;
            loop {
                let page = reader.list(firm(of), next, 7).unwrap();
                assert_eq!(page.cases, held.len() as u64);
                listed.extend(page.entries);
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
            assert!(listed.iter().eq(held.iter().rev().map(|held| &held.0)));
            assert_eq!(reader.unread(firm(of)).unwrap() as usize, held.iter().filter(|held| held.0.unread).count());
            let news = self.1.get(&firm(of)).copied().unwrap_or(0);
            assert_eq!(reader.news(firm(of)).unwrap(), News { own: news & 1 != 0, of_all: news & 2 != 0 });
            for number in 0..150 {
                let thread = reader.thread(firm(of), case(number)).unwrap();
                let expected = held.iter().find(|held| held.0.case == case(number));
                assert_eq!(thread.map(|thread| (thread.entry, thread.notes)), expected.cloned());
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let (of, number) = (0_u64..3, 0_u64..150);
    (of, number, 0_u32..22, 0_u64..6, any::<bool>(), 0_usize..1_500).prop_map(
        |(of, number, kind, n, unread, length)| {
            let (organisation, case) = (firm(of), case(number));
            match kind {
                0..10 => open(of, number, &"o".repeat(length)),
                10..15 => add(of, number, n, unread),
                15..17 => read(of, number),
                20 => Change::News { organisation },
                21 => Change::Told { organisation },
                17..=18 => Change::Summarise { organisation, case, summary: summary(&"s".repeat(length / 4)) },
                _ => erase(of, number),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_store_is_as_its_changes_say(batches in prop::collection::vec(prop::collection::vec(change(), 0..80), 1..8)) {
        let mut writer = Writer::in_memory(key(), seeded(1)).unwrap();
        let mut plain = Plain::default();
        for (n, batch) in batches.iter().enumerate() {
            writer.apply(batch, n as u64 + 1).unwrap();
            batch.iter().for_each(|change| plain.make(change));
        }
        plain.same(&writer.reader());
    }

    /// A crash is a copy of the file from before the last batches; who delivers starts after its progress.
    #[test]
    fn a_crash_changes_nothing(
        batches in prop::collection::vec(prop::collection::vec(change(), 0..40), 2..6),
        at in 1_usize..6,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("a.db"), folder.path().join("b.db"));
        let mut writer = Writer::in_file(&path, key(), seeded(1)).unwrap();
        let mut plain = Plain::default();
        for (n, batch) in batches.iter().enumerate() {
            if n == at.min(batches.len() - 1) {
                prop_assert!(writer.sweep().unwrap());
                std::fs::copy(&path, &copy).unwrap();
            }
            writer.apply(batch, n as u64 + 1).unwrap();
            batch.iter().for_each(|change| plain.make(change));
        }
        plain.same(&writer.reader());
        let mut again = Writer::in_file(&copy, key(), seeded(2)).unwrap();
        let progress = again.progress().unwrap();
        prop_assert_eq!(progress as usize, at.min(batches.len() - 1));
        for (n, batch) in batches.iter().enumerate().skip(progress as usize) {
            again.apply(batch, n as u64 + 1).unwrap();
        }
        plain.same(&again.reader());
    }
}
