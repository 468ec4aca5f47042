//! Sends what waits in the register's outbox, one mail at a time, and keeps it while the mail server is away.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use model::{Clock, Timestamp};
use register::{Mail, Register, RegisterError};

use crate::smtp::{Conversation, MailSettings, Outcome};

/// How often the outbox is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How often old mails are removed, and mails that nobody can send told of.
const TIDY: Duration = Duration::from_secs(3_600);
/// Shortest and longest rest after the mail server was away; it doubles in between.
const REST_MIN: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(300);
/// Wait before the second try of a mail that was not taken; it doubles up to the longest.
const RETRY_MILLIS: i64 = 60_000;
const RETRY_MILLIS_MAX: i64 = 6 * 3_600_000;
/// Days after which a mail that is never taken counts as refused, as mail servers have it.
const TRIED_DAYS: i64 = 5;
const DAY_MILLIS: i64 = 24 * 3_600_000;
/// Mails over one connection.
const CONVERSATION_MAILS_MAX: u32 = 100;
/// How often it is tried to note that a mail was taken, before it is left to be sent once more.
const NOTES_MAX: u32 = 20;

/// After what time it is tried again to wipe what was sent off the store, if somebody was reading it.
const FORGET_AGAIN: Duration = Duration::from_secs(10);
/// How long the server's end waits for a mail that is being handed over.
const END_WAIT: Duration = Duration::from_secs(3);
const END_POLL: Duration = Duration::from_millis(20);

/// When a mail is tried again after `attempts` tries.
fn again_at(now: Timestamp, attempts: u32) -> Timestamp {
    let doubled = RETRY_MILLIS.checked_shl(attempts.saturating_sub(1).min(16)).unwrap_or(RETRY_MILLIS_MAX);
    now.plus_millis(doubled.min(RETRY_MILLIS_MAX))
}

/// The outbox's postman.
pub(crate) struct Mailer {
    pub(crate) register: Arc<Register>,
    pub(crate) clock: Arc<dyn Clock>,
    /// How to send; without it mails wait.
    pub(crate) settings: Option<MailSettings>,
}

/// A postman at work.
pub(crate) struct Posting(JoinHandle<()>);

impl Posting {
    /// Begins work in a thread of its own.
    pub(crate) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        std::thread::Builder::new().name(name.to_owned()).spawn(work).map(Self)
    }

    /// Waits for what is being handed over, but not long for a server that says nothing: what it may have taken is told of at
    /// the next start.
    pub(crate) fn end(self) {
        let start = Instant::now();
        while !self.0.is_finished() && start.elapsed() < END_WAIT {
            std::thread::sleep(END_POLL);
        }
    }
}

/// What lasts between two mails.
#[derive(Default)]
struct Round {
    conversation: Option<(Conversation, u32)>,
    rest: Option<Duration>,
    resumed: bool,
    /// From when what was sent is to be wiped off the store, if anything was.
    forget: Option<Instant>,
}

impl Mailer {
    /// Begins, in a thread of its own.
    pub(crate) fn start(self, stop: Arc<AtomicBool>) -> io::Result<Posting> {
        Posting::start("mail", move || self.run(&stop))
    }

    /// Works until it is told to stop. Nothing that goes wrong here ends the server.
    fn run(&self, stop: &AtomicBool) {
        let mut round = Round::default();
        let mut tidied: Option<Instant> = None;
        while !stop.load(Ordering::Acquire) {
            if tidied.is_none_or(|at| at.elapsed() >= TIDY) {
                tidied = Some(Instant::now());
                if self.tidy() {
                    round.forget = round.forget.or_else(|| Some(Instant::now()));
                }
            }
            let step = catch_unwind(AssertUnwindSafe(|| self.step(&mut round, stop)));
            let rest = match step {
                Ok(Ok(rest)) => rest,
                Ok(Err(error)) => {
                    tracing::error!(%error, "the outbox could not be read or written; mails wait");
                    REST_MIN
                }
                Err(_) => {
                    tracing::error!("a mail could not be sent for a fault of the program; it waits");
                    round = Round { resumed: round.resumed, forget: round.forget, ..Round::default() };
                    REST_MIN
                }
            };
            let woken = Instant::now() + rest;
            while Instant::now() < woken && !stop.load(Ordering::Acquire) {
                std::thread::sleep(Duration::from_millis(50).min(rest));
            }
        }
        if let Some((conversation, _)) = round.conversation {
            conversation.end();
        }
    }

    /// Removes old mails; gives whether there were any.
    fn tidy(&self) -> bool {
        let removed = self.register.purge_mail(self.clock.now()).unwrap_or_else(|error| {
            tracing::error!(%error, "old mails could not be removed");
            0
        });
        if removed > 0 {
            tracing::info!(removed, "mails of more than 30 days ago are removed");
        }
        if self.settings.is_none() {
            let waiting = self.register.mail_counts().map_or(0, |counts| counts.waiting);
            if waiting > 0 {
                tracing::warn!(waiting, "mails wait and no mail server is named");
            }
        }
        removed > 0
    }

    /// Sends one mail, if one is due; gives how long to rest.
    fn step(&self, round: &mut Round, stop: &AtomicBool) -> Result<Duration, RegisterError> {
        let Some(settings) = &self.settings else { return Ok(LOOK) };
        if !round.resumed {
            let resumed = self.register.resume_mail()?;
            round.resumed = true;
            round.forget = Some(Instant::now());
            if resumed > 0 {
                tracing::warn!(
                    resumed,
                    "mails were being sent when the server ended; they are sent again by the same Message-ID"
                );
            }
        }
        // On disk before anything is said to the mail server.
        let Some(mail) = self.register.due_mail(self.clock.now(), 1, settings.domain())?.pop() else {
            if let Some((conversation, _)) = round.conversation.take() {
                conversation.end();
            }
            if round.forget.is_some_and(|at| at <= Instant::now()) {
                round.forget = if self.register.forget_letters()? { None } else { Some(Instant::now() + FORGET_AGAIN) };
            }
            return Ok(LOOK);
        };
        round.forget = round.forget.or_else(|| Some(Instant::now()));
        let (mut conversation, mails) = match round.conversation.take() {
            Some(open) => open,
            None => match settings.connect() {
                Ok(conversation) => (conversation, 0),
                Err(trouble) => return self.down(round, &mail, &trouble),
            },
        };
        let outcome = conversation.send(settings, &mail, self.clock.now());
        if !conversation.is_over() {
            if mails + 1 < CONVERSATION_MAILS_MAX {
                round.conversation = Some((conversation, mails + 1));
            } else {
                conversation.end();
            }
        }
        if let Outcome::Down(trouble) = &outcome {
            // A server may end a conversation after some mails: a fresh one tells whether it takes more.
            if mails > 0 {
                self.register.mail_back(mail.id, self.clock.now(), trouble)?;
                return Ok(Duration::ZERO);
            }
            return self.down(round, &mail, trouble);
        }
        if round.rest.take().is_some() {
            tracing::info!("the mail server takes mail again");
        }
        self.note(&mail, outcome, stop)?;
        Ok(Duration::ZERO)
    }

    /// The mail server takes nothing: the mail waits, and so do all.
    fn down(&self, round: &mut Round, mail: &Mail, trouble: &str) -> Result<Duration, RegisterError> {
        let rest = match round.rest {
            Some(rest) => (rest * 2).min(REST_MAX),
            None => {
                tracing::warn!(trouble, "the mail server takes no mail; what waits stays");
                REST_MIN
            }
        };
        round.rest = Some(rest);
        self.register.mail_back(mail.id, self.clock.now(), trouble)?;
        Ok(rest)
    }

    fn note(&self, mail: &Mail, outcome: Outcome, stop: &AtomicBool) -> Result<(), RegisterError> {
        let now = self.clock.now();
        let (trouble, unsure) = match outcome {
            Outcome::Taken => return self.note_taken(mail, stop),
            Outcome::Refused(trouble) => {
                tracing::warn!(trouble, "the mail server refuses a mail for good");
                return self.register.mail_failed(mail.id, &trouble);
            }
            Outcome::Later(trouble) | Outcome::Down(trouble) => (trouble, false),
            Outcome::Unsure(trouble) => (trouble, true),
        };
        if now.millis_since(mail.day) > (TRIED_DAYS + 1) * DAY_MILLIS {
            tracing::warn!(trouble, "a mail was tried for {TRIED_DAYS} days and is given up");
            return self.register.mail_failed(mail.id, &trouble);
        }
        self.register.mail_later(mail.id, again_at(now, mail.attempts), &trouble, unsure)
    }

    /// What is not noted is sent again: it is worth some tries.
    fn note_taken(&self, mail: &Mail, stop: &AtomicBool) -> Result<(), RegisterError> {
        let mut noted = self.register.mail_sent(mail.id);
        for _ in 1..NOTES_MAX {
            if noted.is_ok() || stop.load(Ordering::Acquire) {
                break;
            }
            std::thread::sleep(LOOK);
            noted = self.register.mail_sent(mail.id);
        }
        noted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_get_rarer_and_never_stop_for_long() {
        let now = Timestamp::from_millis(1_000);
        let wait = |attempts: u32| again_at(now, attempts).millis_since(now);
        assert_eq!([wait(0), wait(1), wait(2), wait(5)], [60_000, 60_000, 120_000, 960_000]);
        assert_eq!([wait(12), wait(u32::MAX)], [RETRY_MILLIS_MAX, RETRY_MILLIS_MAX]);
    }
}
