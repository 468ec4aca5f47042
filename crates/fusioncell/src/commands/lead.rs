//! `fusioncell lead`: the command line as a lead's own device. Nothing here asks a server or a data folder.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use model::CaseId;
use vault::{LeadPrivateKey, share_of};

use crate::failure::{Context as _, Failure};

/// Longest key file that is read.
const KEY_FILE_BYTES_MAX: u64 = 4096;

/// Makes a lead's key, and the share of a case that the key gives.
#[derive(Args)]
#[command(after_help = help!("  fusioncell lead keygen --out lead.key
  fusioncell lead share --key lead.key --case CASE --secret HEX"))]
pub struct LeadArgs {
    #[command(subcommand)]
    command: LeadCommand,
}

#[derive(Subcommand)]
enum LeadCommand {
    /// Make a key: the private half goes into a file that only you read, the public half is printed, to be enrolled
    #[command(after_help = help!("  fusioncell lead keygen --out lead.key"))]
    Keygen {
        /// Where the private half goes; a file that is there is never overwritten
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print the share of one case: with that of a second lead it opens who reported it, and nothing else
    #[command(after_help = help!("  fusioncell lead share --key lead.key --case CASE --secret HEX"))]
    Share {
        /// The private half
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Pseudonym of the case
        #[arg(long, value_name = "CASE")]
        case: CaseId,
        /// What the page of the opening shows for your key
        #[arg(long, value_name = "HEX")]
        secret: String,
    },
}

fn keygen(out: &Path) -> Result<(), Failure> {
    let (private, public) = LeadPrivateKey::generate().context("no key can be made")?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .context(format_args!("{} cannot be made", out.display()))?;
    let written = writeln!(file, "{}\n{}", private.to_hex(), public.to_hex()).and_then(|()| file.sync_all());
    written.context(format_args!("{} cannot be written", out.display()))?;
    println!("{}", public.to_hex());
    Ok(())
}

fn private(path: &Path) -> Result<LeadPrivateKey, Failure> {
    let unreadable = |why: String| Failure::unreadable(format!("{}: {why}", path.display()));
    let file = fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let mode = file.metadata().map_err(|error| unreadable(error.to_string()))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(unreadable("others may read it: set mode 600, and consider the key known".to_owned()));
    }
    let mut text = String::new();
    file.take(KEY_FILE_BYTES_MAX).read_to_string(&mut text).map_err(|error| unreadable(error.to_string()))?;
    // The public half stands below it, for the page that a browser loads it into.
    LeadPrivateKey::parse(text.lines().next().unwrap_or_default()).map_err(|error| unreadable(error.to_string()))
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.trim().as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if digits.len().is_multiple_of(2) { digits.chunks(2).map(pair).collect() } else { None }
}

/// Runs the command.
pub fn run(args: LeadArgs) -> Result<(), Failure> {
    match args.command {
        LeadCommand::Keygen { out } => keygen(&out),
        LeadCommand::Share { key, case, secret } => {
            let secret = bytes(&secret)
                .ok_or_else(|| Failure::unreadable("--secret: hexadecimal digits are expected".to_owned()))?;
            let share = share_of(&private(&key)?, &secret, case).context("no share")?;
            println!("{}", share.to_hex());
            Ok(())
        }
    }
}
