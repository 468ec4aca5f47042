//! Receipts are checked without any server: good, forged and unreadable ones are told apart by exit code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use intake::receipt::{ReceiptKey, SignedReceipt};

const REFERENCE: &str = "01234567-89ab-cdef-0123-456789abcdef";
const AT: &str = "2025-11-24T16:00:00.500Z";

fn receipt(key: u8) -> SignedReceipt {
    ReceiptKey::new(&[key; 32]).unwrap().sign("Northern Utilities", false, REFERENCE, AT, b"the report")
}

fn run(folder: &Path, more: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fusioncell"));
    let words = ["receipt", "verify", "receipt.json", "--key", "key.pem"];
    let Output { status, stdout, stderr } = command.args(words).args(more).current_dir(folder).output().unwrap();
    (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

fn check(bytes: &[u8], more: &[&str], code: i32, words: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key.pem"), ReceiptKey::new(&[1; 32]).unwrap().public().pem()).unwrap();
    fs::write(folder.path().join("receipt.json"), bytes).unwrap();
    fs::write(folder.path().join("report.json"), b"the report").unwrap();
    fs::write(folder.path().join("other.json"), b"another report").unwrap();
    let (got, said) = run(folder.path(), more);
    assert_eq!(got, Some(code), "{said}");
    assert!(said.contains(words), "{said}");
}

fn json(receipt: &SignedReceipt) -> Vec<u8> {
    serde_json::to_vec(receipt).unwrap()
}

#[test]
fn a_good_receipt_is_told() {
    let good = json(&receipt(1));
    check(&good, &[], 0, "good: Northern Utilities received report 01234567");
    check(&good, &["--report", "report.json", "--reference", REFERENCE], 0, "good");
    let answer = format!(r#"{{"reference":"{REFERENCE}","items":[],"receipt":{}}}"#, String::from_utf8_lossy(&good));
    check(answer.as_bytes(), &[], 0, "good");
}

#[test]
fn a_forged_receipt_is_told_with_the_reason() {
    let mut changed = receipt(1);
    changed.received_at = "2024-01-01T00:00:00.000Z".into();
    check(&json(&changed), &[], 1, "forged");
    check(&json(&receipt(2)), &[], 1, "another partnership signed it");
    let mut replayed = receipt(1);
    replayed.reference = REFERENCE.replace('0', "9");
    check(&json(&replayed), &[], 1, "forged");
    check(&json(&receipt(1)), &["--reference", "another"], 1, "it is of another reference");
    check(&json(&receipt(1)), &["--report", "other.json"], 1, "it is of another report");
    let mut cut = receipt(1);
    cut.signature.truncate(30);
    check(&json(&cut), &[], 1, "its signature is not whole");
}

#[test]
fn what_cannot_be_read_is_told_apart() {
    let good = json(&receipt(1));
    check(&good[..good.len() / 2], &[], 2, "it is no receipt");
    check(b"", &[], 2, "it is no receipt");
    check(&vec![b'x'; 9 << 20], &[], 2, "more than");
    check(&good, &["--report", "absent.json"], 2, "absent.json");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("receipt.json"), &good).unwrap();
    fs::write(folder.path().join("key.pem"), "-----BEGIN PRIVATE KEY-----").unwrap();
    assert_eq!(run(folder.path(), &[]).0, Some(2));
    fs::remove_file(folder.path().join("key.pem")).unwrap();
    assert_eq!(run(folder.path(), &[]).0, Some(2));
}

#[test]
fn a_server_that_never_ran_has_no_key_to_print() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fusioncell"));
    let said = command.args(["receipt", "key", "--data-dir", "D"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert!(!folder.path().join("D.keys").exists(), "looking makes nothing");
}
