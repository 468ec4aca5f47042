//! Acts on people who sign in: made, given a role, disabled, a new password, an end to their sessions.

use model::PersonId;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::audit::Actor;
use crate::held::{PERSON_COLUMNS, person};
use crate::insert::{checked_email, checked_name};
use crate::nouns::{Face, NewPerson, Person, Secondment};
use crate::password::{self, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};
use crate::register::{Register, RegisterError};
use crate::rights::Role;

/// Longest name of a vetting level.
const VETTING_CHARS_MAX: usize = 40;

pub(crate) fn end_sessions(connection: &Connection, person: PersonId) -> Result<usize, RegisterError> {
    Ok(connection.execute("DELETE FROM session WHERE person = ?1", [person.as_bytes()])?)
}

/// Somebody by id, unless the account is closed.
pub(crate) fn find(connection: &Connection, id: PersonId) -> Result<Person, RegisterError> {
    let sql = format!("SELECT {PERSON_COLUMNS} FROM person WHERE id = ?1 AND closed = 0");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id.as_bytes()])?;
    let row = rows.next()?.ok_or_else(|| RegisterError::Absent("person".to_owned()))?;
    person(row)
}

/// Refuses to take away the only lead who can sign in: nobody could make another.
pub(crate) fn not_the_last_lead(connection: &Connection, of: &Person) -> Result<(), RegisterError> {
    if of.role != Role::Lead {
        return Ok(());
    }
    let sql = "SELECT count(*) FROM person WHERE role = 'lead' AND disabled = 0 AND closed = 0 AND id <> ?1";
    let others: i64 = connection.query_row(sql, [of.id.as_bytes()], |row| row.get(0))?;
    if others > 0 { Ok(()) } else { Err(RegisterError::Refused("the last lead cannot be removed".to_owned())) }
}

pub(crate) fn checked_secondment(new: &NewPerson) -> Result<Option<(String, i64, String)>, RegisterError> {
    match (&new.secondment, new.role) {
        (None, Role::Secondee) => {
            Err(RegisterError::Refused("a secondee has a vetting level, its end, and walled sectors".to_owned()))
        }
        (Some(Secondment { vetting, vetted_until, wall }), Role::Secondee) => {
            let vetting = checked_name(vetting)?;
            if vetting.chars().count() > VETTING_CHARS_MAX {
                let text = format!("a vetting level has at most {VETTING_CHARS_MAX} characters");
                return Err(RegisterError::Refused(text));
            }
            let wall: Vec<&str> = wall.iter().map(|sector| sector.as_str()).collect();
            Ok(Some((vetting, vetted_until.as_millis(), wall.join(","))))
        }
        (Some(_), _) => Err(RegisterError::Refused("only a secondee is vetted and walled".to_owned())),
        (None, _) => Ok(None),
    }
}

impl Register {
    /// Refuses a password that somebody chose if it is among those that are guessed first.
    pub(crate) fn check_choice(&self, person: &Person, password: &str) -> Result<(), RegisterError> {
        let organisation = person.organisation.and_then(|id| self.organisation(id)).map(|held| held.name.clone());
        let words = [person.name.as_str(), person.email.as_str(), organisation.as_deref().unwrap_or_default()];
        if password::is_guessable(password, &words) {
            let text = "this password is among the first that are guessed (common words, names, dates, rows of keys, repeats): take four words that do not belong together";
            return Err(RegisterError::Refused(text.into()));
        }
        Ok(())
    }

    /// The stored form of a new password.
    pub(crate) fn hashed(&self, password: &str) -> Result<String, RegisterError> {
        if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
            return Err(RegisterError::Refused(format!(
                "a password has {PASSWORD_CHARS_MIN} to {PASSWORD_BYTES_MAX} characters"
            )));
        }
        password::store(self.cost, &*self.entropy, password)
            .ok_or_else(|| RegisterError::Refused("the password cannot be hashed".into()))
    }

    /// People of the member side belong to an organisation, secondees to the one that lends them, others of the cell to
    /// none.
    pub(crate) fn check_belonging(&self, new: &NewPerson) -> Result<(), RegisterError> {
        match new.organisation {
            None if new.role.face() == Face::Member => {
                Err(RegisterError::Refused("a member belongs to an organisation".into()))
            }
            None if new.role == Role::Secondee => {
                Err(RegisterError::Refused("a secondee has a home organisation".into()))
            }
            Some(_) if new.role.face() == Face::Cell && new.role != Role::Secondee => {
                Err(RegisterError::Refused("people of the cell belong to no member organisation".into()))
            }
            Some(id) => {
                let held = self.organisation(id).ok_or_else(|| RegisterError::Absent(format!("organisation {id}")))?;
                let observes = held.class == crate::OrganisationClass::Observer;
                if observes != (new.role == Role::Observer) && new.role != Role::Secondee {
                    let text = "observers belong to observing organisations, and members to member organisations";
                    return Err(RegisterError::Refused(text.into()));
                }
                match &new.secondment {
                    Some(secondment) if !secondment.wall.contains(&held.sector) => {
                        let sector = held.sector.title();
                        Err(RegisterError::Refused(format!(
                            "the wall leaves out {sector}, the home organisation's sector"
                        )))
                    }
                    _ => Ok(()),
                }
            }
            None => Ok(()),
        }
    }

    /// Makes somebody who can sign in.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] if the password is too short, the address is none, or role and organisation do not fit;
    /// [`RegisterError::NoRight`] for whoever may not act on such a role.
    pub fn create_person(&self, by: &Actor, new: &NewPerson, password: &str) -> Result<PersonId, RegisterError> {
        by.acts_on(new.role, new.organisation)?;
        let stored = self.hashed(password)?;
        self.check_belonging(new)?;
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let id = self.insert_person(&transaction, new, Some(&stored))?;
        self.note(&transaction, by, "person-made", &checked_email(&new.email)?, new.role.as_str())?;
        transaction.commit()?;
        self.reload(&connection)?;
        Ok(id)
    }

    /// A new row, within the transaction that notes the act. Without a password nobody signs in until a first factor is set.
    pub(crate) fn insert_person(
        &self,
        transaction: &Connection,
        new: &NewPerson,
        password: Option<&str>,
    ) -> Result<PersonId, RegisterError> {
        let (email, name) = (checked_email(&new.email)?, checked_name(&new.name)?);
        let secondment = checked_secondment(new)?;
        let id = PersonId::from_bytes(self.entropy.bytes());
        let (vetting, until, wall) =
            secondment.map_or((None, None, String::new()), |(vetting, until, wall)| (Some(vetting), Some(until), wall));
        let inserted = transaction.execute(
            "INSERT OR IGNORE INTO person(id, email, name, organisation, role, password, vetting, vetted_until, wall) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                id.as_bytes(),
                email,
                name,
                new.organisation.map(|id| *id.as_bytes()),
                new.role.as_str(),
                password,
                vetting,
                until,
                wall
            ],
        )?;
        if inserted == 0 { Err(RegisterError::Exists(email)) } else { Ok(id) }
    }

    /// Makes the first cell lead; refused if there is one.
    ///
    /// # Errors
    /// As [`Register::create_person`].
    pub fn init_lead(&self, email: &str, name: &str, password: &str) -> Result<PersonId, RegisterError> {
        if self.has_lead()? {
            return Err(RegisterError::Refused("there is a cell lead already".into()));
        }
        let new = NewPerson {
            email: email.to_owned(),
            name: name.to_owned(),
            organisation: None,
            role: Role::Lead,
            secondment: None,
        };
        self.create_person(&Actor::operator(), &new, password)
    }

    /// Whether there is a cell lead.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be read.
    pub fn has_lead(&self) -> Result<bool, RegisterError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM person WHERE role = 'lead' AND closed = 0)";
        Ok(self.connection().query_row(sql, [], |row| row.get(0))?)
    }

    /// Somebody by id.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is nobody.
    pub fn person(&self, id: PersonId) -> Result<Person, RegisterError> {
        find(&self.connection(), id)
    }

    /// Somebody by e-mail address, whatever its spelling.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is nobody.
    pub fn person_named(&self, email: &str) -> Result<Person, RegisterError> {
        let email = checked_email(email)?;
        let connection = self.connection();
        let id: Option<[u8; 16]> = connection
            .query_row("SELECT id FROM person WHERE email = ?1 AND closed = 0", [&email], |row| row.get(0))
            .optional()?;
        let id = id.ok_or_else(|| RegisterError::Absent(format!("person {email:?}")))?;
        find(&connection, PersonId::from_bytes(id))
    }

    /// Everybody by e-mail address, closed accounts left out: for the command line; pages read a page at a time.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn people(&self) -> Result<Vec<Person>, RegisterError> {
        let connection = self.connection();
        let sql = format!("SELECT {PERSON_COLUMNS} FROM person WHERE closed = 0 ORDER BY email");
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(person(row)?);
        }
        Ok(all)
    }

    /// Does one thing to somebody and notes it, unless `by` may not act on them.
    pub(crate) fn act_on(
        &self,
        by: &Actor,
        id: PersonId,
        what: &str,
        act: impl FnOnce(&Connection, &Person) -> Result<String, RegisterError>,
    ) -> Result<(), RegisterError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let target = find(&transaction, id)?;
        by.acts_on(target.role, target.organisation)?;
        let detail = act(&transaction, &target)?;
        self.note(&transaction, by, what, &target.email, &detail)?;
        transaction.commit()?;
        self.reload(&connection)
    }

    /// Lets somebody sign in no more, and ends every session; or lets them sign in again.
    ///
    /// # Errors
    /// [`RegisterError::Absent`] if there is nobody, [`RegisterError::NoRight`] for whoever may not,
    /// [`RegisterError::Refused`] for the last lead.
    pub fn set_disabled(&self, by: &Actor, person: PersonId, disabled: bool) -> Result<(), RegisterError> {
        let what = if disabled { "person-disabled" } else { "person-enabled" };
        self.act_on(by, person, what, |transaction, target| {
            if disabled {
                not_the_last_lead(transaction, target)?;
                end_sessions(transaction, person)?;
            }
            let sql = "UPDATE person SET disabled = ?2 WHERE id = ?1";
            transaction.execute(sql, params![person.as_bytes(), disabled])?;
            Ok(String::new())
        })
    }

    /// Gives somebody another role; their sessions go on with its rights.
    ///
    /// # Errors
    /// As [`Register::set_disabled`], and [`RegisterError::Refused`] if the role does not fit the organisation.
    pub fn set_role(&self, by: &Actor, id: PersonId, role: Role) -> Result<(), RegisterError> {
        let known = self.person(id)?;
        by.acts_on(role, known.organisation)?;
        let new = NewPerson {
            email: known.email,
            name: known.name,
            organisation: known.organisation,
            role,
            secondment: known.secondment,
        };
        if role.face() != known.role.face() || (role == Role::Secondee) != (known.role == Role::Secondee) {
            let text = "nobody changes sides by a new role: close the account and invite anew";
            return Err(RegisterError::Refused(text.to_owned()));
        }
        self.check_belonging(&new)?;
        self.act_on(by, id, "person-role", |transaction, target| {
            if role != Role::Lead {
                not_the_last_lead(transaction, target)?;
            }
            transaction.execute("UPDATE person SET role = ?2 WHERE id = ?1", params![id.as_bytes(), role.as_str()])?;
            Ok(format!("{} to {}", target.role.as_str(), role.as_str()))
        })
    }

    /// Gives somebody another password and ends every session that the old one began.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] if it is too short or easily guessed, [`RegisterError::Absent`] if there is nobody.
    pub fn set_password(&self, by: &Actor, person: PersonId, password: &str) -> Result<(), RegisterError> {
        self.check_choice(&self.person(person)?, password)?;
        let stored = self.hashed(password)?;
        self.act_on(by, person, "person-password", |transaction, _| {
            let sql = "UPDATE person SET password = ?2 WHERE id = ?1";
            transaction.execute(sql, params![person.as_bytes(), stored])?;
            end_sessions(transaction, person)?;
            Ok(String::new())
        })
    }

    /// Ends every session of a person; gives their number.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be stored.
    pub fn end_sessions(&self, by: &Actor, person: PersonId) -> Result<usize, RegisterError> {
        let mut ended = 0;
        self.act_on(by, person, "sessions-ended", |transaction, _| {
            ended = end_sessions(transaction, person)?;
            Ok(String::new())
        })?;
        Ok(ended)
    }

    /// Makes somebody as described, be the address new or known: a known one gets the new name, organisation, role and
    /// password, may sign in again, and loses its sessions. Whoever has the machine does this, for an exercise.
    ///
    /// # Errors
    /// As [`Register::create_person`].
    pub fn put_person(&self, new: &NewPerson, password: &str) -> Result<PersonId, RegisterError> {
        let by = Actor::operator();
        let Ok(known) = self.person_named(&new.email) else { return self.create_person(&by, new, password) };
        self.check_belonging(new)?;
        let (name, stored) = (checked_name(&new.name)?, self.hashed(password)?);
        self.act_on(&by, known.id, "person-made", |transaction, _| {
            transaction.execute(
                "UPDATE person SET name = ?2, organisation = ?3, role = ?4, password = ?5, disabled = 0 WHERE id = ?1",
                params![
                    known.id.as_bytes(),
                    name,
                    new.organisation.map(|id| *id.as_bytes()),
                    new.role.as_str(),
                    stored
                ],
            )?;
            end_sessions(transaction, known.id)?;
            Ok(new.role.as_str().to_owned())
        })?;
        Ok(known.id)
    }
}
