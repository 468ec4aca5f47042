//! What an organisation's admin does at home: people, invitations, what belongs to it, whom it proposes, its terms.

use model::{OrganisationId, PersonId, SponsorshipId};
use rusqlite::{Connection, params};

use crate::audit::Actor;
use crate::nouns::{Face, NewPerson, Person};
use crate::register::{Register, RegisterError};
use crate::rights::{Right, Role};

use super::invitations::{self, Invitation, InvitationKind, NewInvitation};
use super::profile::{self, Profile};
use super::settings::JoiningSettings;
use super::sponsorship::{self, NewSponsorship, Sponsorship, SponsorshipState};
use super::terms::{self, TermsStanding};
use super::{Delivery, JoinError, Link, Page, Place, admins, letters, organisation};

fn home(by: &Actor) -> Result<OrganisationId, RegisterError> {
    by.organisation.filter(|_| by.role.is_some_and(|role| role.face() == Face::Member)).ok_or(RegisterError::NoRight)
}

/// Refuses to leave an organisation without an admin who can sign in, by its own hand.
fn not_the_last_admin(connection: &Connection, of: &Person) -> Result<(), RegisterError> {
    if of.role != Role::OrganisationAdmin || of.disabled {
        return Ok(());
    }
    let others: i64 = connection.query_row(
        "SELECT count(*) FROM person WHERE organisation = ?1 AND role = 'organisation-admin' AND disabled = 0 AND closed = 0
         AND id <> ?2",
        params![of.organisation.map(|id| *id.as_bytes()), of.id.as_bytes()],
        |row| row.get(0),
    )?;
    if others > 0 {
        Ok(())
    } else {
        Err(RegisterError::Refused("the last administrator of an organisation stays until there is another".into()))
    }
}

impl Register {
    /// Invites somebody to the own organisation.
    ///
    /// # Errors
    /// [`RegisterError::NoRight`] for whoever may not, [`RegisterError::Refused`] naming a field.
    pub fn invite_person(
        &self,
        by: &Actor,
        (name, email, role): (&str, &str, Role),
        language: &str,
        delivery: Delivery,
    ) -> Result<Link, RegisterError> {
        let organisation = home(by)?;
        by.needs(Right::ManageOwn)?;
        by.acts_on(role, Some(organisation))?;
        let new = NewPerson {
            email: email.to_owned(),
            name: name.to_owned(),
            organisation: Some(organisation),
            role,
            secondment: None,
        };
        self.check_belonging(&new)?;
        self.within(|transaction| {
            let sent = NewInvitation {
                kind: InvitationKind::Person,
                organisation: Some(organisation),
                person: None,
                role,
                email,
                name,
                language,
                secondment: None,
                by: by.person,
            };
            let link = self.send(transaction, &sent, delivery)?;
            self.note(transaction, by, "person-invited", email, role.as_str())?;
            Ok(link)
        })
    }

    /// A page of the own organisation's invitations, with where it ended.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn own_invitations(
        &self,
        organisation: OrganisationId,
        before: Option<Place>,
    ) -> Result<Page<Invitation>, RegisterError> {
        invitations::list(&self.connection(), self.now(), Some(organisation), before)
    }

    /// Gives somebody another role, unless that leaves the organisation without an admin. Links that they have sent out as
    /// an admin stop working.
    ///
    /// # Errors
    /// As [`Register::set_role`].
    pub fn change_role(&self, by: &Actor, id: PersonId, role: Role) -> Result<(), RegisterError> {
        self.guard_admin(by, id, role != Role::OrganisationAdmin)?;
        self.set_role(by, id, role)?;
        self.within(|transaction| invitations::withdraw_of(transaction, self.now(), id).map(drop))
    }

    /// Refuses somebody or lets them in again, unless that leaves the organisation without an admin.
    ///
    /// # Errors
    /// As [`Register::set_disabled`].
    pub fn shut_out(&self, by: &Actor, id: PersonId, disabled: bool) -> Result<(), RegisterError> {
        self.guard_admin(by, id, disabled)?;
        self.set_disabled(by, id, disabled)
    }

    fn guard_admin(&self, by: &Actor, id: PersonId, takes_away: bool) -> Result<(), RegisterError> {
        let found = self.person(id)?;
        by.acts_on(found.role, found.organisation)?;
        // The cell may: it can give another way in.
        if takes_away && by.role == Some(Role::OrganisationAdmin) {
            not_the_last_admin(&self.connection(), &found)?;
        }
        Ok(())
    }

    /// Closes an account, for whoever leaves: it never opens again, and its address may join anew, here or elsewhere.
    /// Sessions end, links that the person sent stop working, and the admins are told to look through the keys.
    ///
    /// # Errors
    /// As [`Register::set_disabled`].
    pub fn close_account(&self, by: &Actor, id: PersonId) -> Result<(), RegisterError> {
        self.guard_admin(by, id, true)?;
        self.act_on(by, id, "account-closed", |transaction, target| {
            crate::people::not_the_last_lead(transaction, target)?;
            super::join::forget_factors(transaction, id)?;
            invitations::withdraw_of(transaction, self.now(), id)?;
            transaction.execute("DELETE FROM enrolment WHERE person = ?1", [id.as_bytes()])?;
            // Walls show things without anybody signed in: those that the person made end with the account.
            transaction.execute("DELETE FROM device WHERE maker = ?1", [id.as_bytes()])?;
            transaction.execute("UPDATE person SET disabled = 1, closed = 1 WHERE id = ?1", [id.as_bytes()])?;
            let home = target.organisation.filter(|_| target.role.face() == Face::Member);
            if let Some(home) = home {
                self.tell_of_keys(transaction, home, target)?;
            }
            Ok(String::new())
        })
    }

    /// Keys are an organisation's and its machines go on; whoever made one may have copied it: the admins, who see in the
    /// list who made which, decide.
    fn tell_of_keys(
        &self,
        transaction: &Connection,
        home: OrganisationId,
        target: &Person,
    ) -> Result<(), RegisterError> {
        let keys: i64 = transaction.query_row(
            "SELECT count(*) FROM key WHERE organisation = ?1 AND revoked = 0 AND (made_by = ?2 OR made_by IS NULL)",
            params![home.as_bytes(), target.id.as_bytes()],
            |row| row.get(0),
        )?;
        if keys == 0 {
            return Ok(());
        }
        let (firm, _) = organisation(transaction, home)?;
        let keys = usize::try_from(keys).unwrap_or(usize::MAX);
        for to in admins(transaction, home)?.iter().filter(|to| crate::mail::checked_address(to).is_ok()) {
            self.post(transaction, &letters::left_with_keys(to, &firm, &target.name, keys))?;
        }
        Ok(())
    }

    /// What an organisation tells of itself.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none.
    pub fn profile(&self, id: OrganisationId) -> Result<Profile, RegisterError> {
        profile::read(&self.connection(), id)?.ok_or_else(|| RegisterError::Absent("organisation".to_owned()))
    }

    /// Writes what the own organisation tells of itself; what its invitation proposed counts from then on as far as it is in it.
    /// Its name and sectors are the cell's to set: they decide who is counted with whom.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] naming the first value that cannot be.
    pub fn edit_own(&self, by: &Actor, new: &Profile) -> Result<(), RegisterError> {
        let id = home(by)?;
        by.needs(Right::ManageOwn)?;
        let main = self.organisation(id).ok_or_else(|| RegisterError::Absent("organisation".to_owned()))?.sector;
        self.within(|transaction| {
            let stored =
                profile::read(transaction, id)?.ok_or_else(|| RegisterError::Absent("organisation".to_owned()))?;
            let profile = Profile { further: stored.further, ..new.clone() }.normal(main)?;
            profile::write(transaction, id, &profile)?;
            let sql = "UPDATE organisation SET own_confirmed = 1 WHERE id = ?1 AND own_confirmed = 0";
            let first = transaction.execute(sql, [id.as_bytes()])? == 1;
            let (name, _) = organisation(transaction, id)?;
            let detail = if first { "what is its own is confirmed" } else { "" };
            self.note(transaction, by, "organisation-edited", &name, detail)
        })
    }

    /// Proposes a firm.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] naming what is wrong, [`RegisterError::Exists`] if the directory lists the firm.
    pub fn propose(&self, by: &Actor, firm: &NewSponsorship) -> Result<SponsorshipId, RegisterError> {
        let sponsor = home(by)?;
        by.needs(Right::ManageOwn)?;
        self.within(|transaction| {
            let settings = JoiningSettings::read(transaction)?;
            let now = self.now();
            let id = sponsorship::propose(transaction, &*self.entropy, now, &settings, sponsor, by.person, firm)?;
            self.note(transaction, by, "sponsorship-proposed", &firm.name, &firm.email)?;
            Ok(id)
        })
    }

    /// A page of the own organisation's sponsorships, with where it ended.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn own_sponsorships(
        &self,
        sponsor: OrganisationId,
        before: Option<Place>,
    ) -> Result<Page<Sponsorship>, RegisterError> {
        sponsorship::list(&self.connection(), Some(sponsor), before)
    }

    /// Takes a proposal back that waits for the cell.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none of the own organisation that waits.
    pub fn withdraw_sponsorship(&self, by: &Actor, id: SponsorshipId) -> Result<(), RegisterError> {
        let sponsor = home(by)?;
        by.needs(Right::ManageOwn)?;
        self.within(|transaction| {
            let absent = || RegisterError::Absent("proposal that waits".to_owned());
            let found = sponsorship::find(transaction, id)?.filter(|found| found.sponsor == sponsor);
            let found = found.ok_or_else(absent)?;
            let state = SponsorshipState::Withdrawn;
            if !sponsorship::decide(transaction, self.now(), id, state, by.person, None, None)? {
                return Err(absent());
            }
            self.note(transaction, by, "sponsorship-withdrawn", &found.firm.name, "")
        })
    }

    /// How an organisation stands to the terms.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be read.
    pub fn terms_standing(&self, id: OrganisationId) -> Result<TermsStanding, RegisterError> {
        terms::standing(&self.connection(), self.now(), id)
    }

    /// Accepts a version of the terms for the own organisation; also one that can only read, which then takes part again.
    ///
    /// # Errors
    /// [`JoinError::Terms`] if it is not the latest; [`RegisterError::NoRight`] for whoever is no admin.
    pub fn accept_terms(&self, by: &Actor, version: u32) -> Result<(), JoinError> {
        let id = home(by)?;
        let (Some(person), Some(Role::OrganisationAdmin)) = (by.person, by.role) else {
            return Err(RegisterError::NoRight.into());
        };
        self.within(|transaction| {
            let now = self.now();
            let latest = terms::current(transaction)?;
            if latest.version != version {
                return Err(JoinError::Terms(latest.version));
            }
            terms::accept(transaction, now, id, person, version)?;
            let (name, _) = organisation(transaction, id)?;
            self.note(transaction, by, "terms-accepted", &name, &format!("version {version}"))?;
            Ok(())
        })
    }
}
