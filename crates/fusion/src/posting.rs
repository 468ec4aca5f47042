//! What is known of one feature: the campaigns that have it, how many reports that is, and, for a value, who holds it.

use model::{Kind, Timestamp};

use crate::cluster::Distinct;
use crate::engine::Case;
use crate::steps::List;

/// Cases that a list of holders keeps; members beyond them are counted all the same.
pub(crate) const HOLDERS_MAX: usize = 256;
/// Campaigns that one feature leads to: of more the rarest evidence would not be worth the work.
pub(crate) const ENTRIES_MAX: usize = 8;
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
#[derive(Clone, Copy, Debug)]
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

/// Several cases that hold a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holders {
    pub(crate) cases: Vec<u32>,
    /// Their distinct members, once there are so many that counting anew would cost.
    members: Option<Box<Distinct>>,
}

/// Holders whose members are counted anew when they are asked for: a counter of its own would be larger than the list.
const COUNTED_ANEW_MAX: usize = 16;

impl Holders {
    fn push(&mut self, case: u32, cases: &List<Case>) {
        if self.cases.len() < HOLDERS_MAX {
            self.cases.push(case);
        }
        if let Some(members) = &mut self.members {
            count(members, cases, case);
        } else if self.cases.len() > COUNTED_ANEW_MAX {
            self.members = Some(Box::new(distinct(&self.cases, cases)));
        }
    }

    /// Distinct counting members, in the largest token window.
    fn count(&self, cases: &List<Case>) -> u32 {
        self.members.as_ref().map_or_else(|| distinct(&self.cases, cases).count(), |members| members.count())
    }

    /// Takes a case out. Where the list is full there were more than it keeps, and the number of members stays: it never goes
    /// down by a case whose member may have others.
    fn remove(&mut self, case: u32, cases: &List<Case>) {
        let full = self.cases.len() == HOLDERS_MAX;
        self.cases.retain(|held| *held != case);
        if !full && self.members.is_some() {
            self.members = Some(Box::new(distinct(&self.cases, cases)));
        }
    }
}

fn distinct(of: &[u32], cases: &List<Case>) -> Distinct {
    let mut members = Distinct::default();
    for case in of {
        count(&mut members, cases, *case);
    }
    members
}

/// Counts the member of a case, if it counts.
pub(crate) fn count(members: &mut Distinct, cases: &List<Case>, case: u32) {
    if let Some(case) = cases.get(case).filter(|case| case.counts) {
        members.add(case.window, case.token);
    }
}

/// What does not fit in place: most features have one case.
#[derive(Clone, Debug, Default)]
pub(crate) struct More {
    pub(crate) entries: Vec<Entry>,
    /// Cases that have the feature.
    pub(crate) having: u32,
    /// Cases that name it as a value, in all.
    pub(crate) seen: u32,
    /// Cases that name it as a value.
    pub(crate) holders: Option<Box<Holders>>,
    /// Cases that have a URL on it or a name below it.
    pub(crate) comers: Option<Box<Holders>>,
    /// So many members came by it without naming it that it links nothing by that.
    pub(crate) crowded_out: bool,
}

/// One feature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Posting {
    only: Entry,
    /// When it was last named as a value, in seconds since 1970.
    last_seen: u32,
    more: u32,
    pub(crate) kind: Kind,
    pub(crate) standing: Standing,
    /// Which lists of everyday values its standing was last asked of.
    pub(crate) lists: u8,
}

impl Posting {
    /// The first case with a feature.
    pub(crate) const fn of(case: u32, role: u8, kind: Kind, lists: u8) -> Self {
        let only = Entry { case, last: case, count: 1, roles: role };
        Self { only, last_seen: 0, more: NONE, kind, standing: Standing::Links, lists }
    }

    pub(crate) fn more<'a>(&self, store: &'a Store) -> Option<&'a More> {
        store.list.get(self.more)
    }

    pub(crate) fn more_mut<'a>(&self, store: &'a mut Store) -> Option<&'a mut More> {
        store.list.get_mut(self.more)
    }

    /// The campaigns that have it.
    pub(crate) fn entries<'a>(&'a self, store: &'a Store) -> &'a [Entry] {
        self.more(store).map_or(std::slice::from_ref(&self.only), |more| &more.entries)
    }

    /// Cases that have it.
    pub(crate) fn having(&self, store: &Store) -> u32 {
        self.more(store).map_or(u32::from(self.only.count), |more| more.having)
    }

    /// Cases that name it as a value, as far as they are kept, in the order in which they came.
    pub(crate) fn holders<'a>(&'a self, store: &'a Store) -> &'a [u32] {
        match self.more(store) {
            Some(more) => more.holders.as_ref().map_or(&[], |holders| &holders.cases),
            None if self.only.roles & AS_VALUE != 0 => std::slice::from_ref(&self.only.case),
            None => &[],
        }
    }

    /// The first case that names it, or else that came by it; of what only those who came by it made too common, the reverse.
    pub(crate) fn first(&self, store: &Store) -> Option<u32> {
        let listed = self.more(store).and_then(|more| {
            let first = |list: &Option<Box<Holders>>| list.as_ref()?.cases.first().copied();
            let (holders, comers) = (first(&more.holders), first(&more.comers));
            if self.standing == Standing::Links { comers.or(holders) } else { holders.or(comers) }
        });
        listed.or_else(|| self.entries(store).first().map(|entry| entry.case))
    }

    /// In how many cases it was named as a value.
    pub(crate) fn seen(&self, store: &Store) -> u32 {
        self.more(store).map_or(u32::from(self.only.roles & AS_VALUE), |more| more.seen)
    }

    /// Distinct counting members that name it, in the largest token window.
    pub(crate) fn members(&self, store: &Store, cases: &List<Case>) -> u32 {
        match self.more(store) {
            Some(more) => more.holders.as_ref().map_or(0, |holders| holders.count(cases)),
            None if self.only.roles & AS_VALUE != 0 => {
                cases.get(self.only.case).map_or(0, |case| u32::from(case.counts))
            }
            None => 0,
        }
    }

    /// Distinct counting members that came by it without naming it.
    pub(crate) fn comers(&self, store: &Store, cases: &List<Case>) -> u32 {
        match self.more(store) {
            Some(more) => more.comers.as_ref().map_or(0, |comers| comers.count(cases)),
            None if self.only.roles & (AS_HOST | AS_OWNED) != 0 => {
                cases.get(self.only.case).map_or(0, |case| u32::from(case.counts))
            }
            None => 0,
        }
    }

    pub(crate) fn last_seen(&self) -> Timestamp {
        Timestamp::from_millis(i64::from(self.last_seen) * 1000)
    }

    pub(crate) fn touch(&mut self, at: Timestamp) {
        self.last_seen = self.last_seen.max(u32::try_from(at.as_millis() / 1000).unwrap_or(0));
    }

    /// Whether a case is known to have it in a role.
    pub(crate) fn has(&self, case: u32, role: u8, store: &Store) -> bool {
        match self.more(store) {
            None => self.only.roles & role != 0 && (self.only.case == case || self.only.last == case),
            Some(more) => {
                let list = if role == AS_VALUE { &more.holders } else { &more.comers };
                list.as_ref().is_some_and(|list| list.cases.last() == Some(&case) || list.cases.contains(&case))
            }
        }
    }

    /// Another case has it. `home` tells the campaign that a case is in.
    pub(crate) fn add(
        &mut self,
        case: u32,
        role: u8,
        store: &mut Store,
        cases: &List<Case>,
        home: impl Fn(u32) -> u32,
    ) {
        let alike = home(self.only.case) == home(case);
        if self.more == NONE && role == AS_FEATURE && alike {
            if self.only.last != case {
                self.only.count = self.only.count.saturating_add(1);
                self.only.last = case;
            }
            return;
        }
        self.spill(store, cases);
        let Some(more) = store.list.get_mut(self.more) else { return };
        if role == AS_VALUE {
            more.seen = more.seen.saturating_add(1);
            more.holders.get_or_insert_default().push(case, cases);
        } else if role & (AS_HOST | AS_OWNED) != 0 {
            more.comers.get_or_insert_default().push(case, cases);
        }
        more.enter(case, role, home);
    }

    /// Gives it room for more than one campaign.
    fn spill(&mut self, store: &mut Store, cases: &List<Case>) {
        if self.more != NONE {
            return;
        }
        let mut more = More { entries: vec![self.only], having: u32::from(self.only.count), ..More::default() };
        if self.only.roles & AS_VALUE != 0 {
            more.seen = 1;
            more.holders.get_or_insert_default().push(self.only.case, cases);
        }
        if self.only.roles & (AS_HOST | AS_OWNED) != 0 {
            more.comers.get_or_insert_default().push(self.only.case, cases);
        }
        self.more = store.add(more);
    }

    /// After campaigns were split: an entry whose cases are in two campaigns now becomes two.
    pub(crate) fn mend(
        &mut self,
        store: &mut Store,
        cases: &List<Case>,
        home: impl Fn(u32) -> u32,
        parted: impl Fn(u32) -> bool,
    ) {
        if !self.entries(store).iter().any(|entry| parted(home(entry.case)) || parted(home(entry.last))) {
            return;
        }
        if self.more == NONE && home(self.only.case) == home(self.only.last) {
            return;
        }
        self.spill(store, cases);
        if let Some(more) = store.list.get_mut(self.more) {
            more.mend(home, parted);
        }
    }

    /// A case has it no more. Gives whether nobody has it any more.
    pub(crate) fn remove(
        &mut self,
        case: u32,
        role: u8,
        store: &mut Store,
        cases: &List<Case>,
        home: impl Fn(u32) -> u32,
    ) -> bool {
        let Some(more) = store.list.get_mut(self.more) else {
            if home(self.only.case) != home(case) {
                return false;
            }
            self.only.count = self.only.count.saturating_sub(1);
            return self.only.count == 0;
        };
        let list = if role == AS_VALUE {
            more.seen = more.seen.saturating_sub(1);
            more.holders.as_mut()
        } else {
            more.comers.as_mut()
        };
        if let Some(list) = list {
            list.remove(case, cases);
        }
        more.leave(case, role, home);
        let empty = |list: &Option<Box<Holders>>| list.as_ref().is_none_or(|list| list.cases.is_empty());
        let gone = more.entries.is_empty() || (role != AS_FEATURE && empty(&more.holders) && empty(&more.comers));
        if gone {
            store.free(self.more);
        }
        gone
    }
}

impl More {
    fn enter(&mut self, case: u32, role: u8, home: impl Fn(u32) -> u32) {
        self.unite(&home);
        let mine = home(case);
        if let Some(entry) = self.entries.iter_mut().find(|entry| home(entry.case) == mine) {
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
            let least = self.entries.iter().enumerate().min_by_key(|(_, entry)| (entry.count, entry.last));
            if let Some(at) = least.map(|(at, _)| at) {
                self.entries.remove(at);
            }
        }
        self.entries.push(Entry { case, last: case, count: 1, roles: role });
    }

    /// See [`Posting::mend`]. Who holds a value is known case by case; of another feature the first and the last case of each
    /// entry are, and what lies between them is shared out by halves.
    fn mend(&mut self, home: impl Fn(u32) -> u32, parted: impl Fn(u32) -> bool) {
        let mut entries: Vec<Entry> = Vec::with_capacity(self.entries.len() + 1);
        let mut put = |entry: Entry| match entries.iter_mut().find(|held| home(held.case) == home(entry.case)) {
            Some(held) => held.count = held.count.saturating_add(entry.count),
            None => entries.push(entry),
        };
        for entry in std::mem::take(&mut self.entries) {
            if home(entry.case) == home(entry.last) {
                put(entry);
            } else {
                let half = (entry.count / 2).max(1);
                put(Entry { last: entry.case, count: entry.count.saturating_sub(half).max(1), ..entry });
                put(Entry { case: entry.last, count: half, ..entry });
            }
        }
        for (list, role) in [(&self.comers, AS_HOST), (&self.holders, AS_VALUE)] {
            let Some(list) = list else { continue };
            for entry in entries.iter_mut().filter(|entry| entry.roles & role != 0 && parted(home(entry.case))) {
                let of = home(entry.case);
                let held = || list.cases.iter().copied().filter(|case| home(*case) == of);
                entry.case = held().next().unwrap_or(entry.case);
                entry.last = held().last().unwrap_or(entry.last);
                entry.count = u16::try_from(held().count().max(1)).unwrap_or(u16::MAX);
            }
            for case in list.cases.iter().copied().filter(|case| parted(home(*case))) {
                if entries.len() < ENTRIES_MAX && !entries.iter().any(|entry| home(entry.case) == home(case)) {
                    entries.push(Entry { case, last: case, count: 1, roles: role });
                }
            }
        }
        entries.truncate(ENTRIES_MAX);
        self.entries = entries;
    }

    /// Campaigns that became one count as one.
    fn unite(&mut self, home: &impl Fn(u32) -> u32) {
        let mut at = 1;
        while at < self.entries.len() {
            let (before, rest) = self.entries.split_at_mut(at);
            let Some(entry) = rest.first() else { break };
            let mine = home(entry.case);
            if let Some(held) = before.iter_mut().find(|held| home(held.case) == mine) {
                held.count = held.count.saturating_add(entry.count);
                held.roles |= entry.roles;
                held.last = held.last.max(entry.last);
                self.entries.remove(at);
            } else {
                at += 1;
            }
        }
    }

    fn leave(&mut self, case: u32, role: u8, home: impl Fn(u32) -> u32) {
        let mine = home(case);
        let Some(at) = self.entries.iter().position(|entry| home(entry.case) == mine) else { return };
        self.having = self.having.saturating_sub(1);
        let Some(entry) = self.entries.get_mut(at) else { return };
        entry.count = entry.count.saturating_sub(1);
        if entry.count == 0 {
            self.entries.remove(at);
        } else if role == AS_VALUE && self.holders.as_ref().is_none_or(|holders| holders.cases.is_empty()) {
            entry.roles &= !AS_VALUE;
        }
    }
}

/// Where features with several cases have the rest.
#[derive(Default)]
pub(crate) struct Store {
    list: List<More>,
    free: Vec<u32>,
}

impl Store {
    fn add(&mut self, more: More) -> u32 {
        let Some(index) = self.free.pop() else { return self.list.push(more) };
        if let Some(slot) = self.list.get_mut(index) {
            *slot = more;
        }
        index
    }

    fn free(&mut self, index: u32) {
        if let Some(slot) = self.list.get_mut(index) {
            *slot = More::default();
            self.free.push(index);
        }
    }
}
