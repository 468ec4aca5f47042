//! What the cell does about organisations: invite, approve, edit, suspend, close, give a lost admin another way in.

use model::{InvitationId, OrganisationId, PersonId, Sector, Timestamp};
use rusqlite::{Connection, params};

use crate::audit::Actor;
use crate::insert::insert_organisation;
use crate::nouns::{Face, NewOrganisation, NewPerson, OrganisationClass, Status};
use crate::register::{Register, RegisterError};
use crate::rights::{Right, Role};
use crate::sessions::HOUR_MILLIS;

use super::invitations::{self, Invitation, InvitationKind, InvitationState, NewInvitation};
use super::letters::{self, Purpose, link};
use super::profile::{self, Profile};
use super::settings::JoiningSettings;
use super::{Delivery, Link, organisation};

/// A firm to invite.
#[derive(Clone, Debug)]
pub struct Invitee {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: OrganisationClass,
    /// Its main sector.
    pub sector: Sector,
    /// What else is known of it.
    pub profile: Profile,
    /// Name of its first admin.
    pub contact: String,
    /// E-mail address of that person.
    pub email: String,
    /// Language to write in.
    pub language: String,
}

/// The role of an organisation's first person.
const fn first_role(class: OrganisationClass) -> Role {
    match class {
        OrganisationClass::Member => Role::OrganisationAdmin,
        OrganisationClass::Observer => Role::Observer,
    }
}

/// Ends everything that an organisation's people and machines have, and takes its invitations back.
pub(crate) fn shut(transaction: &Connection, now: Timestamp, id: OrganisationId) -> Result<(), RegisterError> {
    let id = id.as_bytes();
    transaction.execute(
        "UPDATE invitation SET state = 'withdrawn', ended_at = ?2 WHERE organisation = ?1 AND state = 'open'",
        params![id, now.floor_to(HOUR_MILLIS).as_millis()],
    )?;
    for sql in [
        "DELETE FROM session WHERE person IN (SELECT id FROM person WHERE organisation = ?1)",
        "DELETE FROM enrolment WHERE person IN (SELECT id FROM person WHERE organisation = ?1)",
        "UPDATE person SET disabled = 1, closed = 1 WHERE organisation = ?1 AND role <> 'seconded-analyst'",
        // Whom the firm has lent works for the cell: the cell decides, but not on the word of a firm that is gone.
        "UPDATE person SET disabled = 1 WHERE organisation = ?1 AND role = 'seconded-analyst'",
        "UPDATE key SET revoked = 1 WHERE organisation = ?1 AND revoked = 0",
        "DELETE FROM device WHERE organisation = ?1",
        "UPDATE sponsorship SET state = 'withdrawn' WHERE sponsor = ?1 AND state = 'pending'",
    ] {
        transaction.execute(sql, [id])?;
    }
    Ok(())
}

impl Register {
    /// Invites a firm: makes the organisation, a new one too if one of that name has left.
    ///
    /// # Errors
    /// [`RegisterError::Exists`] if the name is taken, [`RegisterError::Refused`] naming a field.
    pub fn invite_organisation(
        &self,
        by: &Actor,
        invitee: &Invitee,
        delivery: Delivery,
    ) -> Result<(OrganisationId, Link), RegisterError> {
        by.needs(Right::ManageMembers)?;
        let profile = invitee.profile.normal(invitee.sector)?;
        self.within(|transaction| self.invite_firm(transaction, by, invitee, &profile, delivery))
    }

    pub(super) fn invite_firm(
        &self,
        transaction: &Connection,
        by: &Actor,
        invitee: &Invitee,
        profile: &Profile,
        delivery: Delivery,
    ) -> Result<(OrganisationId, Link), RegisterError> {
        let name = crate::names::name("name", &invitee.name)?;
        // Never the organisation that left: what it reported would be read by whoever is invited in its name (decision 0127).
        transaction.execute(
            "UPDATE organisation SET name = name || ' (left)', folded = folded || ' (left) ' || lower(hex(id))
             WHERE folded = ?1 AND status = 'left'",
            [name.to_lowercase()],
        )?;
        let new = NewOrganisation {
            name: name.clone(),
            class: invitee.class,
            sector: invitee.sector,
            region: profile.region,
            assets: policy::Assets::default(),
        };
        let id = insert_organisation(transaction, &*self.entropy, &new)?;
        transaction
            .execute("UPDATE organisation SET status = 'invited', own_confirmed = 0 WHERE id = ?1", [id.as_bytes()])?;
        profile::write(transaction, id, profile)?;
        let sent = NewInvitation {
            kind: InvitationKind::Organisation,
            organisation: Some(id),
            person: None,
            role: first_role(invitee.class),
            email: &invitee.email,
            name: &invitee.contact,
            language: &invitee.language,
            secondment: None,
            by: by.person,
        };
        let link = self.send(transaction, &sent, delivery)?;
        self.note(transaction, by, "organisation-invited", &name, &invitee.email)?;
        Ok((id, link))
    }

    /// Makes an invitation and sends its link on its way.
    pub(super) fn send(
        &self,
        transaction: &Connection,
        sent: &NewInvitation<'_>,
        delivery: Delivery,
    ) -> Result<Link, RegisterError> {
        let now = self.now();
        let settings = JoiningSettings::read(transaction)?;
        let (_, token) = invitations::make(transaction, &*self.entropy, now, &settings, sent)?;
        let firm = match sent.organisation {
            Some(id) => organisation(transaction, id)?.0,
            None => String::new(),
        };
        let role = words(sent.role);
        let purpose = match sent.kind {
            InvitationKind::Organisation => Purpose::Organisation(&firm),
            InvitationKind::Person => Purpose::Person(&firm, role),
            InvitationKind::Cell => Purpose::Cell(role),
            InvitationKind::Recovery => Purpose::Recovery,
        };
        let url = if sent.role.face() == Face::Cell { &settings.cell_url } else { &settings.member_url };
        let until = letters::days_later(now, settings.invitation_days);
        let email = crate::names::address("e-mail", sent.email)?;
        let name = crate::names::name("name", sent.name)?;
        self.deliver(transaction, delivery, link(url, token.expose()), |link| {
            letters::invitation(&email, &name, &purpose, link, until)
        })
    }

    /// Sends an invitation anew: another link, and the one before stops working.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none that `by` may send; [`RegisterError::Refused`] if it was accepted.
    pub fn resend_invitation(&self, by: &Actor, id: InvitationId, delivery: Delivery) -> Result<Link, RegisterError> {
        self.within(|transaction| {
            let found = self.own_invitation(transaction, by, id)?;
            let mut kind = found.kind;
            if found.state == InvitationState::Accepted {
                // Accepted, but no way to sign in was ever set: the same person is sent another link. Whoever lost theirs by another way
                // in has reports to read: that is for two leads.
                if found.person.map_or(Ok(false), |person| was_let_in_anew(transaction, person))?
                    || !found.person.map_or(Ok(false), |person| is_without_factor(transaction, person))?
                {
                    return Err(RegisterError::Refused("the invitation was accepted".into()));
                }
                if kind == InvitationKind::Organisation {
                    kind = InvitationKind::Recovery;
                }
            } else if kind == InvitationKind::Recovery && by.person.is_some() {
                // It took two leads, or whoever runs the server, and once is what they agreed to.
                return Err(RegisterError::Refused(
                    "another way in is asked for anew, and takes two leads again".into(),
                ));
            }
            if kind == InvitationKind::Organisation
                && found.organisation.map(|id| organisation(transaction, id)).transpose()?.map(|(_, status)| status)
                    != Some(Status::Invited)
            {
                return Err(RegisterError::Refused("the organisation is not an invited one any more".into()));
            }
            invitations::withdraw(transaction, self.now(), id)?;
            let sent = NewInvitation {
                kind,
                organisation: found.organisation,
                person: found.person,
                role: found.role,
                email: &found.email,
                name: &found.name,
                language: &found.language,
                secondment: found.secondment.as_ref(),
                by: by.person,
            };
            let link = self.send(transaction, &sent, delivery)?;
            self.note(transaction, by, "invitation-sent-again", &found.email, found.kind.as_str())?;
            Ok(link)
        })
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none that `by` may take back, or it is no longer open.
    pub fn withdraw_invitation(&self, by: &Actor, id: InvitationId) -> Result<(), RegisterError> {
        self.within(|transaction| {
            let found = self.own_invitation(transaction, by, id)?;
            if found.state != InvitationState::Open || !invitations::withdraw(transaction, self.now(), id)? {
                return Err(RegisterError::Refused("the invitation is no longer open".into()));
            }
            self.note(transaction, by, "invitation-withdrawn", &found.email, found.kind.as_str())
        })
    }

    /// An invitation that somebody may send again or take back; any other is absent.
    fn own_invitation(
        &self,
        transaction: &Connection,
        by: &Actor,
        id: InvitationId,
    ) -> Result<Invitation, RegisterError> {
        let absent = || RegisterError::Absent("invitation".to_owned());
        let found = invitations::find(transaction, self.now(), id)?.ok_or_else(absent)?;
        let member = by.role == Some(Role::OrganisationAdmin);
        if member != (found.kind == InvitationKind::Person) && by.role.is_some() {
            return Err(absent());
        }
        match found.kind {
            InvitationKind::Organisation | InvitationKind::Recovery => by.needs(Right::ManageMembers)?,
            InvitationKind::Person | InvitationKind::Cell => by.acts_on(found.role, found.organisation)?,
        }
        Ok(found)
    }

    /// Invites somebody to the cell, or to an observing organisation.
    ///
    /// # Errors
    /// [`RegisterError::NoRight`] for whoever may not act on such a role; [`RegisterError::Refused`] naming a field.
    pub fn invite_to_cell(
        &self,
        by: &Actor,
        new: &NewPerson,
        language: &str,
        delivery: Delivery,
    ) -> Result<Link, RegisterError> {
        if !matches!(new.role, Role::Analyst | Role::Secondee | Role::Lead | Role::Administrator | Role::Observer) {
            return Err(RegisterError::Refused("an organisation's own admin invites its people".into()));
        }
        by.acts_on(new.role, new.organisation)?;
        self.check_belonging(new)?;
        crate::people::checked_secondment(new)?;
        self.within(|transaction| {
            let sent = NewInvitation {
                kind: InvitationKind::Cell,
                organisation: new.organisation,
                person: None,
                role: new.role,
                email: &new.email,
                name: &new.name,
                language,
                secondment: new.secondment.as_ref(),
                by: by.person,
            };
            let link = self.send(transaction, &sent, delivery)?;
            self.note(transaction, by, "person-invited", &new.email, new.role.as_str())?;
            Ok(link)
        })
    }

    /// Suspends an organisation.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is none, [`RegisterError::Refused`] if it cannot be from where it stands.
    pub fn suspend_organisation(&self, by: &Actor, id: OrganisationId) -> Result<(), RegisterError> {
        self.move_organisation(by, id, |_, status| match status {
            Status::Invited | Status::Active | Status::Dormant => Ok(Status::Suspended),
            Status::Suspended | Status::Left => Err(refused(status)),
        })
    }

    /// Lets a suspended organisation take part again, or be invited again if it never came.
    ///
    /// # Errors
    /// As [`Register::suspend_organisation`].
    pub fn resume_organisation(&self, by: &Actor, id: OrganisationId) -> Result<(), RegisterError> {
        self.move_organisation(by, id, |transaction, status| {
            if status != Status::Suspended {
                return Err(refused(status));
            }
            // Whoever ever came has reports that the next one to accept an invitation must not read, with all accounts closed as well.
            let came: bool = transaction.query_row(
                "SELECT EXISTS (SELECT 1 FROM person WHERE organisation = ?1)
                 OR EXISTS (SELECT 1 FROM key WHERE organisation = ?1)",
                [id.as_bytes()],
                |row| row.get(0),
            )?;
            // The time of the suspension does not count as time in which nobody signed in.
            transaction.execute(
                "UPDATE last_use SET day = ?2, notice = 0, notice_day = NULL WHERE organisation = ?1",
                params![id.as_bytes(), super::day_of(self.now())],
            )?;
            Ok(if came { Status::Active } else { Status::Invited })
        })
    }

    /// Ends an organisation's membership: accounts are closed, keys revoked, links taken back.
    ///
    /// # Errors
    /// As [`Register::suspend_organisation`].
    pub fn close_organisation(&self, by: &Actor, id: OrganisationId) -> Result<(), RegisterError> {
        self.move_organisation(by, id, |transaction, status| {
            if status == Status::Left {
                return Err(refused(status));
            }
            shut(transaction, self.now(), id)?;
            Ok(Status::Left)
        })
    }

    fn move_organisation(
        &self,
        by: &Actor,
        id: OrganisationId,
        to: impl FnOnce(&Connection, Status) -> Result<Status, RegisterError>,
    ) -> Result<(), RegisterError> {
        by.needs(Right::ManageMembers)?;
        self.within(|transaction| {
            let (name, status) = organisation(transaction, id)?;
            let to = to(transaction, status)?;
            transaction
                .execute("UPDATE organisation SET status = ?2 WHERE id = ?1", params![id.as_bytes(), to.as_str()])?;
            self.note(transaction, by, "organisation-status", &name, to.as_str())
        })
    }

    /// Writes what an organisation is: the cell's word on its name and sectors, of which its people are told. What is its own it says
    /// itself once it takes part: by a range or a brand that nobody else has, its reports could be told from others'.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] naming a field, [`RegisterError::Exists`] if the name is taken.
    pub fn edit_organisation(
        &self,
        by: &Actor,
        id: OrganisationId,
        name: &str,
        sector: Sector,
        profile: &Profile,
    ) -> Result<(), RegisterError> {
        by.needs(Right::ManageMembers)?;
        let (name, mut profile) = (crate::names::name("name", name)?, profile.normal(sector)?);
        self.within(|transaction| {
            let (before, status) = organisation(transaction, id)?;
            let held = profile::read(transaction, id)?.unwrap_or_default();
            if by.person.is_some() && status != Status::Invited {
                keep_own(&mut profile, &held)?;
            }
            let stood: String =
                transaction
                    .query_row("SELECT sector FROM organisation WHERE id = ?1", [id.as_bytes()], |row| row.get(0))?;
            let taken: bool = transaction.query_row(
                "SELECT EXISTS (SELECT 1 FROM organisation WHERE folded = ?1 AND id <> ?2)",
                params![name.to_lowercase(), id.as_bytes()],
                |row| row.get(0),
            )?;
            if taken {
                return Err(RegisterError::Exists(name));
            }
            transaction.execute(
                "UPDATE organisation SET name = ?2, folded = ?3, sector = ?4 WHERE id = ?1",
                params![id.as_bytes(), name, name.to_lowercase(), sector.as_str()],
            )?;
            profile::write(transaction, id, &profile)?;
            let sectors = (sector.as_str(), &profile.further) != (stood.as_str(), &held.further);
            if name != before || sectors {
                for to in &everybody_of(transaction, id)? {
                    self.post(transaction, &letters::edited(to, &before, &name, sectors))?;
                }
            }
            let mut detail = if name == before { String::new() } else { format!("now {name}") };
            if sectors {
                detail += if detail.is_empty() { "sectors" } else { ", sectors" };
            }
            self.note(transaction, by, "organisation-edited", &before, &detail)
        })
    }
}

/// Has a profile that a lead writes keep what is the organisation's own.
fn keep_own(profile: &mut Profile, held: &Profile) -> Result<(), RegisterError> {
    let (new, old) = (&mut profile.assets, &held.assets);
    for (what, new, old) in [
        ("domains", &mut new.domains, &old.domains),
        ("ranges", &mut new.ranges, &old.ranges),
        ("brands", &mut new.brands, &old.brands),
    ] {
        if new.is_empty() {
            new.clone_from(old);
        } else if new != old {
            return Err(RegisterError::Refused(format!(
                "{what}: once an organisation takes part, only its own administrators say what is its own"
            )));
        }
    }
    Ok(())
}

/// Whether somebody was ever sent another way in.
fn was_let_in_anew(transaction: &Connection, person: PersonId) -> Result<bool, RegisterError> {
    Ok(transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM invitation WHERE person = ?1 AND kind = 'recovery' AND state = 'accepted')",
        [person.as_bytes()],
        |row| row.get(0),
    )?)
}

/// Whether somebody has an account and nothing to sign in with.
fn is_without_factor(transaction: &Connection, person: PersonId) -> Result<bool, RegisterError> {
    Ok(transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM person WHERE id = ?1 AND closed = 0 AND disabled = 0 AND password IS NULL)
         AND NOT EXISTS (SELECT 1 FROM passkey WHERE person = ?1)",
        [person.as_bytes()],
        |row| row.get(0),
    )?)
}

pub(super) fn refused(status: Status) -> RegisterError {
    RegisterError::Refused(format!("the organisation is {}", status.as_str()))
}

/// Addresses of an organisation's people, of those too who are shut out: that somebody cannot sign in keeps nothing from them.
pub(super) fn everybody_of(transaction: &Connection, id: OrganisationId) -> Result<Vec<String>, RegisterError> {
    let mut statement = transaction.prepare_cached(
        "SELECT email FROM person WHERE organisation = ?1 AND closed = 0 AND role <> 'seconded-analyst' ORDER BY email LIMIT 500",
    )?;
    let all: Vec<String> = statement.query_map([id.as_bytes()], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(all.into_iter().filter(|to| crate::mail::checked_address(to).is_ok()).collect())
}

/// A role as letters name it.
const fn words(role: Role) -> &'static str {
    match role {
        Role::Reader => "reader",
        Role::Reporter => "reporter",
        Role::OrganisationAdmin => "administrator of the organisation",
        Role::Observer => "observer",
        Role::Analyst => "analyst",
        Role::Secondee => "seconded analyst",
        Role::Lead => "lead",
        Role::Administrator => "administrator of the system",
    }
}
