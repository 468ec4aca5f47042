//! `fusioncell audit`: check the audit log against a checkpoint that somebody kept, or prove what one leaf of it is.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Subcommand};
use serde_json::json;
use vault::audit::{AuditError, AuditReport, prove, verify};
use vault::default_keys_dir;

use super::Folders;
use crate::failure::{Context as _, Failure};

/// Longest checkpoint that is read.
const CHECKPOINT_BYTES_MAX: u64 = 64 << 10;

/// Check the audit log of what the cell did and read, or prove what one leaf of it is.
#[derive(Args)]
#[command(after_help = help!("  fusioncell audit verify --data-dir D
  fusioncell audit verify --data-dir D --against yesterday.txt
  fusioncell audit prove --data-dir D --index 17", "  3  the log is damaged, rolled back or rewritten"))]
pub struct AuditArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check records, tiles, signed heads and the journal's acts against each other, and against a checkpoint that was kept
    #[command(after_help = help!("  fusioncell audit verify --data-dir D
  fusioncell audit verify --data-dir D --against yesterday.txt
  fusioncell audit verify --data-dir D --json", "  3  the log is damaged, rolled back or rewritten: the message says what and where"))]
    Verify {
        #[command(flatten)]
        folders: Folders,
        /// A checkpoint that was kept, as /api/v1/audit/checkpoint gave it
        #[arg(long, value_name = "CHECKPOINT")]
        against: Option<PathBuf>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a leaf's record and salt, and the proof that it is in the signed tree, in JSON
    #[command(after_help = help!("  fusioncell audit prove --data-dir D --index 17", "  3  the log is damaged"))]
    Prove {
        #[command(flatten)]
        folders: Folders,
        /// Place of the leaf, from 0
        #[arg(long, value_name = "N")]
        index: u64,
    },
}

/// Runs it.
pub fn run(args: AuditArgs) -> Result<(), Failure> {
    match args.command {
        Command::Verify { folders, against, json } => check(&folders, against.as_deref(), json),
        Command::Prove { folders, index } => show(&folders, index),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn keys_dir(folders: &Folders) -> PathBuf {
    folders.keys_dir.clone().unwrap_or_else(|| default_keys_dir(&folders.data_dir))
}

fn failed(error: &AuditError) -> Failure {
    if error.is_damage() { Failure::damaged(error.to_string()) } else { Failure::new(error.to_string()) }
}

fn note(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = File::open(path).context(path.display())?;
    file.take(CHECKPOINT_BYTES_MAX + 1).read_to_end(&mut bytes).context(path.display())?;
    Ok(bytes)
}

fn check(folders: &Folders, against: Option<&Path>, as_json: bool) -> Result<(), Failure> {
    let start = Instant::now();
    let note = against.map(note).transpose()?;
    let kept = against.zip(note.as_deref());
    let report = verify(&folders.data_dir, &keys_dir(folders), kept).map_err(|error| {
        if as_json {
            println!("{}", json!({ "ok": false, "damaged": error.is_damage(), "why": error.to_string() }));
        }
        failed(&error)
    })?;
    let AuditReport { origin, size, root, acts, reads, padding, waiting, kept } = report;
    if as_json {
        let root = hex(&root);
        println!(
            "{}",
            json!({ "ok": true, "origin": origin, "size": size, "root": root, "acts": acts, "reads": reads, "padding": padding, "waiting": waiting, "kept": kept })
        );
        return Ok(());
    }
    println!("{origin}: {size} leaves, root {}", hex(&root));
    println!("{acts} acts of the journal, {reads} reads, {padding} padding; {waiting} wait for the next epoch");
    println!("records, tiles, signed heads and the journal fit each other");
    if let (Some(size), Some(path)) = (kept, against) {
        println!(
            "the first {size} leaves are those that {} was signed over: nothing of them was rewritten",
            path.display()
        );
    }
    println!("checked in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn show(folders: &Folders, index: u64) -> Result<(), Failure> {
    let proved = prove(&folders.data_dir, &keys_dir(folders), index).map_err(|error| failed(&error))?;
    let record = proved.record.map(|record| String::from_utf8_lossy(&record).into_owned());
    let path: Vec<String> = proved.path.iter().map(|hash| hex(hash)).collect();
    println!(
        "{:#}",
        json!({ "index": proved.index, "record": record, "salt": hex(&proved.salt), "path": path, "checkpoint": proved.checkpoint, "key": proved.key })
    );
    Ok(())
}
