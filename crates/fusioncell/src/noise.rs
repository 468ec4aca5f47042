//! Lists of everyday values that an operator names: folders of MISP warning-lists and of plain lists.

use std::path::PathBuf;

use formats::{ListKind, parse_plain_list, parse_warning_list, unpack};
use fusion::NoiseSet;

use crate::commands::import_files::find;
use crate::failure::{Context as _, Failure};

/// Largest list, also unpacked.
const LIST_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Reads every list under the folders and files named, as one noise set; `None` without any. What of them cannot be used
/// is told on standard error, by file; a path that cannot be read is an error.
pub fn read(paths: &[PathBuf]) -> Result<Option<String>, Failure> {
    if paths.is_empty() {
        return Ok(None);
    }
    let files = find(paths);
    if let Some((path, why)) = files.unreadable.first() {
        return Err(Failure::new(format!("--noise {}: {why}", path.display())));
    }
    let (mut set, mut lists, mut entries, mut popular) = (NoiseSet::default(), 0_usize, 0_usize, 0_usize);
    for file in files.found {
        let told = file.path.display();
        if file.bytes > LIST_BYTES_MAX {
            return Err(Failure::new(format!("--noise {told}: larger than {LIST_BYTES_MAX} bytes")));
        }
        let bytes = std::fs::read(&file.path).context(format!("--noise {told}"))?;
        let stem = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = stem.split('.').next().unwrap_or(&stem);
        let bytes = unpack(&bytes, LIST_BYTES_MAX).map_err(|why| Failure::new(format!("--noise {told}: {why}")))?;
        let json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        let (list, problems) = if json { parse_warning_list(&bytes) } else { parse_plain_list(name, &bytes) };
        if let Some(first) = problems.first() {
            let more = problems.len() - 1;
            let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
            let field = if first.field.is_empty() { String::new() } else { format!("{}: ", first.field) };
            let line = first.line.map_or(String::new(), |line| format!("{line}: "));
            eprintln!("fusioncell: --noise {told}: {line}{field}{}{more}", first.why);
        }
        let Some(list) = list.filter(|list| !list.entries.is_empty()) else { continue };
        let named = if list.name.is_empty() { name } else { &list.name };
        let kind = match list.kind {
            // The most visited names are no pardon: attackers own some of them.
            _ if is_top_list(named) || is_top_list(name) => fusion::ListKind::Popular,
            ListKind::Cidr => fusion::ListKind::Cidr,
            ListKind::Hostname => fusion::ListKind::Hostname,
            ListKind::Substring => fusion::ListKind::Substring,
            ListKind::String => fusion::ListKind::Exact,
            // Never evaluated: a pattern that somebody else wrote has no bound on its time.
            ListKind::Regex => continue,
        };
        lists += 1;
        if kind == fusion::ListKind::Popular {
            popular += list.entries.len();
        } else {
            entries += list.entries.len();
        }
        set.add(named, kind, list.entries.iter().map(String::as_str));
    }
    eprintln!("fusioncell: {entries} everyday values link nothing, {popular} popular names say less, on {lists} lists");
    Ok(Some(set.text().to_owned()))
}

/// Whether a list is one of the most visited names, by its own name or its file's: `Top 10K most-used sites from Tranco`,
/// `tranco-1m.txt`, `majestic_million.csv`, `top-1m.csv`.
fn is_top_list(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let after = name.strip_prefix("top").map(|rest| rest.trim_start_matches(['-', '_', ' ']));
    let counted = after.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    counted || ["tranco", "majestic"].iter().any(|who| name.starts_with(who))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_the_most_visited_are_known_by_their_names() {
        for name in [
            "Top 1000 website from Alexa",
            "Top 10 000 websites from Cisco Umbrella",
            "Top 500 domains and pages from https://moz.com/top500",
            "Top 10K most-used sites from Tranco",
            "top-1m",
            "tranco-1m-sample-100k",
            "majestic_million",
        ] {
            assert!(is_top_list(name), "{name}");
        }
        for name in ["TLDs as known by IANA", "Topsy", "top secret", "List of known Cloudflare IP ranges", ""] {
            assert!(!is_top_list(name), "{name}");
        }
    }
}
