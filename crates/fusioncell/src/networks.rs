//! Tables of network operators that an operator of a server names: CSV files of address ranges and autonomous systems.

use std::net::IpAddr;
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
    let mut ranges: Vec<(usize, NetworkRange)> = Vec::new();
    for (file, path) in paths.iter().enumerate() {
        ranges.extend(table(path)?.into_iter().map(|range| (file, range)));
        if ranges.len() > RANGES_MAX {
            return Err(Failure::new(format!("--networks {}: more than {RANGES_MAX} ranges in all", path.display())));
        }
    }
    // By family, then by address.
    ranges.sort_by_key(|(_, range)| (range.first, range.last));
    let place = |(file, range): &(usize, NetworkRange)| {
        let path = paths.get(*file).map(|path| path.display().to_string()).unwrap_or_default();
        format!("--networks {path}: line {}", range.line)
    };
    for (before, after) in ranges.iter().zip(ranges.iter().skip(1)) {
        if before.1.first.is_ipv4() == after.1.first.is_ipv4() && after.1.first <= before.1.last {
            let shown = |range: &NetworkRange| format!("{} to {}", range.first, range.last);
            return Err(Failure::new(format!(
                "{}: {} overlaps {} ({})",
                place(after),
                shown(&after.1),
                shown(&before.1),
                place(before)
            )));
        }
    }
    let mut set = NetworkSet::default();
    // Of what nobody announces nothing is known.
    let known = ranges.iter().map(|(_, range)| range).filter(|range| range.system != 0);
    let (mut v4, mut v6) = (0_usize, 0_usize);
    for range in known {
        *if matches!(range.first, IpAddr::V4(_)) { &mut v4 } else { &mut v6 } += 1;
        set.add(range.first, range.last, range.system);
    }
    if set.text().len() > vault::BLOB_BYTES_MAX {
        return Err(Failure::new(format!(
            "--networks: all ranges together take more than {} bytes",
            vault::BLOB_BYTES_MAX
        )));
    }
    eprintln!("fusioncell: operators of {v4} ranges of IPv4 and {v6} of IPv6 are known");
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
