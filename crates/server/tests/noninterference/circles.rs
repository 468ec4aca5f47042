//! What members of sharing groups get beside what was declared to them: lists, frames, and nothing of any other group.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::declared::moment;
use crate::pair::Difference;
use crate::rho::{Item, Rho};
use crate::script::{GROUPS, Script, value};
use crate::world::{Observer, World};

/// Firms whose streams are watched, and who are asked each time.
const WATCHERS: usize = 4;
const UNKNOWN: &str = "00000000-0000-4000-8000-0000000000ff";

/// A few firms as they look on.
pub struct Circles {
    firms: usize,
    /// How much of each watcher's stream was read.
    read: Vec<usize>,
    /// What each of them had when it was last looked at.
    had: Vec<BTreeSet<String>>,
}

fn line(item: &Item) -> String {
    let mut names: Vec<String> = item.names.iter().map(|firm| format!("Firm {firm}")).collect();
    names.sort();
    let by = if names.is_empty() { "Test partnership".to_owned() } else { names.join(", ") };
    format!("{} {} {} {} since {} by {by}", item.group, value(item.value), item.label, item.pap, moment(item.since))
}

fn told(group: usize, item: &Json) -> String {
    let text = |name: &str| item[name].as_str().unwrap_or_default();
    format!(
        "{group} {} {} {} since {} by {}",
        text("value"),
        text("tlp"),
        text("pap"),
        text("released_at"),
        text("attributed_to")
    )
}

fn body(seen: &str) -> Json {
    serde_json::from_str(seen.rsplit_once('\n').map(|(_, body)| body).unwrap_or_default()).unwrap_or_default()
}

impl Circles {
    pub async fn begin(world: &mut World, script: &Script) -> Self {
        let watchers = WATCHERS.min(script.firms);
        world.watch(&(0..watchers).map(Observer::MemberKey).collect::<Vec<_>>()).await;
        let read = world.streamed().iter().map(|(_, seen)| seen.0.len()).collect();
        Self { firms: script.firms, read, had: vec![BTreeSet::new(); watchers] }
    }

    pub async fn compare(&mut self, world: &World, rho: &Rho, index: usize) -> Result<(), Difference> {
        // The watchers, and each of the others in turn.
        let other = index % self.firms;
        let firms = (0..self.had.len()).chain((other >= self.had.len()).then_some(other));
        for firm in firms {
            let says: BTreeSet<String> = rho.items_of(firm).iter().map(line).collect();
            let gets = lists(world, rho, firm, index).await?;
            if gets != says {
                return Err(Difference(format!(
                    "after operation {index} firm {firm} gets of its groups what was not declared: {gets:?}, declared: {says:?}"
                )));
            }
            if firm < self.had.len() {
                let lately =
                    rho.lately_of(firm).map(|(group, number)| vec![group.to_string(), value(number)]).collect();
                self.frames(world, firm, says, &lately, index)?;
            }
        }
        Ok(())
    }

    /// What was sent since the last look is what is new, and nothing that the firm has not, or had until it was taken back.
    fn frames(
        &mut self,
        world: &World,
        firm: usize,
        has: BTreeSet<String>,
        known: &BTreeSet<Vec<String>>,
        index: usize,
    ) -> Result<(), Difference> {
        let text = world.streamed().swap_remove(firm).1.0;
        let mut sent = BTreeSet::new();
        for frame in text[self.read[firm]..].split("event: group\n").skip(1) {
            let data = frame.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_default();
            let frame: Json = serde_json::from_str(data).unwrap_or_default();
            let group = (0..GROUPS).find(|group| frame["group"] == world.group(*group)).unwrap_or(GROUPS);
            sent.extend(frame["objects"].as_array().into_iter().flatten().map(|item| told(group, item)));
        }
        let new: BTreeSet<String> = has.difference(&self.had[firm]).cloned().collect();
        // Of an item that was shown and got a stricter label since, the earlier form was sent too.
        let of = |line: &String| line.split(' ').take(2).map(str::to_owned).collect::<Vec<_>>();
        // Whoever was sent to a fresh snapshot was told how many items there are instead.
        let cut = text[self.read[firm]..].contains("event: resync\n");
        let is_right = (cut || new.is_subset(&sent)) && sent.iter().all(|line| known.contains(&of(line)));
        (self.read[firm], self.had[firm]) = (text.len(), has);
        if is_right {
            return Ok(());
        }
        Err(Difference(format!("by operation {index} firm {firm} was sent of its groups {sent:?}, and {new:?} is new")))
    }
}

/// What a firm's lists hold; a group that it is not in answers as one that is none.
async fn lists(world: &World, rho: &Rho, firm: usize, index: usize) -> Result<BTreeSet<String>, Difference> {
    let ask = async |id: &str| {
        let path = format!("/api/v1/groups/{id}/items?limit=500");
        world.ask(Observer::MemberKey(firm), "GET", &path, &[], "").await.0
    };
    let absent = ask(UNKNOWN).await;
    let mut gets = BTreeSet::new();
    for group in 0..GROUPS {
        let seen = ask(world.group(group)).await;
        if (seen == absent) == rho.is_in(firm, group) {
            return Err(Difference(format!("after operation {index} group {group} answers firm {firm}: {seen}")));
        }
        gets.extend(body(&seen)["items"].as_array().into_iter().flatten().map(|item| told(group, item)));
    }
    Ok(gets)
}
