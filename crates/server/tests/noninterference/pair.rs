//! Two worlds side by side: what the declared release says of each, and every byte that observers get of both.

use std::collections::BTreeMap;

use crate::observe::{self, Ask, Known, Tally};
use crate::random::Random;
use crate::rho::Rho;
use crate::script::{Op, Own, Script, value};
use crate::world::{Observer, START, Seen, World, looked_at_closely, next_moment};

/// The declared release of a script, after each operation and at each moment at which something changed.
#[derive(PartialEq, Eq)]
pub struct Declared {
    /// What members may know.
    pub members: Vec<String>,
    /// What the cell may count.
    pub cell: Vec<String>,
    /// What becomes due.
    pub operator: Vec<String>,
    /// What each firm learns as a member of sharing groups.
    pub groups: Vec<Vec<String>>,
}

impl Declared {
    /// Firms that learn otherwise in another world, as members of a group that was told otherwise.
    pub fn told_otherwise(&self, other: &Self) -> Vec<usize> {
        (0..self.groups.len()).filter(|firm| self.groups[*firm] != other.groups[*firm]).collect()
    }
}

/// Works out what a script's declared release is.
pub fn declared(script: &Script) -> Declared {
    let start = START + script.late;
    let mut rho = Rho::new(script, start);
    let groups = vec![Vec::new(); script.firms];
    let mut told = Declared { members: Vec::new(), cell: Vec::new(), operator: Vec::new(), groups };
    let (mut now, mut close) = (start, looked_at_closely());
    for (index, op) in script.ops.iter().enumerate() {
        if !matches!(op, Op::Wait(1..)) {
            close = looked_at_closely();
        }
        match op {
            Op::Wait(millis) => {
                let end = now + millis;
                while now < end {
                    now = next_moment(now, end, &mut close);
                    rho.step(now / 100 * 100);
                    note_groups(&mut told, &mut rho, now);
                    // When something changes is as telling as what.
                    for (views, view) in [(&mut told.members, rho.view()), (&mut told.operator, rho.operator_view())] {
                        if views.last() != Some(&view) {
                            views.push(format!("{now}"));
                            views.push(view);
                        }
                    }
                }
            }
            act => rho.take(act, now),
        }
        note_groups(&mut told, &mut rho, now);
        told.cell.push(format!("{index} {}", rho.cell_view()));
    }
    told.cell.dedup_by(|a, b| a.split_once(' ').map(|(_, view)| view) == b.split_once(' ').map(|(_, view)| view));
    told
}

fn note_groups(told: &mut Declared, rho: &mut Rho, now: i64) {
    if !rho.groups_changed() {
        return;
    }
    for (firm, views) in told.groups.iter_mut().enumerate() {
        let view = rho.group_view(firm);
        if views.last() != Some(&view) {
            views.push(format!("{now}"));
            views.push(view);
        }
    }
}

/// Which question a pair asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Swap,
    Presence,
    Arrival,
    /// What a firm of the sector that the secondee is walled from has sent is other, or missing.
    Wall,
}

/// Two worlds and what must be equal in them.
pub struct Pair<'a> {
    pub kind: Kind,
    pub one: &'a Script,
    pub two: &'a Script,
    /// Firms that know the difference, since it is theirs.
    pub hidden_from: &'a [usize],
    /// What analysts and leads see must be equal too.
    pub cell: bool,
    /// So must an operator's figures, logs and health.
    pub operator: bool,
    /// And the export of the journal, which says of each report its sector and region.
    pub export: bool,
    pub seed: u64,
}

/// What a test has done, to be printed.
#[derive(Default)]
pub struct Figures {
    pub made: u64,
    pub kept: u64,
    /// Pairs in which a firm of the difference had sent too much in one of the worlds: neither kept nor passed.
    pub abandoned: u64,
    pub cell: u64,
    pub operator: u64,
    pub export: u64,
    pub compared: u64,
    /// Mailboxes compared that were not empty.
    pub mails: u64,
    pub reasons: BTreeMap<&'static str, (u64, u64)>,
    pub tally: Tally,
}

/// After so long a firm may send again, in milliseconds.
const QUOTA_REST: i64 = 1_000;

/// Where two worlds differ.
pub struct Difference(pub String);

fn differ(what: &str, left: &Seen, right: &Seen) -> Result<(), Difference> {
    if left == right {
        return Ok(());
    }
    let (left, right) = (&left.0, &right.0);
    let at = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count();
    let from = at.saturating_sub(120);
    let cut = |text: &str| text.bytes().skip(from).take(260).map(char::from).collect::<String>();
    Err(Difference(format!("{what}\n  one: …{}\n  two: …{}", cut(left), cut(right))))
}

/// Both worlds as they run.
struct Run<'a> {
    pair: &'a Pair<'a>,
    left: World,
    right: World,
    observers: Vec<Observer>,
    onlookers: Vec<usize>,
    /// Values that are looked up: hot ones, those of the difference, and names of the firms that it is about.
    values: Vec<String>,
}

/// Runs both worlds side by side and compares what the observers get. False if the pair had to be abandoned.
pub async fn compare(pair: &Pair<'_>, figures: &mut Figures) -> Result<bool, Difference> {
    let mut random = Random(pair.seed ^ 0xABCD);
    let (left, right) = (World::new(pair.one).await, World::new(pair.two).await);
    let onlookers: Vec<usize> = (0..left.firms()).filter(|firm| !pair.hidden_from.contains(firm)).collect();
    let (first, second) = (*random.pick(&onlookers), *random.pick(&onlookers));
    let mut observers = vec![Observer::Stranger, Observer::CellStranger];
    observers.extend([Observer::MemberSession(first), Observer::MemberKey(second)]);
    let mut watched = vec![Observer::MemberSession(first), Observer::MemberKey(second)];
    if pair.cell {
        observers.extend([Observer::Analyst, Observer::Lead]);
        watched.extend([Observer::Analyst, Observer::Lead]);
    }
    if pair.cell || pair.kind == Kind::Wall {
        observers.push(Observer::Secondee);
        watched.push(Observer::Secondee);
    }
    if pair.operator {
        observers.push(Observer::Operator);
    }
    let values = looked_up(pair);
    let mut run = Run { pair, left, right, observers, onlookers, values };
    run.left.watch(&watched).await;
    run.right.watch(&watched).await;
    if !run.operations(&mut random, figures).await? {
        return Ok(false);
    }
    run.at_the_end(&mut random, figures).await?;
    Ok(true)
}

fn looked_up(pair: &Pair<'_>) -> Vec<String> {
    let hot = (0..crate::script::HOT + 2).map(value);
    let own = pair.hidden_from.iter().take(2).flat_map(|firm| Own::ALL.map(|place| place.text(*firm)));
    let differing = pair
        .one
        .reports()
        .filter(|(_, report)| !pair.two.ops.contains(&Op::Report((*report).clone())))
        .flat_map(|(_, report)| report.values.iter().map(|n| value(*n)));
    hot.chain(own).chain(differing).collect()
}

impl Run<'_> {
    fn streams(&self, figures: &mut Figures, when: &str) -> Result<(), Difference> {
        for ((observer, one), (_, two)) in self.left.streamed().iter().zip(self.right.streamed().iter()) {
            figures.compared += 1;
            differ(&format!("stream of {observer:?} {when}"), one, two)?;
        }
        for firm in (0..self.left.firms()).filter(|firm| !self.pair.hidden_from.contains(firm)) {
            let (one, two) = (self.left.mailed(firm), self.right.mailed(firm));
            figures.compared += 1;
            figures.mails += u64::from(!one.0.is_empty());
            differ(&format!("mails to firm {firm} {when}"), &one, &two)?;
        }
        Ok(())
    }

    /// Whether what an operation answers may be compared.
    fn may_compare(&self, observer: Observer) -> bool {
        match observer {
            Observer::MemberKey(firm) | Observer::MemberSession(firm) => !self.pair.hidden_from.contains(&firm),
            _ => self.pair.cell,
        }
    }

    async fn operations(&mut self, random: &mut Random, figures: &mut Figures) -> Result<bool, Difference> {
        let pair = self.pair;
        let known = Known { values: self.values.clone(), ..Known::default() };
        for (index, (op, other)) in pair.one.ops.iter().zip(&pair.two.ops).enumerate() {
            let one = do_one(&mut self.left, op, index).await;
            let two = do_one(&mut self.right, other, index).await;
            // The firm itself had sent too much: what it could not send in one world is another script, not another reporter.
            let full = |seen: &Option<(Observer, Seen)>| matches!(seen, Some((Observer::MemberKey(firm), seen)) if pair.hidden_from.contains(firm) && seen.0.starts_with("429"));
            if full(&one) || full(&two) {
                return Ok(false);
            }
            if let (Some((who, one)), Some((other, two))) = (&one, &two)
                && who == other
                && self.may_compare(*who)
            {
                differ(&format!("operation {index}: the answer to {who:?}"), one, two)?;
                // Another firm had sent too much in both: the declared release takes what it sent as filed.
                if one.0.starts_with("429") {
                    return Ok(false);
                }
            }
            // Between two moments of one tick there is nothing to compare.
            if self.left.now() != self.right.now() {
                continue;
            }
            for _ in 0..3 {
                let observer = *random.pick(&self.observers);
                for ask in observe::some(random, observer, &known, 1) {
                    self.one(observer, &ask, index, figures).await?;
                }
            }
            if let Op::Report(report) = op {
                let onlooker = Observer::MemberKey(*random.pick(&self.onlookers));
                let told = report.values.first().map(|n| value(*n)).unwrap_or_default();
                let mut asks = observe::content(&Known { values: vec![told], ..Known::default() });
                // The value itself, and one more.
                let last = asks.pop();
                for ask in last.into_iter().chain([random.pick(&asks).clone()]) {
                    self.one(onlooker, &ask, index, figures).await?;
                }
            }
            if pair.kind != Kind::Arrival {
                self.streams(figures, &format!("after operation {index}"))?;
            }
        }
        Ok(true)
    }

    async fn at_the_end(&mut self, random: &mut Random, figures: &mut Figures) -> Result<(), Difference> {
        let end = usize::MAX;
        self.streams(figures, "at the end")?;
        for (world, number) in [(&self.left, 7_000), (&self.right, 7_000)] {
            world.reseed(number);
        }
        for observer in self.observers.clone() {
            let mut known = self.left.known(observer, &self.values).await;
            if observer == Observer::Secondee {
                self.behind_the_wall(&mut known);
            }
            // What is asked for is the same only if it is asked for in both.
            self.right.known(observer, &self.values).await;
            let asks = observe::asks(observer, &known);
            // Which ids come first is chance: once, every page that a case stands on is looked at.
            let rest = if observer == Observer::Analyst { observe::other_campaigns(&known) } else { vec![] };
            for ask in asks.into_iter().chain(rest) {
                self.one(observer, &ask, end, figures).await?;
            }
        }
        // Every firm that has nothing to do with the difference, by session or by key.
        let key = |firm| Observer::MemberKey(firm);
        let known = self.left.known(key(self.onlookers[0]), &self.values).await;
        self.right.known(key(self.onlookers[0]), &self.values).await;
        for firm in self.onlookers.clone() {
            let observer = if random.percent(50) { key(firm) } else { Observer::MemberSession(firm) };
            for ask in observe::content(&known) {
                self.one(observer, &ask, end, figures).await?;
            }
        }
        self.references(figures).await?;
        let a = key(*random.pick(&self.onlookers));
        let b = Observer::MemberSession(*random.pick(&self.onlookers));
        let mut coalitions = vec![(a, b)];
        if self.pair.cell {
            coalitions.extend([(b, Observer::Analyst), (a, Observer::Lead)]);
        }
        if self.pair.cell || self.pair.kind == Kind::Wall {
            coalitions.push((b, Observer::Secondee));
        }
        for (a, b) in coalitions {
            // The cell's people cannot follow a member's cursor: they tell each other what they see.
            let one = observe::joined(&self.left, a, b, &known).await;
            let two = observe::joined(&self.right, a, b, &known).await;
            figures.compared += 1;
            *figures.tally.entry(("what two who join see".into(), b.kind())).or_insert(0) += 1;
            differ(&format!("what {a:?} and {b:?} see together"), &one, &two)?;
        }
        self.operators(figures)
    }

    /// A secondee may have heard of cases behind the wall, and asks for them.
    fn behind_the_wall(&self, known: &mut Known) {
        let sector = self.pair.one.sector(0);
        let walled = self.pair.one.reports().filter(|(_, report)| self.pair.one.sector(report.firm) == sector);
        let differing = walled.filter(|(at, report)| self.pair.two.ops[*at] != Op::Report((*report).clone()));
        for reference in differing.filter_map(|(_, report)| self.left.reference(report.label)) {
            known.cases.insert(0, reference.clone());
            known.campaigns.insert(0, reference.clone());
        }
    }

    /// What a firm can do with the reference of a report of its own.
    async fn references(&self, figures: &mut Figures) -> Result<(), Difference> {
        for (_, report) in self.pair.one.reports().filter(|(_, report)| self.onlookers.contains(&report.firm)) {
            let Some(reference) = self.left.reference(report.label) else { continue };
            for path in [format!("/api/v1/campaigns/{reference}"), format!("/api/v1/lookup?value={reference}")] {
                let ask = Ask {
                    route: "a report's reference".into(),
                    method: "GET",
                    path,
                    headers: vec![],
                    body: String::new(),
                };
                self.one(Observer::MemberKey(report.firm), &ask, usize::MAX, figures).await?;
            }
        }
        self.anothers(figures).await
    }

    /// Whoever has heard of another firm's reference is answered by it as by one that never was.
    async fn anothers(&self, figures: &mut Figures) -> Result<(), Difference> {
        let of_others = self.pair.one.reports().filter(|(_, report)| self.pair.hidden_from.contains(&report.firm));
        let references: Vec<&String> = of_others.filter_map(|(_, report)| self.left.reference(report.label)).collect();
        let asker = Observer::MemberKey(self.onlookers[0]);
        for reference in references.into_iter().rev().take(2) {
            for ask in observe::own_report(reference) {
                self.one(asker, &ask, usize::MAX, figures).await?;
                let absent = Ask { path: ask.path.replace(reference.as_str(), observe::UNKNOWN), ..ask.clone() };
                let mut answers = Vec::new();
                // In both worlds: how often anything was asked is a figure.
                for (world, ask) in
                    [(&self.left, &ask), (&self.right, &ask), (&self.left, &absent), (&self.right, &absent)]
                {
                    world.skip(QUOTA_REST);
                    answers.push(observe::ask(world, asker, ask, &mut Tally::new()).await);
                }
                let [hidden, _, absent, _] = &answers[..] else { continue };
                differ(&format!("{} {} as {asker:?} beside an absent one", ask.method, ask.path), hidden, absent)?;
            }
        }
        Ok(())
    }

    /// What an operator reads beside the routes: logs, figures, the export.
    fn operators(&self, figures: &mut Figures) -> Result<(), Difference> {
        let pair = self.pair;
        if pair.operator {
            let text = |world: &World| {
                let mut lines = world.logged();
                // Within a tick lines come in the order of arrival, which an operator may see.
                if pair.kind == Kind::Arrival {
                    lines.sort();
                }
                Seen(lines.join("\n"))
            };
            differ("the logs", &text(&self.left), &text(&self.right))?;
            figures.operator += 1;
        }
        if pair.operator && pair.kind == Kind::Swap {
            differ("the figures", &self.left.figures(), &self.right.figures())?;
        }
        if pair.export {
            differ("the journal's export", &self.left.exported(), &self.right.exported())?;
            figures.export += 1;
        }
        Ok(())
    }

    /// Whether an ask may be compared. Health and figures count entries and requests: of those there are as many in both
    /// worlds of a swap in which the same becomes due, but not where a report is missing or comes in another step.
    fn asks(&self, ask: &Ask) -> bool {
        !matches!(ask.path.as_str(), "/health" | "/metrics") || self.pair.operator && self.pair.kind == Kind::Swap
    }

    async fn one(&self, observer: Observer, ask: &Ask, at: usize, figures: &mut Figures) -> Result<(), Difference> {
        if !self.asks(ask) {
            return Ok(());
        }
        if at == usize::MAX && ask.method != "GET" && ask.path.starts_with("/api/v1/reports/") {
            // Each of them costs its firm something of what it may send: time passes, or all but a few were refused for that.
            self.left.skip(QUOTA_REST);
            self.right.skip(QUOTA_REST);
        }
        // Chance is the same in both, whatever came before: what a session's token is tells nothing.
        self.left.reseed(1_000_000 + figures.compared);
        self.right.reseed(1_000_000 + figures.compared);
        let one = observe::ask(&self.left, observer, ask, &mut figures.tally).await;
        let two = observe::ask(&self.right, observer, ask, &mut Tally::new()).await;
        figures.compared += 1;
        let when = if at == usize::MAX { "at the end".to_owned() } else { format!("after operation {at}") };
        differ(&format!("{} {} as {observer:?} {when}", ask.method, ask.path), &one, &two)
    }
}

/// Runs one operation in a world, with chance of its own; gives who got which answer.
pub async fn do_one(world: &mut World, op: &Op, index: usize) -> Option<(Observer, Seen)> {
    let number = match op {
        Op::Report(report) => report.label,
        // Never the chance of a report, which has a number of its own.
        Op::Tell(_) => 1_000_000 + index,
        _ => index,
    };
    world.reseed(number as u64 + 1);
    match op {
        Op::Report(report) => Some((Observer::MemberKey(report.firm), world.file(report).await)),
        Op::Wait(millis) => {
            world.wait(*millis);
            None
        }
        acts => world.act(acts, index).await,
    }
}
