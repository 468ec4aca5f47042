//! Sending: to the vault in this process, or over a socket to the process that has it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use model::{AdvisoryId, CaseId, FileId, OrganisationId, Timestamp};
use tokio::sync::oneshot;
use vault::{Accepted, Act, Acted, Again, JournalError, Repeat, Submission, Vault, VaultError};

use crate::transfer::{Begun, Download, Later, begin_here};

/// What the member side tells the vault.
#[derive(Clone, Debug)]
pub enum Message {
    /// Reports, all or none.
    Submit {
        /// The reports.
        submissions: Vec<Submission>,
        /// Whether a report whose values its submitter has all sent before is left out.
        skip_known: bool,
    },
    /// Somebody of a member organisation has read an advisory.
    AdvisoryRead {
        /// The advisory.
        advisory: AdvisoryId,
        /// Whose.
        organisation: OrganisationId,
    },
    /// The reporter of a case says or changes something.
    Act {
        /// Whose case it has to be; of any other it is absent.
        organisation: OrganisationId,
        /// The case.
        case: CaseId,
        /// What.
        act: Act,
        /// When it came.
        at: Timestamp,
    },
    /// Somebody of the reporter's organisation has read the thread of a case.
    ThreadRead {
        /// Whose case.
        organisation: OrganisationId,
        /// The case.
        case: CaseId,
    },
    /// Whether something was done before under a key.
    Asked(Box<Repeat>),
    /// One report, or an act, unless it was done before under its key.
    Once(Box<Repeat>, Box<Message>),
    /// Something was done in parts, and this is its answer.
    Remember(Box<Repeat>),
}

/// What the vault answers, once it is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What became of each report.
    Accepted(Vec<Accepted>),
    /// Done.
    Done,
    /// What became of an act upon a case.
    Acted(Acted),
    /// Something was done before under the key.
    Again(Again),
}

/// Why something was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Too much waits: try again in a moment. Nothing was stored.
    #[error("intake is busy")]
    Busy,
    /// The sender was limited: try again after so many seconds. Nothing was stored.
    #[error("no more is taken for {0} seconds")]
    Slow(i64),
    /// The vault cannot be reached. Nothing was stored, or the answer was lost and a repeat is recognised.
    #[error("intake is not reachable: {0}")]
    Unreachable(String),
    /// It can never be stored as it is: sending it again is of no use. Nothing was stored.
    #[error("{0}")]
    Refused(String),
    /// The vault failed.
    #[error("{0}")]
    Failed(String),
}

/// An answer on its way.
pub type Sent<'a> = Pin<Box<dyn Future<Output = Result<Answer, SendError>> + Send + 'a>>;

/// A way to the vault.
pub trait Sender: Send + Sync {
    /// Sends; the answer comes after the data is on disk.
    fn send(&self, message: Message) -> Sent<'_>;

    /// Begins a file of a case that an organisation filed.
    fn upload(&self, _organisation: OrganisationId, _case: CaseId) -> Later<'_, Begun> {
        Box::pin(std::future::ready(Err(SendError::Failed("no files are taken here".to_owned()))))
    }

    /// A file of a case that an organisation filed; `None` if there is none.
    fn download(&self, _organisation: OrganisationId, _case: CaseId, _id: FileId) -> Later<'_, Option<Download>> {
        Box::pin(std::future::ready(Err(SendError::Failed("no files are kept here".to_owned()))))
    }
}

/// The vault is in this process.
#[derive(Clone)]
pub struct LocalSender {
    vault: Arc<Vault>,
    on_read: Option<OnRead>,
    is_full: Option<IsFull>,
}

/// Told that an organisation has read the thread of a case.
pub type OnRead = Arc<dyn Fn(OrganisationId, CaseId) + Send + Sync>;

/// Whether the cell has as much from outside the partnership to read as it takes.
pub type IsFull = Arc<dyn Fn() -> bool + Send + Sync>;

impl LocalSender {
    /// Sends to this vault.
    #[must_use]
    pub const fn new(vault: Arc<Vault>) -> Self {
        Self { vault, on_read: None, is_full: None }
    }

    /// The same, telling `on_read` which threads were read: that is delivery, and no entry of the journal.
    #[must_use]
    pub fn telling(self, on_read: OnRead) -> Self {
        Self { on_read: Some(on_read), ..self }
    }

    /// The same, refusing reports from outside the partnership while `is_full` says so.
    #[must_use]
    pub fn bounded(self, is_full: IsFull) -> Self {
        Self { is_full: Some(is_full), ..self }
    }
}

pub(crate) fn refused(error: &VaultError) -> SendError {
    match error {
        VaultError::Journal(JournalError::Full) => SendError::Busy,
        VaultError::Slow(seconds) => SendError::Slow(*seconds),
        VaultError::Journal(JournalError::Codec(error)) => SendError::Refused(error.to_string()),
        other => SendError::Failed(other.to_string()),
    }
}

/// A digest of what a request asks: of its parts, each told apart from the next.
#[must_use]
pub fn request_digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    context.finish().as_ref().first_chunk().copied().unwrap_or_default()
}

/// What is told once something is on disk, or is not.
type Told = oneshot::Sender<Result<Answer, JournalError>>;

pub(crate) fn acted(outcome: Acted) -> Answer {
    match outcome {
        Acted::Again(again) => Answer::Again(again),
        outcome => Answer::Acted(outcome),
    }
}

impl LocalSender {
    pub(crate) const fn vault(&self) -> &Arc<Vault> {
        &self.vault
    }

    /// The one report of a message, or its act, under a key.
    fn once(&self, repeat: &Repeat, message: Message, sender: Told) -> Result<(), VaultError> {
        match message {
            Message::Submit { mut submissions, skip_known: false } if submissions.len() == 1 => {
                let Some(submission) = submissions.pop() else { return Ok(()) };
                let done = move |outcome: Result<Result<Accepted, Again>, JournalError>| {
                    let answer = |outcome: Result<Accepted, Again>| match outcome {
                        Ok(accepted) => Answer::Accepted(vec![accepted]),
                        Err(again) => Answer::Again(again),
                    };
                    drop(sender.send(outcome.map(answer)));
                };
                self.vault.submit_once(submission, repeat, Box::new(done))
            }
            Message::Act { organisation, case, act, at } => {
                let done = Box::new(move |outcome: Result<Acted, JournalError>| {
                    drop(sender.send(outcome.map(acted)));
                });
                self.vault.act_once(organisation, case, act, at, Some(repeat), done)
            }
            // Nothing else is done once: the sender is dropped, and whoever waits is told that it failed.
            _ => Ok(()),
        }
    }
}

impl Sender for LocalSender {
    fn upload(&self, organisation: OrganisationId, case: CaseId) -> Later<'_, Begun> {
        Box::pin(async move {
            Ok(match begin_here(&self.vault, Some(organisation), case).await? {
                Ok(upload) => Begun::Open(Box::new(upload)),
                Err(None) => Begun::Absent,
                Err(Some(why)) => Begun::Refused(why.into()),
            })
        })
    }

    fn download(&self, organisation: OrganisationId, case: CaseId, id: FileId) -> Later<'_, Option<Download>> {
        Box::pin(Download::here(&self.vault, Some(organisation), case, id))
    }

    fn send(&self, message: Message) -> Sent<'_> {
        let from_outside =
            matches!(&message, Message::Submit { submissions, .. } if submissions.iter().any(|one| one.outside));
        if from_outside && self.is_full.as_ref().is_some_and(|is_full| is_full()) {
            return Box::pin(std::future::ready(Err(SendError::Busy)));
        }
        let (sender, receiver) = oneshot::channel();
        let queued = match message {
            Message::Asked(repeat) => self.vault.asked_before(&repeat).map(|known| {
                drop(sender.send(Ok(known.map_or(Answer::Done, Answer::Again))));
            }),
            Message::Once(repeat, message) => self.once(&repeat, *message, sender),
            Message::Remember(repeat) => self.vault.remember_then(
                &repeat,
                Box::new(move |outcome| {
                    drop(sender.send(outcome.map(|again| again.map_or(Answer::Done, Answer::Again))));
                }),
            ),
            Message::ThreadRead { organisation, case } => {
                if let Some(on_read) = &self.on_read {
                    on_read(organisation, case);
                }
                drop(sender.send(Ok(Answer::Done)));
                Ok(())
            }
            Message::Act { organisation, case, act, at } => self.vault.act_then(
                organisation,
                case,
                act,
                at,
                Box::new(move |outcome| drop(sender.send(outcome.map(acted)))),
            ),
            Message::Submit { submissions, skip_known } => self.vault.submit_then(
                submissions,
                skip_known,
                // The receiver is gone if the client hung up: the report is stored all the same.
                Box::new(move |outcome| drop(sender.send(outcome.map(Answer::Accepted)))),
            ),
            Message::AdvisoryRead { advisory, organisation } => self.vault.advisory_read(
                advisory,
                organisation,
                Box::new(move |outcome| drop(sender.send(outcome.map(|_| Answer::Done)))),
            ),
        };
        Box::pin(async move {
            queued.map_err(|error| refused(&error))?;
            match receiver.await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(refused(&VaultError::Journal(error))),
                Err(_) => Err(SendError::Failed("the journal is closed".to_owned())),
            }
        })
    }
}
