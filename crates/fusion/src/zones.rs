//! Zones below which unrelated people get names: public suffixes, dynamic DNS, hosting for everybody.

use std::collections::HashMap;

use crate::keys::BuildQuick;

/// Stands for one label, whatever it is: the region of a cloud.
const ANY: &str = "*";

/// Zones beside those of the public suffix list (its private part has many of them already).
#[derive(Clone, Default)]
pub struct Zones {
    by_end: HashMap<Box<str>, Zone, BuildQuick>,
}

/// What is known of names that end alike.
#[derive(Clone, Default)]
struct Zone {
    /// Each name directly below is another owner's.
    shared: bool,
    /// What may stand before the end for that to be a zone as well, its labels from the right.
    regions: Vec<Box<[Box<str>]>>,
}

/// What of a host one owner has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owned<'a> {
    /// The name that was registered or given.
    pub name: &'a str,
    /// What it is below.
    pub suffix: &'a str,
    /// The zone of dynamic DNS or hosting that it is below, of a cloud with regions the whole cloud; `None` below a registry.
    pub zone: Option<&'a str>,
}

impl Zone {
    /// The bytes, with the dot, by which `below` lengthens the end to a zone of a region; one label is left for the owner.
    fn region(&self, below: &str) -> Option<usize> {
        let bytes = |labels: &[Box<str>]| {
            let mut told = below.rsplit('.');
            let taken = labels.iter().try_fold(0, |bytes, label| {
                let told = told.next().filter(|told| **label == **told || **label == *ANY)?;
                Some(bytes + told.len() + 1)
            })?;
            (taken < below.len()).then_some(taken)
        };
        self.regions.iter().filter_map(|labels| bytes(labels)).max()
    }
}

impl Zones {
    /// The project's own short list.
    #[must_use]
    pub fn own() -> Self {
        let mut zones = Self::default();
        zones.add(include_str!("../lists/shared-zones.txt").lines().filter(|line| !line.starts_with('#')));
        zones
    }

    /// Adds zones. A label `*` stands for any one, as the region of a cloud: with `*.cloud.example` each name that lies directly below
    /// is a zone, and so is `cloud.example`; with `store.*.cloud.example` only `store.west.cloud.example` and its like are.
    pub fn add<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            let name = name.trim().trim_matches('.').to_ascii_lowercase();
            let (before, end) = match name.rsplit_once("*.") {
                Some((before, end)) => (Some(before), end),
                None => (None, &*name),
            };
            if !end.contains('.') {
                continue;
            }
            let zone = self.by_end.entry(end.into()).or_default();
            zone.shared |= before.is_none_or(str::is_empty);
            if let Some(before) = before {
                let others = before.trim_end_matches('.').rsplit('.').filter(|label| !label.is_empty());
                zone.regions.push(std::iter::once(ANY).chain(others).map(Box::from).collect());
            }
        }
    }

    /// The part of a host that one owner has, and the suffix under which it is owned. `None` if the host is itself a suffix.
    pub(crate) fn owned<'a>(&self, host: &'a str) -> Option<Owned<'a>> {
        let listed = psl::suffix(host.as_bytes())?;
        let mut suffix = host.get(host.len().checked_sub(listed.as_bytes().len())?..)?;
        let mut zone_of = (listed.typ() == Some(psl::Type::Private)).then_some(suffix);
        // A zone lies above the public suffix; it may hold several of them (`a.b.example`), the longest one counts.
        let mut rest = host;
        while let Some((_, parent)) = rest.split_once('.') {
            if parent.len() <= suffix.len() {
                break;
            }
            if let Some(zone) = self.by_end.get(parent) {
                let below = host.get(..host.len() - parent.len() - 1).unwrap_or("");
                let start = zone.region(below).map(|bytes| host.len() - parent.len() - bytes);
                let longest = start.and_then(|start| host.get(start..)).or_else(|| zone.shared.then_some(parent));
                if let Some(longest) = longest {
                    suffix = longest;
                    zone_of = Some(parent);
                    break;
                }
            }
            rest = parent;
        }
        let below = host.strip_suffix(suffix)?.strip_suffix('.')?;
        let start = below.rfind('.').map_or(0, |dot| dot + 1);
        Some(Owned { name: host.get(start..)?, suffix, zone: zone_of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_a_shared_zone_each_name_has_its_own_owner() {
        let zones = Zones::own();
        let check = |host: &str, name: &str, suffix: &str, zone: Option<&str>| {
            assert_eq!(zones.owned(host), Some(Owned { name, suffix, zone }), "{host}");
        };
        check("a.b.evil.co.uk", "evil.co.uk", "co.uk", None);
        check("x.evil.duckdns.org", "evil.duckdns.org", "duckdns.org", Some("duckdns.org"));
        check("x.evil.3322.org", "evil.3322.org", "3322.org", Some("3322.org"));
        check("3322.org", "3322.org", "org", None);
        let (evil, region) = ("evil.eastus2.cloudapp.azure.com", "eastus2.cloudapp.azure.com");
        check(evil, evil, region, Some("cloudapp.azure.com"));
        assert_eq!(zones.owned("co.uk"), None);
    }

    #[test]
    fn below_a_region_of_a_cloud_each_customer_has_a_name_of_its_own() {
        let zones = Zones::own();
        let check = |host: &str, owner: &str, suffix: &str| {
            let owned = zones.owned(host).unwrap();
            assert_eq!((owned.name, owned.suffix), (owner, suffix), "{host}");
        };
        let azure = "eastus2.cloudapp.azure.com";
        check("a.evil.eastus2.cloudapp.azure.com", "evil.eastus2.cloudapp.azure.com", azure);
        check("evil.eastus2.cloudapp.azure.com", "evil.eastus2.cloudapp.azure.com", azure);
        check("eastus2.cloudapp.azure.com", "eastus2.cloudapp.azure.com", "cloudapp.azure.com");
        let amazon = "eu-west-1.compute.amazonaws.com";
        check("ec2-192-0-2-7.eu-west-1.compute.amazonaws.com", "ec2-192-0-2-7.eu-west-1.compute.amazonaws.com", amazon);
        check("evil.oss-cn-hongkong.aliyuncs.com", "evil.oss-cn-hongkong.aliyuncs.com", "oss-cn-hongkong.aliyuncs.com");
        // Where the region is not the last label below the cloud, other services keep their own zones.
        let store = "cos.ap-guangzhou.myqcloud.com";
        check("evil-1.cos.ap-guangzhou.myqcloud.com", "evil-1.cos.ap-guangzhou.myqcloud.com", store);
        check("evil.file.myqcloud.com", "evil.file.myqcloud.com", "file.myqcloud.com");
        check("login.azure.com", "azure.com", "com");
    }

    #[test]
    fn a_region_is_any_one_label_and_never_none() {
        let mut zones = Zones::default();
        zones.add(["*.cloud.example", " Store.*.other.example. ", "*.example", "*"]);
        let owner = |host: &'static str| zones.owned(host).map(|owned| owned.name);
        assert_eq!(owner("a.b.west.cloud.example"), Some("b.west.cloud.example"));
        assert_eq!(owner("west.cloud.example"), Some("west.cloud.example"));
        assert_eq!(owner("cloud.example"), Some("cloud.example"));
        assert_eq!(owner("b.store.west.other.example"), Some("b.store.west.other.example"));
        assert_eq!(owner("store.west.other.example"), Some("other.example"));
        assert_eq!(owner("b.west.other.example"), Some("other.example"));
    }
}
