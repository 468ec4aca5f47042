//! Tables of network operators: ranges of addresses and the autonomous system that announces each, as CSV lines `first,last,asn,name`.

use std::net::IpAddr;
use std::num::NonZeroU32;

use crate::Problem;
use crate::limits::{NETWORK_LINE_BYTES_MAX, NETWORK_ROWS_MAX};

/// What a line is asked to be.
const SHAPE: &str = "first,last,asn,name is asked for";

/// A range of addresses that one autonomous system announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkRange {
    /// Where it stands in its file.
    pub line: NonZeroU32,
    /// Its first address.
    pub first: IpAddr,
    /// Its last one, of the same family and not before the first.
    pub last: IpAddr,
    /// Number of the autonomous system; 0 stands for an address that nobody announces.
    pub system: u32,
}

/// Reads a table that is not packed. A line of both families may stand in one file; its name may be quoted and is not kept. Lines that
/// are empty are passed over. Whether ranges overlap is not looked at here.
///
/// # Errors
/// The first line that is no range, and why: half a table would tell wrong operators without anybody knowing.
pub fn parse_network_table(bytes: &[u8]) -> Result<Vec<NetworkRange>, Problem> {
    let mut ranges = Vec::new();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let at = NonZeroU32::new(number);
        let problem = |why: String| Problem { line: at, field: String::new(), why };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > NETWORK_LINE_BYTES_MAX {
            return Err(problem(format!("the line is longer than {NETWORK_LINE_BYTES_MAX} bytes")));
        }
        let (Some(at), false) = (at, line.is_empty()) else { continue };
        let text = std::str::from_utf8(line).map_err(|_| problem("the line is no UTF-8".to_owned()))?;
        if ranges.len() >= NETWORK_ROWS_MAX {
            return Err(problem(format!("more than {NETWORK_ROWS_MAX} ranges")));
        }
        let (first, last, system) = row(text).map_err(problem)?;
        ranges.push(NetworkRange { line: at, first, last, system });
    }
    if ranges.is_empty() {
        return Err(Problem { line: None, field: String::new(), why: "there is no range in it".to_owned() });
    }
    Ok(ranges)
}

fn row(line: &str) -> Result<(IpAddr, IpAddr, u32), String> {
    let mut fields = line.splitn(4, ',');
    let (Some(first), Some(last), Some(system), Some(name)) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(format!("the line has {} fields: {SHAPE}", line.split(',').count()));
    };
    let (from, to) = (address(first)?, address(last)?);
    if from.is_ipv4() != to.is_ipv4() {
        return Err(format!("{first} and {last} are not of one family"));
    }
    if to < from {
        return Err(format!("the range ends at {last}, before it begins at {first}"));
    }
    let digits = !system.is_empty() && system.bytes().all(|byte| byte.is_ascii_digit());
    let number = system.parse().ok().filter(|_| digits);
    let number = number.ok_or_else(|| format!("{:?} is no number of an autonomous system", clipped(system)))?;
    if !is_field(name) {
        return Err("the name is no one field of CSV: what has a comma or a quote in it stands in quotes".to_owned());
    }
    Ok((from, to, number))
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| format!("{:?} is no address: {SHAPE}", clipped(text)))
}

/// What is quoted from a file that may be of anything.
fn clipped(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Whether a text is one field of CSV: bare, or in quotes with each quote in it doubled.
fn is_field(text: &str) -> bool {
    match text.strip_prefix('"').map(|rest| rest.strip_suffix('"')) {
        None => !text.contains([',', '"']),
        Some(None) => false,
        Some(Some(inner)) => !inner.replace("\"\"", "").contains('"'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line, first and last address, number.
    type Row<'a> = (u32, &'a str, &'a str, u32);
    /// Line, why.
    type Fault<'a> = (Option<u32>, &'a str);

    fn check(text: &[u8], expect: Result<&[Row<'_>], Fault<'_>>) {
        let told = String::from_utf8_lossy(text);
        match (parse_network_table(text), expect) {
            (Ok(ranges), Ok(expect)) => {
                let found: Vec<_> = ranges
                    .iter()
                    .map(|range| (range.line.get(), range.first.to_string(), range.last.to_string(), range.system))
                    .collect();
                let expect: Vec<_> = expect
                    .iter()
                    .map(|(line, first, last, system)| (*line, (*first).to_owned(), (*last).to_owned(), *system))
                    .collect();
                assert_eq!(found, expect, "{told}");
            }
            (Err(problem), Err((line, why))) => {
                assert_eq!((problem.line.map(NonZeroU32::get), problem.why.as_str()), (line, why), "{told}");
            }
            (found, _) => panic!("{found:?} of {told}"),
        }
    }

    #[test]
    fn lines_of_either_family_are_ranges() {
        let text = "1.0.0.0,1.0.0.255,13335,\"Cloudflare, Inc.\"\r\n\n1.0.4.0,1.0.7.255,38803,Gtelecom Pty Ltd\n\
                    2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,2500,\"WIDE \"\"Project\"\"\"\n3.0.0.0,3.0.0.0,0,\n";
        check(
            text.as_bytes(),
            Ok(&[
                (1, "1.0.0.0", "1.0.0.255", 13335),
                (3, "1.0.4.0", "1.0.7.255", 38803),
                (4, "2001:200::", "2001:200:ffff:ffff:ffff:ffff:ffff:ffff", 2500),
                (5, "3.0.0.0", "3.0.0.0", 0),
            ]),
        );
        check(b"1.0.0.0,1.0.0.255,4294967295,", Ok(&[(1, "1.0.0.0", "1.0.0.255", u32::MAX)]));
    }

    #[test]
    fn the_first_line_that_is_no_range_is_told() {
        let shape = "first,last,asn,name is asked for";
        check(b"", Err((None, "there is no range in it")));
        check(b"\n\n", Err((None, "there is no range in it")));
        check(b"1.0.0.0,1.0.0.9,7,A\n1.0.1.0,7,B", Err((Some(2), &format!("the line has 3 fields: {shape}"))));
        check(b"start,end,asn,name", Err((Some(1), &format!("\"start\" is no address: {shape}"))));
        check(b"1.0.0.0/24,1.0.0.9,7,A", Err((Some(1), &format!("\"1.0.0.0/24\" is no address: {shape}"))));
        check(b"01.0.0.0,1.0.0.9,7,A", Err((Some(1), &format!("\"01.0.0.0\" is no address: {shape}"))));
        check(b"1.0.0.0, 1.0.0.9,7,A", Err((Some(1), &format!("\" 1.0.0.9\" is no address: {shape}"))));
        check(b"1.0.0.9,1.0.0.0,7,A", Err((Some(1), "the range ends at 1.0.0.0, before it begins at 1.0.0.9")));
        check(b"1.0.0.9,::1,7,A", Err((Some(1), "1.0.0.9 and ::1 are not of one family")));
        for (system, told) in [("AS7", "AS7"), ("", ""), ("+7", "+7"), ("4294967296", "4294967296")] {
            let why = format!("{told:?} is no number of an autonomous system");
            check(format!("1.0.0.0,1.0.0.9,{system},A").as_bytes(), Err((Some(1), &why)));
        }
        let name = "the name is no one field of CSV: what has a comma or a quote in it stands in quotes";
        for bad in ["A, Inc.", "\"A", "A\"", "\"A\"B\"", "\"A\",B"] {
            check(format!("1.0.0.0,1.0.0.9,7,{bad}").as_bytes(), Err((Some(1), name)));
        }
        check(b"1.0.0.0,1.0.0.9,7,\xff", Err((Some(1), "the line is no UTF-8")));
        let long = format!("1.0.0.0,1.0.0.9,7,{}", "x".repeat(NETWORK_LINE_BYTES_MAX));
        check(long.as_bytes(), Err((Some(1), "the line is longer than 1024 bytes")));
    }

    #[test]
    fn a_table_has_a_largest_size() {
        let line = b"1.0.0.0,1.0.0.0,1,\n";
        let table: Vec<u8> = line.iter().copied().cycle().take(line.len() * (NETWORK_ROWS_MAX + 1)).collect();
        check(&table, Err((u32::try_from(NETWORK_ROWS_MAX + 1).ok(), "more than 1000000 ranges")));
    }
}
