//! `fusioncell import`: reads files and folders of threat data into the store, without a server.

use std::fs::File;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use formats::Summary;
use indicatif::{ProgressBar, ProgressStyle};
use intake::{ImportError, Importer, Reporter};
use model::{Marking, WhoMayBeWarned};
use register::Answers;
use vault::Vault;

use super::Folders;
use super::import_files::{self, Found};
use super::import_report::{ImportReport, Totals, format_name};
use crate::failure::{Context as _, Failure};
use crate::outside::SystemClock;
use crate::{logs, noise, store};

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
It is 1 if a file could not be read at all."))]
pub struct ImportArgs {
    #[command(flatten)]
    folders: Folders,
    /// The member organisation that submits this [default: the cell itself]
    #[arg(long = "as", value_name = "ORG")]
    organisation: Option<String>,
    /// Who may be warned: now, next-epoch, once-three or cell-only
    #[arg(long, value_name = "WHO", default_value = "now", value_parser = ["now", "next-epoch", "once-three", "cell-only"])]
    warn: String,
    /// Who may know who reported it: nobody, cell or everybody
    #[arg(long, value_name = "WHO", default_value = "cell", value_parser = ["nobody", "cell", "everybody"])]
    know: String,
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
        report.unreadable(path, why);
    }
    let answers = answers(&args)?;
    let marking = marking(&args)?;
    let vault = store::vault(&args.folders, store::genesis(store::PARTNERSHIP, false))?;
    release::use_sets(&vault, noise::read(&args.noise)?.as_deref()).context(args.folders.data_dir.display())?;
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
    for file in &files.found {
        let mut importer = Importer::new(&reporter, answers, marking, genesis.exercise, &clock);
        match read(file, &bar, &mut importer, &vault) {
            Ok(Some(summary)) => {
                let totals = importer.into_totals();
                for problem in &totals.problems {
                    report.problem(&file.path, problem.line, &problem.field, &problem.why);
                }
                report.left_out(totals.refused.saturating_sub(totals.problems.len() as u64));
                report.add(
                    format_name(summary.format),
                    Totals {
                        files: 1,
                        reports: totals.reports,
                        accepted: totals.accepted,
                        duplicates: totals.duplicates,
                        refused: totals.refused,
                    },
                );
            }
            Ok(None) => report.unreadable(&file.path, "it could not be opened"),
            Err(failure) => return Err(failure),
        }
    }
    bar.finish_and_clear();
    vault.checkpoint(true).context("checkpoint")?;
    let seconds = start.elapsed().as_secs_f64();
    print!("{}", if args.json { report.json(seconds) + "\n" } else { report.text(seconds) });
    match report.unreadable_count() {
        0 => Ok(()),
        count => Err(Failure::new(format!("{count} paths could not be read"))),
    }
}

fn answers(args: &ImportArgs) -> Result<Answers, Failure> {
    let warn = match args.warn.as_str() {
        "now" => WhoMayBeWarned::Now,
        "next-epoch" => WhoMayBeWarned::NextEpoch,
        "once-three" => WhoMayBeWarned::OnceThreeHaveIt,
        _ => WhoMayBeWarned::CellOnly,
    };
    Ok(Answers { warn, know: args.know.parse().map_err(Failure::new)? })
}

fn marking(args: &ImportArgs) -> Result<Marking, Failure> {
    let default = Marking::default();
    let tlp = args.tlp.as_deref().map(str::parse).transpose().context("--tlp")?;
    let pap = args.pap.as_deref().map(str::parse).transpose().context("--pap")?;
    Ok(Marking { tlp: tlp.unwrap_or(default.tlp), pap: pap.unwrap_or(default.pap) })
}

/// Reads one file; `None` if it could not be opened.
fn read(
    file: &Found,
    bar: &ProgressBar,
    importer: &mut Importer<'_>,
    vault: &Arc<Vault>,
) -> Result<Option<Summary>, Failure> {
    let path = &file.path;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    bar.set_message(path.display().to_string());
    let before = bar.position();
    let Ok(opened) = File::open(path) else {
        bar.inc(file.bytes);
        return Ok(None);
    };
    let mut reader = bar.wrap_read(opened);
    let summary = importer
        .read(&name, &mut reader, &mut |chunk| {
            vault.submit(chunk, true).map_err(|error| ImportError(error.to_string()))
        })
        .context(path.display())?;
    bar.set_position(before + file.bytes);
    Ok(Some(summary))
}

/// A bar on a terminal, nothing elsewhere.
fn progress_bar(bytes: u64) -> ProgressBar {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(bytes) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}\n{msg}");
    bar.set_style(style.unwrap_or(ProgressStyle::default_bar()));
    bar
}
