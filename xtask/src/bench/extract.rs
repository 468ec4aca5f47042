//! Extraction: how right it is on documents that a person has read, and how long a megabyte of text and a big mail take.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use hyper::Method;
use hyper::body::Bytes;

use super::client::Client;
use super::median;
use super::server::{Server, Store, runtime};
use crate::run::{command, root};

const PATH: &str = "/api/v1/extract";
const TEXT_BYTES: usize = 1_000_000;
const TEXT_MILLIS_MAX: f64 = 50.0;
const TEXT_ROUNDS: usize = 9;
const MAIL_BYTES: usize = 25_000_000;
const MAIL_SECS_MAX: f64 = 2.0;
const MAIL_MIB_MAX: f64 = 100.0;
const MAIL_ROUNDS: usize = 3;

/// Prints precision, recall and each miss, then times and memory over HTTP.
pub fn run() -> Result<(), String> {
    let measure = ["test", "--locked", "--quiet", "--package", "fusioncell-formats", "--test", "extraction"];
    command("cargo").args(measure).args(["precision_and_recall", "--", "--nocapture"]).go()?;
    let store = Store::with_members(1)?;
    let server = store.serve()?;
    let key = store.keys.first().cloned().unwrap_or_default();
    runtime()?.block_on(times(&server, &key))
}

async fn times(server: &Server, key: &str) -> Result<(), String> {
    let mut client = Client::connect(&server.member, key).await?;
    // The mail first: what the text leaves behind in the allocator is not of the mail.
    let mail = Bytes::from(mail());
    let mut secs = Vec::new();
    for _ in 0..MAIL_ROUNDS {
        let start = Instant::now();
        let (status, body) = client.call(Method::POST, PATH, mail.clone()).await?;
        secs.push(start.elapsed().as_secs_f64());
        if status != 200 {
            return Err(format!("a mail is answered {status}: {}", String::from_utf8_lossy(&body)));
        }
    }
    let (secs, peak) = (median(&mut secs), server.peak_mib()?);
    println!(
        "extract: a mail of {} bytes in {secs:.2} s, median of {MAIL_ROUNDS} (target ≤ {MAIL_SECS_MAX}); the server's peak {peak:.0} MiB (target ≤ {MAIL_MIB_MAX})",
        mail.len()
    );
    let text = Bytes::from(prose());
    let mut millis = Vec::new();
    for _ in 0..TEXT_ROUNDS {
        let start = Instant::now();
        let (status, body) = client.call(Method::POST, PATH, text.clone()).await?;
        millis.push(start.elapsed().as_secs_f64() * 1_000.0);
        if status != 200 {
            return Err(format!("a text is answered {status}: {}", String::from_utf8_lossy(&body)));
        }
    }
    let millis = median(&mut millis);
    println!(
        "extract: {TEXT_BYTES} bytes of text in {millis:.1} ms, median of {TEXT_ROUNDS} (target ≤ {TEXT_MILLIS_MAX})"
    );
    if millis > TEXT_MILLIS_MAX || secs > MAIL_SECS_MAX || peak > MAIL_MIB_MAX {
        println!("extract: BEYOND ITS TARGET");
    }
    Ok(())
}

/// A megabyte of write-ups; without the shared data, of sentences like theirs.
fn prose() -> Vec<u8> {
    let data = std::env::var_os("FUSIONCELL_TEST_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let mut text = Vec::new();
    for folder in ["amnesty", "eset", "prodaft"] {
        let Ok(entries) = std::fs::read_dir(data.join("prose").join(folder)) else { continue };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            text.extend(std::fs::read(path).unwrap_or_default());
        }
    }
    let mut made = String::new();
    for n in 0..TEXT_BYTES / 60 {
        let _ = writeln!(made, "The host h{n}[.]attack[.]test was seen to call 45.9.{}.{} at noon.", n % 250, n % 240);
    }
    text.extend(made.into_bytes());
    text.truncate(TEXT_BYTES);
    text
}

/// A mail with one big attachment.
fn mail() -> Vec<u8> {
    let head = "Received: from a.bad.test (a.bad.test [45.9.148.165]) by mx.own.test; Tue\r\nFrom: x@bad.test\r\nTo: ann@own.test\r\nSubject: invoice\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<a href=\"https://evil.attack.test/pay\">pay</a>\r\n--b\r\nContent-Type: application/zip; name=invoice.zip\r\nContent-Disposition: attachment; filename=invoice.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let line = format!("{}\r\n", "UEsDBBQAAAAIAKJ4Kle".repeat(4));
    let mut mail = head.as_bytes().to_vec();
    while mail.len() < MAIL_BYTES {
        mail.extend_from_slice(line.as_bytes());
    }
    mail.extend_from_slice(b"--b--\r\n");
    mail
}
