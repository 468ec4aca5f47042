//! The socket between the member side and the vault: nothing is lost and nothing is stored twice, whatever breaks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../model/tests/outside/mod.rs"]
mod outside;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use intake::{
    Answer, Begun, Ending, LocalSender, Message, RemoteSender, Reporter, SendError, Sender as _, listen, parse_report,
};
use model::{AdvisoryId, OrganisationId, Timestamp};
use outside::Outside;
use policy::Params;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;
use vault::{Acted, Again, Body, FileTold, GenesisIfNew, ItemOutcome, Repeat, ReportEntry, Submission, Vault};

const NOW: i64 = 1_790_000_000_000;

fn vault() -> Arc<Vault> {
    let outside = Outside::at(NOW, 1);
    let genesis = GenesisIfNew { partnership: "Test".into(), exercise: true, params: Params::EXERCISE };
    Arc::new(Vault::in_memory(&genesis, Arc::clone(&outside) as _, outside).unwrap())
}

fn sender(path: &Path) -> Arc<RemoteSender> {
    Arc::new(RemoteSender::new(path, Outside::at(NOW, 1_000_000)))
}

fn submission(value: &str) -> Submission {
    let body = format!(
        r#"{{"title":"tïtle","narrative":"words\nof \"mine\"","attack":"phishing","severity":"high","ongoing":true,
            "happened_at":"2026-02-28T23:59:59Z","warn":"once-three","know":"everybody","tlp":"GREEN","pap":"AMBER",
            "techniques":["T1566"],"tags":["tag"],"indicators":[{{"value":"{value}"}},{{"value":"192.0.2.1"}}]}}"#
    );
    let now = Timestamp::from_millis(NOW);
    let mut parsed = parse_report(body.as_bytes(), None, &Reporter::cell("Test"), true, now).unwrap();
    parsed.submission.own = false;
    parsed.submission.organisation = OrganisationId::from_bytes([4; 16]);
    parsed.submission.sector = Some("energy".into());
    parsed.submission.region = Some(model::Region::Wales);
    parsed.submission.report.items[1].held = Some("its own".into());
    parsed.submission
}

fn submit(value: &str) -> Message {
    Message::Submit { submissions: vec![submission(value)], skip_known: false }
}

fn reports(vault: &Vault) -> Vec<ReportEntry> {
    let entries = vault.journal().read(1, 10_000).unwrap();
    let of = |body: &Body| match body {
        Body::Report(report) => Some((**report).clone()),
        _ => None,
    };
    entries.iter().filter_map(|entry| of(&entry.body)).collect()
}

/// The cell's side at a socket. It ends, with every connection, when it is dropped: it has a runtime of its own.
struct CellSide {
    runtime: Option<tokio::runtime::Runtime>,
}

impl CellSide {
    fn start(path: &Path, vault: &Arc<Vault>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (path, local) = (path.to_owned(), LocalSender::new(Arc::clone(vault)));
        let socket = path.clone();
        // What an earlier one left behind must not be taken for this one's.
        let _ = std::fs::remove_file(&socket);
        runtime.spawn(async move { listen(&path, local).await });
        while !socket.exists() {
            std::thread::sleep(Duration::from_millis(2));
        }
        Self { runtime: Some(runtime) }
    }
}

impl Drop for CellSide {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn socket() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run").join("intake.sock");
    (folder, path)
}

#[tokio::test]
async fn a_report_comes_out_as_it_went_in() {
    let (_folder, path) = socket();
    let (near, far) = (vault(), vault());
    let _cell = CellSide::start(&path, &far);
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let sender = sender(&path);
    let Answer::Accepted(told) = sender.send(submit("evil.test")).await.unwrap() else { panic!("no receipt") };
    let Answer::Accepted(local) = LocalSender::new(Arc::clone(&near)).send(submit("evil.test")).await.unwrap() else {
        panic!("no receipt")
    };
    assert_eq!(told[0].items, local[0].items);
    let (far, near) = (reports(&far), reports(&near));
    assert_eq!((far.len(), told[0].case), (1, Some(far[0].case)));
    // Case and token are each vault's own; everything else came through the socket.
    let same = ReportEntry { case: near[0].case, token: near[0].token, ..far[0].clone() };
    assert!(same == near[0]);
    assert_eq!(far[0].named.as_deref(), Some("Test"));
}

#[tokio::test]
async fn what_comes_from_outside_is_for_the_cell_alone_on_the_other_side_too() {
    let (_folder, path) = socket();
    let vault = vault();
    let _cell = CellSide::start(&path, &vault);
    let mut outside = submission("evil.test");
    outside.outside = true;
    assert!(outside.report.warn != model::WhoMayBeWarned::CellOnly && outside.named.is_some());
    sender(&path).send(Message::Submit { submissions: vec![outside], skip_known: false }).await.unwrap();
    let filed = reports(&vault);
    assert!(filed[0].outside && !filed[0].is_members() && filed[0].named.is_none());
    assert_eq!(filed[0].warn, model::WhoMayBeWarned::CellOnly);
}

#[tokio::test]
async fn duplicates_and_readings_are_told_across_the_socket() {
    let (_folder, path) = socket();
    let vault = vault();
    let _cell = CellSide::start(&path, &vault);
    let sender = sender(&path);
    sender.send(submit("evil.test")).await.unwrap();
    let again = Message::Submit { submissions: vec![submission("evil.test")], skip_known: true };
    let Answer::Accepted(told) = sender.send(again).await.unwrap() else { panic!("no receipt") };
    assert_eq!((told[0].case, &told[0].items[..]), (None, &[ItemOutcome::Duplicate; 2][..]));
    let read = Message::AdvisoryRead {
        advisory: AdvisoryId::from_bytes([7; 16]),
        organisation: OrganisationId::from_bytes([4; 16]),
    };
    assert_eq!(sender.send(read).await, Ok(Answer::Done));
    let last = vault.journal().read(vault.journal().head().seq, 1).unwrap();
    assert!(matches!(last[0].body, Body::AdvisoryRead(advisory, _) if *advisory.as_bytes() == [7; 16]));
}

#[tokio::test]
async fn the_sender_finds_the_cell_side_again_after_a_restart() {
    let (_folder, path) = socket();
    let vault = vault();
    let sender = sender(&path);
    assert!(matches!(sender.send(submit("none.test")).await, Err(SendError::Unreachable(_))), "not there yet");
    for round in 0..3 {
        let cell = CellSide::start(&path, &vault);
        // Several at once, so that several connections lie idle when the cell's side ends.
        let sent: Vec<JoinHandle<_>> = (0..8)
            .map(|n| {
                let sender = Arc::clone(&sender);
                tokio::spawn(async move { sender.send(submit(&format!("r{round}-{n}.test"))).await })
            })
            .collect();
        for sent in sent {
            assert!(sent.await.unwrap().is_ok(), "round {round}");
        }
        drop(cell);
    }
    assert!(matches!(sender.send(submit("gone.test")).await, Err(SendError::Unreachable(_))));
    assert_eq!(reports(&vault).len(), 24, "what was refused is not stored, what was taken is there once");
}

async fn frame(stream: &mut UnixStream) -> Vec<u8> {
    let mut frame = vec![0; 4];
    stream.read_exact(&mut frame).await.unwrap();
    let length = u32::from_be_bytes(frame[..4].try_into().unwrap()) as usize;
    frame.resize(4 + length, 0);
    stream.read_exact(&mut frame[4..]).await.unwrap();
    frame
}

/// Stands between sender and cell: passes frames on, but loses the first `lost` replies with their connections.
fn lossy(path: &Path, cell: PathBuf, lost: u64) -> Arc<AtomicU64> {
    let listener = UnixListener::bind(path).unwrap();
    let passed = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&passed);
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut far = UnixStream::connect(&cell).await.unwrap();
            let request = frame(&mut near).await;
            far.write_all(&request).await.unwrap();
            let reply = frame(&mut far).await;
            if count.fetch_add(1, Ordering::SeqCst) >= lost {
                near.write_all(&reply).await.unwrap();
            }
        }
    });
    passed
}

#[tokio::test]
async fn a_reply_that_is_lost_makes_no_second_report() {
    let (folder, path) = socket();
    let vault = vault();
    let _cell = CellSide::start(&path, &vault);
    let between = folder.path().join("between.sock");
    let passed = lossy(&between, path, 1);
    let told = sender(&between).send(submit("evil.test")).await.unwrap();
    assert_eq!(passed.load(Ordering::SeqCst), 2, "it was sent again");
    let stored = reports(&vault);
    assert_eq!(stored.len(), 1);
    let Answer::Accepted(told) = told else { panic!("no receipt") };
    assert_eq!(told[0].case, Some(stored[0].case), "the repeat is told what the first would have been");
    assert_eq!(told[0].items, [ItemOutcome::Accepted; 2], "and not that it is a duplicate");
}

#[tokio::test]
async fn a_sender_that_gives_up_says_so_and_the_report_is_there_once() {
    let (folder, path) = socket();
    let vault = vault();
    let _cell = CellSide::start(&path, &vault);
    let between = folder.path().join("between.sock");
    lossy(&between, path, 2);
    assert!(matches!(sender(&between).send(submit("evil.test")).await, Err(SendError::Unreachable(_))));
    assert_eq!(reports(&vault).len(), 1);
}

/// A cell side that answers every frame with the same text.
fn says(path: &Path, text: &'static str) -> JoinHandle<()> {
    let listener = UnixListener::bind(path).unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                loop {
                    frame(&mut stream).await;
                    stream.write_all(&u32::try_from(text.len()).unwrap().to_be_bytes()).await.unwrap();
                    stream.write_all(text.as_bytes()).await.unwrap();
                }
            });
        }
    })
}

#[tokio::test]
async fn busy_and_failed_are_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let check = async |name: &str, text, expect: SendError| {
        let path = folder.path().join(name);
        let peer = says(&path, text);
        assert_eq!(sender(&path).send(submit("evil.test")).await, Err(expect), "{text}");
        peer.abort();
    };
    check("a", r#""busy""#, SendError::Busy).await;
    check("b", r#"{"failed":"disk is full"}"#, SendError::Failed("disk is full".into())).await;
    let path = folder.path().join("c");
    let _peer = says(&path, "nonsense");
    assert!(matches!(sender(&path).send(submit("evil.test")).await, Err(SendError::Failed(_))));
}

#[tokio::test]
async fn too_many_on_their_way_at_once_are_told_that_it_is_busy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("silent.sock");
    let _silent = UnixListener::bind(&path).unwrap();
    let sender = sender(&path);
    let waiting: Vec<JoinHandle<_>> = (0..64)
        .map(|_| {
            let sender = Arc::clone(&sender);
            tokio::spawn(async move { sender.send(submit("evil.test")).await })
        })
        .collect();
    // All of them are on their way once each has had its turn on this one thread.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(sender.send(submit("evil.test")).await, Err(SendError::Busy));
    for one in &waiting {
        one.abort();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let outcome = tokio::time::timeout(Duration::from_millis(100), sender.send(submit("evil.test"))).await;
    assert!(outcome.is_err(), "the places are free again: it waits for an answer, it is not busy");
}

#[tokio::test]
async fn a_peer_that_speaks_nonsense_is_hung_up_on_and_others_are_served() {
    let (_folder, path) = socket();
    let vault = vault();
    let _cell = CellSide::start(&path, &vault);
    for bytes in [&b"\x00\x00\x00\x02{}"[..], b"\x00\x00\x00\x04null", b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut rest = Vec::new();
        let end = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await.expect("hung up");
        assert!(end.is_err() || rest.is_empty(), "{rest:?}");
    }
    let mut torn = UnixStream::connect(&path).await.unwrap();
    torn.write_all(b"\x00\x00\x10\x00{").await.unwrap();
    drop(torn);
    assert!(sender(&path).send(submit("evil.test")).await.is_ok());
    assert_eq!(reports(&vault).len(), 1);
}

#[tokio::test]
async fn what_is_sent_again_under_its_key_is_known_across_the_socket() {
    let (_folder, path) = socket();
    let vault = vault();
    let _cell = CellSide::start(&path, &vault);
    let sender = sender(&path);
    let repeat = |key: &str, request: u8| {
        Box::new(Repeat {
            organisation: OrganisationId::from_bytes([4; 16]),
            key: key.to_owned(),
            request: [request; 32],
            status: 201,
            answer: "{\"a\":\"b\"}".to_owned(),
        })
    };
    let once = |repeat| sender.send(Message::Once(repeat, Box::new(submit("evil.test"))));
    assert_eq!(sender.send(Message::Asked(repeat("k", 1))).await, Ok(Answer::Done));
    let Ok(Answer::Accepted(first)) = once(repeat("k", 1)).await else { panic!("no receipt") };
    let done = Again::Done { status: 201, answer: "{\"a\":\"b\"}".to_owned(), accepted: first.first().cloned() };
    assert_eq!(once(repeat("k", 1)).await, Ok(Answer::Again(done.clone())));
    assert_eq!(sender.send(Message::Asked(repeat("k", 1))).await, Ok(Answer::Again(done)));
    assert_eq!(once(repeat("k", 2)).await, Ok(Answer::Again(Again::Differs)));
    assert_eq!(reports(&vault).len(), 1);
    let case = first[0].case.unwrap();
    let act = vault::Act::Say { text: "hello".to_owned() };
    let organisation = OrganisationId::from_bytes([4; 16]);
    let act = Message::Act { organisation, case, act, at: Timestamp::from_millis(NOW) };
    let say = || sender.send(Message::Once(repeat("say", 1), Box::new(act.clone())));
    assert_eq!(say().await, Ok(Answer::Done));
    assert!(matches!(say().await, Ok(Answer::Again(Again::Done { accepted: None, .. }))));
    assert_eq!(sender.send(Message::Remember(repeat("import", 1))).await, Ok(Answer::Done));
    assert!(matches!(sender.send(Message::Asked(repeat("import", 1))).await, Ok(Answer::Again(Again::Done { .. }))));
}

#[tokio::test]
async fn files_go_both_ways_across_the_socket_and_one_that_breaks_off_leaves_nothing() {
    let (_folder, path) = socket();
    let vault = vault();
    let _cell = CellSide::start(&path, &vault);
    let sender = sender(&path);
    let Ok(Answer::Accepted(accepted)) = sender.send(submit("evil.test")).await else { panic!("no receipt") };
    let (case, firm) = (accepted[0].case.unwrap(), OrganisationId::from_bytes([4; 16]));
    let other = OrganisationId::from_bytes([5; 16]);
    assert!(matches!(sender.upload(other, case).await, Ok(Begun::Absent)));
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let begin = async || match sender.upload(firm, case).await {
        Ok(Begun::Open(upload)) => upload,
        _ => panic!("not begun"),
    };
    let head = vault.journal().head();
    // One that is given up in its midst.
    drop(begin().await.write(content[..200_000].to_vec()).await.unwrap());
    let mut upload = begin().await;
    let id = upload.id();
    for piece in content.chunks(1_300_000) {
        upload = upload.write(piece.to_vec()).await.unwrap();
    }
    let told = FileTold { name: "a.bin".to_owned(), kind: "other".to_owned(), notes: vec!["odd".to_owned()] };
    let ending = Ending { told, organisation: firm, at: Timestamp::from_millis(NOW), repeat: None };
    assert_eq!(upload.finish(ending).await, Ok(Answer::Acted(Acted::Done)));
    assert_eq!(vault.journal().head().seq, head.seq + 1);
    let mut read = Vec::new();
    let mut download = sender.download(firm, case, id).await.unwrap().unwrap();
    while let Some(piece) = download.next().await.unwrap() {
        read.extend(piece);
    }
    assert!(read == content);
    assert!(sender.download(other, case, id).await.unwrap().is_none());
    // A cell side that is gone is said to be unreachable.
    let mut upload = begin().await;
    drop(_cell);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let gone = loop {
        match upload.write(vec![0; 500_000]).await {
            Ok(more) => upload = more,
            Err(error) => break error,
        }
    };
    assert!(matches!(gone, SendError::Unreachable(_)), "{gone:?}");
}
