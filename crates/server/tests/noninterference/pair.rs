//! Two worlds side by side: what the declared release says of each, and every byte that observers get of both.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, HashMap};

use crate::observe::{self, Ask, Known, Tally};
use crate::questions::Made;
use crate::random::Random;
use crate::rho::Rho;
use crate::script::{Op, Own, Report, Script, value};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Swap,
    Presence,
    Arrival,
    /// What a firm of the sector that the secondee is walled from has sent is other, or missing.
    Wall,
}

/// Two worlds and what must be equal in them.
pub struct Pair<'a> {
    pub one: &'a Script,
    pub made: &'a Made,
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
    /// Pairs in which the pages of the members' store were compared too.
    pub stores: u64,
    pub compared: u64,
    /// Mailboxes compared that were not empty.
    pub mails: u64,
    pub reasons: BTreeMap<&'static str, (u64, u64)>,
    pub tally: Tally,
}

impl Figures {
    /// Takes in what another thread has done.
    pub fn add(&mut self, other: Self) {
        self.made += other.made;
        self.kept += other.kept;
        self.abandoned += other.abandoned;
        self.cell += other.cell;
        self.operator += other.operator;
        self.export += other.export;
        self.stores += other.stores;
        self.compared += other.compared;
        self.mails += other.mails;
        for (why, (made, kept)) in other.reasons {
            let of = self.reasons.entry(why).or_default();
            *of = (of.0 + made, of.1 + kept);
        }
        for (what, count) in other.tally {
            *self.tally.entry(what).or_default() += count;
        }
    }
}

/// After so long a firm may send again, in milliseconds.
pub const QUOTA_REST: i64 = 1_000;

/// Where two worlds differ.
pub struct Difference(pub String);

/// Refuses what is not equal.
pub fn differ(what: &str, left: &Seen, right: &Seen) -> Result<(), Difference> {
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
    /// How much was asked so far: chance of its own for each.
    asked: Cell<u64>,
}

/// Runs both worlds side by side and compares what the observers get. False if the pair had to be abandoned.
pub async fn compare(pair: &Pair<'_>, figures: &mut Figures) -> Result<bool, Difference> {
    let mut random = Random(pair.seed ^ 0xABCD);
    let made = pair.made;
    let (left, right) = (World::new(pair.one).await, World::new(&made.two).await);
    let onlookers: Vec<usize> = (0..left.firms()).filter(|firm| !made.hidden_from.contains(firm)).collect();
    let (first, second) = (*random.pick(&onlookers), *random.pick(&onlookers));
    let mut observers = vec![Observer::Stranger, Observer::CellStranger];
    observers.extend([Observer::MemberSession(first), Observer::MemberKey(second)]);
    let mut watched = vec![Observer::MemberSession(first), Observer::MemberKey(second)];
    if pair.made.cell {
        observers.extend([Observer::Analyst, Observer::Lead]);
        watched.extend([Observer::Analyst, Observer::Lead]);
    }
    if pair.made.cell || pair.made.kind == Kind::Wall {
        observers.push(Observer::Secondee);
        watched.push(Observer::Secondee);
    }
    if pair.made.operator {
        observers.push(Observer::Operator);
    }
    let values = looked_up(pair.one, &made.hidden_from, [&made.two]);
    let mut run = Run { pair, left, right, observers, onlookers, values, asked: Cell::new(0) };
    run.left.watch(&watched).await;
    run.right.watch(&watched).await;
    if !run.operations(&mut random, figures).await? {
        return Ok(false);
    }
    run.at_the_end(&mut random, figures).await?;
    Ok(true)
}

/// Values that are looked up: hot ones, those of a difference, and names of the firms that it is about.
pub fn looked_up<'a>(
    one: &Script,
    hidden_from: &[usize],
    others: impl IntoIterator<Item = &'a Script> + Clone,
) -> Vec<String> {
    let hot = (0..crate::script::HOT + 2).map(value);
    let own = hidden_from.iter().take(2).flat_map(|firm| Own::ALL.map(|place| place.text(*firm)));
    let differs = |report: &Report| {
        let report = Op::Report(report.clone());
        others.clone().into_iter().any(|two| !two.ops.contains(&report))
    };
    let differing = one.reports().filter(|(_, report)| differs(report));
    let differing = differing.flat_map(|(_, report)| report.values.iter().map(|n| value(*n)));
    hot.chain(own).chain(differing).collect()
}

impl Run<'_> {
    fn streams(&self, figures: &mut Figures, when: &str) -> Result<(), Difference> {
        streams(&self.left, &self.right, self.pair.made, |_| true, figures, when)
    }

    /// Whether what an operation answers may be compared.
    fn may_compare(&self, observer: Observer) -> bool {
        match observer {
            Observer::MemberKey(firm) | Observer::MemberSession(firm) => !self.pair.made.hidden_from.contains(&firm),
            _ => self.pair.made.cell,
        }
    }

    async fn operations(&mut self, random: &mut Random, figures: &mut Figures) -> Result<bool, Difference> {
        let pair = self.pair;
        let known = Known { values: self.values.clone(), ..Known::default() };
        let asks = asks_between(&self.observers, &known);
        for (index, (op, other)) in pair.one.ops.iter().zip(&pair.made.two.ops).enumerate() {
            let one = do_one(&mut self.left, op, index).await;
            let two = do_one(&mut self.right, other, index).await;
            // The firm itself had sent too much: what it could not send in one world is another script, not another reporter.
            let full = |seen: &Option<(Observer, Seen)>| matches!(seen, Some((Observer::MemberKey(firm), seen)) if pair.made.hidden_from.contains(firm) && seen.0.starts_with("429"));
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
                let ask = random.pick(&asks[&observer]);
                self.one(observer, ask, index, figures).await?;
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
            if pair.made.kind != Kind::Arrival {
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
                behind_the_wall(self.pair.one, &self.pair.made.two, &self.left, &mut known);
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
        if self.pair.made.cell {
            coalitions.extend([(b, Observer::Analyst), (a, Observer::Lead)]);
        }
        if self.pair.made.cell || self.pair.made.kind == Kind::Wall {
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
        Operated::new(&self.left, true).beside(&self.right, self.pair.made, figures)
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
        let of_others = self.pair.one.reports().filter(|(_, report)| self.pair.made.hidden_from.contains(&report.firm));
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

    /// Whether an ask may be compared. Health and figures count entries and requests: of those there are as many in both
    /// worlds of a swap in which the same becomes due, but not where a report is missing or comes in another step.
    fn asks(&self, ask: &Ask) -> bool {
        !matches!(ask.path.as_str(), "/health" | "/metrics")
            || self.pair.made.operator && self.pair.made.kind == Kind::Swap
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
        self.asked.set(self.asked.get() + 1);
        self.left.reseed(1_000_000 + self.asked.get());
        self.right.reseed(1_000_000 + self.asked.get());
        let one = observe::ask(&self.left, observer, ask, &mut figures.tally).await;
        let two = observe::ask(&self.right, observer, ask, &mut Tally::new()).await;
        figures.compared += 1;
        let when = if at == usize::MAX { "at the end".to_owned() } else { format!("after operation {at}") };
        differ(&format!("{} {} as {observer:?} {when}", ask.method, ask.path), &one, &two)
    }
}

/// A secondee may have heard of cases behind the wall, and asks for them.
pub fn behind_the_wall(one: &Script, two: &Script, left: &World, known: &mut Known) {
    let walled = one.reports().filter(|(_, report)| one.sector(report.firm) == one.sector(0));
    let differing = walled.filter(|(at, report)| two.ops[*at] != Op::Report((*report).clone()));
    for reference in differing.filter_map(|(_, report)| left.reference(report.label)) {
        known.cases.insert(0, reference.clone());
        known.campaigns.insert(0, reference.clone());
    }
}

/// What each observer may ask between operations.
pub fn asks_between(observers: &[Observer], known: &Known) -> HashMap<Observer, Vec<Ask>> {
    observers.iter().map(|observer| (*observer, observe::between(*observer, known))).collect()
}

/// What streams have sent to certain observers and which mails have come in two worlds, where that must be equal.
pub fn streams(
    left: &World,
    right: &World,
    made: &Made,
    of: impl Fn(Observer) -> bool,
    figures: &mut Figures,
    when: &str,
) -> Result<(), Difference> {
    if let Some((observer, one, two)) = left.streams_beside(right, of, &mut figures.compared) {
        differ(&format!("stream of {observer:?} {when}"), &one, &two)?;
    }
    for firm in (0..left.firms()).filter(|firm| !made.hidden_from.contains(firm)) {
        figures.compared += 1;
        if let Some((one, two)) = left.mails_beside(right, firm, &mut figures.mails) {
            differ(&format!("mails to firm {firm} {when}"), &one, &two)?;
        }
    }
    Ok(())
}

/// What an operator reads of a world beside the routes, each read once.
pub struct Operated<'a> {
    world: &'a World,
    /// Whether all figures are compared too.
    all: bool,
    figures: OnceCell<Seen>,
    exported: OnceCell<Seen>,
    stored: OnceCell<Vec<u8>>,
}

impl<'a> Operated<'a> {
    pub const fn new(world: &'a World, all: bool) -> Self {
        Self { world, all, figures: OnceCell::new(), exported: OnceCell::new(), stored: OnceCell::new() }
    }

    /// Compares logs, figures, the export and the members' store with those of a second world, where each must be equal.
    pub fn beside(&self, right: &World, made: &Made, figures: &mut Figures) -> Result<(), Difference> {
        if made.operator {
            let text = |world: &World| {
                let mut lines = world.logged();
                // Within a tick lines come in the order of arrival, which an operator may see.
                if made.kind == Kind::Arrival {
                    lines.sort();
                }
                Seen(lines.join("\n"))
            };
            differ("the logs", &text(self.world), &text(right))?;
            figures.operator += 1;
        }
        if self.all && made.operator && made.kind == Kind::Swap {
            differ("the figures", self.figures.get_or_init(|| self.world.figures()), &right.figures())?;
        }
        if made.export {
            differ("the journal's export", self.exported.get_or_init(|| self.world.exported()), &right.exported())?;
            figures.export += 1;
        }
        if made.store {
            let (left, right) = (self.stored.get_or_init(|| self.world.stored()), right.stored());
            if *left != right {
                let printable = |bytes: &[u8]| Seen(bytes.escape_ascii().to_string());
                differ("the pages of the members' store", &printable(left), &printable(&right))?;
            }
            figures.stores += 1;
        }
        Ok(())
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
