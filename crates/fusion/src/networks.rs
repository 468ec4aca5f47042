//! Which network operator announces an address, of either family: a table of ranges and autonomous systems.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::engine::Fusion;

/// First line of a network set.
const SET_HEAD: &str = "fusioncell network set 1";

/// Ranges of one family in order of their start.
#[derive(Clone, Debug)]
struct Ranges<T> {
    starts: Vec<T>,
    ends: Vec<T>,
    systems: Vec<u32>,
}

impl<T> Default for Ranges<T> {
    fn default() -> Self {
        Self { starts: Vec::new(), ends: Vec::new(), systems: Vec::new() }
    }
}

impl<T: Copy + Ord> Ranges<T> {
    fn of_ranges(ranges: impl IntoIterator<Item = (T, T, u32)>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|(first, last, _)| first <= last).collect();
        ranges.sort_by_key(|(first, ..)| *first);
        let mut sorted = Self::default();
        for (first, last, system) in ranges {
            sorted.push(first, last, system);
        }
        sorted
    }

    fn push(&mut self, first: T, last: T, system: u32) {
        self.starts.push(first);
        self.ends.push(last);
        self.systems.push(system);
    }

    fn find(&self, address: T) -> Option<u32> {
        let index = self.starts.partition_point(|start| *start <= address).checked_sub(1)?;
        (*self.ends.get(index)? >= address).then(|| self.systems.get(index).copied())?
    }

    /// Whether a range lies behind all that are there.
    fn is_behind(&self, first: T, last: T) -> bool {
        first <= last && self.ends.last().is_none_or(|end| *end < first)
    }
}

/// Ranges of addresses and the autonomous system that announces each.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    v4: Ranges<u32>,
    v6: Ranges<u128>,
}

impl Networks {
    /// From ranges of IPv4 as (first, last, number of the autonomous system), in any order; of ranges that begin alike the last
    /// counts.
    #[must_use]
    pub fn from_ranges(ranges: impl IntoIterator<Item = (u32, u32, u32)>) -> Self {
        Self { v4: Ranges::of_ranges(ranges), ..Self::default() }
    }

    /// Reads a table as [`NetworkSet`] writes it.
    ///
    /// # Errors
    /// The line that is none of a network set, or is not behind those before it.
    pub fn with_set(set: &str) -> Result<Self, String> {
        let mut lines = set.lines();
        if lines.next() != Some(SET_HEAD) {
            return Err(format!("line 1 is not {SET_HEAD:?}"));
        }
        let mut networks = Self::default();
        for (number, line) in (2..).zip(lines) {
            let Some((first, last, system)) = range(line) else { return Err(format!("line {number} is no range")) };
            let behind = match (first, last) {
                (IpAddr::V4(first), IpAddr::V4(last)) => {
                    let (first, last) = (u32::from(first), u32::from(last));
                    let behind = networks.v4.is_behind(first, last);
                    networks.v4.push(first, last, system);
                    behind
                }
                (IpAddr::V6(first), IpAddr::V6(last)) => {
                    let (first, last) = (u128::from(first), u128::from(last));
                    let behind = networks.v6.is_behind(first, last);
                    networks.v6.push(first, last, system);
                    behind
                }
                _ => false,
            };
            if !behind {
                return Err(format!("line {number} is not behind the ranges before it"));
            }
        }
        Ok(networks)
    }

    /// The autonomous system of an address, if a range has it. An IPv4 address that is written as one of IPv6 is that of IPv4.
    #[must_use]
    pub fn of(&self, address: IpAddr) -> Option<u32> {
        match address.to_canonical() {
            IpAddr::V4(address) => self.v4.find(Ipv4Addr::into(address)),
            IpAddr::V6(address) => self.v6.find(Ipv6Addr::into(address)),
        }
    }

    /// Ranges of both families.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.v4.starts.len() + self.v6.starts.len()
    }

    /// Whether nothing is known of any address.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn range(line: &str) -> Option<(IpAddr, IpAddr, u32)> {
    let mut fields = line.split(',');
    let (first, last, system) = (fields.next()?, fields.next()?, fields.next()?);
    let range = (first.parse().ok()?, last.parse().ok()?, system.parse().ok()?);
    fields.next().is_none().then_some(range)
}

/// A table as one text that the journal names by its hash: a head line, then a line `first,last,number` for each range. No two overlap, and
/// neighbours of one operator are one. Names of operators are not in it, since nothing is said by them.
#[derive(Clone, Debug)]
pub struct NetworkSet {
    text: String,
    ranges: [usize; 2],
    overlaps: usize,
}

impl NetworkSet {
    /// From ranges as (first, last, number of the autonomous system), in any order. Where two overlap, as in tables of what is announced,
    /// the one that begins later counts, and of those that begin alike the shorter; of two that are the same the later. 0 stands for what nobody
    /// announces. Whatever ends before it begins, or in the other family, is left out.
    #[must_use]
    pub fn of_ranges(ranges: impl IntoIterator<Item = (IpAddr, IpAddr, u32)>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for range in ranges {
            match range {
                (IpAddr::V4(first), IpAddr::V4(last), system) => {
                    v4.push((u128::from(u32::from(first)), u128::from(u32::from(last)), system));
                }
                (IpAddr::V6(first), IpAddr::V6(last), system) => v6.push((u128::from(first), u128::from(last), system)),
                _ => {}
            }
        }
        let mut set = Self { text: format!("{SET_HEAD}\n"), ranges: [0; 2], overlaps: 0 };
        for (family, ranges) in [v4, v6].into_iter().enumerate() {
            let (apart, overlaps) = apart(ranges);
            set.overlaps += overlaps;
            let known = apart.into_iter().filter(|(.., system)| *system != 0);
            for (first, last, system) in known {
                // Writing to a string cannot fail.
                let _ = match (family, u32::try_from(first), u32::try_from(last)) {
                    (0, Ok(first), Ok(last)) => {
                        writeln!(set.text, "{},{},{system}", Ipv4Addr::from(first), Ipv4Addr::from(last))
                    }
                    _ => writeln!(set.text, "{},{},{system}", Ipv6Addr::from(first), Ipv6Addr::from(last)),
                };
                if let Some(count) = set.ranges.get_mut(family) {
                    *count += 1;
                }
            }
        }
        set
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Ranges of IPv4 and of IPv6 in it.
    #[must_use]
    pub const fn ranges(&self) -> [usize; 2] {
        self.ranges
    }

    /// How many of the ranges that it was made of began within another one.
    #[must_use]
    pub const fn overlaps(&self) -> usize {
        self.overlaps
    }
}

/// Cuts ranges of one family so that no two overlap; gives how many began within another one.
fn apart(mut ranges: Vec<(u128, u128, u32)>) -> (Vec<(u128, u128, u32)>, usize) {
    ranges.retain(|(first, last, _)| first <= last);
    ranges.sort_by_key(|(first, last, _)| (*first, u128::MAX - *last));
    let mut cut: Vec<(u128, u128, u32)> = Vec::with_capacity(ranges.len());
    let mut put = |first: u128, last: u128, system: u32| match cut.last_mut() {
        Some(before) if before.2 == system && before.1.checked_add(1) == Some(first) => before.1 = last,
        _ => cut.push((first, last, system)),
    };
    // Those that the present place is in, the one that counts last; and the first place that is not told yet.
    let (mut open, mut next, mut overlaps): (Vec<(u128, u32)>, Option<u128>, usize) = (Vec::new(), Some(0), 0);
    for (first, last, system) in ranges {
        while let Some((end, of)) = open.pop_if(|(end, _)| *end < first) {
            if let Some(from) = next.filter(|from| *from <= end) {
                put(from, end, of);
                next = end.checked_add(1);
            }
        }
        if let Some((_, of)) = open.last() {
            overlaps += 1;
            if let Some(from) = next.filter(|from| *from < first) {
                put(from, first - 1, *of);
            }
        }
        next = Some(first);
        open.push((last, system));
    }
    while let Some((end, of)) = open.pop() {
        if let Some(from) = next.filter(|from| *from <= end) {
            put(from, end, of);
            next = end.checked_add(1);
        }
    }
    (cut, overlaps)
}

impl Fusion {
    /// Uses another table of networks from the next event on. What was linked by an operator stays so, and a value that is known already
    /// keeps the operator that it had.
    pub fn use_networks(&mut self, networks: Arc<Networks>) {
        self.config.networks = networks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_its_range_only() {
        let networks = Networks::from_ranges([(200, 300, 2), (10, 20, 1), (30, 25, 3)]);
        let of = |address: u32| networks.of(Ipv4Addr::from(address).into());
        assert_eq!(
            [of(9), of(10), of(20), of(21), of(250), of(301), of(27)],
            [None, Some(1), Some(1), None, Some(2), None, None]
        );
    }

    fn set(ranges: &[(&str, &str, u32)]) -> NetworkSet {
        let range =
            |(first, last, system): &(&str, &str, u32)| (first.parse().unwrap(), last.parse().unwrap(), *system);
        NetworkSet::of_ranges(ranges.iter().map(range))
    }

    #[test]
    fn where_ranges_overlap_the_narrower_one_counts() {
        let check = |ranges: &[(&str, &str, u32)], expect: &str, overlaps: usize| {
            let set = set(ranges);
            let told: Vec<&str> = set.text().lines().skip(1).collect();
            assert_eq!((told.join(" ").as_str(), set.overlaps()), (expect, overlaps), "{ranges:?}");
            assert_eq!(Networks::with_set(set.text()).unwrap().len(), set.ranges().iter().sum::<usize>());
        };
        check(&[("0.0.0.9", "0.0.0.9", 2), ("0.0.0.1", "0.0.0.5", 1)], "0.0.0.1,0.0.0.5,1 0.0.0.9,0.0.0.9,2", 0);
        let (outer, inner) = (("0.0.0.1", "0.0.0.9", 1), ("0.0.0.3", "0.0.0.4", 2));
        check(&[inner, outer], "0.0.0.1,0.0.0.2,1 0.0.0.3,0.0.0.4,2 0.0.0.5,0.0.0.9,1", 1);
        check(&[outer, ("0.0.0.5", "0.0.0.20", 2)], "0.0.0.1,0.0.0.4,1 0.0.0.5,0.0.0.20,2", 1);
        check(&[outer, ("0.0.0.1", "0.0.0.2", 2)], "0.0.0.1,0.0.0.2,2 0.0.0.3,0.0.0.9,1", 1);
        check(&[outer, ("0.0.0.1", "0.0.0.9", 2)], "0.0.0.1,0.0.0.9,2", 1);
        check(&[outer, ("0.0.0.10", "0.0.0.20", 1)], "0.0.0.1,0.0.0.20,1", 0);
        check(&[outer, ("0.0.0.3", "0.0.0.4", 0)], "0.0.0.1,0.0.0.2,1 0.0.0.5,0.0.0.9,1", 1);
        check(
            &[
                ("0.0.0.0", "0.0.0.99", 1),
                ("0.0.0.5", "0.0.0.50", 2),
                ("0.0.0.7", "0.0.0.7", 3),
                ("0.0.0.60", "0.0.0.60", 4),
            ],
            "0.0.0.0,0.0.0.4,1 0.0.0.5,0.0.0.6,2 0.0.0.7,0.0.0.7,3 0.0.0.8,0.0.0.50,2 0.0.0.51,0.0.0.59,1 \
             0.0.0.60,0.0.0.60,4 0.0.0.61,0.0.0.99,1",
            3,
        );
        let all = ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1);
        check(
            &[all, ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2)],
            "::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe,1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,2",
            1,
        );
        check(
            &[all, all, ("0.0.0.9", "0.0.0.1", 2), ("0.0.0.1", "::9", 2)],
            "::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,1",
            1,
        );
    }

    #[test]
    fn a_set_is_read_as_it_was_written_in_both_families() {
        let set = set(&[
            ("45.9.148.0", "45.9.149.255", 64_500),
            ("2001:db8::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", 64_501),
            ("45.9.150.0", "45.9.150.0", 64_502),
            ("2001:db8:7::", "2001:db8:7::ff", 4_294_967_295),
        ]);
        assert_eq!(set.ranges(), [2, 2]);
        let networks = Networks::with_set(set.text()).unwrap();
        assert_eq!((networks.len(), networks.is_empty(), Networks::default().is_empty()), (4, false, true));
        let of = |address: &str| networks.of(address.parse().unwrap());
        assert_eq!(
            [of("45.9.148.0"), of("45.9.149.255"), of("45.9.150.0")],
            [Some(64_500), Some(64_500), Some(64_502)]
        );
        assert_eq!([of("45.9.147.255"), of("45.9.150.1"), of("2001:db7::1")], [None; 3]);
        assert_eq!([of("2001:db8::1"), of("2001:db8:7::ff")], [Some(64_501), Some(4_294_967_295)]);
        assert_eq!([of("2001:db8:7::100"), of("::45.9.148.1")], [None; 2]);
        assert_eq!(of("::ffff:45.9.148.1"), Some(64_500), "the same address in another dress");
    }

    #[test]
    fn what_is_no_set_is_told_by_its_line() {
        for (rest, why) in [
            ("1.0.0.0,1.0.0.9,7\n1.0.0.9,1.0.0.20,8\n", "line 3 is not behind the ranges before it"),
            ("1.0.0.9,1.0.0.0,7\n", "line 2 is not behind the ranges before it"),
            ("1.0.0.0,::1,7\n", "line 2 is not behind the ranges before it"),
            ("1.0.0.0,1.0.0.9\n", "line 2 is no range"),
            ("1.0.0.0,1.0.0.9,7,Somebody\n", "line 2 is no range"),
            ("1.0.0.0,1.0.0.9,AS7\n", "line 2 is no range"),
        ] {
            assert_eq!(Networks::with_set(&format!("{SET_HEAD}\n{rest}")).err().as_deref(), Some(why), "{rest}");
        }
        let other = Networks::with_set("fusioncell noise set 1\n").err();
        assert_eq!(other.as_deref(), Some("line 1 is not \"fusioncell network set 1\""));
    }
}
