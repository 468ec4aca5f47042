//! `fusioncell receipt`: checks receipts without any server, and prints the key to check them with.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use intake::receipt::{PublicKey, RECEIPT_KEY, ReceiptError, ReceiptKey, SignedReceipt, sha256};

use super::Folders;
use crate::failure::{Context as _, Failure};
use crate::outside::SystemEntropy;

/// Longest file that is read, the report itself among them.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Checks a receipt, or prints the key to check receipts with.
#[derive(Args)]
#[command(after_help = help!("  fusioncell receipt verify receipt.json --key receipt-key.pem
  fusioncell receipt key --data-dir D > receipt-key.pem"))]
pub struct ReceiptArgs {
    #[command(subcommand)]
    command: ReceiptCommand,
}

#[derive(Subcommand)]
enum ReceiptCommand {
    /// Check that a partnership signed a receipt as it stands; no server is asked
    #[command(after_help = "\
Examples:
  fusioncell receipt verify receipt.json --key receipt-key.pem
  fusioncell receipt verify answer.json --key receipt-key.pem --report report.json

Exit codes:
  0  done: the receipt is good
  1  it is forged: the message says what does not fit
  2  the receipt or the key cannot be read, or the command line is wrong")]
    Verify(VerifyArgs),
    /// Print the public key with which this partnership's receipts can be checked
    #[command(after_help = help!("  fusioncell receipt key --data-dir D > receipt-key.pem"))]
    Key(Folders),
}

#[derive(Args)]
struct VerifyArgs {
    /// The receipt, or the whole answer to the report
    #[arg(value_name = "FILE")]
    receipt: PathBuf,
    /// Public key of the partnership, as `receipt key` and /api/v1/receipt-key give it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The report as it was sent: its bytes must be those that were received
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The reference that the receipt must be of
    #[arg(long, value_name = "REFERENCE")]
    reference: Option<String>,
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |why: String| Failure::unreadable(format!("{}: {why}", path.display()));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(unreadable(format!("more than {FILE_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    let failed = |path: &Path, error: ReceiptError| match error {
        ReceiptError::Unreadable(why) => Failure::unreadable(format!("{}: {why}", path.display())),
        ReceiptError::Forged(why) => Failure::new(format!("{}: forged: {why}", path.display())),
    };
    let forged = |why: &str| failed(&args.receipt, ReceiptError::Forged(why.to_owned()));
    let key = PublicKey::of_pem(&read(&args.key)?).map_err(|error| failed(&args.key, error))?;
    let receipt = SignedReceipt::read(&read(&args.receipt)?).map_err(|error| failed(&args.receipt, error))?;
    receipt.verify(&key).map_err(|error| failed(&args.receipt, error))?;
    if args.reference.as_ref().is_some_and(|reference| *reference != receipt.reference) {
        return Err(forged("it is of another reference"));
    }
    if let Some(report) = &args.report
        && sha256(&read(report)?) != receipt.report_sha256
    {
        return Err(forged("it is of another report than the one that was given"));
    }
    let exercise = if receipt.exercise { " (an exercise)" } else { "" };
    println!(
        "good: {} received report {} at {}{exercise}",
        receipt.partnership, receipt.reference, receipt.received_at
    );
    Ok(())
}

fn key(folders: Folders) -> Result<(), Failure> {
    let keys = folders.keys_dir.unwrap_or_else(|| vault::default_keys_dir(&folders.data_dir));
    let none =
        || Failure::new(format!("{}/{RECEIPT_KEY} is not there: a server makes it when it starts", keys.display()));
    let seed = vault::own_key(&keys, RECEIPT_KEY, &SystemEntropy, false).context("key")?.ok_or_else(none)?;
    let key = ReceiptKey::new(&seed).ok_or_else(none)?;
    print!("{}", key.public().pem());
    Ok(())
}

/// Runs it.
pub fn run(args: ReceiptArgs) -> Result<(), Failure> {
    match args.command {
        ReceiptCommand::Verify(args) => verify(&args),
        ReceiptCommand::Key(folders) => key(folders),
    }
}
