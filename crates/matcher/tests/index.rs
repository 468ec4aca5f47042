//! A compiled index that is damaged, cut, foreign or forged is refused in words, or finds less; it never ends the process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use matcher::{Builder, FORMAT_VERSION, Index, OpenError, Refused, Scanner};
use model::{Kind, Observable};

const VALUES: &[(Kind, &str)] = &[
    (Kind::Domain, "evil.example"),
    (Kind::Ipv4, "45.9.148.7"),
    (Kind::Ipv6, "2001:db8::1"),
    (Kind::Cidr, "45.10.0.0/16"),
    (Kind::Cidr, "2001:db9::/32"),
    (Kind::Url, "http://bad.example/x"),
    (Kind::Email, "bob@mail.example"),
    (Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
    (Kind::FileName, "payload.exe"),
];
const TEXT: &[u8] = b"evil.example 45.9.148.7 2001:db8::1 45.10.1.1 2001:db9::2 http://bad.example/x bob@mail.example \
    d41d8cd98f00b204e9800998ecf8427e payload.exe\n";

fn index() -> Index {
    let mut builder = Builder::new();
    for (number, (kind, value)) in VALUES.iter().enumerate() {
        builder.add(&Observable::parse(*kind, value).unwrap(), number as u32).unwrap();
    }
    builder.attach(b"notes".to_vec());
    builder.finish()
}

fn bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    index().write(&mut bytes).unwrap();
    bytes
}

fn hits(index: &Index) -> usize {
    let mut hits = Vec::new();
    Scanner::new(index).scan(TEXT, &mut hits);
    for hit in &hits {
        let _ = index.entry(hit.entry);
    }
    let _ = index.entries().count();
    hits.len()
}

#[test]
fn what_is_saved_is_what_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.fci");
    index().save(&path).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left behind");
    let opened = Index::open(&path).unwrap();
    assert_eq!((opened.len(), opened.attachment(), hits(&opened)), (9, &b"notes"[..], 9));
    let values: Vec<u32> = opened.entries().map(|(_, entry)| entry.note).collect();
    assert_eq!(values.len(), VALUES.len());
    assert!(matches!(Index::open(folder.path()), Err(OpenError::Foreign | OpenError::Io(_))));
    std::fs::write(&path, b"").unwrap();
    assert!(matches!(Index::open(&path), Err(OpenError::Foreign)));
    let whole = bytes();
    for len in [1, 7, 8, 12, 15, 16, 23] {
        std::fs::write(&path, &whole[..len]).unwrap();
        let said = Index::open(&path).err().unwrap().to_string();
        assert_eq!(said, format!("this index is cut short: it is {len} bytes, and its header alone has 256"));
    }
    for len in [24, 50, 255, 256, whole.len() - 1] {
        std::fs::write(&path, &whole[..len]).unwrap();
        let said = Index::open(&path).err().unwrap().to_string();
        assert_eq!(said, format!("this index is cut short: it is {len} bytes and says {}", whole.len()));
    }
    for (at, turned, expect) in [(12, [9, 0, 0, 0], "is of format 9"), (8, [10, 11, 12, 10], "damaged")] {
        let mut other = whole.clone();
        other[at..at + 4].copy_from_slice(&turned);
        std::fs::write(&path, &other).unwrap();
        assert!(Index::open(&path).err().unwrap().to_string().contains(expect), "{expect}");
    }
    // Each number as a machine of the other byte order writes it, whole and cut.
    let mut other = whole.clone();
    other[8..12].reverse();
    other[12..16].reverse();
    other[16..24].reverse();
    for len in [12, 50, other.len()] {
        std::fs::write(&path, &other[..len]).unwrap();
        assert!(Index::open(&path).err().unwrap().to_string().contains("the other byte order"));
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let bytes = bytes();
    for at in (0..bytes.len()).chain(0..64) {
        let mut other = bytes.clone();
        other[at] ^= 1 << (at % 8);
        assert!(Index::from_bytes(other).is_err(), "byte {at}");
    }
    for len in 0..bytes.len() {
        assert!(Index::from_bytes(bytes[..len].to_vec()).is_err(), "{len} bytes");
    }
}

#[test]
fn what_is_wrong_is_said_in_words() {
    let said = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes();
        change(&mut bytes);
        Index::from_bytes(bytes).err().unwrap().to_string()
    };
    assert!(said(&|bytes| bytes[8..12].reverse()).contains("byte order"));
    assert!(said(&|bytes| bytes[12] = FORMAT_VERSION as u8 + 1).contains("compile it anew"));
    assert!(said(&|bytes| bytes[12] = 0).contains("is of format 0"));
    assert!(said(&|bytes| bytes.push(0)).contains("was added to"));
    assert!(said(&|bytes| bytes[300] ^= 1).contains("checksum"));
    assert!(said(&|bytes| bytes[0] = b'X').contains("no compiled index"));
}

#[test]
fn a_changed_index_is_refused_or_answers_the_same() {
    let (bytes, expect) = (bytes(), hits(&index()));
    let mut state = 9_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let (mut refused, mut same) = (0, 0);
    for _ in 0..4_000 {
        let mut other = bytes.clone();
        for _ in 0..1 + next(3) {
            let (from, to) = (next(other.len() + 1), next(other.len() + 1));
            let (from, to) = (from.min(to), from.max(to));
            let (from, to) =
                if next(2) == 0 { (from, to) } else { (from % 300, (from % 300 + to % 64).min(other.len())) };
            let (from, to) = (from.min(to), to);
            match next(6) {
                0 => other.truncate(to),
                1 => drop(other.drain(from..to)),
                2 => other[from..to].fill(0),
                3 => other[from..to].reverse(),
                4 => other.splice(from..from, bytes[..to.min(bytes.len())].to_vec()).for_each(drop),
                _ if from < other.len() => other[from] = next(256) as u8,
                _ => {}
            }
        }
        match Index::from_bytes(other) {
            Ok(index) => {
                assert_eq!(hits(&index), expect);
                same += 1;
            }
            Err(why) => {
                assert!(why.to_string().contains("index"), "{why}");
                refused += 1;
            }
        }
    }
    assert!(refused > 3_000, "{refused} refused, {same} the same");
}

#[test]
fn a_forged_index_finds_less_and_does_not_end_the_process() {
    let bytes = bytes();
    let mut state = 3_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let (mut opened, mut rounds) = (0, 0);
    while rounds < 20_000 {
        let mut other = bytes.clone();
        for _ in 0..1 + next(4) {
            let at = if next(3) == 0 { 32 + next(224) } else { 256 + next(other.len() - 256) };
            other[at] = [0, 0xff, 0x7f, next(256) as u8][next(4)];
        }
        matcher::forge(&mut other);
        if let Ok(index) = Index::from_bytes(other) {
            assert!(hits(&index) < 10_000);
            opened += 1;
        }
        rounds += 1;
    }
    assert!(opened > 5_000, "only {opened} of {rounds} were opened");
}

#[test]
fn hostile_indicators_are_refused_with_a_reason() {
    let mut builder = Builder::new();
    let mut refused = |kind, value| builder.add_normal(kind, value, 0).err();
    assert_eq!(refused(Kind::Cidr, "0.0.0.0/1"), Some(Refused::WideRange));
    assert_eq!(refused(Kind::Cidr, "2000::/3"), Some(Refused::WideRange));
    assert_eq!(refused(Kind::Url, "http://[2001:db8::1]/x"), Some(Refused::UrlHost));
    assert_eq!(refused(Kind::Url, "http://intranet/x"), Some(Refused::UrlHost));
    assert_eq!(refused(Kind::Mutex, "a-b"), Some(Refused::NoWord));
    assert_eq!(refused(Kind::Ipv4, "1.2.3"), Some(Refused::Form));
    assert_eq!(refused(Kind::Md5, "zz"), Some(Refused::Form));
    assert!(builder.is_empty());
}
