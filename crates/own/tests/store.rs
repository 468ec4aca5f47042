//! What a writer is told, readers answer: to each organisation its own, from one moment, in this and another process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::os::unix::fs::PermissionsExt;

use common::*;
use own::{BODY_BYTES_MAX, Change, Cursor, OwnError, OwnKey, Reader, Refused, THREAD_NOTES_MAX, Why, Writer};

fn memory() -> (Writer, Reader) {
    let writer = Writer::in_memory(key(), seeded(1)).unwrap();
    let reader = writer.reader();
    (writer, reader)
}

fn titles(page: &own::Page) -> Vec<&str> {
    page.entries.iter().map(|entry| entry.summary.title.as_str()).collect()
}

fn bodies(reader: &Reader, of: u64, number: u64) -> Vec<String> {
    let thread = reader.thread(firm(of), case(number)).unwrap().unwrap();
    thread.notes.into_iter().map(|note| note.body).collect()
}

#[test]
fn a_list_is_newest_first_and_its_cursor_stays_while_new_ones_come() {
    let (mut writer, reader) = memory();
    let cases: Vec<Change> = (0..120).map(|number| open(1, number, "x")).collect();
    // In several batches, so that sheets are begun, filled and crossed.
    for (n, batch) in cases.chunks(37).enumerate() {
        assert_eq!(writer.apply(batch, n as u64 + 1).unwrap(), []);
    }
    let first = reader.list(firm(1), None, 30).unwrap();
    assert_eq!((first.cases, titles(&first)[0], titles(&first)[29]), (120, "title 119", "title 90"));
    writer.apply(&[open(1, 500, "x"), open(2, 501, "x")], 9).unwrap();
    let mut seen: Vec<String> = Vec::new();
    let mut next = first.next;
    while let Some(cursor) = next {
        let text = cursor.to_string().parse::<Cursor>().unwrap();
        let page = reader.list(firm(1), Some(text), 33).unwrap();
        seen.extend(titles(&page).into_iter().map(str::to_owned));
        next = page.next;
    }
    assert_eq!(seen, (0..90).rev().map(|number| format!("title {number}")).collect::<Vec<_>>());
    assert_eq!(reader.list(firm(1), None, 1).unwrap().entries[0].case, case(500));
    assert_eq!(reader.list(firm(2), None, 9).unwrap().entries.len(), 1);
    assert_eq!(reader.list(firm(3), None, 9).unwrap(), own::Page::default());
    assert_eq!(
        reader.list(firm(1), Some("ffffffff".parse().unwrap()), 1000).unwrap().entries.len(),
        121.min(own::LIST_MAX)
    );
}

#[test]
fn notes_come_in_their_order_and_once() {
    let (mut writer, reader) = memory();
    writer.apply(&[open(1, 1, "first"), add(1, 1, 2, false), add(1, 1, 1, true), add(1, 1, 2, true)], 1).unwrap();
    writer.apply(&[add(1, 1, 3, false), open(1, 1, "again"), add(1, 1, 1, true)], 2).unwrap();
    assert_eq!(bodies(&reader, 1, 1), ["first", "note 2", "note 1", "note 3"]);
    let thread = reader.thread(firm(1), case(1)).unwrap().unwrap();
    assert_eq!((thread.entry.summary, thread.full), (summary("title 1"), false));
    assert_eq!(thread.notes[0], note(1_000, "first"));
}

#[test]
fn what_is_new_is_counted_until_it_is_read() {
    let (mut writer, reader) = memory();
    writer
        .apply(&[open(1, 1, "x"), open(1, 2, "x"), add(1, 1, 1, true), add(1, 1, 2, true), add(1, 2, 1, true)], 1)
        .unwrap();
    assert_eq!(reader.unread(firm(1)).unwrap(), 2);
    writer.apply(&[read(1, 1), read(1, 1)], 1).unwrap();
    assert_eq!((reader.unread(firm(1)).unwrap(), reader.unread(firm(2)).unwrap()), (1, 0));
    let marks: Vec<bool> = reader.list(firm(1), None, 9).unwrap().entries.iter().map(|entry| entry.unread).collect();
    assert_eq!(marks, [true, false]);
    // A note that is known already is nothing new: a batch that comes again marks nothing.
    writer.apply(&[add(1, 1, 2, true)], 2).unwrap();
    assert_eq!(reader.unread(firm(1)).unwrap(), 1);
}

#[test]
fn a_recall_leaves_one_note_and_no_title() {
    let (mut writer, reader) = memory();
    let long = "secret ".repeat(1_000);
    writer.apply(&[open(1, 1, &long), open(1, 2, "other"), add(1, 1, 1, true)], 1).unwrap();
    writer.apply(&[add(1, 1, 2, false), erase(1, 1)], 2).unwrap();
    assert_eq!(bodies(&reader, 1, 1), ["recalled"]);
    let list = reader.list(firm(1), None, 9).unwrap();
    assert_eq!(titles(&list), ["title 2", ""]);
    assert_eq!(list.entries[1].summary.status, "received");
    assert_eq!(reader.unread(firm(1)).unwrap(), 1);
    writer.apply(&[add(1, 1, 5, false)], 3).unwrap();
    assert_eq!(bodies(&reader, 1, 1), ["recalled", "note 5"]);
    assert_eq!(bodies(&reader, 1, 2), ["other"]);
}

#[test]
fn a_summary_changes_in_place() {
    let (mut writer, reader) = memory();
    writer.apply(&[open(1, 1, "x"), open(1, 2, "x")], 1).unwrap();
    let changed = own::Summary { status: "closed".into(), ..summary(&"t".repeat(500)) };
    for (summary, progress) in [(changed, 2), (summary("short"), 3)] {
        writer
            .apply(&[Change::Summarise { organisation: firm(1), case: case(1), summary: summary.clone() }], progress)
            .unwrap();
        assert_eq!(reader.list(firm(1), None, 9).unwrap().entries[1].summary, summary);
    }
}

#[test]
fn anothers_case_is_absent_and_cannot_be_changed() {
    let (mut writer, reader) = memory();
    writer.apply(&[open(1, 1, "x"), open(2, 2, "y")], 1).unwrap();
    assert_eq!(reader.thread(firm(2), case(1)).unwrap(), None);
    assert_eq!(reader.thread(firm(2), case(9)).unwrap(), None);
    let before = reader.thread(firm(1), case(1)).unwrap();
    let theirs = [
        add(2, 1, 1, true),
        Change::Summarise { organisation: firm(2), case: case(1), summary: summary("z") },
        erase(2, 1),
        read(2, 1),
        add(3, 1, 1, true),
    ];
    let refused = writer.apply(&theirs, 2).unwrap();
    let expected: Vec<Refused> = (0..5).map(|place| Refused { place, why: Why::NoSuchCase }).collect();
    assert_eq!(refused, expected);
    assert_eq!(reader.thread(firm(1), case(1)).unwrap(), before);
    assert_eq!(reader.list(firm(2), None, 9).unwrap().cases, 1);
    // The same case of two organisations is two threads.
    writer.apply(&[open(2, 1, "theirs")], 3).unwrap();
    assert_eq!((bodies(&reader, 1, 1), bodies(&reader, 2, 1)), (vec!["x".to_owned()], vec!["theirs".to_owned()]));
}

#[test]
fn what_is_over_a_limit_is_refused_by_name_and_the_rest_is_made() {
    let (mut writer, reader) = memory();
    let long = "l".repeat(BODY_BYTES_MAX + 1);
    let whole = "w".repeat(BODY_BYTES_MAX);
    let mut titled = open(1, 2, "x");
    if let Change::Open { summary, .. } = &mut titled {
        summary.title = "t".repeat(own::TITLE_BYTES_MAX + 1);
    }
    let refused = writer.apply(&[open(1, 1, &long), titled, open(1, 3, &whole)], 1).unwrap();
    let expected = [(0, Why::NoteTooLong), (1, Why::SummaryTooLong("the title"))];
    assert_eq!(refused, expected.map(|(place, why)| Refused { place, why }));
    assert_eq!(bodies(&reader, 1, 3), [whole]);
    assert_eq!(reader.list(firm(1), None, 9).unwrap().cases, 1);

    writer.apply(&[open(1, 4, "x")], 2).unwrap();
    let many: Vec<Change> = (1..=u64::from(THREAD_NOTES_MAX)).map(|n| add(1, 4, 10_000_000 + n, true)).collect();
    let refused = writer.apply(&many, 3).unwrap();
    let last = many.len() - 1;
    assert_eq!(refused, [Refused { place: last, why: Why::ThreadFull }]);
    let thread = reader.thread(firm(1), case(4)).unwrap().unwrap();
    assert!(thread.full && thread.notes.len() == THREAD_NOTES_MAX as usize);
    assert_eq!(Why::ThreadFull.to_string(), "the thread is full: it takes 2000 notes or 67108864 bytes");
    // A recall makes room.
    writer.apply(&[erase(1, 4), add(1, 4, 5, false)], 4).unwrap();
    assert_eq!(bodies(&reader, 1, 4), ["recalled", "note 5"]);

    let whole = "w".repeat(BODY_BYTES_MAX);
    let fill: Vec<Change> = (0..40)
        .map(|n| Change::Note {
            organisation: firm(1),
            case: case(4),
            note: note(90_000_000 + n, &whole),
            unread: false,
            mail: false,
        })
        .collect();
    let refused = writer.apply(&fill, 5).unwrap();
    assert!(refused.len() > 8 && refused.iter().all(|refused| refused.why == Why::ThreadFull), "{refused:?}");

    let reads = vec![read(1, 1); own::BATCH_CHANGES_MAX + 1];
    assert!(matches!(writer.apply(&reads, 6), Err(OwnError::BatchTooLong { .. })));
}

#[test]
fn progress_goes_with_its_batch_and_never_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(own::FILE);
    let mut writer = Writer::in_file(&path, key(), seeded(1)).unwrap();
    assert_eq!(writer.progress().unwrap(), 0);
    writer.apply(&[open(1, 1, "x")], 7).unwrap();
    let error = writer.apply(&[open(1, 2, "x")], 6).unwrap_err();
    assert!(matches!(error, OwnError::Backwards { stored: 7, given: 6 }), "{error}");
    assert_eq!(writer.reader().list(firm(1), None, 9).unwrap().cases, 1);
    writer.apply(&[], 8).unwrap();
    drop(writer);
    let mut writer = Writer::in_file(&path, key(), seeded(2)).unwrap();
    assert_eq!(writer.progress().unwrap(), 8);
    writer.clear().unwrap();
    assert_eq!(writer.progress().unwrap(), 0);
    assert_eq!(writer.reader().list(firm(1), None, 9).unwrap().cases, 0);
    assert_eq!(writer.reader().thread(firm(1), case(1)).unwrap(), None);
    writer.apply(&[open(1, 1, "x")], 1).unwrap();
}

#[test]
fn another_key_layout_or_no_file_is_said_when_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(own::FILE);
    let other = || OwnKey::new(&[8; 32]);
    assert!(matches!(Reader::in_file(&path, key()), Err(OwnError::Absent(_))));
    std::fs::write(&path, []).unwrap();
    assert!(matches!(Reader::in_file(&path, key()), Err(OwnError::Absent(_))));
    drop(Writer::in_file(&path, key(), seeded(1)).unwrap());
    assert!(matches!(Writer::in_file(&path, other(), seeded(1)), Err(OwnError::OtherKey)));
    assert!(matches!(Reader::in_file(&path, other()), Err(OwnError::OtherKey)));
    Reader::in_file(&path, key()).unwrap();
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    for error in [Writer::in_file(&path, key(), seeded(1)).err().unwrap(), Reader::in_file(&path, key()).err().unwrap()]
    {
        assert_eq!(error.to_string(), "store of own reports has layout 2, this program reads layout 1");
    }
}

#[test]
fn files_are_closed_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(own::FILE);
    std::fs::write(&path, []).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    let mut writer = Writer::in_file(&path, key(), seeded(1)).unwrap();
    writer.apply(&[open(1, 1, "x")], 1).unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 3);
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
}

#[test]
fn a_reader_beside_the_writer_sees_whole_batches_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(own::FILE);
    let mut writer = Writer::in_file(&path, key(), seeded(1)).unwrap();
    // With a key and connections of its own, as in another process.
    let reader = Reader::in_file(&path, key()).unwrap();
    let watch = std::thread::spawn(move || {
        loop {
            let page = reader.list(firm(1), None, 200).unwrap();
            assert_eq!((page.entries.len() as u64, page.cases % 2), (page.cases, 0));
            for entry in page.entries.iter().take(2) {
                assert_eq!(reader.thread(firm(1), entry.case).unwrap().unwrap().notes.len(), 2);
            }
            if page.cases == 120 {
                return;
            }
        }
    });
    for n in 0..60 {
        let (a, b) = (2 * n, 2 * n + 1);
        let batch = [open(1, a, "x"), open(1, b, "x"), add(1, a, 1, true), add(1, b, 1, true)];
        writer.apply(&batch, n + 1).unwrap();
    }
    watch.join().unwrap();
}

#[test]
fn a_store_that_is_made_anew_is_seen_by_readers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(own::FILE);
    let mut writer = Writer::in_file(&path, key(), seeded(1)).unwrap();
    let reader = Reader::in_file(&path, key()).unwrap();
    writer.apply(&[open(1, 1, "x")], 1).unwrap();
    assert_eq!(reader.list(firm(1), None, 9).unwrap().cases, 1);
    drop(writer);
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.path().join(format!("{}{end}", own::FILE)));
    }
    let _writer = Writer::in_file(&path, key(), seeded(1)).unwrap();
    assert_eq!(reader.list(firm(1), None, 9).unwrap().cases, 0);
}
