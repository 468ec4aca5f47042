//! Lists of everyday values: MISP warning-lists and plain lists of domains or ranges.

use crate::Problem;

/// How the entries of a list match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// Addresses and ranges.
    Cidr,
    /// Equal to the value.
    String,
    /// Equal to the host or a parent domain of it.
    Hostname,
    /// Contained in the value.
    Substring,
    /// Regular expressions: read, reported, not used.
    Regex,
}

/// A list of everyday values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarningList {
    /// Its name.
    pub name: String,
    /// What it holds, for a person.
    pub description: String,
    /// How entries match.
    pub kind: ListKind,
    /// Its version.
    pub version: String,
    /// The entries as they stand in the list.
    pub entries: Vec<String>,
}

/// Reads a MISP warning-list (JSON). Entries that cannot be used are problems; the list without them is returned.
#[must_use]
pub fn parse_warning_list(bytes: &[u8]) -> (Option<WarningList>, Vec<Problem>) {
    let _ = bytes;
    (None, Vec::new())
}

/// Reads a plain list (gzip or zstd or not) of domains, addresses or ranges, one a line, `#` starting a comment.
#[must_use]
pub fn parse_plain_list(name: &str, bytes: &[u8]) -> (Option<WarningList>, Vec<Problem>) {
    let _ = (name, bytes);
    (None, Vec::new())
}
