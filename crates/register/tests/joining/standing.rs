//! What becomes of a membership: terms, dormancy, a move to another firm.

use model::{Clock as _, WhoMayBeWarned, WhoMayKnow};
use register::{Actor, Answers, Delivery, Face, JoinError, OrganisationQuery, RegisterError, Right, Role, Status};

use crate::stage::{DAY, PASSWORD, Stage, admin, token};

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
