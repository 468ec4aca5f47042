//! Tells whether the time that an answer takes says what is held: two classes of requests, interleaved at random, through the
//! members' very router in this process, and Welch's t of their times.
//!
//! `timing [SAMPLES] [SEED] [COMPARISON]`: samples of each class (100,000 if none is named), the seed of the order, and the
//! start of a comparison's name, to run that alone.

mod house;
mod welch;

use std::collections::VecDeque;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use house::{House, Random, value};
use welch::{CROPS, Samples};

/// What goes wrong.
type Failure = Box<dyn Error>;

/// Samples of each class without an argument.
const SAMPLES: usize = 100_000;
/// Requests before the first that is counted, so that caches and pages are warm.
const WARM_UP: usize = 2_000;
/// Requests between two steps of the fold, which no sample contains.
const REQUESTS_A_STEP: usize = 64;
/// Reports of the firm that is asked about, of which as many references are asked for.
const REFERENCES: usize = 2_000;

/// One request.
#[derive(Clone, Copy)]
enum Ask {
    /// Looks a value up.
    Lookup(u64),
    /// Reports a value, for the cell only.
    Submit(u64),
    /// Runs a draft with a value dry.
    Preview(u64),
    /// Asks for something under the references of reports.
    Case(&'static str, usize),
    /// The same for a reference that never was; as many of them are asked for, so that neither class comes back to its own more
    /// often.
    Absent(&'static str, usize),
    /// The same for a reference of the asker's own.
    Own(&'static str, usize),
}

/// Two classes of requests whose times are compared.
struct Comparison {
    name: &'static str,
    /// Statuses of the two classes' answers.
    statuses: [u16; 2],
    /// Whether a difference is what it must find: such a comparison shows that the bench would see one.
    differs: bool,
    /// Whether what is held is the asker's own.
    own: bool,
    classes: [fn(&mut Pool) -> Option<Ask>; 2],
}

/// What is asked about, each value once.
struct Pool {
    held: VecDeque<u64>,
    absent: u64,
    random: Random,
    references: usize,
}

impl Pool {
    fn held(&mut self) -> Option<u64> {
        self.held.pop_front()
    }

    fn absent(&mut self) -> Option<u64> {
        self.absent += 1;
        Some(self.absent)
    }

    fn reference(&mut self) -> usize {
        self.random.below(self.references)
    }
}

const REPORTS: &str = "/api/v1/reports/{}";
const CAMPAIGNS: &str = "/api/v1/campaigns/{}";
const FILES: &str = "/api/v1/reports/{}/files/00000000-0000-4000-8000-0000000000ff";

/// In the order in which they run: what changes the stores comes last.
const ALL: [Comparison; 11] = [
    Comparison {
        name: "lookup: absent against absent",
        statuses: [200, 200],
        differs: false,
        own: false,
        classes: [|pool| Some(Ask::Lookup(pool.absent()?)), |pool| Some(Ask::Lookup(pool.absent()?))],
    },
    Comparison {
        name: "lookup: held against absent",
        statuses: [200, 200],
        differs: false,
        own: false,
        classes: [|pool| Some(Ask::Lookup(pool.held()?)), |pool| Some(Ask::Lookup(pool.absent()?))],
    },
    Comparison {
        name: "lookup: held of an own case against absent",
        statuses: [200, 200],
        differs: false,
        own: true,
        classes: [|pool| Some(Ask::Lookup(pool.held()?)), |pool| Some(Ask::Lookup(pool.absent()?))],
    },
    Comparison {
        name: "preview: held against absent",
        statuses: [200, 200],
        differs: false,
        own: false,
        classes: [|pool| Some(Ask::Preview(pool.held()?)), |pool| Some(Ask::Preview(pool.absent()?))],
    },
    Comparison {
        name: "report: another's against unknown",
        statuses: [404, 404],
        differs: false,
        own: false,
        classes: [
            |pool| Some(Ask::Case(REPORTS, pool.reference())),
            |pool| Some(Ask::Absent(REPORTS, pool.reference())),
        ],
    },
    Comparison {
        name: "campaign: another's case against unknown",
        statuses: [404, 404],
        differs: false,
        own: false,
        classes: [
            |pool| Some(Ask::Case(CAMPAIGNS, pool.reference())),
            |pool| Some(Ask::Absent(CAMPAIGNS, pool.reference())),
        ],
    },
    Comparison {
        name: "campaign: own case against unknown",
        statuses: [404, 404],
        differs: false,
        own: false,
        classes: [
            |pool| Some(Ask::Own(CAMPAIGNS, pool.reference())),
            |pool| Some(Ask::Absent(CAMPAIGNS, pool.reference())),
        ],
    },
    Comparison {
        name: "file: another's case against unknown",
        statuses: [404, 404],
        differs: false,
        own: false,
        classes: [|pool| Some(Ask::Case(FILES, pool.reference())), |pool| Some(Ask::Absent(FILES, pool.reference()))],
    },
    Comparison {
        name: "report: own against unknown",
        statuses: [200, 404],
        differs: true,
        own: false,
        classes: [
            |pool| Some(Ask::Own(REPORTS, pool.reference())),
            |pool| Some(Ask::Absent(REPORTS, pool.reference())),
        ],
    },
    Comparison {
        name: "submit: held against absent",
        statuses: [201, 201],
        differs: false,
        own: false,
        classes: [|pool| Some(Ask::Submit(pool.held()?)), |pool| Some(Ask::Submit(pool.absent()?))],
    },
    Comparison {
        name: "submit: held of an own case against absent",
        statuses: [201, 201],
        differs: false,
        own: true,
        classes: [|pool| Some(Ask::Submit(pool.held()?)), |pool| Some(Ask::Submit(pool.absent()?))],
    },
];

fn text(of: Ask, house: &House) -> (&'static str, String, String) {
    let path = |path: &str, reference: &str| path.replace("{}", reference);
    match of {
        Ask::Lookup(n) => ("GET", format!("/api/v1/lookup?value={}", value(n)), String::new()),
        Ask::Submit(n) => ("POST", "/api/v1/reports".to_owned(), house::report("cell-only", [n])),
        Ask::Preview(n) => ("POST", "/api/v1/reports/preview".to_owned(), house::report("now", [n])),
        Ask::Case(under, at) => ("GET", path(under, house.others.get(at).map_or("", String::as_str)), String::new()),
        Ask::Own(under, at) => ("GET", path(under, house.own.get(at).map_or("", String::as_str)), String::new()),
        Ask::Absent(under, at) => ("GET", path(under, house.unknown.get(at).map_or("", String::as_str)), String::new()),
    }
}

/// Runs one comparison; nanoseconds of each class.
async fn compare(of: &Comparison, samples: usize, pool: &mut Pool, house: &mut House) -> Result<Samples, Failure> {
    let mut times = [Vec::with_capacity(samples), Vec::with_capacity(samples)];
    let mut done = 0_usize;
    while times.iter().any(|times| times.len() < samples) {
        if done.is_multiple_of(REQUESTS_A_STEP) {
            house.step()?;
        }
        // Tossed anew each time until one class has enough: the order tells nothing and no drift sides with a class.
        let class = pool.random.below(2);
        let make = of.classes.get(class).ok_or("no such class")?;
        let ask = make(pool).ok_or("too few values are held")?;
        let (method, path, body) = text(ask, house);
        let request = house.request(method, &path, body)?;
        let start = Instant::now();
        let answer = house.answer(request).await?;
        let took = start.elapsed();
        let (status, body) = black_box(answer);
        if of.statuses.get(class) != Some(&status.as_u16()) {
            return Err(format!("{method} {path}: {status} {}", String::from_utf8_lossy(&body)).into());
        }
        done += 1;
        if done > WARM_UP
            && let Some(times) = times.get_mut(class).filter(|times| times.len() < samples)
        {
            times.push(took.as_nanos() as f64);
        }
    }
    Ok(Samples { times })
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let samples: usize = arguments.next().map_or(Ok(SAMPLES), |text| text.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let chosen = arguments.next().unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for of in ALL.iter().filter(|of| of.name.starts_with(&chosen)) {
            // One after the other in a house of its own: none finds what another left behind.
            let held = if of.name.contains("held") { samples + samples / 4 + WARM_UP } else { 0 };
            let mut house = House::open(held as u64, of.own, REFERENCES).await?;
            let mut pool = Pool {
                held: house.held.iter().copied().collect(),
                absent: house::ABSENT_FROM,
                random: Random(seed),
                references: REFERENCES,
            };
            pool.random.shuffle(pool.held.make_contiguous());
            let figures = compare(of, samples, &mut pool, &mut house).await?.figures();
            let most = figures.t.iter().fold(0.0_f64, |most, t| most.max(t.abs()));
            let each: Vec<String> = figures.t.iter().map(|t| format!("{t:+.2}")).collect();
            println!(
                "{} ({}): max |t| {most:.2}; t {} of all and below {CROPS:?} percent; medians {:.0} and {:.0} ns; means {:.0} and {:.0} ns; {samples} samples each",
                of.name,
                if of.differs { "must differ" } else { "must not differ" },
                each.join(" "),
                figures.medians[0],
                figures.medians[1],
                figures.means[0],
                figures.means[1],
            );
        }
        Ok(())
    })
}
