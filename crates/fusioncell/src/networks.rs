//! Tables of network operators that an operator of a server names: CSV files of address ranges and autonomous systems.

use std::path::PathBuf;

use formats::{NETWORK_TABLE_BYTES_MAX, NetworkRange, parse_network_table, unpack};
use fusion::NetworkSet;

use crate::failure::{Context as _, Failure};

/// Most ranges of all tables together.
const RANGES_MAX: usize = formats::NETWORK_ROWS_MAX;

/// Reads every table named, as one network set; `None` without any. Anything that is wrong with any of them is an error: rules would
/// tell wrong operators by half a table.
pub fn read(paths: &[PathBuf]) -> Result<Option<String>, Failure> {
    if paths.is_empty() {
        return Ok(None);
    }
    let mut ranges = Vec::new();
    for path in paths {
        ranges.extend(table(path)?.into_iter().map(|range| (range.first, range.last, range.system)));
        if ranges.len() > RANGES_MAX {
            return Err(Failure::new(format!("--networks {}: more than {RANGES_MAX} ranges in all", path.display())));
        }
    }
    let set = NetworkSet::of_ranges(ranges);
    if set.text().len() > vault::BLOB_BYTES_MAX {
        return Err(Failure::new(format!(
            "--networks: all ranges together take more than {} bytes",
            vault::BLOB_BYTES_MAX
        )));
    }
    let ([v4, v6], overlaps) = (set.ranges(), set.overlaps());
    eprintln!(
        "fusioncell: operators of {v4} ranges of IPv4 and {v6} of IPv6 are known; where {overlaps} lay within others, the narrower one counts"
    );
    Ok(Some(set.text().to_owned()))
}

fn table(path: &PathBuf) -> Result<Vec<NetworkRange>, Failure> {
    let told = path.display();
    let bytes = std::fs::metadata(path).context(format!("--networks {told}"))?.len();
    if bytes > NETWORK_TABLE_BYTES_MAX {
        return Err(Failure::new(format!("--networks {told}: larger than {NETWORK_TABLE_BYTES_MAX} bytes")));
    }
    let bytes = std::fs::read(path).context(format!("--networks {told}"))?;
    let bytes = unpack(&bytes, NETWORK_TABLE_BYTES_MAX).context(format!("--networks {told}"))?;
    parse_network_table(&bytes).map_err(|problem| {
        let line = problem.line.map_or(String::new(), |line| format!("line {line}: "));
        Failure::new(format!("--networks {told}: {line}{}", problem.why))
    })
}
