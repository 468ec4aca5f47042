//! Memory for a big STIX bundle stays within three times the input (Linux; alone in its process, so that the peak is its own).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod common;

use std::io::Write as _;

use common::{import, peak_kib};

#[test]
fn three_times_the_input_at_most() {
    let mut file = tempfile::tempfile().unwrap();
    write!(file, "{{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[").unwrap();
    for n in 0..120_000 {
        let comma = if n == 0 { "" } else { "," };
        write!(
            file,
            "{comma}{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--34655650-3d18-47b5-bb6c-{n:012}\",\"created\":\"2023-07-28T12:14:36.194951Z\",\
             \"modified\":\"2023-07-28T12:14:36.194951Z\",\"indicator_types\":[\"malicious-activity\"],\"pattern\":\"[domain-name:value='evil-number-{n}.example']\",\
             \"pattern_type\":\"stix\",\"pattern_version\":\"2.1\",\"valid_from\":\"2023-07-28T12:14:36.194951Z\"}}"
        )
        .unwrap();
    }
    write!(file, "]}}").unwrap();
    let before = peak_kib();
    let (bytes, values) = import(&mut file);
    let grown = (peak_kib() - before) * 1024;
    eprintln!("STIX: {bytes} bytes, {values} values, peak grew by {grown}, {:.1} times", grown as f64 / bytes as f64);
    assert_eq!(values, 120_000);
    assert!(grown <= 3 * bytes, "{grown} of {bytes}");
}
