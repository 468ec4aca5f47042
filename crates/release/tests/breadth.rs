//! Bands and marks: at K distinct members, at epochs only, for populations that hide one, and never down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Bench, EPOCH, Filed, TICK, by};
use model::{Region, Sector, WhoMayKnow};
use policy::Params;
use vault::{Body, Population};

const K: u8 = 4;

#[test]
fn a_band_begins_at_k_distinct_members_and_at_an_epoch() {
    assert_eq!(u32::from(K), Params::EXERCISE.breadth_floor());
    let check = |members: u8, expect: Option<&str>| {
        let mut bench = Bench::new();
        bench.tick_at(TICK);
        for firm in 1..=members {
            bench.file(by(firm, &["evil.test"]));
        }
        bench.run_to(EPOCH - TICK);
        assert_eq!(bench.band("evil.test"), None, "{members} members before the epoch");
        bench.tick_at(EPOCH);
        assert_eq!(bench.band("evil.test").as_deref(), expect, "{members} members");
        bench.run_to(3 * EPOCH);
        assert_eq!(bench.band("evil.test").as_deref(), expect, "{members} members, later");
        bench.assert_replays();
    };
    check(K - 1, None);
    check(K, Some("4+"));
    check(K + 1, Some("4+"));
    check(9, Some("4+"));
    check(10, Some("10+"));
    check(25, Some("25+"));
}

#[test]
fn one_member_many_times_and_the_cells_own_are_no_breadth() {
    let mut bench = Bench::new();
    for _ in 0..6 {
        bench.file(by(1, &["evil.test"]));
    }
    for firm in 2..K {
        bench.file(by(firm, &["evil.test"]));
    }
    for firm in 50..60 {
        bench.file(by(firm, &["evil.test"]).own());
    }
    bench.run_to(2 * EPOCH);
    assert_eq!(bench.band("evil.test"), None);
    bench.file(by(K, &["evil.test"]));
    bench.run_to(3 * EPOCH);
    assert_eq!(bench.band("evil.test").as_deref(), Some("4+"));
}

#[test]
fn a_band_needs_a_population_that_hides_one_and_comes_when_it_is_there() {
    let mut bench = Bench::new().populated(5, 5);
    for firm in 1..=K {
        bench.file(by(firm, &["evil.test"]));
    }
    bench.run_to(2 * EPOCH);
    assert_eq!(bench.band("evil.test"), None, "four of five");
    bench.populate(6, 6);
    bench.run_to(3 * EPOCH - TICK);
    assert_eq!(bench.band("evil.test"), None, "the population changes at an epoch too");
    bench.tick_at(3 * EPOCH);
    assert_eq!(bench.band("evil.test").as_deref(), Some("4+"));
}

#[test]
fn a_band_never_goes_down() {
    let mut bench = Bench::new();
    for firm in 1..=10 {
        bench.file(by(firm, &["evil.test"]));
    }
    bench.run_to(EPOCH);
    assert_eq!(bench.band("evil.test").as_deref(), Some("10+"));
    bench.populate(5, 5);
    bench.run_to(2 * EPOCH);
    bench.file(by(11, &["evil.test"]));
    bench.run_to(4 * EPOCH);
    assert_eq!(bench.band("evil.test").as_deref(), Some("10+"));
}

#[test]
fn a_place_is_marked_at_k_members_in_it_and_ten_in_all() {
    let check = |members: u8, energy: u32, expect: &[&str]| {
        let mut bench = Bench::new().populated(160, energy);
        for firm in 1..=members {
            bench.file(by(firm, &["evil.test"]).region(Region::Wales));
        }
        // Others elsewhere: they make the band, not the mark.
        for firm in 101..=104 {
            bench.file(by(firm, &["evil.test"]).sector(Some("water")).region(Region::London));
        }
        bench.run_to(EPOCH - TICK);
        assert_eq!(bench.campaign_of("evil.test").unwrap().sectors.len(), 0, "not before the epoch");
        bench.run_to(EPOCH);
        let campaign = bench.campaign_of("evil.test").unwrap();
        assert_eq!(campaign.sectors, expect, "{members} members of {energy}");
        assert_eq!(campaign.regions.len(), 0, "a partnership with a large sector has marks by sector only");
        assert!(campaign.band.is_some());
    };
    check(K - 1, 20, &[]);
    check(K, 9, &[]);
    check(9, 9, &[]);
    check(K, 10, &["Energy"]);
    check(K + 1, 20, &["Energy"]);
}

#[test]
fn regions_are_marked_where_no_sector_is_large() {
    let mut bench = Bench::new();
    bench.append(Body::Population(Population {
        members: 40,
        sectors: vec![(Sector::Energy, 9), (Sector::Water, 9)],
        regions: vec![(Region::Wales, 12), (Region::London, 9)],
    }));
    for firm in 1..=K {
        bench.file(by(firm, &["evil.test"]).region(Region::Wales));
        bench.file(by(firm + 20, &["evil.test"]).region(Region::London).sector(Some("water")));
    }
    bench.run_to(EPOCH);
    let campaign = bench.campaign_of("evil.test").unwrap();
    assert_eq!((campaign.regions, campaign.sectors.len()), (vec!["Wales".to_owned()], 0));
    assert_eq!(campaign.band.as_deref(), Some("4+"));
    bench.assert_replays();
}

#[test]
fn no_band_is_shown_where_a_large_sector_without_a_mark_would_name_the_rest() {
    let mut bench = Bench::new();
    let told = |members| Population { members, sectors: vec![(Sector::Energy, 11)], regions: Vec::new() };
    bench.append(Body::Population(told(12)));
    for firm in 1..K {
        bench.file(by(firm, &["evil.test"]));
    }
    bench.file(by(50, &["evil.test"]).sector(Some("water")));
    bench.run_to(EPOCH);
    assert_eq!(bench.band("evil.test"), None, "three of energy at most, so the fourth would be the only other firm");
    bench.file(by(K, &["evil.test"]));
    bench.run_to(2 * EPOCH);
    let campaign = bench.campaign_of("evil.test").unwrap();
    assert_eq!((campaign.band.as_deref(), campaign.sectors.len()), (Some("4+"), 1));
}

#[test]
fn a_band_comes_at_the_next_epoch_whoever_made_one_campaign_of_two() {
    let check = |link: fn(Filed) -> Filed| {
        let mut bench = Bench::new();
        for firm in 1..K - 1 {
            bench.file(by(firm, &["left.test"]));
            bench.file(by(firm + 50, &["right.test"]));
        }
        bench.run_to(EPOCH);
        assert_eq!((bench.band("left.test"), bench.band("right.test")), (None, None));
        bench.file(link(by(90, &["left.test", "right.test"])));
        bench.run_to(2 * EPOCH);
        assert_eq!(bench.band("left.test").as_deref(), Some("4+"));
    };
    check(|filed| filed.know(WhoMayKnow::Everybody));
    check(Filed::own);
}

#[test]
fn a_declared_group_of_sectors_is_never_named() {
    let mut bench = Bench::new();
    for firm in 1..=12 {
        bench.file(by(firm, &["evil.test"]).sector(Some("other")));
    }
    bench.run_to(EPOCH);
    let campaign = bench.campaign_of("evil.test").unwrap();
    assert_eq!((campaign.band.as_deref(), campaign.sectors.len()), (Some("10+"), 0));
}

#[test]
fn merged_campaigns_are_one_and_their_values_point_to_it() {
    let mut bench = Bench::eager();
    for firm in 1..=K {
        bench.file(by(firm, &["left.test", "left-too.test"]));
        bench.file(by(firm + 50, &["right.test"]).sector(Some("water")));
    }
    bench.run_to(EPOCH);
    let (left, right) = (bench.campaign_of("left.test").unwrap(), bench.campaign_of("right.test").unwrap());
    assert_ne!(left.id, right.id);
    assert_eq!(left.sectors, ["Energy"]);
    bench.file(by(90, &["left.test", "right.test"]));
    bench.tick_at(EPOCH + TICK);
    let kept = bench.campaign_of("right.test").expect("the value points to a campaign that is there");
    for value in ["left.test", "left-too.test", "right.test"] {
        assert_eq!(bench.campaign_of(value).unwrap().id, kept.id, "{value}");
    }
    assert_eq!(
        (kept.indicators, kept.band.as_deref()),
        (3, Some("4+")),
        "what was shown of a part holds for the whole"
    );
    assert_eq!(kept.sectors, ["Energy"]);
    let gone = if kept.id == left.id { &right.id } else { &left.id };
    let gone = released::parse_id(gone).unwrap();
    assert!(bench.reader.by_id(policy::NounKind::Campaign, &gone).unwrap().is_none(), "the other is withdrawn");
    let now = bench.reader.campaign(&gone).unwrap().expect("the old id leads to the campaign");
    assert_eq!(released::hyphenated(&now.id), kept.id);
    assert!(bench.reader.campaign_members(&gone, 10).unwrap().0.is_empty());
    assert_eq!(bench.reader.campaign_members(&released::parse_id(&kept.id).unwrap(), 10).unwrap().0.len(), 3);
    bench.assert_replays();
}

#[test]
fn the_order_of_arrival_leaves_no_trace_in_a_batch() {
    let mut bench = Bench::new();
    let mut names: Vec<String> = (0..40).map(|n| format!("v{n}.test")).collect();
    names.sort();
    for name in &names {
        bench.file(by(1, &[name]));
    }
    let batch = bench.tick_at(TICK).unwrap();
    let ids: Vec<_> = batch.objects.iter().map(|object| (object.kind, object.id)).collect();
    assert!(ids.is_sorted(), "ordered by kind and id");
    assert_eq!(ids.len(), 80);
}

#[test]
fn a_wider_band_becomes_no_narrower_one() {
    let mut bench = Bench::new();
    for firm in 1..=10 {
        bench.file(by(firm, &["evil.test"]));
    }
    bench.run_to(EPOCH);
    assert_eq!(bench.band("evil.test").as_deref(), Some("10+"));
    // So few members are left that ten would be told from the rest, and four not.
    bench.populate(11, 9);
    bench.run_to(2 * EPOCH);
    assert_eq!(bench.band("evil.test").as_deref(), Some("10+"));
    bench.assert_replays();
}

fn of_wales(bench: &mut Bench, energy: u32, wales: u32) {
    bench.append(Body::Population(Population {
        members: 40,
        sectors: vec![(Sector::Energy, energy)],
        regions: vec![(Region::Wales, wales), (Region::London, 9)],
    }));
}

#[test]
fn a_merge_keeps_the_band_and_the_marks_of_the_younger_campaign() {
    let mut bench = Bench::eager();
    of_wales(&mut bench, 9, 12);
    bench.file(by(20, &["old.test"]));
    bench.run_to(TICK);
    for firm in 1..=K {
        bench.file(by(firm, &["evil.test"]).region(Region::Wales));
    }
    bench.run_to(EPOCH);
    assert_eq!((bench.band("old.test"), bench.band("evil.test").as_deref()), (None, Some("4+")));
    bench.file(by(21, &["old.test", "evil.test"]));
    bench.run_to(EPOCH + TICK);
    let campaign = bench.campaign_of("old.test").unwrap();
    assert_eq!((campaign.indicators, campaign.band.as_deref(), campaign.regions.len()), (2, Some("4+"), 1));
    bench.assert_replays();
}

#[test]
fn a_campaign_that_is_marked_by_regions_gets_no_sector_when_one_has_become_large() {
    let mut bench = Bench::new();
    of_wales(&mut bench, 9, 12);
    for firm in 1..=K {
        bench.file(by(firm, &["evil.test"]).region(Region::Wales));
    }
    bench.run_to(EPOCH);
    of_wales(&mut bench, 20, 12);
    bench.run_to(3 * EPOCH);
    let campaign = bench.campaign_of("evil.test").unwrap();
    assert_eq!((campaign.regions.len(), campaign.sectors.len()), (1, 0), "their crossing may be one firm");
    bench.assert_replays();
}

#[test]
fn a_region_that_has_become_large_is_marked_beside_a_band_that_stays() {
    let mut bench = Bench::new();
    of_wales(&mut bench, 9, 9);
    for firm in 1..=K {
        bench.file(by(firm, &["evil.test"]).region(Region::Wales));
    }
    bench.run_to(EPOCH);
    let shown = |bench: &Bench| bench.campaign_of("evil.test").map(|it| (it.band.unwrap(), it.regions.len())).unwrap();
    assert_eq!(shown(&bench), ("4+".to_owned(), 0));
    of_wales(&mut bench, 9, 12);
    bench.run_to(3 * EPOCH);
    assert_eq!(shown(&bench), ("4+".to_owned(), 1));
    bench.assert_replays();
}

#[test]
fn no_band_is_shown_where_a_large_region_without_a_mark_would_name_the_rest() {
    let mut bench = Bench::new();
    let regions = vec![(Region::Wales, 11)];
    bench.append(Body::Population(Population { members: 12, sectors: Vec::new(), regions }));
    for firm in 1..K {
        bench.file(by(firm, &["evil.test"]).region(Region::Wales));
    }
    bench.file(by(50, &["evil.test"]).region(Region::London));
    bench.run_to(EPOCH);
    assert_eq!(bench.band("evil.test"), None, "three of Wales at most, so the fourth would be the only other firm");
}
