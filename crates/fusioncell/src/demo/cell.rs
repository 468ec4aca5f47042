//! The exercise's analyst and lead: they claim, advise and set the posture over the cell's own API.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use sim::{Act, CellDesk};
use tokio::time::Instant;

use crate::client::{Client, Credential};

/// Plays the plan for ever, counting time from now. A refused act is told once and does not stop the plan.
pub async fn play(client: Client, analyst: Credential, lead: Credential, plan: CellDesk) {
    let start = Instant::now();
    let mut told = false;
    for step in plan {
        tokio::time::sleep_until(start + Duration::from_millis(step.at_millis)).await;
        let outcome = match step.act {
            Act::Claim => claim(&client, &analyst).await,
            Act::Advise { attack, title, summary, actions, severity, tlp } => {
                let campaign = campaign_of(&client, &analyst, attack.title()).await;
                let mut body = json!({
                    "title": title, "summary": summary, "actions": actions, "severity": severity.as_str(), "tlp": tlp,
                });
                if let (Some(campaign), Some(body)) = (campaign, body.as_object_mut()) {
                    body.insert("campaign".into(), campaign.into());
                }
                send(&client, Method::POST, "/cell/v1/advisories", &analyst, Some(&body.to_string())).await
            }
            Act::Posture { word, text } => {
                let body = json!({ "word": word, "text": text }).to_string();
                send(&client, Method::PUT, "/cell/v1/posture", &lead, Some(&body)).await
            }
        };
        if let (Err(why), false) = (outcome, told) {
            told = true;
            tracing::warn!("the exercise's cell: {why}");
        }
    }
}

async fn send(client: &Client, method: Method, path: &str, who: &Credential, body: Option<&str>) -> Result<(), String> {
    let answer = client.send(method, path, who, body).await?;
    if answer.status.is_success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&answer.body).chars().take(300).collect::<String>();
    Err(format!("{path} is answered by {}: {text}", answer.status))
}

/// The cell's wall as JSON.
pub async fn wall(client: &Client, analyst: &Credential) -> Result<Value, String> {
    let answer = client.send(Method::GET, "/cell/v1/wall", analyst, None).await?;
    if answer.status.is_success() { answer.json() } else { Err(format!("the wall is answered by {}", answer.status)) }
}

fn list<'a>(wall: &'a Value, name: &str) -> &'a [Value] {
    wall.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(row: &'a Value, name: &str) -> Option<&'a str> {
    row.get(name).and_then(Value::as_str)
}

/// Claims a report that nobody has: of a campaign without an owner first, else any on the wall.
async fn claim(client: &Client, analyst: &Credential) -> Result<(), String> {
    let wall = wall(client, analyst).await?;
    let unowned = |id: &str| {
        list(&wall, "campaigns")
            .iter()
            .any(|row| text(row, "id") == Some(id) && row.get("owner").is_some_and(Value::is_null))
    };
    let free = || list(&wall, "reports").iter().filter(|row| text(row, "state") == Some("new"));
    let of_campaign = free().find(|row| text(row, "campaign_id").is_some_and(unowned));
    let Some(case) = of_campaign.or_else(|| free().next()).and_then(|row| text(row, "case")) else { return Ok(()) };
    send(client, Method::POST, &format!("/cell/v1/reports/{case}/claim"), analyst, None).await
}

/// The campaign on the wall whose title names the attack; without one, the widest.
async fn campaign_of(client: &Client, analyst: &Credential, attack: &str) -> Option<String> {
    let wall = wall(client, analyst).await.ok()?;
    let rows = list(&wall, "campaigns");
    let named = rows.iter().find(|row| text(row, "title").is_some_and(|title| title.contains(attack)));
    named.and_then(|row| text(row, "id")).map(String::from)
}
