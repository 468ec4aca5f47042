//! The partnership's posture: one word that a lead sets for everybody.

/// How alert the partnership is asked to be; the order is from calm to alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PostureWord {
    /// Nothing unusual.
    Normal,
    /// More attacks than usual, or one that spreads.
    Raised,
    /// Act now.
    High,
}

impl PostureWord {
    /// Every word, from calm to alert.
    pub const ALL: &'static [Self] = &[Self::Normal, Self::Raised, Self::High];

    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Raised => "raised",
            Self::High => "high",
        }
    }
}

impl std::str::FromStr for PostureWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or_else(|| format!("{text:?} is no posture"))
    }
}
