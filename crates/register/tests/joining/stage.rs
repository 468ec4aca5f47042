//! A register with its first lead, on a day that the tests move.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{OrganisationId, PersonId, Sector};
use register::{
    Actor, Delivery, Face, Invitee, JoinError, Link, NewPerson, NewSponsorship, OrganisationClass, PasswordCost,
    Profile, Recovery, RecoveryFor, Register, Role, Status, lead_key_fingerprint,
};

use crate::outside::Outside;

pub const DAY: i64 = 86_400_000;
pub const PASSWORD: &str = "correct horse battery";

pub struct Stage {
    pub register: Register,
    pub outside: Arc<Outside>,
    pub lead: Actor,
}

impl Stage {
    pub fn new() -> Self {
        let outside = Outside::at(1_000 * DAY + 5_000, 0);
        let register = Register::in_memory(outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
        let id = register.init_lead("ada@cell.example", "Ada", PASSWORD).unwrap();
        let lead = actor(&register, id, Role::Lead);
        Self { register, outside, lead }
    }

    pub fn pass_days(&self, days: i64) {
        self.outside.now.fetch_add(days * DAY, Ordering::Relaxed);
    }

    pub fn invitee(name: &str, email: &str) -> Invitee {
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

    pub fn invite(&self, name: &str, email: &str) -> (OrganisationId, String) {
        let made = self.register.invite_organisation(&self.lead, &Self::invitee(name, email), Delivery::HandOver);
        let (id, link) = made.unwrap();
        (id, token(&link))
    }

    pub fn join(&self, token: &str) -> Result<PersonId, JoinError> {
        let version = self.register.terms()?[0].version;
        let joined = self.register.join(Face::Member, token, "Ann Reed", Some(version))?;
        self.register.enrol_password(joined.ticket.0.expose(), PASSWORD)
    }

    /// A member with an admin who can sign in.
    pub fn member(&self, name: &str, email: &str) -> (OrganisationId, Actor) {
        let (id, token) = self.invite(name, email);
        let person = self.join(&token).unwrap();
        (id, admin(person, id))
    }

    /// Another lead, to whom sources are sealed if `key`.
    pub fn another_lead(&self, name: &str, key: bool) -> Actor {
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
    pub fn with_key(&self, lead: &Actor) {
        let public = [4; 65];
        self.register.set_lead_key(lead, &public).unwrap();
        let fingerprint = lead_key_fingerprint(&public);
        assert!(self.register.confirm_lead_key(&Actor::operator(), lead.person.unwrap(), &fingerprint).unwrap());
    }

    /// Two leads give a way in.
    pub fn recovered(&self, other: &Actor, id: OrganisationId, whom: &RecoveryFor) -> Link {
        let asked = self.register.recover_organisation(&self.lead, id, whom, Delivery::HandOver).unwrap();
        assert!(matches!(asked, Recovery::Asked));
        match self.register.recover_organisation(other, id, whom, Delivery::HandOver).unwrap() {
            Recovery::Sent(link) => link,
            Recovery::Asked => panic!("two have asked"),
        }
    }

    pub fn status(&self, id: OrganisationId) -> Status {
        self.register.organisation(id).unwrap().status
    }

    pub fn mails(&self) -> HashMap<String, Vec<String>> {
        let mut mails = HashMap::<String, Vec<String>>::new();
        let now = self.register.now();
        for mail in self.register.due_mail(now, 1_000, "x.example").unwrap() {
            self.register.mail_sent(mail.id).unwrap();
            mails.entry(mail.to).or_default().push(mail.subject + "\n" + &mail.text);
        }
        mails
    }
}

pub fn actor(register: &Register, id: PersonId, role: Role) -> Actor {
    let person = register.person(id).unwrap();
    Actor {
        person: Some(id),
        name: person.name,
        organisation: person.organisation,
        role: Some(role),
        rights: role.rights(),
    }
}

pub fn admin(person: PersonId, organisation: OrganisationId) -> Actor {
    Actor {
        person: Some(person),
        name: "Ann Reed".into(),
        organisation: Some(organisation),
        role: Some(Role::OrganisationAdmin),
        rights: Role::OrganisationAdmin.rights(),
    }
}

pub fn token(link: &Link) -> String {
    link.as_ref().unwrap().expose().split_once("/join#").unwrap().1.to_owned()
}

pub fn firm(name: &str, domain: &str, email: &str) -> NewSponsorship {
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
