//! One campaign: its values, the firms it hits, and what each of them reports when.

use crate::partnership::Partnership;
use crate::random::Random;
use crate::report::{Action, Report};
use crate::scenarios::Scenario;
use crate::values::{Recipe, Value, domain, value};

/// Fewest firms of a campaign.
pub const FIRMS_MIN: u64 = 4;
/// Most firms of a campaign.
pub const FIRMS_MAX: u64 = 15;
/// Values that every report of a campaign may draw from first: what makes firms' reports meet.
const CORE: usize = 5;

/// How fast a campaign goes from firm to firm.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Firms hit at the quick pace at the beginning.
    pub quick_firms: u64,
    /// Mean time from one firm to the next at the quick pace.
    pub quick_millis: u64,
    /// Mean time from one firm to the next afterwards.
    pub later_millis: u64,
}

/// Plans one campaign that begins at `start`: its actions in any order.
#[must_use]
pub fn plan(
    random: &mut Random,
    partnership: &Partnership,
    scenario: &Scenario,
    start: u64,
    pace: Pace,
) -> Vec<Action> {
    let pool = pool(random, scenario);
    let firms = route(random, partnership, scenario);
    let mut actions = Vec::new();
    let mut at = start;
    for (order, &organisation) in firms.iter().enumerate() {
        let mut again = at;
        let reports = random.weighted(&[(60, 1), (30, 2), (10, 3)]);
        for number in 0..reports {
            let report = report(random, scenario, &pool, order, number);
            actions.push(Action { at_millis: again, organisation, report });
            again += random.around(pace.later_millis.max(2_000) * 2);
        }
        at += random.around(if (order as u64) < pace.quick_firms { pace.quick_millis } else { pace.later_millis });
    }
    actions
}

fn pool(random: &mut Random, scenario: &Scenario) -> Vec<Value> {
    let mut domains = Vec::new();
    for (recipe, count) in scenario.values {
        if *recipe == Recipe::Domain {
            domains.extend((0..*count).map(|_| domain(random)));
        }
    }
    let mut pool: Vec<Value> = domains.iter().map(|name| (model::Kind::Domain, name.clone())).collect();
    for (recipe, count) in scenario.values.iter().filter(|(recipe, _)| *recipe != Recipe::Domain) {
        pool.extend((0..*count).map(|_| value(random, *recipe, &domains, scenario.subject)));
    }
    random.shuffle(&mut pool);
    pool
}

/// The firms in the order in which they are hit: two or more of a sector, then on to the next.
fn route(random: &mut Random, partnership: &Partnership, scenario: &Scenario) -> Vec<usize> {
    let count = usize::try_from(random.between(FIRMS_MIN + 1, FIRMS_MAX)).unwrap_or(8);
    let mut sectors: Vec<Vec<usize>> = scenario.sectors.iter().map(|&sector| partnership.of_sector(sector)).collect();
    for firms in &mut sectors {
        random.shuffle(firms);
    }
    let mut route = Vec::with_capacity(count);
    let mut reached = 1;
    while route.len() < count {
        let before = route.len();
        // Each step goes one sector further, and comes back to those that were reached: 2 to 4 firms of the newest.
        for (index, firms) in sectors.iter_mut().take(reached).enumerate() {
            let most = if index + 1 == reached { random.between(2, 4) } else { random.between(0, 1) };
            for _ in 0..most {
                route.extend(firms.pop());
            }
        }
        reached += 1;
        if route.len() == before && reached > sectors.len() {
            break;
        }
    }
    route.truncate(count);
    route
}

fn report(random: &mut Random, scenario: &Scenario, pool: &[Value], order: usize, number: u64) -> Report {
    // Two values of the core, so that each report meets an earlier one; the rest from what the campaign has shown so far.
    let core = pool.get(..CORE.min(pool.len())).unwrap_or(pool);
    let shown = pool.get(..(CORE + order * 2).min(pool.len())).unwrap_or(pool);
    let mut indicators: Vec<Value> = Vec::new();
    let wanted = if number == 0 { random.between(3, 6) } else { random.between(1, 3) };
    let mut tries = 0;
    while (indicators.len() as u64) < wanted && tries < 40 {
        tries += 1;
        let from = if indicators.len() < 2 { core } else { shown };
        if let Some(found) = random.choose(from)
            && !indicators.contains(found)
        {
            indicators.push(found.clone());
        }
    }
    Report {
        title: random.pick(&scenario.titles).to_owned(),
        narrative: random.pick(&scenario.narratives).to_owned(),
        attack: scenario.attack,
        severity: scenario.severity,
        ongoing: random.percent(55),
        happened_before_millis: i64::try_from(random.between(60_000, 5_400_000)).unwrap_or(60_000),
        warn: random.weighted(&[(80, "now"), (9, "next-epoch"), (7, "once-three"), (4, "cell-only")]),
        know: random.weighted(&[(60, "nobody"), (32, "cell"), (8, "everybody")]),
        tlp: random.weighted(&[(62, "GREEN"), (10, "CLEAR"), (24, "AMBER"), (4, "AMBER+STRICT")]),
        techniques: scenario.techniques.iter().filter(|_| random.percent(70)).map(ToString::to_string).collect(),
        tags: scenario.tags.iter().filter(|_| random.percent(60)).map(ToString::to_string).collect(),
        indicators,
    }
}
