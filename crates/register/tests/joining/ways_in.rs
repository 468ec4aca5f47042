//! Another way into an account: a lost key, and what no lead can do alone.

use register::{Actor, Delivery, Face, InvitationState, Recovery, RecoveryFor, RegisterError, Role, Status};

use crate::stage::{PASSWORD, Stage, token};

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
