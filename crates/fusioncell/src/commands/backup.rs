//! `fusioncell backup` and `fusioncell restore`: data and keys separately, while the server goes on.

use std::path::PathBuf;

use clap::Args;

use super::Folders;
use crate::failure::{Context as _, Failure};

/// Copies the data folder to one place and the keys folder to another, while they are served.
///
/// Keep the two apart: with both, it can be told who reported.
#[derive(Args)]
#[command(after_help = help!("  fusioncell backup --data-dir D --to B --keys-to BK"))]
pub struct BackupArgs {
    #[command(flatten)]
    folders: Folders,
    /// Where the data goes; made, or empty
    #[arg(long, value_name = "B")]
    to: PathBuf,
    /// Where the keys go; made, or empty, and not within the data
    #[arg(long, value_name = "BK")]
    keys_to: PathBuf,
}

/// Lays a backup out as a data folder, and its keys as the keys folder, and checks the journal.
#[derive(Args)]
#[command(after_help = help!("  fusioncell restore --from B --keys-from BK --data-dir D
  fusioncell restore --from B --data-dir D --keys-dir K    the keys are still there", "  3  the copy is damaged, or not the one that its keys vouch for"))]
pub struct RestoreArgs {
    #[command(flatten)]
    folders: Folders,
    /// The copy of the data
    #[arg(long, value_name = "B")]
    from: PathBuf,
    /// The copy of the keys [default: the keys folder is there already]
    #[arg(long, value_name = "BK")]
    keys_from: Option<PathBuf>,
}

/// Runs `backup`.
pub fn save(args: BackupArgs) -> Result<(), Failure> {
    let Folders { data_dir, keys_dir } = args.folders;
    let copied = vault::backup(&data_dir, keys_dir, &args.to, &args.keys_to).context("no backup")?;
    println!("{} stores and files in {}", copied.data, args.to.display());
    println!("{} keys in {}: keep them elsewhere", copied.keys, args.keys_to.display());
    Ok(())
}

/// Runs `restore`.
pub fn restore(args: RestoreArgs) -> Result<(), Failure> {
    let Folders { data_dir, keys_dir } = args.folders;
    match vault::restore(&args.from, args.keys_from.as_deref(), &data_dir, keys_dir) {
        Ok((copied, report)) => {
            println!("{} stores and files in {}", copied.data, data_dir.display());
            println!("journal: {} entries, whole, and the one that was signed", report.entries);
            Ok(())
        }
        Err(error @ (vault::VaultError::Journal(_) | vault::VaultError::Checkpoint(_))) => {
            Err(Failure::damaged(format!("the copy is damaged, or not the one that its keys vouch for: {error}")))
        }
        Err(error) => Err(Failure::new(format!("not restored: {error}"))),
    }
}
