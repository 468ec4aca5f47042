//! Files on their way to the vault and back: piece by piece, so that no whole file is ever held.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use model::{CaseId, FileId, OrganisationId, PersonId, Timestamp};
use tokio::sync::oneshot;
use vault::{Acted, FileBegun, FileEntry, FileTold, Incoming, Outgoing, Repeat, SealedOutgoing, Vault, VaultError};

use crate::remote::RemotePieces;
use crate::report::FieldProblem;
use crate::sender::{Answer, SendError, acted, refused};

/// Longest name of a file, in characters.
pub const FILE_NAME_CHARS_MAX: usize = 255;

/// Something that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, SendError>> + Send + 'a>>;

/// Whether a file may come.
pub enum Begun {
    /// It may.
    Open(Box<dyn Upload>),
    /// There is no such case of that organisation.
    Absent,
    /// The case takes no more; why.
    Refused(Cow<'static, str>),
}

/// What ends an upload.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Name, kind and notes.
    pub told: FileTold,
    /// Who sends it.
    pub organisation: OrganisationId,
    /// When.
    pub at: Timestamp,
    /// The key that it would come again under.
    pub repeat: Option<Repeat>,
}

/// A file on its way in: it is kept once it is finished, and leaves nothing if it is dropped before.
pub trait Upload: Send {
    /// The id that it will have.
    fn id(&self) -> FileId;
    /// The next bytes.
    fn write(self: Box<Self>, bytes: Vec<u8>) -> Later<'static, Box<dyn Upload>>;
    /// All bytes are there.
    fn finish(self: Box<Self>, ending: Ending) -> Later<'static, Answer>;
}

fn stopped<E: std::fmt::Display>(error: E) -> SendError {
    SendError::Failed(error.to_string())
}

pub(crate) async fn waiting<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, SendError> {
    tokio::task::spawn_blocking(work).await.map_err(stopped)?.map_err(|error| refused(&error))
}

/// An upload to the vault of this process.
pub struct LocalUpload {
    vault: Arc<Vault>,
    incoming: Box<Incoming>,
}

/// Whether a file may come to the vault of this process: of the organisation that filed the case, or of the cell for `None`.
///
/// # Errors
/// [`SendError`] if too many are coming, or the vault failed.
pub async fn begin_here(
    vault: &Arc<Vault>,
    organisation: Option<OrganisationId>,
    case: CaseId,
) -> Result<Result<LocalUpload, Option<&'static str>>, SendError> {
    let of = Arc::clone(vault);
    match waiting(move || of.begin_file(case, organisation)).await? {
        FileBegun::Open(incoming) => Ok(Ok(LocalUpload { vault: Arc::clone(vault), incoming })),
        FileBegun::Absent => Ok(Err(None)),
        FileBegun::Refused(why) => Ok(Err(Some(why))),
        FileBegun::Busy => Err(SendError::Busy),
    }
}

impl LocalUpload {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`SendError`] if they cannot be written.
    pub async fn take(mut self, bytes: Vec<u8>) -> Result<Self, SendError> {
        waiting(move || {
            self.incoming.write(&bytes)?;
            Ok(self)
        })
        .await
    }

    /// Adds the file as somebody of the cell; says why if the case takes none.
    ///
    /// # Errors
    /// [`SendError`] if it is not on disk.
    pub async fn add(
        self,
        told: FileTold,
        by: (PersonId, String),
    ) -> Result<Result<FileEntry, &'static str>, SendError> {
        waiting(move || self.vault.add_file(self.incoming, told, by)).await
    }

    /// Keeps the file of the case's reporter.
    ///
    /// # Errors
    /// [`SendError`] if it is not on disk.
    pub async fn keep(self, ending: Ending) -> Result<Answer, SendError> {
        let (sender, receiver) = oneshot::channel();
        waiting(move || {
            let done = Box::new(move |outcome: Result<Acted, _>| drop(sender.send(outcome)));
            let from = (ending.organisation, ending.at);
            self.vault.keep_file(self.incoming, ending.told, from, ending.repeat.as_ref(), done)
        })
        .await?;
        let outcome = receiver.await.map_err(|_| SendError::Failed("the journal is closed".to_owned()))?;
        outcome.map(acted).map_err(|error| refused(&VaultError::Journal(error)))
    }
}

impl Upload for LocalUpload {
    fn id(&self) -> FileId {
        self.incoming.id()
    }

    fn write(self: Box<Self>, bytes: Vec<u8>) -> Later<'static, Box<dyn Upload>> {
        Box::pin(async move { Ok(Box::new(self.take(bytes).await?) as Box<dyn Upload>) })
    }

    fn finish(self: Box<Self>, ending: Ending) -> Later<'static, Answer> {
        Box::pin(self.keep(ending))
    }
}

/// A file on its way out; each piece is read when it is asked for.
pub enum Download {
    /// From the vault of this process.
    Here(Option<Box<Outgoing>>),
    /// From another process.
    There(RemotePieces),
    /// From the vault of this process, opened: its reporter's device had sealed it to the cell.
    Sealed(Option<Box<SealedOutgoing>>),
}

impl Download {
    /// A file of the vault of this process, for the organisation that filed its case, or for the cell.
    ///
    /// # Errors
    /// [`SendError`] if it cannot be read.
    pub async fn here(
        vault: &Arc<Vault>,
        organisation: Option<OrganisationId>,
        case: CaseId,
        id: FileId,
    ) -> Result<Option<Self>, SendError> {
        let vault = Arc::clone(vault);
        let found = waiting(move || vault.read_file(case, id, organisation)).await?;
        Ok(found.map(|outgoing| Self::Here(Some(Box::new(outgoing)))))
    }

    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// [`SendError`] if the file cannot be read to its end: what came before is not the whole.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, SendError> {
        match self {
            Self::There(pieces) => pieces.next().await,
            Self::Sealed(outgoing) => {
                let Some(mut held) = outgoing.take() else { return Ok(None) };
                let (held, piece) = waiting(move || {
                    let piece = held.next();
                    Ok((held, piece))
                })
                .await?;
                *outgoing = Some(held);
                piece.transpose().map_err(stopped)
            }
            Self::Here(outgoing) => {
                let Some(mut held) = outgoing.take() else { return Ok(None) };
                let (held, piece) = waiting(move || {
                    let piece = held.next().transpose()?;
                    Ok((held, piece))
                })
                .await?;
                *outgoing = Some(held);
                Ok(piece)
            }
        }
    }
}

/// Characters that turn, hide or join the text around them: a name with them reads as another.
const fn deceives(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Names that one system or another takes for a device.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// A file's name made harmless: its last part, without what turns text around, what no system takes in a name, and what one
/// takes for a device.
///
/// # Errors
/// Says that it is too long.
pub fn file_name(name: &str) -> Result<String, FieldProblem> {
    if name.chars().nth(FILE_NAME_CHARS_MAX).is_some() {
        let why = format!("more than {FILE_NAME_CHARS_MAX} characters");
        return Err(FieldProblem { field: "name".to_owned(), why });
    }
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = last.chars().filter(|c| !c.is_control() && !deceives(*c));
    let plain: String =
        kept.map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c }).collect();
    let plain = plain.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let stem = plain.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
    Ok(match plain {
        "" => "file".to_owned(),
        plain if DEVICES.contains(&stem) => format!("_{plain}"),
        plain => plain.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_harmless() {
        for (sent, kept) in [
            ("mail.eml", "mail.eml"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("..", "file"),
            ("", "file"),
            ("a/", "file"),
            ("\0evil\0.txt", "evil.txt"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("zero\u{200b}width\u{feff}.txt", "zerowidth.txt"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("COM1.log", "_COM1.log"),
            ("console.log", "console.log"),
            (".bashrc", "bashrc"),
            ("a. . .", "a"),
            ("<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"),
            ("a\"b\r\nset-cookie: x.txt", "a_bset-cookie_ x.txt"),
            ("Rücklauf né 報告.pdf", "Rücklauf né 報告.pdf"),
        ] {
            assert_eq!(file_name(sent).unwrap(), kept, "{sent:?}");
        }
        assert!(file_name(&"x".repeat(255)).is_ok());
        assert!(file_name(&"x".repeat(10_000)).unwrap_err().to_string().contains("more than 255"));
    }
}
