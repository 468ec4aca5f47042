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

/// Writes a table as one text that the journal names by its hash: a head line, then a line `first,last,number` for each range. Names of
/// operators are not in it, since nothing is said by them.
#[derive(Clone, Debug)]
pub struct NetworkSet(String);

impl Default for NetworkSet {
    fn default() -> Self {
        Self(format!("{SET_HEAD}\n"))
    }
}

impl NetworkSet {
    /// Adds a range; those of one family come in the order of their addresses, and no two overlap.
    pub fn add(&mut self, first: IpAddr, last: IpAddr, system: u32) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{first},{last},{system}");
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
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

    #[test]
    fn a_set_is_read_as_it_was_written_in_both_families() {
        let mut set = NetworkSet::default();
        for (first, last, system) in [
            ("45.9.148.0", "45.9.149.255", 64_500),
            ("2001:db8::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", 64_501),
            ("45.9.150.0", "45.9.150.0", 64_502),
            ("2001:db8:7::", "2001:db8:7::ff", 4_294_967_295),
        ] {
            set.add(first.parse().unwrap(), last.parse().unwrap(), system);
        }
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
