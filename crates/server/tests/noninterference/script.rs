//! Scripts of operations over a few firms and a few hot values, so that collisions are common.

mod made;
mod pairs;

pub use made::{script, script_of};
pub use pairs::{behind_a_wall, rearrived, swapped, told_from_outside, without_hidden};

/// The reporter's first answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warn {
    Now,
    NextEpoch,
    OnceThree,
    CellOnly,
    /// A group that is none.
    UnknownGroup,
    /// One of the groups; whether its reporter is in it is another matter.
    Group(usize),
}

/// Where a value names the firm itself, so that the scrub must hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    Host,
    Mailbox,
    Path,
    Query,
}

impl Own {
    /// Every place.
    pub const ALL: [Self; 4] = [Self::Host, Self::Mailbox, Self::Path, Self::Query];

    /// The value that names a firm there.
    pub fn text(self, firm: usize) -> String {
        let name = firm_domain(firm);
        match self {
            Self::Host => format!("https://mail.{name}/login"),
            Self::Mailbox => format!("payroll@{name}"),
            Self::Path => format!("http://lure.test/{name}/login"),
            Self::Query => format!("http://lure.test/login?to=who%40{name}&next={name}"),
        }
    }
}

/// How a report comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Form,
    Csv,
    Misp,
}

/// One report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its own number, which it keeps when it is moved or filed by another firm.
    pub label: usize,
    pub firm: usize,
    pub values: Vec<usize>,
    pub warn: Warn,
    pub named: bool,
    pub tlp: &'static str,
    pub pap: &'static str,
    pub attack: &'static str,
    pub techniques: Vec<&'static str>,
    /// One more value names the firm itself.
    pub own_name: Option<Own>,
    pub via: Via,
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    Report(Report),
    /// Somebody who is no member tells the cell of a value.
    Tell(usize),
    /// Time passes, in milliseconds. Without any, it stands where something hidden was: time goes on as if it were there.
    Wait(i64),
    /// An analyst sends a text to members, perhaps about the campaign of a value.
    Advise {
        about: Option<usize>,
        tlp: &'static str,
    },
    /// A lead sets the posture.
    Posture(&'static str),
    /// An analyst takes the report of a label.
    Claim(usize),
    /// An analyst says whether the reports of two labels are of one attack.
    Relate {
        one: usize,
        other: usize,
        same: bool,
    },
    /// A firm's person has read the latest text.
    Read(usize),
    /// A lead puts a firm into a group.
    Join {
        group: usize,
        firm: usize,
    },
    /// A lead takes a firm out of a group.
    Leave {
        group: usize,
        firm: usize,
    },
    /// A lead ends a group.
    End(usize),
    /// Everything whose time is over goes, as if many years had passed.
    Age,
    /// Something that the reporter or the cell does with the report of a label.
    Back {
        label: usize,
        act: Back,
    },
}

/// What is done with a report after it was filed; whoever files it acts on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Back {
    /// Its reporter takes it back.
    Withdraw,
    /// Its reporter takes it back for good.
    Recall,
    /// Its reporter lets more be warned.
    Consent(Warn),
    /// Its reporter corrects it.
    Correct { add: Vec<usize>, drop: Vec<usize>, attack: &'static str },
    /// Its reporter says something in its thread.
    Say,
    /// An analyst says something there, and perhaps asks to share more.
    Reply { asks: bool },
    /// Its reporter has read the thread.
    ReadThread,
    /// An analyst says what it was worth.
    Judge(&'static str),
    /// A lead limits its source, whoever that is.
    Limit,
    /// Two leads open its source.
    Open,
}

impl Op {
    /// The report that an act is about.
    pub const fn about(&self) -> Option<usize> {
        match self {
            Self::Claim(label) | Self::Back { label, .. } => Some(*label),
            _ => None,
        }
    }

    /// Whether an act names the report of a label.
    pub fn names(&self, label: usize) -> bool {
        match self {
            Self::Relate { one, other, .. } => *one == label || *other == label,
            op => op.about() == Some(label),
        }
    }
}

/// The firms and what they do.
#[derive(Clone, Debug)]
pub struct Script {
    pub firms: usize,
    pub sectors: usize,
    /// Regions that firms lie in; with none nobody says where it is.
    pub regions: usize,
    /// Reports after which a value links nothing; with none the platform's own limit.
    pub common: Option<u32>,
    /// How long after the start of a token window it begins.
    pub late: i64,
    /// Reports are linked by the platform's own weights, of which no model here knows what they find; else by equal values.
    pub weighed: bool,
    /// There is a table of network operators, which some addresses have in common and others not.
    pub networks: bool,
    pub ops: Vec<Op>,
    /// A report on which much hangs, and another firm that might have filed it.
    pub focus: Option<(usize, usize)>,
}

impl Script {
    /// The sector of a firm.
    pub const fn sector(&self, firm: usize) -> usize {
        firm % self.sectors
    }

    /// Whether a firm is in a group from the beginning: in the first every other, in the second a few, in the third nobody.
    pub const fn begins_in(&self, firm: usize, group: usize) -> bool {
        match group {
            0 => firm.is_multiple_of(2),
            1 => firm < 3,
            _ => false,
        }
    }

    /// The region of a firm.
    pub const fn region(&self, firm: usize) -> Option<usize> {
        if self.regions == 0 { None } else { Some((firm / self.sectors) % self.regions) }
    }

    /// Who files the report of a label.
    pub fn firm_of(&self, label: usize) -> Option<usize> {
        self.reports().find(|(_, report)| report.label == label).map(|(_, report)| report.firm)
    }

    /// Places of the reports.
    pub fn reports(&self) -> impl Iterator<Item = (usize, &Report)> {
        self.ops.iter().enumerate().filter_map(|(at, op)| match op {
            Op::Report(report) => Some((at, report)),
            _ => None,
        })
    }
}

/// Firms and sectors: of the small partnerships some are too small for a band, a mark, a hold.
const SIZES: &[(usize, usize)] =
    &[(12, 2), (12, 1), (12, 4), (14, 1), (24, 2), (12, 2), (12, 4), (24, 2), (11, 1), (5, 1)];

/// Sharing groups of every world.
pub const GROUPS: usize = 3;

/// Number of hot values; higher numbers are values that nobody else reports.
pub const HOT: usize = 8;
/// The value that is held over the border of two token windows.
const BORDER: usize = HOT + 2_000;
/// From here on values are addresses of one network operator, where there is a table.
pub const OPERATED: usize = HOT + 9_000;
/// How long a token window is.
pub const WINDOW: i64 = 30 * 86_400_000;

/// The text of value number `n`: domains, addresses, and URLs on hosts that are values themselves.
pub fn value(n: usize) -> String {
    match (n, host_of(n), n % 3) {
        // In different /16, so that nothing but an operator is common to them.
        (OPERATED.., ..) => format!("45.{}.148.{}", 9 + n % 4, n % 200 + 1),
        (_, Some(host), _) => format!("http://attack{host}.test/a/{n}"),
        (.., 0) => format!("attack{n}.test"),
        (.., 1) => format!("198.51.100.{}", n % 250 + 1),
        _ => format!("http://evil{n}.test/a/{n}"),
    }
}

/// The hot domain that a hot URL is on.
pub const fn host_of(n: usize) -> Option<usize> {
    match n {
        2 | 6 => Some(0),
        5 => Some(3),
        _ => None,
    }
}

impl Report {
    /// How strict its two labels are, each from loose to strict.
    pub fn strictness(&self) -> (usize, usize) {
        let place = |all: &[&str], label: &str| all.iter().position(|known| *known == label).unwrap();
        (
            place(&["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"], self.tlp),
            place(&["CLEAR", "GREEN", "AMBER", "RED"], self.pap),
        )
    }
}

/// Name and domain of a firm.
pub fn firm_domain(firm: usize) -> String {
    format!("firm{firm}.example")
}
