//! `fusioncell journal`: check the hash chain, rebuild every view, write the entries as JSON lines, or sign a head anew.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, Subcommand};
use model::Entropy;
use release::EngineConfig;
use serde_json::json;
use vault::default_keys_dir;

use super::Folders;
use crate::failure::{Context as _, Failure};
use crate::outside::{SystemClock, SystemEntropy};
use crate::store;

/// Check, rebuild or export the journal, or vouch for it.
#[derive(Args)]
#[command(after_help = help!("  fusioncell journal verify --data-dir D
  fusioncell journal rebuild --data-dir D
  fusioncell journal export --data-dir D > journal.jsonl", "  3  the journal or a view is damaged"))]
pub struct JournalArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the hash chain, and the last entry against the signed checkpoint outside the data folder
    #[command(after_help = help!("  fusioncell journal verify --data-dir D
  fusioncell journal verify --data-dir D --json", "  3  the journal is damaged, or not the one that was signed"))]
    Verify {
        #[command(flatten)]
        folders: Folders,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Check the chain, then rebuild every view from the entries: the released store and fusion's state
    #[command(after_help = help!("  fusioncell journal rebuild --data-dir D
  fusioncell journal rebuild --data-dir D --json", "  3  the journal is damaged, or a rebuilt view differs from what was shown"))]
    Rebuild {
        #[command(flatten)]
        folders: Folders,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Write every entry as a line of JSON
    #[command(after_help = help!("  fusioncell journal export --data-dir D > journal.jsonl
  fusioncell journal export --data-dir D --output journal.jsonl"))]
    Export {
        #[command(flatten)]
        folders: Folders,
        /// File to write [default: standard output]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Sign the journal as it is, after its checkpoint or keys were lost or an older copy was restored
    #[command(after_help = help!("  fusioncell journal accept-head --data-dir D", "  3  the journal is damaged"))]
    #[command(
        long_about = "Sign the journal as it is, after its checkpoint or keys were lost or an older copy was restored.\n\nA journal that its checkpoint does not vouch for is not opened: somebody may have rewritten or cut it. Run this only if you know where this journal comes from. The chain is checked first; an earlier checkpoint is kept as `checkpoint.replaced`."
    )]
    AcceptHead {
        #[command(flatten)]
        folders: Folders,
    },
}

/// Runs it.
pub fn run(args: JournalArgs) -> Result<(), Failure> {
    match args.command {
        Command::Verify { folders, json } => verify(&folders, json),
        Command::Rebuild { folders, json } => rebuild(&folders, json),
        Command::Export { folders, output } => export(&folders, output),
        Command::AcceptHead { folders } => accept_head(folders),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn checked(folders: &Folders) -> Result<vault::Report, Failure> {
    let keys_dir = folders.keys_dir.clone().unwrap_or_else(|| default_keys_dir(&folders.data_dir));
    vault::verify(&folders.data_dir, &keys_dir).map_err(|error| Failure::damaged(error.to_string()))
}

fn verify(folders: &Folders, as_json: bool) -> Result<(), Failure> {
    let start = Instant::now();
    let report = checked(folders)?;
    let checkpoint = report.checkpoint.map(|(seq, _)| seq);
    if as_json {
        println!(
            "{}",
            json!({ "ok": true, "entries": report.entries, "head": hex(&report.head), "checkpoint": checkpoint, "types": report.types })
        );
        return Ok(());
    }
    println!("{} entries, chain whole, head {}", report.entries, hex(&report.head));
    match checkpoint {
        Some(seq) => println!("matches the checkpoint signed at entry {seq}"),
        None => println!("no checkpoint has been signed yet"),
    }
    println!("checked in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn rebuild(folders: &Folders, as_json: bool) -> Result<(), Failure> {
    let start = Instant::now();
    let chain = checked(folders)?;
    let vault = store::vault(folders, store::genesis(store::PARTNERSHIP, false))?;
    let rebuilt =
        release::rebuild(&vault, &folders.data_dir, EngineConfig::default(), &mut |_| {}).context("not rebuilt")?;
    let equal = rebuilt.released_before.is_none_or(|before| before == rebuilt.released);
    let seconds = start.elapsed().as_secs_f64();
    if as_json {
        println!(
            "{}",
            json!({
                "ok": equal,
                "entries": chain.entries,
                "reports": rebuilt.reports,
                "observations": rebuilt.observations,
                "objects": rebuilt.objects,
                "released": hex(&rebuilt.released),
                "released_before": rebuilt.released_before.map(|before| hex(&before)),
                "fusion": hex(&rebuilt.state),
                "other_rules": rebuilt.other_rules,
                "seconds": seconds,
            })
        );
    } else {
        println!(
            "{} entries, chain whole; {} reports with {} values",
            chain.entries, rebuilt.reports, rebuilt.observations
        );
        let same = match rebuilt.released_before {
            Some(before) if before == rebuilt.released => "equal to what was there",
            Some(_) => "NOT equal to what was there",
            None => "there was none before",
        };
        println!("released store: {} objects, digest {} ({same})", rebuilt.objects, hex(&rebuilt.released));
        println!("fusion: state {}", hex(&rebuilt.state));
        if rebuilt.other_rules > 0 {
            println!(
                "{} reports came while other rules were in use: their campaigns may differ from those of then",
                rebuilt.other_rules
            );
        }
        println!("rebuilt in {seconds:.1} s");
    }
    if equal {
        Ok(())
    } else {
        Err(Failure::damaged(
            "the rebuilt released store differs from the one that was there; the rebuilt one is in place",
        ))
    }
}

fn export(folders: &Folders, output: Option<PathBuf>) -> Result<(), Failure> {
    let path = folders.data_dir.join("vault.db");
    if !path.exists() {
        return Err(Failure::new(format!("{}: there is no journal", folders.data_dir.display())));
    }
    let mut out: Box<dyn Write> = match &output {
        Some(path) => Box::new(BufWriter::new(File::create(path).context(path.display())?)),
        None => Box::new(BufWriter::new(std::io::stdout().lock())),
    };
    vault::export_folder(&folders.data_dir, &mut out).context("not exported")?;
    out.flush().context("not exported")
}

fn accept_head(folders: Folders) -> Result<(), Failure> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let accepted = vault::accept_head(&folders.data_dir, folders.keys_dir, &SystemClock, &entropy)
        .map_err(|error| Failure::damaged(error.to_string()))?;
    println!("{} entries, chain whole, signed at head {}", accepted.entries, hex(&accepted.head));
    if accepted.replaced {
        println!("the checkpoint that was there is kept as checkpoint.replaced");
    }
    Ok(())
}
