//! Files that a reporter's device sealed to the cell: looked at from the outside when they come, and opened for whoever of the cell takes
//! them; and whether words are sealed to a key of the cell's.

use std::sync::Arc;

use desk::CaseFile;
use formats::FileLook;
use intake::Download;
use model::{CaseId, FileId, SealedFile, SealedFileError, SealedWords};
use vault::{SealedFault, SealedOutgoing, SealedTold, Vault};

use crate::files::send;
use crate::http::{Answer, blocking};
use crate::member::MemberParts;
use crate::problem::Problem;
use crate::sources::hex;

/// The name of a file whose own is sealed with it.
const SEALED_NAME: &str = "sealed-file";
/// Longest type that a device told, in characters.
const MEDIA_CHARS_MAX: usize = 100;

/// A sealed file is one, and is sealed to a key that the cell has: somebody is told while they can still do something about it. Its
/// name in plain is nobody's.
pub(crate) async fn to_now(
    member: &Arc<MemberParts>,
    sealed: Result<SealedFile, SealedFileError>,
) -> Result<String, Problem> {
    let SealedFile { key, .. } = sealed.map_err(|why| Problem::wrong_field(why.to_string()))?;
    // A page that was open when the month changed has that of the month before.
    if told_number(member).await?.is_none_or(|told| key != told && key.saturating_add(1) != told) {
        let why = format!("the cell has no key {key} to seal files to: ask for its key again, and seal the file anew");
        return Err(Problem::wrong_field(why));
    }
    Ok(SEALED_NAME.to_owned())
}

/// Words that are sealed are sealed to a key that the cell has, for the same reason. `corrects`: whoever changes a title may send words
/// again that were sealed in another month.
pub(crate) async fn words_to_now(member: &MemberParts, narrative: &str, corrects: bool) -> Result<(), Problem> {
    let Ok(SealedWords { key, .. }) = narrative.parse() else { return Ok(()) };
    let told = told_number(member).await?;
    let known = |told: u32| key == told || key.saturating_add(1) == told || corrects && key < told;
    if told.is_some_and(known) {
        return Ok(());
    }
    let why =
        format!("narrative: the cell has no key {key} to seal words to: ask for its key again, and seal them anew");
    Err(Problem::wrong_field(why))
}

async fn told_number(member: &MemberParts) -> Result<Option<u32>, Problem> {
    let register = member.sessions.register();
    Ok(blocking(move || register.cell_key().map_err(crate::me::refused)).await??.map(|(number, _)| number))
}

/// A file that its reporter's device sealed, opened for whoever of the cell takes it.
pub(crate) async fn give(vault: &Arc<Vault>, case: CaseId, id: FileId) -> Answer {
    let of = Arc::clone(vault);
    let file = blocking(move || {
        // Read to its end first: one that was cut off is told in words, and not by a download that breaks off.
        let file = of.open_sealed(case, id)?;
        let whole = file.map(SealedOutgoing::check).transpose()?;
        whole.map_or(Ok(None), |()| of.open_sealed(case, id))
    });
    let file = file.await?.map_err(|fault| match fault {
        SealedFault::Gone | SealedFault::Broken => Problem::conflict(fault.to_string()),
        SealedFault::Vault(error) => {
            tracing::error!(%error, "a sealed file could not be read");
            Problem::internal()
        }
    })?;
    let file = Box::new(file.ok_or_else(Problem::absent)?);
    let name = told_name(file.told());
    let size = file.told().bytes;
    send(&name, size, Download::Sealed(Some(file)))
}

/// A name that came within a seal, made harmless.
fn told_name(told: &SealedTold) -> String {
    intake::file_name(&told.name).unwrap_or_else(|_| SEALED_NAME.to_owned())
}

/// What is told of the sealed files of a case: each is opened as far as its first piece, and lies nowhere in plain.
pub(crate) fn tell(vault: &Vault, case: CaseId, files: &mut [CaseFile]) {
    for file in files.iter_mut().filter(|file| file.kind == SealedFile::KIND) {
        let Ok(id) = file.id.parse() else { continue };
        match vault.open_sealed(case, id) {
            Ok(Some(opened)) => {
                let told = opened.told();
                let mut look = FileLook::new(&told.name);
                look.take(opened.beginning());
                let facts = look.tell();
                file.name = told_name(told);
                file.size = told.bytes;
                file.sha256 = hex(&told.sha256);
                file.media = told.media.chars().filter(|c| !c.is_control()).take(MEDIA_CHARS_MAX).collect();
                file.kind = facts.kind.as_str().to_owned();
                file.notes = facts.notes;
                if facts.bytes < told.bytes {
                    file.notes.push("only its beginning was looked at".to_owned());
                }
                file.seal = "opened".to_owned();
            }
            Err(SealedFault::Gone) => file.seal = "gone".to_owned(),
            // A file that a recall took away while the page was made is there no more.
            Err(SealedFault::Broken) | Ok(None) => file.seal = "broken".to_owned(),
            // The case itself can be read all the same.
            Err(SealedFault::Vault(error)) => {
                tracing::error!(%error, "a sealed file could not be read");
                file.seal = "unread".to_owned();
            }
        }
    }
}
