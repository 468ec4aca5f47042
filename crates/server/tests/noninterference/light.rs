//! Light pairs: of one script several second worlds at once, each beside the one first world, and at the end a random part of
//! what full pairs ask.
//!
//! All worlds of a seed are asked the same at the same place of the script. What is compared for a pair is what must be equal
//! in it: that depends on who looks, as in full pairs.

use std::collections::HashMap;

use crate::observe::{self, Ask, Known, UNKNOWN};
use crate::pair::{self, Difference, Figures, Kind, Operated, QUOTA_REST, asks_between, differ, do_one, looked_up};
use crate::questions::{self, Base, Made, Making, ONLOOKERS_MIN, WALLED_SIZES};
use crate::random::Random;
use crate::script::{Op, Script, script, script_of, value};
use crate::world::{Observer, Seen, World};

/// Light seeds begin here: no script of theirs is one of a full pair's.
const SEEDS_FROM: u64 = 1_000_000;
/// Second worlds of one script, at most, by the operation that makes them; whoever files, and when, is compared where links are
/// by equal values only, and the others have presences instead.
const SWAPS: u64 = 5;
const PRESENCES: u64 = 4;
const ARRIVALS: u64 = 1;
/// Of a hundred seeds, those that make a pair of somebody outside, and of a wall.
const OUTSIDE_PERCENT: usize = 10;
const WALL_PERCENT: usize = 10;
/// Requests after each operation, for each pair.
const ASKS_AFTER: u32 = 3;
/// Tries to find them: the cell's people look at some pairs only.
const TRIES_AFTER: usize = 16;
/// Of a hundred requests that would be an operator's, those that are: all figures are written for each, and compared at the end
/// in any case.
const OPERATOR_PERCENT: usize = 10;
/// Requests of each observer at the end, and what two firms more ask.
const ASKS_AT_THE_END: usize = 6;
const ASKS_OF_A_FIRM: usize = 3;
const ASKS_OF_AN_OPERATOR: usize = 1;
/// Of a hundred seeds, those in which all figures of operators are compared: to write them takes longer than all the rest.
const FIGURES_PERCENT: usize = 25;
/// Of a hundred seeds, those in which two observers act together at the end.
const JOINED_PERCENT: usize = 25;

/// What light pairs have done, by the question that they ask.
#[derive(Default)]
pub struct All {
    swap: Figures,
    presence: Figures,
    arrival: Figures,
    outside: Figures,
    wall: Figures,
}

impl All {
    pub const fn named(&self) -> [(&'static str, &Figures); 5] {
        let Self { swap, presence, arrival, outside, wall } = self;
        [("swap", swap), ("presence", presence), ("arrival", arrival), ("outside", outside), ("wall", wall)]
    }

    /// With what another thread has done.
    pub fn with(mut self, other: Self) -> Self {
        self.swap.add(other.swap);
        self.presence.add(other.presence);
        self.arrival.add(other.arrival);
        self.outside.add(other.outside);
        self.wall.add(other.wall);
        self
    }

    const fn of(&mut self, question: Question) -> &mut Figures {
        match question {
            Question::Swap => &mut self.swap,
            Question::Presence => &mut self.presence,
            Question::Arrival => &mut self.arrival,
            Question::Outside => &mut self.outside,
            Question::Wall => &mut self.wall,
        }
    }
}

/// Makes a second script.
type Maker = fn(&Base, &mut Random) -> Making;

#[derive(Clone, Copy, Debug)]
enum Question {
    Swap,
    Presence,
    Arrival,
    Outside,
    Wall,
}

/// Counts what was made; gives it if it must be compared.
pub fn counted(making: Making, figures: &mut Figures) -> Option<Made> {
    let (why, made) = match making {
        Making::Nothing => return None,
        Making::Dropped(_, why) => (why, None),
        Making::Kept(made) => (made.why, Some(made)),
    };
    figures.made += 1;
    if let Some(why) = why {
        figures.reasons.entry(why).or_default().0 += 1;
    }
    made
}

/// Counts a pair in which everything was equal.
pub fn kept(made: &Made, figures: &mut Figures) {
    figures.kept += 1;
    figures.cell += u64::from(made.cell);
    if let Some(why) = made.why {
        figures.reasons.entry(why).or_default().1 += 1;
    }
}

/// A second world, and what it is compared by.
struct Beside<'a> {
    question: Question,
    made: &'a Made,
    world: World,
    /// A firm had sent too much: the pair is neither kept nor passed.
    abandoned: bool,
    /// Everything was compared.
    ended: bool,
    /// Requests still to be compared after an operation.
    due: u32,
}

impl Beside<'_> {
    /// Whether an observer must see the same in this world as in the first.
    fn is_for(&self, observer: Observer) -> bool {
        match observer {
            Observer::Stranger | Observer::CellStranger => true,
            Observer::MemberKey(firm) | Observer::MemberSession(firm) => !self.made.hidden_from.contains(&firm),
            Observer::Secondee => self.made.cell || self.made.kind == Kind::Wall,
            Observer::Analyst | Observer::Lead => self.made.cell,
            Observer::Operator => self.made.operator,
        }
    }

    /// Whether an answer to an observer must be equal: health and figures count what is not, but for a swap.
    fn compares(&self, observer: Observer, ask: &Ask) -> bool {
        let figures = matches!(ask.path.as_str(), "/health" | "/metrics");
        !self.abandoned
            && !self.ended
            && self.is_for(observer)
            && (!figures || self.made.operator && self.made.kind == Kind::Swap)
    }
}

impl Beside<'_> {
    /// What streams and mailboxes have, beside the first world's.
    fn streams(&self, first: &World, figures: &mut Figures, when: &str) -> Result<(), Difference> {
        let of = |observer| self.is_for(observer);
        pair::streams(first, &self.world, self.made, of, figures, when).map_err(|what| named(&[], self, what))
    }
}

/// The first world of a seed and those beside it.
struct Worlds<'a> {
    seed: u64,
    one: &'a Script,
    first: World,
    beside: Vec<Beside<'a>>,
    observers: Vec<Observer>,
    /// Firms to which no difference is known.
    onlookers: Vec<usize>,
    values: Vec<String>,
    asked: u64,
}

/// All light pairs of a seed.
pub async fn seed(seed: u64, all: &mut All) -> Result<(), Difference> {
    let seed = SEEDS_FROM + seed;
    let base = Base::new(script(seed));
    let mut kept: Vec<(Question, Made)> = Vec::new();
    let presences = if base.script.weighed { SWAPS + PRESENCES } else { PRESENCES };
    let makers: [(Question, u64, Maker); 3] = [
        (Question::Swap, SWAPS, questions::swap),
        (Question::Presence, presences, questions::presence),
        (Question::Arrival, ARRIVALS, questions::arrival),
    ];
    let mut scripts: Vec<Vec<Op>> = Vec::new();
    for (question, count, make) in makers {
        for number in 0..count {
            let making = make(&base, &mut Random(seed ^ number << 40 ^ (question as u64 + 1) << 32));
            // The same pair again is none.
            if let Making::Kept(Made { two, .. }) | Making::Dropped(two, _) = &making {
                if scripts.contains(&two.ops) {
                    continue;
                }
                scripts.push(two.ops.clone());
            }
            kept.extend(counted(making, all.of(question)).map(|made| (question, made)));
        }
    }
    // Each world has to leave somebody to look at all of them.
    let mut rest = kept;
    while !rest.is_empty() {
        let (mut hidden, mut together, mut later) = (Vec::new(), Vec::new(), Vec::new());
        for (question, made) in rest {
            let mut all: Vec<usize> = [hidden.clone(), made.hidden_from.clone()].concat();
            all.sort_unstable();
            all.dedup();
            if together.is_empty() || all.len() + ONLOOKERS_MIN <= base.script.firms {
                hidden = all;
                together.push((question, made));
            } else {
                later.push((question, made));
            }
        }
        compare(seed, &base.script, &together, all).await?;
        rest = later;
    }
    let mut random = Random(seed ^ 0x0DD);
    if random.percent(OUTSIDE_PERCENT) {
        let (base, making) = questions::outside(&base.script, &mut random);
        if let Some(made) = counted(making, all.of(Question::Outside)) {
            compare(seed, &base.script, &[(Question::Outside, made)], all).await?;
        }
    }
    if random.percent(WALL_PERCENT)
        && let Some((base, making)) = questions::wall(&script_of(seed, WALLED_SIZES), &mut random)
        && let Some(made) = counted(making, all.of(Question::Wall))
    {
        compare(seed, &base.script, &[(Question::Wall, made)], all).await?;
    }
    Ok(())
}

async fn compare(seed: u64, one: &Script, made: &[(Question, Made)], all: &mut All) -> Result<(), Difference> {
    let mut random = Random(seed ^ 0xABCD);
    let mut worlds = Worlds::open(seed, one, made, &mut random).await;
    worlds.operations(&mut random, all).await?;
    worlds.at_the_end(&mut random, all).await?;
    for beside in &worlds.beside {
        let figures = all.of(beside.question);
        if beside.abandoned {
            figures.abandoned += 1;
        } else {
            kept(beside.made, figures);
        }
    }
    Ok(())
}

impl<'a> Worlds<'a> {
    async fn open(seed: u64, one: &'a Script, made: &'a [(Question, Made)], random: &mut Random) -> Self {
        let hidden: Vec<usize> = made.iter().flat_map(|(_, made)| made.hidden_from.iter().copied()).collect();
        let onlookers: Vec<usize> = (0..one.firms).filter(|firm| !hidden.contains(firm)).collect();
        let (first, second) = (*random.pick(&onlookers), *random.pick(&onlookers));
        let mut watched = vec![Observer::MemberSession(first), Observer::MemberKey(second)];
        let cell = made.iter().any(|(_, made)| made.cell);
        if cell {
            watched.extend([Observer::Analyst, Observer::Lead]);
        }
        if cell || made.iter().any(|(_, made)| made.kind == Kind::Wall) {
            watched.push(Observer::Secondee);
        }
        let mut observers = vec![Observer::Stranger, Observer::CellStranger];
        observers.extend(&watched);
        observers.extend(made.iter().any(|(_, made)| made.operator).then_some(Observer::Operator));
        let values = looked_up(one, &hidden, made.iter().map(|(_, made)| &made.two));
        let mut beside = Vec::new();
        for (question, made) in made {
            let mut world = World::new(&made.two).await;
            world.watch(&watched).await;
            beside.push(Beside { question: *question, made, world, abandoned: false, ended: false, due: 0 });
        }
        let mut world = World::new(one).await;
        world.watch(&watched).await;
        Self { seed, one, first: world, beside, observers, onlookers, values, asked: 0 }
    }

    async fn operations(&mut self, random: &mut Random, all: &mut All) -> Result<(), Difference> {
        let known = Known { values: self.values.clone(), ..Known::default() };
        let asks = asks_between(&self.observers, &known);
        for (index, op) in self.one.ops.iter().enumerate() {
            self.operation(index, op, all).await?;
            self.ask_after(index, op, &asks, random, all).await?;
            for beside in self.beside.iter().filter(|beside| !beside.abandoned) {
                if beside.made.kind != Kind::Arrival {
                    let when = format!("after operation {index}");
                    beside.streams(&self.first, all.of(beside.question), &when)?;
                }
            }
        }
        Ok(())
    }

    /// One step of the script in every world.
    async fn operation(&mut self, index: usize, op: &Op, all: &mut All) -> Result<(), Difference> {
        let one = do_one(&mut self.first, op, index).await;
        for beside in &mut self.beside {
            let two = do_one(&mut beside.world, &beside.made.two.ops[index], index).await;
            // As in full pairs: what the firm of the difference could not send is another script.
            let full = |seen: &Option<(Observer, Seen)>| matches!(seen, Some((Observer::MemberKey(firm), seen)) if beside.made.hidden_from.contains(firm) && seen.0.starts_with("429"));
            beside.abandoned |= full(&one) || full(&two);
            if let (Some((who, one)), Some((other, two))) = (&one, &two)
                && who == other
                && !beside.abandoned
                && beside.is_for(*who)
            {
                all.of(beside.question).compared += 1;
                differ(&format!("operation {index}: the answer to {who:?}"), one, two)
                    .map_err(|what| named(&self.one.ops, beside, what))?;
                // Another firm had sent too much in both: the declared release takes what it sent as filed.
                beside.abandoned |= one.0.starts_with("429");
            }
        }
        Ok(())
    }

    /// Three random requests after an operation, and what was just reported.
    async fn ask_after(
        &mut self,
        index: usize,
        op: &Op,
        asks: &HashMap<Observer, Vec<Ask>>,
        random: &mut Random,
        all: &mut All,
    ) -> Result<(), Difference> {
        let when = format!("after operation {index}");
        for beside in &mut self.beside {
            // Between two moments of one tick there is nothing to compare.
            let at_once = beside.world.now() == self.first.now();
            beside.due = if at_once && !beside.abandoned { ASKS_AFTER } else { 0 };
        }
        for _ in 0..TRIES_AFTER {
            if self.beside.iter().all(|beside| beside.due == 0) {
                break;
            }
            let observer = *random.pick(&self.observers);
            if observer == Observer::Operator && !random.percent(OPERATOR_PERCENT) {
                continue;
            }
            let ask = random.pick(&asks[&observer]).clone();
            self.ask(observer, &ask, &when, all).await?;
        }
        if let Op::Report(report) = op {
            let onlooker = Observer::MemberKey(*random.pick(&self.onlookers));
            let told = report.values.first().map(|n| value(*n)).unwrap_or_default();
            // The value itself.
            let ask = observe::content(&Known { values: vec![told], ..Known::default() }).pop();
            if let Some(ask) = ask {
                self.ask(onlooker, &ask, &when, all).await?;
            }
        }
        Ok(())
    }

    /// One request in every world, compared where it must be equal and the clocks agree.
    async fn ask(&mut self, observer: Observer, ask: &Ask, when: &str, all: &mut All) -> Result<(), Difference> {
        if !self.beside.iter().any(|beside| beside.compares(observer, ask)) {
            return Ok(());
        }
        // Chance is the same in all, whatever came before.
        self.asked += 1;
        let number = 1_000_000 + self.asked;
        self.first.reseed(number);
        let one = observe::ask_one(&self.first, observer, ask).await;
        for beside in self.beside.iter_mut().filter(|beside| !beside.ended) {
            beside.world.reseed(number);
            let two = observe::ask_one(&beside.world, observer, ask).await;
            if beside.world.now() == self.first.now() && beside.compares(observer, ask) {
                all.of(beside.question).compared += 1;
                beside.due = beside.due.saturating_sub(1);
                differ(&format!("{} {} as {observer:?} {when}", ask.method, ask.path), &one, &two)
                    .map_err(|what| named(&self.one.ops, beside, what))?;
            }
        }
        Ok(())
    }

    async fn at_the_end(&mut self, random: &mut Random, all: &mut All) -> Result<(), Difference> {
        let end = "at the end";
        for beside in self.beside.iter().filter(|beside| !beside.abandoned) {
            beside.streams(&self.first, all.of(beside.question), end)?;
        }
        for world in self.worlds() {
            world.reseed(7_000);
        }
        let (cells, others): (Vec<Observer>, Vec<Observer>) =
            self.observers.iter().partition(|who| who.acts_on_cases());
        self.asks_at_the_end(&others, random, all).await?;
        let key = Observer::MemberKey(*random.pick(&self.onlookers));
        let session = Observer::MemberSession(*random.pick(&self.onlookers));
        let known = self.known(key).await;
        let content = observe::content(&known);
        for observer in [key, session] {
            for _ in 0..ASKS_OF_A_FIRM {
                let ask = random.pick(&content).clone();
                self.ask(observer, &ask, end, all).await?;
            }
        }
        self.anothers(key, random, all).await?;
        if random.percent(JOINED_PERCENT) {
            let one = observe::joined(&self.first, key, session, &known).await;
            for beside in &self.beside {
                let two = observe::joined(&beside.world, key, session, &known).await;
                if !beside.abandoned {
                    all.of(beside.question).compared += 1;
                    differ(&format!("what {key:?} and {session:?} see together"), &one, &two)
                        .map_err(|what| named(&self.one.ops, beside, what))?;
                }
            }
        }
        // What the cell's people do may change what an operator reads of those pairs which they are not compared for: these end
        // before.
        let figures = random.percent(FIGURES_PERCENT);
        self.end(|made| !made.cell && made.kind != Kind::Wall, figures, all)?;
        self.asks_at_the_end(&cells, random, all).await?;
        self.end(|_| true, figures, all)
    }

    /// A random part of what full pairs ask at the end.
    async fn asks_at_the_end(
        &mut self,
        observers: &[Observer],
        random: &mut Random,
        all: &mut All,
    ) -> Result<(), Difference> {
        for observer in observers.iter().copied() {
            let mut known = self.known(observer).await;
            if observer == Observer::Secondee {
                for beside in self.beside.iter().filter(|beside| beside.made.kind == Kind::Wall) {
                    pair::behind_the_wall(self.one, &beside.made.two, &self.first, &mut known);
                }
            }
            let asks = observe::asks(observer, &known);
            let count = if observer == Observer::Operator { ASKS_OF_AN_OPERATOR } else { ASKS_AT_THE_END };
            for _ in 0..count {
                let ask = random.pick(&asks).clone();
                self.rest(&ask);
                self.ask(observer, &ask, "at the end", all).await?;
            }
        }
        Ok(())
    }

    /// Compares what operators read of certain pairs that have not ended, and ends them.
    fn end(&mut self, of: impl Fn(&Made) -> bool, figures: bool, all: &mut All) -> Result<(), Difference> {
        let operated = Operated::new(&self.first, figures);
        for beside in self.beside.iter_mut().filter(|beside| !beside.ended && of(beside.made)) {
            if !beside.abandoned {
                operated
                    .beside(&beside.world, beside.made, all.of(beside.question))
                    .map_err(|what| named(&self.one.ops, beside, what))?;
            }
            beside.ended = true;
        }
        Ok(())
    }

    /// Whoever has heard of another firm's reference is answered by it as by one that never was.
    async fn anothers(&mut self, asker: Observer, random: &mut Random, all: &mut All) -> Result<(), Difference> {
        let others = self.one.reports().filter(|(_, report)| !self.onlookers.contains(&report.firm));
        let references: Vec<String> =
            others.filter_map(|(_, report)| self.first.reference(report.label).cloned()).collect();
        if references.is_empty() {
            return Ok(());
        }
        let reference = random.pick(&references);
        let ask = random.pick(&observe::own_report(reference)).clone();
        let absent = Ask { path: ask.path.replace(reference.as_str(), UNKNOWN), ..ask.clone() };
        let mut hidden = Vec::new();
        for of in [&ask, &absent] {
            self.rest(of);
            self.ask(asker, of, "at the end", all).await?;
            self.rest(of);
            self.first.reseed(7_001);
            hidden.push(observe::ask_one(&self.first, asker, of).await);
            for beside in &self.beside {
                // How often anything was asked is a figure.
                beside.world.reseed(7_001);
                observe::ask_one(&beside.world, asker, of).await;
            }
        }
        differ(
            &format!("{} {} as {asker:?} beside an absent one, seed {}", ask.method, ask.path, self.seed),
            &hidden[0],
            &hidden[1],
        )
    }

    fn worlds(&self) -> impl Iterator<Item = &World> {
        self.beside.iter().map(|beside| &beside.world).chain([&self.first])
    }

    /// What costs a firm something of what it may send is asked after a rest.
    fn rest(&self, ask: &Ask) {
        if ask.method != "GET" && ask.path.starts_with("/api/v1/reports/") {
            self.worlds().for_each(|world| world.skip(QUOTA_REST));
        }
    }

    /// What an observer knows by the first world; what is asked for that is asked in all.
    async fn known(&self, observer: Observer) -> Known {
        let known = self.first.known(observer, &self.values).await;
        for beside in self.beside.iter().filter(|beside| !beside.ended) {
            beside.world.known(observer, &self.values).await;
        }
        known
    }
}

/// A difference with the question of its pair.
fn named(base: &[Op], beside: &Beside<'_>, Difference(what): Difference) -> Difference {
    // What tells the two apart: which operation is another, or missing.
    let one = base.iter().map(Some).chain(std::iter::repeat(None));
    let two = beside.made.two.ops.iter().map(Some).chain(std::iter::repeat(None));
    let others = one.zip(two).take(base.len().max(beside.made.two.ops.len())).enumerate();
    let others: String = others
        .filter(|(_, (a, b))| a != b)
        .map(|(at, (a, b))| format!("\n  operation {at}: {a:?}\n  or {b:?}"))
        .collect();
    Difference(format!("light {:?}: {what}{others}", beside.question))
}
