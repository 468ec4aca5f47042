//! Zones below which unrelated people get names: public suffixes, dynamic DNS, hosting for everybody.

use std::collections::HashSet;

use crate::keys::BuildQuick;

/// Zones beside those of the public suffix list (its private part has many of them already).
#[derive(Clone, Default)]
pub struct Zones {
    zones: HashSet<Box<str>, BuildQuick>,
}

impl Zones {
    /// The project's own short list.
    #[must_use]
    pub fn own() -> Self {
        let mut zones = Self::default();
        zones.add(include_str!("../lists/shared-zones.txt").lines().filter(|line| !line.starts_with('#')));
        zones
    }

    /// Adds zones.
    pub fn add<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            let name = name.trim().trim_start_matches("*.").trim_matches('.').to_ascii_lowercase();
            if name.contains('.') {
                self.zones.insert(name.into());
            }
        }
    }

    /// The part of a host that one owner has, and the suffix under which it is owned. `None` if the host is itself a suffix.
    pub(crate) fn owned<'a>(&self, host: &'a str) -> Option<(&'a str, &'a str)> {
        let mut suffix = psl::suffix_str(host)?;
        // A zone lies above the public suffix; it may hold several of them (`a.b.example`), the longest one counts.
        let mut rest = host;
        while let Some((_, parent)) = rest.split_once('.') {
            if parent.len() <= suffix.len() {
                break;
            }
            if self.zones.contains(parent) {
                suffix = parent;
                break;
            }
            rest = parent;
        }
        let below = host.strip_suffix(suffix)?.strip_suffix('.')?;
        let start = below.rfind('.').map_or(0, |dot| dot + 1);
        Some((host.get(start..)?, suffix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_a_shared_zone_each_name_has_its_own_owner() {
        let zones = Zones::own();
        assert_eq!(zones.owned("a.b.evil.co.uk"), Some(("evil.co.uk", "co.uk")));
        assert_eq!(zones.owned("x.evil.duckdns.org"), Some(("evil.duckdns.org", "duckdns.org")));
        assert_eq!(zones.owned("x.evil.3322.org"), Some(("evil.3322.org", "3322.org")));
        assert_eq!(zones.owned("3322.org"), Some(("3322.org", "org")));
        assert_eq!(zones.owned("co.uk"), None);
    }
}
