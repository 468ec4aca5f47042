//! TLP 2.0 (FIRST) and PAP as lattices: combining two markings takes the stricter of each.

use std::fmt;
use std::str::FromStr;

/// Traffic Light Protocol 2.0 label; the order is from loose to strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tlp {
    /// No limit on disclosure. `WHITE` is accepted on input.
    Clear,
    /// For the community, not public.
    Green,
    /// For the member and its clients.
    Amber,
    /// For the member only.
    AmberStrict,
    /// For named persons only.
    Red,
}

/// Permissible Actions Protocol; the order is from loose to strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pap {
    /// No limit on use.
    Clear,
    /// Active actions, such as a block, are allowed.
    Green,
    /// Passive cross-checks, own and third party.
    Amber,
    /// Non-detectable actions only.
    Red,
}

/// How far something may travel and what may be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Marking {
    /// Who may read it.
    pub tlp: Tlp,
    /// What may be done with it.
    pub pap: Pap,
}

impl Marking {
    /// The marking that leaves most open; neutral for [`Marking::join`].
    pub const OPEN: Self = Self { tlp: Tlp::Clear, pap: Pap::Clear };

    /// The strictest of both: what a conclusion drawn from two things carries.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { tlp: self.tlp.max(other.tlp), pap: self.pap.max(other.pap) }
    }
}

impl Default for Marking {
    /// AMBER and PAP GREEN: what is assumed for an item that carries no marking.
    fn default() -> Self {
        Self { tlp: Tlp::Amber, pap: Pap::Green }
    }
}

/// A word that is no TLP or PAP label.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no {1} label")]
pub struct UnknownLabel(pub String, pub &'static str);

impl Tlp {
    /// Every label, from loose to strict.
    pub const ALL: [Self; 5] = [Self::Clear, Self::Green, Self::Amber, Self::AmberStrict, Self::Red];

    /// The label without its prefix, as TLP 2.0 writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "CLEAR",
            Self::Green => "GREEN",
            Self::Amber => "AMBER",
            Self::AmberStrict => "AMBER+STRICT",
            Self::Red => "RED",
        }
    }
}

impl Pap {
    /// Every label, from loose to strict.
    pub const ALL: [Self; 4] = [Self::Clear, Self::Green, Self::Amber, Self::Red];

    /// The label without its prefix.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "CLEAR",
            Self::Green => "GREEN",
            Self::Amber => "AMBER",
            Self::Red => "RED",
        }
    }
}

impl fmt::Display for Tlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Pap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn bare(text: &str, prefix: &str) -> String {
    let upper = text.trim().to_ascii_uppercase();
    upper.strip_prefix(prefix).map_or(upper.clone(), |rest| rest.trim_start_matches([':', ' ', '=']).replace('"', ""))
}

impl FromStr for Tlp {
    type Err = UnknownLabel;

    /// Reads `AMBER`, `tlp:amber`, `TLP:AMBER+STRICT` and, for TLP 1.0, `WHITE`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match bare(text, "TLP").as_str() {
            "CLEAR" | "WHITE" => Ok(Self::Clear),
            "GREEN" => Ok(Self::Green),
            "AMBER" => Ok(Self::Amber),
            "AMBER+STRICT" | "AMBER-STRICT" | "AMBER STRICT" => Ok(Self::AmberStrict),
            "RED" => Ok(Self::Red),
            _ => Err(UnknownLabel(text.to_owned(), "TLP")),
        }
    }
}

impl FromStr for Pap {
    type Err = UnknownLabel;

    /// Reads `GREEN`, `pap:green` and `WHITE` for `CLEAR`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match bare(text, "PAP").as_str() {
            "CLEAR" | "WHITE" => Ok(Self::Clear),
            "GREEN" => Ok(Self::Green),
            "AMBER" => Ok(Self::Amber),
            "RED" => Ok(Self::Red),
            _ => Err(UnknownLabel(text.to_owned(), "PAP")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_round_trip_and_white_is_clear() {
        for tlp in Tlp::ALL {
            assert_eq!(tlp.as_str().parse(), Ok(tlp));
            assert_eq!(format!("tlp:{}", tlp.as_str().to_lowercase()).parse(), Ok(tlp));
        }
        for pap in Pap::ALL {
            assert_eq!(pap.as_str().parse(), Ok(pap));
        }
        assert_eq!("TLP:WHITE".parse(), Ok(Tlp::Clear));
        assert!("MAUVE".parse::<Tlp>().is_err());
    }

    #[test]
    fn join_is_a_lattice() {
        let all = Tlp::ALL.into_iter().flat_map(|tlp| Pap::ALL.map(|pap| Marking { tlp, pap })).collect::<Vec<_>>();
        for &a in &all {
            assert_eq!(a.join(a), a);
            assert_eq!(a.join(Marking::OPEN), a);
            for &b in &all {
                assert_eq!(a.join(b), b.join(a));
                for &c in &all {
                    assert_eq!(a.join(b).join(c), a.join(b.join(c)));
                }
            }
        }
    }
}
