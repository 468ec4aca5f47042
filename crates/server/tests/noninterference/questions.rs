//! What pairs ask: which two scripts are beside each other, and what must be equal in their worlds.

use std::cell::OnceCell;

use crate::pair::{Declared, Kind, declared};
use crate::random::Random;
use crate::rho;
use crate::script::{self, Op, Report, Script};

/// A script, and what its declared release is once that is asked for.
pub struct Base {
    pub script: Script,
    told: OnceCell<Declared>,
}

impl Base {
    pub const fn new(script: Script) -> Self {
        Self { script, told: OnceCell::new() }
    }

    fn told(&self) -> &Declared {
        self.told.get_or_init(|| declared(&self.script))
    }
}

/// The second script of a pair, and what must be equal in the two worlds.
pub struct Made {
    pub kind: Kind,
    pub two: Script,
    /// Firms that know the difference, since it is theirs.
    pub hidden_from: Vec<usize>,
    /// What analysts and leads see must be equal too.
    pub cell: bool,
    /// So must an operator's figures, logs and health.
    pub operator: bool,
    /// And the export of the journal, which says of each report its sector and region.
    pub export: bool,
    /// And the pages of the members' store: unless a group was told otherwise, which is kept there too.
    pub store: bool,
    /// Why what is missing in the second is never released.
    pub why: Option<&'static str>,
}

/// What came of making a pair.
pub enum Making {
    /// The operation applies to nothing in the script.
    Nothing,
    /// The declared release of this second script differs, or hardly anybody is left to look; for presence, with why the
    /// report is never released.
    Dropped(Script, Option<&'static str>),
    /// Both worlds must look alike.
    Kept(Made),
}

/// Firms that must be left to look.
pub const ONLOOKERS_MIN: usize = 2;

/// Who knows the difference: whose it is, and members of a group that was told otherwise; `None` if hardly anybody else is
/// left to look.
fn hidden_from(script: &Script, own: &[usize], left: &Declared, right: &Declared) -> Option<Vec<usize>> {
    let mut all = left.told_otherwise(right);
    all.extend(own);
    all.sort_unstable();
    all.dedup();
    (all.len() + ONLOOKERS_MIN <= script.firms).then_some(all)
}

/// Another firm files a report.
pub fn swap(base: &Base, random: &mut Random) -> Making {
    let one = &base.script;
    if one.weighed {
        return Making::Nothing;
    }
    let Some((two, from, to)) = script::swapped(one, random) else { return Making::Nothing };
    let (left, right) = (base.told(), declared(&two));
    if left.members != right.members {
        return Making::Dropped(two, None);
    }
    // Content that names its firm says so to the cell in both worlds, each with its own name.
    let names_itself = one.ops.iter().zip(&two.ops).any(|(a, b)| {
        a != b && matches!(a, Op::Report(Report { own_name, named, .. }) if own_name.is_some() || *named)
    });
    let content = one.sector(from) == one.sector(to) && !names_itself;
    // Where values soon stop to link, the journal has as a finding how many members that took: the cell counts them.
    let found = one.common.is_none() || left.cell == right.cell;
    let Some(hidden_from) = hidden_from(one, &[from, to], left, &right) else { return Making::Dropped(two, None) };
    Making::Kept(Made {
        kind: Kind::Swap,
        hidden_from,
        cell: content && left.cell == right.cell,
        operator: left.operator == right.operator,
        store: left.told_otherwise(&right).is_empty(),
        export: content && found && left.operator == right.operator && one.region(from) == one.region(to),
        why: None,
        two,
    })
}

/// A report, or a value of one, that is never released is replaced by nothing.
pub fn presence(base: &Base, random: &mut Random) -> Making {
    let one = &base.script;
    let Some(hidden) = script::without_hidden(one, random) else { return Making::Nothing };
    let why = Some(hidden.why);
    let (left, right) = (base.told(), declared(&hidden.script));
    if left.members != right.members {
        return Making::Dropped(hidden.script, why);
    }
    let Some(hidden_from) = hidden_from(one, &[hidden.firm], left, &right) else {
        return Making::Dropped(hidden.script, why);
    };
    let views = |told: &Declared| {
        told.cell.iter().filter_map(|view| Some(view.split_once(' ')?.1.to_owned())).collect::<Vec<_>>()
    };
    Making::Kept(Made {
        kind: Kind::Presence,
        hidden_from,
        // Of all that is hidden, only a second import of the same is nothing to the cell too: it counts every value.
        cell: hidden.why == "an import" && !one.weighed && views(left) == views(&right),
        operator: false,
        export: false,
        store: left.told_otherwise(&right).is_empty(),
        why,
        two: hidden.script,
    })
}

/// Reports arrive at other moments of their release tick, and in another order within it.
pub fn arrival(base: &Base, random: &mut Random) -> Making {
    let one = &base.script;
    if one.weighed {
        return Making::Nothing;
    }
    let together = rho::hang_together(one);
    let apart = |a: usize, b: usize| together.get(&a) != together.get(&b);
    let Some((two, moved)) = script::rearrived(one, random, apart) else { return Making::Nothing };
    let (left, right) = (base.told(), declared(&two));
    if left.members != right.members {
        return Making::Dropped(two, None);
    }
    let Some(hidden_from) = hidden_from(one, &moved, left, &right) else { return Making::Dropped(two, None) };
    let store = left.told_otherwise(&right).is_empty();
    Making::Kept(Made {
        kind: Kind::Arrival,
        hidden_from,
        cell: false,
        operator: true,
        export: false,
        store,
        why: None,
        two,
    })
}

/// Somebody who is no member tells the cell of what members report too, or does not.
pub fn outside(script: &Script, random: &mut Random) -> (Base, Making) {
    let (one, two) = script::told_from_outside(script, random);
    let made = Made {
        kind: Kind::Presence,
        hidden_from: Vec::new(),
        cell: false,
        operator: false,
        export: false,
        store: true,
        why: None,
        two,
    };
    (Base::new(one), Making::Kept(made))
}

/// Firms and sectors of which each is large enough for a name: a secondee is walled from one of two or three.
pub const WALLED_SIZES: &[(usize, usize)] = &[(24, 2), (24, 2), (33, 3)];

/// Two worlds that differ behind a secondee's wall alone; `None` if nothing lies there.
pub fn wall(script: &Script, random: &mut Random) -> Option<(Base, Making)> {
    let (one, two, firm) = script::behind_a_wall(script, random)?;
    let base = Base::new(one);
    if base.told().members != declared(&two).members {
        return Some((base, Making::Dropped(two, None)));
    }
    let hidden_from = vec![firm];
    let store = base.told().told_otherwise(&declared(&two)).is_empty();
    let made =
        Made { kind: Kind::Wall, hidden_from, cell: false, operator: false, export: false, store, why: None, two };
    Some((base, Making::Kept(made)))
}
