//! `fusioncell journal`: check the hash chain, rebuild every view, write the entries as JSON lines, or sign a head anew.

use std::fs::File;
use std::io::{BufWriter, Read as _, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, Subcommand};
use model::Entropy;
use release::{EngineConfig, ReleaseError};
use serde_json::json;
use vault::{JournalError, VaultError, default_keys_dir};

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
  fusioncell journal rebuild --data-dir D --json", "  3  the journal is damaged, or a rebuilt view differs from what was shown or from what the live server had noted"))]
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

/// Whether an error tells of damage, and not of a folder that is not there or cannot be read.
fn is_damage(error: &VaultError) -> bool {
    match error {
        VaultError::Checkpoint(_) | VaultError::NoGenesis => true,
        VaultError::Journal(JournalError::Corrupt { .. } | JournalError::Codec(_)) => true,
        // How SQLite says it.
        VaultError::Journal(JournalError::Io(why)) => why.contains("malformed") || why.contains("not a database"),
        _ => false,
    }
}

/// Checks the chain. With `as_json` a failure is told on standard output too.
fn checked(folders: &Folders, as_json: bool) -> Result<vault::Report, Failure> {
    let keys_dir = folders.keys_dir.clone().unwrap_or_else(|| default_keys_dir(&folders.data_dir));
    let absent = |folder: &std::path::Path, what: &str| {
        let why = format!("{}: there is no {what}", folder.display());
        (!folder.is_dir()).then_some((why, false))
    };
    let failed = absent(&folders.data_dir, "such folder").or_else(|| {
        let journal = folders.data_dir.join("vault.db");
        if journal.exists() {
            absent(&keys_dir, "such keys folder")
        } else {
            Some((format!("{}: there is no journal", folders.data_dir.display()), false))
        }
    });
    let outcome = match failed {
        Some(failed) => Err(failed),
        None => vault::verify(&folders.data_dir, &keys_dir).map_err(|error| (error.to_string(), is_damage(&error))),
    };
    outcome.map_err(|(why, damaged)| {
        if as_json {
            println!("{}", json!({ "ok": false, "damaged": damaged, "why": why }));
        }
        if damaged { Failure::damaged(why) } else { Failure::new(why) }
    })
}

fn verify(folders: &Folders, as_json: bool) -> Result<(), Failure> {
    let start = Instant::now();
    let report = checked(folders, as_json)?;
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
    let chain = checked(folders, as_json)?;
    let vault = store::vault(folders, store::genesis(store::PARTNERSHIP, false))?;
    let rebuilt = release::rebuild(&vault, &folders.data_dir, EngineConfig::default(), &mut |_| {});
    let rebuilt = match rebuilt {
        Err(ReleaseError::Vault(error @ VaultError::LiveState { .. })) => {
            return Err(Failure::damaged(format!("not rebuilt: {error}")));
        }
        rebuilt => rebuilt.context("not rebuilt")?,
    };
    let equal = rebuilt.released_before.is_none_or(|before| before == rebuilt.released);
    let state_equal = note_state(folders, &chain, &rebuilt.state)?;
    let live_equal = rebuilt.live.map(|(_, equal)| equal);
    let seconds = start.elapsed().as_secs_f64();
    if as_json {
        println!(
            "{}",
            json!({
                "ok": equal && state_equal != Some(false) && live_equal != Some(false),
                "entries": chain.entries,
                "reports": rebuilt.reports,
                "observations": rebuilt.observations,
                "objects": rebuilt.objects,
                "released": hex(&rebuilt.released),
                "released_before": rebuilt.released_before.map(|before| hex(&before)),
                "fusion": hex(&rebuilt.state),
                "other_rules": rebuilt.other_rules,
                "fusion_equal": state_equal,
                "live_equal": live_equal,
                "live_entry": rebuilt.live.map(|(entry, _)| entry),
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
        let same = match state_equal {
            Some(true) => "equal to what an earlier replay of these entries came to",
            Some(false) => "NOT equal to what an earlier replay of these entries came to",
            None => "no earlier replay of these entries by this version to compare it with",
        };
        println!("fusion: state {} ({same})", hex(&rebuilt.state));
        match rebuilt.live {
            Some((entry, true)) => println!("live server: at entry {entry} its state was equal to this replay's"),
            Some((entry, false)) => println!("live server: at entry {entry} its state was NOT equal to this replay's"),
            None => println!("live server: none of this version has noted its state to compare it with"),
        }
        if rebuilt.other_rules > 0 {
            println!(
                "{} reports came while other rules were in use: their campaigns may differ from those of then",
                rebuilt.other_rules
            );
        }
        println!("rebuilt in {seconds:.1} s");
    }
    if equal && live_equal == Some(false) {
        Err(Failure::damaged("fusion's state by replay differs from what the live server had noted"))
    } else if equal && state_equal == Some(false) {
        Err(Failure::damaged("fusion's state differs from what an earlier replay of the same entries came to"))
    } else if equal {
        Ok(())
    } else {
        Err(Failure::damaged(
            "the rebuilt released store differs from the one that was there; the rebuilt one is in place",
        ))
    }
}

/// Name of the file in the data folder that notes what the last rebuild's replay came to.
const STATE_FILE: &str = "fusion.replayed";
/// Longest such file.
const STATE_BYTES_MAX: u64 = 1024;

/// Compares fusion's state with what an earlier replay of the same entries by the same version came to, and notes it for
/// the next; `None` if there is nothing to compare with.
fn note_state(folders: &Folders, chain: &vault::Report, state: &[u8; 32]) -> Result<Option<bool>, Failure> {
    let path = folders.data_dir.join(STATE_FILE);
    let entries = format!("{} {} {}", env!("CARGO_PKG_VERSION"), chain.entries, hex(&chain.head));
    let mut noted = String::new();
    if let Ok(file) = File::open(&path) {
        // A file that cannot be read as text notes nothing.
        let _ = file.take(STATE_BYTES_MAX).read_to_string(&mut noted);
    }
    let equal = noted.strip_prefix(&entries).map(|before| before.trim() == hex(state));
    if equal != Some(false) {
        std::fs::write(&path, format!("{entries} {}\n", hex(state))).context(path.display())?;
    }
    Ok(equal)
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
    let keys_dir = folders.keys_dir.clone().unwrap_or_else(|| vault::default_keys_dir(&folders.data_dir));
    vault::export_folder(&folders.data_dir, &keys_dir, &mut out).context("not exported")?;
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
