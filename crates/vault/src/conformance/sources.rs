//! What each journal backend keeps of who filed a case, sealed for pairs of leads.

use model::{CaseId, OrganisationId, PersonId, Timestamp};

use super::{Still, report, source_of};
use crate::acts::{AgedEntry, AmendEntry, Change, Class, OpenedEntry, Redacted};
use crate::entry::Body;
use crate::journal::{Journal, NewEntry, Source};
use crate::sealing::key_store::tests::Counting;
use crate::sealing::{Lead, LeadPrivateKey, SealState};

pub(crate) fn a_sealed_source_comes_back_with_the_secrets_of_its_epoch(journal: &dyn Journal) {
    let mut state = SealState::default();
    let lead = |n: u8| {
        let (_, key) = LeadPrivateKey::generate().unwrap();
        Lead { person: PersonId::from_bytes([n; 16]), key }
    };
    state.set_leads((1..=3).map(lead).collect());
    let mut expected = Vec::new();
    for n in 1..=3 {
        let mut entry = report(n, 0);
        let source = entry.source.as_mut().unwrap();
        let firm = OrganisationId::from_bytes([7; 16]);
        source.pairs = state.seal(1, source.case, (firm, "0113 496 0000"), &Still).unwrap();
        let pairs = source.pairs.clone().unwrap();
        assert_eq!(pairs.epoch.is_stored(), n > 1, "only what is on disk is taken for it");
        expected.push((source.case, pairs));
        journal.append(vec![entry]).unwrap();
    }
    for (case, pairs) in expected {
        let stored = journal.sealed_source(case).unwrap().unwrap();
        assert_eq!((&stored.leads, &stored.sealed), (&pairs.epoch.leads, &pairs.sealed));
        assert_eq!(stored.contact, Some(pairs.contact));
        assert!(pairs.epoch.is_stored());
        // With its content goes how to reach whoever filed it, and nothing else of the source.
        let redacted = vec![Redacted { seq: 1, hash: [0; 32], left: [0; 32] }];
        let recalled = AmendEntry { case, of: 1, change: Change::Recall { redacted } };
        journal.append(vec![NewEntry::new(Timestamp::from_millis(9), Body::Amend(Box::new(recalled)))]).unwrap();
        let left = journal.sealed_source(case).unwrap().unwrap();
        assert_eq!((left.contact, left.sealed), (None, stored.sealed));
    }
    journal.append(vec![report(9, 0)]).unwrap();
    let NewEntry { source: Some(plain), .. } = report(9, 0) else { panic!("no source") };
    assert!(journal.sealed_source(plain.case).unwrap().is_none() && source_of(journal, plain.case).is_some());
    assert!(journal.sealed_source(CaseId::from_bytes([0xee; 16])).unwrap().is_none());
}

pub(crate) fn an_opening_brings_the_source_sealed_to_the_leads_of_then(journal: &dyn Journal) {
    let entropy = Counting::default();
    let leads: Vec<Lead> = (1..=4)
        .map(|n: u8| Lead { person: PersonId::from_bytes([n; 16]), key: LeadPrivateKey::generate().unwrap().1 })
        .collect();
    let filer = (OrganisationId::from_bytes([7; 16]), "0113 496 0000");
    let mut state = SealState::default();
    state.set_leads(leads[..3].to_vec());
    let mut entry = report(1, 0);
    let source = entry.source.as_mut().unwrap();
    let (case, way_back) = (source.case, source.way_back);
    source.pairs = state.seal(1, case, filer, &entropy).unwrap();
    journal.append(vec![entry]).unwrap();
    let held = journal.sealed_source(case).unwrap().unwrap();
    assert!(state.seal_again(1, case, (filer, &held), &entropy).unwrap().is_none(), "once in an epoch");
    state.set_leads(leads[1..].to_vec());
    let anew = state.seal_again(1, case, (filer, &held), &entropy).unwrap().unwrap();
    let by = [1, 2].map(|n| (PersonId::from_bytes([n; 16]), "n".to_owned()));
    let opening = |pairs| NewEntry {
        source: Some(Source { case, way_back, pairs: Some(pairs) }),
        ..NewEntry::new(
            Timestamp::from_millis(9),
            Body::Opened(Box::new(OpenedEntry { case, by: by.clone(), reason: "why".to_owned() })),
        )
    };
    journal.append(vec![opening(anew.clone())]).unwrap();
    let stored = journal.sealed_source(case).unwrap().unwrap();
    assert_eq!((&stored.leads, &stored.sealed), (&anew.epoch.leads, &anew.sealed));
    assert_eq!(stored.contact, Some(anew.contact));
    // The report is where it was, and so is the way back to its reporter.
    let filed = journal.filed(case).unwrap().unwrap();
    assert_eq!((filed.seq, filed.way_back), (1, way_back));
    // What a recall took away in the meantime is not brought back.
    let redacted = vec![Redacted { seq: 1, hash: [0; 32], left: [0; 32] }];
    let recalled = AmendEntry { case, of: 1, change: Change::Recall { redacted } };
    journal.append(vec![NewEntry::new(Timestamp::from_millis(9), Body::Amend(Box::new(recalled)))]).unwrap();
    state.set_leads(leads[..2].to_vec());
    let last = state.seal_again(1, case, (filer, &stored), &entropy).unwrap().unwrap();
    journal.append(vec![opening(last.clone())]).unwrap();
    let stored = journal.sealed_source(case).unwrap().unwrap();
    assert_eq!((stored.leads, stored.contact), (last.epoch.leads.clone(), None));
    // Nor is the source of a case whose words are gone; what comes next in the epoch can be opened all the same.
    let aged = AgedEntry { case, class: Class::Words, to: 1, listed: 1, redacted: vec![], rest: false, keys: vec![] };
    journal.append(vec![NewEntry::new(Timestamp::from_millis(9), Body::Aged(Box::new(aged)))]).unwrap();
    state.set_leads(leads[2..].to_vec());
    let late = state.seal_again(1, case, (filer, &held), &entropy).unwrap().unwrap();
    journal.append(vec![opening(late)]).unwrap();
    assert!(journal.sealed_source(case).unwrap().is_none());
    let mut next = report(2, 0);
    let source = next.source.as_mut().unwrap();
    let case = source.case;
    source.pairs = state.seal(1, case, filer, &entropy).unwrap();
    journal.append(vec![next]).unwrap();
    assert_eq!(journal.sealed_source(case).unwrap().unwrap().leads.len(), 2);
}
