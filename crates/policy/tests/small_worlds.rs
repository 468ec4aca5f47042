//! Every small world is enumerated: what the declared release shows makes no coalition certain that some firm reported.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use model::Pap;
use policy::rho::{MarkedBy, Place};
use policy::{Params, rho};

/// Firms that nothing tells apart: one sector and one region. Only how many of them reported matters.
#[derive(Clone, Copy)]
struct Cell {
    sector: usize,
    region: usize,
    firms: u32,
}

fn sectors(sizes: &[u32]) -> Vec<Cell> {
    sizes.iter().enumerate().map(|(sector, firms)| Cell { sector, region: 0, firms: *firms }).collect()
}

/// How many firms of each cell reported.
type World = Vec<u32>;
/// Everything that a member is shown, as numbers.
type View = Vec<u32>;

/// Every vector with `0..=most[i]` in place i.
fn below(most: &[u32]) -> Vec<World> {
    let mut all = vec![Vec::new()];
    for most in most {
        all = all
            .into_iter()
            .flat_map(|world: World| {
                (0..=*most).map(move |count| {
                    let mut longer = world.clone();
                    longer.push(count);
                    longer
                })
            })
            .collect();
    }
    all
}

fn population(cells: &[Cell]) -> u32 {
    cells.iter().map(|cell| cell.firms).sum()
}

/// Sums over the cells of each sector (or region), with its population.
fn places(cells: &[Cell], world: &[u32], place: fn(&Cell) -> usize) -> BTreeMap<usize, (u32, u32)> {
    let mut sums: BTreeMap<usize, (u32, u32)> = BTreeMap::new();
    for (cell, count) in cells.iter().zip(world) {
        let sum = sums.entry(place(cell)).or_default();
        *sum = (sum.0 + count, sum.1 + cell.firms);
    }
    sums
}

/// What ρ shows everybody of a campaign that these firms reported: whether it is there, block, band, sectors, regions.
fn declared(cells: &[Cell], world: &[u32], params: &Params, held: bool) -> View {
    let distinct = world.iter().sum();
    let population = population(cells);
    let open = if held { rho::hold_opens(distinct, population, params) } else { distinct > 0 };
    if !open {
        return vec![0];
    }
    let sectors = places(cells, world, |cell| cell.sector);
    let regions = places(cells, world, |cell| cell.region);
    let by = rho::marked_by(sectors.values().map(|(_, firms)| *firms), params);
    let marks_of = |places: &BTreeMap<usize, (u32, u32)>, kind| -> Vec<Place> {
        let mark = |(count, firms): &(u32, u32)| Place {
            population: *firms,
            marked: by == kind && rho::place_is_marked(*count, *firms, params),
        };
        places.values().map(mark).collect()
    };
    let (sectors, regions) = (marks_of(&sectors, MarkedBy::Sectors), marks_of(&regions, MarkedBy::Regions));
    let shown = if by == MarkedBy::Sectors { &sectors } else { &regions };
    let room = rho::room(population, shown.iter().copied(), params);
    let mut view = vec![1, u32::from(rho::blocked(distinct, false, Pap::Clear, params))];
    view.push(rho::band(distinct, room, params).map_or(0, |band| band.floor(params)));
    view.extend(sectors.iter().chain(&regions).map(|place| u32::from(place.marked)));
    view
}

/// What a policy would show that gives exact numbers, in all and by sector, from three on.
fn exact_from_three(cells: &[Cell], world: &[u32]) -> View {
    let shown = |count: u32| if count >= 3 { count } else { 0 };
    let mut view = vec![shown(world.iter().sum())];
    view.extend(places(cells, world, |cell| cell.sector).values().map(|(count, _)| shown(*count)));
    view
}

fn choose(of: u32, take: u32) -> u64 {
    (0..u64::from(take)).fold(1, |product, step| product * (u64::from(of) - step) / (step + 1))
}

/// How often, over every world and every coalition, the coalition comes to know something.
#[derive(Debug, Default, PartialEq)]
struct Learnt {
    cases: u64,
    /// Some firm outside is certain to have reported.
    pinned: u64,
    /// One of a set of fewer than k firms outside is certain to have reported.
    cornered: u64,
    /// The number of firms outside that reported, in some sector, is known to be exactly one, or exactly two.
    few_in_sector: u64,
}

impl Learnt {
    fn percent(&self, cases: u64) -> f64 {
        100.0 * cases as f64 / self.cases as f64
    }
}

/// Lets every coalition of `size` firms look at every world: it knows which worlds are possible given its own reports and
/// what it is shown, and nothing else.
fn look(cells: &[Cell], size: u32, k: u32, show: impl Fn(&[u32]) -> View) -> Learnt {
    let firms: Vec<u32> = cells.iter().map(|cell| cell.firms).collect();
    let mut learnt = Learnt::default();
    for members in below(&firms).into_iter().filter(|members| members.iter().sum::<u32>() == size) {
        let outside: Vec<u32> = firms.iter().zip(&members).map(|(firms, members)| firms - members).collect();
        for own in below(&members) {
            let coalitions: u64 = (0..cells.len())
                .map(|cell| choose(firms[cell], members[cell]) * choose(members[cell], own[cell]))
                .product();
            let mut seen: BTreeMap<View, Vec<World>> = BTreeMap::new();
            for others in below(&outside) {
                let world: World = others.iter().zip(&own).map(|(others, own)| others + own).collect();
                seen.entry(show(&world)).or_default().push(others);
            }
            for possible in seen.values() {
                let ways = |others: &World| -> u64 {
                    others.iter().zip(&outside).map(|(others, outside)| choose(*outside, *others)).product()
                };
                let cases = coalitions * possible.iter().map(ways).sum::<u64>();
                learnt.cases += cases;
                learnt.pinned += if certain(possible, &outside, 1) { cases } else { 0 };
                learnt.cornered += if certain(possible, &outside, k - 1) { cases } else { 0 };
                learnt.few_in_sector += if few(cells, possible, k) { cases } else { 0 };
            }
        }
    }
    learnt
}

/// Whether some set of `size` firms outside holds a reporter in every possible world.
fn certain(possible: &[World], outside: &[u32], size: u32) -> bool {
    let mut sets = below(outside).into_iter().filter(|set| set.iter().sum::<u32>() == size);
    sets.any(|set| {
        let escapes = |others: &World| (0..set.len()).all(|cell| others[cell] + set[cell] <= outside[cell]);
        !possible.iter().any(escapes)
    })
}

/// Whether the number of others in some sector is the same in every possible world, and from 1 to k − 1.
fn few(cells: &[Cell], possible: &[World], k: u32) -> bool {
    let counts = |others: &World| places(cells, others, |cell| cell.sector);
    let first = counts(&possible[0]);
    first.iter().any(|(sector, (count, _))| {
        (1..k).contains(count) && possible.iter().all(|others| counts(others)[sector].0 == *count)
    })
}

/// Parameters for a coalition of c.
fn params(coalition: u32) -> Params {
    Params { coalition, ..Params::DEFAULT }
}

#[test]
fn no_firm_of_a_small_partnership_is_certain_to_have_reported() {
    for coalition in [1, 2] {
        let params = params(coalition);
        // From just below the least population of a band on; a floor that is one too low shows at each band's own.
        for firms in params.breadth_floor() + coalition..=14 {
            for held in [false, true] {
                let cells = sectors(&[firms]);
                let learnt = look(&cells, coalition, params.others, |world| declared(&cells, world, &params, held));
                assert_eq!(learnt.pinned, 0, "{firms} firms, coalition of {coalition}, held {held}: {learnt:?}");
            }
        }
    }
}

#[test]
fn no_firm_of_a_small_sector_is_certain_to_have_reported() {
    // Sectors below the floor and above it, alone and beside others that leave the rest much room or little.
    for sizes in [
        &[6, 6][..],
        &[4, 8],
        &[5, 7],
        &[4, 4, 4],
        &[3, 3, 3, 3],
        &[9, 5],
        &[10, 4],
        &[10, 5],
        &[3, 3, 3, 10],
        &[5, 5, 10],
        &[10, 10],
        &[11, 11],
        &[1, 11],
        &[2, 10],
        &[1, 1, 10],
        &[10, 8],
        &[3, 10],
        &[1, 10, 10],
        &[2, 10, 10],
    ] {
        let cells = sectors(sizes);
        for coalition in [1, 2] {
            let params = params(coalition);
            for held in [false, true] {
                let learnt = look(&cells, coalition, params.others, |world| declared(&cells, world, &params, held));
                assert_eq!(learnt.pinned, 0, "{sizes:?}, coalition of {coalition}, held {held}: {learnt:?}");
                // Whoever is all of the other sectors knows that a report that is not its own is from the one that is left.
                let elsewhere = sizes.iter().sum::<u32>() - sizes.iter().max().unwrap();
                if elsewhere > coalition {
                    let few = learnt.few_in_sector;
                    assert_eq!(few, 0, "{sizes:?}, coalition of {coalition}, held {held}: {learnt:?}");
                }
            }
        }
    }
}

/// A band beside a large sector without a mark says that at most three of that sector are in it. Where elsewhere is one or
/// two firms, that would name them: there no band is shown.
#[test]
fn a_band_waits_where_the_unmarked_leave_too_little_room() {
    let params = Params::DEFAULT;
    let shown = |sizes: &[u32], world: &[u32]| declared(&sectors(sizes), world, &params, false)[2];
    assert_eq!(shown(&[1, 11], &[1, 3]), 0);
    assert_eq!(shown(&[1, 11], &[0, 4]), 4, "with the mark there is room");
    assert_eq!(shown(&[2, 10], &[2, 3]), 0);
    assert_eq!(shown(&[3, 10], &[3, 3]), 4);
    assert_eq!(shown(&[10, 8], &[3, 8]), 4, "room for four and more, not for ten and more");
    assert_eq!(shown(&[10, 8], &[4, 8]), 10);
    let cells = sectors(&[1, 10, 10, 10]);
    let learnt = look(&cells, 1, params.others, |world| declared(&cells, world, &params, false));
    assert_eq!(learnt.pinned, 0, "{learnt:?}");
}

/// Sectors and regions cross. Each is at its floor, the crossings are smaller: marks of both kinds together would tell of
/// them, so a partnership has marks of one kind.
#[test]
fn sector_and_region_marks_never_stand_together() {
    let params = Params::DEFAULT;
    let cells = |[a, b, c, d]: [u32; 4]| {
        [(0, 0, a), (0, 1, b), (1, 0, c), (1, 1, d)].map(|(sector, region, firms)| Cell { sector, region, firms })
    };
    let even = cells([5, 5, 5, 5]);
    let marked = declared(&even, &[4, 0, 0, 0], &params, false);
    assert_eq!(marked[3..], [1, 0, 0, 0], "marks are shown at all, by sector");
    // Two large regions of small sectors: marks are by region.
    let regions: Vec<Cell> = (0..4).map(|at| Cell { sector: at, region: at % 2, firms: 5 }).collect();
    let marked = declared(&regions, &[2, 0, 2, 0], &params, false);
    assert_eq!(marked[3..], [0, 0, 0, 0, 1, 0]);
    for cells in [&even[..], &cells([9, 1, 1, 9]), &cells([1, 9, 9, 1]), &cells([8, 3, 1, 2]), &regions] {
        let learnt = look(cells, 1, params.others, |world| declared(cells, world, &params, false));
        assert_eq!((learnt.pinned, learnt.few_in_sector), (0, 0), "{learnt:?}");
    }
}

#[test]
fn what_two_epochs_show_together_makes_no_firm_certain() {
    let params = Params::DEFAULT;
    for firms in [6, 11, 12] {
        for own in [(0, 0), (0, 1), (1, 1)] {
            let cells = sectors(&[firms]);
            let mut seen: BTreeMap<(View, View), Vec<World>> = BTreeMap::new();
            for later in 0..firms {
                for earlier in 0..=later {
                    let view = |count| declared(&cells, &[count], &params, false);
                    let both = (view(earlier + own.0), view(later + own.1));
                    seen.entry(both).or_default().push(vec![later]);
                }
            }
            for (view, possible) in seen {
                assert!(!certain(&possible, &[firms - 1], 1), "{firms} firms, own {own:?}, shown {view:?}");
            }
        }
    }
}

/// The floor of a band keeps each firm from being certain. A set of two needs k − 2 firms more: with fewer, whoever is shown
/// the band knows that one of any two others reported, though not which.
#[test]
fn a_set_smaller_than_k_is_certain_only_at_the_very_floor_of_a_band() {
    let params = Params::DEFAULT;
    let cornered = |firms: u32| {
        let cells = sectors(&[firms]);
        look(&cells, 1, params.others, |world| declared(&cells, world, &params, false)).cornered
    };
    let at: Vec<u32> = (5..=14).filter(|firms| cornered(*firms) > 0).collect();
    assert_eq!(at, [6, 12], "populations at which a band makes a set of two certain");
    // Sector marks have a floor of ten: room enough for both.
    let cells = sectors(&[10, 10]);
    let learnt = look(&cells, 1, params.others, |world| declared(&cells, world, &params, false));
    assert_eq!((learnt.pinned, learnt.cornered, learnt.few_in_sector), (0, 0, 0), "{learnt:?}");
}

/// The contrast that the release policy names: the same method finds what exact numbers give away.
#[test]
fn exact_counts_from_three_would_let_a_member_pin_another_firm() {
    let cells = sectors(&[6, 6]);
    let params = Params::DEFAULT;
    let exact = look(&cells, 1, params.others, |world| exact_from_three(&cells, world));
    assert_eq!(exact.cases, 12 << 12, "every member in every world");
    assert!((exact.percent(exact.pinned) - 4.6).abs() < 0.1, "{exact:?} {}", exact.percent(exact.pinned));
    assert!(
        (exact.percent(exact.few_in_sector) - 58.0).abs() < 1.0,
        "{exact:?} {}",
        exact.percent(exact.few_in_sector)
    );
    let shown = look(&cells, 1, params.others, |world| declared(&cells, world, &params, false));
    assert_eq!((shown.cases, shown.pinned, shown.few_in_sector), (exact.cases, 0, 0));
}

/// The fourth of four would know the three who opened a hold: there it stays closed.
#[test]
fn a_partnership_of_four_is_too_small_for_a_hold() {
    let params = Params::DEFAULT;
    for firms in 1..=6 {
        let cells = sectors(&[firms]);
        let learnt = look(&cells, 1, params.others, |world| declared(&cells, world, &params, true));
        assert_eq!(learnt.pinned, 0, "{firms} firms: {learnt:?}");
    }
}
