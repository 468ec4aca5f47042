//! What a member tells: a draft as importers and forms make it, with the reporter's two answers.

use std::num::NonZeroU32;

use crate::sector::named;
use crate::{GroupId, Marking, Sighting, Timestamp};

named!(
    /// The closest match that a reporter chose for what happened.
    AttackKind {
        Phishing => "phishing", "Phishing";
        StolenLogin => "stolen-login", "Stolen login";
        Ransomware => "ransomware", "Ransomware";
        Flooding => "flooding", "Flooding (DDoS)";
        BreakIn => "break-in", "Break-in";
        Malware => "malware", "Malware";
        SupplierBreach => "supplier-breach", "Supplier breach";
        Scanning => "scanning", "Scanning";
        Fraud => "fraud", "Fraud";
        NotSure => "not-sure", "Not sure";
    }
);

named!(
    /// How bad it is; the order is from bad to mild.
    Severity {
        Critical => "critical", "Critical";
        High => "high", "High";
        Medium => "medium", "Medium";
        Low => "low", "Low";
    }
);

/// The reporter's first answer: who may be warned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhoMayBeWarned {
    /// Members, at the next release tick.
    Now,
    /// Members, at the next epoch.
    NextEpoch,
    /// Members, once three distinct members have it, at the epoch after that.
    OnceThreeHaveIt,
    /// Nobody but the cell.
    CellOnly,
    /// The members of one sharing group.
    Group {
        /// Which.
        group: GroupId,
        /// The group as it stood when the report was taken: when the latest of its members had joined. `None` if nobody has
        /// checked that the reporter is in it; such a group reaches nobody.
        as_of: Option<Timestamp>,
    },
}

named!(
    /// The reporter's second answer: who may know that it was them.
    WhoMayKnow {
        Nobody => "nobody", "Nobody";
        Cell => "cell", "The cell";
        Everybody => "everybody", "Everybody";
    }
);

/// An ATT&CK technique id such as `T1566` or `T1566.002`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Technique(String);

impl Technique {
    /// Reads `T` and four digits, optionally with a dot and three digits, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let upper = text.trim().to_ascii_uppercase();
        let digits = upper.strip_prefix('T')?;
        let (main, sub) = digits.split_once('.').map_or((digits, None), |(main, sub)| (main, Some(sub)));
        let all_digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
        (all_digits(main, 4) && sub.is_none_or(|sub| all_digits(sub, 3))).then_some(Self(upper))
    }

    /// The id in upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where in its file something stood, so that a problem can be found again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Line, counted from 1, where the format has lines.
    pub line: Option<NonZeroU32>,
    /// Path of the field, such as `Event.Attribute[3].value`; empty if the format has none.
    pub field: String,
}

/// One value of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftIndicator {
    /// What was seen, and when, if the source says.
    pub sighting: Sighting,
    /// Where it stood.
    pub origin: Origin,
}

/// A report before it is accepted: what an importer or a form made of its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// One line that says what it is; never shown to members.
    pub title: String,
    /// The reporter's own words; never shown to members.
    pub narrative: String,
    /// Closest match.
    pub attack: AttackKind,
    /// How bad.
    pub severity: Severity,
    /// Still going on?
    pub ongoing: bool,
    /// When it happened, if the source says.
    pub happened_at: Option<Timestamp>,
    /// Who the source says wrote it (a feed's author name); only a replay uses it, to make members. Never stored.
    pub author: Option<String>,
    /// Marking of everything in it, where the source gives none of its own.
    pub marking: Option<Marking>,
    /// Whether the source leaves it to the cell, whatever the reporter answers for the rest.
    pub cell_only: bool,
    /// ATT&CK techniques named.
    pub techniques: Vec<Technique>,
    /// Free tags, such as a malware family.
    pub tags: Vec<String>,
    /// The values.
    pub indicators: Vec<DraftIndicator>,
    /// Where the draft began in its file.
    pub origin: Origin,
}

impl Draft {
    /// A draft with nothing in it but a title.
    #[must_use]
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            narrative: String::new(),
            attack: AttackKind::NotSure,
            severity: Severity::Medium,
            ongoing: false,
            happened_at: None,
            author: None,
            marking: None,
            cell_only: false,
            techniques: Vec::new(),
            tags: Vec::new(),
            indicators: Vec::new(),
            origin: Origin::default(),
        }
    }
}
