//! What happens while everybody asks: the life of a value, the second answer, texts of the cell, and acts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::Tlp;
use serde_json::{Value, json};
use server::{Face, routes};

use crate::common::call;
use crate::nouns::{NOUNS, VALUE, holds, names, told};
use crate::seen::Role;
use crate::stage::{NO_ID, Stage, THE_GROUP};
use crate::table::{MARKINGS, NOTHING, Table, over_time};

pub const ADVICE: &str = "Periwinkle notice";
pub const SAID: &str = "Tangerine footnote";
pub const ASKED: &str = "Cobalt question";
pub const SENT: &str = "Saffron ledger";
pub const ADDED: &str = "Umber appendix";
pub const TOLD: &str = "Heliotrope till";
pub const REACH: &str = "Magenta landline";
pub const POSTURE: &str = "Vermilion weather";
pub const KNOW: [(&str, &str); 3] = [("nobody", "nobody"), ("cell", "the cell"), ("everybody", "everybody")];

/// The first answer, as the form asks it, and as a report carries it.
pub fn warn_answers() -> [(&'static str, Value); 6] {
    [
        ("members now", json!("now")),
        ("at the next epoch", json!("next-epoch")),
        ("once three have it", json!("once-three")),
        ("the cell only", json!("cell-only")),
        ("a sharing group", json!(THE_GROUP)),
        ("a group that is none of its own", json!({ "group": "00000000-0000-4000-8000-00000000000f" })),
    ]
}

/// Moments at which everybody asks for everything, in the words of the table.
pub const MOMENTS: [&str; 6] = [
    "at once",
    "at the next epoch",
    "after two have reported it",
    "after three have reported it",
    "after four have reported it",
    "after an analyst's claim",
];

/// One report after another of the same value, by firms that answer and mark alike, and what everybody sees meanwhile.
pub async fn life_of_a_value(warn: &Value, row: (usize, Tlp), table: &mut Table) {
    let mut stage = Stage::new().await;
    let mut forms: BTreeMap<(usize, Role), Vec<String>> = BTreeMap::new();
    for moment in 0..MOMENTS.len() {
        match moment {
            0 => {
                stage.file(1, warn, "nobody", row.1).await;
                stage.world.pass(300);
            }
            1 => stage.world.pass(20_000),
            2..=4 => {
                stage.file(moment + 1, warn, "nobody", row.1).await;
                stage.world.pass(26_000);
            }
            _ => {
                let path = format!("/cell/v1/reports/{}/claim", stage.facts.cases[0]);
                let claimed = stage.ask(Role::Analyst, Face::Cell, "POST", &path).await;
                assert!(claimed.text.starts_with("204"), "{}", claimed.text);
                stage.world.pass(300);
            }
        }
        // Twice: what one role has come to know is asked for by all.
        for role in Role::ALL {
            stage.ask_all(role).await;
        }
        for role in Role::ALL {
            let seen = stage.news(role).await;
            table.note_fields(role, &seen);
            for (noun, (_, derive)) in NOUNS.iter().enumerate() {
                forms.entry((noun, role)).or_default().push(derive(&seen, &stage.facts));
            }
        }
    }
    for ((noun, role), forms) in forms {
        table.put(NOUNS[noun].0, row, role, over_time(&forms));
    }
}

/// Who is told the reporter's name, by the second answer.
pub async fn second_answer(index: usize, tlp: Tlp, table: &mut Table) {
    let mut stage = Stage::new().await;
    stage.file(1, &json!("now"), KNOW[index].0, tlp).await;
    stage.world.pass(300);
    let mut forms: BTreeMap<Role, Vec<String>> = BTreeMap::new();
    for moment in 0..2 {
        if moment == 1 {
            stage.world.pass(20_000);
        }
        for role in Role::ALL {
            let seen = stage.news(role).await;
            forms.entry(role).or_default().push(told(names(&seen, "Firm 1"), "the name"));
        }
    }
    for (role, forms) in forms {
        table.put("Name of the reporter", (index, tlp), role, over_time(&forms));
    }
}

/// What comes after a report: what its reporter and the cell say in its thread, and what is left of it.
pub const AFTER: [&str; 6] = [
    "A message of the reporter in its thread",
    "A message of the cell in that thread",
    "A file of the reporter",
    "A file of the cell",
    "The value after it was withdrawn",
    "The value after it was recalled",
];

/// What everybody sees of a report's thread, and of the report once it is withdrawn, and once it is recalled.
pub async fn after_a_report(tlp: Tlp, table: &mut Table) {
    let mut stage = Stage::new().await;
    stage.file(1, &json!("now"), "nobody", tlp).await;
    stage.world.pass(300);
    let case = stage.facts.cases[0].clone();
    let steps: [(usize, Role, Face, &str, &str, Value); 6] = [
        (0, Role::Reporter, Face::Member, "POST", "/messages", json!({ "text": SAID })),
        (1, Role::Analyst, Face::Cell, "POST", "/messages", json!({ "text": ASKED, "asks": true })),
        (2, Role::Reporter, Face::Member, "POST", "/files?name=saffron.txt", json!(SENT)),
        (3, Role::Analyst, Face::Cell, "POST", "/files?name=umber.txt", json!(ADDED)),
        (4, Role::Reporter, Face::Member, "DELETE", "", Value::Null),
        (5, Role::Reporter, Face::Member, "POST", "/recall", Value::Null),
    ];
    for (noun, role, face, method, end, body) in steps {
        let path = match face {
            Face::Cell => format!("/cell/v1/reports/{case}{end}"),
            Face::Member => format!("/api/v1/reports/{case}{end}"),
        };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let router = if face == Face::Cell { &stage.world.cell } else { &stage.world.member };
        let done = call(router, stage.request(role, face, method, &path, &body)).await;
        assert!([201, 204].contains(&done.status.as_u16()), "{method} {path}: {}", done.status);
        if end.starts_with("/files") {
            stage.facts.files.push(done.json()["id"].as_str().unwrap().to_owned());
        }
        stage.world.pass(1_000);
        for role in Role::ALL {
            let seen = stage.news(role).await;
            table.note_fields(role, &seen);
            let firm = names(&seen, "Firm 1");
            let author = seen.iter().flat_map(|seen| &seen.json).any(|value| value.to_string().contains("\"kit\""));
            let shown = match noun {
                0 if holds(&seen, &[SAID]) && firm => "the message, with its firm",
                0 if holds(&seen, &[SAID]) => "the message, without its firm",
                1 if holds(&seen, &[ASKED]) && author => "the message, with its author",
                1 if holds(&seen, &[ASKED]) => "the message, without its author",
                2 if holds(&seen, &[SENT]) && firm => "the file, with its firm",
                2 if holds(&seen, &[SENT]) => "the file, without its firm",
                3 if holds(&seen, &[ADDED]) && author => "the file, with its author",
                3 if holds(&seen, &[ADDED]) => "the file, without its author",
                2 | 3 if holds(&seen, &["saffron", "umber"]) => "the name of the file",
                4 | 5 if holds(&seen, &[VALUE]) && firm => "the value, with its reporter",
                4 | 5 if holds(&seen, &[VALUE]) => "the value, without its reporter",
                _ => NOTHING,
            };
            table.put(AFTER[noun], (0, tlp), role, shown.to_owned());
        }
    }
}

/// What becomes of a text of the cell and of the posture.
pub async fn texts(table: &mut Table) {
    for tlp in MARKINGS {
        let mut stage = Stage::new().await;
        let body =
            json!({ "title": ADVICE, "summary": "s", "actions": ["a"], "severity": "high", "tlp": tlp.as_str() });
        let advised = call(
            &stage.world.cell,
            stage.request(Role::Analyst, Face::Cell, "POST", "/cell/v1/advisories", &body.to_string()),
        );
        let taken = advised.await.status == 201;
        stage.world.pass(300);
        for role in Role::ALL {
            let seen = stage.news(role).await;
            let author = seen.iter().flat_map(|seen| &seen.json).any(|value| value.to_string().contains("\"kit\""));
            let shown = match (holds(&seen, &[ADVICE]), author) {
                (true, true) => "the text, with its author",
                (true, false) => "the text, without its author",
                (false, true) => "its author",
                (false, false) if taken => NOTHING,
                (false, false) => "cannot be sent",
            };
            table.put("Text of the cell (advisory)", (0, tlp), role, shown.to_owned());
        }
    }
    let mut stage = Stage::new().await;
    let body = json!({ "word": "raised", "text": POSTURE }).to_string();
    let set = call(&stage.world.cell, stage.request(Role::Lead, Face::Cell, "PUT", "/cell/v1/posture", &body)).await;
    assert_eq!(set.status, 204);
    stage.world.pass(300);
    for role in Role::ALL {
        let seen = stage.news(role).await;
        let shown = if holds(&seen, &[POSTURE]) { "the word and its line" } else { NOTHING };
        for tlp in MARKINGS {
            table.put("Posture", (0, tlp), role, shown.to_owned());
        }
    }
}

/// What comes from somebody without an account, by the small firm's page.
pub const OUTSIDE: [&str; 3] = ["What they say", "How to reach them", "A value that they name"];

/// What everybody sees of a report from outside.
pub async fn from_outside(table: &mut Table) {
    use axum::body::Body;
    use axum::http::Request;

    let mut stage = Stage::new().await;
    let body = format!(
        "what={}+at+hxxp%3A%2F%2F{VALUE}%2Fa&ongoing=no&reach={}",
        TOLD.replace(' ', "+"),
        REACH.replace(' ', "+")
    );
    let request = Request::post("/tell")
        .header("host", "localhost")
        .header("origin", "http://localhost")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    let answer = call(&stage.world.member, request).await;
    let page = String::from_utf8(answer.body).unwrap();
    assert_eq!(answer.status, 201, "{page}");
    let reference = page.split("<h2>Reference</h2><p class=\"code\">").nth(1).unwrap().split('<').next().unwrap();
    stage.facts.cases.push(reference.to_owned());
    stage.world.pass(300);
    for role in Role::ALL {
        let seen = stage.news(role).await;
        table.note_fields(role, &seen);
        for (noun, word) in OUTSIDE.into_iter().zip([TOLD, REACH, VALUE]) {
            let shown = told(holds(&seen, &[word]), "at once");
            let shown = if shown.is_empty() { NOTHING.to_owned() } else { shown };
            for tlp in MARKINGS {
                table.put(noun, (0, tlp), role, shown.clone());
            }
        }
    }
}

/// What each role may do: every route that does something, asked with nothing in it.
pub async fn acts(text: &mut String) {
    let stage = Stage::new().await;
    text.push_str("\n| act |");
    let roles = &Role::ALL[..7];
    for role in roles {
        let _ = write!(text, " {} |", role.title());
    }
    let _ = writeln!(text, "\n|---|{}", "---|".repeat(roles.len()));
    for route in routes() {
        if route.method == "GET" || route.path.ends_with("/session") {
            continue;
        }
        let path = route.path.replace("{id}", NO_ID).replace("{case}", NO_ID).replace("{person}", NO_ID);
        let path = path.replace("{reference}", NO_ID);
        let _ = write!(text, "| `{} {}` |", route.method, route.path);
        for role in roles {
            // A member's session has no meaning at the cell's listener, and the other way round.
            let seen = stage.ask(*role, route.face, route.method, &path).await;
            let word = match seen.text.get(..3) {
                Some("401") => "must sign in",
                Some("403") => "refused",
                Some(_) => "may",
                None => "?",
            };
            let _ = write!(text, " {word} |");
        }
        text.push('\n');
    }
}
