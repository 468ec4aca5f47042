//! What the cell decides about all: proposals, terms, settings.

use model::{OrganisationId, SponsorshipId};
use rusqlite::Connection;

use crate::audit::Actor;
use crate::nouns::OrganisationClass;
use crate::register::{Register, RegisterError};
use crate::rights::Right;

use super::invitations::{self, Invitation};
use super::letters;
use super::members::Invitee;
use super::profile::Profile;
use super::settings::{self, JoiningSettings};
use super::sponsorship::{self, Sponsorship, SponsorshipState, WHY_CHARS_MAX};
use super::terms::{self, Terms};
use super::{Delivery, Link, Page, Place, admins, organisation};

impl Register {
    /// A page of sponsorships for the cell, with where it ended.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn sponsorships(&self, before: Option<Place>) -> Result<Page<Sponsorship>, RegisterError> {
        sponsorship::list(&self.connection(), None, before)
    }

    /// Approves a sponsorship: the firm is invited.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none that is pending, [`RegisterError::Exists`] if the firm is known already.
    pub fn approve_sponsorship(
        &self,
        by: &Actor,
        id: SponsorshipId,
        delivery: Delivery,
    ) -> Result<(OrganisationId, Link), RegisterError> {
        by.needs(Right::ManageMembers)?;
        self.within(|transaction| {
            let found = pending(transaction, id)?;
            let profile = Profile {
                region: found.firm.region,
                size: found.firm.size,
                assets: policy::Assets { domains: vec![found.firm.domain.clone()], ..policy::Assets::default() },
                ..Profile::default()
            };
            let invitee = Invitee {
                name: found.firm.name.clone(),
                class: OrganisationClass::Member,
                sector: found.firm.sector,
                profile: profile.normal(found.firm.sector)?,
                contact: found.firm.contact.clone(),
                email: found.firm.email.clone(),
                language: String::new(),
            };
            let (organisation, link) = self.invite_firm(transaction, by, &invitee, &invitee.profile, delivery)?;
            let now = self.now();
            let state = SponsorshipState::Approved;
            if !sponsorship::decide(transaction, now, id, state, by.person, None, Some(organisation))? {
                return Err(RegisterError::Absent("proposal that waits".to_owned()));
            }
            self.tell_sponsor(transaction, &found, |to| letters::sponsored(to, &found.firm.name))?;
            self.note(transaction, by, "sponsorship-approved", &found.firm.name, "")?;
            Ok((organisation, link))
        })
    }

    /// Refuses a sponsorship. The reason stays with the cell; the sponsor is told "not now".
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none that is pending, [`RegisterError::Refused`] without a reason.
    pub fn refuse_sponsorship(&self, by: &Actor, id: SponsorshipId, reason: &str) -> Result<(), RegisterError> {
        by.needs(Right::ManageMembers)?;
        let reason = crate::names::lines("reason", reason, WHY_CHARS_MAX)?;
        self.within(|transaction| {
            let found = pending(transaction, id)?;
            let state = SponsorshipState::Refused;
            if !sponsorship::decide(transaction, self.now(), id, state, by.person, Some(&reason), None)? {
                return Err(RegisterError::Absent("proposal that waits".to_owned()));
            }
            self.tell_sponsor(transaction, &found, |to| letters::not_now(to, &found.firm.name))?;
            self.note(transaction, by, "sponsorship-refused", &found.firm.name, &reason)
        })
    }

    fn tell_sponsor(
        &self,
        transaction: &Connection,
        found: &Sponsorship,
        letter: impl Fn(&str) -> crate::NewMail,
    ) -> Result<(), RegisterError> {
        let to = admins(transaction, found.sponsor)?;
        to.iter()
            .filter(|to| crate::mail::checked_address(to).is_ok())
            .try_for_each(|to| self.post(transaction, &letter(to)))
    }

    /// Who proposed an organisation, by name.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be read.
    pub fn sponsor_of(&self, id: OrganisationId) -> Result<Option<String>, RegisterError> {
        let connection = self.connection();
        let found = sponsorship::sponsor_of(&connection, id)?;
        found.map(|id| organisation(&connection, id).map(|(name, _)| name)).transpose()
    }

    /// Publishes another version of the terms; the admins of every organisation are told.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] if text or day cannot be.
    pub fn publish_terms(&self, by: &Actor, text: &str, from_day: i64) -> Result<Terms, RegisterError> {
        by.needs(Right::ManageMembers)?;
        self.within(|transaction| {
            let now = self.now();
            let published = terms::publish(transaction, now, text, from_day, by.person)?;
            let settings = JoiningSettings::read(transaction)?;
            let until = terms::until_day(&settings, &published).unwrap_or(from_day);
            let mut statement = transaction.prepare(
                "SELECT email FROM person JOIN organisation ON organisation.id = person.organisation
                 WHERE role = 'organisation-admin' AND closed = 0 AND disabled = 0 AND status IN ('active', 'dormant')",
            )?;
            let to: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            for to in to.iter().filter(|to| crate::mail::checked_address(to).is_ok()) {
                let letter = letters::terms(to, published.version, from_day, until, &settings.member_url);
                self.post(transaction, &letter)?;
            }
            self.note(transaction, by, "terms-published", &format!("version {}", published.version), "")?;
            Ok(published)
        })
    }

    /// Every version of the terms, the latest first.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn terms(&self) -> Result<Vec<Terms>, RegisterError> {
        terms::all(&self.connection())
    }

    /// What an operator has set about joining and leaving.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be read.
    pub fn joining_settings(&self) -> Result<JoiningSettings, RegisterError> {
        JoiningSettings::read(&self.connection())
    }

    /// Sets one of them.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] for a name that is none, [`RegisterError::Refused`] for a value out of its limits.
    pub fn set_joining(&self, by: &Actor, name: &str, value: &str) -> Result<(), RegisterError> {
        by.needs(Right::RunSystem)?;
        // Single-use links go where these say: whoever sets one to a page of their own is handed everybody's way in.
        if matches!(name, "member-url" | "cell-url") && by.role.is_some() {
            return Err(RegisterError::Refused(format!(
                "setting {name}: only whoever runs the server sets it, by `fusioncell admin setting set`"
            )));
        }
        self.within(|transaction| {
            let before = settings::set(transaction, name, value)?;
            let detail = format!("{} to {}", before.as_deref().unwrap_or("default"), value.trim());
            self.note(transaction, by, "setting", name, &detail)
        })
    }

    /// A page of the invitations that the cell has sent, with where it ended.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn invitations(&self, before: Option<Place>) -> Result<Page<Invitation>, RegisterError> {
        invitations::list(&self.connection(), self.now(), None, before)
    }
}

fn pending(transaction: &Connection, id: SponsorshipId) -> Result<Sponsorship, RegisterError> {
    let found = sponsorship::find(transaction, id)?.filter(|found| found.state == SponsorshipState::Pending);
    found.ok_or_else(|| RegisterError::Absent("proposal that waits".to_owned()))
}
