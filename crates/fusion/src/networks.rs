//! Which network operator announces an address.

use std::net::Ipv4Addr;

/// Ranges of IPv4 addresses and the autonomous system that announces each, in order of their start.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    starts: Vec<u32>,
    ends: Vec<u32>,
    systems: Vec<u32>,
}

impl Networks {
    /// From ranges as (first, last, number of the autonomous system), in any order; of ranges that begin alike the last counts.
    #[must_use]
    pub fn from_ranges(ranges: impl IntoIterator<Item = (u32, u32, u32)>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|(first, last, _)| first <= last).collect();
        ranges.sort_by_key(|(first, ..)| *first);
        let mut networks = Self::default();
        for (first, last, system) in ranges {
            networks.starts.push(first);
            networks.ends.push(last);
            networks.systems.push(system);
        }
        networks
    }

    /// The autonomous system of an address, if a range has it.
    #[must_use]
    pub fn of(&self, address: Ipv4Addr) -> Option<u32> {
        let address = u32::from(address);
        let index = self.starts.partition_point(|start| *start <= address).checked_sub(1)?;
        (*self.ends.get(index)? >= address).then(|| self.systems.get(index).copied())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_its_range_only() {
        let networks = Networks::from_ranges([(200, 300, 2), (10, 20, 1), (30, 25, 3)]);
        let of = |address: u32| networks.of(Ipv4Addr::from(address));
        assert_eq!(
            [of(9), of(10), of(20), of(21), of(250), of(301), of(27)],
            [None, Some(1), Some(1), None, Some(2), None, None]
        );
    }
}
