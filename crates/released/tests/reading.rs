//! What readers get: rows in the order of release, cursors that tell nothing, and only what was released.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use model::{KeySeed, Kind, Observable, Timestamp};
use policy::{Audience, NounKind, ReleaseBatch, ReleasedObject};
use released::{About, Feed, FeedPlace, IndicatorView, Reader, ReleasedError, Store, Writer, hyphenated, rfc3339};

const SEED: [u8; 16] = [5; 16];
const DAY: i64 = 86_400_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + millis)
}

fn about() -> About {
    About { partnership: "Test partnership".into(), exercise: true, key_seed: SEED }
}

fn observable(value: &str) -> Observable {
    Observable::from_normal(Kind::Domain, value)
}

/// An indicator with id `n…n`.
fn indicator(n: u8, value: &str, campaign: Option<u8>, block: bool) -> ReleasedObject {
    let view = IndicatorView {
        r#type: "indicator".into(),
        id: hyphenated(&[n; 16]),
        kind: "domain".into(),
        value: value.into(),
        tlp: "GREEN".into(),
        pap: "GREEN".into(),
        released_at: rfc3339(at(0)),
        watch_until: Some(rfc3339(at(DAY))),
        block,
        campaign: campaign.map(|campaign| hyphenated(&[campaign; 16])),
        attributed_to: "Test partnership".into(),
        common: None,
        exercise: false,
    };
    ReleasedObject {
        audience: Audience::Members,
        kind: NounKind::Indicator,
        id: [n; 16],
        lookup: observable(value).key(KeySeed(SEED)).0,
        campaign: campaign.map(|campaign| [campaign; 16]),
        body: serde_json::to_string(&view).unwrap(),
    }
}

fn withdrawn(kind: NounKind, n: u8) -> ReleasedObject {
    ReleasedObject { audience: Audience::Members, kind, id: [n; 16], lookup: 0, campaign: None, body: String::new() }
}

fn withdrawn_value(n: u8, value: &str) -> ReleasedObject {
    ReleasedObject { body: String::new(), ..indicator(n, value, None, false) }
}

fn batch(tick: i64, objects: Vec<ReleasedObject>) -> ReleaseBatch {
    ReleaseBatch { tick: at(tick), objects }
}

fn ids(rows: &[released::Released<released::Row>]) -> Vec<u8> {
    rows.iter().map(|row| row.id[0]).collect()
}

/// Three ticks with two, three and one objects; the third is a new version of the very first.
fn fill(writer: &mut Writer) {
    writer.set_about(&about()).unwrap();
    let first = vec![indicator(3, "c.test", Some(1), false), indicator(8, "h.test", None, true)];
    let second = ["b.test", "e.test", "i.test"].into_iter().zip([2, 5, 9]);
    assert!(writer.apply(&batch(100, first)).unwrap());
    assert!(writer.apply(&batch(200, second.map(|(value, n)| indicator(n, value, Some(1), false)).collect())).unwrap());
    assert!(writer.apply(&batch(300, vec![indicator(3, "c.test", Some(1), true)])).unwrap());
}

fn memory() -> (Writer, Reader) {
    let (mut writer, reader) = Store::in_memory().unwrap();
    fill(&mut writer);
    (writer, reader)
}

#[test]
fn lists_are_ordered_by_tick_and_id_latest_first() {
    let (_writer, reader) = memory();
    let rows = reader.latest(NounKind::Indicator, 10).unwrap();
    assert_eq!(ids(&rows), [3, 9, 5, 2, 8], "a new version stands at its own tick, once");
    let order: Vec<_> = rows.iter().map(|row| (row.tick, row.id)).collect();
    assert!(order.iter().rev().is_sorted());
    let (members, more) = reader.campaign_members(&[1; 16], 3).unwrap();
    assert_eq!((ids(&members), more), (vec![3, 9, 5], true));
}

#[test]
fn pages_follow_one_another_without_gap_or_repeat() {
    for size in 1..=6 {
        let (_writer, reader) = memory();
        let (mut all, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let page = reader.page(NounKind::Indicator, cursor.as_deref(), size).unwrap();
            assert!(page.items.len() <= size);
            all.extend(ids(&page.items));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(all, [3, 9, 5, 2, 8], "pages of {size}");
    }
}

#[test]
fn a_cursor_holds_where_it_points_when_more_is_released() {
    let (mut writer, reader) = memory();
    let page = reader.page(NounKind::Indicator, None, 2).unwrap();
    assert_eq!(ids(&page.items), [3, 9]);
    // The row that the cursor points to is superseded meanwhile, and others come.
    writer.apply(&batch(400, vec![indicator(4, "d.test", None, false), indicator(9, "i.test", None, true)])).unwrap();
    let rest = reader.page(NounKind::Indicator, page.next.as_deref(), 10).unwrap();
    assert_eq!(ids(&rest.items), [5, 2, 8]);
}

#[test]
fn a_cursor_tells_released_things_only_and_a_forged_one_is_an_empty_page() {
    let (_writer, reader) = memory();
    let page = reader.page(NounKind::Indicator, None, 2).unwrap();
    let (tick, id) = (format!("{:x}", at(200).as_millis()), hyphenated(&[9; 16]));
    assert_eq!(page.next.as_deref(), Some(format!("{tick}.{id}").as_str()), "the last row's tick and id, no count");
    let other = hyphenated(&[7; 16]);
    for forged in
        ["", ".", "1", "x.y", &format!("{tick}.{other}"), &format!("0.{id}"), &format!("{tick}.{id}."), "-1.-1", &id]
    {
        let page = reader.page(NounKind::Indicator, Some(forged), 10).unwrap();
        assert_eq!((page.items.len(), page.next), (0, None), "{forged:?}");
    }
    let elsewhere = reader.page(NounKind::Campaign, page.next.as_deref(), 10).unwrap();
    assert!(elsewhere.items.is_empty(), "a cursor of one noun is none of another");
}

#[test]
fn a_stream_resumes_after_its_tick_with_every_later_batch_once() {
    let (mut writer, reader) = memory();
    let resume = |after: i64| -> Vec<i64> {
        let batches = reader.batches_after(at(after), 10).unwrap();
        batches.iter().map(|batch| batch.tick.millis_since(at(0))).collect()
    };
    assert_eq!(resume(0), [100, 200, 300]);
    assert_eq!(resume(100), [200, 300]);
    assert_eq!(resume(300), [0_i64; 0]);
    assert!(reader.has_tick(at(200)).unwrap());
    assert!(!reader.has_tick(at(250)).unwrap(), "a tick that showed nothing is none to resume after");
    let batches = reader.batches_after(at(100), 1).unwrap();
    assert_eq!((batches.len(), ids(&batches[0].objects)), (1, vec![2, 5, 9]));
    writer.apply(&batch(400, vec![withdrawn_value(9, "i.test")])).unwrap();
    let last = reader.batches_after(at(300), 10).unwrap();
    assert!(last[0].objects[0].is_withdrawn(), "a stream is told of what is gone");
}

#[test]
fn a_tick_is_applied_once_and_never_backwards() {
    let (mut writer, reader) = memory();
    let digest = reader.digest().unwrap();
    for tick in [300, 299, 100, 0] {
        assert!(!writer.apply(&batch(tick, vec![indicator(7, "late.test", None, false)])).unwrap(), "{tick}");
    }
    assert!(!writer.apply(&batch(900, Vec::new())).unwrap(), "nothing to show is no tick");
    assert_eq!(reader.digest().unwrap(), digest);
    assert_eq!(reader.head_tick().unwrap(), Some(at(300)));
    assert!(reader.lookup_value(&observable("late.test")).unwrap().is_none());
}

#[test]
fn what_is_not_released_or_withdrawn_is_found_by_no_question() {
    let (mut writer, reader) = memory();
    writer.apply(&batch(400, vec![withdrawn_value(8, "h.test"), withdrawn(NounKind::Campaign, 1)])).unwrap();
    for (n, value) in [(8, "h.test"), (7, "never.test")] {
        assert!(reader.lookup_value(&observable(value)).unwrap().is_none(), "{value}");
        assert!(!ids(&reader.latest(NounKind::Indicator, 100).unwrap()).contains(&n), "{value}");
        for feed in [Feed::Watch, Feed::Block] {
            let (rows, _) = reader.feed(feed, at(500), FeedPlace::START, 100).unwrap();
            assert!(!ids(&rows).contains(&n), "{value}");
        }
    }
    assert!(reader.lookup_value(&observable("never.test")).unwrap().is_none());
    assert!(reader.lookup(0).unwrap().is_none(), "an object without a look-up key is found under none");
    assert!(reader.by_id(NounKind::Campaign, &[3; 16]).unwrap().is_none(), "ids of one noun are none of another");
    assert_eq!(reader.lookup_value(&observable("c.test")).unwrap().unwrap().id, [3; 16]);
    // The same 64-bit key, another value: a collision must not answer for it.
    let url = Observable::from_normal(Kind::Url, "c.test");
    assert!(reader.lookup_value(&url).unwrap().is_none());
}

#[test]
fn a_withdrawn_value_is_found_by_no_look_up() {
    let (mut writer, reader) = memory();
    assert!(reader.lookup_value(&observable("h.test")).unwrap().is_some());
    // Without its key it would be found no more by id and still by value: such a one is refused, and nothing changes.
    let error = writer.apply(&batch(400, vec![withdrawn(NounKind::Indicator, 8)])).unwrap_err();
    assert!(error.to_string().contains("without its look-up key"), "{error}");
    assert!(reader.lookup_value(&observable("h.test")).unwrap().is_some());
    writer.apply(&batch(400, vec![withdrawn_value(8, "h.test")])).unwrap();
    assert!(reader.lookup_value(&observable("h.test")).unwrap().is_none());
}

#[test]
fn feeds_hold_what_is_live_and_in_time() {
    let (mut writer, reader) = memory();
    let feed = |feed, now| {
        let mut values = Vec::new();
        reader
            .each_value(feed, now, |view| {
                values.push(view.value.clone());
                true
            })
            .unwrap();
        values
    };
    assert_eq!(feed(Feed::Watch, at(400)), ["h.test", "b.test", "e.test", "i.test", "c.test"]);
    assert_eq!(feed(Feed::Block, at(400)), ["h.test", "c.test"]);
    assert_eq!(feed(Feed::Watch, at(DAY)), [""; 0], "the watch has ended");
    let mut common = indicator(2, "b.test", None, true);
    common.body = common.body.replace(r#""common":null"#, r#""common":"an everyday value""#);
    writer.apply(&batch(400, vec![common])).unwrap();
    assert!(!feed(Feed::Block, at(500)).contains(&"b.test".to_owned()));
    assert!(!feed(Feed::Watch, at(500)).contains(&"b.test".to_owned()));
}

#[test]
fn an_object_that_is_not_what_its_kind_promises_is_refused_whole() {
    let (mut writer, reader) = memory();
    let digest = reader.digest().unwrap();
    let bad = ReleasedObject { body: "{}".into(), ..indicator(7, "bad.test", None, false) };
    let refused = writer.apply(&batch(400, vec![indicator(6, "good.test", None, false), bad]));
    assert!(matches!(refused, Err(ReleasedError::Object { .. })), "{refused:?}");
    assert_eq!(reader.digest().unwrap(), digest, "nothing of the tick is there");
}

const CHILD_STORE: &str = "RELEASED_TEST_STORE";

/// Run by the test below in a process of its own; by itself it does nothing.
#[test]
fn child_reads_the_store_it_is_told() {
    let Some(path) = std::env::var_os(CHILD_STORE) else { return };
    let reader = Reader::open(Path::new(&path)).unwrap();
    let digest = reader.digest().unwrap();
    println!("child {:?} {:?} {:?}", reader.head_tick().unwrap(), reader.about().unwrap().unwrap().partnership, digest);
}

#[test]
fn another_process_reads_what_the_writer_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(released::FILE);
    assert!(Reader::open(&path).is_err(), "a reader makes no store");
    let (mut writer, reader) = Store::open(&path).unwrap();
    fill(&mut writer);
    let expect = format!("child {:?} \"Test partnership\" {:?}", Some(at(300)), reader.digest().unwrap());
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_reads_the_store_it_is_told", "--nocapture"])
        .env(CHILD_STORE, &path)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && told.contains(&expect), "{told}");
}

#[test]
fn a_reader_beside_the_writer_sees_each_tick_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(released::FILE);
    let (mut writer, _) = Store::open(&path).unwrap();
    writer.set_about(&about()).unwrap();
    let beside = Reader::open(&path).unwrap();
    let waits = beside.clone();
    let waiting = std::thread::spawn(move || {
        let mut seen = None;
        while seen < Some(at(5_000)) {
            assert!(waits.wait_or_poll(seen, Duration::from_secs(20)).unwrap(), "a tick came");
            waits
                .read(|at| {
                    let head = at.head_tick()?;
                    let rows = at.latest(NounKind::Indicator, 1_000)?;
                    assert_eq!(rows.len() % 3, 0, "all of a tick or nothing");
                    assert_eq!(rows.first().map(|row| row.tick), head);
                    seen = head;
                    Ok(())
                })
                .unwrap();
        }
    });
    for n in 1..=50_u8 {
        let objects = (0..3).map(|more| {
            let mut object = indicator(n, &format!("v{n}-{more}.test"), None, false);
            object.id[1] = more;
            object
        });
        writer.apply(&batch(i64::from(n) * 100, objects.collect())).unwrap();
    }
    waiting.join().unwrap();
}

#[test]
fn a_rebuilt_store_is_the_one_that_was_written_and_readers_go_over_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(released::FILE);
    let (mut writer, _) = Store::open(&path).unwrap();
    fill(&mut writer);
    let beside = Reader::open(&path).unwrap();
    let digest = beside.digest().unwrap();
    let batches: Vec<ReleaseBatch> = beside
        .batches_after(at(0), 100)
        .unwrap()
        .into_iter()
        .map(|logged| ReleaseBatch {
            tick: logged.tick,
            objects: logged
                .objects
                .into_iter()
                .map(|row| {
                    let row = row.into_inner();
                    ReleasedObject {
                        audience: Audience::Members,
                        kind: row.kind,
                        id: row.id,
                        lookup: row.lookup,
                        campaign: row.campaign,
                        body: row.body,
                    }
                })
                .collect(),
        })
        .collect();
    drop(writer);
    let failing = batches.iter().cloned().map(Ok).chain([Err(ReleasedError::Damaged("half-way".into()))]);
    assert!(released::rebuild(&path, &about(), failing).is_err());
    assert_eq!(beside.digest().unwrap(), digest, "a rebuild that fails leaves the old store");
    let more = [batches.clone(), vec![batch(400, vec![indicator(7, "new.test", None, false)])]].concat();
    let all = more.into_iter().map(Ok::<_, ReleasedError>);
    assert_eq!(released::rebuild(&path, &about(), all).unwrap().objects, 7);
    assert_eq!(beside.head_tick().unwrap(), Some(at(400)), "a reader that was open has the new one");
    released::rebuild(&path, &about(), batches.into_iter().map(Ok::<_, ReleasedError>)).unwrap();
    assert_eq!(beside.digest().unwrap(), digest, "the same batches make the same store");
}

#[test]
fn a_file_from_before_sharing_groups_keeps_its_rows_and_gets_their_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(released::FILE);
    let (mut writer, reader) = Store::open(&path).unwrap();
    fill(&mut writer);
    let before = reader.digest().unwrap();
    drop((writer, reader));
    let as_of = |version: i64| {
        let conn = rusqlite::Connection::open(&path).unwrap();
        conn.execute_batch("DROP TABLE IF EXISTS shared").unwrap();
        conn.pragma_update(None, "user_version", version).unwrap();
    };
    as_of(2);
    assert!(
        matches!(Reader::open(&path).and_then(|reader| reader.digest()), Err(ReleasedError::Version { found: 2, .. })),
        "whoever only reads waits for the writer to bring it here"
    );
    let (mut writer, reader) = Store::open(&path).unwrap();
    assert_eq!(reader.digest().unwrap(), before, "no row is lost or changed");
    let group = model::GroupId::from_bytes([6; 16]);
    let mut shared = indicator(4, "d.test", None, false);
    shared.audience = Audience::Group { group, before: None, as_of: at(0) };
    writer.apply(&batch(400, vec![shared])).unwrap();
    assert_ne!(reader.digest().unwrap(), before);
    drop((writer, reader));
    for version in [1, 4, 99] {
        as_of(version);
        let opened = Store::open(&path);
        assert!(matches!(opened, Err(ReleasedError::Version { found, .. }) if found == version), "{version}");
    }
}
