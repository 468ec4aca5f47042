//! Answers from a store of a few objects: look-ups with their sentences, streams that resume or start afresh.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use model::{KeySeed, Kind, Observable, Timestamp};
use outlets::Resumed;
use policy::{Audience, NounKind, ReleaseBatch, ReleasedObject};
use released::{About, IndicatorView, Reader, Store, Writer, hyphenated, rfc3339};

const SEED: KeySeed = KeySeed([3; 16]);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn indicator(value: &str, tick: i64, edit: impl FnOnce(&mut IndicatorView)) -> ReleasedObject {
    of_kind(Kind::Domain, value, tick, edit)
}

fn of_kind(kind: Kind, value: &str, tick: i64, edit: impl FnOnce(&mut IndicatorView)) -> ReleasedObject {
    let observable = Observable::parse(kind, value).unwrap();
    let lookup = observable.key(SEED).0;
    let mut id = [0; 16];
    id[..8].copy_from_slice(&lookup.to_be_bytes());
    let mut view = IndicatorView {
        r#type: "indicator".into(),
        id: hyphenated(&id),
        kind: kind.as_str().into(),
        value: value.into(),
        tlp: "GREEN".into(),
        pap: "GREEN".into(),
        released_at: rfc3339(at(tick)),
        watch_until: Some(rfc3339(at(1_000_000))),
        block: false,
        campaign: None,
        attributed_to: "Test".into(),
        common: None,
        exercise: false,
    };
    edit(&mut view);
    ReleasedObject {
        audience: Audience::Members,
        kind: NounKind::Indicator,
        id,
        lookup,
        campaign: None,
        body: serde_json::to_string(&view).unwrap(),
    }
}

fn store() -> (Writer, Reader) {
    let (mut writer, reader) = Store::in_memory().unwrap();
    writer.set_about(&About { partnership: "Test".into(), exercise: false, key_seed: SEED.0 }).unwrap();
    (writer, reader)
}

fn release(writer: &mut Writer, tick: i64, mut objects: Vec<ReleasedObject>) {
    objects.sort_by_key(|object| (object.kind, object.id));
    writer.apply(&ReleaseBatch { tick: at(tick), objects }).unwrap();
}

#[test]
fn each_verdict_has_its_sentence() {
    let (mut writer, reader) = store();
    let objects = vec![
        indicator("watch.test", 100, |_| {}),
        indicator("block.test", 100, |view| view.block = true),
        indicator("common.test", 100, |view| view.common = Some("a mail provider".into())),
    ];
    release(&mut writer, 100, objects);
    let check = |query: &str, now: i64, verdict: &str, words: &str| {
        let found = outlets::lookup(&reader, query, None, &[], &|_| None, at(now)).unwrap();
        assert_eq!(
            (found.verdict.as_str(), found.meaning.contains(words)),
            (verdict, true),
            "{query}: {}",
            found.meaning
        );
        assert_eq!(found.indicator.is_some(), !["not-seen", "unreadable"].contains(&verdict));
    };
    check("watch[.]test", 200, "watch", "not on the block feed");
    check("WATCH.test", 2_000_000, "watch", "has left the watch feed");
    check("block.test", 200, "block", "block it");
    check("common.test", 200, "everyday", "(a mail provider)");
    check("other.test", 200, "not-seen", "does not make it safe");
    check("???", 200, "unreadable", "Paste one value");
}

#[test]
fn a_value_is_looked_for_as_everything_that_it_can_be() {
    const HASH: &str = "0123456789abcdef0123456789abcdef";
    let (mut writer, reader) = store();
    let objects = vec![
        of_kind(Kind::Ja3, HASH, 100, |_| {}),
        of_kind(Kind::Mutex, r"Global\Quiet Lantern", 100, |_| {}),
        of_kind(Kind::X509Fingerprint, &"ab".repeat(20), 100, |_| {}),
        of_kind(Kind::Account, "both.test", 100, |_| {}),
        indicator("both.test", 100, |_| {}),
    ];
    release(&mut writer, 100, objects);
    let check = |query: &str, kind: Option<Kind>, verdict: &str, read_as: Option<Kind>| {
        let found = outlets::lookup(&reader, query, kind, &[], &|_| None, at(200)).unwrap();
        let read_as = read_as.map(|kind| kind.as_str().to_owned());
        assert_eq!((found.verdict.as_str(), found.kind), (verdict, read_as), "{query} as {kind:?}");
    };
    check(HASH, None, "watch", Some(Kind::Ja3));
    check(HASH, Some(Kind::Ja3), "watch", Some(Kind::Ja3));
    check(HASH, Some(Kind::Md5), "not-seen", Some(Kind::Md5));
    check(r"Global\Quiet Lantern", None, "watch", Some(Kind::Mutex));
    check(r"Global\Quiet Lantern", Some(Kind::Mutex), "watch", Some(Kind::Mutex));
    check(r"Global\Other", None, "unreadable", None);
    check(r"Global\Other", Some(Kind::Mutex), "not-seen", Some(Kind::Mutex));
    check(&"ab".repeat(20), None, "watch", Some(Kind::X509Fingerprint));
    check("both.test", None, "watch", Some(Kind::Domain));
    check("both.test", Some(Kind::Account), "watch", Some(Kind::Account));
    check("both.test", Some(Kind::Ipv4), "unreadable", None);
    assert!(Observable::readings(HASH).len() <= Kind::ALL.len());
}

#[test]
fn what_nobody_has_is_told_everyday_if_a_list_says_so() {
    const HASH: &str = "d41d8cd98f00b204e9800998ecf8427e";
    let (mut writer, reader) = store();
    let group = model::GroupId::from_bytes([8; 16]);
    let mut shared = indicator("shared.test", 100, |_| {});
    shared.audience = Audience::Group { group, before: None, as_of: at(50) };
    let objects = vec![
        indicator("watch.test", 100, |_| {}),
        indicator("common.test", 100, |view| view.common = Some("a mail provider".into())),
        shared,
    ];
    release(&mut writer, 100, objects);
    let own = [policy::Membership { group, joined: at(10) }];
    // Every list has all of these, and one has the hash as a JA3 alone.
    let why = |value: &Observable| match (value.kind(), value.value()) {
        (Kind::Domain, name) => (name != "other.test").then(|| format!("{name} is on a list")),
        (Kind::Ja3, HASH) => Some("a fingerprint of everybody".to_owned()),
        _ => None,
    };
    let check = |query: &str, kind: Option<Kind>, verdict: &str, read_as: Option<Kind>, words: &str| {
        let found = outlets::lookup(&reader, query, kind, &own, &why, at(200)).unwrap();
        let read_as = read_as.map(|kind| kind.as_str().to_owned());
        assert_eq!((found.verdict.as_str(), &found.kind), (verdict, &read_as), "{query} as {kind:?}");
        assert!(found.meaning.contains(words), "{query}: {}", found.meaning);
        (found.indicator.is_some(), found.normal)
    };
    let told =
        "No released report names it, and it is an everyday value (mail.test is on a list). Blocking it would hit";
    assert_eq!(check("MAIL[.]test", None, "everyday", Some(Kind::Domain), told), (false, Some("mail.test".to_owned())));
    check(HASH, None, "everyday", Some(Kind::Ja3), "(a fingerprint of everybody)");
    check(HASH, Some(Kind::Md5), "not-seen", Some(Kind::Md5), "does not make it safe");
    check("other.test", None, "not-seen", Some(Kind::Domain), "does not make it safe");
    check("???", None, "unreadable", None, "Paste one value");
    // What members have stands as it was released, and what a group has for the group.
    assert!(check("watch.test", None, "watch", Some(Kind::Domain), "being used against members").0);
    assert!(check("common.test", None, "everyday", Some(Kind::Domain), "It was named in an attack").0);
    check("shared.test", None, "watch", Some(Kind::Domain), "A sharing group that you are in has it");

    let values = ["watch.test", "common.test", "shared.test", "mail.test", "other.test"];
    let values = values.map(|value| Observable::parse(Kind::Domain, value).unwrap());
    let known = outlets::known(&reader, &values, &own, &why, at(200)).unwrap();
    let told: Vec<_> = known.iter().map(|known| (known.verdict, known.is_had())).collect();
    let expect = [("watch", true), ("everyday", true), ("watch", true), ("everyday", false), ("not-seen", false)];
    assert_eq!(told, expect);
    assert!(known[3].meaning.starts_with("No released report names it, and it is an everyday value (mail.test"));
}

#[test]
fn a_viewer_resumes_or_starts_afresh() {
    let (mut writer, reader) = store();
    for tick in 1..=3 {
        release(&mut writer, tick * 100, vec![indicator(&format!("v{tick}.test"), tick * 100, |_| {})]);
    }
    let resume = |tick: i64| outlets::resume(&reader, &outlets::of_tick(at(tick))).unwrap();
    let Resumed::From(frames, last) = resume(100) else { panic!("no resume") };
    assert_eq!(frames.iter().map(|(tick, _)| tick.as_millis()).collect::<Vec<_>>(), [200, 300]);
    assert_eq!(last, at(300));
    assert!(matches!(resume(300), Resumed::From(frames, _) if frames.is_empty()));
    assert!(matches!(resume(250), Resumed::Resync));
    assert!(matches!(outlets::resume(&reader, "strange").unwrap(), Resumed::Resync));
    for tick in 4..=i64::try_from(outlets::RESUME_BATCHES_MAX).unwrap() + 4 {
        release(&mut writer, tick * 100, vec![indicator(&format!("v{tick}.test"), tick * 100, |_| {})]);
    }
    assert!(matches!(resume(100), Resumed::Resync));
    assert_eq!(outlets::batches(&reader, at(300), 2).unwrap().len(), 2);
}

#[test]
fn what_is_taken_back_starts_viewers_afresh() {
    let (mut writer, reader) = store();
    release(&mut writer, 100, vec![indicator("gone.test", 100, |_| {})]);
    let mut gone = indicator("gone.test", 200, |_| {});
    gone.body.clear();
    release(&mut writer, 200, vec![gone]);
    assert!(outlets::batches(&reader, at(100), 9).unwrap()[0].1.is_none());
    assert!(matches!(outlets::resume(&reader, &outlets::of_tick(at(100))).unwrap(), Resumed::Resync));
    assert_eq!(outlets::lookup(&reader, "gone.test", None, &[], &|_| None, at(300)).unwrap().verdict, "not-seen");
    let (home, head) = outlets::home(&reader, at(300)).unwrap();
    assert_eq!((home.latest.len(), head), (0, Some(at(200))));
}

#[test]
fn an_audience_of_a_group_gets_one_frame_a_tick_whatever_lies_between_for_others() {
    let (mut writer, reader) = store();
    let place = outlets::groups_since(&reader).unwrap();
    let group = model::GroupId::from_bytes([8; 16]);
    let audience = |as_of: i64| Audience::Group { group, before: None, as_of: at(as_of) };
    // By their ids, as rows lie: those of an earlier audience come between.
    let mut objects: Vec<ReleasedObject> = (0..40).map(|n| indicator(&format!("d{n}.test"), 100, |_| {})).collect();
    objects.sort_by_key(|object| object.id);
    for (n, object) in objects.iter_mut().enumerate() {
        object.audience = audience(if n % 2 == 0 { 10 } else { 20 });
    }
    release(&mut writer, 100, objects);
    let (frames, _) = outlets::group_releases(&reader, place).unwrap();
    let told: Vec<(bool, usize)> =
        frames.iter().map(|(to, frame)| (*to == audience(20), frame.objects.len())).collect();
    assert_eq!(told, [(false, 20), (true, 20)]);
}
