//! The register as its callers meet it: credentials, listeners, throttling, two processes on one file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../model/tests/outside/mod.rs"]
mod outside;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{Clock as _, PersonId, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use outside::Outside;
use register::{
    Actor, Answers, Face, LEAD_KEY_BYTES, LEAD_KEYS_MAX, NewOrganisation, NewPerson, PasswordCost, Register,
    RegisterError, Role, SignInError, Status, lead_key_fingerprint,
};

const ANSWERS: Answers = Answers { warn: WhoMayBeWarned::Now, know: WhoMayKnow::Nobody };
const PASSWORD: &str = "correct horse battery";

fn organisation(name: &str, sector: Sector) -> NewOrganisation {
    NewOrganisation {
        name: name.into(),
        class: register::OrganisationClass::Member,
        sector,
        region: None,
        assets: policy::Assets::default(),
    }
}

fn memory() -> (Register, Arc<Outside>) {
    let outside = Arc::new(Outside::default());
    (Register::in_memory(outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap(), outside)
}

fn member(register: &Register) {
    let id = register.create_organisation(&Actor::operator(), &organisation("Calder Power", Sector::Energy)).unwrap();
    let new = NewPerson {
        email: "Ann@calder.example".into(),
        name: "Ann".into(),
        organisation: Some(id),
        role: Role::Reporter,
        secondment: None,
    };
    register.create_person(&Actor::operator(), &new, PASSWORD).unwrap();
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
fn a_copy_begins_as_the_other_stands_and_goes_its_own_way() {
    let (register, outside) = memory();
    member(&register);
    let (token, _) = register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    let copy = register.copied(outside.clone(), outside).unwrap();
    assert_eq!(copy.session(Face::Member, token.expose()).unwrap().organisation.as_ref().unwrap().name, "Calder Power");
    copy.create_organisation(&Actor::operator(), &organisation("Dunmore Water", Sector::Water)).unwrap();
    copy.sign_out(token.expose()).unwrap();
    assert!(register.session(Face::Member, token.expose()).is_some());
    assert_eq!((register.populations().members, copy.populations().members), (1, 2));
    assert!(copy.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").is_ok());
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
    register.revoke_key(&Actor::operator(), &key[..16]).unwrap();
    assert!(register.key(key).is_none());
    let other = made[1].1.expose();
    register.set_status(&Actor::operator(), made[1].0, Status::Suspended).unwrap();
    assert!(register.key(other).is_none());
    register.set_status(&Actor::operator(), made[1].0, Status::Active).unwrap();
    assert!(register.key(other).is_some());
    let soon = Timestamp::from_millis(outside.now().as_millis() + 1_000);
    let short = register.create_key(&Actor::operator(), made[1].0, "short", ANSWERS, Some(soon)).unwrap();
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
    one.revoke_key(&Actor::operator(), &made[0].1.expose()[..16]).unwrap();
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
    register.create_organisation(&Actor::operator(), &organisation("Calder", Sector::Energy)).unwrap();
    assert!(matches!(
        register.create_organisation(&Actor::operator(), &organisation("CALDER", Sector::Food)),
        Err(RegisterError::Exists(_))
    ));
    let analyst = NewPerson {
        email: "lead@cell.example".into(),
        name: "x".into(),
        organisation: None,
        role: Role::Analyst,
        secondment: None,
    };
    assert!(matches!(register.create_person(&Actor::operator(), &analyst, PASSWORD), Err(RegisterError::Exists(_))));
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

fn ann(register: &Register) -> model::PersonId {
    register.person_named("ann@calder.example").unwrap().id
}

#[test]
fn a_disabled_person_is_out_at_once_and_enabled_ones_sign_in_anew() {
    let (register, _) = memory();
    member(&register);
    let (token, _) = register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    register.set_disabled(&Actor::operator(), ann(&register), true).unwrap();
    assert!(register.session(Face::Member, token.expose()).is_none());
    assert!(matches!(register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a"), Err(SignInError::Wrong)));
    register.set_disabled(&Actor::operator(), ann(&register), false).unwrap();
    assert!(register.session(Face::Member, token.expose()).is_none(), "an old session does not come back");
    assert!(register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").is_ok());
}

#[test]
fn a_new_password_ends_the_sessions_of_the_old_one() {
    let (register, _) = memory();
    member(&register);
    let (token, _) = register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    register.set_password(&Actor::operator(), ann(&register), "another horse battery").unwrap();
    assert!(register.session(Face::Member, token.expose()).is_none());
    assert!(register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").is_err());
    register.sign_in(Face::Member, "ann@calder.example", "another horse battery", "a").unwrap();
    register.sign_in(Face::Member, "ann@calder.example", "another horse battery", "b").unwrap();
    assert_eq!(register.end_sessions(&Actor::operator(), ann(&register)).unwrap(), 2);
    assert!(matches!(
        register.set_password(&Actor::operator(), ann(&register), "short"),
        Err(RegisterError::Refused(_))
    ));
    assert!(matches!(register.person_named("no@body.example"), Err(RegisterError::Absent(_))));
}

#[test]
fn guesses_at_the_members_listener_do_not_lock_the_cell_out() {
    let (register, _) = memory();
    register.init_lead("lead@cell.example", "Lead", PASSWORD).unwrap();
    for _ in 0..50 {
        let _ = register.sign_in(Face::Member, "lead@cell.example", "x", "one");
    }
    assert!(matches!(register.sign_in(Face::Member, "lead@cell.example", PASSWORD, "one"), Err(SignInError::Wait(_))));
    assert!(register.sign_in(Face::Cell, "lead@cell.example", PASSWORD, "one").is_ok());
}

#[test]
fn strangers_do_not_lock_a_lead_out_of_her_usual_place() {
    let (register, _) = memory();
    register.init_lead("lead@cell.example", "Lead", PASSWORD).unwrap();
    assert!(register.sign_in(Face::Cell, "lead@cell.example", PASSWORD, "office").is_ok());
    for n in 0..50 {
        let _ = register.sign_in(Face::Cell, "lead@cell.example", "x", &n.to_string());
    }
    assert!(matches!(register.sign_in(Face::Cell, "lead@cell.example", PASSWORD, "new"), Err(SignInError::Wait(_))));
    assert!(register.sign_in(Face::Cell, "lead@cell.example", PASSWORD, "office").is_ok());
}

#[test]
fn a_change_that_could_not_be_read_is_looked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let outside = Arc::new(Outside::default());
    let open = || Register::open(&path, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    let (one, other) = (open(), open());
    let made = one.create_members(&[organisation("A", Sector::Water)], "feed", ANSWERS).unwrap();
    let key = made[0].1.expose();
    assert!(other.refresh().unwrap() && other.key(key).is_some());
    one.revoke_key(&Actor::operator(), &key[..16]).unwrap();
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute("UPDATE organisation SET sector = 'nonsense'", []).unwrap();
    assert!(other.refresh().is_err());
    raw.execute("UPDATE organisation SET sector = 'water'", []).unwrap();
    // The last change put back what could be read; even without it the revocation must not be missed.
    assert!(other.refresh().unwrap());
    assert!(other.key(key).is_none());
}

#[test]
fn keys_of_a_label_are_replaced_and_a_known_person_is_put_anew() {
    let (register, _) = memory();
    let made = register.create_members(&[organisation("A", Sector::Water)], "exercise", ANSWERS).unwrap();
    member(&register);
    let (token, _) = register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    assert_eq!(register.remove_keys("exercise").unwrap(), 1);
    assert!(register.key(made[0].1.expose()).is_none());
    let keys = register.create_keys(&[made[0].0], "exercise", ANSWERS).unwrap();
    assert_eq!(register.key(keys[0].expose()).unwrap().name, "A");
    let new = NewPerson {
        email: "ann@calder.example".into(),
        name: "Ann Other".into(),
        organisation: Some(made[0].0),
        role: Role::Reporter,
        secondment: None,
    };
    assert_eq!(register.put_person(&new, "another horse battery").unwrap(), ann(&register));
    assert!(register.session(Face::Member, token.expose()).is_none());
    let (_, who) = register.sign_in(Face::Member, "ann@calder.example", "another horse battery", "a").unwrap();
    assert_eq!((who.name.as_str(), who.organisation.as_ref().unwrap().name.as_str()), ("Ann Other", "A"));
}

#[test]
fn a_password_is_taken_as_it_was_typed_and_may_be_long() {
    let (register, _) = memory();
    member(&register);
    let long = format!(" {}ﬀ Ü ", "pass phrase ".repeat(8));
    register.set_password(&Actor::operator(), ann(&register), &long).unwrap();
    for (n, other) in [
        long.trim().to_owned(),
        long.to_lowercase(),
        long.to_uppercase(),
        long.replace('ﬀ', "ff"),
        long[..64].to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let place = n.to_string();
        assert!(matches!(register.sign_in(Face::Member, "ann@calder.example", other, &place), Err(SignInError::Wrong)));
    }
    assert!(register.sign_in(Face::Member, "ann@calder.example", &long, "home").is_ok());
}

#[test]
fn nobody_is_there_until_somebody_is_made() {
    let (register, _) = memory();
    assert_eq!(register.people().unwrap(), []);
    assert!(register.organisations().is_empty() && register.keys().unwrap().is_empty());
    for account in ["admin", "root", "lead@cell.example", "admin@localhost"] {
        for (n, password) in ["admin", "password", "", "nobody has this", "changeme changeme"].iter().enumerate() {
            let found = register.sign_in(Face::Cell, account, password, &format!("{account} {n}"));
            assert!(found.is_err(), "{account} {password}");
        }
    }
}

#[test]
fn the_last_key_of_the_cell_that_was_told_is_the_one() {
    let (register, _) = memory();
    assert_eq!(register.cell_key().unwrap(), None);
    for (number, byte) in [(700, 4), (701, 5), (700, 4)] {
        // The last: a clock that was set back tells the one before again.
        register.tell_cell_key(number, &[byte; 65]).unwrap();
        assert_eq!(register.cell_key().unwrap(), Some((number, [byte; 65])));
    }
}

fn lead(register: &Register, n: usize) -> Actor {
    let new = NewPerson {
        email: format!("lead{n}@cell.example"),
        name: format!("Lead {n}"),
        organisation: None,
        role: Role::Lead,
        secondment: None,
    };
    let person = register.create_person(&Actor::operator(), &new, PASSWORD).unwrap();
    Actor { person: Some(person), role: Some(Role::Lead), ..Actor::operator() }
}

/// The key of the n-th lead.
fn key(n: u8) -> [u8; LEAD_KEY_BYTES] {
    [n; LEAD_KEY_BYTES]
}

fn count(register: &Register) -> usize {
    register.lead_keys().unwrap().len()
}

#[test]
fn a_lead_too_many_is_refused_a_key_and_told_why() {
    let (register, _) = memory();
    let leads: Vec<Actor> = (0..=LEAD_KEYS_MAX).map(|n| lead(&register, n)).collect();
    for lead in &leads[..LEAD_KEYS_MAX] {
        register.set_lead_key(lead, &key(4)).unwrap();
    }
    let too_many = || register.set_lead_key(&leads[LEAD_KEYS_MAX], &key(4)).unwrap_err().to_string();
    assert!(too_many().contains("16 leads have a key already"), "{}", too_many());
    // The key of an account that is disabled has its place: it is sealed to once the account is enabled again.
    register.set_disabled(&Actor::operator(), leads[2].person.unwrap(), true).unwrap();
    assert!(too_many().contains("16 leads have a key already"), "{}", too_many());
    // Whoever has one may have another in its place, and a place that is given up can be taken.
    register.set_lead_key(&leads[0], &key(5)).unwrap();
    register.remove_lead_key(&leads[1]).unwrap();
    register.set_lead_key(&leads[LEAD_KEYS_MAX], &key(4)).unwrap();
    register.set_disabled(&Actor::operator(), leads[2].person.unwrap(), false).unwrap();
    assert_eq!((count(&register), register.waiting_lead_keys().unwrap().len()), (0, LEAD_KEYS_MAX));
}

#[test]
fn a_key_counts_once_two_other_leads_or_the_operator_said_whose_it_is() {
    let (register, _) = memory();
    let leads: Vec<Actor> = (0..5).map(|n| lead(&register, n)).collect();
    let id = |n: usize| leads[n].person.unwrap();
    for (n, lead) in leads.iter().enumerate() {
        register.set_lead_key(lead, &key(u8::try_from(n).unwrap())).unwrap();
    }
    let print = |n: u8| lead_key_fingerprint(&key(n));
    let says = |by: &Actor, n: u8| register.confirm_lead_key(by, id(usize::from(n)), &print(n));
    let refused = |done: Result<bool, RegisterError>| match done {
        Err(RegisterError::Conflict(why)) => why,
        other => panic!("{other:?}"),
    };
    // Nobody's counts, so that no lead can say anything: the first two are the operator's to confirm.
    assert_eq!(count(&register), 0);
    assert!(refused(says(&leads[0], 4)).contains("does not count yet"));
    for n in 0..2 {
        assert!(says(&Actor::operator(), n).unwrap());
    }
    assert_eq!(count(&register), 2);
    assert!(refused(says(&Actor::operator(), 1)).contains("counts already"));

    // One lead alone makes no second one: not by saying it twice, nor by what they made and joined as.
    assert!(!says(&leads[0], 4).unwrap());
    assert!(!says(&leads[0], 4).unwrap());
    assert!(refused(says(&leads[4], 4)).contains("your own key"));
    assert!(refused(says(&leads[3], 4)).contains("does not count yet"));
    let waiting = register.waiting_lead_keys().unwrap();
    assert_eq!((count(&register), waiting.len()), (2, 3));
    assert_eq!(waiting[2].said_by, [(id(0), "Lead 0".to_owned())]);
    // A wrong fingerprint, or what is none, says nothing.
    assert!(refused(register.confirm_lead_key(&leads[1], id(4), &print(3))).contains("another fingerprint"));
    assert!(matches!(register.confirm_lead_key(&leads[1], id(4), "04"), Err(RegisterError::Refused(_))));
    // Whoever says it loses their word with their key.
    register.set_lead_key(&leads[0], &key(9)).unwrap();
    assert!(register.confirm_lead_key(&Actor::operator(), id(0), &print(9)).unwrap());
    assert!(!says(&leads[1], 4).unwrap(), "the word of the first went with the key by which it was given");
    // Two leads do, however they type it.
    let spaced = format!("{} {}", print(4)[..16].to_uppercase(), &print(4)[16..]);
    assert!(register.confirm_lead_key(&leads[0], id(4), &spaced).unwrap());
    assert_eq!(count(&register), 3);

    // The same key once more is the same; another one waits anew, whatever the one before it was.
    register.set_lead_key(&leads[4], &key(4)).unwrap();
    assert_eq!(count(&register), 3);
    register.set_lead_key(&leads[4], &key(8)).unwrap();
    assert_eq!(count(&register), 2);
    assert!(refused(says(&leads[0], 4)).contains("another fingerprint"));
    assert!(matches!(
        register.confirm_lead_key(&leads[0], PersonId::from_bytes([9; 16]), &print(4)),
        Err(RegisterError::Absent(_))
    ));
    let analyst = Actor { role: Some(Role::Analyst), rights: Role::Analyst.rights(), ..leads[0].clone() };
    assert!(matches!(register.confirm_lead_key(&analyst, id(4), &print(8)), Err(RegisterError::NoRight)));
    // All of it is in the trail.
    let acts = register.acts(None).unwrap();
    let said: Vec<_> =
        acts.iter().filter(|act| act.what == "lead-key-confirmed" && act.target == "lead4@cell.example").collect();
    assert_eq!(said.len(), 4);
    assert!(said[0].detail.starts_with(&print(4)) && said[0].detail.ends_with("counts from now on"), "{:?}", said[0]);
    register.verify_acts().unwrap();
}

#[test]
fn keys_that_were_enrolled_before_keys_were_confirmed_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let open = || {
        let outside = Arc::new(Outside::default());
        Register::open(&path, outside.clone(), outside, PasswordCost::CHEAP).unwrap()
    };
    let register = open();
    let leads = [lead(&register, 1), lead(&register, 2)];
    register.set_lead_key(&leads[0], &key(1)).unwrap();
    assert_eq!(count(&register), 0);
    drop(register);
    // As an earlier program left it.
    let before = rusqlite::Connection::open(&path).unwrap();
    let undo = "ALTER TABLE organisation DROP COLUMN own_confirmed;
        ALTER TABLE session ADD COLUMN fresh_at INTEGER; ALTER TABLE session ADD COLUMN passkey_at INTEGER;
        ALTER TABLE totp DROP COLUMN used; ALTER TABLE totp ADD COLUMN last_step INTEGER NOT NULL DEFAULT 0;
        DROP TABLE recovery_asked; DROP TRIGGER lead_key_replaced; DROP TRIGGER lead_key_gone; DROP TABLE lead_key_said;
        ALTER TABLE lead_key DROP COLUMN counts_since; PRAGMA user_version = 12";
    before.execute_batch(undo).unwrap();
    drop(before);
    let register = open();
    assert_eq!(count(&register), 1);
    register.set_lead_key(&leads[1], &key(2)).unwrap();
    assert_eq!(count(&register), 1);
}

const HOUR: i64 = 3_600_000;

/// Every number of the register's tables that lies where moments do: between 2001 and 2286, in milliseconds.
fn moments(path: &std::path::Path) -> Vec<(String, i64)> {
    let raw = rusqlite::Connection::open(path).unwrap();
    let names = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
    let mut statement = raw.prepare(names).unwrap();
    let columns = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    let mut found = Vec::new();
    for (table, column) in columns.map(Result::unwrap) {
        let sql = format!("SELECT \"{column}\" FROM \"{table}\" WHERE typeof(\"{column}\") = 'integer'");
        let mut statement = raw.prepare(&sql).unwrap();
        let values = statement.query_map([], |row| row.get::<_, i64>(0)).unwrap().map(Result::unwrap);
        let times = values.filter(|value| (1_000_000_000_000..10_000_000_000_000).contains(value));
        found.extend(times.map(|value| (format!("{table}.{column}"), value)));
    }
    found
}

#[test]
fn the_store_has_no_minute_of_a_session_and_a_restart_asks_for_a_factor_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let outside = Arc::new(Outside::default());
    // Eleven minutes, and some, past the hour.
    outside.now.store(1_800_000_000_000 + 11 * 60_000 + 1_234, Ordering::Relaxed);
    let open = || Register::open(&path, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    let pass = |millis: i64| outside.now.fetch_add(millis, Ordering::Relaxed);
    let minute = |moments: &[(String, i64)]| moments.iter().any(|(_, at)| at % HOUR != 0);
    let register = open();
    member(&register);
    let begun = outside.now.load(Ordering::Relaxed);
    let (token, who) = register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    let token = token.expose();
    assert!(register.is_fresh(token) && !register.is_fresh_by_passkey(token));
    pass(7 * 60_000);
    register.freshen_by_passkey(ann(&register), token);
    assert!(register.is_fresh_by_passkey(token));
    // Another token knows what the one before knew.
    let renewed = register.renew_session(token).unwrap();
    assert!(!register.is_fresh(token) && register.is_fresh_by_passkey(renewed.expose()));
    let token = renewed.expose();
    let by = Actor::of(&who);
    let admin = Actor { role: Some(Role::OrganisationAdmin), rights: Role::OrganisationAdmin.rights(), ..by };
    register.create_device(&admin, "the wall").map(drop).unwrap();
    assert!(register.session(Face::Member, token).is_some());
    register.note_uses().unwrap();
    let kept = moments(&path);
    let of = |name: &str| kept.iter().filter(|(column, _)| column == name).map(|(_, at)| *at).collect::<Vec<_>>();
    assert_eq!(of("session.created_at"), [begun - begun % HOUR]);
    assert_eq!(of("session.used_at"), [begun - begun % HOUR]);
    assert_eq!(of("session.expires_at"), [begun - begun % HOUR + register::SESSION_MILLIS]);
    let exact: Vec<_> = kept.iter().filter(|(_, at)| at % HOUR != 0).collect();
    // The cell's own trail has times, and a code for a wall that nobody has paired yet ends after minutes.
    let known = ["act.at", "device.pairing_ends"];
    assert!(exact.iter().all(|(column, _)| known.contains(&column.as_str())), "{exact:?}");

    drop(register);
    let register = open();
    assert!(register.session(Face::Member, token).is_some(), "the session goes on");
    assert!(!register.is_fresh(token) && !register.is_fresh_by_passkey(token), "and nobody knows of a factor");
    register.confirm(ann(&register), token, PASSWORD, None, "a").unwrap();
    assert!(register.is_fresh(token) && !register.is_fresh_by_passkey(token));
    // However it is used, it ends within twelve hours, and within two idle ones: rounded down, so by up to an hour earlier.
    let (two, twelve) = (register::SESSION_IDLE_MILLIS, register::SESSION_MILLIS);
    while outside.now.load(Ordering::Relaxed) + HOUR / 2 < begun - begun % HOUR + twelve {
        pass(HOUR / 2);
        assert!(register.session(Face::Member, token).is_some());
    }
    register.note_uses().unwrap();
    pass(begun + twelve - outside.now.load(Ordering::Relaxed));
    assert!(register.session(Face::Member, token).is_none());
    let (token, _) = register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    drop(register);
    pass(two);
    assert!(open().session(Face::Member, token.expose()).is_none());
    assert!(!minute(&moments(&path).into_iter().filter(|(name, _)| name.starts_with("session.")).collect::<Vec<_>>()));
}

#[test]
fn sessions_of_an_older_store_lose_their_minutes_and_the_order_in_which_they_began() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let outside = Arc::new(Outside::default());
    outside.now.store(1_800_000_000_000 + 11 * 60_000, Ordering::Relaxed);
    let open = || Register::open(&path, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    let register = open();
    member(&register);
    let (token, _) = register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    drop(register);
    let before = rusqlite::Connection::open(&path).unwrap();
    let undo = "ALTER TABLE organisation DROP COLUMN own_confirmed;
        ALTER TABLE session ADD COLUMN fresh_at INTEGER; ALTER TABLE session ADD COLUMN passkey_at INTEGER;
        ALTER TABLE totp DROP COLUMN used; ALTER TABLE totp ADD COLUMN last_step INTEGER NOT NULL DEFAULT 0;
        UPDATE session SET created_at = created_at + 660000, fresh_at = created_at + 660000, used_at = used_at + 660000,
          expires_at = expires_at + 660000, passkey_at = created_at + 660000;
        PRAGMA user_version = 14";
    before.execute_batch(undo).unwrap();
    drop(before);
    let register = open();
    assert!(register.session(Face::Member, token.expose()).is_some() && !register.is_fresh(token.expose()));
    let sessions: Vec<_> = moments(&path).into_iter().filter(|(name, _)| name.starts_with("session.")).collect();
    assert!(sessions.len() == 3 && sessions.iter().all(|(_, at)| at % HOUR == 0), "{sessions:?}");
    let changes = || {
        let raw = rusqlite::Connection::open(&path).unwrap();
        raw.query_row("SELECT count(*) FROM changed", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(changes(), 1);
    // Nor does the order of later ones stay, and another process loses nothing by it.
    let other = open();
    for _ in 0..3 {
        register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    }
    assert!(changes() > 3);
    register.note_uses().unwrap();
    register.note_uses().unwrap();
    assert_eq!(changes(), 1);
    register.sign_out(token.expose()).unwrap();
    assert!(other.refresh().unwrap() && other.session(Face::Member, token.expose()).is_none());
    assert_eq!(other.sessions(ann(&other), "").unwrap().len(), 3);
}
