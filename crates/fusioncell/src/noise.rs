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
    let (mut set, mut lists, mut entries) = (NoiseSet::default(), 0_usize, 0_usize);
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
        let kind = match list.kind {
            ListKind::Cidr => fusion::ListKind::Cidr,
            ListKind::Hostname => fusion::ListKind::Hostname,
            ListKind::Substring => fusion::ListKind::Substring,
            ListKind::String => fusion::ListKind::Exact,
            // Never evaluated: a pattern that somebody else wrote has no bound on its time.
            ListKind::Regex => continue,
        };
        lists += 1;
        entries += list.entries.len();
        set.add(if list.name.is_empty() { name } else { &list.name }, kind, list.entries.iter().map(String::as_str));
    }
    eprintln!("fusioncell: {entries} everyday values on {lists} lists link nothing");
    Ok(Some(set.text().to_owned()))
}
