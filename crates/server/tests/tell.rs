//! The small firm's page: a full report without an account or a script, answered at once, with a way back by code; its sender
//! is no member, and nothing that members see hangs on it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use common::{Answer, World, call};
use serde_json::{Value, json};
use server::Peer;

const FORM: &str = "application/x-www-form-urlencoded";

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    pairs.join("&")
}

struct Stage {
    world: World,
    lead: String,
}

impl Stage {
    async fn new() -> Self {
        let world = World::new();
        let lead = world.sign_in(&world.cell, "ada@cell.example").await;
        Self { world, lead }
    }

    async fn post_from(&self, network: u8, path: &str, body: String) -> Answer {
        let mut request = Request::post(path)
            .header("host", "localhost")
            .header("origin", "http://localhost")
            .header("content-type", FORM)
            .body(Body::from(body))
            .unwrap();
        request.extensions_mut().insert(Peer([192, 0, 2, network].into()));
        call(&self.world.member, request).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from(1, path, form(fields)).await
    }

    async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        call(&self.world.member, request).await
    }

    async fn cell(&self, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.world.at_cell(method, path, &self.lead, body).await
    }

    /// Tells of an attack; the reference and the code that it is answered with.
    async fn tell(&mut self, what: &str) -> (String, String) {
        let answer = self.post("/tell", &[("what", what), ("ongoing", "yes"), ("reach", "0113 496 0000")]).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", text(&answer));
        self.world.pass(300);
        reference_and_code(&text(&answer))
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

fn reference_and_code(page: &str) -> (String, String) {
    let after = |mark: &str| page.split(mark).nth(1).unwrap().split(['"', '<']).next().unwrap().to_owned();
    (after("<h2>Reference</h2><p class=\"code\">"), after("name=\"code\" value=\""))
}

#[tokio::test]
async fn a_shop_owner_tells_is_answered_and_talks_with_the_cell_by_a_code() {
    let mut stage = Stage::new().await;
    for (name, value) in [("cell-phone", "+44 113 496 0999"), ("cell-mail", "help@cell.example")] {
        stage.world.register.set_joining(&register::Actor::operator(), name, value).unwrap();
    }
    let page = stage.get("/tell").await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    assert!(text(&page).contains("+44 113 496 0999") && !text(&page).contains("checked"), "{}", text(&page));
    let style = stage.get("/plain.css").await;
    assert!(page.body.len() + style.body.len() <= 50_000, "page and stylesheet together");

    let what = "Somebody sits in our till.\nThe link was hxxps://pay.attack[.]test/a";
    let fields = [("what", what), ("ongoing", "yes"), ("attack", "break-in"), ("reach", "0113 1"), ("firm", "Ann's")];
    let answer = stage.post("/tell", &fields).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!((answer.header("cache-control"), answer.header("referrer-policy")), ("no-store", "same-origin"));
    let told = text(&answer);
    assert!(
        told.contains("Break-in") && told.contains("<ol><li>") && told.contains("ring the cell now on +44 113 496")
    );
    assert!(told.contains("<code>https://pay.attack.test/a</code>"), "{told}");
    assert!(told.contains("not yet read") && told.contains("&quot;signature&quot;"), "{told}");
    let (reference, code) = reference_and_code(&told);
    assert_eq!(code.replace('-', "").len(), 20, "100 bits in four groups");
    stage.world.pass(300);

    // The cell has it as any other case, with a mark that no member can set.
    let case = format!("/cell/v1/reports/{reference}");
    let seen = stage.cell("GET", &case, Value::Null).await.json();
    assert_eq!((seen["outside"].as_bool(), seen["ongoing"].as_bool()), (Some(true), Some(true)));
    assert_eq!((&seen["warn"], &seen["title"]), (&json!("cell-only"), &json!("Somebody sits in our till.")));
    assert!(seen["narrative"].as_str().unwrap().ends_with("\n\nFirm: Ann's\n\nContact: 0113 1"));
    assert_eq!(seen["values"][0]["value"], "https://pay.attack.test/a");
    let wall = stage.cell("GET", "/cell/v1/wall", Value::Null).await.json();
    assert_eq!(wall["reports"][0]["outside"], true);

    let back = |more: &[(&'static str, &'static str)]| {
        let fields: Vec<(&str, &str)> = [("code", &*code)].into_iter().chain(more.iter().copied()).collect();
        form(&fields)
    };
    let view = text(&stage.post_from(1, "/tell/back", back(&[])).await);
    assert!(view.contains("Not yet read by the cell") && view.contains("Nobody has written yet"), "{view}");
    stage.cell("POST", &format!("{case}/claim"), Value::Null).await;
    stage.cell("POST", &format!("{case}/messages"), json!({ "text": "Pull <b>the</b> plug", "asks": true })).await;
    stage.world.pass(300);
    let view = text(&stage.post_from(1, "/tell/back", back(&[])).await);
    assert!(view.contains("The cell has read it") && view.contains("Pull &lt;b&gt;the&lt;/b&gt; plug"), "{view}");
    assert!(view.contains("asks whether it may warn others") && !view.contains("ada"), "the cell has no names here");

    let said = stage.post_from(1, "/tell/back", back(&[("act", "say"), ("text", "Done.\r\nYes, warn them")])).await;
    assert_eq!(said.status, StatusCode::OK);
    stage.world.pass(300);
    let seen = stage.cell("GET", &case, Value::Null).await.json();
    let last = seen["thread"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["from"], &last["text"]), (&json!("reporter"), &json!("Done.\nYes, warn them")));
    let nothing = stage.post_from(1, "/tell/back", back(&[("act", "say"), ("text", " ")])).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&nothing).contains("<title>Error: "));

    assert_eq!(stage.post_from(1, "/tell/back", back(&[("act", "withdraw")])).await.status, StatusCode::OK);
    stage.world.pass(300);
    let seen = stage.cell("GET", &case, Value::Null).await.json();
    assert_eq!(seen["state"], "withdrawn");
    let view = text(&stage.post_from(1, "/tell/back", back(&[])).await);
    assert!(view.contains("You took this report back") && !view.contains("<textarea"), "{view}");
}

#[tokio::test]
async fn what_is_missing_is_said_beside_what_was_written() {
    let stage = Stage::new().await;
    let before = stage.world.vault.journal().head().seq;
    let answer =
        stage.post("/tell", &[("what", "They took \"<all>\""), ("reach", "x@y.example"), ("firm", "A & B")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(&answer);
    assert!(page.contains("<title>Error: ") && page.contains("<a href=\"#ongoing-yes\">"), "{page}");
    for kept in ["They took &quot;&lt;all&gt;&quot;</textarea>", "value=\"x@y.example\"", "value=\"A &amp; B\""] {
        assert!(page.contains(kept), "{kept} in {page}");
    }
    let long = "x".repeat(10_001);
    let page = stage.post("/tell", &[("what", &long), ("ongoing", "no")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&page).contains("at most 10000 characters") && text(&page).contains(&long), "nothing is lost");
    assert_eq!(stage.post("/tell", &[("what", &long[1..]), ("ongoing", "no")]).await.status, StatusCode::CREATED);
    assert_eq!(stage.world.vault.journal().head().seq, before + 1, "the one that was right");
}

#[tokio::test]
async fn hostile_words_and_forms_do_no_harm() {
    let mut stage = Stage::new().await;
    let hostile = "</textarea><script>alert(1)</script><svg onload=alert(1)>\u{202e}gpj.exe";
    let wrong = [("what", hostile), ("reach", hostile), ("firm", hostile)];
    for page in [text(&stage.post("/tell", &wrong).await), {
        let right = [wrong[0], wrong[1], wrong[2], ("ongoing", "no")];
        let told = text(&stage.post("/tell", &right).await);
        stage.world.pass(300);
        let (_, code) = reference_and_code(&told);
        told + &text(&stage.post("/tell/back", &[("code", &code), ("act", "say"), ("text", hostile)]).await)
            + &text(&stage.post("/tell/back", &[("code", hostile)]).await)
    }] {
        for mark in ["<script", "<svg", "\u{202e}"] {
            assert!(!page.contains(mark), "{mark} in {page}");
        }
    }
    let raw = |body: &str| body.to_owned();
    for (body, status) in [
        (raw("what=a&ongoing=yes&what=b"), 400),
        (raw("what=a&ongoing=yes&admin=1"), 400),
        (raw("what=a&ongoing=perhaps"), 422),
        (raw("what=a&ongoing=yes&attack=meteor"), 422),
        (raw("what=%FF%00&ongoing="), 422),
        (raw(""), 422),
        (format!("what={}&ongoing=no", "%C3%BC".repeat(50_000)), 413),
    ] {
        let answer = stage.post_from(2, "/tell", body.clone()).await;
        assert_eq!(answer.status, status, "{:.60}", body);
    }
    let as_json = Request::post("/tell").header("host", "localhost").header("origin", "http://localhost");
    let as_json = as_json.header("content-type", "application/json").body(Body::from("{}")).unwrap();
    assert_eq!(call(&stage.world.member, as_json).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let foreign = Request::post("/tell").header("host", "localhost").header("origin", "http://evil.example");
    let foreign = foreign.header("content-type", FORM).body(Body::from("what=a&ongoing=no")).unwrap();
    assert_eq!(call(&stage.world.member, foreign).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_wrong_code_is_answered_as_one_that_never_was_and_guessing_is_slowed() {
    let mut stage = Stage::new().await;
    let (reference, code) = stage.tell("They rang and said they were the bank").await;
    let mut near = code.clone();
    near.replace_range(0..1, if code.starts_with('A') { "B" } else { "A" });
    let mut answers = Vec::new();
    for wrong in [&*near, "AAAAA-AAAAA-AAAAA-AAAAA", &reference, "", "no code", &"9".repeat(500)] {
        let answer = stage.post_from(3, "/tell/back", form(&[("code", wrong)])).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
        // What was typed stands there again; nothing else differs.
        let page = text(&answer);
        let (before, after) = page.split_once("class=\"typed\" value=\"").unwrap();
        let (typed, after) = after.split_once('"').unwrap();
        assert_eq!(typed, &wrong[..wrong.len().min(60)]);
        let mut headers = answer.headers;
        headers.remove("content-length");
        answers.push((format!("{before}{after}"), headers));
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "one answer for every way of being wrong");
    let mut slowed = None;
    for _ in 0..40 {
        let answer = stage.post_from(3, "/tell/back", form(&[("code", &near)])).await;
        slowed = slowed.or((answer.status == StatusCode::TOO_MANY_REQUESTS).then_some(answer));
    }
    assert!(!slowed.expect("guessing is slowed").header("retry-after").is_empty());
    // Its owner, elsewhere, however it is typed.
    let typed = code.to_lowercase().replace('-', " ");
    assert_eq!(stage.post_from(4, "/tell/back", form(&[("code", &typed)])).await.status, StatusCode::OK);
    // Nothing that is stored holds the code.
    let entries = stage.world.vault.journal().read_raw(1, 1_000).unwrap();
    let held = |text: &str| entries.iter().any(|entry| String::from_utf8_lossy(&entry.body).contains(text));
    assert!(held(&reference) && !held(&code) && !held(&code.replace('-', "")));
}

#[tokio::test]
async fn nobody_outside_lets_members_be_warned_or_counts_among_them() {
    let mut stage = Stage::new().await;
    // Two members keep a value to the cell until three have it: somebody outside is no third.
    for firm in 0..2 {
        let body = json!({ "title": "m", "attack": "fraud", "tlp": "GREEN", "warn": "once-three", "know": "nobody",
                           "indicators": [{ "value": "held.attack.test" }] });
        let request = stage.world.request("POST", "/api/v1/reports", firm, Body::from(body.to_string()));
        assert_eq!(call(&stage.world.member, request).await.status, StatusCode::CREATED);
    }
    let (reference, _) = stage.tell("They came from held[.]attack[.]test and from only[.]outside[.]test").await;
    stage.world.pass(120_000);
    for value in ["held.attack.test", "only.outside.test"] {
        let answer = stage.world.get(&format!("/api/v1/lookup?value={value}")).await.json();
        assert_eq!(answer["verdict"], "not-seen", "{value}");
    }
    let page = stage.cell("GET", "/cell/v1/lookup?value=held.attack.test", Value::Null).await;
    assert_eq!(page.status, StatusCode::OK);

    // Even who could act in the thread as a member does cannot.
    let (case, mut owner) = (reference.parse().unwrap(), None);
    stage.world.vault.return_to(case, |organisation| owner = Some(organisation)).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let act = vault::Act::Consent { warn: model::WhoMayBeWarned::Now };
    let now = model::Timestamp::from_millis(common::START + 500_000);
    let done = Box::new(move |outcome| sender.send(outcome).unwrap());
    stage.world.vault.act_then(owner.unwrap(), case, act, now, done).unwrap();
    assert!(matches!(receiver.recv().unwrap(), Ok(vault::Acted::Refused(why)) if why.contains("outside")));
    // The third member does: what was held opens, so the test can tell.
    let body = json!({ "title": "m", "attack": "fraud", "tlp": "GREEN", "warn": "once-three", "know": "nobody",
                       "indicators": [{ "value": "held.attack.test" }] });
    let request = stage.world.request("POST", "/api/v1/reports", 2, Body::from(body.to_string()));
    call(&stage.world.member, request).await;
    stage.world.pass(120_000);
    let answer = stage.world.get("/api/v1/lookup?value=held.attack.test").await.json();
    assert_ne!(answer["verdict"], "not-seen");
}

#[tokio::test]
async fn members_read_the_same_bytes_whether_somebody_outside_tells_or_not() {
    let paths = [
        "/api/v1/home",
        "/api/v1/indicators",
        "/api/v1/campaigns",
        "/api/v1/feeds/watch.txt",
        "/api/v1/reports",
        "/api/v1/lookup?value=seen.attack.test",
        "/status",
        "/tell",
    ];
    let mut both = Vec::new();
    for tells in [false, true] {
        let mut stage = Stage::new().await;
        stage.world.register.set_joining(&register::Actor::operator(), "outsiders-unread", "3").unwrap();
        for firm in 0..4 {
            if tells {
                // All that fits: also a full tray is nobody's news.
                stage.tell("It was seen[.]attack[.]test, they say").await;
            } else {
                stage.world.pass(300);
            }
            // No key of the journal is made by chance here: what is compared is what members read.
            let body = json!({ "title": "m", "attack": "fraud", "tlp": "GREEN", "warn": "now", "know": "nobody",
                               "indicators": [{ "value": format!("f{firm}.attack.test") }, { "value": "seen.attack.test" }] });
            let request = stage.world.request("POST", "/api/v1/reports", firm, Body::from(body.to_string()));
            assert_eq!(call(&stage.world.member, request).await.status, StatusCode::CREATED);
            if firm == 2 {
                stage.world.pass(60_000);
                if tells {
                    let answer = stage.post("/tell", &[("what", "more"), ("ongoing", "no")]).await;
                    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
                    break;
                }
                break;
            }
        }
        stage.world.pass(120_000);
        let mut read = Vec::new();
        for path in paths {
            read.push((path, scrubbed(&text(&stage.world.get(path).await))));
        }
        both.push(read);
    }
    for (without, with) in both[0].iter().zip(&both[1]) {
        assert_eq!(without, with);
    }
}

/// Ids are random: each is told by the order in which it comes.
fn scrubbed(text: &str) -> String {
    let mut ids: Vec<&str> = Vec::new();
    let mut out = String::new();
    for piece in text.split_inclusive(|c: char| !c.is_ascii_hexdigit() && c != '-') {
        let (word, end) = piece.split_at(piece.trim_end_matches(|c: char| !c.is_ascii_hexdigit() && c != '-').len());
        if word.len() >= 32 {
            let place = ids.iter().position(|id| *id == word).unwrap_or_else(|| {
                ids.push(word);
                ids.len() - 1
            });
            out.push_str(&format!("#{place}{end}"));
        } else {
            out.push_str(piece);
        }
    }
    out
}

#[tokio::test]
async fn what_the_cell_has_not_read_is_bounded_and_the_page_gives_the_number() {
    let mut stage = Stage::new().await;
    let operator = register::Actor::operator();
    for (name, value) in [("cell-phone", "+44 113 496 0999"), ("outsiders-unread", "2")] {
        stage.world.register.set_joining(&operator, name, value).unwrap();
    }
    let tell = || form(&[("what", "Odd mail"), ("ongoing", "no")]);
    let (mut cases, mut codes) = (Vec::new(), Vec::new());
    for network in 0..2 {
        let answer = stage.post_from(network, "/tell", tell()).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let (case, code) = reference_and_code(&text(&answer));
        cases.push(case);
        codes.push(code);
        stage.world.pass(300);
    }
    let full = stage.post_from(7, "/tell", tell()).await;
    assert_eq!((full.status, full.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "600"));
    assert!(text(&full).contains("+44 113 496 0999") && text(&full).contains("Nothing of yours was stored"));
    assert!(
        text(&full).contains(">\nOdd mail</textarea>") && text(&full).contains("value=\"no\" checked"),
        "it is kept"
    );
    // The cell has them on a list, however busy its wall is; taking one back makes no room.
    let withdraw = form(&[("code", &codes[1]), ("act", "withdraw")]);
    let taken = text(&stage.post_from(2, "/tell/back", withdraw).await);
    assert!(taken.contains("Your report is taken back") && !taken.contains("<textarea"), "{taken}");
    stage.world.pass(300);
    let list = stage.cell("GET", "/cell/v1/outside", Value::Null).await.json();
    let listed: Vec<&str> = list["items"].as_array().unwrap().iter().map(|row| row["case"].as_str().unwrap()).collect();
    assert_eq!(listed, cases);
    assert_eq!(
        (&list["waiting"], &list["full"], &list["items"][1]["withdrawn"]),
        (&json!(2), &json!(true), &json!(true))
    );
    assert_eq!(stage.post_from(7, "/tell", tell()).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let file = stage.cell("POST", &format!("/cell/v1/reports/{}/files?name=a.txt", cases[0]), json!("x")).await;
    assert_eq!(file.status, StatusCode::CONFLICT, "nobody outside could fetch it");
    let member = stage.world.report(0, &["attack.test"]).await;
    assert_eq!(member.status, StatusCode::CREATED, "members are not kept out");
    // One is read: there is room for one.
    stage.cell("POST", &format!("/cell/v1/reports/{}/claim", cases[0]), Value::Null).await;
    stage.world.pass(300);
    assert_eq!(stage.post_from(8, "/tell", tell()).await.status, StatusCode::CREATED);
    stage.world.pass(300);
    assert_eq!(stage.post_from(9, "/tell", tell()).await.status, StatusCode::SERVICE_UNAVAILABLE);

    // One network has no more than a few at once.
    stage.world.register.set_joining(&operator, "outsiders-unread", "100").unwrap();
    let mut told = Vec::new();
    for _ in 0..7 {
        told.push(stage.post_from(20, "/tell", tell()).await.status.as_u16());
    }
    assert_eq!(told, [201, 201, 201, 201, 201, 429, 429]);
    stage.world.pass(300);

    // An operator who wants none says so by the same setting.
    stage.world.register.set_joining(&operator, "outsiders-unread", "0").unwrap();
    let closed = stage.get("/tell").await;
    assert!(text(&closed).contains("+44 113 496 0999") && !text(&closed).contains("<form"));
    assert_eq!(stage.post_from(30, "/tell", tell()).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn whoever_asks_learns_nothing_of_what_members_know() {
    let mut pages = Vec::new();
    for known in [false, true] {
        let mut stage = Stage::new().await;
        if known {
            let body = json!({ "title": "m", "attack": "fraud", "tlp": "CLEAR", "warn": "now", "know": "nobody",
                               "indicators": [{ "value": "seen.attack.test" }] });
            let request = stage.world.request("POST", "/api/v1/reports", 0, Body::from(body.to_string()));
            assert_eq!(call(&stage.world.member, request).await.status, StatusCode::CREATED);
        }
        stage.world.pass(60_000);
        let answer = stage.post("/tell", &[("what", "from seen[.]attack[.]test"), ("ongoing", "no")]).await;
        // Without what is of this report alone: the code, the reference, and the receipt's time and signature.
        let page = text(&answer);
        let (reference, code) = reference_and_code(&page);
        let page = page.replace(&reference, "R").replace(&code, "C");
        pages.push(page.split("<details>").next().unwrap().to_owned());
        assert!(pages[0].contains("<code>seen.attack.test</code>"));
    }
    assert_eq!(pages[0], pages[1]);
}
