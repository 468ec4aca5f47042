//! The benchmark of `cargo xtask bench hunt`: makes mixed logs of real ones by a seeded generator, then measures.
//!
//! `HUNT_BENCH_BYTES` (2 GB) and `HUNT_BENCH_PEER_BYTES` (600 MB, what `rg` and `grep` are given of the same files; a fifth of
//! it where they look for two million) make it shorter; `HUNT_BENCH_DIR` keeps the logs; `HUNT_BENCH_PEERS_ONLY` leaves out the rest.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hunt::{Hunt, Sources};
use matcher::{Builder, Index};
use model::Kind;

const ROUNDS: usize = 3;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, below: usize) -> usize {
        ((u128::from(self.next()) * below as u128) >> 64) as usize
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number of bytes"))
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

/// The name that a line of JSON asks for.
fn hosts_of(line: &[u8], hosts: &mut Vec<Vec<u8>>) {
    let Some(at) = line.windows(9).position(|word| word == b"\"query\":\"") else { return };
    let host = line[at + 9..].split(|&b| b == b'"').next().unwrap_or_default();
    if host.contains(&b'.') && host.len() > 5 {
        hosts.push(host.to_vec());
    }
}

/// Real lines of JSON, each with an escape, and of text; and names that were asked for.
#[derive(Default)]
struct Real {
    json: Vec<Vec<u8>>,
    text: Vec<Vec<u8>>,
    hosts: Vec<Vec<u8>>,
}

fn real(data: &Path) -> Real {
    let Real { mut json, mut text, mut hosts } = Real::default();
    let mut paths = Vec::new();
    for folder in ["telemetry", "restricted-licence/cowrie-honeypot-2018", "restricted-licence/loghub"] {
        files(&data.join(folder), &mut paths);
    }
    for path in paths {
        let mut bytes = fs::read(&path).unwrap();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let packed = std::mem::take(&mut bytes);
            flate2::read::MultiGzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
        }
        for line in bytes.split(|&b| b == b'\n').filter(|line| line.len() > 20 && line.len() < 8_000) {
            if line[0] == b'{' {
                hosts_of(line, &mut hosts);
            }
            match line[0] {
                b'{' if line.contains(&b'\\') => json.push(line.to_vec()),
                b'{' => {}
                b'#' | b' ' | b'[' | b'"' => {}
                _ => text.push(line.to_vec()),
            }
        }
    }
    Real { json, text, hosts }
}

/// A real line with other numbers in it.
fn varied(random: &mut Random, line: &[u8], out: &mut Vec<u8>) {
    let mut bits = random.next();
    for (at, &b) in line.iter().enumerate() {
        let inner = b.is_ascii_digit()
            && at > 0
            && line[at - 1].is_ascii_digit()
            && !line.get(at + 1).is_some_and(u8::is_ascii_digit);
        if inner && bits & 3 == 0 {
            out.push(b'0' + (bits >> 8) as u8 % 6);
        } else {
            out.push(b);
        }
        bits = bits.rotate_right(5).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// A line of fields and values: the sort that firewalls and proxies write.
fn fields(random: &mut Random, count: u64, hosts: &[Vec<u8>], out: &mut Vec<u8>) {
    let host = String::from_utf8_lossy(&hosts[random.below(hosts.len())]).into_owned();
    let [a, b, c, d, e, f] = [0; 6].map(|_: i32| random.below(254) + 1);
    let (port, len, id) = (1024 + random.below(60_000), random.below(90_000), random.next());
    let secs = count / 50;
    let stamp = format!(
        "2026-03-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        1 + secs / 86_400 % 28,
        secs / 3600 % 24,
        secs / 60 % 60,
        secs % 60,
        count % 50 * 20
    );
    if count.is_multiple_of(2) {
        let _ = write!(
            out,
            "time={stamp} devname=fw-{} srcip=10.{a}.{b}.{c} srcport={port} dstip={d}.{e}.{f}.{a} hostname=\"{host}\" service=HTTPS action=accept sentbyte={len} sessionid={count} policyid={} agent=\"Mozilla/5.0 (Windows NT 10.0; Win64; x64)\"",
            a % 9,
            b % 40
        );
    } else {
        let _ = write!(
            out,
            "{stamp} {len} 10.{a}.{b}.{c} TCP_MISS/200 {} GET http://{host}/{id:x}/index-{count}.html user{d} HIER_DIRECT/{d}.{e}.{f}.{b} text/html",
            len / 3
        );
    }
}

fn make(folder: &Path, data: &Path, bytes: u64, indicators: &[(Kind, String)]) -> Vec<PathBuf> {
    let Real { json, text, hosts } = real(data);
    let mut random = Random(42);
    let mut paths = Vec::new();
    for (number, name) in ["fields.log", "text.log", "json.log"].into_iter().enumerate() {
        let path = folder.join(name);
        paths.push(path.clone());
        if fs::metadata(&path).is_ok_and(|meta| meta.len() >= bytes / 3) {
            continue;
        }
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&path).unwrap());
        let (mut written, mut count, mut line) = (0, 0_u64, Vec::new());
        while written < bytes / 3 {
            line.clear();
            match number {
                0 => fields(&mut random, count, &hosts, &mut line),
                1 => {
                    let _ = write!(
                        line,
                        "Mar {:2} {:02}:{:02}:{:02} relay-{} [{count}]: ",
                        1 + count / 4_000_000 % 28,
                        count / 200_000 % 24,
                        count / 4_000 % 60,
                        count / 60 % 60,
                        count % 7
                    );
                    let real = random.below(text.len());
                    varied(&mut random, &text[real], &mut line);
                }
                _ => {
                    let _ = write!(line, "{{\"seq\":{count},");
                    let real = random.below(json.len());
                    varied(&mut random, &json[real][1..], &mut line);
                }
            }
            if random.below(10_000) == 0 {
                let value = &indicators[random.below(indicators.len())].1;
                if number == 2 {
                    line.splice(1..1, format!("\"hit\":\"{value}\",").bytes());
                } else {
                    line.extend(format!(" {value}").bytes());
                }
            }
            line.push(b'\n');
            out.write_all(&line).unwrap();
            written += line.len() as u64;
            count += 1;
        }
        out.flush().unwrap();
    }
    paths
}

fn index_of(indicators: &[(Kind, String)], wanted: usize) -> Index {
    let mut builder = Builder::new();
    let step = (indicators.len() / wanted).max(1);
    for (kind, value) in indicators.iter().step_by(step).take(wanted) {
        let _ = builder.add_normal(*kind, value, 0);
    }
    let mut random = Random(7);
    while builder.len() < wanted as u64 && wanted > indicators.len() {
        let _ = builder.add_normal(
            Kind::Domain,
            &format!("h{:x}.made-{}.example", random.next() >> 20, random.below(5000)),
            0,
        );
    }
    builder.finish()
}

/// Seconds that this process had cores for, all threads together.
fn on_cores() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// Gigabytes a second.
struct Rate {
    /// By the clock: the middle of the rounds.
    wall: f64,
    /// By the time that the process had cores for, which tells what a quiet machine would do.
    cores: f64,
    lines: u64,
}

fn rate(index: &Index, paths: &[PathBuf], threads: usize) -> Rate {
    let sources: Sources = hunt::find(paths);
    let notes = hunt::Notes::default();
    let mut hunt = Hunt::new(index, &notes);
    hunt.threads = threads;
    let (mut rates, mut bytes, mut lines, before) = (Vec::new(), 0, 0, on_cores());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let found = hunt.run(&sources, &mut |_| {});
        assert!(found.trouble.is_empty(), "{:?}", found.trouble);
        rates.push(found.bytes as f64 / start.elapsed().as_secs_f64() / 1e9);
        bytes += found.bytes;
        lines = found.lines;
    }
    rates.sort_by(f64::total_cmp);
    Rate { wall: rates[ROUNDS / 2], cores: bytes as f64 / (on_cores() - before).max(0.01) / 1e9, lines }
}

/// Runs the command over files, and tells its peak of memory in MiB.
fn peak_of(list: &Path, paths: &[PathBuf]) -> Option<u64> {
    let command = std::env::current_exe().ok()?.with_file_name("hunt");
    let mut command = Command::new(command);
    command.args(["-q", "-i"]).arg(list).args(paths).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut peak = None;
    while child.try_wait().ok()?.is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok());
        peak = peak.max(now.map(|kib| kib / 1024));
        std::thread::sleep(Duration::from_millis(5));
    }
    peak
}

/// Most memory of a peer, in KiB, and most seconds.
const PEER_KIB_MAX: u64 = 6 << 20;
const PEER_SECS_MAX: u64 = 600;

fn peer(program: &str, list: &Path, paths: &[PathBuf]) -> Result<f64, String> {
    // A file, as grep stops at the first match if its output goes nowhere.
    let out = File::create(list.with_file_name("out.txt")).map_err(|why| why.to_string())?;
    let start = Instant::now();
    let capped = format!("ulimit -v {PEER_KIB_MAX}; exec timeout {PEER_SECS_MAX} \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &capped, "sh", program]);
    if program == "rg" {
        // As many threads as the rate of ours beside it has.
        command.arg("-j1");
    }
    command.args(["-F", "-c", "-f"]).arg(list).args(paths).stdout(out).stdin(Stdio::null());
    let status = command.stderr(Stdio::null()).status().map_err(|why| why.to_string())?;
    match status.code() {
        Some(0 | 1) => Ok(start.elapsed().as_secs_f64()),
        _ => Err(format!("ended with {status} under caps of {} GiB and {PEER_SECS_MAX} s", PEER_KIB_MAX >> 20)),
    }
}

fn main() {
    let data = std::env::var_os("FUSIONCELL_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let bytes = number("HUNT_BENCH_BYTES", 2_000_000_000);
    let kept = std::env::var_os("HUNT_BENCH_DIR").map(PathBuf::from);
    let folder =
        kept.clone().unwrap_or_else(|| std::env::temp_dir().join(format!("hunt-bench-{}", std::process::id())));
    fs::create_dir_all(&folder).unwrap();
    let list = zstd::decode_all(File::open(data.join("iocs-large.tsv.zst")).expect("the test data")).unwrap();
    let plain = folder.join("list.tsv");
    fs::write(&plain, &list).unwrap();
    let indicators: Vec<(Kind, String)> = String::from_utf8(list)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let (kind, value) = line.split_once('\t')?;
            Some((*Kind::ALL.iter().find(|known| known.as_str() == kind)?, value.to_owned()))
        })
        .collect();
    let paths = make(&folder, &data, bytes, &indicators);
    let total: u64 = paths.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    println!("{total} bytes: a third fields and values, a third text, a third JSON with an escape in every line\n");
    let peers_only = std::env::var_os("HUNT_BENCH_PEERS_ONLY").is_some();
    println!("GB/s by the clock, one thread (by the time on cores), then two threads:\n");
    println!("| indicators | bytes each | fields | text | JSON | all | two threads, all | hits |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut ready = String::new();
    let sizes = [10_000, 100_000, 1_000_000, indicators.len(), 10_000_000];
    for &wanted in if peers_only { &[][..] } else { &sizes[..] } {
        let index = index_of(&indicators, wanted);
        let mut row = format!("| {} | {:.1} |", index.len(), index.bytes_len() as f64 / index.len() as f64);
        for paths in [&paths[..1], &paths[1..2], &paths[2..]] {
            let one = rate(&index, paths, 1);
            row += &format!(" {:.2} ({:.2}) |", one.wall, one.cores);
        }
        let (one, two) = (rate(&index, &paths, 1), rate(&index, &paths, 2));
        println!(
            "{row} {:.2} ({:.2}) | {:.2}, {:.2} × | {} |",
            one.wall,
            one.cores,
            two.wall,
            two.wall / one.wall,
            one.lines
        );
        if wanted == indicators.len() {
            ready = start_up(&folder, &plain, &paths, index);
        }
    }
    println!("\n{ready}");
    peers(&folder, &paths, &indicators, number("HUNT_BENCH_PEER_BYTES", 600_000_000));
    if kept.is_none() {
        let _ = fs::remove_dir_all(&folder);
    }
}

/// How long it takes until the first byte can be scanned, and what memory the command takes.
fn start_up(folder: &Path, plain: &Path, paths: &[PathBuf], index: Index) -> String {
    let path = folder.join("list.fci");
    index.save(&path).unwrap();
    drop(index);
    let middle = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2] * 1e3
    };
    let timed = |path: &Path| {
        let start = Instant::now();
        hunt::load(&[path.to_owned()]).unwrap();
        start.elapsed().as_secs_f64()
    };
    let (lists, opens) = ((0..5).map(|_| timed(plain)).collect(), (0..5).map(|_| timed(&path)).collect());
    let before = on_cores();
    timed(plain);
    let cores = on_cores() - before;
    let mib = fs::metadata(&path).unwrap().len() >> 20;
    let peak = peak_of(&path, paths).map_or_else(|| "not measured".to_owned(), |peak| format!("{peak} MiB"));
    format!(
        "Two million: a plain list is ready after {:.0} ms ({:.0} ms on cores), a compiled one after {:.0} ms; peak of the command with \
         that, two threads: {peak}, of which the index is {mib} MiB.\n",
        middle(lists),
        cores * 1e3,
        middle(opens)
    )
}

fn peers(folder: &Path, paths: &[PathBuf], indicators: &[(Kind, String)], bytes: u64) {
    let empty = folder.join("empty");
    fs::write(&empty, "\n").unwrap();
    println!("| indicators | bytes | program | build | scan | GB/s | ours, one thread | ours is |");
    println!("|---|---|---|---|---|---|---|---|");
    for (wanted, bytes) in [(100_000, bytes), (indicators.len(), bytes / 5)] {
        let mut parts = Vec::new();
        for path in paths {
            let part = folder.join(format!("part-{}", path.file_name().unwrap().to_string_lossy()));
            let mut file = File::create(&part).unwrap();
            std::io::copy(&mut File::open(path).unwrap().take(bytes / 3), &mut file).unwrap();
            parts.push(part);
        }
        let total: u64 = parts.iter().map(|part| fs::metadata(part).unwrap().len()).sum();
        let list = folder.join("patterns.txt");
        let step = indicators.len() / wanted;
        let values: Vec<&str> = indicators.iter().step_by(step).take(wanted).map(|(_, value)| value.as_str()).collect();
        fs::write(&list, values.join("\n")).unwrap();
        let index = index_of(indicators, wanted);
        let ours = rate(&index, &parts, 1).wall;
        drop(index);
        for program in ["rg", "grep"] {
            let Ok(version) = Command::new(program).arg("--version").output() else {
                println!("| {wanted} | {total} | {program} | not installed: not compared | | | {ours:.2} | |");
                continue;
            };
            let version = String::from_utf8_lossy(&version.stdout).lines().next().unwrap_or("").to_owned();
            if program == "rg" && wanted > 1_000_000 {
                println!("| {wanted} | {total} | {version} | not run: it needs 20 GB | | | {ours:.2} | |");
                continue;
            }
            let run = || Ok((peer(program, &list, std::slice::from_ref(&empty))?, peer(program, &list, &parts)?));
            let outcome: Result<(f64, f64), String> = run();
            match outcome {
                Ok((build, all)) => {
                    let scan = (all - build).max(0.001);
                    let theirs = total as f64 / scan / 1e9;
                    println!(
                        "| {wanted} | {total} | {version} | {build:.1} s | {scan:.1} s | {theirs:.4} | {ours:.2} | {:.0} × |",
                        ours / theirs
                    );
                }
                Err(why) => println!("| {wanted} | {total} | {version} | {why} | | | {ours:.2} | |"),
            }
        }
    }
}
