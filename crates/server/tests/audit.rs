//! The audit log as members fetch it: what the cell did and read is in it, and nothing that is fetched says what.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use common::{Answer, World, call};
use tlog::{Checkpoint, Hash, Nodes, Tile, Verifier, consistency, verify_consistency};

const EPOCH: i64 = 20_000;

async fn get(world: &World, path: &str) -> Answer {
    let request = axum::http::Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
    call(&world.member, request).await
}

async fn head(world: &World) -> (Checkpoint, Vec<u8>) {
    let key = get(world, "/api/v1/audit/key").await;
    let key = Verifier::read(std::str::from_utf8(&key.body).unwrap()).unwrap();
    let answer = get(world, "/api/v1/audit/checkpoint").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/plain; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), "no-cache");
    (Checkpoint::read(&answer.body, &key).unwrap(), answer.body)
}

/// The hashes of leaves, as a member has fetched them.
struct Leaves(Vec<Hash>);

impl Nodes for Leaves {
    type Error = ();

    fn perfect(&self, start: u64, height: u8) -> Result<Hash, ()> {
        let from = usize::try_from(start).unwrap();
        let mut level: Vec<Hash> = self.0.get(from..from + (1 << height)).ok_or(())?.to_vec();
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| tlog::node_hash(&pair[0], &pair[1])).collect();
        }
        Ok(level[0])
    }
}

async fn leaves(world: &World, size: u64) -> Leaves {
    let mut all = Vec::new();
    for index in 0..size.div_ceil(256) {
        let width = (size - index * 256).min(256) as u16;
        let tile = Tile { kind: tlog::Kind::Hashes(0), index, width };
        let answer = get(world, &format!("/api/v1/audit/{}", tile.path())).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/octet-stream"));
        assert!(answer.header("cache-control").contains("immutable"));
        all.extend(answer.body.chunks(32).map(|hash| Hash::try_from(hash).unwrap()));
        let entries = Tile { kind: tlog::Kind::Entries, ..tile };
        let answer = get(world, &format!("/api/v1/audit/{}", entries.path())).await;
        let entries = tlog::entries_of(&answer.body, width).unwrap();
        assert!(entries.iter().all(|entry| entry.len() == 32));
        let hashes: Vec<Hash> = entries.iter().map(|entry| tlog::leaf_hash(entry)).collect();
        assert_eq!(all[usize::try_from(index).unwrap() * 256..], hashes);
    }
    Leaves(all)
}

#[tokio::test]
async fn a_member_keeps_a_head_and_later_proves_that_the_log_goes_on_from_it() {
    let mut world = World::new();
    world.pass(EPOCH * 2);
    let (kept, _) = head(&world).await;
    assert!(kept.size > 0 && kept.size % 64 == 0);
    let receipt = world.report(0, &["evil.attack.test"]).await.json();
    let case = receipt["reference"].as_str().unwrap().to_owned();
    world.pass(300);
    let analyst = world.sign_in(&world.cell, "kit@cell.example").await;
    let read = world.at_cell("GET", &format!("/cell/v1/reports/{case}"), &analyst, Body::empty()).await;
    assert_eq!(read.status, 200);
    let claim = world.at_cell("POST", &format!("/cell/v1/reports/{case}/claim"), &analyst, Body::empty()).await;
    assert_eq!(claim.status, 204);
    let look_up = world.at_cell("GET", "/cell/v1/lookup?value=evil.attack.test", &analyst, Body::empty()).await;
    assert_eq!(look_up.status, 200);
    world.pass(EPOCH * 5);
    let (now, note) = head(&world).await;
    assert_eq!(now.size, kept.size + 5 * 64, "it grew by the clock, whatever was done");
    let all = leaves(&world, now.size).await;
    assert_eq!(tlog::root(&all, now.size).unwrap(), now.root);
    let proof = consistency(&all, kept.size, now.size).unwrap();
    verify_consistency((kept.size, &kept.root), (now.size, &now.root), &proof).unwrap();
    for told in [case.as_str(), "kit", "evil"] {
        assert!(!String::from_utf8_lossy(&note).contains(told));
    }
}

#[tokio::test]
async fn nothing_but_tiles_is_given_out_and_a_world_at_rest_has_a_log_of_the_same_size() {
    let (mut busy, mut quiet) = (World::new(), World::new());
    let analyst = busy.sign_in(&busy.cell, "kit@cell.example").await;
    for n in 0..10 {
        let receipt = busy.report(n, &[&format!("evil{n}.attack.test")]).await.json();
        busy.pass(300);
        let case = receipt["reference"].as_str().unwrap();
        let path = format!("/cell/v1/reports/{case}/claim");
        assert_eq!(busy.at_cell("POST", &path, &analyst, Body::empty()).await.status, 204);
    }
    quiet.pass(3_000);
    for world in [&mut busy, &mut quiet] {
        world.pass(EPOCH * 3);
    }
    let ((one, _), (two, _)) = (head(&busy).await, head(&quiet).await);
    assert_eq!((one.size, one.origin), (two.size, two.origin));
    assert_ne!(one.root, two.root, "the acts are in it");
    for path in ["0/000.p/63", "0/009", "0/00x", "9/000.p/1", "entries/..", "..%2Fcheckpoint", "%2e%2e/%2e%2e/vault.db"]
    {
        assert_eq!(get(&busy, &format!("/api/v1/audit/tile/{path}")).await.status, 404, "{path}");
    }
}
