//! What the gate knows about one value, compactly: a million of them stay in memory.

use model::{Marking, Timestamp};
use policy::planted::{self, Leak};

/// No campaign.
pub(crate) const NO_CAMPAIGN: u32 = u32::MAX;
/// Members that one value keeps at most, over all token windows.
const HAVERS_MAX: usize = 32;
/// Members that one value keeps in one window beyond those that some rule asks for: so many may take it back before those who
/// are left are too few to be counted.
const HAVERS_SPARE: u32 = 12;

/// A member that has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Haver {
    token: u32,
    window: u32,
    /// Whether a report of it confirms the value for the block feed.
    confirms: bool,
}

/// Distinct members that have a value, not many more of them than some rule asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Havers {
    #[default]
    None,
    One(Haver),
    #[allow(
        clippy::box_collection,
        reason = "most values have one: a list in place would make each of them 16 bytes larger"
    )]
    Many(Box<Vec<Haver>>),
}

impl Havers {
    pub(crate) fn all(&self) -> &[Haver] {
        match self {
            Self::None => &[],
            Self::One(haver) => std::slice::from_ref(haver),
            Self::Many(havers) => havers,
        }
    }

    fn all_mut(&mut self) -> &mut [Haver] {
        match self {
            Self::None => &mut [],
            Self::One(haver) => std::slice::from_mut(haver),
            Self::Many(havers) => havers,
        }
    }

    fn push(&mut self, haver: Haver) {
        match self {
            Self::None => *self = Self::One(haver),
            Self::One(first) => *self = Self::Many(Box::new(vec![*first, haver])),
            Self::Many(havers) => {
                if havers.len() >= HAVERS_MAX {
                    // The oldest belong to the oldest window, which can hardly become the largest again.
                    havers.remove(0);
                }
                havers.push(haver);
            }
        }
    }

    /// A planted leak.
    fn sum_of_windows(&self, confirming: bool) -> u32 {
        u32::try_from(self.all().iter().filter(|haver| haver.confirms || !confirming).count()).unwrap_or(u32::MAX)
    }

    fn in_window(&self, window: u32, confirming: bool) -> u32 {
        let count = self.all().iter().filter(|haver| haver.window == window && (haver.confirms || !confirming)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// A member has the value. Beyond `enough` in its window nobody asks for more.
    pub(crate) fn has(&mut self, token: u32, window: u32, enough: u32) {
        let known = self.all().iter().any(|haver| haver.token == token && haver.window == window);
        if !known && self.in_window(window, false) < enough + HAVERS_SPARE {
            self.push(Haver { token, window, confirms: false });
        }
    }

    /// A member's report confirms the value; as [`Havers::has`].
    pub(crate) fn confirms(&mut self, token: u32, window: u32, enough: u32) {
        if let Some(haver) = self.all_mut().iter_mut().find(|haver| haver.token == token && haver.window == window) {
            haver.confirms = true;
        } else if self.in_window(window, true) < enough + HAVERS_SPARE {
            self.push(Haver { token, window, confirms: true });
        }
    }

    /// A member's reports confirm the value no more.
    pub(crate) fn unconfirm(&mut self, token: u32, window: u32) {
        if let Some(haver) = self.all_mut().iter_mut().find(|haver| haver.token == token && haver.window == window) {
            haver.confirms = false;
        }
    }

    /// A member has the value no more.
    pub(crate) fn lose(&mut self, token: u32, window: u32) {
        let is_it = |haver: &Haver| haver.token == token && haver.window == window;
        match self {
            Self::None => {}
            Self::One(haver) if is_it(haver) => *self = Self::None,
            Self::One(_) => {}
            Self::Many(havers) => {
                havers.retain(|haver| !is_it(haver));
                if havers.is_empty() {
                    *self = Self::None;
                }
            }
        }
    }

    /// Distinct members that have it, in the largest window: never a sum over windows.
    pub(crate) fn members(&self) -> u32 {
        if planted::is_on(Leak::SumOfWindows) {
            return self.sum_of_windows(false);
        }
        self.all().iter().map(|haver| self.in_window(haver.window, false)).max().unwrap_or(0)
    }

    /// Distinct members that confirm it, in the largest window.
    pub(crate) fn confirming(&self) -> u32 {
        if planted::is_on(Leak::SumOfWindows) {
            return self.sum_of_windows(true);
        }
        self.all().iter().map(|haver| self.in_window(haver.window, true)).max().unwrap_or(0)
    }
}

/// On the block feed, unless it is an everyday value.
pub(crate) const BLOCKED: u8 = 1;
/// Waits in the queue of changed objects.
pub(crate) const QUEUED: u8 = 2;
/// Waits to be pointed to the campaign that its own was merged into.
pub(crate) const REPOINT: u8 = 4;
/// Its watch is renewed when it is next shown.
pub(crate) const RENEW: u8 = 16;
/// Something of it is open to members.
pub(crate) const OPEN: u8 = 32;

/// One value.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    /// Its id for members, once it is open.
    pub(crate) id: [u8; 16],
    pub(crate) havers: Havers,
    /// Release tick of its first version; 0 before.
    pub(crate) since: i64,
    pub(crate) until: i64,
    /// Hash of the body that was last released; 0 before.
    pub(crate) shown: u64,
    pub(crate) campaign: u32,
    pub(crate) marking: Marking,
    pub(crate) flags: u8,
    /// Reports by which it is open; so many that they are not counted at the highest number.
    pub(crate) opens: u16,
}

impl Default for Value {
    fn default() -> Self {
        Self {
            id: [0; 16],
            havers: Havers::None,
            since: 0,
            until: 0,
            shown: 0,
            campaign: NO_CAMPAIGN,
            marking: Marking::OPEN,
            flags: 0,
            opens: 0,
        }
    }
}

impl Value {
    pub(crate) const fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(crate) const fn set(&mut self, flag: u8) {
        self.flags |= flag;
    }

    pub(crate) const fn clear(&mut self, flag: u8) {
        self.flags &= !flag;
    }

    /// A version was released at `tick`.
    pub(crate) const fn note_shown(&mut self, tick: Timestamp, watch_millis: i64, shown: u64) {
        if self.since == 0 {
            self.since = tick.as_millis();
        }
        if self.until == 0 || self.is(RENEW) {
            self.until = tick.as_millis().saturating_add(watch_millis);
        }
        self.clear(RENEW);
        self.shown = shown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_counted_within_one_window() {
        let mut havers = Havers::default();
        havers.has(1, 7, 3);
        havers.has(1, 7, 3);
        havers.has(2, 8, 3);
        havers.has(3, 8, 3);
        assert_eq!((havers.members(), havers.confirming()), (2, 0));
        havers.confirms(1, 7, 2);
        havers.confirms(2, 8, 2);
        assert_eq!(havers.confirming(), 1);
        havers.confirms(3, 8, 2);
        assert_eq!(havers.confirming(), 2);
        for token in 10..100 {
            havers.has(token, 8, 3);
            havers.confirms(token, 8, 2);
        }
        assert_eq!((havers.members(), havers.all().len()), (15, 16));
    }
}
