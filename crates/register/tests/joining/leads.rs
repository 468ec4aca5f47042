//! What the powers of a lead end at.

use model::Sector;
use register::{Actor, Delivery, Face, NewPerson, Profile, RecoveryFor, Role, lead_key_fingerprint};

use crate::stage::{PASSWORD, Stage, actor, token};

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
