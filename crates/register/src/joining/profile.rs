//! What belongs to an organisation: sectors, region, size, domains, address ranges, brands and software, in normal forms.

use std::net::IpAddr;

use model::{OrganisationId, Region, Sector};
use policy::Assets;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::register::RegisterError;

/// Sectors beside the main one.
pub const FURTHER_SECTORS_MAX: usize = 4;
/// Own domains.
pub const DOMAINS_MAX: usize = 200;
/// Own address ranges.
pub const RANGES_MAX: usize = 500;
/// Own names and brands.
pub const BRANDS_MAX: usize = 50;
/// Software in use.
pub const SOFTWARE_MAX: usize = 500;
/// Longest brand and name of a piece of software, in characters.
const LABEL_CHARS_MAX: usize = 100;
/// Shortest brand: single letters are in everything.
const BRAND_CHARS_MIN: usize = 2;
/// Widest range that can be somebody's own.
const PREFIX_MIN: (u8, u8) = (8, 16);

macro_rules! bands {
    ($($(#[$doc:meta])* $variant:ident => $slug:literal;)*) => {
        /// How many people work for an organisation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SizeBand { $($(#[$doc])* $variant,)* }

        impl SizeBand {
            /// Every band, the smallest first.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name used in data.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }
        }
    };
}

bands! {
    /// Up to nine.
    Micro => "1-9";
    /// Up to 49.
    Small => "10-49";
    /// Up to 249.
    Medium => "50-249";
    /// Up to 999.
    Large => "250-999";
    /// A thousand and more.
    Huge => "1000+";
}

impl std::str::FromStr for SizeBand {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|band| band.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is no size: 1-9, 10-49, 50-249, 250-999 or 1000+"))
    }
}

/// What an organisation tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Its region.
    pub region: Option<Region>,
    /// Its size.
    pub size: Option<SizeBand>,
    /// Sectors beside the main one, by which it is counted.
    pub further: Vec<Sector>,
    /// What the scrub looks for.
    pub assets: Assets,
    /// Software in use, as vendor and product.
    pub software: Vec<String>,
}

fn refused(text: String) -> RegisterError {
    RegisterError::Refused(text)
}

/// A range as `address/prefix` with the bits behind the prefix cleared, or a single address.
pub(crate) fn range(text: &str) -> Option<String> {
    let text = text.trim();
    let Some((address, prefix)) = text.split_once('/') else {
        return text.parse::<IpAddr>().ok().map(|address| address.to_string());
    };
    if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let prefix: u8 = prefix.parse().ok()?;
    match address.parse().ok()? {
        IpAddr::V4(address) if (PREFIX_MIN.0..=32).contains(&prefix) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            Some(format!("{}/{prefix}", std::net::Ipv4Addr::from(u32::from(address) & mask)))
        }
        IpAddr::V6(address) if (PREFIX_MIN.1..=128).contains(&prefix) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            Some(format!("{}/{prefix}", std::net::Ipv6Addr::from(u128::from(address) & mask)))
        }
        _ => None,
    }
}

fn each(
    what: &str,
    values: &[String],
    most: usize,
    normal: impl Fn(&str) -> Result<String, RegisterError>,
) -> Result<Vec<String>, RegisterError> {
    if values.len() > most {
        return Err(refused(format!("{what}: more than {most}")));
    }
    let mut out: Vec<String> = values.iter().map(|value| normal(value)).collect::<Result<_, _>>()?;
    out.sort();
    out.dedup();
    Ok(out)
}

impl Profile {
    /// In normal form.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] naming the first value that cannot be.
    pub fn normal(&self, main: Sector) -> Result<Self, RegisterError> {
        let shown = |text: &str| text.chars().take(60).collect::<String>();
        let mut further: Vec<Sector> = self.further.iter().copied().filter(|sector| *sector != main).collect();
        further.sort_unstable();
        further.dedup();
        if further.len() > FURTHER_SECTORS_MAX {
            return Err(refused(format!("sectors: more than {FURTHER_SECTORS_MAX} beside the main one")));
        }
        let domain = |text: &str| {
            crate::names::domain(text).ok_or_else(|| refused(format!("domains: {:?} is no domain name", shown(text))))
        };
        let own_range = |text: &str| {
            range(text).ok_or_else(|| refused(format!("ranges: {:?} is no range of addresses", shown(text))))
        };
        let brand = |text: &str| {
            let brand = crate::names::line("brand", text, LABEL_CHARS_MAX)?.to_lowercase();
            if brand.chars().count() < BRAND_CHARS_MIN {
                return Err(refused(format!("brands: {brand:?} is shorter than {BRAND_CHARS_MIN} characters")));
            }
            Ok(brand)
        };
        Ok(Self {
            region: self.region,
            size: self.size,
            further,
            assets: Assets {
                domains: each("domains", &self.assets.domains, DOMAINS_MAX, domain)?,
                ranges: each("ranges", &self.assets.ranges, RANGES_MAX, own_range)?,
                brands: each("brands", &self.assets.brands, BRANDS_MAX, brand)?,
            },
            software: each("software", &self.software, SOFTWARE_MAX, |text| {
                crate::names::line("software", text, LABEL_CHARS_MAX)
            })?,
        })
    }

    fn lists(&self) -> [(&'static str, Vec<String>); 5] {
        let further = self.further.iter().map(|sector| sector.as_str().to_owned()).collect();
        [
            ("domain", self.assets.domains.clone()),
            ("range", self.assets.ranges.clone()),
            ("brand", self.assets.brands.clone()),
            ("software", self.software.clone()),
            ("sector", further),
        ]
    }
}

/// What is stored of an organisation.
pub(crate) fn read(connection: &Connection, id: OrganisationId) -> Result<Option<Profile>, RegisterError> {
    let found: Option<(Option<String>, Option<String>)> = connection
        .prepare_cached("SELECT region, size FROM organisation WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((region, size)) = found else { return Ok(None) };
    let mut profile = Profile {
        region: region.map(|region| region.parse()).transpose().map_err(RegisterError::Stored)?,
        size: size.and_then(|size| size.parse().ok()),
        ..Profile::default()
    };
    let mut statement =
        connection.prepare_cached("SELECT kind, value FROM asset WHERE organisation = ?1 ORDER BY kind, value")?;
    let mut rows = statement.query([id.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let value: String = row.get(1)?;
        match row.get_ref(0)?.as_str().unwrap_or_default() {
            "domain" => profile.assets.domains.push(value),
            "range" => profile.assets.ranges.push(value),
            "brand" => profile.assets.brands.push(value),
            "software" => profile.software.push(value),
            "sector" => profile.further.extend(value.parse::<Sector>()),
            _ => {}
        }
    }
    Ok(Some(profile))
}

/// Writes what differs from what is stored; `profile` is in normal form.
pub(crate) fn write(transaction: &Connection, id: OrganisationId, profile: &Profile) -> Result<(), RegisterError> {
    transaction.execute(
        "UPDATE organisation SET region = ?2, size = ?3 WHERE id = ?1",
        params![id.as_bytes(), profile.region.map(Region::as_str), profile.size.map(SizeBand::as_str)],
    )?;
    for (kind, values) in profile.lists() {
        transaction.execute("DELETE FROM asset WHERE organisation = ?1 AND kind = ?2", params![id.as_bytes(), kind])?;
        let mut insert =
            transaction.prepare_cached("INSERT OR IGNORE INTO asset(organisation, kind, value) VALUES (?1, ?2, ?3)")?;
        for value in values {
            insert.execute(params![id.as_bytes(), kind, value])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_one_form() {
        for (text, expect) in [
            ("192.0.2.77/24", Some("192.0.2.0/24")),
            ("192.0.2.7", Some("192.0.2.7")),
            ("2001:DB8::1/32", Some("2001:db8::/32")),
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("0.0.0.0/0", None),
            ("192.0.2.0/33", None),
            ("192.0.2.0/+24", None),
            ("::/0", None),
            ("192.0.2", None),
            ("", None),
        ] {
            assert_eq!(range(text).as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn a_profile_has_normal_forms_and_caps() {
        let own = |domains: &[&str]| Profile {
            assets: Assets { domains: domains.iter().map(|text| (*text).to_owned()).collect(), ..Assets::default() },
            further: vec![Sector::Energy, Sector::Water, Sector::Water],
            software: vec!["  Acme   Gateway 7 ".into()],
            ..Profile::default()
        };
        let normal = own(&["Calder.Example.", "calder.example", "a.example"]).normal(Sector::Energy).unwrap();
        assert_eq!(normal.assets.domains, ["a.example", "calder.example"]);
        assert_eq!(normal.further, [Sector::Water]);
        assert_eq!(normal.software, ["Acme Gateway 7"]);
        for bad in ["calder", "-a.example", "a b.example", "<svg>.example", "10.0.0.1", ""] {
            assert!(own(&[bad]).normal(Sector::Energy).is_err(), "{bad}");
        }
        let many: Vec<String> = (0..=DOMAINS_MAX).map(|n| format!("a{n}.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(own(&many).normal(Sector::Energy).is_err());
        let brand = |text: &str| Profile {
            assets: Assets { brands: vec![text.to_owned()], ..Assets::default() },
            ..Profile::default()
        };
        assert!(brand("x").normal(Sector::Energy).is_err());
        assert!(brand("ca\u{202e}lder").normal(Sector::Energy).is_err());
        assert_eq!(brand("Calder").normal(Sector::Energy).unwrap().assets.brands, ["calder"]);
    }
}
