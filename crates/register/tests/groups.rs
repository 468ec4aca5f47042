//! Sharing groups in the register: who is in which, since when, until when, as another process sees it too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::{Clock, Entropy, GroupId, OrganisationId, Sector, Timestamp};
use policy::Membership;
use register::{
    Actor, GROUP_MEMBERS_MAX, NewGroup, NewOrganisation, OrganisationClass, PasswordCost, Register, RegisterError,
    Role, Status, WhoMayAdd,
};

#[derive(Default)]
struct Outside {
    now: AtomicI64,
    seed: AtomicU64,
}

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::Relaxed))
    }
}

impl Entropy for Outside {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let z = self.seed.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            *byte = ((z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 56) as u8;
        }
    }
}

fn memory() -> (Register, Arc<Outside>) {
    let outside = Arc::new(Outside::default());
    outside.now.store(1_000, Ordering::Relaxed);
    (Register::in_memory(outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap(), outside)
}

fn organisation(register: &Register, name: &str) -> OrganisationId {
    let new = NewOrganisation {
        name: name.into(),
        class: OrganisationClass::Member,
        sector: Sector::Energy,
        region: None,
        assets: policy::Assets::default(),
    };
    register.create_organisation(&Actor::operator(), &new).unwrap()
}

fn group(name: &str, ends_at: Option<i64>) -> NewGroup {
    NewGroup {
        name: name.into(),
        purpose: "Ransomware in ports".into(),
        ends_at: ends_at.map(Timestamp::from_millis),
        who_may_add: WhoMayAdd::Cell,
    }
}

fn joined(register: &Register, organisation: OrganisationId, group: GroupId) -> Option<i64> {
    let found = register.memberships(organisation).into_iter().find(|membership| membership.group == group);
    found.map(|Membership { joined, .. }| joined.as_millis())
}

#[test]
fn a_member_is_in_from_its_joining_to_its_leaving_and_a_group_ends_at_its_end() {
    let (register, outside) = memory();
    let (a, b) = (organisation(&register, "A"), organisation(&register, "B"));
    let ports = register.create_group(&Actor::operator(), &group("Ports", Some(9_000))).unwrap();
    assert!(register.group_of(a, ports).is_none(), "a group with nobody in it is nobody's");
    register.join_group(&Actor::operator(), ports, a, true).unwrap();
    outside.now.store(2_000, Ordering::Relaxed);
    register.join_group(&Actor::operator(), ports, b, false).unwrap();
    assert_eq!(register.groups_as_of(a), [(ports, Timestamp::from_millis(2_000))]);
    let first = joined(&register, a, ports).unwrap();
    assert!(first > 1_000 && first < 2_000);
    // To add somebody again changes nothing of what it reads.
    outside.now.store(3_000, Ordering::Relaxed);
    register.join_group(&Actor::operator(), ports, a, false).unwrap();
    assert_eq!(joined(&register, a, ports), Some(first));
    assert!(!register.group_of(a, ports).unwrap().member(a).unwrap().organiser);
    register.leave_group(&Actor::operator(), ports, a).unwrap();
    assert!(register.groups_of(a).is_empty() && register.groups_as_of(a).is_empty());
    assert!(matches!(register.leave_group(&Actor::operator(), ports, a), Err(RegisterError::Absent(_))));
    register.join_group(&Actor::operator(), ports, a, false).unwrap();
    assert_eq!(joined(&register, a, ports), Some(3_000), "who comes again begins anew");
    outside.now.store(9_000, Ordering::Relaxed);
    assert!(register.groups_of(b).is_empty() && register.group_of(b, ports).is_none());
    assert!(register.group(ports).is_some(), "the cell still finds it");
    register.set_group_end(&Actor::operator(), ports, None).unwrap();
    assert_eq!(joined(&register, b, ports), Some(2_000));
}

#[test]
fn two_joinings_never_have_the_same_time_so_a_report_between_them_is_told_apart() {
    let (register, _) = memory();
    let ports = register.create_group(&Actor::operator(), &group("Ports", None)).unwrap();
    let mut last = register.group(ports).unwrap().last_joined;
    for name in ["A", "B", "C"] {
        let who = organisation(&register, name);
        register.join_group(&Actor::operator(), ports, who, false).unwrap();
        let now = register.group(ports).unwrap().last_joined;
        assert!(now > last);
        assert_eq!(joined(&register, who, ports), Some(now.as_millis()));
        last = now;
        register.leave_group(&Actor::operator(), ports, who).unwrap();
    }
    assert_eq!(register.group(ports).unwrap().last_joined, last, "whoever has left since");
}

#[test]
fn what_will_not_do_is_refused() {
    let (register, _) = memory();
    let a = organisation(&register, "A");
    let ports = register.create_group(&Actor::operator(), &group("Ports", None)).unwrap();
    assert!(matches!(register.create_group(&Actor::operator(), &group("PORTS", None)), Err(RegisterError::Exists(_))));
    assert!(matches!(register.create_group(&Actor::operator(), &group(" ", None)), Err(RegisterError::Refused(_))));
    let long = NewGroup { purpose: "x".repeat(2_001), ..group("Long", None) };
    assert!(matches!(register.create_group(&Actor::operator(), &long), Err(RegisterError::Refused(_))));
    let nobody = OrganisationId::from_bytes([9; 16]);
    assert!(matches!(register.join_group(&Actor::operator(), ports, nobody, false), Err(RegisterError::Absent(_))));
    let none = GroupId::from_bytes([9; 16]);
    assert!(matches!(register.join_group(&Actor::operator(), none, a, false), Err(RegisterError::Absent(_))));
    assert!(matches!(register.set_group_end(&Actor::operator(), none, None), Err(RegisterError::Absent(_))));
    const { assert!(GROUP_MEMBERS_MAX >= 160) };
}

#[test]
fn another_process_sees_a_change_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let outside = Arc::new(Outside::default());
    let open = || {
        let path = folder.path().join("register.db");
        Register::open(&path, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap()
    };
    let (one, two) = (open(), open());
    let a = organisation(&one, "A");
    let ports = one.create_group(&Actor::operator(), &group("Ports", None)).unwrap();
    one.join_group(&Actor::operator(), ports, a, false).unwrap();
    outside.now.fetch_add(1_000, Ordering::Relaxed);
    assert!(two.group_of(a, ports).is_some());
    one.leave_group(&Actor::operator(), ports, a).unwrap();
    outside.now.fetch_add(1_000, Ordering::Relaxed);
    assert!(two.group_of(a, ports).is_none());
}

#[test]
fn a_member_adds_where_the_group_lets_it_and_an_organisation_that_leaves_is_in_no_group() {
    let (register, _) = memory();
    let [a, b, c] = ["A", "B", "C"].map(|name| organisation(&register, name));
    let made = |who_may_add, name: &str| {
        let new = NewGroup { who_may_add, ..group(name, None) };
        let id = register.create_group(&Actor::operator(), &new).unwrap();
        register.join_group(&Actor::operator(), id, a, false).unwrap();
        id
    };
    let (cell, members) = (made(WhoMayAdd::Cell, "Cell"), made(WhoMayAdd::Members, "Members"));
    let organisers = made(WhoMayAdd::Organisers, "Organisers");
    let by = |organisation, role: Role| Actor {
        person: None,
        name: "x".into(),
        organisation: Some(organisation),
        role: Some(role),
        rights: role.rights(),
    };
    let admin = by(a, Role::OrganisationAdmin);
    assert!(matches!(register.add_to_group(&admin, cell, b), Err(RegisterError::NoRight)));
    assert!(matches!(register.add_to_group(&admin, organisers, b), Err(RegisterError::NoRight)));
    assert!(matches!(register.add_to_group(&by(a, Role::Reporter), members, b), Err(RegisterError::NoRight)));
    let outside = by(c, Role::OrganisationAdmin);
    assert!(matches!(register.add_to_group(&outside, members, b), Err(RegisterError::Absent(_))));
    for act in [
        register.join_group(&admin, members, b, true),
        register.leave_group(&admin, members, a),
        register.set_group_end(&admin, members, None),
        register.create_group(&admin, &group("Own", None)).map(drop),
    ] {
        assert!(matches!(act, Err(RegisterError::NoRight)), "a member's admin keeps no groups");
    }
    register.add_to_group(&admin, members, b).unwrap();
    register.join_group(&Actor::operator(), organisers, a, true).unwrap();
    register.add_to_group(&admin, organisers, b).unwrap();
    // To be added again makes nobody less than it was.
    register.add_to_group(&by(b, Role::OrganisationAdmin), members, a).unwrap();
    assert_eq!(register.groups_of(b).len(), 2);
    register.set_status(&Actor::operator(), b, Status::Left).unwrap();
    assert!(register.groups_of(b).is_empty());
    register.set_status(&Actor::operator(), b, Status::Active).unwrap();
    assert!(register.groups_of(b).is_empty(), "who comes back to the partnership is not back in its circles");
    assert!(register.acts(None).unwrap().iter().any(|act| act.what == "group-joined"));
    register.verify_acts().unwrap();
}
