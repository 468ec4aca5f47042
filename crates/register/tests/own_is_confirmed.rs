//! What an invitation calls an organisation's own counts only once an administrator of it has said so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../model/tests/outside/mod.rs"]
mod outside;

use model::{OrganisationId, Sector, WhoMayBeWarned, WhoMayKnow};
use outside::Outside;
use policy::Assets;
use register::{
    Actor, Answers, Delivery, Face, Invitee, NewKey, OrganisationClass, PasswordCost, Profile, Register, RegisterError,
    Right, Role, Scope, Scopes,
};

const PASSWORD: &str = "correct horse battery";
const WIDE: &str = "45.0.0.0/8";

fn assets(ranges: &[&str]) -> Assets {
    Assets {
        domains: vec!["calder.example".into()],
        ranges: ranges.iter().map(|range| (*range).to_owned()).collect(),
        ..Assets::default()
    }
}

fn register() -> Register {
    let outside = Outside::at(1_800_000_000_000, 1);
    Register::in_memory(outside.clone(), outside, PasswordCost::CHEAP).unwrap()
}

/// A firm that was invited with this as its own, and its administrator, signed in.
fn joined(register: &Register, assets: Assets) -> (OrganisationId, String) {
    let lead = register.init_lead("ada@cell.example", "Ada", PASSWORD).unwrap();
    let lead = Actor {
        person: Some(lead),
        name: "Ada".into(),
        organisation: None,
        role: Some(Role::Lead),
        rights: Role::Lead.rights(),
    };
    let invitee = Invitee {
        name: "Calder Power".into(),
        class: OrganisationClass::Member,
        sector: Sector::Energy,
        profile: Profile { assets, ..Profile::default() },
        contact: "Ann Reed".into(),
        email: "ann@calder.example".into(),
        language: String::new(),
    };
    let (id, link) = register.invite_organisation(&lead, &invitee, Delivery::HandOver).unwrap();
    let (_, token) = link.as_ref().unwrap().expose().split_once('#').unwrap();
    let version = register.terms().unwrap()[0].version;
    let made = register.join(Face::Member, token, "Ann Reed", Some(version)).unwrap();
    register.enrol_password(made.ticket.0.expose(), PASSWORD).unwrap();
    (id, signed_in(register))
}

fn signed_in(register: &Register) -> String {
    register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap().0.expose().to_owned()
}

fn actor(register: &Register, session: &str) -> Actor {
    Actor::of(&register.session(Face::Member, session).unwrap())
}

fn reports(register: &Register, session: &str) -> bool {
    register.session(Face::Member, session).unwrap().rights.has(Right::Report)
}

#[test]
fn nobody_of_a_firm_reports_until_its_administrator_said_what_is_its_own() {
    let register = register();
    let (id, ann) = joined(&register, assets(&[WIDE]));
    assert!(register.organisation(id).unwrap().proposed);
    let held = register.session(Face::Member, &ann).unwrap();
    assert!(!held.rights.has(Right::Report), "what it calls its own would mark its cases");
    assert!(held.rights.has(Right::ManageOwn) && held.rights.has(Right::ReadReleased), "and everything else works");
    // Neither does a machine of it: no key that reports is made, and one of whoever runs the server does not.
    let scopes: Scopes = [Scope::Report].into_iter().collect();
    let answers = Answers { warn: WhoMayBeWarned::Now, know: WhoMayKnow::Nobody };
    let new = || NewKey { label: "feed".into(), answers, scopes, days: 30 };
    assert!(matches!(register.make_key(&actor(&register, &ann), id, &new()), Err(RegisterError::NoRight)));
    let (key, _) = register.make_key(&Actor::operator(), id, &new()).unwrap();
    assert!(!register.key(key.expose()).unwrap().rights.has(Right::Report));

    // One value struck out, one kept: it counts at once, in every session and for every key.
    let struck = Profile { assets: assets(&[]), ..Profile::default() };
    register.edit_own(&actor(&register, &ann), &struck).unwrap();
    let held = register.organisation(id).unwrap();
    assert!(!held.proposed && held.assets == assets(&[]));
    assert!(reports(&register, &ann) && register.key(key.expose()).unwrap().rights.has(Right::Report));
    let acts = register.member_acts(id, false).unwrap();
    let said: Vec<_> = acts.iter().filter(|act| act.what == "organisation-edited").collect();
    assert_eq!((said.len(), said[0].detail.as_str()), (1, "what is its own is confirmed"));
    register.edit_own(&actor(&register, &ann), &struck).unwrap();
    let acts = register.member_acts(id, false).unwrap();
    assert!(acts.iter().any(|act| act.what == "organisation-edited" && act.detail.is_empty()), "once is once");
}

#[test]
fn who_was_invited_with_nothing_of_their_own_has_nothing_to_confirm() {
    let register = register();
    let profile = Assets::default();
    let (id, ann) = joined(&register, profile);
    assert!(!register.organisation(id).unwrap().proposed && reports(&register, &ann));
}

#[test]
fn what_a_lead_adds_before_the_firm_joins_waits_too() {
    let register = register();
    let lead = Actor { person: None, ..Actor::operator() };
    let invitee = Invitee {
        name: "Aire Water".into(),
        class: OrganisationClass::Member,
        sector: Sector::Water,
        profile: Profile::default(),
        contact: "Bea".into(),
        email: "bea@aire.example".into(),
        language: String::new(),
    };
    let (id, _) = register.invite_organisation(&lead, &invitee, Delivery::HandOver).unwrap();
    assert!(!register.organisation(id).unwrap().proposed);
    let more = Profile { assets: Assets { brands: vec!["invoice".into()], ..Assets::default() }, ..Profile::default() };
    register.edit_organisation(&lead, id, "Aire Water", Sector::Water, &more).unwrap();
    assert!(register.organisation(id).unwrap().proposed);
}

#[test]
fn firms_of_an_older_store_report_as_before_and_those_invited_there_confirm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let outside = Outside::at(1_800_000_000_000, 1);
    let open = || Register::open(&path, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    let register = open();
    let (id, ann) = joined(&register, assets(&[WIDE]));
    assert!(register.organisation(id).unwrap().proposed && !reports(&register, &ann));
    let invitee = Invitee {
        name: "Aire Water".into(),
        class: OrganisationClass::Member,
        sector: Sector::Water,
        profile: Profile { assets: assets(&[]), ..Profile::default() },
        contact: "Bea".into(),
        email: "bea@aire.example".into(),
        language: String::new(),
    };
    let (waits, _) = register.invite_organisation(&Actor::operator(), &invitee, Delivery::HandOver).unwrap();
    drop(register);
    let before = rusqlite::Connection::open(&path).unwrap();
    before.execute_batch("ALTER TABLE organisation DROP COLUMN own_confirmed; PRAGMA user_version = 15").unwrap();
    drop(before);
    let register = open();
    assert!(!register.organisation(id).unwrap().proposed && reports(&register, &ann));
    assert!(register.organisation(waits).unwrap().proposed);
}
