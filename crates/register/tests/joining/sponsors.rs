//! Members who propose firms.

use model::PersonId;
use register::{Delivery, Profile, RegisterError, SponsorshipState, Status};

use crate::stage::{Stage, admin, firm, token};

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
