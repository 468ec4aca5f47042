//! The benchmark of `cargo xtask bench hunt`: makes mixed logs of real ones by a seeded generator, then measures.
//!
//! `HUNT_BENCH_BYTES` (2 GB) and `HUNT_BENCH_PEER_BYTES` (200 MB, what `rg` and `grep` are given of the same files) make it
//! shorter; `HUNT_BENCH_DIR` keeps the logs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

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

/// Real lines of JSON and of text.
fn real(data: &Path) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let (mut json, mut text) = (Vec::new(), Vec::new());
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
            match line[0] {
                b'{' => json.push(line.to_vec()),
                b'#' | b' ' | b'[' | b'"' => {}
                _ => text.push(line.to_vec()),
            }
        }
    }
    (json, text)
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
    let (json, text) = real(data);
    let hosts: Vec<Vec<u8>> = json
        .iter()
        .filter_map(|line| {
            let at = line.windows(9).position(|word| word == b"\"query\":\"")? + 9;
            let end = line[at..].iter().position(|&b| b == b'"')?;
            Some(line[at..at + end].to_vec())
        })
        .filter(|host| host.contains(&b'.') && host.len() > 5)
        .collect();
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

/// Bytes a second: the middle of the rounds.
fn rate(index: &Index, paths: &[PathBuf], threads: usize) -> (f64, u64) {
    let sources: Sources = hunt::find(paths);
    let notes = hunt::Notes::default();
    let mut hunt = Hunt::new(index, &notes);
    hunt.threads = threads;
    let mut rates = Vec::new();
    let mut lines = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let found = hunt.run(&sources, &mut |_| {});
        assert!(found.trouble.is_empty(), "{:?}", found.trouble);
        rates.push(found.bytes as f64 / start.elapsed().as_secs_f64() / 1e9);
        lines = found.lines;
    }
    rates.sort_by(f64::total_cmp);
    (rates[ROUNDS / 2], lines)
}

fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn peer(program: &str, list: &Path, paths: &[PathBuf]) -> Option<f64> {
    let start = Instant::now();
    let mut command = Command::new(program);
    command.args(["-F", "-c", "-f"]).arg(list).args(paths).stdout(Stdio::null()).stdin(Stdio::null());
    command.status().ok()?;
    Some(start.elapsed().as_secs_f64())
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
    let indicators: Vec<(Kind, String)> = String::from_utf8(list)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let (kind, value) = line.split_once('\t')?;
            Some((*Kind::ALL.iter().find(|known| known.as_str() == kind)?, value.to_owned()))
        })
        .collect();
    let paths = make(&folder, &data, bytes, &indicators);
    for path in &paths {
        println!("hunt: {} {} bytes", path.file_name().unwrap().to_string_lossy(), fs::read(path).unwrap().len());
    }
    for wanted in [10_000, 100_000, 1_000_000, indicators.len(), 10_000_000] {
        let start = Instant::now();
        let index = index_of(&indicators, wanted);
        let built = start.elapsed().as_secs_f64();
        let each = index.bytes_len() as f64 / index.len() as f64;
        println!("hunt: {} indicators: {each:.1} bytes each, built in {built:.2} s", index.len());
        for (name, paths) in
            [("fields", &paths[..1]), ("text", &paths[1..2]), ("json", &paths[2..]), ("all", &paths[..])]
        {
            let (one, lines) = rate(&index, paths, 1);
            let (two, _) = rate(&index, paths, 2);
            println!("hunt:   {name:6} one thread {one:.2} GB/s, two {two:.2} GB/s ({:.2} ×), {lines} hits", two / one);
        }
        if wanted == indicators.len() {
            let path = folder.join("list.fci");
            index.save(&path).unwrap();
            drop(index);
            let start = Instant::now();
            let opened = Index::open(&path).unwrap();
            println!("hunt:   opened in {:.1} ms, {} bytes", start.elapsed().as_secs_f64() * 1e3, opened.bytes_len());
        }
    }
    println!("hunt: peak of this process {} MiB (it holds lists and logs that the command does not)", peak_mib());
    peers(&folder, &paths, &indicators, number("HUNT_BENCH_PEER_BYTES", 200_000_000));
    if kept.is_none() {
        let _ = fs::remove_dir_all(&folder);
    }
}

fn peers(folder: &Path, paths: &[PathBuf], indicators: &[(Kind, String)], bytes: u64) {
    let mut parts = Vec::new();
    for path in paths {
        let part = folder.join(format!("part-{}", path.file_name().unwrap().to_string_lossy()));
        let mut file = File::create(&part).unwrap();
        std::io::copy(&mut File::open(path).unwrap().take(bytes / 3), &mut file).unwrap();
        parts.push(part);
    }
    let total: u64 = parts.iter().map(|part| fs::metadata(part).unwrap().len()).sum();
    let empty = folder.join("empty");
    fs::write(&empty, "\n").unwrap();
    for wanted in [100_000, indicators.len()] {
        let list = folder.join("patterns.txt");
        let step = indicators.len() / wanted;
        let values: Vec<&str> = indicators.iter().step_by(step).take(wanted).map(|(_, value)| value.as_str()).collect();
        fs::write(&list, values.join("\n")).unwrap();
        let index = index_of(indicators, wanted);
        let (ours, _) = rate(&index, &parts, 1);
        println!("hunt: {wanted} indicators, {total} bytes, ours on one thread {ours:.2} GB/s");
        for program in ["rg", "grep"] {
            let version = Command::new(program).arg("--version").output().ok();
            let Some(version) = version else {
                println!("hunt:   {program} is not installed: not compared");
                continue;
            };
            let version = String::from_utf8_lossy(&version.stdout).lines().next().unwrap_or("").to_owned();
            if program == "rg" && wanted > 1_000_000 {
                println!("hunt:   {version}: not run at {wanted}, it needs 20 GB");
                continue;
            }
            let (Some(build), Some(all)) =
                (peer(program, &list, std::slice::from_ref(&empty)), peer(program, &list, &parts))
            else {
                continue;
            };
            let theirs = total as f64 / (all - build).max(0.001) / 1e9;
            println!(
                "hunt:   {version}: build {build:.1} s, scan {:.1} s = {theirs:.3} GB/s; ours is {:.0} × its scan",
                all - build,
                ours / theirs
            );
        }
    }
}
