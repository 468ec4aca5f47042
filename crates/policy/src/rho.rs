//! The declared release ρ: what members learn, to be reviewed row by row beside the release policy.

use model::{AttackKind, GroupId, Kind, Marking, Pap, Timestamp, Tlp, WhoMayBeWarned, WhoMayKnow};

use crate::Params;
use crate::object::{Audience, Membership};
use crate::planted::{self, Leak};

/// What of a report decides over the release of one of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The first answer.
    pub warn: WhoMayBeWarned,
    /// The second answer.
    pub know: WhoMayKnow,
    /// The marking.
    pub marking: Marking,
    /// The scrub holds this value for the cell.
    pub held: bool,
}

/// When a value is due, counted from the time at which its report counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At the next release tick.
    NextTick,
    /// At the next epoch.
    NextEpoch,
    /// At the epoch after three distinct members have it.
    OnceThreeHaveIt,
}

/// What ρ says about one value of one report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Members never learn of it, and it shapes nothing that they see.
    Never,
    /// It reaches all members.
    Members {
        /// When.
        when: When,
        /// Whether it enters the community run: links, merges, counts. Otherwise it stands alone.
        community: bool,
    },
    /// It reaches the members of one sharing group as it stood, at the next release tick. It stands alone: of what is for a
    /// group nothing enters the community run, a band, a block feed or a campaign.
    Group {
        /// Which group.
        group: GroupId,
        /// When the latest of those whom it reaches had joined.
        as_of: Timestamp,
    },
}

/// Is a value of a report released, to whom and when?
///
/// | answer | marking | scrub | outcome |
/// |---|---|---|---|
/// | any | RED | any | never: RED is for named persons |
/// | any | any | held | never |
/// | cell only | any | – | never |
/// | a group that the reporter is in | CLEAR to AMBER+STRICT | – | that group as it stood, standing alone |
/// | a group that nobody has checked | any | – | never: an unknown group is nobody |
/// | now, next epoch, once three | AMBER+STRICT | – | members, standing alone |
/// | now, next epoch, once three | CLEAR, GREEN, AMBER | – | members, community |
#[must_use]
pub const fn release(answer: &Answer) -> Release {
    if matches!(answer.marking.tlp, Tlp::Red) || answer.held {
        return Release::Never;
    }
    let when = match answer.warn {
        WhoMayBeWarned::Now => When::NextTick,
        WhoMayBeWarned::NextEpoch => When::NextEpoch,
        WhoMayBeWarned::OnceThreeHaveIt => When::OnceThreeHaveIt,
        WhoMayBeWarned::Group { group, as_of: Some(as_of) } => return Release::Group { group, as_of },
        WhoMayBeWarned::CellOnly | WhoMayBeWarned::Group { as_of: None, .. } => return Release::Never,
    };
    Release::Members { when, community: !matches!(answer.marking.tlp, Tlp::AmberStrict) }
}

/// Whom a reporter's first answer reaches, for the groups that its organisation is in at that moment and when the latest
/// member of each had joined. A group that has ended, that the reporter is not in or that nobody knows is all one: the
/// report is for the cell alone, and nothing tells the reporter which of these it was.
#[must_use]
pub fn addressed(warn: WhoMayBeWarned, own: impl IntoIterator<Item = (GroupId, Timestamp)>) -> WhoMayBeWarned {
    let WhoMayBeWarned::Group { group, .. } = warn else { return warn };
    let found = own.into_iter().find(|(known, _)| *known == group);
    found.map_or(WhoMayBeWarned::CellOnly, |(group, as_of)| WhoMayBeWarned::Group { group, as_of: Some(as_of) })
}

/// Whether a member of a group gets an item: it belonged to the group as it stood when the item was reported, and has no
/// other item of the same value. A new member gets nothing older than its joining.
#[must_use]
pub fn reaches(membership: Membership, audience: &Audience) -> bool {
    match *audience {
        Audience::Members => true,
        Audience::Group { group, before, as_of } => {
            let joined = membership.joined;
            let new = joined > as_of && !planted::is_on(Leak::OldItemsToNewMember);
            membership.group == group && !new && before.is_none_or(|before| joined > before)
        }
    }
}

/// Whether a text of the cell reaches members: every marking but RED.
#[must_use]
pub const fn text_reaches_members(marking: &Marking) -> bool {
    !matches!(marking.tlp, Tlp::Red)
}

/// Whether a report's member counts towards breadth: unnamed ones only, never the cell's own or a feed.
#[must_use]
pub const fn counts_for_breadth(know: WhoMayKnow, own: bool) -> bool {
    !own && !matches!(know, WhoMayKnow::Everybody)
}

/// The firm's name, if the reporter wished it to be known to everybody.
#[must_use]
pub fn public_name(know: WhoMayKnow, named: Option<&str>) -> Option<&str> {
    if know == WhoMayKnow::Everybody { named } else { None }
}

/// The release tick at which what came at `at` may be shown: the next one, never one that has begun.
#[must_use]
pub const fn tick_after(at: Timestamp, params: &Params) -> Timestamp {
    next(at, params.tick_millis)
}

/// The epoch at which what came at `at` may be shown.
#[must_use]
pub const fn epoch_after(at: Timestamp, params: &Params) -> Timestamp {
    next(at, params.epoch_millis)
}

/// The first epoch at or after a release: when aggregates over it are drawn.
#[must_use]
pub const fn epoch_from(released: Timestamp, params: &Params) -> Timestamp {
    from(released, params.epoch_millis)
}

/// The first block minute at or after a release.
#[must_use]
pub const fn block_minute_from(released: Timestamp, params: &Params) -> Timestamp {
    from(released, params.block_millis)
}

const fn next(at: Timestamp, step: i64) -> Timestamp {
    at.floor_to(step).plus_millis(step)
}

const fn from(at: Timestamp, step: i64) -> Timestamp {
    let floor = at.floor_to(step);
    if floor.as_millis() == at.as_millis() { at } else { floor.plus_millis(step) }
}

/// Whether a report's member counts among those that open a hold: for its community reports only, as for blocks. What
/// stands alone must count for nothing that others see, and the cell's feeds are no member.
#[must_use]
pub const fn counts_for_hold(community: bool, own: bool) -> bool {
    community && !own
}

/// Whether a population is large enough to show that `distinct` members did something: a coalition of c that is not among
/// them must not know who they are.
#[must_use]
pub const fn hides(distinct: u32, population: u32, params: &Params) -> bool {
    population >= distinct.saturating_add(params.coalition).saturating_add(1)
}

/// Whether enough distinct members have a held value for it to open (at the next epoch), in a population that hides them.
#[must_use]
pub const fn hold_opens(members: u32, population: u32, params: &Params) -> bool {
    members >= params.hold_members && hides(params.hold_members, population, params)
}

/// How many members a campaign has hit, at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// K and more.
    Least,
    /// Ten and more.
    Ten,
    /// Twenty-five and more.
    TwentyFive,
}

impl Band {
    /// Every band, from narrow to wide.
    pub const ALL: [Self; 3] = [Self::Least, Self::Ten, Self::TwentyFive];

    /// The number that the band begins at.
    #[must_use]
    pub const fn floor(self, params: &Params) -> u32 {
        match self {
            Self::Least => params.breadth_floor(),
            Self::Ten => 10,
            Self::TwentyFive => OVER_COMMON_LEAST,
        }
    }

    /// As members read it.
    #[must_use]
    pub fn text(self, params: &Params) -> String {
        format!("{}+", self.floor(params))
    }
}

/// A sector or region with the distinct members of a campaign in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Members in it.
    pub population: u32,
    /// Whether members are told that the campaign is in it.
    pub marked: bool,
}

/// How many of a population a campaign can have hit, for all that its marks say: where a place is large enough for a mark
/// and has none, everybody knows that fewer than K of it were hit.
#[must_use]
pub fn room(population: u32, places: impl IntoIterator<Item = Place>, params: &Params) -> u32 {
    let unmarked = places.into_iter().filter(|place| !place.marked && may_be_marked(place.population, params));
    unmarked.fold(population, |room, place| {
        room.saturating_sub(place.population.saturating_sub(params.breadth_floor() - 1))
    })
}

/// The band of `distinct` members where the marks leave `room`: at least K, and only where there is room enough that a
/// coalition of c cannot tell who it was.
#[must_use]
pub fn band(distinct: u32, room: u32, params: &Params) -> Option<Band> {
    if planted::is_on(Leak::CountAtOne) {
        return [None, Some(Band::Least), Some(Band::Ten)]
            .get(distinct as usize)
            .copied()
            .unwrap_or(Some(Band::TwentyFive));
    }
    Band::ALL.into_iter().rev().find(|band| {
        let floor = band.floor(params).max(params.breadth_floor());
        distinct >= floor && (hides(floor, room, params) || planted::is_on(Leak::BandOfEverybody))
    })
}

/// What is shown after `shown`: a band never goes down.
#[must_use]
pub fn band_after(shown: Option<Band>, now: Option<Band>) -> Option<Band> {
    shown.max(now)
}

/// Whether a sector or region has enough members for a mark.
#[must_use]
pub const fn may_be_marked(population: u32, params: &Params) -> bool {
    population >= params.population_floor()
}

/// Whether a sector or region may be marked: K distinct members in it, and enough members in all.
#[must_use]
pub fn place_is_marked(distinct_in_it: u32, population: u32, params: &Params) -> bool {
    let populous = may_be_marked(population, params) || planted::is_on(Leak::SectorBelowFloor);
    let floor = if planted::is_on(Leak::SectorAtK) { params.others } else { params.breadth_floor() };
    distinct_in_it >= floor && populous
}

/// Which places a partnership's campaigns are marked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkedBy {
    /// By sector.
    Sectors,
    /// By region.
    Regions,
}

/// Sectors, where any has enough members for a mark; else regions. Never both: a sector that is marked beside a large region
/// that is not tells of their crossing, which may be one firm. The choice hangs on the population alone, which everybody
/// knows, never on what was reported.
#[must_use]
pub fn marked_by(sectors: impl IntoIterator<Item = u32>, params: &Params) -> MarkedBy {
    let populous = sectors.into_iter().any(|population| may_be_marked(population, params));
    if populous || planted::is_on(Leak::SectorBelowFloor) { MarkedBy::Sectors } else { MarkedBy::Regions }
}

/// Whether one report of a value confirms it for the block feed: a member's community report; one that was filed after
/// the value had reached its reporter is an echo, and counts only with a clean record.
#[must_use]
pub const fn confirms_block(community: bool, own: bool, after_release: bool, clean_record: bool) -> bool {
    community && !own && (!after_release || clean_record)
}

/// Whether a value is on the block feed: two distinct members confirm it, it is no everyday value, and PAP allows a push.
#[must_use]
pub const fn blocked(confirming_members: u32, everyday: bool, pap: Pap, params: &Params) -> bool {
    confirming_members >= params.block_members && !everyday && matches!(pap, Pap::Clear | Pap::Green)
}

/// The marking of what several reports name: the strictest of each label.
#[must_use]
pub fn merged(markings: impl IntoIterator<Item = Marking>) -> Marking {
    markings.into_iter().fold(Marking::OPEN, Marking::join)
}

/// Where the widest band begins: fewer members than these make no value over-common, by default.
pub const OVER_COMMON_LEAST: u32 = 25;

/// How many distinct members of a population make a value one that links nothing any more: half of all, and no fewer than
/// `least`, which by default is where the widest band begins, so that it tells nothing that a band would not. `None` where
/// the population does not hide so many. It is asked at epochs, and it changes what is linked from then on: no feed.
#[must_use]
pub fn over_common_members(population: u32, least: u32, params: &Params) -> Option<u32> {
    let members = population.div_ceil(2).max(least).max(params.breadth_floor());
    hides(members, population, params).then_some(members)
}

/// The kind of attack of what two reports say: the first in the list of kinds, "not sure" last, whoever was first.
#[must_use]
pub fn attack_of(a: AttackKind, b: AttackKind) -> AttackKind {
    let rank = |kind| AttackKind::ALL.iter().position(|known| *known == kind && kind != AttackKind::NotSure);
    match (rank(a), rank(b)) {
        (Some(mine), Some(theirs)) if theirs < mine => b,
        (Some(_), _) => a,
        (None, _) => b,
    }
}

/// Whether a further report at `at` renews the watch on a value: only in its second half (and at the next epoch), so that
/// the end of the watch does not tell when others reported.
#[must_use]
pub fn renews_watch(at: Timestamp, until: Timestamp, params: &Params) -> bool {
    planted::is_on(Leak::WatchMoves) || until.millis_since(at) < params.watch_millis / 2
}

/// How telling a value is in a campaign's title; lower is better.
#[must_use]
pub const fn title_rank(kind: Kind) -> u8 {
    match kind {
        Kind::Domain | Kind::Hostname => 0,
        Kind::Url => 1,
        Kind::Email => 2,
        Kind::Cve => 3,
        Kind::Ipv4 | Kind::Ipv6 => 4,
        Kind::Cidr => 5,
        Kind::FileName => 6,
        Kind::EmailSubject | Kind::Phone | Kind::Account | Kind::Btc | Kind::Iban => 7,
        Kind::Sha256 => 8,
        Kind::Sha1 | Kind::Sha512 | Kind::Md5 => 9,
        _ => 10,
    }
}

/// A campaign's title from released content: the kind of attack and its most telling value.
#[must_use]
pub fn campaign_title(attack: AttackKind, value: &str, indicators: u32) -> String {
    let attack = match attack {
        AttackKind::NotSure => "Activity",
        known => known.title(),
    };
    let mut shown: String = value.chars().take(TITLE_VALUE_CHARS_MAX).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    match indicators {
        0 | 1 => format!("{attack}: {shown}"),
        2 => format!("{attack}: {shown} and 1 other"),
        many => format!("{attack}: {shown} and {} others", many - 1),
    }
}

/// Longest piece of a value in a title.
const TITLE_VALUE_CHARS_MAX: usize = 80;
