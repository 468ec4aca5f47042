//! A mail of 25 MB is read in little memory beside itself (Linux; one test alone in its process, so that the peak is its own).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod common;

use std::time::Instant;

use common::peak_kib;
use formats::{Document, extract};

/// Nanoseconds that this thread has run: others on the machine do not count.
fn on_processor() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

#[test]
fn a_mail_is_read_where_it_lies() {
    let head = "Received: from a.bad.test (a.bad.test [45.9.148.165]) by mx.own.test; Tue\r\nFrom: x@bad.test\r\nTo: ann@own.test\r\nSubject: invoice\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<a href=\"https://evil.attack.test/pay\">pay</a>\r\n";
    let mut mail = head.as_bytes().to_vec();
    mail.reserve_exact(26_000_000);
    for n in 0..4 {
        mail.extend_from_slice(
            format!("--b\r\nContent-Type: application/zip; name=invoice{n}.zip\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n").as_bytes(),
        );
        let line = format!("{}\r\n", "UEsDBBQAAAAIAKJ4Kle".repeat(4));
        for _ in 0..6_250_000 / line.len() {
            mail.extend_from_slice(line.as_bytes());
        }
    }
    mail.extend_from_slice(b"--b--\r\n");
    let before = peak_kib();
    let start = Instant::now();
    let found = extract(&mail, "");
    let (took, grown) = (start.elapsed(), peak_kib() - before);
    eprintln!("a mail of {} bytes took {took:?}, peak grew by {grown} KiB", mail.len());
    assert_eq!((found.document, found.mail.unwrap().attachments.len()), (Document::Mail, 4));
    assert!(grown < 8 << 10, "{grown} KiB");

    // Words: many small parts of text, links and markup.
    let word = "Dear ann@own.test, see <a href=\"https://evil.attack.test/pay?x=1\">this</a> and evil[.]attack[.]test <br>\r\n";
    let text = word.repeat(25_000_000 / word.len());
    let mail = format!("From: x@bad.test\r\nTo: ann@own.test\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n{text}");
    drop(text);
    let before = peak_kib();
    let start = Instant::now();
    let found = extract(mail.as_bytes(), "");
    let (took, grown) = (start.elapsed(), peak_kib() - before);
    eprintln!("a mail of {} bytes of words took {took:?}, peak grew by {grown} KiB", mail.len());
    assert!(found.notes.iter().any(|note| note.contains("first 4 MiB")), "{:?}", found.notes);
    assert!(grown < 24 << 10, "{grown} KiB");

    if let Some(data) = common::data() {
        let mut text: Vec<u8> = Vec::new();
        while text.len() < 1_000_000 {
            common::files(&data.join("prose")).iter().for_each(|path| text.extend(std::fs::read(path).unwrap()));
        }
        text.truncate(1_000_000);
        let mut micros: Vec<u64> = (0..9)
            .map(|_| {
                let start = on_processor();
                let _ = extract(&text, "");
                (on_processor() - start) / 1_000
            })
            .collect();
        micros.sort_unstable();
        eprintln!("a megabyte of write-ups took {} µs of processor time, median of nine", micros[4]);
    }
}
