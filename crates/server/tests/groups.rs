//! Sharing groups at both listeners: who may read what is reported to one, from when, and that nothing tells of it to others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::atomic::Ordering;

use axum::body::Body;
use common::{Answer, Events, World, call};
use register::{Actor, Role};
use serde_json::{Value, json};

const NO_GROUP: &str = "00000000-0000-4000-8000-00000000000f";

struct Room {
    world: World,
    lead: String,
}

impl Room {
    async fn new() -> Self {
        let mut world = World::new();
        world.pass(1_000);
        let lead = world.sign_in(&world.cell, "ada@cell.example").await;
        Self { world, lead }
    }

    async fn act(&self, method: &str, path: &str, body: Value) -> Answer {
        self.world.at_cell(method, path, &self.lead, Body::from(body.to_string())).await
    }

    async fn make(&self, name: &str, who_may_add: &str) -> String {
        let body = json!({ "name": name, "purpose": "Ransomware in ports", "who_may_add": who_may_add });
        let made = self.act("POST", "/cell/v1/groups", body).await;
        assert_eq!(made.status, 201, "{:?}", String::from_utf8_lossy(&made.body));
        made.json()["id"].as_str().unwrap().to_owned()
    }

    async fn join(&self, group: &str, firm: usize) {
        self.join_as(group, firm, false).await;
    }

    async fn join_as(&self, group: &str, firm: usize, organiser: bool) {
        let body = json!({ "organisation": format!("firm {firm}"), "organiser": organiser });
        assert_eq!(self.act("POST", &format!("/cell/v1/groups/{group}/members"), body).await.status, 204);
    }

    async fn leave(&self, group: &str, firm: usize) {
        let body = json!({ "organisation": format!("Firm {firm}") });
        assert_eq!(self.act("POST", &format!("/cell/v1/groups/{group}/leave"), body).await.status, 204);
    }

    async fn report(&mut self, firm: usize, group: &str, values: &[&str]) -> Value {
        let indicators: Vec<Value> = values.iter().map(|value| json!({ "value": value })).collect();
        let body = json!({
            "title": "t", "attack": "phishing", "warn": { "group": group }, "know": "nobody", "tlp": "AMBER+STRICT",
            "indicators": indicators,
        });
        let request = self.world.request("POST", "/api/v1/reports", firm, Body::from(body.to_string()));
        let receipt = call(&self.world.member, request).await;
        assert_eq!(receipt.status, 201, "{:?}", String::from_utf8_lossy(&receipt.body));
        self.world.pass(200);
        receipt.json()
    }

    async fn get(&self, firm: usize, path: &str) -> Answer {
        call(&self.world.member, self.world.request("GET", path, firm, Body::empty())).await
    }

    /// Values that a firm has of a group; `None` if the group is absent to it.
    async fn has(&self, firm: usize, group: &str) -> Option<Vec<String>> {
        let answer = self.get(firm, &format!("/api/v1/groups/{group}/items")).await;
        if answer.status == 404 {
            return None;
        }
        let items = answer.json()["items"].as_array().unwrap().clone();
        let count = self.get(firm, &format!("/api/v1/groups/{group}")).await.json()["group"]["items"].clone();
        assert_eq!(count, items.len(), "the number is that of what is listed");
        let mut values: Vec<String> = items.iter().map(|item| item["value"].as_str().unwrap().to_owned()).collect();
        values.sort();
        Some(values)
    }
}

#[tokio::test]
async fn a_groups_members_have_its_items_and_others_see_no_sign_of_it() {
    let mut room = Room::new().await;
    let group = room.make("Ports", "cell").await;
    for firm in [1, 2, 3] {
        room.join(&group, firm).await;
    }
    let quiet =
        ["/api/v1/home", "/api/v1/indicators", "/api/v1/campaigns", "/api/v1/feeds/watch.txt", "/api/v1/groups"];
    room.world.report(9, &["known.test"]).await;
    room.world.pass(21_000);
    let mut before = Vec::new();
    for path in quiet {
        before.push(room.get(0, path).await.body);
    }
    let unseen = room.get(0, "/api/v1/lookup?value=port.test").await.body;
    room.report(1, &group, &["port.test"]).await;
    room.world.pass(25_000);
    for firm in [1, 2, 3] {
        assert_eq!(room.has(firm, &group).await.unwrap(), ["port.test"]);
    }
    let found = room.get(2, "/api/v1/lookup?value=port.test").await.json();
    assert_eq!((&found["verdict"], &found["indicator"]), (&json!("watch"), &Value::Null));
    assert_eq!(found["groups"][0]["group"], group.as_str());
    assert_eq!(found["groups"][0]["indicator"]["attributed_to"], "Test partnership");
    let watch = room.get(3, &format!("/api/v1/groups/{group}/watch.txt")).await.body;
    assert_eq!(String::from_utf8(watch).unwrap(), "# EXERCISE\nport.test\n");
    let detail = room.get(2, &format!("/api/v1/groups/{group}")).await.json();
    let names: Vec<&str> =
        detail["members"].as_array().unwrap().iter().map(|member| member["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Firm 1", "Firm 2", "Firm 3"]);
    assert_eq!((&detail["group"]["name"], &detail["group"]["may_add"]), (&json!("Ports"), &json!(false)));
    for (path, before) in quiet.iter().zip(before) {
        assert_eq!(room.get(0, path).await.body, before, "{path}");
        assert!(!String::from_utf8_lossy(&room.get(1, path).await.body).contains("port.test"), "{path} of a member");
    }
    assert_eq!(room.get(0, "/api/v1/lookup?value=port.test").await.body, unseen);
}

#[tokio::test]
async fn a_foreign_an_ended_an_empty_and_an_unknown_group_are_one_and_the_same() {
    let mut room = Room::new().await;
    let (foreign, ended, empty) =
        (room.make("Foreign", "cell").await, room.make("Ended", "cell").await, room.make("Empty", "cell").await);
    room.join(&foreign, 5).await;
    room.join(&ended, 0).await;
    let end = released::rfc3339(model::Timestamp::from_millis(room.world.clock.0.load(Ordering::SeqCst)));
    assert_eq!(room.act("PUT", &format!("/cell/v1/groups/{ended}/end"), json!({ "ends_at": end })).await.status, 204);
    for path in ["", "/items", "/watch.txt"] {
        let absent = room.get(0, &format!("/api/v1/groups/{NO_GROUP}{path}")).await;
        assert_eq!(absent.status, 404);
        for group in [&foreign, &ended, &empty, &"nonsense".to_owned()] {
            let other = room.get(0, &format!("/api/v1/groups/{group}{path}")).await;
            assert_eq!((other.status, &other.headers, &other.body), (absent.status, &absent.headers, &absent.body));
        }
    }
    let mut shapes = Vec::new();
    for group in [&foreign, &ended, &empty, &NO_GROUP.to_owned()] {
        let mut receipt = room.report(0, group, &["nobody.test"]).await;
        receipt["reference"] = Value::Null;
        receipt["receipt"] = Value::Null;
        // The second of them is a repeat of the sender's own.
        receipt["items"][0]["result"] = Value::Null;
        shapes.push(receipt);
    }
    assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:?}");
    room.world.pass(25_000);
    assert_eq!(room.has(5, &foreign).await.unwrap(), [] as [String; 0], "nobody reaches a group from outside");
    room.join(&empty, 6).await;
    assert_eq!(room.has(6, &empty).await.unwrap(), [] as [String; 0]);
    assert_eq!(room.act("PUT", &format!("/cell/v1/groups/{ended}/end"), json!({})).await.status, 204);
    assert_eq!(room.has(0, &ended).await.unwrap(), [] as [String; 0], "nor when it goes on again");
}

#[tokio::test]
async fn a_new_member_has_nothing_older_and_leaving_ends_it_at_once() {
    let mut room = Room::new().await;
    let group = room.make("Ports", "cell").await;
    room.join(&group, 1).await;
    room.report(1, &group, &["old.test", "again.test"]).await;
    room.join(&group, 2).await;
    assert_eq!(room.has(2, &group).await.unwrap(), [] as [String; 0]);
    let lookup = room.get(2, "/api/v1/lookup?value=old.test").await.json();
    assert_eq!((&lookup["verdict"], &lookup["groups"]), (&json!("not-seen"), &json!([])));
    room.report(1, &group, &["again.test", "new.test"]).await;
    assert_eq!(room.has(2, &group).await.unwrap(), ["again.test", "new.test"]);
    assert_eq!(room.has(1, &group).await.unwrap(), ["again.test", "new.test", "old.test"], "each value once");
    room.leave(&group, 2).await;
    assert_eq!(room.has(2, &group).await, None);
    let lookup = room.get(2, "/api/v1/lookup?value=new.test").await.json();
    assert_eq!(lookup["verdict"], "not-seen");
    room.join(&group, 2).await;
    assert_eq!(room.has(2, &group).await.unwrap(), [] as [String; 0], "who comes again begins anew");
}

#[tokio::test]
async fn frames_of_a_group_go_to_its_members_while_they_are_in_it() {
    let mut room = Room::new().await;
    let group = room.make("Ports", "cell").await;
    room.join(&group, 1).await;
    room.join(&group, 2).await;
    let open = async |room: &Room, firm| {
        Events::open(&room.world.member, room.world.request("GET", "/api/v1/stream", firm, Body::empty())).await
    };
    let (mut leaver, mut stayer, mut outsider) = (open(&room, 1).await, open(&room, 2).await, open(&room, 0).await);
    assert_eq!(leaver.next_of("groups").await.1["items"][0]["id"], group.as_str());
    assert_eq!(stayer.next().await.unwrap().0, "snapshot");
    assert_eq!(outsider.next().await.unwrap().0, "snapshot");
    room.report(2, &group, &["first.test"]).await;
    let (id, frame) = leaver.next_of("group").await;
    assert_eq!((id.as_str(), &frame["group"]), ("", &json!(group)));
    assert_eq!(frame["objects"][0]["value"], "first.test");
    room.leave(&group, 1).await;
    room.report(2, &group, &["second.test"]).await;
    room.join(&group, 3).await;
    room.report(2, &group, &["first.test"]).await;
    let mut late = open(&room, 3).await;
    assert_eq!(late.next_of("groups").await.1["items"][0]["items"], 1);
    room.world.pass(1_200);
    room.world.member_hub.close();
    let rest = async |events: &mut Events| {
        let mut names = Vec::new();
        while let Some((name, _, data)) = events.next().await {
            names.push(if name == "group" { data["objects"][0]["value"].as_str().unwrap().to_owned() } else { name });
        }
        names.retain(|name| !["beat", "groups"].contains(&name.as_str()));
        names
    };
    assert_eq!(rest(&mut leaver).await, [] as [&str; 0], "nothing after it left");
    assert_eq!(rest(&mut outsider).await, [] as [&str; 0]);
    assert_eq!(rest(&mut stayer).await, ["first.test", "second.test"], "and nobody hears that a value came again");
}

#[tokio::test]
async fn who_may_add_is_as_the_group_says() {
    let room = Room::new().await;
    let ann = room.world.sign_in(&room.world.member, "ann@firm0.example").await;
    let person = room.world.register.person_named("ann@firm0.example").unwrap();
    room.world.register.set_role(&Actor::operator(), person.id, Role::OrganisationAdmin).unwrap();
    let add = async |group: &str, name: &str| {
        let request = axum::http::Request::post(format!("/api/v1/groups/{group}/members"))
            .header("host", "localhost")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", &ann)
            .header("content-type", "application/json")
            .body(Body::from(json!({ "organisation": name }).to_string()))
            .unwrap();
        call(&room.world.member, request).await.status.as_u16()
    };
    let (cell, members, organisers) = (
        room.make("Cell adds", "cell").await,
        room.make("Members add", "members").await,
        room.make("Organisers add", "organisers").await,
    );
    assert_eq!(add(&members, "Firm 7").await, 404, "not in it");
    for group in [&cell, &members, &organisers] {
        room.join(group, 0).await;
    }
    assert_eq!(add(&cell, "Firm 7").await, 403);
    assert_eq!(add(&organisers, "Firm 7").await, 403);
    assert_eq!(add(&members, "Firm 7").await, 204);
    assert_eq!(add(&members, "Firm 7").await, 204, "again changes nothing");
    assert_eq!(add(&members, "Nobody Ltd").await, 422);
    room.join_as(&organisers, 0, true).await;
    assert_eq!(add(&organisers, "Firm 8").await, 204);
    assert!(room.has(7, &members).await.is_some() && room.has(8, &organisers).await.is_some());
    // A machine key adds nobody.
    let body = Body::from(json!({ "organisation": "Firm 9" }).to_string());
    let by_key = room.world.request("POST", &format!("/api/v1/groups/{members}/members"), 0, body);
    assert_eq!(call(&room.world.member, by_key).await.status, 403);
    let listed = room.act("GET", "/cell/v1/groups", json!({})).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    assert_eq!(listed["items"][1]["members"].as_array().unwrap().len(), 2);
    let kit = room.world.sign_in(&room.world.cell, "kit@cell.example").await;
    assert_eq!(room.world.at_cell("GET", "/cell/v1/groups", &kit, Body::empty()).await.status, 403);
    for (path, body, status) in [
        (format!("/cell/v1/groups/{NO_GROUP}/members"), json!({ "organisation": "Firm 1" }), 404),
        (format!("/cell/v1/groups/{members}/members"), json!({ "organisation": "Nobody Ltd" }), 422),
        ("/cell/v1/groups".to_owned(), json!({ "name": "Members ADD", "purpose": "p", "who_may_add": "cell" }), 422),
        ("/cell/v1/groups".to_owned(), json!({ "name": "New", "purpose": "p", "who_may_add": "all" }), 422),
    ] {
        assert_eq!(room.act("POST", &path, body).await.status, status, "{path}");
    }
}
