//! The command `hunt`: its options, and what it prints. The binary hands its arguments over and gives the exit code back.

use std::collections::HashSet;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use matcher::EntryId;

use crate::engine::{COMMON_LINES, Hunt};
use crate::worker::Sample;
use crate::{LoadError, Noise, Report, find, load, output};

/// Something was found.
pub const FOUND: u8 = 0;
/// Nothing was found, and all was read.
pub const CLEAN: u8 = 1;
/// Something could not be read, or the command line is wrong.
pub const TROUBLE: u8 = 2;

/// Looks for indicators in logs. Nothing leaves this machine.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  fusioncell hunt -i indicators.txt /var/log\n  fusioncell hunt -i misp-feed/ -i iocs.stix.json --noise warninglists/ --since 2025-01-01 logs/*.gz\n  \
        zcat big.log.gz | fusioncell hunt -i list.fci --json -\n  fusioncell hunt compile -i iocs.tsv.zst -o list.fci\n\n\
        Exit codes:\n  0  found\n  1  clean: nothing found, and everything was read\n  2  trouble: something could not be read (what was found is told all the same)"
)]
pub struct HuntArgs {
    #[command(subcommand)]
    command: Option<HuntCommand>,
    #[command(flatten)]
    look: LookArgs,
}

#[derive(Subcommand, Debug)]
enum HuntCommand {
    /// Write indicators to one file that opens at once
    #[command(
        after_help = "Examples:\n  fusioncell hunt compile -i iocs.tsv.zst -o list.fci\n  fusioncell hunt compile -i misp-feed/ -i list.txt -o list.fci\n\n\
            Exit codes:\n  0  done\n  2  trouble: something could not be read or written, or the command line is wrong"
    )]
    Compile(CompileArgs),
}

#[derive(Args, Debug)]
struct CompileArgs {
    /// List, table, STIX, MISP, or a folder of them; may be repeated
    #[arg(short, long, value_name = "PATH", required = true)]
    indicators: Vec<PathBuf>,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args, Debug)]
struct LookArgs {
    /// List, table, STIX, MISP, a folder of them, or a compiled file; may be repeated
    #[arg(short, long, value_name = "PATH", required = true)]
    indicators: Vec<PathBuf>,
    /// Logs: files, folders, or - for standard input; packed ones are unpacked
    #[arg(value_name = "LOGS", required = true)]
    logs: Vec<PathBuf>,
    /// Folder of warning lists; what is on one is kept quiet
    #[arg(long, value_name = "DIR")]
    noise: Option<PathBuf>,
    /// One JSON object a line for each hit, and nothing else
    #[arg(long, conflicts_with_all = ["csv", "sightings"])]
    json: bool,
    /// A table, one row an indicator
    #[arg(long, conflicts_with = "sightings")]
    csv: bool,
    /// A bundle of sightings (STIX 2.1)
    #[arg(long)]
    sightings: bool,
    /// Leave out lines before this time; lines that tell none stay
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<i64>,
    /// Leave out lines from this time on
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<i64>,
    /// Use only indicators that were valid then
    #[arg(long, value_name = "TIME", value_parser = moment)]
    as_of: Option<i64>,
    /// Show over-common values and those on warning lists like others
    #[arg(long)]
    all: bool,
    /// Lines above which a value is over-common
    #[arg(long, value_name = "N", default_value_t = COMMON_LINES)]
    common: u64,
    /// Threads [default: one a core]
    #[arg(short = 'j', long, value_name = "N")]
    threads: Option<usize>,
    /// Go on with what is written to the files from now on
    #[arg(long)]
    follow: bool,
    /// Print no progress and no remarks
    #[arg(short, long)]
    quiet: bool,
}

fn moment(text: &str) -> Result<i64, String> {
    formats::parse_time(text).map(model::Timestamp::as_millis)
}

/// Runs the command at a time, in milliseconds since 1970; messages go to standard error, and the exit code comes back.
#[must_use]
pub fn run(args: HuntArgs, now: i64) -> u8 {
    matcher::end_on_cut(TROUBLE);
    let outcome = match args.command {
        Some(HuntCommand::Compile(args)) => compile(&args),
        None => look(&args.look, now),
    };
    outcome.unwrap_or_else(|error| {
        // Where nothing can be looked for, the reasons are no remarks that could be left out.
        tell(&error.report, false);
        eprintln!("hunt: {error}");
        TROUBLE
    })
}

fn tell(report: &Report, quiet: bool) {
    for remark in report.remarks().iter().filter(|_| !quiet) {
        eprintln!("hunt: {remark}");
    }
}

fn compile(args: &CompileArgs) -> Result<u8, LoadError> {
    let (index, _, report) = load(&args.indicators)?;
    tell(&report, false);
    index.save(&args.out).map_err(|why| format!("{}: {why}", args.out.display()))?;
    let each = index.bytes_len() as f64 / index.len().max(1) as f64;
    eprintln!(
        "hunt: {} indicators in {} bytes, {each:.1} each: {}",
        index.len(),
        index.bytes_len(),
        args.out.display()
    );
    Ok(if report.broken.is_empty() { 0 } else { TROUBLE })
}

fn look(args: &LookArgs, now: i64) -> Result<u8, LoadError> {
    // It measures, though it shows nothing.
    let start = ProgressBar::hidden();
    let noise = args.noise.as_deref().map(Noise::load).transpose()?;
    let (index, notes, report) = load(&args.indicators)?;
    tell(&report, args.quiet);
    if let Some(noise) = noise.as_ref().filter(|noise| !args.quiet && !noise.unused.is_empty()) {
        eprintln!("hunt: {} warning lists are not used in full", noise.unused.len());
    }
    if !args.quiet {
        let ready = output::counted(index.len(), "indicator");
        eprintln!("hunt: {ready} ready after {:.2} s", start.elapsed().as_secs_f64());
    }
    let sources = find(&args.logs);
    if sources.passed_over > 0 && !args.quiet {
        let links = output::counted(sources.passed_over, "link or device");
        eprintln!("hunt: {links} in folders passed over: what is to be read has to be named");
    }
    let paths: Vec<PathBuf> = sources.all.iter().map(|source| source.path.clone()).collect();
    let mut hunt = Hunt::new(&index, &notes);
    hunt.noise = noise.as_ref();
    (hunt.since, hunt.until, hunt.as_of) = (args.since, args.until, args.as_of);
    (hunt.all, hunt.common_lines) = (args.all, args.common);
    if let Some(threads) = args.threads {
        hunt.threads = threads.max(1);
    }
    let told = Mutex::new(HashSet::new());
    let broken_pipe = Mutex::new(false);
    let plain = Hunt { each: None, ..Hunt::new(&index, &notes) };
    let each = |id: EntryId, sample: &Sample| {
        let Some(entry) = index.entry(id) else { return };
        // A literal has an entry for each of its forms: a line is told once.
        let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if matcher_forms(entry.kind)
            && !told.insert((sample.source, sample.offset, entry.kind, entry.value.clone(), entry.note))
        {
            return;
        }
        let quiet = noise.as_ref().and_then(|noise| noise.list_of(&entry.value));
        let line = if args.json {
            output::json_line(&plain, &entry, sample, &paths, quiet).to_string()
        } else {
            format!(
                "{}  {}  {}",
                entry.value,
                paths.get(sample.source).map_or_else(String::new, |path| path.display().to_string()),
                sample.line
            )
        };
        if writeln!(io::stdout().lock(), "{line}").is_err() {
            *broken_pipe.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = true;
        }
    };
    if args.json || args.follow {
        hunt.each = Some(&each);
    }
    let before = start.elapsed();
    let bar = progress(sources.all.iter().map(|source| source.bytes).sum(), args.quiet);
    let mut found = hunt.run(&sources, &mut |bytes| bar.set_position(bytes));
    bar.finish_and_clear();
    let scanned = start.elapsed().saturating_sub(before);
    if args.follow {
        let files: Vec<PathBuf> =
            sources.all.iter().filter(|source| source.is_file).map(|source| source.path.clone()).collect();
        found.trouble.extend(hunt.follow(&files, &|| false));
    }
    let paint = output::Paint(io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none());
    let text = if args.json || args.follow {
        String::new()
    } else if args.csv {
        output::csv(&hunt, &found, &paths)
    } else if args.sightings {
        format!("{:#}\n", output::sightings(&hunt, &found, now))
    } else {
        output::readable(&hunt, &found, &paths, paint, args.as_of.unwrap_or(now))
    };
    // Who reads may have had enough: that is no trouble.
    let _ = io::stdout().lock().write_all(text.as_bytes());
    for why in &found.trouble {
        eprintln!("hunt: {why}");
    }
    if !args.quiet {
        eprintln!("hunt: {} in {:.2} s", output::counted(found.bytes, "byte"), scanned.as_secs_f64());
    }
    let loud = found.indicators.iter().any(|seen| args.all || seen.mention.quiet.is_none());
    Ok(match (found.trouble.is_empty() && report.broken.is_empty(), loud) {
        (false, _) => TROUBLE,
        (true, true) => FOUND,
        (true, false) => CLEAN,
    })
}

/// Kinds that are written in several forms.
const fn matcher_forms(kind: model::Kind) -> bool {
    use model::Kind;
    matches!(kind, Kind::Mac | Kind::Tlsh | Kind::X509Fingerprint | Kind::RegistryKey)
}

fn progress(bytes: u64, quiet: bool) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() || bytes == 0 {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
