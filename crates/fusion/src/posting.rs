//! What is known of one feature: the campaigns that have it, how many reports that is, and, for a value, who holds it.
//!
//! Most features have one report: all of it is then in the eight bytes of [`Posting`]. What more have is in a [`Store`].

use model::{Kind, Timestamp};

use crate::engine::Case;
use crate::holders::Holders;
use crate::places::Places;
use crate::small::Few;
use crate::steps::List;
use crate::store::Store;

/// Campaigns that one feature leads to: of more the rarest evidence would not be worth the work.
pub(crate) const ENTRIES_MAX: usize = 4;
/// Stands for "nothing further".
const NONE: u32 = u32::MAX;

/// A report names it as a value.
pub(crate) const AS_VALUE: u8 = 1;
/// A report has a URL on it.
pub(crate) const AS_HOST: u8 = 2;
/// A report has a name that its owner has.
pub(crate) const AS_OWNED: u8 = 4;
/// A report has it as a feature of another kind.
pub(crate) const AS_FEATURE: u8 = 8;

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Links,
    Noise,
    OverCommon,
}

/// One campaign that has a feature.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    /// Its first case with the feature; the campaign is the one that this case is in now.
    pub case: u32,
    /// The last case that has it. Cases count, whoever sent them: were a member's repeats left out, campaigns that members see would
    /// tell which reports came from one.
    pub last: u32,
    /// Cases that have it.
    pub count: u16,
    /// In which roles.
    pub roles: u8,
}

/// What does not fit in place: one line of memory.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
pub(crate) struct More {
    pub(crate) entries: Few<Entry, ENTRIES_MAX>,
    /// Cases that have the feature.
    pub(crate) having: u32,
    pub(crate) named: u32,
    /// Splits up to which its entries are in order.
    mended: u32,
}

/// What a feature that values name has beside: one line of memory, and more for those that many name.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
pub(crate) struct Named {
    /// Cases that name it as a value, in all.
    pub(crate) seen: u32,
    /// When it was last named as a value, in seconds since 1970.
    last_seen: u32,
    /// Cases that name it as a value.
    pub(crate) holders: Holders,
    /// Cases that have a URL on it or a name below it.
    pub(crate) comers: Holders,
    /// So many members came by it without naming it that it links nothing by that.
    pub(crate) crowded_out: bool,
}

/// One feature: the only case that has it, or where more of it is, and its flags.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Posting {
    at: u32,
    flags: u32,
}

const ROLES: u32 = 0xf;
const KIND: u32 = 4;
const STANDING: u32 = 12;
const LISTS: u32 = 16;
const SPILLED: u32 = 1 << 30;
const TAKEN: u32 = 1 << 31;

fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.as_millis() / 1000).unwrap_or(0)
}

impl Posting {
    /// No feature.
    pub(crate) const VACANT: Self = Self { at: 0, flags: 0 };

    /// The first case with a feature.
    pub(crate) const fn of(case: u32, role: u8, kind: Kind, lists: u8) -> Self {
        Self { at: case, flags: TAKEN | role as u32 & ROLES | (kind as u32) << KIND | (lists as u32) << LISTS }
    }

    pub(crate) const fn is_vacant(self) -> bool {
        self.flags & TAKEN == 0
    }

    #[cfg(test)]
    pub(crate) const fn first_case(self) -> u32 {
        self.at
    }

    const fn is_spilled(self) -> bool {
        self.flags & SPILLED != 0
    }

    pub(crate) fn kind(self) -> Kind {
        Kind::ALL.get((self.flags >> KIND & 0xff) as usize).copied().unwrap_or(Kind::Domain)
    }

    pub(crate) const fn standing(self) -> Standing {
        match self.flags >> STANDING & 3 {
            0 => Standing::Links,
            1 => Standing::Noise,
            _ => Standing::OverCommon,
        }
    }

    /// Which lists of everyday values its standing was last asked of.
    pub(crate) const fn lists(self) -> u8 {
        (self.flags >> LISTS & 0xff) as u8
    }

    pub(crate) const fn stand(&mut self, standing: Standing) {
        let bits = match standing {
            Standing::Links => 0,
            Standing::Noise => 1,
            Standing::OverCommon => 2,
        };
        self.flags = self.flags & !(3 << STANDING) | bits << STANDING;
    }

    /// It is a value of this kind, and stands so by these lists.
    pub(crate) const fn name(&mut self, kind: Kind, standing: Standing, lists: u8) {
        self.flags = self.flags & !(0xff << KIND | 0xff << LISTS) | (kind as u32) << KIND | (lists as u32) << LISTS;
        self.stand(standing);
    }

    const fn roles(self) -> u8 {
        (self.flags & ROLES) as u8
    }

    const fn only(self) -> Entry {
        Entry { case: self.at, last: self.at, count: 1, roles: self.roles() }
    }

    /// The only case, if it has it in one of these roles.
    const fn only_as(&self, roles: u8) -> &[u32] {
        if self.roles() & roles != 0 { std::slice::from_ref(&self.at) } else { &[] }
    }

    pub(crate) fn more(self, store: &Store) -> Option<&More> {
        if self.is_spilled() { store.list.get(self.at) } else { None }
    }

    /// Where more of it is.
    pub(crate) const fn spilled_to(self) -> Option<u32> {
        if self.is_spilled() { Some(self.at) } else { None }
    }

    pub(crate) fn named(self, store: &Store) -> Option<&Named> {
        store.named.get(self.more(store)?.named)
    }

    pub(crate) fn named_mut(self, store: &mut Store) -> Option<&mut Named> {
        let named = self.more(store)?.named;
        store.named.get_mut(named)
    }

    pub(crate) fn crowded_out(self, store: &Store) -> bool {
        self.named(store).is_some_and(|named| named.crowded_out)
    }

    /// The campaigns that have it; `room` is for the only one.
    pub(crate) fn entries<'a>(self, store: &'a Store, room: &'a mut [Entry; 1]) -> &'a [Entry] {
        match self.more(store) {
            Some(more) => more.entries.as_slice(),
            None => {
                *room = [self.only()];
                room
            }
        }
    }

    /// How many campaigns it leads to.
    pub(crate) fn campaigns(self, store: &Store) -> u32 {
        self.more(store).map_or(1, |more| u32::try_from(more.entries.len()).unwrap_or(u32::MAX))
    }

    /// Cases that have it.
    pub(crate) fn having(self, store: &Store) -> u32 {
        self.more(store).map_or(1, |more| more.having)
    }

    /// Cases that name it as a value, as far as they are kept, in the order in which they came.
    pub(crate) fn holders<'a>(&'a self, store: &'a Store) -> &'a [u32] {
        match self.more(store) {
            Some(more) => store.named.get(more.named).map_or(&[], |named| named.holders.cases()),
            None => self.only_as(AS_VALUE),
        }
    }

    /// The first case that names it, or else that came by it; of what only those who came by it made too common, the reverse.
    pub(crate) fn first(self, store: &Store) -> Option<u32> {
        let listed = self.named(store).and_then(|named| {
            let first = |list: &Holders| list.cases().first().copied();
            let (holders, comers) = (first(&named.holders), first(&named.comers));
            if self.standing() == Standing::Links { comers.or(holders) } else { holders.or(comers) }
        });
        listed.or_else(|| self.entries(store, &mut [Entry::default()]).first().map(|entry| entry.case))
    }

    /// In how many cases it was named as a value.
    pub(crate) fn seen(self, store: &Store) -> u32 {
        match self.more(store) {
            Some(more) => store.named.get(more.named).map_or(0, |named| named.seen),
            None => u32::from(self.roles() & AS_VALUE),
        }
    }

    /// Distinct counting members that name it, in the largest token window.
    pub(crate) fn members(self, store: &Store, cases: &List<Case>) -> u32 {
        match self.more(store) {
            Some(more) => store.named.get(more.named).map_or(0, |named| named.holders.count(cases)),
            None => self.only_member(AS_VALUE, cases),
        }
    }

    /// Distinct counting members that came by it without naming it.
    pub(crate) fn comers(self, store: &Store, cases: &List<Case>) -> u32 {
        match self.more(store) {
            Some(more) => store.named.get(more.named).map_or(0, |named| named.comers.count(cases)),
            None => self.only_member(AS_HOST | AS_OWNED, cases),
        }
    }

    fn only_member(self, roles: u8, cases: &List<Case>) -> u32 {
        let case = self.only_as(roles).first().and_then(|case| cases.get(*case));
        case.map_or(0, |case| u32::from(case.counts))
    }

    /// Whether fewer cases than this hold it or came by it: then so many members do not, and need not be counted.
    pub(crate) fn is_below(self, store: &Store, members: u32) -> bool {
        let fewer = |holders: &Holders| !holders.is_full() && (holders.cases().len() as u64) < u64::from(members);
        match self.named(store) {
            Some(named) => fewer(&named.holders) && fewer(&named.comers),
            None => members > 1,
        }
    }

    pub(crate) fn last_seen(self, store: &Store, cases: &List<Case>) -> Timestamp {
        let at = match self.more(store) {
            Some(more) => store.named.get(more.named).map_or(0, |named| named.last_seen),
            None => self.only_as(AS_VALUE).first().and_then(|case| cases.get(*case)).map_or(0, |case| seconds(case.at)),
        };
        Timestamp::from_millis(i64::from(at) * 1000)
    }

    /// A case named it then. Of an only case that is when it came, unless it added the value later.
    pub(crate) fn touch(&mut self, at: Timestamp, store: &mut Store, cases: &List<Case>) {
        if !self.is_spilled() && cases.get(self.at).is_some_and(|case| seconds(at) > seconds(case.at)) {
            self.spill(store, cases);
        }
        if let Some(named) = self.named_mut(store) {
            named.last_seen = named.last_seen.max(seconds(at));
        }
    }

    /// Whether a case is known to have it in a role.
    pub(crate) fn has(self, case: u32, role: u8, store: &Store) -> bool {
        match self.more(store) {
            None => self.roles() & role != 0 && self.at == case,
            Some(more) => store.named.get(more.named).is_some_and(|named| {
                let list = if role == AS_VALUE { named.holders.cases() } else { named.comers.cases() };
                list.last() == Some(&case) || list.contains(&case)
            }),
        }
    }

    /// Another case has it.
    pub(crate) fn add(&mut self, case: u32, role: u8, store: &mut Store, cases: &List<Case>, places: &Places) {
        if !self.is_spilled() && role == AS_FEATURE && self.at == case {
            return;
        }
        let fresh = !self.is_spilled();
        self.spill(store, cases);
        let Some(more) = store.list.get_mut(self.at) else { return };
        if fresh {
            more.mended = places.splits();
        }
        more.enter(case, role, places);
        if role == AS_FEATURE {
            return;
        }
        let mut place = more.named;
        if place == NONE {
            place = store.add_named(Named::default());
            if let Some(more) = store.list.get_mut(self.at) {
                more.named = place;
            }
        }
        let Some(named) = store.named.get_mut(place) else { return };
        if role == AS_VALUE {
            named.seen = named.seen.saturating_add(1);
            named.holders.push(case, cases);
        } else {
            named.comers.push(case, cases);
        }
    }

    /// Gives it room for more than one campaign.
    fn spill(&mut self, store: &mut Store, cases: &List<Case>) {
        if self.is_spilled() {
            return;
        }
        let only = self.only();
        let mut named = NONE;
        if only.roles & !AS_FEATURE != 0 {
            let mut beside = Named::default();
            if only.roles & AS_VALUE != 0 {
                beside.seen = 1;
                beside.last_seen = cases.get(only.case).map_or(0, |case| seconds(case.at));
                beside.holders.push(only.case, cases);
            }
            if only.roles & (AS_HOST | AS_OWNED) != 0 {
                beside.comers.push(only.case, cases);
            }
            named = store.add_named(beside);
        }
        let more = More { entries: std::iter::once(only).collect(), having: 1, named, mended: 0 };
        self.at = store.add(more);
        self.flags |= SPILLED;
    }

    /// Puts its entries in order after campaigns were split or became one: each is of another campaign then.
    pub(crate) fn put_in_order(self, store: &mut Store, places: &Places) {
        let named = self.more(store).map_or(NONE, |more| more.named);
        let Some(more) = self.spilled_to().and_then(|at| store.list.get_mut(at)) else { return };
        if more.needs_mending(places) {
            more.mend(store.named.get(named), places);
        }
        more.unite(places);
    }

    /// A case has it no more. Gives whether nobody has it any more.
    pub(crate) fn remove(
        &mut self,
        case: u32,
        role: u8,
        store: &mut Store,
        cases: &List<Case>,
        places: &Places,
    ) -> bool {
        if !self.is_spilled() {
            if self.at != case {
                return false;
            }
            // The same case may have it in another way still: it names a host, and a URL on that.
            self.flags &= !(u32::from(role) & ROLES);
            return self.roles() == 0;
        }
        let Some(more) = store.list.get_mut(self.at) else { return true };
        let mut named = store.named.get_mut(more.named);
        if let Some(named) = &mut named {
            if role == AS_VALUE {
                named.seen = named.seen.saturating_sub(1);
                named.holders.remove(case, cases);
            } else {
                named.comers.remove(case, cases);
            }
        }
        let held = named.as_ref().is_some_and(|named| !named.holders.cases().is_empty());
        let has = |holders: &Holders| holders.cases().contains(&case);
        let still = named.as_ref().is_some_and(|named| has(&named.holders) || has(&named.comers));
        more.leave(case, role, (held, still), places);
        let came = named.is_some_and(|named| !named.comers.cases().is_empty());
        let gone = more.entries.is_empty() || (role != AS_FEATURE && !held && !came);
        if gone {
            store.free(self.at);
        }
        gone
    }
}

impl More {
    fn enter(&mut self, case: u32, role: u8, places: &Places) {
        self.unite(places);
        let mine = places.home(case);
        if let Some(entry) = self.entries.as_mut_slice().iter_mut().find(|entry| places.home(entry.case) == mine) {
            entry.roles |= role;
            if entry.last != case {
                entry.count = entry.count.saturating_add(1);
                entry.last = case;
                self.having = self.having.saturating_add(1);
            }
            return;
        }
        self.having = self.having.saturating_add(1);
        if self.entries.len() == ENTRIES_MAX {
            // The one that says least goes: fewest cases, and of those the one that was longest quiet.
            let entries = self.entries.as_slice().iter().enumerate();
            let least = entries.min_by_key(|(_, entry)| (entry.count, entry.last)).map(|(at, _)| at);
            self.entries.remove(least.unwrap_or(0));
        }
        self.entries.push(Entry { case, last: case, count: 1, roles: role });
    }

    /// Whether an entry leads to a campaign that was split since, so that it may have to become two.
    fn needs_mending(&self, places: &Places) -> bool {
        // Both parts of a split know of it: that of the first case tells.
        let mut entries = self.entries.as_slice().iter();
        self.mended < places.splits() && entries.any(|entry| places.parted(entry.case) > self.mended)
    }

    /// After campaigns were split: an entry whose cases are in two campaigns now becomes two. Who holds a value is known case by case;
    /// of another feature the first and the last case of each entry are, and what lies between them is shared out by halves.
    fn mend(&mut self, named: Option<&Named>, places: &Places) {
        let (home, parted) = (|case| places.home(case), |case| places.parted(case) > 0);
        let mut entries: Few<Entry, { 2 * ENTRIES_MAX }> = Few::default();
        let mut put =
            |entry: Entry| match entries.as_mut_slice().iter_mut().find(|held| home(held.case) == home(entry.case)) {
                Some(held) => held.take_in(entry),
                None => entries.push(entry),
            };
        for entry in self.entries.as_slice().iter().copied() {
            if home(entry.case) == home(entry.last) {
                put(entry);
            } else {
                let half = (entry.count / 2).max(1);
                put(Entry { last: entry.case, count: entry.count.saturating_sub(half).max(1), ..entry });
                put(Entry { case: entry.last, count: half, ..entry });
            }
        }
        for (list, role) in named.iter().flat_map(|named| [(&named.comers, AS_HOST), (&named.holders, AS_VALUE)]) {
            if list.cases().is_empty() {
                continue;
            }
            for entry in entries.as_mut_slice().iter_mut().filter(|entry| entry.roles & role != 0 && parted(entry.case))
            {
                let of = home(entry.case);
                let held = || list.cases().iter().copied().filter(|case| home(*case) == of);
                entry.case = held().next().unwrap_or(entry.case);
                entry.last = held().next_back().unwrap_or(entry.last);
                entry.count = u16::try_from(held().count().max(1)).unwrap_or(u16::MAX);
            }
            for case in list.cases().iter().copied().filter(|case| parted(*case)) {
                if entries.len() < ENTRIES_MAX && !entries.as_slice().iter().any(|entry| home(entry.case) == home(case))
                {
                    entries.push(Entry { case, last: case, count: 1, roles: role });
                }
            }
        }
        self.entries = entries.as_slice().iter().copied().collect();
        self.mended = places.splits();
    }

    /// Campaigns that became one count as one.
    fn unite(&mut self, places: &Places) {
        let mut at = 1;
        while let Some((before, [entry, ..])) = self.entries.as_mut_slice().split_at_mut_checked(at) {
            let mine = places.home(entry.case);
            if let Some(held) = before.iter_mut().find(|held| places.home(held.case) == mine) {
                held.take_in(*entry);
                self.entries.remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// `held`: by any case as a value. `still`: by this case in another way, so that it counts on.
    fn leave(&mut self, case: u32, role: u8, (held, still): (bool, bool), places: &Places) {
        let mine = places.home(case);
        let Some(at) = self.entries.as_slice().iter().position(|entry| places.home(entry.case) == mine) else { return };
        let Some(entry) = self.entries.as_mut_slice().get_mut(at) else { return };
        if !still {
            self.having = self.having.saturating_sub(1);
            entry.count = entry.count.saturating_sub(1);
        }
        if entry.count == 0 {
            self.entries.remove(at);
        } else if role == AS_VALUE && !held {
            entry.roles &= !AS_VALUE;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_say_all_of_a_feature_with_one_case() {
        for (place, kind) in Kind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, place, "kinds are numbered in the order of the list");
            let mut posting = Posting::of(7, AS_VALUE, *kind, 255);
            posting.name(*kind, Standing::OverCommon, 3);
            assert_eq!((posting.kind(), posting.standing(), posting.lists()), (*kind, Standing::OverCommon, 3));
            posting.stand(Standing::Noise);
            assert_eq!((posting.standing(), posting.only().case, posting.roles()), (Standing::Noise, 7, AS_VALUE));
        }
        assert_eq!((size_of::<Posting>(), size_of::<More>(), size_of::<Named>()), (8, 64, 64));
    }
}
