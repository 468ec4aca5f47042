//! What the cell does to the source of a case without knowing who it is, and what two leads do who find out.

use model::Tlp;
use serde_json::{Value, json};
use server::Face;

use crate::common::call;
use crate::nouns::{forms, holds, times_named};
use crate::seen::{Role, Seen};
use crate::stage::Stage;
use crate::table::{NOTHING, Table};

pub const LIMITED: &str = "Ochre drizzle comes again and again";
pub const OPENED: &str = "Celadon order of the third of May";

/// What is done, one after another, and what everybody sees of it.
pub const WAY_BACK: [&str; 6] = [
    "What the case was judged to be worth",
    "Why its source was limited",
    "Why its source is asked for, before it is opened",
    "Why its source was opened",
    "Who opened its source",
    "Name of the reporter, once its source was opened",
];

/// A case is judged, its source is limited and then opened by two leads.
pub async fn walked(tlp: Tlp, table: &mut Table) {
    let mut stage = Stage::new().await;
    let (zoe, uma) = (stage.world.enrolled("zoe").await, stage.world.enrolled("uma").await);
    for role in Role::ALL {
        let seen = stage.ask_all(role).await;
        stage.before.insert(role, seen);
    }
    stage.file(1, &json!("now"), "nobody", tlp).await;
    stage.world.pass(20_000);
    let case = stage.facts.cases[0].clone();
    for (role, method, end, body) in [
        (Role::Analyst, "PUT", "verdict", json!({ "verdict": "confirmed" })),
        (Role::Lead, "POST", "limit", json!({ "reason": LIMITED })),
    ] {
        let path = format!("/cell/v1/reports/{case}/{end}");
        let done = call(&stage.world.cell, stage.request(role, Face::Cell, method, &path, &body.to_string())).await;
        assert_eq!(done.status, 204, "{path}");
    }
    stage.world.pass(20_000);
    show(&mut stage, tlp, &[0, 1], table).await;

    assert_eq!(stage.world.asks_to_open(&zoe, &case, OPENED).await.status, 201);
    stage.world.pass(20_000);
    show(&mut stage, tlp, &[2], table).await;

    let shares = (stage.world.share(&zoe, &case).await, stage.world.share(&uma, &case).await);
    let waits = stage.world.gives_share(&zoe, &case, &shares.0).await;
    assert_eq!(waits.json()["source"], Value::Null, "one lead opens nothing");
    let opened = stage.world.gives_share(&uma, &case, &shares.1).await;
    assert_eq!(opened.json()["source"]["organisation"], "Firm 1");
    stage.world.pass(20_000);
    show(&mut stage, tlp, &[3, 4, 5], table).await;
}

async fn show(stage: &mut Stage, tlp: Tlp, nouns: &[usize], table: &mut Table) {
    for role in Role::ALL {
        let seen = stage.news(role).await;
        table.note_fields(role, &seen);
        // The trail of acts named every firm before anything was reported, when it was made a member.
        let names = |seen: &Seen| times_named(seen, "Firm 1");
        let before =
            |seen: &Seen| stage.before[&role].iter().find(|before| before.route == seen.route).map_or(0, names);
        let named = seen.iter().any(|seen| names(seen) > before(seen));
        for noun in nouns {
            let form = if *noun == 5 && named { "the name".to_owned() } else { shown(*noun, &seen) };
            let form = if form.is_empty() { NOTHING.to_owned() } else { form };
            table.put(WAY_BACK[*noun], (0, tlp), role, form);
        }
    }
}

fn shown(noun: usize, seen: &[Seen]) -> String {
    let one = |is: bool, form: &str| if is { form.to_owned() } else { String::new() };
    match noun {
        0 => forms(seen, |_, value, found| {
            if value == "confirmed" {
                found.insert("the verdict".into());
            }
        }),
        1 => one(holds(seen, &[LIMITED]), "the reason"),
        2 | 3 => one(holds(seen, &[OPENED]), "the reason"),
        4 => one(holds(seen, &["zoe"]) && holds(seen, &["uma"]), "the names of both leads"),
        _ => String::new(),
    }
}
