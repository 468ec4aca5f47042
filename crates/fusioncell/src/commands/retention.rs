//! `fusioncell retention`: what went of the content of cases by its time, what goes next, and cases that are held.

use std::collections::BTreeMap;

use clap::Args;
use jiff::tz::TimeZone;
use model::{CaseId, Clock as _, Timestamp};
use serde_json::json;
use vault::{Class, Looked, Retention, default_keys_dir};

use super::Folders;
use crate::failure::{Context as _, Failure};
use crate::outside::SystemClock;

const DAY_MILLIS: i64 = 86_400_000;

/// How long what is kept.
#[derive(Args)]
pub struct Keep {
    /// Days after the end of a month that its key of member tokens is kept: after that nobody can tell which reports one member filed;
    /// 60 at least
    #[arg(long, value_name = "DAYS", default_value = "90", value_parser = clap::value_parser!(u32).range(60..))]
    keep_token_keys: u32,
    /// Days after the end of a month that words which were sealed to the cell in it can be read; 60 at least
    #[arg(long, value_name = "DAYS", default_value = "180", value_parser = clap::value_parser!(u32).range(60..))]
    keep_cell_keys: u32,
    /// Days after the last that was said of a case that its words, its thread and its files are kept; 30 at least
    #[arg(long, value_name = "DAYS", default_value = "365", value_parser = clap::value_parser!(u32).range(30..))]
    keep_words: u32,
    /// Days after the last that was said of a case that those of its values are kept which nobody beyond the cell was shown; 30 at least
    #[arg(long, value_name = "DAYS", default_value = "730", value_parser = clap::value_parser!(u32).range(30..))]
    keep_values: u32,
    /// Days after the last that was said of it that what came from outside the partnership is kept; 30 at least
    #[arg(long, value_name = "DAYS", default_value = "180", value_parser = clap::value_parser!(u32).range(30..))]
    keep_letters: u32,
}

impl Keep {
    /// As the vault takes it.
    pub const fn retention(&self) -> Retention {
        Retention {
            token_keys_days: self.keep_token_keys,
            cell_keys_days: self.keep_cell_keys,
            words_days: self.keep_words,
            values_days: self.keep_values,
            letters_days: self.keep_letters,
        }
    }
}

/// Tell which content went by its time and what goes next, or hold a case.
#[derive(Args)]
#[command(after_help = help!("  fusioncell retention --data-dir D
  fusioncell retention --data-dir D --ahead 90 --json
  fusioncell retention --data-dir D --hold 0190f3a2-6c1b-4a2e-9d8a-5f6b7c8d9e0f"))]
#[command(
    long_about = "Tell which content of cases went by its time and what goes next, or hold a case.\n\nIt may be asked while the folder is served. Give it the same --keep options as the server. A case that is held loses nothing by its time until it is let go; docs/retention.md has every class."
)]
pub struct RetentionArgs {
    #[command(flatten)]
    folders: Folders,
    #[command(flatten)]
    keep: Keep,
    /// Days to look ahead
    #[arg(long, value_name = "DAYS", default_value = "30", value_parser = clap::value_parser!(u32).range(0..=36_500))]
    ahead: u32,
    /// Hold a case: nothing of it goes by its time
    #[arg(long, value_name = "CASE", conflicts_with = "let_go")]
    hold: Option<CaseId>,
    /// Hold a case no longer
    #[arg(long, value_name = "CASE")]
    let_go: Option<CaseId>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(args: RetentionArgs) -> Result<(), Failure> {
    let keys_dir = args.folders.keys_dir.clone().unwrap_or_else(|| default_keys_dir(&args.folders.data_dir));
    if let Some((case, hold)) = args.hold.map(|case| (case, true)).or(args.let_go.map(|case| (case, false))) {
        let data_dir = &args.folders.data_dir;
        // One that is held may be let go whatever the data folder says: it may have been laid out again from an older copy.
        let known = !hold && vault::held_cases(&keys_dir).context(keys_dir.display())?.contains(&case)
            || vault::has_case(data_dir, case).context("retention")?;
        if !known {
            return Err(Failure::new(format!("there is no case {case} in {}", data_dir.display())));
        }
        let changed = vault::hold_case(&keys_dir, case, hold).context(keys_dir.display())?;
        println!("case {case} {} {}", if changed { "is" } else { "was" }, if hold { "held" } else { "not held" });
        return Ok(());
    }
    let retention = args.keep.retention();
    let looked = vault::look_ages(&args.folders.data_dir, &keys_dir, &retention, SystemClock.now(), args.ahead)
        .context("retention")?;
    let months = months(&looked);
    if args.json {
        println!("{}", as_json(&looked, &months, &retention, args.ahead));
    } else {
        print(&looked, &months, &retention, args.ahead);
    }
    Ok(())
}

/// How many cases lost each class, by month.
fn months(looked: &Looked) -> BTreeMap<String, BTreeMap<Class, u64>> {
    let mut months: BTreeMap<String, BTreeMap<Class, u64>> = BTreeMap::new();
    for ((day, class), cases) in &looked.gone {
        let at = Timestamp::from_millis(day.saturating_mul(DAY_MILLIS));
        let month = jiff::Timestamp::from_millisecond(at.as_millis())
            .map_or_else(|_| "?".to_owned(), |at| at.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string());
        *months.entry(month).or_default().entry(*class).or_default() += cases;
    }
    months
}

fn count(counts: &BTreeMap<Class, u64>, class: Class) -> u64 {
    counts.get(&class).copied().unwrap_or_default()
}

fn as_json(
    looked: &Looked,
    months: &BTreeMap<String, BTreeMap<Class, u64>>,
    retention: &Retention,
    ahead: u32,
) -> serde_json::Value {
    let counts = |counts: &BTreeMap<Class, u64>| -> serde_json::Map<String, serde_json::Value> {
        Class::ALL.into_iter().map(|class| (class.as_str().to_owned(), json!(count(counts, class)))).collect()
    };
    let kept: serde_json::Map<_, _> =
        Class::ALL.into_iter().map(|class| (class.as_str().to_owned(), json!(retention.days(class)))).collect();
    let gone: serde_json::Map<_, _> = months.iter().map(|(month, gone)| (month.clone(), json!(counts(gone)))).collect();
    json!({
        "cases": looked.cases,
        "kept_days": kept,
        "due": counts(&looked.due),
        "ahead_days": ahead,
        "ahead": counts(&looked.ahead),
        "gone": gone,
        "held": looked.held.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn print(looked: &Looked, months: &BTreeMap<String, BTreeMap<Class, u64>>, retention: &Retention, ahead: u32) {
    println!("{} cases; {} held", looked.cases, looked.held.len());
    for case in &looked.held {
        println!("  {case}");
    }
    println!("what goes next");
    for class in Class::ALL {
        println!(
            "  {:<8} kept {} days; {} cases at the next run, {} within {ahead} days",
            class.as_str(),
            retention.days(class),
            count(&looked.due, class),
            count(&looked.ahead, class),
        );
    }
    println!("what went, by month");
    if months.is_empty() {
        println!("  nothing");
    }
    for (month, gone) in months {
        let told = Class::ALL.map(|class| format!("{} {}", class.as_str(), count(gone, class)));
        println!("  {month}  {}", told.join(", "));
    }
}
