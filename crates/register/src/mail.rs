//! The outbox: mails that acts of the register tell of, kept until a mail server has taken them.

use model::{Entropy, Timestamp};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

mod letters;
mod sealed;

pub(crate) use sealed::{padded, parts, queue_notice, queue_sealed};

use crate::credentials::hex;
use crate::register::{Register, RegisterError};
use crate::seal::SealKey;

/// Mails that may wait to be sent: then acts that send one are refused rather than done in silence.
pub const MAILS_WAITING_MAX: i64 = 50_000;
/// Longest subject.
pub const MAIL_SUBJECT_CHARS_MAX: usize = 200;
/// Longest text.
pub const MAIL_TEXT_BYTES_MAX: usize = 16 << 10;
/// Longest address and longest part of it before the `@`, as mail servers have them.
const ADDRESS_BYTES_MAX: usize = 254;
const LOCAL_BYTES_MAX: usize = 64;
const LABEL_BYTES_MAX: usize = 63;
/// A claim that nobody has answered by then is taken back.
const CLAIM_MILLIS: i64 = 15 * 60_000;
/// Blank notices that are removed at a time, on the way to mails.
const BLANKS_AT_ONCE: usize = 1_000;
const DAY_MILLIS: i64 = 24 * 3_600_000;
/// Days after which nothing of a mail is left, sent or not.
const KEPT_DAYS: i64 = 30;

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailKind {
    /// The cell's invitation to join.
    Invitation,
    /// A member's sponsorship of a firm that is to join.
    Sponsorship,
    /// A way back in for somebody who lost the means to sign in.
    Recovery,
    /// Something that changed: a role, a key, an organisation's standing, terms.
    Notice,
    /// An operator's trial of the way to the mail server.
    Trial,
    /// A report that is still going on waits: somebody of the cell is woken.
    Page,
}

impl MailKind {
    const ALL: [Self; 6] = [Self::Invitation, Self::Sponsorship, Self::Recovery, Self::Notice, Self::Trial, Self::Page];

    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Sponsorship => "sponsorship",
            Self::Recovery => "recovery",
            Self::Notice => "notice",
            Self::Trial => "trial",
            Self::Page => "page",
        }
    }

    fn from_name(name: &str) -> Result<Self, RegisterError> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        found.ok_or_else(|| RegisterError::Stored(format!("{name:?} is no kind of mail")))
    }

    /// Those of a lower class go first: thousands of notices must not keep one person's way back in waiting, and nothing
    /// the shift.
    const fn class(self) -> i64 {
        match self {
            Self::Page => -1,
            Self::Notice => 1,
            _ => 0,
        }
    }
}

/// A mail to queue. No `Debug`: the text may hold a single-use link.
#[derive(Clone)]
pub struct NewMail {
    /// The address.
    pub to: String,
    /// What it is about.
    pub kind: MailKind,
    /// Subject.
    pub subject: String,
    /// The text; lines end with a line feed.
    pub text: String,
}

/// A mail's random name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailId([u8; 16]);

/// A mail that was claimed for sending.
#[derive(Clone)]
pub struct Mail {
    /// Its name.
    pub id: MailId,
    /// The address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The `Message-ID` without angle brackets: the same at every try.
    pub message_id: String,
    /// Tries so far, this one included.
    pub attempts: u32,
    /// The day on which it was queued.
    pub day: Timestamp,
}

/// Where a mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// It waits.
    Queued,
    /// It is being handed to the mail server.
    Sending,
    /// The mail server has taken it.
    Sent,
    /// The mail server refused it for good.
    Failed,
}

impl MailState {
    /// The name used in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    fn from_name(name: &str) -> Result<Self, RegisterError> {
        let found = [Self::Queued, Self::Sending, Self::Sent, Self::Failed].into_iter();
        let found = found.into_iter().find(|state| state.as_str() == name);
        found.ok_or_else(|| RegisterError::Stored(format!("{name:?} is no state of a mail")))
    }
}

/// A mail as an operator sees it: never its subject or text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailInfo {
    /// The address; empty where that lies sealed.
    pub to: String,
    /// What it is about.
    pub kind: MailKind,
    /// Where it stands.
    pub state: MailState,
    /// Tries so far.
    pub attempts: u32,
    /// The day on which it was queued.
    pub day: Timestamp,
    /// What the last try failed by, as one of a few words and the mail server's code.
    pub trouble: Option<String>,
    /// Whether a try was cut short after the mail server may have taken it: it may have arrived twice, with one
    /// `Message-ID`.
    pub unsure: bool,
}

/// How many mails stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailCounts {
    /// Wait, or are being sent.
    pub waiting: u64,
    /// Were taken, in the last 30 days.
    pub sent: u64,
    /// Were refused, in the last 30 days.
    pub failed: u64,
}

/// An address that a mail server can be told: one local part and one domain in plain ASCII, nothing that could end or
/// begin a command or header.
pub(crate) fn checked_address(to: &str) -> Result<&str, RegisterError> {
    let refuse = || RegisterError::Refused(format!("{to:?} is no address that mail can be sent to"));
    let (local, domain) = to.split_once('@').ok_or_else(refuse)?;
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let is_local = local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom));
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= LABEL_BYTES_MAX
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let fits = to.len() <= ADDRESS_BYTES_MAX && local.len() <= LOCAL_BYTES_MAX;
    if fits && is_local && domain.split('.').all(is_label) { Ok(to) } else { Err(refuse()) }
}

/// Line and paragraph separators end a line as well as a line feed does.
fn breaks_lines(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

fn checked(mail: &NewMail) -> Result<(), RegisterError> {
    let refused = |why: String| Err(RegisterError::Refused(why));
    checked_address(&mail.to)?;
    if mail.subject.is_empty() || mail.subject.chars().count() > MAIL_SUBJECT_CHARS_MAX {
        return refused(format!("a mail's subject has 1 to {MAIL_SUBJECT_CHARS_MAX} characters"));
    }
    if mail.subject.chars().any(breaks_lines) {
        return refused("a mail's subject has no control characters".to_owned());
    }
    if mail.text.is_empty() || mail.text.len() > MAIL_TEXT_BYTES_MAX {
        return refused(format!("a mail's text has 1 to {MAIL_TEXT_BYTES_MAX} bytes"));
    }
    if mail.text.chars().any(|character| breaks_lines(character) && !matches!(character, '\n' | '\t')) {
        return refused("a mail's text has no control characters but line feed and tab".to_owned());
    }
    Ok(())
}

fn waiting(connection: &Connection) -> Result<i64, RegisterError> {
    Ok(connection.query_row("SELECT waiting FROM mail_load", [], |row| row.get(0))?)
}

/// Queues a mail within the transaction of the act that it tells of: neither is there without the other.
///
/// # Errors
/// [`RegisterError::Refused`] if the mail cannot be sent as it is, or if too many wait: the act is then not done.
pub(crate) fn queue(
    transaction: &Connection,
    entropy: &dyn Entropy,
    now: Timestamp,
    mail: &NewMail,
) -> Result<(), RegisterError> {
    checked(mail)?;
    let waiting = waiting(transaction)?;
    if waiting >= MAILS_WAITING_MAX {
        return Err(RegisterError::Refused(format!(
            "{waiting} mails wait to be sent already: see to the mail server first"
        )));
    }
    let insert = "INSERT INTO mail(id, recipient, kind, bulk, day, next_try_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    transaction.prepare_cached(insert)?.execute(params![
        entropy.bytes::<16>(),
        mail.to,
        mail.kind.as_str(),
        mail.kind.class(),
        now.floor_to(DAY_MILLIS).as_millis(),
        now.as_millis(),
    ])?;
    letters::put(transaction, &mail.subject, &mail.text, None)
}

fn claimed(
    transaction: &Transaction<'_>,
    key: Option<&SealKey>,
    now: Timestamp,
    max: usize,
    domain: &str,
) -> Result<Vec<Mail>, RegisterError> {
    let (mut mails, mut shut, mut blank) = (Vec::new(), Vec::new(), Vec::new());
    for class in [-1, 0, 1] {
        let mut statement = transaction.prepare_cached(
            "SELECT id, recipient, subject, text, message_id, attempts, day, sealed FROM mail JOIN letter ON letter.mail = number
             WHERE state IN ('queued', 'sending') AND bulk = ?1 AND next_try_at <= ?2 ORDER BY next_try_at, number LIMIT ?3",
        )?;
        let room = i64::try_from(max.saturating_sub(mails.len()).saturating_add(BLANKS_AT_ONCE)).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![class, now.as_millis(), room])?;
        while mails.len() < max
            && let Some(row) = rows.next()?
        {
            let id: [u8; 16] = row.get(0)?;
            let named: Option<String> = row.get(4)?;
            let contents = match row.get::<_, Option<Vec<u8>>>(7)? {
                None => [row.get(1)?, row.get(2)?, row.get(3)?],
                Some(sealed) => match key.map(|key| sealed::open(key, &id, &sealed)) {
                    // A blank beside those who have news: it ends here.
                    Some(Ok([to, ..])) if to.is_empty() => {
                        blank.push(id);
                        continue;
                    }
                    Some(Ok(contents)) => contents,
                    // Of another key, or damaged: it must not keep the others waiting.
                    _ => {
                        shut.push(id);
                        continue;
                    }
                },
            };
            let [to, subject, text] = contents;
            mails.push(Mail {
                id: MailId(id),
                to,
                subject,
                text,
                message_id: named.unwrap_or_else(|| format!("{}@{domain}", hex(&id))),
                attempts: row.get::<_, u32>(5)?.saturating_add(1),
                day: Timestamp::from_millis(row.get(6)?),
            });
        }
    }
    for id in blank {
        transaction.prepare_cached("DELETE FROM mail WHERE id = ?1")?.execute([id])?;
    }
    for id in shut {
        transaction.execute("DELETE FROM mail WHERE id = ?1 AND kind = 'notice' AND recipient = ''", [id])?;
        let sql =
            "UPDATE mail SET state = 'failed', next_try_at = 0, trouble = 'sealed with another key' WHERE id = ?1";
        transaction.execute(sql, [id])?;
    }
    let mut update = transaction.prepare_cached(
        "UPDATE mail SET unsure = unsure OR state = 'sending', state = 'sending', attempts = ?2, next_try_at = ?3,
         message_id = ?4 WHERE id = ?1",
    )?;
    for mail in &mails {
        let until = now.plus_millis(CLAIM_MILLIS).as_millis();
        update.execute(params![mail.id.0, mail.attempts, until, mail.message_id])?;
    }
    Ok(mails)
}

impl Register {
    /// Queues a mail that no other act is bound to.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] if it cannot be sent as it is, or too many wait.
    pub fn queue_mail(&self, mail: &NewMail) -> Result<(), RegisterError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        queue(&transaction, &*self.entropy, self.now(), mail)?;
        Ok(transaction.commit()?)
    }

    /// Claims up to `max` mails that are due, urgent ones first; on return the claim is on disk. `domain` names a
    /// mail's `Message-ID` at its first try, and is not looked at again.
    ///
    /// # Errors
    /// [`RegisterError`] if the store cannot be read or written.
    pub fn due_mail(&self, now: Timestamp, max: usize, domain: &str) -> Result<Vec<Mail>, RegisterError> {
        let mut connection = self.connection();
        let due = "SELECT EXISTS (SELECT 1 FROM mail WHERE state IN ('queued', 'sending') AND bulk IN (-1, 0, 1)
            AND next_try_at <= ?1)";
        // A look costs no write.
        if !connection.prepare_cached(due)?.query_row([now.as_millis()], |row| row.get(0))? {
            return Ok(Vec::new());
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mails = claimed(&transaction, self.outbox_key().ok(), now, max, domain)?;
        transaction.commit()?;
        Ok(mails)
    }

    fn put_mail(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<usize, RegisterError> {
        Ok(self.connection().prepare_cached(sql)?.execute(values)?)
    }

    /// Of a notice that there is something new nothing is left once the mail server has answered, whatever it said: how many went
    /// out when would tell of how many organisations something came. Gives whether it was one.
    fn end_notice(&self, id: MailId) -> Result<bool, RegisterError> {
        let sql = "DELETE FROM mail WHERE id = ?1 AND kind = 'notice' AND recipient = '' AND state = 'sending'";
        Ok(self.put_mail(sql, &[&id.0])? > 0)
    }

    /// The mail server has taken a mail: subject and text are deleted; [`Register::forget_letters`] leaves no trace of them.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be written.
    pub fn mail_sent(&self, id: MailId) -> Result<(), RegisterError> {
        if self.end_notice(id)? {
            return Ok(());
        }
        let sql = "UPDATE mail SET state = 'sent', page = NULL, trouble = NULL, next_try_at = 0 WHERE id = ?1";
        self.put_mail(sql, &[&id.0]).map(drop)
    }

    /// The mail server would not have a mail now, or, if `unsure`, never said whether it took it: it is tried again at `at`.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be written.
    pub fn mail_later(&self, id: MailId, at: Timestamp, trouble: &str, unsure: bool) -> Result<(), RegisterError> {
        let sql = "UPDATE mail SET state = 'queued', next_try_at = ?2, trouble = ?3, unsure = unsure OR ?4
            WHERE id = ?1 AND state = 'sending'";
        self.put_mail(sql, &[&id.0, &at.as_millis(), &trouble, &unsure]).map(drop)
    }

    /// A claimed mail was never offered to the mail server: the try does not count.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be written.
    pub fn mail_back(&self, id: MailId, now: Timestamp, trouble: &str) -> Result<(), RegisterError> {
        let sql = "UPDATE mail SET state = 'queued', attempts = attempts - 1, next_try_at = ?2, trouble = ?3
            WHERE id = ?1 AND state = 'sending'";
        self.put_mail(sql, &[&id.0, &now.as_millis(), &trouble]).map(drop)
    }

    /// The mail server refuses a mail for good. Its text stays for [`Register::retry_failed_mail`] until it is 30 days
    /// old.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be written.
    pub fn mail_failed(&self, id: MailId, trouble: &str) -> Result<(), RegisterError> {
        if self.end_notice(id)? {
            return Ok(());
        }
        let sql = "UPDATE mail SET state = 'failed', next_try_at = 0, trouble = ?2 WHERE id = ?1 AND state = 'sending'";
        self.put_mail(sql, &[&id.0, &trouble]).map(drop)
    }

    /// Queues every mail anew that was being sent when the process before this one ended; gives their number. Only the
    /// one process that sends may call it, before it claims anything.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be written.
    pub fn resume_mail(&self) -> Result<usize, RegisterError> {
        let sql = "UPDATE mail SET state = 'queued', unsure = 1, next_try_at = ?1 WHERE state = 'sending'";
        self.put_mail(sql, &[&self.now().as_millis()])
    }

    /// Queues every refused mail anew, for an operator who has put things right; gives their number.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be written.
    pub fn retry_failed_mail(&self) -> Result<usize, RegisterError> {
        let sql = "UPDATE mail SET state = 'queued', next_try_at = ?1 WHERE state = 'failed'";
        self.put_mail(sql, &[&self.now().as_millis()])
    }

    /// Removes mails that are 30 days old, whatever became of them; gives their number.
    ///
    /// # Errors
    /// [`RegisterError`] if that cannot be written.
    pub fn purge_mail(&self, now: Timestamp) -> Result<usize, RegisterError> {
        let before = now.floor_to(DAY_MILLIS).plus_millis(-KEPT_DAYS * DAY_MILLIS);
        self.put_mail("DELETE FROM mail WHERE day < ?1", &[&before.as_millis()])
    }

    /// How many mails stand where, but for notices that there is something new.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn mail_counts(&self) -> Result<MailCounts, RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT state, count(*) FROM mail WHERE NOT (kind = 'notice' AND recipient = '') GROUP BY state",
        )?;
        let mut rows = statement.query([])?;
        let mut counts = MailCounts::default();
        while let Some(row) = rows.next()? {
            let number = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
            match MailState::from_name(row.get_ref(0)?.as_str().unwrap_or_default())? {
                MailState::Queued | MailState::Sending => counts.waiting += number,
                MailState::Sent => counts.sent += number,
                MailState::Failed => counts.failed += number,
            }
        }
        Ok(counts)
    }

    /// The newest mails of the last 30 days, at most `max`, as an operator may see them; refused and waiting ones first.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be read.
    pub fn mail_status(&self, max: usize) -> Result<Vec<MailInfo>, RegisterError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT recipient, kind, state, attempts, day, trouble, unsure FROM mail WHERE NOT (kind = 'notice' AND recipient = '')
             ORDER BY CASE state WHEN 'failed' THEN 0 WHEN 'sent' THEN 2 ELSE 1 END, day DESC, number DESC LIMIT ?1",
        )?;
        let mut rows = statement.query([i64::try_from(max).unwrap_or(i64::MAX)])?;
        let mut mails = Vec::new();
        while let Some(row) = rows.next()? {
            mails.push(MailInfo {
                to: row.get(0)?,
                kind: MailKind::from_name(row.get_ref(1)?.as_str().unwrap_or_default())?,
                state: MailState::from_name(row.get_ref(2)?.as_str().unwrap_or_default())?,
                attempts: row.get(3)?,
                day: Timestamp::from_millis(row.get(4)?),
                trouble: row.get(5)?,
                unsure: row.get(6)?,
            });
        }
        Ok(mails)
    }
}

#[cfg(test)]
mod tests;
