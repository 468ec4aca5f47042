//! Throughput, memory, pauses, questions and replay of the engine on one core.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use fusion::{Event, Fusion, Observation, Weights};
use model::{Kind, MemberToken, Observable, Timestamp};

use crate::data::{self, Random, SEED};

/// Observations in all; `FUSION_BENCH_OBSERVATIONS` sets another number.
const OBSERVATIONS: usize = 10_000_000;
/// Values of one report.
const VALUES: usize = 10;
/// Reports come this much apart: ten million observations in a year.
const STEP_MILLIS: i64 = 31_000;

fn values(data: &Path) -> Vec<Observable> {
    let output = Command::new("zstd").arg("-dc").arg(data.join("iocs-large.tsv.zst")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let mut values: Vec<Observable> = text
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(kind, value)| data::observable(kind, value))
        .collect();
    let stream = data::gunzip(&data.join("stream/tweetfeed-2025.csv.gz"));
    for line in String::from_utf8_lossy(&stream).lines() {
        let mut parts = line.split(',').skip(2);
        if let (Some(kind), Some(value)) = (parts.next(), parts.next()) {
            values.extend(data::observable(if kind == "ip" { "ipv4" } else { kind }, value));
        }
    }
    let mut random = Random(7);
    for at in (1..values.len()).rev() {
        values.swap(at, random.below(at as u64 + 1) as usize);
    }
    values
}

/// A value as its like might be a while later: the same name with other numbers, a neighbour's address, another path.
fn drifted(value: &Observable, random: &mut Random) -> Observable {
    let n = random.below(1_000_000);
    let text = value.value();
    let drifted = match value.kind() {
        Kind::Domain => match text.split_once('.') {
            Some((label, rest)) => format!("{label}{n}.{rest}"),
            None => text.to_owned(),
        },
        Kind::Ipv4 => match text.rsplit_once('.') {
            Some((net, _)) => format!("{net}.{}", n % 256),
            None => text.to_owned(),
        },
        Kind::Url => format!("{text}/{n}"),
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 => {
            let keep = text.len() - 6;
            format!("{}{n:06}", &text[..keep])
        }
        _ => text.to_owned(),
    };
    Observable::from_normal(value.kind(), drifted)
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Seconds that a million observations took.
struct Took {
    /// By the clock.
    busy: f64,
    /// Without the time in which others had the core.
    own: f64,
}

/// Feeds the engine; `each` hears of every million observations: seconds in the engine, entries touched.
fn feed(
    values: &[Observable],
    observations: usize,
    longest: &mut f64,
    each: &mut dyn FnMut(usize, Took, u64),
) -> Fusion {
    let mut engine = data::engine(&std::sync::Arc::default(), Weights::default());
    let mut random = Random(11);
    let (mut done, mut busy, mut touched, mut case) = (0, 0.0, 0, 0);
    let (mut since, mut waiting) = (Instant::now(), waited());
    let mut findings = Vec::new();
    while done < observations {
        let held: Vec<Observable> = (0..VALUES)
            .map(|offset| {
                let value = &values[(done + offset) % values.len()];
                // From the second round on most values have moved on.
                if done >= values.len() && random.below(10) < 7 { drifted(value, &mut random) } else { value.clone() }
            })
            .collect();
        let observed: Vec<Observation<'_>> =
            held.iter().map(|observable| Observation { key: observable.key(SEED), observable }).collect();
        let mut token = [0; 16];
        token[0] = (random.below(160)) as u8;
        let at = 1_735_689_600_000 + i64::from(case) * STEP_MILLIS;
        let event = Event {
            at: Timestamp::from_millis(at),
            case: data::id(case),
            token: MemberToken::from_bytes(token),
            window: u32::try_from(at / 2_592_000_000).unwrap(),
            sector: None,
            region: None,
            counts: true,
            of_member: true,
            observations: &observed,
            techniques: &[],
            tags: &[],
        };
        findings.clear();
        let waited_before = waited();
        let started = Instant::now();
        engine.step(&event, &mut findings);
        let took = started.elapsed().as_secs_f64();
        busy += took;
        // A step that another process interrupted is no pause of the engine.
        *longest = longest.max(took - (waited() - waited_before));
        done += VALUES;
        case += 1;
        // As the product does at each tick.
        if case % 100 == 0 {
            engine.take_changes();
            engine.take_crowded();
        }
        if done % 1_000_000 == 0 {
            // Others have the cores too: of the time by the clock the engine waited for one as often as this process did.
            let wall = since.elapsed().as_secs_f64();
            let own = busy * (1.0 - (waited() - waiting) / wall).clamp(0.01, 1.0);
            each(done, Took { busy, own }, engine.entries_touched() - touched);
            touched = engine.entries_touched();
            (busy, since, waiting) = (0.0, Instant::now(), waited());
        }
    }
    engine
}

/// Seconds that this process waited for a core since it began.
fn waited() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split(' ').nth(1).and_then(|text| text.parse::<f64>().ok()).map_or(0.0, |nanos| nanos / 1e9)
}

fn hash(engine: &Fusion) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    engine.digest(&mut |bytes| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    });
    hash
}

pub fn run(data: &Path) -> u32 {
    let observations =
        std::env::var("FUSION_BENCH_OBSERVATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(OBSERVATIONS);
    let values = values(data);
    let before = resident();
    let (mut longest, mut rates, mut touches, mut total) = (0.0, Vec::new(), Vec::new(), Took { busy: 0.0, own: 0.0 });
    let engine = feed(&values, observations, &mut longest, &mut |done, took, touched| {
        let (rate, touches_each) = (1_000_000.0 / took.own, touched as f64 / 1_000_000.0);
        println!(
            "  {done}: {:.0} observations/s by the clock, {rate:.0} of own time, {touches_each:.2} entries touched each, {} MB",
            1_000_000.0 / took.busy,
            (resident() - before) >> 20
        );
        rates.push(rate);
        touches.push(touches_each);
        total = Took { busy: total.busy + took.busy, own: total.own + took.own };
    });
    let bytes = (resident() - before) as f64;
    let mut missed = 0;
    let mut judge = |what: &str, value: String, met: bool| {
        missed += u32::from(!met);
        println!("speed: {what}: {value}: {}", if met { "met" } else { "missed" });
    };
    let (rate, own) = (observations as f64 / total.busy, observations as f64 / total.own);
    let told = format!("{rate:.0} by the clock, {own:.0} of own time");
    judge("observations a second, start to end, wanted 300,000", told, rate >= 300_000.0);
    if rates.len() > 2 {
        let ratio = rates[rates.len() - 1] / rates[1];
        judge(
            "the last million's rate beside the second's, of own time, wanted 0.60",
            format!("{ratio:.2}"),
            ratio >= 0.6,
        );
        let (second, rest) = (touches[1], &touches[1..]);
        let off = rest.iter().map(|touches| (touches / second - 1.0).abs()).fold(0.0, f64::max);
        judge(
            "entries touched beside the second million's, wanted 5 %",
            format!("{:.1} % off", off * 100.0),
            off <= 0.05,
        );
    }
    judge("longest step, of own time, wanted 20 ms", format!("{:.2} ms", longest * 1e3), longest <= 0.02);
    judge(
        "memory, wanted 200 bytes an observation",
        format!("{:.0} bytes, {:.2} GB", bytes / observations as f64, bytes / 1e9),
        bytes / observations as f64 <= 200.0,
    );
    let mut random = Random(23);
    let keys: Vec<_> = (0..200_000).map(|_| values[random.below(values.len() as u64) as usize].key(SEED)).collect();
    let mut times: Vec<f64> = keys
        .iter()
        .map(|key| {
            let started = Instant::now();
            std::hint::black_box(engine.who_else(*key));
            started.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let p99 = times[times.len() * 99 / 100] * 1e6;
    judge("\"who else?\" p99, wanted 50 µs", format!("{p99:.1} µs"), p99 <= 50.0);
    let cases = engine.len() as u64;
    let slowest = (0..100_000)
        .map(|_| {
            let case = data::id(random.below(cases) as u32);
            let waited_before = waited();
            let started = Instant::now();
            std::hint::black_box(engine.explain(case));
            started.elapsed().as_secs_f64() - (waited() - waited_before)
        })
        .fold(0.0, f64::max);
    judge("explain, longest of 100,000, of own time, wanted 1 ms", format!("{:.3} ms", slowest * 1e3), slowest <= 1e-3);
    let first = hash(&engine);
    println!("  state hash {first:016x}");
    drop(engine);
    let (mut longest, mut replayed, mut own) = (0.0, 0.0, 0.0);
    let engine = feed(&values, observations, &mut longest, &mut |_, took, _| {
        replayed += took.busy;
        own += took.own;
    });
    let started = Instant::now();
    let same = hash(&engine) == first;
    let hashed = started.elapsed().as_secs_f64();
    replayed += hashed;
    judge(
        "replay to an equal state hash, wanted 60 s",
        format!("{replayed:.1} s by the clock, {:.1} s of own time, equal: {same}", own + hashed),
        same && replayed <= 60.0,
    );
    missed
}
