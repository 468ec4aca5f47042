//! The command line: one file for each command.

/// Help that follows the options: examples, then the exit codes, which all commands share.
macro_rules! help {
    ($examples:literal) => {
        concat!(
            "Examples:\n",
            $examples,
            "\n\nExit codes:\n  0  done\n  1  failed: the message says what and why\n  2  the command line is wrong",
        )
    };
    ($examples:literal, $more:literal) => {
        concat!(
            "Examples:\n",
            $examples,
            "\n\nExit codes:\n  0  done\n  1  failed: the message says what and why\n  2  the command line is wrong\n",
            $more,
        )
    };
}

mod admin;
mod admin_group;
mod admin_joining;
mod admin_lists;
mod admin_mail;
mod admin_page;
mod admin_people;
mod audit;
mod backup;
mod demo;
mod hunt;
mod import;
pub mod import_files;
mod import_report;
mod journal;
mod keys;
mod lead;
mod openapi;
mod receipt;
mod retention;
mod serve;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::failure::Failure;

/// Runs a threat-sharing partnership: members report attacks in confidence, and each sees an attack as it happens without
/// learning who reported it.
#[derive(Parser)]
#[command(
    name = "fusioncell",
    version,
    about,
    max_term_width = 110,
    after_help = "\
Examples:
  fusioncell demo                            an exercise with 160 members; prints where to look and three sign-ins
  fusioncell admin init --data-dir D         makes the first cell lead of a real partnership
  fusioncell serve --data-dir D              serves members and the cell
  fusioncell import --data-dir D PATH…       reads MISP, STIX, CSV and prose from files and folders
  fusioncell journal verify --data-dir D     checks the hash chain
  fusioncell hunt -i INDICATORS LOGS…        looks for indicators in logs; needs no server

Each command's --help has examples of its own and tells its exit codes."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve members and the cell from an embedded store
    Serve(Box<serve::ServeArgs>),
    /// Manage organisations, people and keys
    Admin(admin::AdminArgs),
    /// Run an exercise, or a replay of real data, on this machine
    Demo(demo::DemoArgs),
    /// Read files and folders of threat data into the store
    Import(import::ImportArgs),
    /// Look for indicators in logs: has any of this touched us?
    Hunt(Box<::hunt::cli::HuntArgs>),
    /// Copy data and keys to two places, while they are served
    Backup(backup::BackupArgs),
    /// Lay a backup out as data folder and keys folder, and check it
    Restore(backup::RestoreArgs),
    /// Check, rebuild or export the journal
    Journal(journal::JournalArgs),
    /// Tell which content went by its time and what goes next, or hold a case
    Retention(retention::RetentionArgs),
    /// Wrap the keys with one that lies elsewhere
    Keys(keys::KeysArgs),
    /// Check the audit log of what the cell did and read
    Audit(audit::AuditArgs),
    /// Make a lead's key, confirm whose it is, or print the share of a case that it gives
    Lead(lead::LeadArgs),
    /// Check a receipt, or print the key to check receipts with
    Receipt(receipt::ReceiptArgs),
    /// Print the description of every route (OpenAPI, JSON)
    #[command(after_help = help!("  fusioncell openapi > openapi.json"))]
    Openapi,
}

/// Where a partnership's data and keys lie.
#[derive(Args, Clone, Debug)]
pub struct Folders {
    /// Folder of the stored data; made if absent
    #[arg(long, value_name = "D")]
    pub data_dir: PathBuf,
    /// Folder of the keys, which never lie in the data folder [default: D.keys beside it]
    #[arg(long, value_name = "K", env = "FUSIONCELL_KEYS_DIR", hide_env_values = true)]
    pub keys_dir: Option<PathBuf>,
}

/// Runs a command.
pub fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Serve(args) => serve::run(*args),
        Command::Admin(args) => admin::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Import(args) => import::run(args),
        Command::Hunt(args) => hunt::run(*args),
        Command::Backup(args) => backup::save(args),
        Command::Restore(args) => backup::restore(args),
        Command::Journal(args) => journal::run(args),
        Command::Retention(args) => retention::run(args),
        Command::Keys(args) => keys::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Lead(args) => lead::run(args),
        Command::Receipt(args) => receipt::run(args),
        Command::Openapi => openapi::run(),
    }
}
