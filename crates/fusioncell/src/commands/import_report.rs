//! What an import tells at its end: problems by file and line, then a table of totals; or the same as JSON.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use formats::Format;
use serde::Serialize;

use crate::table::{Table, thousands};

/// Most problems that are kept for the list; the rest is counted.
const PROBLEMS_KEPT_MAX: usize = 20_000;

/// The row of paths that were never opened.
const NOT_OPENED: &str = "not opened";

/// Counts of one format, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Files.
    pub files: u64,
    /// Reports made of them.
    pub reports: u64,
    /// Values that are new of this submitter.
    pub accepted: u64,
    /// Values that the same submitter has sent before, or that stand in one report twice.
    pub duplicates: u64,
    /// Values that could not be taken, and reports that hold none.
    pub refused: u64,
    /// Files that could not be read, or not to their end.
    pub not_read: u64,
}

impl Totals {
    fn add(&mut self, more: &Self) {
        self.files += more.files;
        self.reports += more.reports;
        self.accepted += more.accepted;
        self.duplicates += more.duplicates;
        self.refused += more.refused;
        self.not_read += more.not_read;
    }
}

/// One problem with its place.
#[derive(Clone, Debug, Serialize)]
pub struct Located {
    file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<NonZeroU32>,
    #[serde(skip_serializing_if = "String::is_empty")]
    field: String,
    why: String,
}

/// Everything that an import tells.
#[derive(Debug, Default)]
pub struct ImportReport {
    by_format: BTreeMap<&'static str, Totals>,
    problems: Vec<Located>,
    problems_left_out: u64,
    unreadable: Vec<Located>,
}

#[derive(Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    total: Totals,
    unreadable: &'a [Located],
    by_format: &'a BTreeMap<&'static str, Totals>,
    problems: &'a [Located],
    problems_left_out: u64,
    seconds: f64,
}

/// The name of a format in the table.
pub const fn format_name(format: Option<Format>) -> &'static str {
    match format {
        Some(Format::Misp) => "MISP event",
        Some(Format::MispManifest) => "MISP feed index",
        Some(Format::Stix) => "STIX",
        Some(Format::ReportLines) => "report lines",
        Some(Format::Table) => "CSV/TSV",
        Some(Format::Prose) => "prose",
        Some(Format::Mail) => "mail",
        None => "not recognised",
    }
}

impl ImportReport {
    /// Adds counts to a format.
    pub fn add(&mut self, format: &'static str, more: Totals) {
        self.by_format.entry(format).or_default().add(&more);
    }

    /// Adds a problem.
    pub fn problem(&mut self, file: &Path, line: Option<NonZeroU32>, field: &str, why: &str) {
        if self.problems.len() < PROBLEMS_KEPT_MAX {
            self.problems.push(Located { file: file.to_owned(), line, field: field.to_owned(), why: why.to_owned() });
        } else {
            self.problems_left_out += 1;
        }
    }

    /// Adds problems that were counted but not handed out.
    pub fn left_out(&mut self, count: u64) {
        self.problems_left_out += count;
    }

    /// Adds a path that could not be opened.
    pub fn unopened(&mut self, file: &Path, why: &str) {
        self.add(NOT_OPENED, Totals { not_read: 1, ..Totals::default() });
        self.unreadable(file, None, "", why);
    }

    /// Tells why a file could not be read, or not to its end.
    pub fn unreadable(&mut self, file: &Path, line: Option<NonZeroU32>, field: &str, why: &str) {
        self.unreadable.push(Located { file: file.to_owned(), line, field: field.to_owned(), why: why.to_owned() });
    }

    /// How many files could not be read.
    pub fn unreadable_count(&self) -> u64 {
        self.total().not_read
    }

    fn total(&self) -> Totals {
        let mut total = Totals::default();
        self.by_format.values().for_each(|totals| total.add(totals));
        total
    }

    /// The list of problems and the table.
    pub fn text(&self, seconds: f64) -> String {
        let mut text = String::new();
        for located in self.problems.iter().chain(&self.unreadable) {
            text.push_str(&located.text());
            text.push('\n');
        }
        if self.problems_left_out > 0 {
            text.push_str(&format!("and {} more problems\n", thousands(self.problems_left_out)));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let mut table = Table::new(&["", "files", "reports", "accepted", "duplicates", "refused", "not read"]);
        let row = |name: &str, totals: &Totals| {
            let of_values = [totals.reports, totals.accepted, totals.duplicates, totals.refused];
            let counts = std::iter::once(totals.files).chain(of_values).chain([totals.not_read]);
            std::iter::once(name.to_owned()).chain(counts.map(thousands)).collect::<Vec<_>>()
        };
        for (name, totals) in &self.by_format {
            table.row(row(name, totals));
        }
        let total = self.total();
        table.row(row("total", &total));
        text.push_str(&table.render());
        let values = total.accepted + total.duplicates + total.refused;
        text.push_str(&format!("\n{} values in {seconds:.1} s", thousands(values)));
        if total.not_read > 0 {
            text.push_str(&format!("; {} files could not be read to their end", thousands(total.not_read)));
        }
        text.push('\n');
        text
    }

    /// The same for scripts.
    pub fn json(&self, seconds: f64) -> String {
        let json = Json {
            total: self.total(),
            unreadable: &self.unreadable,
            by_format: &self.by_format,
            problems: &self.problems,
            problems_left_out: self.problems_left_out,
            seconds,
        };
        serde_json::to_string_pretty(&json).unwrap_or_default()
    }
}

impl Located {
    fn text(&self) -> String {
        let file = printable(&self.file.to_string_lossy());
        let line = self.line.map_or(String::new(), |line| format!(":{line}"));
        let field = if self.field.is_empty() { String::new() } else { format!(" {}:", printable(&self.field)) };
        format!("{file}{line}:{field} {}", printable(&self.why))
    }
}

/// Hostile files may hold codes that move a terminal's cursor or colour: they are shown as their numbers.
fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_then_the_table() {
        let mut report = ImportReport::default();
        let totals = |files, accepted, duplicates, refused, not_read| Totals {
            files,
            reports: files,
            accepted,
            duplicates,
            refused,
            not_read,
        };
        report.add("MISP event", totals(2, 1200, 3, 1, 0));
        report.add("STIX", totals(1, 5, 0, 0, 1));
        report.problem(
            Path::new("a/b.json"),
            NonZeroU32::new(7),
            "Event.Attribute[3].value",
            "\"x\u{1b}[2J\" is no IPv4 address",
        );
        report.unopened(Path::new("gone"), "no such file");
        report.unreadable(Path::new("cut.json"), NonZeroU32::new(2), "objects", "broken off");
        assert_eq!(
            report.text(1.25),
            "a/b.json:7: Event.Attribute[3].value: \"x\\u{1b}[2J\" is no IPv4 address\ngone: no such file\n\
             cut.json:2: objects: broken off\n\n\
             \x20           files  reports  accepted  duplicates  refused  not read\n\
             MISP event      2        2     1,200           3        1         0\n\
             STIX            1        1         5           0        0         1\n\
             not opened      0        0         0           0        0         1\n\
             total           3        3     1,205           3        1         2\n\n\
             1,209 values in 1.2 s; 2 files could not be read to their end\n"
        );
        assert_eq!(report.unreadable_count(), 2);
        assert!(report.json(1.0).contains("\"accepted\": 1205"));
    }
}
