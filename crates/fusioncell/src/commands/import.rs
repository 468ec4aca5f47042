//! `fusioncell import`: reads files and folders of threat data into the store, without a server.

use std::fs::File;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use formats::{Format, Summary};
use indicatif::{ProgressBar, ProgressStyle};
use intake::{ImportError, Importer, Reporter};
use model::{Marking, WhoMayBeWarned, WhoMayKnow};
use register::Answers;
use release::Sets;
use vault::{JournalError, Vault, VaultError};

use super::Folders;
use super::import_files::{self, Found};
use super::import_report::{ImportReport, Totals, format_name};
use crate::failure::{Context as _, Failure};
use crate::outside::SystemClock;
use crate::{logs, networks, noise, store};

/// Read files and folders of threat data into the store.
///
/// What a file is shows in its content: MISP event JSON and feed folders, STIX 2.0 and 2.1 bundles, CSV and TSV, plain
/// text with defanged indicators, labelled report lines, and gzip or zstd of these. Folders are read with all that lies
/// in them. Neither a running server nor `admin init` is needed.
#[derive(Args)]
#[command(after_help = help!("  fusioncell import --data-dir D feed/ report.json iocs.csv.gz
  fusioncell import --data-dir D --as \"Calder Power\" --warn next-epoch --know nobody sightings.csv
  fusioncell import --data-dir D --json stix/ | jq .accepted

What is imported is the cell's own unless --as names a member.", "\
Files that hold bad objects are read all the same: each is listed by file and line, and the exit code is 0.
It is 1 if a file could not be read, or not to its end: not opened, damaged, too big, broken JSON, or named here and of no
known format. Files of no known format inside a folder are told and count as refused. The others are read all the same."))]
pub struct ImportArgs {
    #[command(flatten)]
    folders: Folders,
    /// The member organisation that submits this [default: the cell itself]
    #[arg(long = "as", value_name = "ORG", requires_all = ["warn", "know"])]
    organisation: Option<String>,
    /// Who may be warned: now, next-epoch, once-three or cell-only; nothing is chosen for a member: --as needs it
    /// [default for what is the cell's own: now]
    #[arg(long, value_name = "WHO", value_parser = ["now", "next-epoch", "once-three", "cell-only"])]
    warn: Option<String>,
    /// Who may know who reported it: nobody, cell or everybody; --as needs it too
    /// [default for what is the cell's own: cell]
    #[arg(long, value_name = "WHO", value_parser = ["nobody", "cell", "everybody"])]
    know: Option<String>,
    /// TLP of what carries none of its own
    #[arg(long, value_name = "LABEL")]
    tlp: Option<String>,
    /// PAP of what carries none of its own
    #[arg(long, value_name = "LABEL")]
    pap: Option<String>,
    /// Folder of lists of everyday values, which link nothing: MISP warning-lists and plain lists; may be given more than once.
    /// They stay in use until others are given
    #[arg(long = "noise", value_name = "DIR")]
    noise: Vec<PathBuf>,
    /// Table of network operators, by which reports of one operator's addresses are linked a little: a CSV file of lines
    /// first,last,asn,name of IPv4 or IPv6, packed by gzip or zstd or not; may be given more than once. It stays in use until
    /// another is given
    #[arg(long = "networks", value_name = "FILE")]
    networks: Vec<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Runs it.
pub fn run(args: ImportArgs) -> Result<(), Failure> {
    let start = Instant::now();
    logs::start("warn", false);
    let files = import_files::find(&args.paths);
    let mut report = ImportReport::default();
    for (path, why) in &files.unreadable {
        report.unopened(path, why);
    }
    for (path, why) in &files.passed_over {
        report.problem(path, None, "", why);
    }
    let answers = answers(&args)?;
    let marking = marking(&args)?;
    let vault = store::vault(&args.folders, store::genesis(store::PARTNERSHIP, false))?;
    let (noise, networks) = (noise::read(&args.noise)?, networks::read(&args.networks)?);
    let sets = Sets { noise: noise.map(Into::into), networks: networks.map(Into::into) };
    release::use_sets(&vault, &sets).context(args.folders.data_dir.display())?;
    let genesis = vault.genesis();
    let reporter = match &args.organisation {
        None => Reporter::cell(&genesis.partnership),
        Some(name) => {
            let register = store::register(&args.folders.data_dir)?;
            let held = register
                .organisation_named(name)
                .ok_or_else(|| Failure::new(format!("there is no organisation {name:?}")))?;
            Reporter::member(&held, &register)
        }
    };
    let bar = progress_bar(files.found.iter().map(|file| file.bytes).sum());
    let clock = SystemClock;
    let mut stopped = None;
    for file in &files.found {
        if stopped.is_some() {
            report.unopened(&file.path, "it was not reached");
            continue;
        }
        if file.feed_index {
            report.add(format_name(Some(Format::MispManifest)), Totals { files: 1, ..Totals::default() });
            continue;
        }
        let mut importer = Importer::new(&reporter, answers, marking, genesis.exercise, &clock);
        let outcome = match read(file, &bar, &mut importer, &vault) {
            Ok(outcome) => outcome,
            Err(error) => {
                report.unopened(&file.path, &error.to_string());
                continue;
            }
        };
        let totals = importer.into_totals();
        for problem in &totals.problems {
            report.problem(&file.path, problem.line, &problem.field, &problem.why);
        }
        report.left_out(totals.untold);
        // A folder may hold anything: what is of no known format in it is told and passed by.
        let passed_by = !file.named && outcome.as_ref().is_ok_and(|summary| summary.unknown);
        for problem in &totals.unread {
            if passed_by {
                report.problem(&file.path, problem.line, &problem.field, &problem.why);
            } else {
                report.unreadable(&file.path, problem.line, &problem.field, &problem.why);
            }
        }
        let format = outcome.as_ref().ok().and_then(|summary| summary.format);
        let not_read = !passed_by && (!totals.unread.is_empty() || outcome.is_err());
        report.add(
            format_name(format),
            Totals {
                files: 1,
                reports: totals.reports,
                accepted: totals.accepted,
                duplicates: totals.duplicates,
                refused: totals.refused + u64::from(passed_by),
                not_read: u64::from(not_read),
            },
        );
        if let Err(error) = outcome {
            report.unreadable(&file.path, None, "", &format!("the import stopped here: {error}"));
            stopped = Some(error);
        }
    }
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    print!("{}", if args.json { report.json(seconds) + "\n" } else { report.text(seconds) });
    vault.checkpoint(true).context("checkpoint")?;
    match (stopped, report.unreadable_count()) {
        (Some(error), _) => Err(Failure::new(format!("the import stopped before its end: {error}"))),
        (None, 0) => Ok(()),
        (None, count) => Err(Failure::new(format!("{count} files could not be read to their end"))),
    }
}

fn answers(args: &ImportArgs) -> Result<Answers, Failure> {
    // The defaults are for the cell's own alone: the command line asks for both where a member is named.
    let warn = match args.warn.as_deref() {
        None | Some("now") => WhoMayBeWarned::Now,
        Some("next-epoch") => WhoMayBeWarned::NextEpoch,
        Some("once-three") => WhoMayBeWarned::OnceThreeHaveIt,
        Some(_) => WhoMayBeWarned::CellOnly,
    };
    let know = args.know.as_deref().map_or(Ok(WhoMayKnow::Cell), str::parse).map_err(Failure::new)?;
    Ok(Answers { warn, know })
}

fn marking(args: &ImportArgs) -> Result<Marking, Failure> {
    let default = Marking::default();
    let tlp = args.tlp.as_deref().map(str::parse).transpose().context("--tlp")?;
    let pap = args.pap.as_deref().map(str::parse).transpose().context("--pap")?;
    Ok(Marking { tlp: tlp.unwrap_or(default.tlp), pap: pap.unwrap_or(default.pap) })
}

/// Reads one file; the outer error says why it could not be opened.
fn read(
    file: &Found,
    bar: &ProgressBar,
    importer: &mut Importer<'_>,
    vault: &Arc<Vault>,
) -> std::io::Result<Result<Summary, ImportError>> {
    let path = &file.path;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    bar.set_message(path.display().to_string());
    let before = bar.position();
    let opened = File::open(path);
    let mut reader = bar.wrap_read(opened.inspect_err(|_| bar.inc(file.bytes))?);
    let outcome = importer.read(&name, &mut reader, &mut |chunk| {
        vault.submit(chunk, true).map_err(|error| match error {
            VaultError::Journal(JournalError::Codec(error)) => ImportError::Refused(error.to_string()),
            error => ImportError::Stopped(error.to_string()),
        })
    });
    bar.set_position(before + file.bytes);
    Ok(outcome)
}

/// A bar on a terminal, nothing elsewhere.
fn progress_bar(bytes: u64) -> ProgressBar {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(bytes) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}\n{msg}");
    bar.set_style(style.unwrap_or(ProgressStyle::default_bar()));
    bar
}
