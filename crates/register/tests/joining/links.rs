//! Links: who joins by one, and what a bad one says.

use std::sync::atomic::Ordering;

use model::{Clock as _, Sector};
use register::{
    Actor, Delivery, Face, InvitationState, JoinError, NewPerson, OrganisationQuery, PasswordCost, Register,
    RegisterError, Right, Role, Secondment, Status, read_onboarding,
};

use crate::outside::Outside;
use crate::stage::{DAY, PASSWORD, Stage, actor, firm, token};

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
    let outside = Outside::at(1_000 * DAY, 0);
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
    let outside = Outside::at(1_000 * DAY, 0);
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
