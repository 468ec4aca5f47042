//! Memory stays within three times the input (Linux; one test alone in its process, so that the peak is its own).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod common;

use std::io::Write as _;

use common::{import, peak_kib};

#[test]
fn three_times_the_input_at_most() {
    let file = || tempfile::tempfile().unwrap();
    // A table is a stream: it leaves next to no trace, so it comes first.
    let mut table = file();
    writeln!(table, "type,value").unwrap();
    for n in 0..2_000_000 {
        writeln!(table, "domain,evil-number-{n}.example").unwrap();
    }
    let before = peak_kib();
    let (bytes, values) = import(&mut table);
    let grown = (peak_kib() - before) * 1024;
    eprintln!("table: {bytes} bytes, {values} values, peak grew by {grown}");
    assert_eq!(values, 2_000_000);
    assert!(grown < 16 << 20, "{grown}");

    let mut misp = file();
    write!(misp, "{{\"Event\":{{\"info\":\"big\",\"Attribute\":[").unwrap();
    for n in 0..200_000 {
        let comma = if n == 0 { "" } else { "," };
        write!(misp, "{comma}{{\"uuid\":\"78a86905-1154-54d8-a746-{n:012}\",\"type\":\"domain\",\"category\":\"Network activity\",\"to_ids\":true,\"value\":\"evil-number-{n}.example\",\"comment\":\"https://posts.example/someone/status/{n}\",\"timestamp\":\"1766189115\",\"distribution\":\"5\"}}").unwrap();
    }
    write!(misp, "]}}}}").unwrap();
    misp.flush().unwrap();
    let before = peak_kib();
    let (bytes, values) = import(&mut misp);
    let grown = (peak_kib() - before) * 1024;
    eprintln!("MISP: {bytes} bytes, {values} values, peak grew by {grown}, {:.1} times", grown as f64 / bytes as f64);
    assert_eq!(values, 200_000);
    assert!(grown <= 3 * bytes, "{grown} of {bytes}");
}
