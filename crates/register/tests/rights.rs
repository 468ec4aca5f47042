//! Who may act on whom, what is left of rights, and the trail of what was done.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::{Clock, Entropy, OrganisationId, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use register::{
    Actor, Answers, Face, NewOrganisation, NewPerson, OrganisationClass, PasswordCost, Principal, Register,
    RegisterError, Right, Role, Secondment, Status,
};

const DAY: i64 = 86_400_000;
const PASSWORD: &str = "correct horse battery";
const ANSWERS: Answers = Answers { warn: WhoMayBeWarned::Now, know: WhoMayKnow::Nobody };

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
            let turn = self.seed.fetch_add(1, Ordering::Relaxed);
            *byte = (turn.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8;
        }
    }
}

struct World {
    register: Register,
    outside: Arc<Outside>,
    firms: Vec<OrganisationId>,
}

fn world() -> World {
    let outside = Arc::new(Outside::default());
    outside.now.store(20_000 * DAY + 5, Ordering::Relaxed);
    let register = Register::in_memory(outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    let firm = |name: &str, class| NewOrganisation {
        name: name.into(),
        class,
        sector: Sector::Energy,
        region: None,
        assets: policy::Assets::default(),
    };
    let by = Actor::operator();
    let classes = [OrganisationClass::Member, OrganisationClass::Member, OrganisationClass::Observer];
    let names = ["One", "Two", "Police"];
    let firms =
        names.iter().zip(classes).map(|(name, class)| register.create_organisation(&by, &firm(name, class)).unwrap());
    World { firms: firms.collect(), register, outside }
}

impl World {
    fn add(&self, email: &str, organisation: Option<usize>, role: Role) -> Result<(), RegisterError> {
        let secondment = (role == Role::Secondee).then(|| Secondment {
            vetting: "SC".into(),
            vetted_until: self.outside.now().plus_millis(10 * DAY),
            wall: vec![Sector::Energy],
        });
        let organisation = organisation.map(|at| self.firms[at]);
        let new = NewPerson { email: email.into(), name: email.into(), organisation, role, secondment };
        self.register.create_person(&Actor::operator(), &new, PASSWORD).map(drop)
    }

    fn sign_in(&self, email: &str) -> (String, Arc<Principal>) {
        let face = self.register.person_named(email).unwrap().role.face();
        let (token, principal) = self.register.sign_in(face, email, PASSWORD, email).unwrap();
        (token.expose().to_owned(), principal)
    }

    fn actor(&self, email: &str) -> Actor {
        Actor::of(&self.sign_in(email).1)
    }

    fn id(&self, email: &str) -> model::PersonId {
        self.register.person_named(email).unwrap().id
    }
}

#[test]
fn nobody_acts_on_others_than_the_table_says() {
    let world = world();
    world.add("admin@one.example", Some(0), Role::OrganisationAdmin).unwrap();
    world.add("rep@one.example", Some(0), Role::Reporter).unwrap();
    world.add("admin@two.example", Some(1), Role::OrganisationAdmin).unwrap();
    world.add("lead@cell.example", None, Role::Lead).unwrap();
    world.add("analyst@cell.example", None, Role::Analyst).unwrap();
    world.add("runs@cell.example", None, Role::Administrator).unwrap();
    let admin = world.actor("admin@one.example");
    let register = &world.register;
    register.set_disabled(&admin, world.id("rep@one.example"), true).unwrap();
    for other in ["admin@two.example", "lead@cell.example"] {
        let denied = register.set_password(&admin, world.id(other), "another horse battery");
        assert!(matches!(denied, Err(RegisterError::Absent(_))), "{other}: {denied:?}");
    }
    for (who, whom) in [
        ("analyst@cell.example", "rep@one.example"),
        ("runs@cell.example", "lead@cell.example"),
        ("runs@cell.example", "admin@one.example"),
    ] {
        let denied = register.set_disabled(&world.actor(who), world.id(whom), true);
        assert!(matches!(denied, Err(RegisterError::NoRight)), "{who} on {whom}: {denied:?}");
    }
    // And nobody gives a role that he could not act on.
    let made_lead = register.set_role(&admin, world.id("admin@one.example"), Role::Lead);
    assert!(matches!(made_lead, Err(RegisterError::Absent(_) | RegisterError::NoRight | RegisterError::Refused(_))));
    register.set_role(&admin, world.id("rep@one.example"), Role::Reader).unwrap();
    register.set_status(&world.actor("lead@cell.example"), world.firms[0], Status::Suspended).unwrap();
    assert!(matches!(register.set_status(&admin, world.firms[0], Status::Active), Err(RegisterError::NoRight)));
}

#[test]
fn the_last_lead_stays_whoever_asks() {
    let world = world();
    world.add("one@cell.example", None, Role::Lead).unwrap();
    let register = &world.register;
    let one = world.id("one@cell.example");
    let refused = |outcome: Result<(), RegisterError>| {
        assert!(matches!(&outcome, Err(RegisterError::Refused(text)) if text.contains("last lead")), "{outcome:?}");
    };
    refused(register.set_disabled(&Actor::operator(), one, true));
    refused(register.set_role(&Actor::operator(), one, Role::Analyst));
    world.add("two@cell.example", None, Role::Lead).unwrap();
    register.set_disabled(&Actor::operator(), one, true).unwrap();
    refused(register.set_role(&Actor::operator(), world.id("two@cell.example"), Role::Administrator));
}

#[test]
fn rights_follow_the_organisations_status_at_once_in_open_sessions_and_keys() {
    let world = world();
    world.add("rep@one.example", Some(0), Role::Reporter).unwrap();
    let register = &world.register;
    let by = Actor::operator();
    let key = register.create_key(&by, world.firms[0], "feed", ANSWERS, None).unwrap();
    let (token, _) = world.sign_in("rep@one.example");
    let held = || (register.session(Face::Member, &token), register.key(key.expose()));
    let rights = |right| {
        let (session, key) = held();
        (session.unwrap().rights.has(right), key.unwrap().rights.has(right))
    };
    assert_eq!(rights(Right::Report), (true, true));
    let before = register.changes();
    register.set_status(&by, world.firms[0], Status::Dormant).unwrap();
    assert!(register.changes() > before, "open streams ask anew");
    assert_eq!((rights(Right::Report), rights(Right::ReadReleased)), ((false, false), (true, true)));
    for status in [Status::Suspended, Status::Left, Status::Invited] {
        register.set_status(&by, world.firms[0], status).unwrap();
        let (session, key) = held();
        assert!(session.is_none() && key.is_none(), "{status:?}");
    }
    register.set_status(&by, world.firms[0], Status::Active).unwrap();
    register.set_role(&by, world.id("rep@one.example"), Role::Reader).unwrap();
    assert_eq!(rights(Right::Report), (false, true));
}

#[test]
fn a_secondee_is_walled_from_home_and_ends_with_the_vetting() {
    let world = world();
    world.add("sam@one.example", Some(0), Role::Secondee).unwrap();
    let (token, principal) = world.sign_in("sam@one.example");
    assert_eq!((&*principal.wall, principal.face), (&[Sector::Energy][..], Face::Cell));
    assert!(!principal.rights.has(Right::PassCases));
    let (by, home) = (Actor::operator(), world.firms[0]);
    world.register.set_status(&by, home, Status::Suspended).unwrap();
    assert!(world.register.session(Face::Cell, &token).is_none(), "lent by nobody");
    world.register.set_status(&by, home, Status::Active).unwrap();
    assert!(world.register.session(Face::Cell, &token).is_some());
    world.outside.now.fetch_add(10 * DAY, Ordering::Relaxed);
    assert!(world.register.session(Face::Cell, &token).is_none());
    let again = world.register.sign_in(Face::Cell, "sam@one.example", PASSWORD, "x");
    assert!(matches!(again, Err(register::SignInError::Wrong)));
    // A wall that leaves out the own sector is none.
    let new = NewPerson {
        email: "kim@one.example".into(),
        name: "Kim".into(),
        organisation: Some(world.firms[0]),
        role: Role::Secondee,
        secondment: Some(Secondment {
            vetting: "SC".into(),
            vetted_until: world.outside.now().plus_millis(DAY),
            wall: vec![Sector::Water],
        }),
    };
    let made = world.register.create_person(&Actor::operator(), &new, PASSWORD);
    assert!(matches!(made, Err(RegisterError::Refused(_))));
}

#[test]
fn observers_observe_and_are_not_counted() {
    let world = world();
    assert!(world.add("x@police.example", Some(2), Role::Reporter).is_err());
    assert!(world.add("y@one.example", Some(0), Role::Observer).is_err());
    world.add("x@police.example", Some(2), Role::Observer).unwrap();
    let (_, principal) = world.sign_in("x@police.example");
    assert!(principal.rights.has(Right::ReadGroups) && !principal.rights.has(Right::ReadReleased));
    assert_eq!(world.register.populations().members, 2);
}

#[test]
fn the_cells_trail_is_a_chain_and_members_trails_know_days_and_are_told_the_day_after() {
    let world = world();
    world.add("admin@one.example", Some(0), Role::OrganisationAdmin).unwrap();
    world.add("rep@one.example", Some(0), Role::Reporter).unwrap();
    let register = &world.register;
    let admin = world.actor("admin@one.example");
    register.set_disabled(&admin, world.id("rep@one.example"), true).unwrap();
    let acts = register.acts(None).unwrap();
    assert!(acts.iter().all(|act| act.actor == "operator"), "no member's act among the cell's: {acts:?}");
    assert_eq!(register.verify_acts().unwrap(), acts.len() as u64);
    let own = register.member_acts(world.firms[0], false).unwrap();
    assert_eq!((own.len(), own[0].what.as_str(), own[0].day), (1, "person-disabled", 20_000));
    assert_eq!(register.member_acts(world.firms[0], true).unwrap(), [], "when they were here is not told today");
    assert_eq!(register.member_acts(world.firms[1], false).unwrap(), []);
    world.outside.now.fetch_add(DAY, Ordering::Relaxed);
    assert_eq!(register.member_acts(world.firms[0], true).unwrap(), own);
}

#[test]
fn a_changed_trail_is_refused_by_the_store_and_found_by_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("register.db");
    let outside = Arc::new(Outside::default());
    let register = Register::open(&file, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    register.init_lead("lead@cell.example", "Lead", PASSWORD).unwrap();
    register
        .set_password(&Actor::operator(), register.person_named("lead@cell.example").unwrap().id, PASSWORD)
        .unwrap();
    assert_eq!(register.verify_acts().unwrap(), 2);
    let raw = rusqlite::Connection::open(&file).unwrap();
    for sql in ["DELETE FROM act", "UPDATE act SET actor = 'somebody'"] {
        assert!(raw.execute(sql, []).unwrap_err().to_string().contains("the trail of acts"), "{sql}");
    }
    raw.execute_batch("DROP TRIGGER act_stands; UPDATE act SET actor = 'somebody' WHERE seq = 1").unwrap();
    assert!(matches!(register.verify_acts(), Err(RegisterError::Stored(_))));
}

#[test]
fn another_process_sees_what_changed_and_who_was_away_long_reads_everything() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("register.db");
    let outside = Arc::new(Outside::default());
    let open = || Register::open(&file, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    let (one, other) = (open(), open());
    one.init_lead("lead@cell.example", "Lead", PASSWORD).unwrap();
    let (token, _) = one.sign_in(Face::Cell, "lead@cell.example", PASSWORD, "x").unwrap();
    assert!(other.refresh().unwrap());
    assert!(other.session(Face::Cell, token.expose()).is_some());
    // Changes that were dropped before the other one read them.
    one.end_sessions(&Actor::operator(), one.person_named("lead@cell.example").unwrap().id).unwrap();
    let raw = rusqlite::Connection::open(&file).unwrap();
    raw.execute_batch(
        "INSERT INTO changed(noun, id) VALUES ('x', x'00'), ('x', x'00'); DELETE FROM changed WHERE noun <> 'x'",
    )
    .unwrap();
    assert!(other.refresh().unwrap());
    assert!(other.session(Face::Cell, token.expose()).is_none());
}

#[test]
fn a_register_of_the_first_version_is_moved_on() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("register.db");
    let outside = Arc::new(Outside::default());
    {
        let old = rusqlite::Connection::open(&file).unwrap();
        old.execute_batch(include_str!("register_v2.sql")).unwrap();
    }
    let register = Register::open(&file, outside.clone(), outside, PasswordCost::CHEAP).unwrap();
    let ann = register.person_named("ann@calder.example").unwrap();
    assert_eq!((ann.role, ann.disabled), (Role::Reporter, false));
    assert_eq!(register.organisation_named("calder power").unwrap().status, Status::Suspended);
    assert_eq!(register.organisation_named("Tarn Water").unwrap().status, Status::Active);
}

#[test]
fn no_door_lets_a_role_into_an_organisation_that_it_does_not_fit() {
    let world = world();
    let refused = |outcome: Result<(), RegisterError>, what: &str| {
        assert!(matches!(outcome, Err(RegisterError::Refused(_))), "{what}: {outcome:?}");
    };
    for role in Role::ALL {
        for home in [None, Some(0), Some(2)] {
            let fits = match role {
                Role::Reader | Role::Reporter | Role::OrganisationAdmin => home == Some(0),
                Role::Observer => home == Some(2),
                Role::Secondee => home.is_some(),
                Role::Analyst | Role::Lead | Role::Administrator => home.is_none(),
            };
            let what = format!("{role:?} of {home:?}");
            let email = format!("{}-{}@x.example", role.as_str(), home.map_or(9, |n| n));
            let made = world.add(&email, home, *role);
            if fits { made.unwrap() } else { refused(made, &what) }
        }
    }
    world.add("rep@one.example", Some(0), Role::Reporter).unwrap();
    world.add("obs@police.example", Some(2), Role::Observer).unwrap();
    let (by, register) = (Actor::operator(), &world.register);
    refused(register.set_role(&by, world.id("rep@one.example"), Role::Observer), "a member observes");
    refused(register.set_role(&by, world.id("obs@police.example"), Role::Reporter), "an observer reports");
    let put = |role, organisation| {
        let new = NewPerson { email: "rep@one.example".into(), name: "x".into(), organisation, role, secondment: None };
        register.put_person(&new, PASSWORD).map(drop)
    };
    refused(put(Role::Observer, Some(world.firms[0])), "put");
    refused(put(Role::Lead, Some(world.firms[0])), "put");
}

#[test]
fn an_act_whose_row_cannot_be_written_is_not_done() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("register.db");
    let outside = Arc::new(Outside::default());
    outside.now.store(20_000 * DAY + 5, Ordering::Relaxed);
    let register = Register::open(&file, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    let firm = NewOrganisation {
        name: "One".into(),
        class: OrganisationClass::Member,
        sector: Sector::Energy,
        region: None,
        assets: policy::Assets::default(),
    };
    let by = Actor::operator();
    let firm = register.create_organisation(&by, &firm).unwrap();
    let new = |email: &str| NewPerson {
        email: email.into(),
        name: "Ann".into(),
        organisation: Some(firm),
        role: Role::Reporter,
        secondment: None,
    };
    let ann = register.create_person(&by, &new("ann@one.example"), PASSWORD).unwrap();
    let key = register.create_key(&by, firm, "feed", ANSWERS, None).unwrap();
    let (token, _) = register.sign_in(Face::Member, "ann@one.example", PASSWORD, "x").unwrap();
    let raw = rusqlite::Connection::open(&file).unwrap();
    raw.execute_batch("CREATE TRIGGER no_row BEFORE INSERT ON act BEGIN SELECT RAISE(ABORT, 'no room'); END").unwrap();
    let tables = ["person", "organisation", "key", "session", "mail", "recovery_code"];
    let state = || -> Vec<String> {
        tables
            .iter()
            .flat_map(|table| {
                let mut all = raw.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
                let columns = all.column_count();
                let rows = all
                    .query_map([], |row| {
                        Ok((0..columns).map(|at| format!("{:?}", row.get_ref(at).unwrap())).collect::<String>())
                    })
                    .unwrap();
                rows.map(Result::unwrap).collect::<Vec<_>>()
            })
            .collect()
    };
    let before = state();
    type Act<'a> = Box<dyn Fn() -> Result<(), RegisterError> + 'a>;
    let acts: Vec<(&str, Act<'_>)> = vec![
        ("disabled", Box::new(|| register.set_disabled(&by, ann, true))),
        ("role", Box::new(|| register.set_role(&by, ann, Role::Reader))),
        ("password", Box::new(|| register.set_password(&by, ann, "another horse battery"))),
        ("sessions", Box::new(|| register.end_sessions(&by, ann).map(drop))),
        ("made", Box::new(|| register.create_person(&by, &new("bob@one.example"), PASSWORD).map(drop))),
        ("status", Box::new(|| register.set_status(&by, firm, Status::Suspended))),
        ("revoked", Box::new(|| register.revoke_key(&by, key.expose()))),
        ("key", Box::new(|| register.create_key(&by, firm, "two", ANSWERS, None).map(drop))),
        ("codes", Box::new(|| register.new_recovery_codes(&by, ann).map(drop))),
    ];
    for (what, act) in acts {
        assert!(act().is_err(), "{what} is done without a row");
        assert_eq!(state(), before, "{what} is done and told nowhere");
        assert!(register.session(Face::Member, token.expose()).is_some(), "{what}");
    }
}
