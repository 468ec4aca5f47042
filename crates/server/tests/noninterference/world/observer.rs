//! Who looks, and what was seen.

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Observer {
    Stranger,
    MemberSession(usize),
    MemberKey(usize),
    CellStranger,
    Analyst,
    Lead,
    /// Lent by the first firm, and walled from its sector.
    Secondee,
    /// Reaches the cell's listener from the operator's network; reads logs, figures and exports.
    Operator,
}

impl Observer {
    pub const fn is_cell(self) -> bool {
        matches!(self, Self::CellStranger | Self::Analyst | Self::Lead | Self::Secondee | Self::Operator)
    }

    /// Whether they are people of the cell, who act on cases.
    pub const fn acts_on_cases(self) -> bool {
        matches!(self, Self::Analyst | Self::Lead | Self::Secondee)
    }

    pub const fn kind(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::MemberSession(_) => "member session",
            Self::MemberKey(_) => "member key",
            Self::CellStranger => "stranger at the cell",
            Self::Analyst => "analyst",
            Self::Lead => "lead",
            Self::Secondee => "secondee",
            Self::Operator => "operator",
        }
    }
}

/// One answer, as bytes that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen(pub String);
