//! One world beside the model: what members get, at every moment, is what the declared release says, no more and no less.
//! A pair of worlds cannot see what leaks in both of them alike.

use std::collections::{BTreeMap, BTreeSet};

use model::{AttackKind, Region, Sector, Timestamp};
use serde_json::Value as Json;

use crate::circles::Circles;
use crate::own;
use crate::pair::{Difference, do_one};
use crate::rho::{Campaign, Rho, Value, strictest, title_rank};
use crate::script::{Op, Script, value};
use crate::world::{Observer, START, World, looked_at_closely, next_moment};

/// How long a value is watched; no script lasts so long that a watch is renewed.
const WATCH: i64 = 90 * 86_400_000;

/// Everything that members see, a line each.
type Told = BTreeSet<String>;

/// Plays a script and compares what members see whenever time has passed. False if a firm had sent too much.
pub async fn as_declared(script: &Script) -> Result<bool, Difference> {
    let mut world = World::new(script).await;
    let mut rho = Rho::new(script, START + script.late);
    let mut close = looked_at_closely();
    let mut circles = Circles::begin(&mut world, script).await;
    for (index, op) in script.ops.iter().enumerate() {
        let now = world.now();
        let answer = do_one(&mut world, op, index).await.map(|(_, seen)| seen.0).unwrap_or_default();
        if answer.starts_with("429") {
            return Ok(false);
        }
        if matches!(op, Op::Report(_)) && !answer.contains(r#""status":"received""#) {
            return Err(Difference(format!(
                "operation {index}: a receipt tells more than that it was received: {answer}"
            )));
        }
        if !matches!(op, Op::Wait(1..)) {
            close = looked_at_closely();
        }
        let Op::Wait(millis) = op else {
            rho.take(op, now);
            continue;
        };
        let (mut at, end) = (now, now + millis);
        while at < end {
            at = next_moment(at, end, &mut close);
            rho.step(at / 100 * 100);
        }
        let (gets, says) = (got(&world).await, said(&rho));
        let only = |one: &Told, other: &Told| one.difference(other).cloned().collect::<Vec<_>>().join("\n    ");
        if gets != says {
            return Err(Difference(format!(
                "after operation {index} members get what was not declared: {}\n  declared: {}",
                only(&gets, &says),
                only(&says, &gets)
            )));
        }
        circles.compare(&world, &rho, index).await?;
        rho.looked();
        own::compare(&world, &rho, index).await?;
    }
    Ok(true)
}

pub fn moment(at: i64) -> String {
    released::rfc3339(Timestamp::from_millis(at))
}

fn texts(values: &BTreeSet<usize>) -> BTreeSet<String> {
    values.iter().map(|number| value(*number)).collect()
}

/// What the model says.
fn said(rho: &Rho) -> Told {
    let mut told: Told = rho.values().map(|value| value_line(&value)).collect();
    told.extend(rho.campaigns().map(|(campaign, since)| campaign_line(campaign, since)));
    for (text, about) in rho.texts().into_iter().filter(|(text, _)| text.starts_with("advice")) {
        told.insert(format!("{text} about {:?}", about.map(|values| texts(&values))));
    }
    told
}

fn value_line(shown: &Value) -> String {
    let mut names: Vec<String> = shown.names.iter().map(|firm| format!("Firm {firm}")).collect();
    names.sort();
    let by = if names.is_empty() { "Test partnership".to_owned() } else { names.join(", ") };
    let (tlp, pap) = (strictest(&shown.labels), strictest(&shown.paps));
    format!(
        "{} {tlp} {pap} since {} until {} by {by}, block {}",
        value(shown.value),
        moment(shown.since),
        moment(shown.since + WATCH),
        shown.block
    )
}

fn campaign_line(campaign: &Campaign, since: i64) -> String {
    let values = texts(&campaign.values);
    let attack = campaign.attack.map(|place| AttackKind::ALL[place].title());
    let telling = values.iter().min_by_key(|text| title_rank(text)).cloned().unwrap_or_default();
    let others = match values.len() - 1 {
        0 => String::new(),
        1 => " and 1 other".to_owned(),
        many => format!(" and {many} others"),
    };
    let title = format!("{}: {telling}{others}", attack.unwrap_or("Activity"));
    let sectors: BTreeSet<&str> =
        campaign.marks.iter().filter(|place| **place < 1_000).map(|place| Sector::ALL[*place].title()).collect();
    let regions: BTreeSet<&str> = campaign
        .marks
        .iter()
        .filter(|place| **place >= 1_000)
        .map(|place| Region::ALL[*place - 1_000].title())
        .collect();
    let band = if campaign.band == 0 { None } else { Some(format!("{}+", campaign.band)) };
    format!(
        "campaign {values:?} {title} {} {band:?} {sectors:?} {regions:?} {:?} {:?} updated {}",
        campaign.label,
        attack,
        campaign.techniques,
        moment(since)
    )
}

/// What a member gets.
async fn got(world: &World) -> Told {
    let mut lists = Vec::new();
    for list in ["indicators?limit=500", "campaigns?limit=500", "advisories"] {
        let seen = world.ask(Observer::MemberKey(0), "GET", &format!("/api/v1/{list}"), &[], "").await;
        let body = seen.0.rsplit_once('\n').map(|(_, body)| body).unwrap_or_default();
        let body: Json = serde_json::from_str(body).unwrap();
        lists.push(body["items"].as_array().unwrap().clone());
    }
    let [values, campaigns, advisories] = &lists[..] else { unreachable!() };
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let mut told = Told::new();
    let mut parts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for value in values {
        told.insert(format!(
            "{} {} {} since {} until {} by {}, block {}",
            text(&value["value"]),
            text(&value["tlp"]),
            text(&value["pap"]),
            text(&value["released_at"]),
            text(&value["watch_until"]),
            text(&value["attributed_to"]),
            value["block"]
        ));
        if let Some(campaign) = value["campaign"].as_str() {
            parts.entry(campaign.to_owned()).or_default().insert(text(&value["value"]));
        }
    }
    let set = |json: &Json| json.as_array().into_iter().flatten().map(text).collect::<BTreeSet<_>>();
    for campaign in campaigns {
        told.insert(format!(
            "campaign {:?} {} {} {:?} {:?} {:?} {:?} {:?} updated {}",
            parts.get(&text(&campaign["id"])).cloned().unwrap_or_default(),
            text(&campaign["title"]),
            text(&campaign["tlp"]),
            campaign["band"].as_str(),
            set(&campaign["sectors"]),
            set(&campaign["regions"]),
            campaign["attack"].as_str(),
            set(&campaign["techniques"]),
            text(&campaign["updated_at"])
        ));
    }
    for advisory in advisories {
        let about = advisory["campaign"].as_str().map(|id| parts.get(id).cloned().unwrap_or_default());
        told.insert(format!("advice {} about {about:?}", text(&advisory["tlp"])));
    }
    told
}
