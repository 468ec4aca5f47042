//! `fusioncell lead`: the command line as a lead's own device, which asks no server; and the operator's word on whose a lead's key is.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use model::CaseId;
use register::{Actor, lead_key_fingerprint};
use vault::{LeadPrivateKey, share_of};

use crate::failure::{Context as _, Failure};
use crate::store;

/// Longest key file that is read.
const KEY_FILE_BYTES_MAX: u64 = 4096;

/// Makes a lead's key, confirms whose a key is, and prints the share of a case that a key gives.
#[derive(Args)]
#[command(after_help = help!("  fusioncell lead keygen --out lead.key
  fusioncell lead confirm --data-dir D --email ada@cell.example --fingerprint \"2d71 16c4 …\"
  fusioncell lead share --key lead.key --case CASE --secret HEX"))]
pub struct LeadArgs {
    #[command(subcommand)]
    command: LeadCommand,
}

#[derive(Subcommand)]
enum LeadCommand {
    /// Make a key: the private half goes into a file that only you read; the public half is printed, to be enrolled, and its fingerprint, to
    /// be read out to those who confirm it
    #[command(after_help = help!("  fusioncell lead keygen --out lead.key"))]
    Keygen {
        /// Where the private half goes; a file that is there is never overwritten
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Confirm that a lead's key is theirs, as whoever runs the server: from the next moment on sources are sealed to it
    #[command(after_help = help!("  fusioncell lead confirm --data-dir D --email ada@cell.example --fingerprint \"2d71 16c4 …\"

Have the lead read the fingerprint out to you, by telephone or face to face: whoever enrols a key in a lead's name
opens sources in it. The first two leads' keys are yours to confirm; for others two leads can do it on their page."))]
    Confirm {
        /// Folder of the stored data; it may be served at the same time
        #[arg(long, value_name = "D")]
        data_dir: PathBuf,
        /// The lead's e-mail address
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// What the lead read out: 32 digits from 0 to 9 and a to f, in groups if you like
        #[arg(long, value_name = "DIGITS")]
        fingerprint: String,
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
    eprintln!("fingerprint: {}", lead_key_fingerprint(public.as_bytes()));
    Ok(())
}

fn confirm(data_dir: &Path, email: &str, fingerprint: &str) -> Result<(), Failure> {
    let register = store::register(data_dir)?;
    let lead = register.person_named(email).context("not confirmed")?;
    register.confirm_lead_key(&Actor::operator(), lead.id, fingerprint).context("not confirmed")?;
    println!("confirmed: sources are sealed to the key of {email} from now on");
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
        LeadCommand::Confirm { data_dir, email, fingerprint } => confirm(&data_dir, &email, &fingerprint),
        LeadCommand::Share { key, case, secret } => {
            let secret = bytes(&secret)
                .ok_or_else(|| Failure::unreadable("--secret: hexadecimal digits are expected".to_owned()))?;
            let share = share_of(&private(&key)?, &secret, case).context("no share")?;
            println!("{}", share.to_hex());
            Ok(())
        }
    }
}
