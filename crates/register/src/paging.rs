//! Waking people of the cell: whom, by which mails and calls of a webhook, and what of it is still on its way.
//!
//! What somebody is woken for is an opaque name to the register, which knows no report.

use model::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::credentials::digest_bytes;
use crate::joining::settings::JoiningSettings;
use crate::mail::{MailKind, NewMail, checked_address, padded, parts, queue_sealed};
use crate::register::{Register, RegisterError};

/// Entries of a list of those who are woken.
pub const SHIFT_ENTRIES_MAX: usize = 20;
/// People who are woken at once.
const WOKEN_MAX: usize = 100;
/// Longest body of a webhook's call.
pub const HOOK_BYTES_MAX: usize = 4 << 10;
/// Calls of the webhook that may wait: with more, the newest are not made, and mails go out all the same.
const HOOKS_WAITING_MAX: i64 = 10_000;
/// A call that nobody has answered for by then is made again.
const CLAIM_MILLIS: i64 = 2 * 60_000;
const DAY_MILLIS: i64 = 24 * 3_600_000;
/// Days for which it is known that somebody was woken.
const KEPT_DAYS: i64 = 30;

/// Who is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Whoever is on shift.
    Shift,
    /// The leads, after them.
    Leads,
}

impl Stage {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shift => "shift",
            Self::Leads => "leads",
        }
    }
}

/// Whom a stage wakes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Woken {
    /// Addresses, each once.
    pub to: Vec<String>,
}

/// Somebody is to be woken.
pub struct NewPage {
    /// An opaque name of what for: nobody is woken twice for it.
    pub about: [u8; 16],
    /// Who.
    pub stage: Stage,
    /// Subject of the mails.
    pub subject: String,
    /// Their text.
    pub text: String,
    /// Body of the webhook's call; without one none is made.
    pub hook: Option<String>,
}

impl NewPage {
    /// The opaque name of what has waited since a moment.
    #[must_use]
    pub fn name_of(what: &[u8; 16], since: Timestamp) -> [u8; 16] {
        let hash = digest_bytes(&[what.as_slice(), &since.as_millis().to_le_bytes()].concat());
        hash.first_chunk().copied().unwrap_or_default()
    }
}

/// A call of the webhook that was claimed.
#[derive(Clone)]
pub struct Hook {
    /// Its name: the same at every try.
    pub id: [u8; 16],
    /// What it says.
    pub body: String,
    /// Tries so far, this one included.
    pub attempts: u32,
}

/// A list of those who are woken, in its one form.
pub(crate) fn shift_list(text: &str) -> Result<String, String> {
    let entries: Vec<String> =
        text.split(',').map(|entry| entry.trim().to_lowercase()).filter(|entry| !entry.is_empty()).collect();
    if entries.len() > SHIFT_ENTRIES_MAX {
        return Err(format!("at most {SHIFT_ENTRIES_MAX} entries"));
    }
    let good = |entry: &String| matches!(entry.as_str(), "analysts" | "leads") || checked_address(entry).is_ok();
    if !entries.iter().all(good) {
        return Err("analysts, leads and mail addresses, with commas between them, or nothing".to_owned());
    }
    Ok(entries.join(", "))
}

/// People of one role who may sign in, and are of the cell itself: somebody who is lent to it is woken for nothing, since a wall
/// hides what it is about.
fn of_role(connection: &Connection, role: &str) -> Result<Vec<String>, RegisterError> {
    let mut statement = connection.prepare_cached(
        "SELECT email FROM person WHERE role = ?1 AND organisation IS NULL AND closed = 0 AND disabled = 0
         ORDER BY email LIMIT ?2",
    )?;
    let rows = statement.query_map(params![role, i64::try_from(WOKEN_MAX).unwrap_or(i64::MAX)], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn woken(connection: &Connection, settings: &JoiningSettings, stage: Stage) -> Result<Woken, RegisterError> {
    let list = if stage == Stage::Shift { &settings.page_shift } else { &settings.page_leads };
    let mut to: Vec<String> = Vec::new();
    for entry in list.split(", ").filter(|entry| !entry.is_empty()) {
        let people = match entry {
            "analysts" => of_role(connection, "analyst")?,
            "leads" => of_role(connection, "lead")?,
            address => vec![address.to_owned()],
        };
        for person in people {
            // An address that no mail can be sent to must not keep others asleep.
            if to.len() < WOKEN_MAX && !to.contains(&person) && checked_address(&person).is_ok() {
                to.push(person);
            }
        }
    }
    Ok(Woken { to })
}

impl Register {
    /// Whom a stage wakes; a shift of nobody is the leads' to answer for.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be read.
    pub fn woken(&self, stage: Stage) -> Result<Woken, RegisterError> {
        let connection = self.connection();
        let settings = JoiningSettings::read(&connection)?;
        let found = woken(&connection, &settings, stage)?;
        if found.to.is_empty() && stage == Stage::Shift {
            return woken(&connection, &settings, Stage::Leads);
        }
        Ok(found)
    }

    /// Wakes people, if they were not woken for it before: mails and the call are in one transaction with the note that they
    /// were. `to` is empty where no mail is sent. Gives whether they were not woken before.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be written: then nothing of it is.
    pub fn page(&self, now: Timestamp, new: &NewPage, to: &[String]) -> Result<bool, RegisterError> {
        let key = self.outbox_key()?;
        let entropy = &*self.entropy;
        self.within(|transaction| {
            let stage = new.stage as i64;
            let day = now.floor_to(DAY_MILLIS).as_millis();
            let note = "INSERT INTO page(about, stage, day) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            if transaction.prepare_cached(note)?.execute(params![new.about, stage, day])? == 0 {
                return Ok(false);
            }
            for to in to {
                let (subject, text) = (new.subject.clone(), new.text.clone());
                let mail = NewMail { to: to.clone(), kind: MailKind::Page, subject, text };
                queue_sealed(transaction, entropy, key, now, &mail, Some(&new.about))?;
            }
            let waiting: i64 = transaction.query_row("SELECT count(*) FROM hook", [], |row| row.get(0))?;
            let body = new.hook.as_ref().filter(|body| waiting < HOOKS_WAITING_MAX && body.len() <= HOOK_BYTES_MAX);
            if let Some(body) = body {
                let id: [u8; 16] = entropy.bytes();
                let sealed = key.seal(entropy, &id, &padded(&[body.as_bytes()]))?;
                let insert = "INSERT INTO hook(id, page, sealed, next_try_at) VALUES (?1, ?2, ?3, ?4)";
                transaction.prepare_cached(insert)?.execute(params![id, new.about, sealed, now.as_millis()])?;
            }
            Ok(true)
        })
    }

    /// Nobody needs to be woken for it any more: what has not gone out does not go out. What is being sent just now may.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be written.
    pub fn end_page(&self, about: &[u8; 16]) -> Result<(), RegisterError> {
        let look = "SELECT EXISTS (SELECT 1 FROM mail WHERE page = ?1) OR EXISTS (SELECT 1 FROM hook WHERE page = ?1)";
        // A look costs no write, and most were never woken for.
        let any: bool = self.connection().prepare_cached(look)?.query_row([about], |row| row.get(0))?;
        if !any {
            return Ok(());
        }
        self.within(|transaction| {
            transaction.execute("DELETE FROM mail WHERE page = ?1 AND state IN ('queued', 'failed')", [about])?;
            transaction.execute("DELETE FROM hook WHERE page = ?1 AND state = 'queued'", [about])?;
            Ok(())
        })
    }

    /// What somebody is still being woken for.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be read.
    pub fn pages_on_their_way(&self) -> Result<Vec<[u8; 16]>, RegisterError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached("SELECT page FROM mail WHERE page IS NOT NULL UNION SELECT page FROM hook ORDER BY page")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Claims the call of the webhook that is due first, if any; on return the claim is on disk.
    ///
    /// # Errors
    /// [`RegisterError`] if the store cannot be read or written.
    pub fn due_hook(&self, now: Timestamp) -> Result<Option<Hook>, RegisterError> {
        let next = "SELECT id, sealed, attempts FROM hook WHERE next_try_at <= ?1 ORDER BY next_try_at, id LIMIT 1";
        let row = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, u32>(2)?))
        };
        // A look costs no write.
        if self.connection().prepare_cached(next)?.query_row([now.as_millis()], row).optional()?.is_none() {
            return Ok(None);
        }
        let key = self.outbox_key()?;
        self.within(|transaction| {
            let found = transaction.prepare_cached(next)?.query_row([now.as_millis()], row).optional()?;
            let Some((id, sealed, attempts)) = found else { return Ok(None) };
            let opened = key.open(&id, &sealed).ok();
            let body = opened.and_then(|contents| parts(&contents)).and_then(|[body]| String::from_utf8(body).ok());
            let Some(body) = body else {
                // Of another key, or damaged: it must not keep the others waiting.
                transaction.execute("DELETE FROM hook WHERE id = ?1", [id])?;
                return Ok(None);
            };
            let attempts = attempts.saturating_add(1);
            let until = now.plus_millis(CLAIM_MILLIS).as_millis();
            let claim = "UPDATE hook SET state = 'sending', attempts = ?2, next_try_at = ?3 WHERE id = ?1";
            transaction.prepare_cached(claim)?.execute(params![id, attempts, until])?;
            Ok(Some(Hook { id, body, attempts }))
        })
    }

    /// A call was taken, or is given up.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be written.
    pub fn hook_over(&self, id: &[u8; 16]) -> Result<(), RegisterError> {
        self.connection().prepare_cached("DELETE FROM hook WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// A call was not taken: it is made again at `at`.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be written.
    pub fn hook_later(&self, id: &[u8; 16], at: Timestamp, trouble: &str) -> Result<(), RegisterError> {
        let sql = "UPDATE hook SET state = 'queued', next_try_at = ?2, trouble = ?3 WHERE id = ?1";
        self.connection().prepare_cached(sql)?.execute(params![id, at.as_millis(), trouble])?;
        Ok(())
    }

    /// Makes every call anew that was being made when the process before this one ended; gives their number.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be written.
    pub fn resume_hooks(&self) -> Result<usize, RegisterError> {
        let sql = "UPDATE hook SET state = 'queued', next_try_at = ?1 WHERE state = 'sending'";
        Ok(self.connection().prepare_cached(sql)?.execute([self.now().as_millis()])?)
    }

    /// Calls of the webhook that wait, and what the last try of one failed by.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be read.
    pub fn hooks_waiting(&self) -> Result<(u64, Option<String>), RegisterError> {
        let sql = "SELECT count(*), max(trouble) FROM hook";
        let found = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get(1)?));
        let (waiting, trouble) = self.connection().prepare_cached(sql)?.query_row([], found)?;
        Ok((u64::try_from(waiting).unwrap_or(0), trouble))
    }

    /// Forgets for what people were woken thirty days ago.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be written.
    pub fn purge_pages(&self, now: Timestamp) -> Result<usize, RegisterError> {
        let before = now.floor_to(DAY_MILLIS).plus_millis(-KEPT_DAYS * DAY_MILLIS).as_millis();
        Ok(self.connection().prepare_cached("DELETE FROM page WHERE day < ?1")?.execute([before])?)
    }
}
