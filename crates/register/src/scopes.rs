//! What a key is good for: typed scopes, each named once.

/// One thing that a key may be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Reads what is released.
    ReadReleased,
    /// Reports attacks.
    Report,
    /// Imports files.
    Import,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::ReadReleased, Self::Report, Self::Import];

    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadReleased => "read:released",
            Self::Report => "report",
            Self::Import => "import",
        }
    }

    /// The scope of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope.
    pub const ALL: Self = Self(Scope::ReadReleased.bit() | Scope::Report.bit() | Scope::Import.bit());

    /// The names of scopes with blanks between them, as they are stored; a name that is none of ours counts for nothing.
    #[must_use]
    pub fn from_names(names: &str) -> Self {
        names.split_ascii_whitespace().filter_map(Scope::from_name).collect()
    }

    /// Whether a scope is among them.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes, in order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    /// As they are stored.
    pub(crate) fn names(self) -> String {
        self.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ")
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | scope.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_scopes_and_back() {
        assert_eq!(Scopes::from_names(&Scopes::ALL.names()), Scopes::ALL);
        assert_eq!(Scopes::ALL.names(), "read:released report import");
        let one = Scopes::from_names("report everything:at-all");
        assert!(one.has(Scope::Report) && !one.has(Scope::ReadReleased) && !one.has(Scope::Import));
        assert!(Scopes::from_names("").is_empty());
    }
}
