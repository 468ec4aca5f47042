//! Who reported a case is opened by two leads together, with a reason and a passkey each; it is kept, and the reporter is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use axum::http::Request;
use common::leads::Lead;
use common::{Answer, World, call};
use model::{Clock as _, PersonId};
use register::{Actor, Role};
use serde_json::{Value, json};
use vault::LeadPrivateKey;

const PHONE: &str = "Ann, 0113 496 0000";
const WHY: &str = "A court order of 3 February names this case";

struct Stage {
    world: World,
}

impl Stage {
    fn new() -> Self {
        Self { world: World::new() }
    }

    /// Whether the form of a member says that two leads could find out.
    async fn form_says_kept(&self, cookie: &str) -> Value {
        let request = Request::post("/api/v1/reports/preview")
            .header("host", "localhost")
            .header("origin", "http://localhost")
            .header("content-type", "application/json")
            .header("cookie", cookie)
            .body(Body::from(r#"{"title":"t","attack":"phishing","indicators":[]}"#));
        let answer = call(&self.world.member, request.unwrap()).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()["source_kept"].clone()
    }

    /// What a member's person reads.
    async fn own(&self, cookie: &str, path: &str) -> Value {
        let request = Request::get(path).header("host", "localhost").header("cookie", cookie).body(Body::empty());
        call(&self.world.member, request.unwrap()).await.json()
    }

    async fn report(&mut self, firm: usize, value: &str) -> String {
        self.report_as(firm, value, "nobody").await
    }

    /// A report with a word on how to reach its firm.
    async fn report_as(&mut self, firm: usize, value: &str, know: &str) -> String {
        let body = json!({ "title": "t", "narrative": "it came", "attack": "phishing", "warn": "now", "know": know,
            "tlp": "GREEN", "indicators": [{ "value": value }], "contact": PHONE });
        let request = self.world.request("POST", "/api/v1/reports", firm, Body::from(body.to_string()));
        let receipt = call(&self.world.member, request).await;
        assert_eq!(receipt.status, 201, "{receipt:?}");
        assert!(!String::from_utf8_lossy(&receipt.body).contains(PHONE));
        self.world.pass(300);
        receipt.json()["reference"].as_str().unwrap().to_owned()
    }

    async fn begun(&self, lead: &Lead, case: &str) -> Answer {
        self.world.asks_to_open(lead, case, WHY).await
    }

    /// To whom the source of a case is sealed.
    fn sealed_to(&self, case: &str) -> Vec<PersonId> {
        let keys = self.world.vault.opening_keys(case.parse().unwrap()).unwrap().unwrap();
        keys.leads.iter().map(|(person, _)| *person).collect()
    }
}

#[tokio::test]
async fn two_leads_open_a_case_one_does_not_and_its_reporter_is_told() {
    let mut stage = Stage::new();
    let early = stage.report(1, "early.attack.test").await;
    let bob = stage.world.sign_in(&stage.world.member, "bob@firm1.example").await;
    assert_eq!(stage.form_says_kept(&bob).await, false);
    let (ada, zoe) = (stage.world.enrolled("ada").await, stage.world.enrolled("zoe").await);
    assert_eq!(stage.form_says_kept(&bob).await, true);
    let view = stage.world.as_lead(&ada, "GET", "/cell/v1/sources", Value::Null).await.json();
    assert_eq!((&view["sealed"], view["leads"].as_array().unwrap().len()), (&json!(true), 2));
    assert_eq!(view["leads"][0]["own"], true);
    let case = stage.report(1, "late.attack.test").await;
    let uma = stage.world.enrolled("uma").await;

    assert_eq!(stage.begun(&ada, &early).await.status, 409, "no source was kept when it came");
    assert_eq!(stage.begun(&uma, &case).await.status, 409, "a new lead opens later cases only");
    assert_eq!(stage.begun(&ada, "00000000-0000-4000-8000-00000000000f").await.status, 404);
    let path = format!("/cell/v1/reports/{case}/opening");
    assert_eq!(stage.world.as_lead(&ada, "POST", &path, json!({ "reason": "because" })).await.status, 422);
    assert_eq!(stage.world.gives_share(&ada, &case, &"0".repeat(64)).await.status, 404, "nobody has asked for it");
    assert_eq!(stage.begun(&ada, &case).await.status, 201);
    assert_eq!(stage.begun(&zoe, &case).await.status, 409, "it waits already");

    let (hers, other) = (stage.world.share(&ada, &case).await, stage.world.share(&zoe, &case).await);
    for _ in 0..2 {
        let waits = stage.world.gives_share(&ada, &case, &hers).await;
        assert_eq!((waits.status.as_u16(), &waits.json()["source"]), (200, &Value::Null), "one lead opens nothing");
        assert_eq!(waits.json()["given"], json!(["ada"]));
    }
    for wrong in [&hers, &"0".repeat(64)] {
        // Hers once more in another's name, or anything: it opens nothing, and both shares are gone.
        assert_eq!(stage.world.gives_share(&zoe, &case, wrong).await.status, 409);
        assert_eq!(stage.world.gives_share(&ada, &case, &hers).await.json()["given"], json!(["ada"]));
    }
    assert_eq!(stage.world.gives_share(&zoe, &case, "nonsense").await.status, 422);
    // Who gave a share and is a lead no more opens nothing by it.
    let register = stage.world.register.clone();
    register.set_disabled(&Actor::operator(), ada.id, true).unwrap();
    assert_eq!(stage.world.gives_share(&zoe, &case, &other).await.status, 409);
    register.set_disabled(&Actor::operator(), ada.id, false).unwrap();
    let ada = Lead { cookie: stage.world.sign_in(&stage.world.cell, "ada@cell.example").await, ..ada };
    stage.world.shows_passkey(&ada);
    assert_eq!(stage.world.gives_share(&ada, &case, &hers).await.json()["given"], json!(["ada"]));
    let opened = stage.world.gives_share(&zoe, &case, &other).await;
    let source = json!({ "organisation": "Firm 1", "contact": PHONE });
    assert_eq!((opened.status.as_u16(), &opened.json()["source"]), (200, &source));
    assert_eq!(stage.world.gives_share(&zoe, &case, &other).await.status, 409, "it was opened already");

    // The other of the two reads it as well; nobody else does.
    let openings = |view: Value| view["openings"].as_array().unwrap().clone();
    let hers = openings(stage.world.as_lead(&ada, "GET", "/cell/v1/sources", Value::Null).await.json());
    assert_eq!(hers[0]["source"]["organisation"], "Firm 1");
    assert!(openings(stage.world.as_lead(&uma, "GET", "/cell/v1/sources", Value::Null).await.json()).is_empty());

    stage.world.pass(300);
    let page = stage.world.as_lead(&uma, "GET", &format!("/cell/v1/reports/{case}"), Value::Null).await;
    let text = String::from_utf8(page.body.clone()).unwrap();
    assert!(!text.contains("Firm 1") && !text.contains("0113"), "{text}");
    let last = page.json()["thread"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["kind"], &last["text"], &last["name"]), (&json!("opened"), &json!(WHY), &json!("ada, zoe")));

    // The firm is told, with the reason, and has something unread; another firm's reports say nothing.
    let own = stage.own(&bob, &format!("/api/v1/reports/{case}")).await;
    let last = own["thread"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["kind"], &last["text"], &last["from"]), (&json!("opened"), &json!(WHY), &json!("partnership")));
    let list = stage.own(&bob, "/api/v1/reports").await;
    let row = |reference: &str| {
        list["items"].as_array().unwrap().iter().find(|row| row["reference"] == reference).unwrap().clone()
    };
    assert_eq!((&row(&case)["unread"], &row(&early)["unread"]), (&json!(true), &json!(false)));

    let acts = stage.world.as_lead(&uma, "GET", "/cell/v1/acts", Value::Null).await.json().to_string();
    assert!(acts.contains("source-asked") && acts.contains("source-opened") && !acts.contains("Firm 1"), "{acts}");
    stage.world.pass(31 * 60_000);
    let later = openings(stage.world.as_lead(&ada, "GET", "/cell/v1/sources", Value::Null).await.json());
    assert!(later.is_empty(), "half an hour later nobody reads it here");
}

#[tokio::test]
async fn how_to_reach_a_firm_follows_its_second_answer() {
    let mut stage = Stage::new();
    let early = stage.report(1, "early.attack.test").await;
    let (ada, zoe) = (stage.world.enrolled("ada").await, stage.world.enrolled("zoe").await);
    let (secret, recalled) = (stage.report(1, "late.attack.test").await, stage.report(1, "gone.attack.test").await);
    let (known, named) = (
        stage.report_as(1, "known.attack.test", "cell").await,
        stage.report_as(1, "named.attack.test", "everybody").await,
    );
    let path = format!("/api/v1/reports/{recalled}/recall");
    let taken = call(&stage.world.member, stage.world.request("POST", &path, 1, Body::empty())).await;
    assert_eq!(taken.status, 204, "{taken:?}");
    stage.world.pass(1_000);
    // Where the cell may know who it is, its people read it with the words; where nobody may, nothing of it is in content.
    for (case, there) in [(&early, false), (&secret, false), (&known, true), (&named, true)] {
        let page = stage.world.as_lead(&ada, "GET", &format!("/cell/v1/reports/{case}"), Value::Null).await.json();
        let words = if there { format!("it came\n\nContact: {PHONE}") } else { "it came".to_owned() };
        assert_eq!(page["narrative"], words);
        let request = stage.world.request("GET", &format!("/api/v1/reports/{case}"), 1, Body::empty());
        assert_eq!(call(&stage.world.member, request).await.json()["narrative"], words, "the firm's own copy");
    }
    let mut journal = Vec::new();
    vault::export(&**stage.world.vault.journal(), &mut journal).unwrap();
    assert_eq!(String::from_utf8(journal).unwrap().matches(PHONE).count(), 2, "in the two that the cell may know");
    // No other member has it of any of them.
    let home = stage.world.get("/api/v1/home").await;
    assert_eq!(home.status, 200);
    let named = stage.world.get("/api/v1/lookup?value=named.attack.test").await;
    for answer in [home, named] {
        assert!(!String::from_utf8_lossy(&answer.body).contains("0113"), "{answer:?}");
    }
    // Two leads read it with who it is; after a recall they read who it is alone.
    assert_eq!(stage.begun(&ada, &early).await.status, 409, "with fewer than two leads it is not kept");
    for (case, contact) in [(&secret, json!(PHONE)), (&recalled, Value::Null)] {
        assert_eq!(stage.begun(&ada, case).await.status, 201);
        let (hers, other) = (stage.world.share(&ada, case).await, stage.world.share(&zoe, case).await);
        stage.world.gives_share(&ada, case, &hers).await;
        let opened = stage.world.gives_share(&zoe, case, &other).await;
        assert_eq!(opened.json()["source"], json!({ "organisation": "Firm 1", "contact": contact }));
    }
}

#[tokio::test]
async fn after_a_restart_sources_are_sealed_before_anybody_is_served() {
    let stage = Stage::new();
    for name in ["ada", "zoe"] {
        stage.world.enrolled(name).await;
    }
    stage.world.vault.set_leads(Vec::new());
    let mut core = stage.world.core_anew();
    let now = stage.world.clock.now();
    core.before_serving(&|| now).unwrap();
    assert!(stage.world.vault.seals_sources());
}

#[tokio::test]
async fn nothing_is_opened_or_enrolled_without_a_passkey_a_right_and_a_key() {
    let mut stage = Stage::new();
    let ada = stage.world.lead("ada").await;
    let key = json!({ "public": ada.public });
    let put = stage.world.as_lead(&ada, "PUT", "/cell/v1/sources/key", key.clone()).await;
    assert_eq!((put.status.as_u16(), &put.json()["type"]), (403, &json!("urn:fusioncell:problem:passkey-first")));
    stage.world.shows_passkey(&ada);
    let zeroes = format!("04{}", "0".repeat(128));
    for wrong in [json!({}), json!({ "public": "04" }), json!({ "public": zeroes }), json!({ "public": 1 })] {
        assert_eq!(stage.world.as_lead(&ada, "PUT", "/cell/v1/sources/key", wrong).await.status, 422);
    }
    assert_eq!(stage.world.as_lead(&ada, "DELETE", "/cell/v1/sources/key", Value::Null).await.status, 404);
    assert_eq!(stage.world.as_lead(&ada, "PUT", "/cell/v1/sources/key", key.clone()).await.status, 204);
    stage.world.register.confirm_lead_key(&Actor::operator(), ada.id, &ada.fingerprint()).unwrap();
    let kit = stage.world.sign_in(&stage.world.cell, "kit@cell.example").await;
    assert_eq!(stage.world.at_cell("GET", "/cell/v1/sources", &kit, Body::empty()).await.status, 403);
    assert_eq!(stage.world.at_cell("PUT", "/cell/v1/sources/key", &kit, Body::from(key.to_string())).await.status, 403);

    // One lead is nobody to seal to; of two, one who is a lead no more leaves one.
    let view = stage.world.as_lead(&ada, "GET", "/cell/v1/sources", Value::Null).await.json();
    assert_eq!(view["sealed"], false);
    let zoe = stage.world.enrolled("zoe").await;
    assert!(stage.world.vault.seals_sources());
    let case = stage.report(1, "a.attack.test").await;
    // A passkey that was shown too long ago is none.
    stage.world.pass(11 * 60_000);
    assert_eq!(stage.begun(&zoe, &case).await.status, 403);
    assert_eq!(stage.world.gives_share(&zoe, &case, &"0".repeat(64)).await.status, 403);
    stage.world.register.set_disabled(&Actor::operator(), zoe.id, true).unwrap();
    stage.world.pass(2_000);
    assert!(!stage.world.vault.seals_sources());
    stage.world.register.set_disabled(&Actor::operator(), zoe.id, false).unwrap();
    stage.world.pass(2_000);
    assert!(stage.world.vault.seals_sources());
    // Who becomes an analyst and a lead again has no key any more.
    for role in [Role::Analyst, Role::Lead] {
        stage.world.register.set_role(&Actor::operator(), zoe.id, role).unwrap();
    }
    assert_eq!(stage.world.register.lead_keys().unwrap().len(), 1);
    stage.world.pass(2_000);
    assert!(!stage.world.vault.seals_sources());
    stage.world.shows_passkey(&ada);
    assert_eq!(stage.world.as_lead(&ada, "DELETE", "/cell/v1/sources/key", Value::Null).await.status, 204);
    assert!(!stage.world.vault.seals_sources());
}

#[tokio::test]
async fn a_second_lead_of_ones_own_making_is_sealed_nothing_and_opens_nothing() {
    let mut stage = Stage::new();
    let (ada, zoe) = (stage.world.enrolled("ada").await, stage.world.enrolled("zoe").await);
    // Ada has invited a lead, joined in their name and enrolled a key for them.
    let eve = stage.world.with_key("eve").await;
    stage.world.pass(2_000);
    let case = stage.report(1, "a.attack.test").await;
    assert!(stage.sealed_to(&case).contains(&zoe.id) && !stage.sealed_to(&case).contains(&eve.id));
    assert_eq!(stage.world.confirms(&ada, &eve, &eve.fingerprint()).await.status, 204);
    assert_eq!(stage.world.confirms(&ada, &eve, &eve.fingerprint()).await.status, 204);
    assert_eq!(stage.world.confirms(&eve, &eve, &eve.fingerprint()).await.status, 409);
    stage.world.pass(20_000);
    let later = stage.report(1, "b.attack.test").await;
    assert!(!stage.sealed_to(&later).contains(&eve.id), "one lead made a second");
    assert_eq!(stage.begun(&eve, &later).await.status, 409);
    assert_eq!(stage.begun(&ada, &later).await.status, 201);
    assert_eq!(stage.world.opening(&eve, &later).await["secret"], Value::Null);
    let hers = stage.world.share(&ada, &later).await;
    assert_eq!(stage.world.gives_share(&eve, &later, &hers).await.status, 409);
    let waits = stage.world.gives_share(&ada, &later, &hers).await.json();
    assert_eq!((&waits["given"], &waits["source"]), (&json!(["ada"]), &Value::Null));

    // The other leads see who waits, and who has said that it is theirs.
    let view = stage.world.as_lead(&zoe, "GET", "/cell/v1/sources", Value::Null).await.json();
    let waiting = &view["waiting"][0];
    assert_eq!((&waiting["name"], &waiting["confirmed_by"]), (&json!("eve"), &json!(["ada"])));
    assert_eq!((&waiting["own_confirmed"], &waiting["own"]), (&json!(false), &json!(false)));
    assert_eq!((view["leads"].as_array().unwrap().len(), &view["sealed"]), (2, &json!(true)));
    for (fingerprint, status) in [(ada.fingerprint(), 409), ("04".to_owned(), 422)] {
        assert_eq!(stage.world.confirms(&zoe, &eve, &fingerprint).await.status, status);
    }
    let kim = stage.world.lead("kim").await;
    assert_eq!(stage.world.confirms(&kim, &eve, &eve.fingerprint()).await.status, 403, "a passkey comes first");
    stage.world.shows_passkey(&kim);
    assert_eq!(stage.world.confirms(&kim, &eve, &eve.fingerprint()).await.status, 409, "without a key of their own");
    assert_eq!(stage.world.confirms(&zoe, &kim, &kim.fingerprint()).await.status, 404, "there is no key");
    // With a second lead who knows eve it counts, for what comes from then on.
    assert_eq!(stage.world.confirms(&zoe, &eve, &eve.fingerprint()).await.status, 204);
    let last = stage.report(1, "c.attack.test").await;
    assert!(stage.sealed_to(&last).contains(&eve.id) && !stage.sealed_to(&later).contains(&eve.id));
    let acts = stage.world.as_lead(&zoe, "GET", "/cell/v1/acts", Value::Null).await.json().to_string();
    assert!(acts.contains("lead-key-confirmed") && acts.contains(&eve.fingerprint()), "{acts}");
}

#[tokio::test]
async fn what_the_operator_confirms_counts_within_a_second_or_so_and_a_replaced_key_waits() {
    let mut stage = Stage::new();
    let leads = [stage.world.with_key("ada").await, stage.world.with_key("zoe").await];
    stage.world.pass(2_000);
    assert!(!stage.world.vault.seals_sources());
    for lead in &leads {
        stage.world.register.confirm_lead_key(&Actor::operator(), lead.id, &lead.fingerprint()).unwrap();
    }
    stage.world.pass(2_000);
    assert!(stage.world.vault.seals_sources());
    let other = json!({ "public": LeadPrivateKey::generate().unwrap().1.to_hex() });
    assert_eq!(stage.world.as_lead(&leads[0], "PUT", "/cell/v1/sources/key", other).await.status, 204);
    assert!(!stage.world.vault.seals_sources());
}

#[tokio::test]
async fn a_share_is_for_the_reason_that_its_lead_read() {
    let mut stage = Stage::new();
    let (ada, zoe) = (stage.world.enrolled("ada").await, stage.world.enrolled("zoe").await);
    let case = stage.report(1, "a.attack.test").await;
    assert_eq!(stage.begun(&ada, &case).await.status, 201);
    let read = stage.world.opening(&zoe, &case).await["id"].as_str().unwrap().to_owned();
    let share = stage.world.share(&zoe, &case).await;
    // It is over before anybody gives a share, and is asked for anew, for another reason.
    stage.world.clock.0.fetch_add(31 * 60_000, std::sync::atomic::Ordering::SeqCst);
    for lead in [&ada, &zoe] {
        stage.world.shows_passkey(lead);
    }
    assert_eq!(stage.world.asks_to_open(&ada, &case, "I would like to know who it was").await.status, 201);
    let hers = stage.world.share(&ada, &case).await;
    assert_eq!(stage.world.gives_share(&ada, &case, &hers).await.status, 200);
    let late = stage.world.gives_share_to(&zoe, &case, &read, &share).await;
    assert_eq!(late.status, 409);
    assert!(late.json()["detail"].as_str().unwrap().contains("read the reason of this one"), "{late:?}");
    let opening = stage.world.opening(&ada, &case).await;
    assert_eq!((&opening["given"], &opening["source"]), (&json!(["ada"]), &Value::Null));
    assert_ne!(opening["id"], json!(read));
    assert_eq!(stage.world.gives_share(&zoe, &case, &share).await.json()["source"]["organisation"], "Firm 1");
}

#[tokio::test]
async fn one_lead_in_two_browsers_is_one_lead() {
    let mut stage = Stage::new();
    let (ada, zoe) = (stage.world.enrolled("ada").await, stage.world.enrolled("zoe").await);
    let case = stage.report(1, "a.attack.test").await;
    // Signed in once more, with a passkey shown there too; the key is the one that is enrolled.
    let again = stage.world.lead("ada").await;
    assert_eq!((again.id, again.cookie == ada.cookie), (ada.id, false));
    stage.world.shows_passkey(&again);
    assert_eq!(stage.begun(&again, &case).await.status, 201);
    assert_eq!(stage.begun(&ada, &case).await.status, 409, "it waits already");
    let share = stage.world.share(&ada, &case).await;
    for browser in [&ada, &again, &ada] {
        let waits = stage.world.gives_share(browser, &case, &share).await.json();
        assert_eq!((&waits["given"], &waits["source"]), (&json!(["ada"]), &Value::Null));
    }
    // Nor by the share of another lead, which came to her hands in whatever way: it is taken for hers.
    let other = stage.world.share(&zoe, &case).await;
    let waits = stage.world.gives_share(&again, &case, &other).await.json();
    assert_eq!((&waits["given"], &waits["source"]), (&json!(["ada"]), &Value::Null));
    assert_eq!(stage.world.gives_share(&ada, &case, &share).await.json()["source"], Value::Null);
    assert_eq!(stage.world.gives_share(&zoe, &case, &other).await.json()["source"]["organisation"], "Firm 1");
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_no_passkey_fresh_and_no_opening_last() {
    let mut stage = Stage::new();
    let (ada, zoe) = (stage.world.enrolled("ada").await, stage.world.enrolled("zoe").await);
    let case = stage.report(1, "a.attack.test").await;
    assert_eq!(stage.begun(&ada, &case).await.status, 201);
    let share = stage.world.share(&ada, &case).await;
    let clock = std::sync::Arc::clone(&stage.world.clock);
    let back = |millis: i64| clock.0.fetch_sub(millis, std::sync::atomic::Ordering::SeqCst);
    // What was shown is in the future now: it is no proof of anything.
    back(5 * 60_000);
    assert_eq!(stage.world.gives_share(&ada, &case, &share).await.status, 403);
    assert_eq!(stage.world.opening(&ada, &case).await["given"], json!([]));
    for lead in [&ada, &zoe] {
        stage.world.shows_passkey(lead);
    }
    assert_eq!(stage.world.gives_share(&ada, &case, &share).await.status, 200);
    assert_eq!(stage.world.opening(&zoe, &case).await["given"], json!(["ada"]));
}

#[tokio::test]
async fn whoever_became_a_lead_later_opens_what_two_have_opened_since() {
    let mut stage = Stage::new();
    let (ada, zoe) = (stage.world.enrolled("ada").await, stage.world.enrolled("zoe").await);
    let case = stage.report(1, "a.attack.test").await;
    let kim = stage.world.enrolled("kim").await;
    assert_eq!(stage.begun(&ada, &case).await.status, 201);
    let shown = stage.world.opening(&kim, &case).await;
    assert_eq!((&shown["secret"], &shown["reason"]), (&Value::Null, &json!(WHY)));
    for lead in [&ada, &zoe] {
        let share = stage.world.share(lead, &case).await;
        assert_eq!(stage.world.gives_share(lead, &case, &share).await.status, 200);
    }
    assert_eq!(stage.world.opening(&kim, &case).await, Value::Null, "what two have opened is theirs to read");
    assert!(stage.sealed_to(&case).contains(&kim.id));
    stage.world.clock.0.fetch_add(31 * 60_000, std::sync::atomic::Ordering::SeqCst);
    for lead in [&kim, &zoe] {
        stage.world.shows_passkey(lead);
    }
    assert_eq!(stage.begun(&kim, &case).await.status, 201);
    let share = stage.world.share(&kim, &case).await;
    assert_eq!(stage.world.gives_share(&kim, &case, &share).await.json()["source"], Value::Null, "with another, too");
    let share = stage.world.share(&zoe, &case).await;
    let opened = stage.world.gives_share(&zoe, &case, &share).await.json();
    assert_eq!((&opened["source"]["organisation"], &opened["source"]["contact"]), (&json!("Firm 1"), &json!(PHONE)));
}

#[tokio::test]
async fn a_share_goes_with_the_key_of_whoever_gave_it() {
    let mut stage = Stage::new();
    let (ada, zoe) = (stage.world.enrolled("ada").await, stage.world.enrolled("zoe").await);
    let case = stage.report(1, "a.attack.test").await;
    assert_eq!(stage.begun(&ada, &case).await.status, 201);
    let (hers, other) = (stage.world.share(&ada, &case).await, stage.world.share(&zoe, &case).await);
    assert_eq!(stage.world.gives_share(&ada, &case, &hers).await.json()["given"], json!(["ada"]));
    assert_eq!(stage.world.as_lead(&ada, "DELETE", "/cell/v1/sources/key", Value::Null).await.status, 204);
    let waits = stage.world.gives_share(&zoe, &case, &other).await.json();
    assert_eq!((&waits["given"], &waits["source"]), (&json!(["zoe"]), &Value::Null));
    let refused = stage.world.gives_share(&ada, &case, &hers).await;
    assert_eq!(refused.status, 409);
    assert!(refused.json()["detail"].as_str().unwrap().contains("no key that counts"), "{refused:?}");
    // A key that is taken away by other means between the first share and the second is looked at before anything is opened.
    let ada = stage.world.enrolled("ada").await;
    assert_eq!(stage.world.gives_share(&zoe, &case, &other).await.status, 200);
    let actor = Actor { person: Some(zoe.id), role: Some(Role::Lead), ..Actor::operator() };
    stage.world.register.remove_lead_key(&actor).unwrap();
    let refused = stage.world.gives_share(&ada, &case, &hers).await;
    assert_eq!(refused.status, 409);
    assert!(refused.json()["detail"].as_str().unwrap().contains("both shares are forgotten"), "{refused:?}");
    assert_eq!(stage.world.opening(&ada, &case).await["given"], json!([]));
}
