//! The seam between two processes: a member face beside a cell face, and beside a folder whose vault is gone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use common::{Seeded, answers};
use model::{Clock, Sector, Timestamp};
use policy::{Assets, Params};
use register::NewOrganisation;
use server::{Config, Faces, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
    }
}

fn config(folder: &Path, faces: Faces, seed: u64) -> Config {
    let mut config = Config::new(folder.join("data"), Arc::new(RealClock), Arc::new(Seeded(AtomicU64::new(seed))));
    config.faces = faces;
    config.exercise = true;
    config.params = Params::EXERCISE;
    config.member_addr = ([127, 0, 0, 1], 0).into();
    config.cell_addr = ([127, 0, 0, 1], 0).into();
    config
}

async fn request(running: &Running, key: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(running.member_addr.unwrap()).await.unwrap();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn until_released(running: &Running, key: &str, value: &str) -> String {
    for _ in 0..100 {
        let (_, body) = request(running, key, "GET", &format!("/api/v1/lookup?value={value}"), "").await;
        if body.contains(r#""verdict":"watch""#) {
            return body;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{value} was not released in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_face_needs_no_vault_and_sends_through_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let cell = server::start(config(folder.path(), Faces::Cell, 1)).await.unwrap();
    let firm = NewOrganisation { name: "Firm".into(), sector: Sector::Water, region: None, assets: Assets::default() };
    let key = cell.register.create_members(&[firm], "test", answers()).unwrap().remove(0).1.expose().to_owned();
    let member = server::start(config(folder.path(), Faces::Member, 2)).await.unwrap();
    assert!(member.vault.is_none() && member.cell_addr.is_none() && cell.member_addr.is_none());

    let report = r#"{"title":"a","attack":"phishing","tlp":"GREEN","indicators":[{"value":"evil.test"},{"value":"198.51.100.9"}]}"#;
    let (status, body) = request(&member, &key, "POST", "/api/v1/reports", report).await;
    assert_eq!(status, 201, "{body}");
    until_released(&member, &key, "evil.test").await;
    let paths = [
        "/api/v1/home",
        "/api/v1/indicators",
        "/api/v1/campaigns",
        "/api/v1/lookup?value=evil.test",
        "/api/v1/feeds/watch.txt",
        "/face",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(request(&member, &key, "GET", path, "").await);
    }
    member.stop().await.unwrap();
    cell.stop().await.unwrap();

    // The vault is deleted, keys and all: every byte is equal.
    for name in ["data/vault.db", "data/vault.db-wal", "data/vault.db-shm", "data/blobs", "data.keys", "data/lock"] {
        let path = folder.path().join(name);
        let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
    }
    let member = server::start(config(folder.path(), Faces::Member, 3)).await.unwrap();
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(request(&member, &key, "GET", path, "").await, before, "{path}");
    }
    // Nobody takes reports now: the answer says to keep it.
    let (status, body) = request(&member, &key, "POST", "/api/v1/reports", report).await;
    assert_eq!(status, 503, "{body}");
    assert!(!folder.path().join("data/vault.db").exists());
    member.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let both = server::start(config(folder.path(), Faces::Both, 1)).await.unwrap();
    let firm = NewOrganisation { name: "Firm".into(), sector: Sector::Water, region: None, assets: Assets::default() };
    let key = both.register.create_members(&[firm], "test", answers()).unwrap().remove(0).1.expose().to_owned();
    for n in 0..20 {
        let report =
            format!(r#"{{"title":"a","attack":"malware","tlp":"GREEN","indicators":[{{"value":"evil{n}.test"}}]}}"#);
        assert_eq!(request(&both, &key, "POST", "/api/v1/reports", &report).await.0, 201);
    }
    // Stopped at once: what was not yet released is released by the next process.
    both.stop().await.unwrap();
    let both = server::start(config(folder.path(), Faces::Both, 2)).await.unwrap();
    for n in 0..20 {
        until_released(&both, &key, &format!("evil{n}.test")).await;
    }
    both.stop().await.unwrap();
    let report = vault::verify(&folder.path().join("data"), &folder.path().join("data.keys")).unwrap();
    assert_eq!(report.types["report"], 20);
    assert!(report.checkpoint.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_intake_every_report_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), Faces::Both, 1);
    config.intake = false;
    let both = server::start(config).await.unwrap();
    let firm = NewOrganisation { name: "Firm".into(), sector: Sector::Water, region: None, assets: Assets::default() };
    let key = both.register.create_members(&[firm], "test", answers()).unwrap().remove(0).1.expose().to_owned();
    let report = r#"{"title":"a","attack":"phishing","tlp":"GREEN","indicators":[{"value":"evil.test"}]}"#;
    assert_eq!(request(&both, &key, "POST", "/api/v1/reports", report).await.0, 503);
    both.stop().await.unwrap();
}
