//! Dense shapes of JSON take three times the input at most (Linux; alone in its process, so that the peak is its own).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod common;

use std::io::Write as _;

use common::{import, peak_kib};

/// What the process takes for itself, whatever it reads.
const OWN_BYTES: usize = 3 << 20;

fn check(name: &str, head: &str, element: &dyn Fn(usize) -> String, tail: &str, count: usize, values: u64) {
    let mut file = tempfile::tempfile().unwrap();
    {
        let mut file = std::io::BufWriter::new(&mut file);
        file.write_all(head.as_bytes()).unwrap();
        for n in 0..count {
            let comma = if n == 0 { "" } else { "," };
            write!(file, "{comma}{}", element(n)).unwrap();
        }
        file.write_all(tail.as_bytes()).unwrap();
    }
    // The peak of one shape is not that of the next.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak_kib();
    let (bytes, got) = import(&mut file);
    let grown = (peak_kib() - before) * 1024;
    eprintln!("{name}: {bytes} bytes, {got} values, peak grew by {grown}, {:.1} times", grown as f64 / bytes as f64);
    assert_eq!(got, values, "{name}");
    assert!(grown <= 3 * bytes + OWN_BYTES, "{name}: {grown} of {bytes}");
}

#[test]
fn dense_shapes() {
    let event = "{\"Event\":{\"info\":\"x\",\"Attribute\":[";
    let bundle = "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[";
    let n = 600_000;
    // Small documents come first: what a big one has left would hide them.
    for (open, close) in [(event, "]}}"), (bundle, "]}")] {
        for (name, element) in
            [("numbers", "1"), ("arrays", "[]"), ("objects", "{}"), ("strings", "\"\""), ("nested", "[[[[1]]]]")]
        {
            check(name, open, &|_| element.into(), close, n, 0);
            // All in one element.
            check(
                &format!("{name} in one"),
                &format!("{open}{{\"a\":["),
                &|_| element.into(),
                &format!("]}}{close}"),
                n,
                0,
            );
        }
    }
    for (name, open, close) in [
        ("other member", "{\"Event\":{\"info\":\"x\",\"Attribute\":[],\"RelatedEvent\":[", "]}}"),
        ("tags", "{\"Event\":{\"info\":\"x\",\"Attribute\":[],\"Tag\":[", "]}}"),
        ("unknown", "[", "]"),
        ("report", "{\"id\":\"1\",\"indicators\":[", "]}"),
        ("refs", "{\"id\":\"1\",\"indicators\":[],\"refs\":[", "]}"),
        (
            "references",
            "{\"type\":\"bundle\",\"objects\":[{\"type\":\"report\",\"id\":\"report--1\",\"object_refs\":[",
            "]}]}",
        ),
    ] {
        check(name, open, &|n| format!("\"{n}\""), close, n, 0);
    }
    check("words", "{\"Event\":{\"info\":\"", &|_| "a ".into(), "\",\"Attribute\":[]}}", 1_000_000, 0);
    check("keys", "{\"Event\":{\"info\":\"x\",\"Attribute\":[],", &|n| format!("\"{n}\":0"), "}}", 300_000, 0);
    check("reports", bundle, &|n| format!("{{\"type\":\"report\",\"id\":\"report--{n}\"}}"), "]}", 100_000, 0);
    check("identities", bundle, &|n| format!("{{\"type\":\"identity\",\"id\":\"{n}\"}}"), "]}", 200_000, 0);
    check("types", bundle, &|_| "{\"type\":\"url\"}".into(), "]}", 500_000, 0);
    check(
        "labelled pairs",
        "{\"id\":\"1\",\"indicators\":[",
        &|n| format!("[\"domain\",\"evil-number-{n}.example\"]"),
        "]}",
        600_000,
        600_000,
    );
    check(
        "compact objects",
        bundle,
        &|n| format!("{{\"type\":\"domain-name\",\"id\":\"domain-name--{n:036}\",\"value\":\"e{n}.example\"}}"),
        "]}",
        400_000,
        400_000,
    );
}
