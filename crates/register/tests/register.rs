//! The register as its callers meet it: credentials, listeners, throttling, two processes on one file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::{Clock, Entropy, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use register::{
    Answers, Face, NewOrganisation, NewPerson, PasswordCost, Register, RegisterError, Role, SignInError, Status,
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
            let mut z = self.seed.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (z >> 56) as u8;
        }
    }
}

const ANSWERS: Answers = Answers { warn: WhoMayBeWarned::Now, know: WhoMayKnow::Nobody };
const PASSWORD: &str = "correct horse battery";

fn organisation(name: &str, sector: Sector) -> NewOrganisation {
    NewOrganisation { name: name.into(), sector, region: None, assets: policy::Assets::default() }
}

fn memory() -> (Register, Arc<Outside>) {
    let outside = Arc::new(Outside::default());
    (Register::in_memory(outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap(), outside)
}

fn member(register: &Register) {
    let id = register.create_organisation(&organisation("Calder Power", Sector::Energy)).unwrap();
    let new = NewPerson {
        email: "Ann@calder.example".into(),
        name: "Ann".into(),
        organisation: Some(id),
        role: Role::Member,
    };
    register.create_person(&new, PASSWORD).unwrap();
}

#[test]
fn a_session_works_at_its_own_listener_until_it_ends() {
    let (register, outside) = memory();
    member(&register);
    let (token, who) = register.sign_in(Face::Member, " ann@CALDER.example", PASSWORD, "a").unwrap();
    assert_eq!(who.organisation.as_ref().unwrap().name, "Calder Power");
    assert!(register.session(Face::Member, token.expose()).is_some());
    assert!(register.session(Face::Cell, token.expose()).is_none());
    outside.now.fetch_add(13 * 3_600_000, Ordering::Relaxed);
    assert!(register.session(Face::Member, token.expose()).is_none());
    let (token, _) = register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    register.sign_out(token.expose()).unwrap();
    assert!(register.session(Face::Member, token.expose()).is_none());
}

#[test]
fn a_member_cannot_sign_in_at_the_cell_and_wrong_is_wrong_in_one_way() {
    let (register, _) = memory();
    member(&register);
    for (face, email, password) in [
        (Face::Cell, "ann@calder.example", PASSWORD),
        (Face::Member, "ann@calder.example", "wrong horse battery"),
        (Face::Member, "nobody@calder.example", PASSWORD),
    ] {
        let error = register.sign_in(face, email, password, "a").err().unwrap();
        assert!(matches!(error, SignInError::Wrong), "{email}");
    }
}

#[test]
fn guessing_is_slowed_whatever_the_spelling_and_for_unknown_accounts_alike() {
    for email in ["ann@calder.example", "nobody@calder.example"] {
        let (register, outside) = memory();
        member(&register);
        for turn in 0..6 {
            let spelt = if turn % 2 == 0 { email.to_uppercase() } else { format!(" {email} ") };
            assert!(matches!(register.sign_in(Face::Member, &spelt, "x", &turn.to_string()), Err(SignInError::Wrong)));
        }
        let waits = matches!(register.sign_in(Face::Member, email, PASSWORD, "other"), Err(SignInError::Wait(seconds)) if seconds > 0);
        assert!(waits, "{email}");
        outside.now.fetch_add(3_000, Ordering::Relaxed);
        let now_right = register.sign_in(Face::Member, email, PASSWORD, "other");
        assert_eq!(now_right.is_ok(), email.starts_with("ann"));
    }
}

#[test]
fn keys_are_revoked_and_organisations_suspended_at_once() {
    let (register, outside) = memory();
    let made = register
        .create_members(&[organisation("A", Sector::Water), organisation("B", Sector::Water)], "feed", ANSWERS)
        .unwrap();
    let key = made[0].1.expose();
    assert_eq!(register.key(key).unwrap().answers, Some(ANSWERS));
    assert!(register.session(Face::Member, key).is_none());
    register.revoke_key(&key[..16]).unwrap();
    assert!(register.key(key).is_none());
    let other = made[1].1.expose();
    register.set_status(made[1].0, Status::Suspended).unwrap();
    assert!(register.key(other).is_none());
    register.set_status(made[1].0, Status::Active).unwrap();
    assert!(register.key(other).is_some());
    let soon = Timestamp::from_millis(outside.now().as_millis() + 1_000);
    let short = register.create_key(made[1].0, "short", ANSWERS, Some(soon)).unwrap();
    assert!(register.key(short.expose()).is_some());
    outside.now.fetch_add(1_000, Ordering::Relaxed);
    assert!(register.key(short.expose()).is_none());
}

#[test]
fn another_process_sees_changes_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let outside = Arc::new(Outside::default());
    let open = || Register::open(&path, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    let (one, other) = (open(), open());
    let made = one.create_members(&[organisation("A", Sector::Water)], "feed", ANSWERS).unwrap();
    outside.now.fetch_add(1_001, Ordering::Relaxed);
    assert!(other.key(made[0].1.expose()).is_some());
    one.revoke_key(&made[0].1.expose()[..16]).unwrap();
    outside.now.fetch_add(1_001, Ordering::Relaxed);
    assert!(other.key(made[0].1.expose()).is_none());
}

#[test]
fn small_sectors_are_shown_as_one_group_or_not_at_all() {
    let (register, _) = memory();
    let mut members: Vec<NewOrganisation> = (0..10).map(|n| organisation(&format!("E{n}"), Sector::Energy)).collect();
    members.extend((0..6).map(|n| organisation(&format!("W{n}"), Sector::Water)));
    register.create_members(&members, "feed", ANSWERS).unwrap();
    let group = |register: &Register, name: &str| register.sector_group(&register.organisation_named(name).unwrap());
    assert_eq!(group(&register, "e1").as_deref(), Some("energy"));
    assert_eq!(group(&register, "W1"), None);
    let food: Vec<NewOrganisation> = (0..4).map(|n| organisation(&format!("F{n}"), Sector::Food)).collect();
    register.create_members(&food, "feed", ANSWERS).unwrap();
    assert_eq!(group(&register, "W1").as_deref(), Some("other"));
    assert_eq!(register.lanes().len(), 2);
    assert_eq!(register.populations().members, 20);
}

#[test]
fn there_is_one_first_lead_and_names_are_taken_once() {
    let (register, _) = memory();
    assert!(matches!(register.init_lead("lead@cell.example", "Lead", "short"), Err(RegisterError::Refused(_))));
    register.init_lead("lead@cell.example", "Lead", PASSWORD).unwrap();
    assert!(register.init_lead("second@cell.example", "Second", PASSWORD).is_err());
    register.create_organisation(&organisation("Calder", Sector::Energy)).unwrap();
    assert!(matches!(
        register.create_organisation(&organisation("CALDER", Sector::Food)),
        Err(RegisterError::Exists(_))
    ));
    let analyst =
        NewPerson { email: "lead@cell.example".into(), name: "x".into(), organisation: None, role: Role::Analyst };
    assert!(matches!(register.create_person(&analyst, PASSWORD), Err(RegisterError::Exists(_))));
}

#[test]
fn a_thousand_members_are_made_quickly_and_checked_from_memory() {
    let (register, _) = memory();
    let members: Vec<NewOrganisation> =
        (0..1_100).map(|n| organisation(&format!("Firm {n}"), Sector::ALL[n % 13])).collect();
    let made = register.create_members(&members, "feed", ANSWERS).unwrap();
    assert_eq!(made.len(), 1_100);
    assert!(made.iter().all(|(id, key)| register.key(key.expose()).unwrap().organisation.as_ref().unwrap().id == *id));
}
