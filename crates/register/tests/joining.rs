//! Joining and leaving as the register's callers meet it: links, sponsors, terms, dormancy, a lost key, a move.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::{Clock, Entropy, OrganisationId, PersonId, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use register::{
    Actor, Answers, Delivery, Face, InvitationState, Invitee, JoinError, Link, NewPerson, NewSponsorship,
    OrganisationClass, OrganisationQuery, PasswordCost, Profile, Recovery, RecoveryFor, Register, RegisterError, Right,
    Role, Secondment, SponsorshipState, Status, lead_key_fingerprint, read_onboarding,
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

const DAY: i64 = 86_400_000;
const PASSWORD: &str = "correct horse battery";

struct Stage {
    register: Register,
    outside: Arc<Outside>,
    lead: Actor,
}

impl Stage {
    fn new() -> Self {
        let outside = Arc::new(Outside { now: AtomicI64::new(1_000 * DAY + 5_000), ..Outside::default() });
        let register = Register::in_memory(outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
        let id = register.init_lead("ada@cell.example", "Ada", PASSWORD).unwrap();
        let lead = actor(&register, id, Role::Lead);
        Self { register, outside, lead }
    }

    fn pass_days(&self, days: i64) {
        self.outside.now.fetch_add(days * DAY, Ordering::Relaxed);
    }

    fn invitee(name: &str, email: &str) -> Invitee {
        Invitee {
            name: name.into(),
            class: OrganisationClass::Member,
            sector: Sector::Energy,
            profile: Profile::default(),
            contact: "Ann Reed".into(),
            email: email.into(),
            language: String::new(),
        }
    }

    fn invite(&self, name: &str, email: &str) -> (OrganisationId, String) {
        let made = self.register.invite_organisation(&self.lead, &Self::invitee(name, email), Delivery::HandOver);
        let (id, link) = made.unwrap();
        (id, token(&link))
    }

    fn join(&self, token: &str) -> Result<PersonId, JoinError> {
        let version = self.register.terms()?[0].version;
        let joined = self.register.join(Face::Member, token, "Ann Reed", Some(version))?;
        self.register.enrol_password(joined.ticket.0.expose(), PASSWORD)
    }

    /// A member with an admin who can sign in.
    fn member(&self, name: &str, email: &str) -> (OrganisationId, Actor) {
        let (id, token) = self.invite(name, email);
        let person = self.join(&token).unwrap();
        (id, admin(person, id))
    }

    /// Another lead, to whom sources are sealed if `key`.
    fn another_lead(&self, name: &str, key: bool) -> Actor {
        let new = NewPerson {
            email: format!("{name}@cell.example"),
            name: name.into(),
            organisation: None,
            role: Role::Lead,
            secondment: None,
        };
        let id = self.register.create_person(&Actor::operator(), &new, PASSWORD).unwrap();
        let lead = actor(&self.register, id, Role::Lead);
        if key {
            self.with_key(&lead);
        }
        lead
    }

    /// Gives a lead a key that counts.
    fn with_key(&self, lead: &Actor) {
        let public = [4; 65];
        self.register.set_lead_key(lead, &public).unwrap();
        let fingerprint = lead_key_fingerprint(&public);
        assert!(self.register.confirm_lead_key(&Actor::operator(), lead.person.unwrap(), &fingerprint).unwrap());
    }

    /// Two leads give a way in.
    fn recovered(&self, other: &Actor, id: OrganisationId, whom: &RecoveryFor) -> Link {
        let asked = self.register.recover_organisation(&self.lead, id, whom, Delivery::HandOver).unwrap();
        assert!(matches!(asked, Recovery::Asked));
        match self.register.recover_organisation(other, id, whom, Delivery::HandOver).unwrap() {
            Recovery::Sent(link) => link,
            Recovery::Asked => panic!("two have asked"),
        }
    }

    fn status(&self, id: OrganisationId) -> Status {
        self.register.organisation(id).unwrap().status
    }

    fn mails(&self) -> HashMap<String, Vec<String>> {
        let mut mails = HashMap::<String, Vec<String>>::new();
        let now = self.register.now();
        for mail in self.register.due_mail(now, 1_000, "x.example").unwrap() {
            self.register.mail_sent(mail.id).unwrap();
            mails.entry(mail.to).or_default().push(mail.subject + "\n" + &mail.text);
        }
        mails
    }
}

fn actor(register: &Register, id: PersonId, role: Role) -> Actor {
    let person = register.person(id).unwrap();
    Actor {
        person: Some(id),
        name: person.name,
        organisation: person.organisation,
        role: Some(role),
        rights: role.rights(),
    }
}

fn admin(person: PersonId, organisation: OrganisationId) -> Actor {
    Actor {
        person: Some(person),
        name: "Ann Reed".into(),
        organisation: Some(organisation),
        role: Some(Role::OrganisationAdmin),
        rights: Role::OrganisationAdmin.rights(),
    }
}

fn token(link: &Link) -> String {
    link.as_ref().unwrap().expose().split_once("/join#").unwrap().1.to_owned()
}

fn firm(name: &str, domain: &str, email: &str) -> NewSponsorship {
    NewSponsorship {
        name: name.into(),
        sector: Sector::Water,
        region: None,
        size: None,
        domain: domain.into(),
        contact: "Sam Hill".into(),
        email: email.into(),
        why: "They supply us.".into(),
    }
}

#[test]
fn a_firm_joins_by_the_cells_invitation() {
    let stage = Stage::new();
    let (id, token) = stage.invite("Calder Power", "ann@calder.example");
    assert_eq!(stage.status(id), Status::Invited);
    let invited = stage.register.invited(Face::Member, &token).unwrap();
    assert_eq!(invited.organisation.as_deref(), Some("Calder Power"));
    assert_eq!((invited.role, invited.terms.version), (Role::OrganisationAdmin, 1));
    stage.join(&token).unwrap();
    assert_eq!(stage.status(id), Status::Active);
    assert_eq!(stage.register.terms_standing(id).unwrap().accepted, 1);
    let (_, who) = stage.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    assert!(who.rights.has(Right::ManageOwn));
}

#[test]
fn a_mailed_link_is_in_the_mail_alone_and_only_its_hash_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let outside = Arc::new(Outside { now: AtomicI64::new(1_000 * DAY), ..Outside::default() });
    let path = folder.path().join("register.db");
    let register = Register::open(&path, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    let invitee = Stage::invitee("Calder Power", "ann@calder.example");
    let (_, link) = register.invite_organisation(&Actor::operator(), &invitee, Delivery::Mail).unwrap();
    assert!(link.is_none());
    let mails = register.due_mail(outside.now(), 10, "x.example").unwrap();
    let text = &mails[0].text;
    let token = text.split_once("/join#").unwrap().1.split_whitespace().next().unwrap();
    assert!(token.starts_with("fci_") && register.invited(Face::Member, token).is_ok());
    register.mail_sent(mails[0].id).unwrap();
    let (_, link) = register
        .invite_organisation(&Actor::operator(), &Stage::invitee("Aire Water", "a@aire.example"), Delivery::HandOver)
        .unwrap();
    drop(register);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); VACUUM").unwrap();
    drop(connection);
    let bytes = std::fs::read(&path).unwrap();
    for token in [token, self::token(&link).as_str()] {
        assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "a token is in the store");
    }
}

#[test]
fn every_bad_link_is_bad_in_one_way() {
    let stage = Stage::new();
    let gone = |token: &str| {
        assert!(matches!(stage.register.invited(Face::Member, token), Err(JoinError::Gone)), "look {token}");
        assert!(matches!(stage.join(token), Err(JoinError::Gone)), "join {token}");
    };
    let (_, used) = stage.invite("Used", "a@used.example");
    stage.join(&used).unwrap();
    let (_, open) = stage.invite("Open", "a@open.example");
    let (_, old) = stage.invite("Again", "a@again.example");
    let again = stage.register.invitations(None).unwrap().0;
    let again = again.iter().find(|one| one.email == "a@again.example").unwrap().id;
    let fresh = token(&stage.register.resend_invitation(&stage.lead, again, Delivery::HandOver).unwrap());
    let (_, withdrawn) = stage.invite("Withdrawn", "a@withdrawn.example");
    let all = stage.register.invitations(None).unwrap().0;
    let id = all.iter().find(|one| one.email == "a@withdrawn.example").unwrap().id;
    stage.register.withdraw_invitation(&stage.lead, id).unwrap();
    let (suspended, shut) = stage.invite("Suspended", "a@suspended.example");
    stage.register.suspend_organisation(&stage.lead, suspended).unwrap();
    let mut forged = open.clone();
    forged.replace_range(10..11, if &open[10..11] == "0" { "1" } else { "0" });
    let upper = open.to_uppercase();
    for bad in [used.as_str(), &old, &withdrawn, &shut, &forged, &upper, "", "fci_", &open[4..], &open[..40], "fci_é"]
    {
        gone(bad);
    }
    // The other listener does not know it either.
    assert!(matches!(stage.register.invited(Face::Cell, &open), Err(JoinError::Gone)));
    // Sent by somebody who is gone by now.
    let new = NewPerson {
        email: "second@cell.example".into(),
        name: "Second".into(),
        organisation: None,
        role: Role::Lead,
        secondment: None,
    };
    let second = stage.register.create_person(&stage.lead, &new, PASSWORD).unwrap();
    let by = actor(&stage.register, second, Role::Lead);
    let made = stage.register.invite_organisation(&by, &Stage::invitee("By", "a@by.example"), Delivery::HandOver);
    let link = token(&made.unwrap().1);
    stage.register.shut_out(&stage.lead, second, true).unwrap();
    gone(&link);
    stage.register.invited(Face::Member, &fresh).unwrap();
    stage.register.invited(Face::Member, &open).unwrap();
    stage.pass_days(7);
    for expired in [&fresh, &open] {
        gone(expired);
    }
    let states: Vec<_> = stage.register.invitations(None).unwrap().0.iter().map(|one| one.state).collect();
    assert!(states.contains(&InvitationState::Expired) && states.contains(&InvitationState::Accepted));
}

#[test]
fn of_many_who_accept_at_once_one_joins() {
    let folder = tempfile::tempdir().unwrap();
    let outside = Arc::new(Outside { now: AtomicI64::new(1_000 * DAY), ..Outside::default() });
    let path = folder.path().join("register.db");
    let open = || Register::open(&path, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    let registers = [open(), open()];
    let invitee = Stage::invitee("Calder Power", "ann@calder.example");
    let (_, link) = registers[0].invite_organisation(&Actor::operator(), &invitee, Delivery::HandOver).unwrap();
    let token = token(&link);
    let joined: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..16)
            .map(|n| {
                let (register, token) = (&registers[n % 2], &token);
                scope.spawn(move || match register.join(Face::Member, token, "Ann", Some(1)) {
                    Ok(_) => 1,
                    Err(JoinError::Gone) => 0,
                    Err(other) => panic!("{other}"),
                })
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!(joined, 1);
    assert_eq!(registers[1].people().unwrap().len(), 1);
}

#[test]
fn a_ticket_sets_one_way_in_within_half_an_hour() {
    let stage = Stage::new();
    let (_, one) = stage.invite("One", "a@one.example");
    let joined = stage.register.join(Face::Member, &one, "Ann", Some(1)).unwrap();
    let ticket = joined.ticket.0.expose();
    assert!(stage.register.sign_in(Face::Member, "a@one.example", "", "a").is_err(), "no way in without a factor");
    assert!(matches!(stage.register.enrol_password(ticket, "short"), Err(JoinError::Register(_))));
    for guessed in ["passwordpassword", "qwertyuiopasdfgh", "a@one.example a@one.example"] {
        let taken = stage.register.enrol_password(ticket, guessed);
        assert!(matches!(taken, Err(JoinError::Register(RegisterError::Refused(_)))), "{guessed}");
    }
    assert_eq!(stage.register.enrolling(ticket).unwrap(), Some(joined.person));
    stage.register.enrol_password(ticket, PASSWORD).unwrap();
    assert!(matches!(stage.register.enrol_password(ticket, PASSWORD), Err(JoinError::Gone)));
    let (_, two) = stage.invite("Two", "a@two.example");
    let joined = stage.register.join(Face::Member, &two, "Ann", Some(1)).unwrap();
    stage.outside.now.fetch_add(30 * 60_000, Ordering::Relaxed);
    assert_eq!(stage.register.enrolling(joined.ticket.0.expose()).unwrap(), None);
    assert!(matches!(stage.register.enrol_password(joined.ticket.0.expose(), PASSWORD), Err(JoinError::Gone)));
    assert!(
        matches!(stage.register.enrol_password(&one, PASSWORD), Err(JoinError::Gone)),
        "an invitation is no ticket"
    );
}

#[test]
fn a_member_proposes_and_the_cell_decides() {
    let stage = Stage::new();
    let (_, ann) = stage.member("Calder Power", "ann@calder.example");
    let good = firm("Aire Water", "aire.example", "sam@aire.example");
    let id = stage.register.propose(&ann, &good).unwrap();
    let (organisation, link) = stage.register.approve_sponsorship(&stage.lead, id, Delivery::HandOver).unwrap();
    assert_eq!(stage.status(organisation), Status::Invited);
    assert_eq!(stage.register.sponsor_of(organisation).unwrap().as_deref(), Some("Calder Power"));
    stage.join(&token(&link)).unwrap();
    assert_eq!(stage.status(organisation), Status::Active);
    assert_eq!(stage.register.organisation(organisation).unwrap().assets.domains, ["aire.example"]);
    assert!(stage.register.approve_sponsorship(&stage.lead, id, Delivery::HandOver).is_err(), "decided once");
    // Refused: the cell keeps why, the sponsor is told "not now".
    let other = stage.register.propose(&ann, &firm("Evil Corp", "evil.example", "e@evil.example")).unwrap();
    assert!(stage.register.refuse_sponsorship(&stage.lead, other, " ").is_err(), "a reason is needed");
    stage.register.refuse_sponsorship(&stage.lead, other, "known for fraud").unwrap();
    let held = stage.register.sponsorships(None).unwrap().0;
    let held = held.iter().find(|one| one.id == other).unwrap();
    assert_eq!((held.state, held.state.told()), (SponsorshipState::Refused, "not-now"));
    assert_eq!(held.reason.as_deref(), Some("known for fraud"));
    let mails = stage.mails();
    let told = mails["ann@calder.example"].join("\n");
    assert!(told.contains("Not now") && !told.contains("fraud"));
    assert!(!mails.contains_key("e@evil.example"), "the refused is told nothing");
}

#[test]
fn sponsors_have_limits_and_make_no_loops() {
    let stage = Stage::new();
    let (calder, ann) = stage.member("Calder Power", "ann@calder.example");
    let edited = Profile {
        assets: policy::Assets { domains: vec!["calder.example".into()], ..Default::default() },
        ..Profile::default()
    };
    stage.register.edit_own(&ann, &edited).unwrap();
    let id = stage.register.propose(&ann, &firm("Aire Water", "aire.example", "sam@aire.example")).unwrap();
    let (aire, link) = stage.register.approve_sponsorship(&stage.lead, id, Delivery::HandOver).unwrap();
    // Invited, and no member yet: nobody there can propose.
    assert!(
        stage
            .register
            .propose(&admin(PersonId::from_bytes([1; 16]), aire), &firm("X", "x.example", "a@x.example"))
            .is_err()
    );
    let sam = admin(stage.join(&token(&link)).unwrap(), aire);
    let id = stage.register.propose(&sam, &firm("Wharfe Gas", "wharfe.example", "kit@wharfe.example")).unwrap();
    let (wharfe, link) = stage.register.approve_sponsorship(&stage.lead, id, Delivery::HandOver).unwrap();
    let kit = admin(stage.join(&token(&link)).unwrap(), wharfe);
    // Calder leaves: nobody whom it brought in, over however many steps, brings it back by their word.
    stage.register.close_organisation(&stage.lead, calder).unwrap();
    let loops = [
        firm("calder POWER", "other.example", "x@other.example"),
        firm("Calder Renamed", "calder.example", "x@other.example"),
        firm("Calder Renamed", "other.example", "x@calder.example"),
    ];
    for (by, one) in [&sam, &kit].into_iter().flat_map(|by| loops.iter().map(move |one| (by, one))) {
        let error = stage.register.propose(by, one).unwrap_err();
        assert!(error.to_string().contains("by whose word"), "{one:?}: {error}");
    }
    let own = stage.register.propose(&kit, &firm("Wharfe Gas", "w.example", "x@w.example")).unwrap_err();
    assert!(own.to_string().contains("itself"));
    // Listed in the directory already.
    let error = stage.register.propose(&kit, &firm("aire water", "z.example", "x@z.example")).unwrap_err();
    assert!(error.to_string().contains("by whose word"), "{error}");
    let (_, mo) = stage.member("Other Firm", "mo@other-firm.example");
    assert!(matches!(
        stage.register.propose(&mo, &firm("aire water", "z.example", "x@z.example")),
        Err(RegisterError::Exists(_))
    ));
    // At most three wait at once, each firm once.
    for n in 0..3 {
        let one = firm(&format!("Firm {n}"), "firm.example", "x@firm.example");
        stage.register.propose(&mo, &one).unwrap();
        if n == 0 {
            assert!(stage.register.propose(&mo, &one).is_err(), "twice the same");
        }
    }
    assert!(stage.register.propose(&mo, &firm("Firm 4", "firm.example", "x@firm.example")).is_err());
    let waiting = stage.register.own_sponsorships(mo.organisation.unwrap(), None).unwrap().0;
    assert!(stage.register.withdraw_sponsorship(&kit, waiting[0].id).is_err(), "of another is absent");
    stage.register.withdraw_sponsorship(&mo, waiting[0].id).unwrap();
    stage.register.propose(&mo, &firm("Firm 4", "firm.example", "x@firm.example")).unwrap();
}

#[test]
fn terms_that_are_not_accepted_in_time_leave_reading() {
    let stage = Stage::new();
    let (id, ann) = stage.member("Calder Power", "ann@calder.example");
    let today = stage.outside.now().as_millis() / DAY;
    stage.register.publish_terms(&stage.lead, "Second version.", today + 10).unwrap();
    assert!(stage.mails()["ann@calder.example"].iter().any(|mail| mail.contains("Version 2")));
    let (token, _) = stage.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    let _ = token;
    let rights = |stage: &Stage| {
        let (_, who) = stage.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
        who.rights
    };
    stage.pass_days(40);
    stage.register.daily_round().unwrap().unwrap();
    assert!(rights(&stage).has(Right::Report), "the last day of grace");
    stage.pass_days(1);
    assert_eq!(stage.register.daily_round().unwrap().unwrap().overdue, 1);
    assert_eq!(stage.register.daily_round().unwrap(), None, "once a day");
    let left = rights(&stage);
    assert!(left.has(Right::ReadReleased) && !left.has(Right::Report) && !left.has(Right::ManageOwn));
    assert!(stage.register.organisation(id).unwrap().overdue);
    // A link from before shows the terms that hold now, and the old version cannot be accepted by it.
    let (_, link) = stage.invite("Aire Water", "a@aire.example");
    assert!(matches!(stage.register.join(Face::Member, &link, "A", Some(1)), Err(JoinError::Terms(2))));
    assert!(matches!(stage.register.join(Face::Member, &link, "A", None), Err(JoinError::Terms(2))));
    stage.register.join(Face::Member, &link, "A", Some(2)).unwrap();
    // Only an admin accepts, and only the latest; then all is as before, at once.
    let mut reader = ann.clone();
    reader.role = Some(Role::Reader);
    assert!(stage.register.accept_terms(&reader, 2).is_err());
    assert!(matches!(stage.register.accept_terms(&ann, 1), Err(JoinError::Terms(2))));
    stage.register.accept_terms(&ann, 2).unwrap();
    assert!(rights(&stage).has(Right::Report));
    assert_eq!(stage.register.terms_standing(id).unwrap().accepted, 2);
}

#[test]
fn nobody_signs_in_and_the_membership_goes_to_sleep_and_ends() {
    let stage = Stage::new();
    let (id, _) = stage.member("Calder Power", "ann@calder.example");
    let answers = Answers { warn: WhoMayBeWarned::Now, know: WhoMayKnow::Nobody };
    let key = stage.register.create_key(&stage.lead, id, "feed", answers, None).unwrap();
    stage.mails();
    let row = |stage: &Stage| stage.register.organisation_row(id).unwrap();
    let mut seen = Vec::new();
    for day in 1..=200 {
        stage.pass_days(1);
        let before = (stage.status(id), row(&stage).quiet);
        stage.register.daily_round().unwrap();
        let after = (stage.status(id), row(&stage).quiet);
        if after != before {
            seen.push((day, after.0, after.1));
        }
    }
    let expect = [(60, Status::Active, true), (90, Status::Dormant, true), (180, Status::Left, true)];
    assert_eq!(seen, expect);
    let mails = stage.mails().remove("ann@calder.example").unwrap();
    assert_eq!(mails.len(), 4, "told before and at each step: {mails:?}");
    assert!(stage.register.key(key.expose()).is_none());
    assert!(stage.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").is_err());
    // The cell invites it again, under its name, to the same address.
    let (again, link) = stage.invite("calder power", "ann@calder.example");
    assert_eq!((stage.status(again), stage.status(id)), (Status::Invited, Status::Left));
    stage.join(&link).unwrap();
    assert_eq!((stage.status(again), stage.status(id)), (Status::Active, Status::Left));
    assert_ne!(again, id, "what it reported before is nobody's to read");
}

#[test]
fn a_dormant_firm_takes_part_again_by_one_sign_in_and_nobody_sees_when() {
    let stage = Stage::new();
    let (id, _) = stage.member("Calder Power", "ann@calder.example");
    for _ in 0..95 {
        stage.pass_days(1);
        stage.register.daily_round().unwrap();
    }
    assert_eq!(stage.status(id), Status::Dormant);
    let (session, who) = stage.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    assert!(who.rights.has(Right::Report), "at once");
    assert!(stage.register.session(Face::Member, session.expose()).unwrap().rights.has(Right::Report));
    // The cell's list says what it said this morning, until tomorrow.
    let row = stage.register.organisation_row(id).unwrap();
    assert_eq!((row.status, row.quiet), (Status::Dormant, true));
    let dormant = OrganisationQuery { status: Some(Status::Dormant), ..OrganisationQuery::default() };
    assert_eq!(stage.register.organisation_page(&dormant).unwrap().0.len(), 1);
    stage.pass_days(1);
    stage.register.daily_round().unwrap();
    let row = stage.register.organisation_row(id).unwrap();
    assert_eq!((row.status, row.quiet), (Status::Active, false));
    assert!(stage.register.acts(None).unwrap().iter().all(|act| act.detail != "active"), "no act says when");
}

#[test]
fn a_lost_key_is_replaced_and_the_firm_is_told() {
    let stage = Stage::new();
    let (id, ann) = stage.member("Calder Power", "ann@calder.example");
    let link = stage
        .register
        .invite_person(&ann, ("Bob", "bob@calder.example", Role::Reader), "en", Delivery::HandOver)
        .unwrap();
    stage.join(&token(&link)).unwrap();
    let (session, _) = stage.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "a").unwrap();
    stage.mails();
    let whom = RecoveryFor::Known(ann.person.unwrap());
    assert!(stage.register.recover_organisation(&ann, id, &whom, Delivery::HandOver).is_err(), "the cell alone");
    stage.with_key(&stage.lead);
    let bea = stage.another_lead("bea", true);
    let link = stage.recovered(&bea, id, &whom);
    let told = &stage.mails()["bob@calder.example"];
    assert!(told[0].contains("Another lead has to agree") && told[1].contains("has sent"), "{told:?}");
    assert!(stage.register.session(Face::Member, session.expose()).is_some(), "until it is used, nothing ends");
    let joined = stage.register.join(Face::Member, &token(&link), "Ann Reed", None).unwrap();
    assert_eq!(Some(joined.person), ann.person);
    assert!(stage.register.session(Face::Member, session.expose()).is_none());
    assert!(
        stage.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, "b").is_err(),
        "the old way is closed"
    );
    stage.register.enrol_password(joined.ticket.0.expose(), "another horse battery").unwrap();
    stage.register.sign_in(Face::Member, "ann@calder.example", "another horse battery", "c").unwrap();
    // Or somebody else whom the firm has named.
    let whom = RecoveryFor::New { name: "Cat".into(), email: "cat@calder.example".into() };
    let link = stage.recovered(&bea, id, &whom);
    stage.join(&token(&link)).unwrap();
    assert_eq!(stage.register.person_named("cat@calder.example").unwrap().role, Role::OrganisationAdmin);
    assert!(stage.register.acts(None).unwrap().iter().any(|act| act.what == "organisation-recovery"));
    // Whoever runs the server has all folders anyway.
    let whom = RecoveryFor::New { name: "Dan".into(), email: "dan@calder.example".into() };
    let sent = stage.register.recover_organisation(&Actor::operator(), id, &whom, Delivery::HandOver).unwrap();
    assert!(matches!(sent, Recovery::Sent(Some(_))));
}

#[test]
fn no_lead_alone_gets_into_a_firms_account() {
    let stage = Stage::new();
    let (id, _) = stage.member("Calder Power", "ann@calder.example");
    let whom = RecoveryFor::New { name: "Eve".into(), email: "eve@mail.example".into() };
    let ask = |by: &Actor, whom: &RecoveryFor| stage.register.recover_organisation(by, id, whom, Delivery::HandOver);
    let refused = |by: &Actor| ask(by, &whom).err().map(|why| why.to_string()).unwrap_or_default();
    assert!(refused(&stage.lead).contains("whose keys to open sources count"), "{}", refused(&stage.lead));
    stage.with_key(&stage.lead);
    for _ in 0..3 {
        assert!(matches!(ask(&stage.lead, &whom).unwrap(), Recovery::Asked), "asking again is no agreement");
    }
    let waits = stage.register.recovery_asked(id).unwrap().unwrap();
    assert_eq!((waits.by, &*waits.email), (stage.lead.person.unwrap(), "eve@mail.example"));
    // A lead whom she made herself, to whom nothing is sealed, agrees to nothing, and has nothing to which she could agree.
    let made = stage.another_lead("made", false);
    assert!(refused(&made).contains("whose keys to open sources count"), "{}", refused(&made));
    stage.register.set_lead_key(&made, &[5; 65]).unwrap();
    assert!(refused(&made).contains("whose keys to open sources count"), "a key that waits");
    // Another one who asks for something else has not agreed: that waits instead, for the first.
    let bea = stage.another_lead("bea", true);
    let other = RecoveryFor::New { name: "Cat".into(), email: "cat@calder.example".into() };
    assert!(matches!(ask(&bea, &other).unwrap(), Recovery::Asked));
    let same_address = RecoveryFor::New { name: "Eve".into(), email: "cat@calder.example".into() };
    assert!(matches!(ask(&stage.lead, &same_address).unwrap(), Recovery::Asked));
    // Nor is an agreement one that comes too late, to what was taken back, or to what a lead asked who is none any more.
    assert!(matches!(ask(&stage.lead, &whom).unwrap(), Recovery::Asked));
    stage.pass_days(4);
    assert!(stage.register.recovery_asked(id).unwrap().is_none());
    assert!(matches!(ask(&bea, &whom).unwrap(), Recovery::Asked));
    stage.register.drop_recovery(&stage.lead, id).unwrap();
    assert!(matches!(stage.register.drop_recovery(&stage.lead, id), Err(RegisterError::Absent(_))));
    let kit = stage.another_lead("kit", true);
    assert!(matches!(ask(&kit, &whom).unwrap(), Recovery::Asked));
    stage.register.close_account(&Actor::operator(), kit.person.unwrap()).unwrap();
    assert!(matches!(ask(&bea, &whom).unwrap(), Recovery::Asked));
    // Or whose key counts no more since: bea asked, and took another device.
    stage.register.set_lead_key(&bea, &[6; 65]).unwrap();
    assert!(stage.register.recovery_asked(id).unwrap().is_none());
    assert!(matches!(ask(&stage.lead, &whom).unwrap(), Recovery::Asked));
    assert!(stage.register.person_named("eve@mail.example").is_err());
    let acts = stage.register.acts(None).unwrap();
    assert!(acts.iter().all(|act| act.what != "organisation-recovery"));
}

/// What else one lead can do with a firm that has reports to read.
#[test]
fn no_invitation_leads_into_what_a_firm_has_reported() {
    let stage = Stage::new();
    // To her own address first, and to the firm's once that is taken back.
    let (_, hers) = stage.invite("Calder Power", "eve@mail.example");
    let old = stage.register.invitations(None).unwrap().0[0].id;
    stage.register.withdraw_invitation(&stage.lead, old).unwrap();
    let resent = stage.register.resend_invitation(&stage.lead, old, Delivery::HandOver);
    let (id, ann) = {
        let id = stage.register.organisation_named("Calder Power").unwrap().id;
        let genuine = Stage::invitee("Calder Power", "ann@calder.example");
        assert!(
            stage.register.invite_organisation(&stage.lead, &genuine, Delivery::HandOver).is_err(),
            "the name is taken"
        );
        let all = stage.register.invitations(None).unwrap().0;
        let open = all.iter().find(|one| one.state == InvitationState::Open).unwrap().id;
        stage.register.withdraw_invitation(&stage.lead, open).unwrap();
        stage.register.close_organisation(&stage.lead, id).unwrap();
        let (id, ann) = stage.member("Calder Power", "ann@calder.example");
        (id, ann)
    };
    for link in [hers, token(&resent.unwrap())] {
        assert!(stage.join(&link).is_err());
    }
    for one in stage.register.invitations(None).unwrap().0 {
        assert!(stage.register.resend_invitation(&stage.lead, one.id, Delivery::HandOver).is_err(), "{one:?}");
    }
    // All accounts closed, and the firm suspended and let in again: it is no invited one by that.
    let people = stage.register.people().unwrap();
    for person in people.iter().filter(|person| person.organisation == Some(id)) {
        stage.register.close_account(&Actor::operator(), person.id).unwrap();
    }
    stage.register.suspend_organisation(&stage.lead, id).unwrap();
    stage.register.resume_organisation(&stage.lead, id).unwrap();
    assert_eq!(stage.status(id), Status::Active);
    for one in stage.register.invitations(None).unwrap().0 {
        assert!(stage.register.resend_invitation(&stage.lead, one.id, Delivery::HandOver).is_err(), "{one:?}");
    }
    // Its membership ended, and a firm of that name invited: another firm.
    stage.register.close_organisation(&stage.lead, id).unwrap();
    let (other, _) = stage.member("Calder Power", "eve@mail.example");
    assert_ne!(other, id);
    assert_eq!(stage.register.organisation_named("calder power").unwrap().id, other);
    assert_eq!(stage.register.organisation(id).unwrap().name, "Calder Power (left)");
    drop(ann);
}

#[test]
fn a_way_in_that_two_leads_gave_is_sent_once() {
    let stage = Stage::new();
    let (id, _) = stage.member("Calder Power", "ann@calder.example");
    stage.with_key(&stage.lead);
    let bea = stage.another_lead("bea", true);
    let whom = RecoveryFor::New { name: "Cat".into(), email: "cat@calder.example".into() };
    let link = stage.recovered(&bea, id, &whom);
    let all = stage.register.invitations(None).unwrap().0;
    let sent = all.iter().find(|one| one.email == "cat@calder.example").unwrap().id;
    let again = |by: &Actor| stage.register.resend_invitation(by, sent, Delivery::HandOver);
    assert!(again(&stage.lead).err().unwrap().to_string().contains("two leads again"));
    stage.register.withdraw_invitation(&stage.lead, sent).unwrap();
    assert!(again(&bea).is_err(), "nor once it was taken back");
    assert!(stage.join(&token(&link)).is_err());
    again(&Actor::operator()).unwrap();
}

#[test]
fn that_somebody_is_shut_out_keeps_no_warning_from_them() {
    let stage = Stage::new();
    let (id, ann) = stage.member("Calder Power", "ann@calder.example");
    let link = stage.register.invite_person(&ann, ("Bob", "bob@calder.example", Role::Reader), "", Delivery::HandOver);
    let bob = stage.join(&token(&link.unwrap())).unwrap();
    stage.with_key(&stage.lead);
    stage.mails();
    stage.register.shut_out(&Actor::operator(), bob, true).unwrap();
    let whom = RecoveryFor::New { name: "Eve".into(), email: "eve@mail.example".into() };
    stage.register.recover_organisation(&stage.lead, id, &whom, Delivery::HandOver).unwrap();
    assert!(stage.mails()["bob@calder.example"].iter().any(|mail| mail.contains("eve@mail.example")));
}

#[test]
fn the_cell_says_what_a_firm_is_and_not_what_is_its_own() {
    let stage = Stage::new();
    let (id, _) = stage.member("Calder Power", "ann@calder.example");
    stage.mails();
    let assets = policy::Assets { domains: vec!["calder.example".into()], ..policy::Assets::default() };
    let mine = Profile { assets: assets.clone(), ..Profile::default() };
    let edit = |by: &Actor, name: &str, sector, profile: &Profile| {
        stage.register.edit_organisation(by, id, name, sector, profile)
    };
    edit(&Actor::operator(), "Calder Power", Sector::Energy, &mine).unwrap();
    assert!(stage.mails().is_empty(), "nothing of which its people need to be told");
    for marked in [
        policy::Assets { ranges: vec!["45.0.0.0/8".into()], ..assets.clone() },
        policy::Assets { brands: vec!["Invoice".into()], ..assets.clone() },
        policy::Assets { domains: vec!["mail.example".into()], ..assets.clone() },
    ] {
        let marked = Profile { assets: marked, ..Profile::default() };
        let refused = edit(&stage.lead, "Calder Power", Sector::Energy, &marked).err().unwrap().to_string();
        assert!(refused.contains("only its own administrators"), "{refused}");
    }
    // With what is its own left out or as it stands, the rest is the cell's to say, and its people read it.
    edit(&stage.lead, "Calder Power", Sector::Energy, &Profile::default()).unwrap();
    assert_eq!(stage.register.organisation(id).unwrap().assets.domains, ["calder.example"]);
    assert!(stage.mails().is_empty());
    edit(&stage.lead, "Calder Light", Sector::Water, &mine).unwrap();
    let told = &stage.mails()["ann@calder.example"];
    assert!(told[0].contains("is called Calder Light") && told[0].contains("other sectors"), "{told:?}");
}

#[test]
fn whoever_invited_a_lead_confirms_nothing_of_theirs() {
    let stage = Stage::new();
    stage.with_key(&stage.lead);
    let bea = stage.another_lead("bea", true);
    let new = NewPerson {
        email: "eve@cell.example".into(),
        name: "Eve".into(),
        organisation: None,
        role: Role::Lead,
        secondment: None,
    };
    let link = stage.register.invite_to_cell(&stage.lead, &new, "", Delivery::HandOver).unwrap();
    let joined = stage.register.join(Face::Cell, &token(&link), "Eve", None).unwrap();
    let eve = stage.register.enrol_password(joined.ticket.0.expose(), PASSWORD).unwrap();
    stage.register.set_lead_key(&actor(&stage.register, eve, Role::Lead), &[9; 65]).unwrap();
    let confirm = |by: &Actor| stage.register.confirm_lead_key(by, eve, &lead_key_fingerprint(&[9; 65]));
    assert!(confirm(&stage.lead).err().unwrap().to_string().contains("you invited this lead"));
    assert!(!confirm(&bea).unwrap(), "two others");
    assert!(confirm(&stage.another_lead("kim", true)).unwrap());
}

#[test]
fn nobody_of_the_cell_says_where_links_lead() {
    let stage = Stage::new();
    let system = Actor { rights: Role::Administrator.rights(), role: Some(Role::Administrator), ..stage.lead.clone() };
    for name in ["member-url", "cell-url"] {
        let refused = stage.register.set_joining(&system, name, "https://eve.example").err().unwrap().to_string();
        assert!(refused.contains("whoever runs the server"), "{refused}");
        stage.register.set_joining(&Actor::operator(), name, "https://share.example").unwrap();
    }
    stage.register.set_joining(&system, "dormant-days", "100").unwrap();
}

#[test]
fn somebody_moves_to_another_firm() {
    let stage = Stage::new();
    let (calder, ann) = stage.member("Calder Power", "ann@calder.example");
    let (_, eve) = stage.member("Aire Water", "eve@aire.example");
    let invite = |by: &Actor, role| {
        let link = stage.register.invite_person(by, ("Bob", "bob@mail.example", role), "", Delivery::HandOver);
        token(&link.unwrap())
    };
    let bob = stage.join(&invite(&ann, Role::OrganisationAdmin)).unwrap();
    let (session, _) = stage.register.sign_in(Face::Member, "bob@mail.example", PASSWORD, "a").unwrap();
    let answers = Answers { warn: WhoMayBeWarned::Now, know: WhoMayKnow::Nobody };
    stage.register.create_key(&stage.lead, calder, "feed", answers, None).unwrap();
    let by_bob = admin(bob, calder);
    let sent = token(
        &stage
            .register
            .invite_person(&by_bob, ("Dan", "dan@calder.example", Role::Reader), "", Delivery::HandOver)
            .unwrap(),
    );
    // While the old account is open, the new firm's link does not open a second one.
    let moved = invite(&eve, Role::Reporter);
    assert!(matches!(stage.join(&moved), Err(JoinError::Register(RegisterError::Exists(_)))));
    stage.mails();
    assert!(matches!(stage.register.close_account(&eve, bob), Err(RegisterError::Absent(_))), "not hers to close");
    stage.register.close_account(&ann, bob).unwrap();
    assert!(stage.register.session(Face::Member, session.expose()).is_none());
    assert!(matches!(stage.join(&sent), Err(JoinError::Gone)), "his links go with him");
    assert!(stage.mails()["ann@calder.example"][0].contains("1 keys"));
    assert!(stage.register.sign_in(Face::Member, "bob@mail.example", PASSWORD, "b").is_err());
    let again = stage.join(&moved).unwrap();
    assert_ne!(again, bob);
    let (_, who) = stage.register.sign_in(Face::Member, "bob@mail.example", PASSWORD, "c").unwrap();
    assert_eq!(who.organisation.as_ref().unwrap().name, "Aire Water");
    // The last admin stays.
    let alone = stage.register.close_account(&ann, ann.person.unwrap()).unwrap_err();
    assert!(alone.to_string().contains("last administrator"));
    assert!(stage.register.change_role(&ann, ann.person.unwrap(), Role::Reader).is_err());
    assert!(stage.register.shut_out(&ann, ann.person.unwrap(), true).is_err());
}

#[test]
fn an_admin_invites_at_home_only_and_nobody_above_himself() {
    let stage = Stage::new();
    let (_, ann) = stage.member("Calder Power", "ann@calder.example");
    let (_, eve) = stage.member("Aire Water", "eve@aire.example");
    for role in [Role::Lead, Role::Analyst, Role::Administrator, Role::Secondee, Role::Observer] {
        let tried = stage.register.invite_person(&ann, ("X", "x@y.example", role), "", Delivery::HandOver);
        assert!(tried.is_err(), "{role:?}");
    }
    stage.register.invite_person(&ann, ("X", "x@y.example", Role::Reader), "", Delivery::HandOver).unwrap();
    let own = stage.register.own_invitations(ann.organisation.unwrap(), None).unwrap().0;
    assert_eq!(own.len(), 1);
    for by in [&eve, &stage.lead] {
        assert!(matches!(stage.register.withdraw_invitation(by, own[0].id), Err(RegisterError::Absent(_))));
        assert!(stage.register.resend_invitation(by, own[0].id, Delivery::HandOver).is_err());
    }
    let cell = stage.register.invitations(None).unwrap().0;
    assert!(matches!(stage.register.withdraw_invitation(&ann, cell[0].id), Err(RegisterError::Absent(_))));
    stage.register.withdraw_invitation(&ann, own[0].id).unwrap();
    assert!(stage.register.withdraw_invitation(&ann, own[0].id).is_err());
}

#[test]
fn the_cell_invites_its_people_and_secondees_come_walled() {
    let stage = Stage::new();
    let (calder, _) = stage.member("Calder Power", "ann@calder.example");
    let until = stage.outside.now().plus_millis(100 * DAY);
    let mut new = NewPerson {
        email: "sue@calder.example".into(),
        name: "Sue".into(),
        organisation: Some(calder),
        role: Role::Secondee,
        secondment: None,
    };
    assert!(stage.register.invite_to_cell(&stage.lead, &new, "", Delivery::HandOver).is_err(), "not vetted");
    new.secondment = Some(Secondment { vetting: "SC".into(), vetted_until: until, wall: vec![Sector::Water] });
    assert!(stage.register.invite_to_cell(&stage.lead, &new, "", Delivery::HandOver).is_err(), "not walled from home");
    new.secondment = Some(Secondment { vetting: "SC".into(), vetted_until: until, wall: vec![Sector::Energy] });
    let link = stage.register.invite_to_cell(&stage.lead, &new, "", Delivery::HandOver).unwrap();
    assert!(matches!(stage.register.invited(Face::Member, &token(&link)), Err(JoinError::Gone)));
    let joined = stage.register.join(Face::Cell, &token(&link), "Sue", None).unwrap();
    stage.register.enrol_password(joined.ticket.0.expose(), PASSWORD).unwrap();
    let (_, who) = stage.register.sign_in(Face::Cell, "sue@calder.example", PASSWORD, "a").unwrap();
    assert_eq!((who.role, &who.wall[..]), (Role::Secondee, &[Sector::Energy][..]));
    new.role = Role::Reporter;
    new.secondment = None;
    assert!(stage.register.invite_to_cell(&stage.lead, &new, "", Delivery::HandOver).is_err());
}

#[test]
fn a_hundred_and_sixty_firms_at_once_and_once_only() {
    let stage = Stage::new();
    let mut text = "name,sector,contact_name,contact_email,domains\n".to_owned();
    (0..160).for_each(|n| text.push_str(&format!("Firm {n},energy,Ann {n},ann@firm{n}.example,firm{n}.example\n")));
    let file = read_onboarding(text.as_bytes());
    let run = |dry, delivery| stage.register.onboard(&stage.lead, &file.lines, delivery, (dry, false)).unwrap();
    let dry = run(true, Delivery::Mail);
    assert_eq!((dry.invited.len(), stage.register.organisations().len()), (160, 0));
    assert!(stage.mails().is_empty());
    let done = run(false, Delivery::Mail);
    assert_eq!((done.invited.len(), done.known.len(), done.problems.len()), (160, 0, 0));
    assert_eq!(stage.mails().len(), 160);
    let again = run(false, Delivery::Mail);
    assert_eq!((again.invited.len(), again.known.len()), (0, 160));
    assert!(stage.mails().is_empty(), "nobody is written to twice");
    // A line that the register refuses: nothing is done, unless that is asked for.
    let id = stage.register.organisation_named("Firm 3").unwrap().id;
    stage.register.suspend_organisation(&stage.lead, id).unwrap();
    let more = read_onboarding(
        "name,sector,contact_name,contact_email\nfirm 3,energy,A,a@b.example\nNew,energy,A,a@new.example\n".as_bytes(),
    );
    let go = |skip| stage.register.onboard(&stage.lead, &more.lines, Delivery::HandOver, (false, skip)).unwrap();
    let stopped = go(false);
    assert_eq!((stopped.invited.len(), stopped.problems[0].line), (0, 2));
    let went = go(true);
    assert_eq!(went.invited.len(), 1);
    assert!(went.invited[0].2.is_some(), "the link is given once");
}

#[test]
fn pages_go_through_everybody_and_find_names() {
    let stage = Stage::new();
    let mut text = "name,sector,contact_name,contact_email\n".to_owned();
    (0..120).for_each(|n| text.push_str(&format!("Firm {n:03},energy; water,Ann,ann@firm{n}.example\n")));
    let file = read_onboarding(text.as_bytes());
    stage.register.onboard(&stage.lead, &file.lines, Delivery::Mail, (false, false)).unwrap();
    let (mut query, mut names) = (OrganisationQuery::default(), Vec::new());
    loop {
        let (rows, next) = stage.register.organisation_page(&query).unwrap();
        names.extend(rows.into_iter().map(|row| row.name));
        let Some(next) = next else { break };
        query.after = Some(next);
    }
    assert_eq!(names.len(), 120);
    assert!(names.is_sorted());
    let found = OrganisationQuery { text: "IRM 11".into(), ..OrganisationQuery::default() };
    assert_eq!(stage.register.organisation_page(&found).unwrap().0.len(), 10);
    assert!(stage.register.directory_page("", None).unwrap().0.is_empty(), "invited firms are not listed");
    stage.member("Calder <b>Power</b>", "ann@calder.example");
    let listed = stage.register.directory_page("", None).unwrap().0;
    assert_eq!((listed.len(), listed[0].name.as_str()), (1, "Calder <b>Power</b>"));
}

#[test]
fn names_that_deceive_come_in_by_no_door() {
    let stage = Stage::new();
    let (_, ann) = stage.member("Calder Power", "ann@calder.example");
    for bad in ["a\u{202e}b", "a\0b", "", &"x".repeat(10_000)] {
        let invitee = Stage::invitee(bad, "a@b.example");
        assert!(stage.register.invite_organisation(&stage.lead, &invitee, Delivery::HandOver).is_err());
        assert!(stage.register.propose(&ann, &firm(bad, "b.example", "a@b.example")).is_err());
        let person = (bad, "a@b.example", Role::Reader);
        assert!(stage.register.invite_person(&ann, person, "", Delivery::HandOver).is_err());
        let (_, link) = stage.invite("Aire Water", "a@aire.example");
        assert!(stage.register.join(Face::Member, &link, bad, Some(1)).is_err());
        let all = stage.register.organisation_named("Aire Water").unwrap().id;
        stage.register.close_organisation(&stage.lead, all).unwrap();
    }
}
