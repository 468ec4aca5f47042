//! Every hit of the matcher, and no other, is one of the reference's: over random lines made to hurt, and over real ones.
//!
//! `HUNT_LINES=10000000` runs more random lines than the daily number, `HUNT_SEED` others, and `HUNT_REAL=all` all real ones;
//! `cargo xtask prove hunt` does all of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use hunt_reference::Reference;
use matcher::{Builder, Engine, Hit, Index, Scanner};
use model::{Kind, Observable};

const LINES: usize = 30_000;

struct Random(u64);

impl Random {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(mixed ^ mixed >> 31) * below as u128) >> 64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

struct Both {
    index: Index,
    reference: Reference,
    values: Vec<(Kind, String)>,
}

impl Both {
    fn of(observables: impl IntoIterator<Item = Observable>) -> Self {
        let (mut builder, mut reference, mut values) = (Builder::new(), Reference::default(), Vec::new());
        let mut seen = BTreeSet::new();
        for observable in observables {
            if !seen.insert(observable.clone()) || builder.add(&observable, 0).is_err() {
                continue;
            }
            let number = reference.add(&observable).expect("both take it");
            assert_eq!(number, values.len());
            values.push((observable.kind(), observable.value().to_owned()));
        }
        Self { index: builder.finish(), reference, values }
    }

    /// Compares every line of a block; returns lines that hit and pairs of line and indicator.
    fn compare(&self, scanner: &mut Scanner<'_>, block: &[u8]) -> (usize, usize) {
        let mut hits: Vec<Hit> = Vec::new();
        scanner.scan(block, &mut hits);
        let mut found: BTreeMap<usize, BTreeSet<(Kind, String)>> = BTreeMap::new();
        for hit in hits {
            let entry = self.index.entry(hit.entry).unwrap();
            found.entry(hit.line_start).or_default().insert((entry.kind, entry.value));
        }
        let (mut start, mut lines, mut pairs) = (0, 0, 0);
        for line in block.split(|&b| b == b'\n') {
            let expect: BTreeSet<_> = self.reference.hits(line).into_iter().map(|n| self.values[n].clone()).collect();
            let got = found.remove(&start).unwrap_or_default();
            assert!(
                expect == got,
                "line {:?}\nreference only: {:?}\nmatcher only:   {:?}",
                String::from_utf8_lossy(line),
                expect.difference(&got).collect::<Vec<_>>(),
                got.difference(&expect).collect::<Vec<_>>()
            );
            lines += usize::from(!expect.is_empty());
            pairs += expect.len();
            start += line.len() + 1;
        }
        assert!(found.is_empty(), "hits outside any line: {found:?}");
        (lines, pairs)
    }
}

const VALUES: &[(Kind, &str)] = &[
    (Kind::Domain, "evil.example"),
    (Kind::Domain, "a.evil.example"),
    (Kind::Domain, "nevil.com"),
    (Kind::Domain, "x.co"),
    (Kind::Domain, "bücher.example"),
    (Kind::Domain, "пример.рф"),
    (Kind::Domain, "cher.example"),
    (Kind::Domain, "a-b_c.evil-host.net"),
    (Kind::Ipv4, "45.9.148.7"),
    (Kind::Ipv4, "1.2.3.4"),
    (Kind::Ipv4, "201.2.3.4"),
    (Kind::Ipv6, "2001:db8::1"),
    (Kind::Ipv6, "1:2:3:4:5:6:7:8"),
    (Kind::Ipv6, "1:2:3:4:5:6:102:304"),
    (Kind::Ipv6, "b::1"),
    (Kind::Cidr, "45.9.0.0/16"),
    (Kind::Cidr, "45.9.148.0/24"),
    (Kind::Cidr, "2001:db8:1::/48"),
    (Kind::Url, "http://evil.example/a/b"),
    (Kind::Url, "https://evil.example/a/b?id=1&x=%20y"),
    (Kind::Url, "http://evil.example:8080/"),
    (Kind::Url, "http://only.host.example/"),
    (Kind::Url, "http://1.2.3.4/x.sh"),
    (Kind::Url, "http://9.8.7.6/"),
    (Kind::Url, "http://evil.example/%7Eu/{z}"),
    (Kind::Url, "http://q.example/?id=1"),
    (Kind::Email, "bob@evil.example"),
    (Kind::Email, "o'b+x@mail.example"),
    (Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
    (Kind::Sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    (Kind::Sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (Kind::Imphash, "f34d5f2d4577ed6d9ceec516c1f5a744"),
];

const LITERALS: &[(Kind, &str)] = &[
    (Kind::FileName, "payload.exe"),
    (Kind::FilePath, "c:\\temp\\p.dll"),
    (Kind::FilePath, "/tmp/.x/run"),
    (Kind::RegistryKey, "HKLM\\software\\run\\evil"),
    (Kind::Mac, "00:11:22:33:44:55"),
    (Kind::UserAgent, "sqlmap tool 1."),
    (Kind::Mutex, "Global\\QQQ-7"),
    (Kind::Cve, "CVE-2021-44228"),
    (Kind::X509Fingerprint, "aa39a3ee5e6b4b0d3255bfef95601890afd80709"),
    (Kind::Hostname, "win-evil7"),
];

const GLUE: &[&str] = &[
    " ",
    " ",
    "",
    ".",
    "..",
    "-",
    "_",
    "/",
    "//",
    ":",
    "::",
    "@",
    "\"",
    "'",
    "=",
    ",",
    ";",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\\",
    "\\\\",
    "\\/",
    "\\n",
    "\\t",
    "\\u002e",
    "\\u002F",
    "\\x41",
    "\\u00fc",
    "\\ud83d\\ude00",
    "%",
    "%2F",
    "%2f",
    "%3A",
    "%40",
    "%20",
    "%25",
    "%252F",
    "%2E",
    "%5C",
    "%00",
    "[.]",
    "(dot)",
    "[at]",
    "[:]",
    "[.",
    "x",
    "n",
    "7",
    "3",
    "www.",
    "a.",
    ".org",
    ".com",
    ":80",
    ":443",
    ":8080",
    ":8080/",
    "/a/b",
    "/a/b/",
    "/a/b?id=1",
    "?id=1",
    "#f",
    "|",
    "<",
    ">",
    "~",
    "ü",
    "\u{201c}",
    "字",
    "\u{3002}",
    "\0",
    "\0\0",
    "\r",
    "\t",
    "::ffff:",
    "ffff",
    "http://",
    "hxxps://",
    "http:\\/\\/",
    "http%3A%2F%2F",
    "user:pw@",
    "::ffff:0:",
];

fn mutated(random: &mut Random, value: &str) -> Vec<u8> {
    let text = match random.below(24) {
        0..=7 => value.to_owned(),
        8 => value.to_uppercase(),
        9 => value.replace('.', "[.]"),
        10 => value.replace('.', "\\u002e"),
        11 => value.replace('.', "%2e"),
        12 => value.replace('/', "\\/"),
        13 => value.replace(':', "%3A").replace('/', "%2F"),
        14 => value.replace('@', "%40"),
        15 => value.replace('@', "[at]").replace('.', "(dot)"),
        16 => value.replace('\\', "\\\\"),
        17 => value.replace("://", "[://]"),
        18 => value.chars().map(|c| format!("\\u{:04x}", u32::from(c) & 0xffff)).collect(),
        19 => value.bytes().map(|b| format!("%{b:02X}")).collect(),
        20 => value.split_once("://").map_or(value, |(_, rest)| rest).to_owned(),
        21 => {
            let at = (0..=value.len())
                .filter(|&at| value.is_char_boundary(at))
                .nth(random.below(value.chars().count()))
                .unwrap();
            format!("{}{}{}", &value[..at], random.of(GLUE), &value[at..])
        }
        22 => value.replace("::", ":0:0:"),
        _ => return value.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    };
    text.into_bytes()
}

fn random_line(random: &mut Random, values: &[&str]) -> Vec<u8> {
    let mut line = Vec::new();
    for _ in 0..random.below(6) {
        for _ in 0..random.below(4) {
            line.extend_from_slice(random.of(GLUE).as_bytes());
        }
        if random.below(5) > 0 {
            let value = *random.of(values);
            line.extend(mutated(random, value));
        }
    }
    for _ in 0..random.below(3) {
        line.extend_from_slice(random.of(GLUE).as_bytes());
    }
    // Bits at any place, so that everything meets the edges of words.
    let pad = random.below(80);
    let mut padded = vec![*random.of(b" .ax:0"); pad];
    padded.append(&mut line);
    if random.below(20) == 0 && !padded.is_empty() {
        let at = random.below(padded.len());
        padded[at] = random.below(256) as u8;
    }
    padded.retain(|&b| b != b'\n');
    padded
}

fn lines_wanted() -> usize {
    std::env::var("HUNT_LINES").ok().and_then(|lines| lines.parse().ok()).unwrap_or(LINES)
}

fn random_lines(values: &[(Kind, &str)], lines: usize, seed: u64) {
    let both = Both::of(values.iter().map(|(kind, text)| Observable::parse(*kind, text).unwrap()));
    assert_eq!(both.values.len(), values.len());
    let texts: Vec<&str> = values.iter().map(|(_, text)| *text).collect();
    let more: u64 = std::env::var("HUNT_SEED").ok().map_or(0, |seed| seed.parse().expect("a number"));
    let mut random = Random(seed.wrapping_add(more << 8));
    let engines: Vec<Engine> =
        [Engine::Scalar, Engine::Avx2, Engine::Avx512].into_iter().filter(|engine| engine.is_here()).collect();
    let mut scanners: Vec<Scanner<'_>> =
        engines.iter().map(|&engine| Scanner::with_engine(&both.index, engine)).collect();
    let (mut done, mut lines_hit, mut pairs) = (0, 0, 0);
    while done < lines {
        let count = 1 + random.below(200);
        let block = (0..count).map(|_| random_line(&mut random, &texts)).collect::<Vec<_>>().join(&b'\n');
        let scanner = random.below(scanners.len());
        let (hit, pair) = both.compare(&mut scanners[scanner], &block);
        done += count;
        lines_hit += hit;
        pairs += pair;
    }
    assert!(lines_hit * 4 > done, "only {lines_hit} of {done} lines hit: the lines test nothing");
    println!(
        "random: {done} lines, {lines_hit} with hits, {pairs} pairs of line and indicator, 0 missed, 0 invented ({engines:?})"
    );
}

#[test]
fn random_lines_of_names_addresses_and_hashes() {
    random_lines(VALUES, lines_wanted(), 1);
}

#[test]
fn random_lines_of_everything() {
    random_lines(&[VALUES, LITERALS].concat(), lines_wanted(), 2);
}

/// Words hand on what they carry to the next word only, so runs of more than a word are tried at every place of one.
#[test]
fn runs_that_go_over_several_words() {
    // Hosts of up to 253 bytes, and longer ones, which are none.
    let long = ["x".repeat(63), "y".repeat(70), "z".repeat(115), "u".repeat(140)];
    let mut values: Vec<Observable> =
        VALUES.iter().map(|(kind, text)| Observable::parse(*kind, text).unwrap()).collect();
    for one in &long {
        for text in [format!("http://a.{one}/"), format!("http://{one}.example/p"), format!("http://b.{one}.c.{one}/")]
        {
            values.extend(Observable::parse(Kind::Url, &text));
        }
        values.extend(Observable::parse(Kind::Domain, &format!("{one}.example")));
        values.extend(Observable::parse(Kind::Email, &format!("bob@a.{one}")));
    }
    let both = Both::of(values);
    let ends = ["evil.example", "45.9.148.7", "1.2.3.4", "x.co", "2001:db8::1", "1:2:3:4:5:6:7:8", "bob@evil.example"];
    let mut lines = Vec::new();
    for shift in 0..64 {
        for fill in ["x", "a.", "1.", "ab-", "-", "_", "9", "f", "f:", ":", "%41", "\\n"] {
            for len in [0, 1, 3, 60, 64, 66, 130, 200] {
                for (number, end) in ends.iter().enumerate() {
                    // A part of them each time.
                    if (shift + len + number) % 5 == 0 {
                        let fill = fill.repeat(len / fill.len());
                        let glue = ["", ".", "-", ":", "/", "@"][(shift + number) % 6];
                        lines.push(format!(
                            "{}{fill}{glue}{end}{}",
                            " ".repeat(shift),
                            ["", "-x", ".b", "/p"][number % 4]
                        ));
                    }
                }
            }
        }
        for (kind, value) in &both.values {
            if value.len() > 60 && *kind != Kind::Sha256 {
                lines.push(format!("{}{value} q.{}", " ".repeat(shift), value.trim_start_matches("http://")));
            }
        }
    }
    for engine in [Engine::Scalar, Engine::Avx2, Engine::Avx512].into_iter().filter(|engine| engine.is_here()) {
        let mut scanner = Scanner::with_engine(&both.index, engine);
        let (hit, _) = both.compare(&mut scanner, lines.join("\n").as_bytes());
        assert!(hit > 1_000, "{hit} of {} lines hit", lines.len());
    }
}

/// Pieces are decoded, not lines: what parts them stands at every place about values and escapes.
#[test]
fn pieces_of_lines_decode_as_lines_do() {
    let both = Both::of(VALUES.iter().map(|(kind, text)| Observable::parse(*kind, text).unwrap()));
    let texts: Vec<&str> = VALUES.iter().map(|(_, text)| *text).collect();
    let parts = [
        " ", "\"", "\\\"", "<", ">", "\t", "\u{1}", "\0", "\r", "\\", "%", "\\u00", "\\x2", "%2", "[", "\\u0022",
        "%22", "%20", "\\\\",
    ];
    let mut random = Random(77);
    let mut block = Vec::new();
    for _ in 0..20_000 {
        for _ in 0..1 + random.below(5) {
            block.extend_from_slice(random.of(&parts).as_bytes());
            let value = *random.of(&texts);
            let value = mutated(&mut random, value);
            let cut = if random.below(3) == 0 { random.below(value.len() + 1) } else { value.len() };
            block.extend_from_slice(&value[..cut]);
            block.extend_from_slice(random.of(&parts).as_bytes());
            block.extend_from_slice(&value[cut..]);
        }
        block.retain(|&b| b != b'\n');
        block.push(b'|');
        if random.below(3) > 0 {
            *block.last_mut().unwrap() = b' ';
        }
        if random.below(4) == 0 {
            block.extend_from_slice(random.of(GLUE).as_bytes());
        }
        block.push(0xfe);
    }
    // Lines end where the mark is.
    for byte in &mut block {
        if *byte == 0xfe {
            *byte = b'\n';
        }
    }
    let (hit, _) = both.compare(&mut Scanner::new(&both.index), &block);
    assert!(hit > 5_000, "only {hit} lines hit");
}

fn data() -> Option<PathBuf> {
    let path = std::env::var_os("FUSIONCELL_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    if path.join("iocs-large.tsv.zst").exists() {
        return Some(path);
    }
    eprintln!("NOT TESTED: no data at {}", path.display());
    None
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

fn bytes_of(path: &Path) -> Vec<u8> {
    let raw = std::fs::read(path).unwrap();
    if raw.starts_with(&[0x1f, 0x8b]) {
        let mut out = Vec::new();
        flate2::read::MultiGzDecoder::new(&raw[..]).read_to_end(&mut out).unwrap();
        return out;
    }
    raw
}

#[test]
fn real_logs_against_two_million_indicators() {
    let Some(data) = data() else { return };
    let list = zstd::decode_all(std::fs::File::open(data.join("iocs-large.tsv.zst")).unwrap()).unwrap();
    let list = String::from_utf8(list).unwrap();
    // A part of it by day, so that the test is quick.
    let all = std::env::var_os("HUNT_REAL").is_some();
    let step = if all { 1 } else { 9 };
    let both = Both::of(list.lines().step_by(step).filter_map(|line| {
        let (kind, value) = line.split_once('\t')?;
        Observable::parse(Kind::ALL.iter().copied().find(|known| known.as_str() == kind)?, value).ok()
    }));
    let mut paths = Vec::new();
    for folder in ["telemetry", "restricted-licence", "prose"] {
        files(&data.join(folder), &mut paths);
    }
    let mut scanner = Scanner::new(&both.index);
    let (mut lines, mut hit, mut pairs, mut bytes) = (0, 0, 0, 0);
    for (number, path) in paths.iter().enumerate() {
        let text = bytes_of(path);
        let few = !all && number % 6 != 0;
        let text = if few {
            &text[..text.len().min(20_000)]
        } else {
            &text[..text.len().min(if step > 1 { 300_000 } else { usize::MAX })]
        };
        let (lines_hit, found) = both.compare(&mut scanner, text);
        lines += text.iter().filter(|&&b| b == b'\n').count() + 1;
        bytes += text.len();
        hit += lines_hit;
        pairs += found;
    }
    println!(
        "real: {} indicators, {} files, {bytes} bytes, {lines} lines, {hit} with hits, {pairs} pairs, 0 missed, 0 invented",
        both.values.len(),
        paths.len()
    );
    assert!(hit > 0);
}
