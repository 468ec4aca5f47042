//! Files of a case: the bytes are durable before an entry names them, and a recall destroys them.

use std::sync::Arc;

use model::{CaseId, FileId, OrganisationId, PersonId, Timestamp};

use super::Vault;
use super::cases::{Act, ActDone, Acted};
use super::repeats::Repeat;
use crate::acts::{FileEntry, Party};
use crate::entry::{Body, Seq};
use crate::error::VaultError;
use crate::journal::NewEntry;
use crate::sealing::{SealedFault, SealedOutgoing};
use crate::shelf::{Incoming, Outgoing};

/// Files of one case.
pub const FILES_PER_CASE_MAX: usize = 20;

/// Whether a file may come.
pub enum FileBegun {
    /// It may.
    Open(Box<Incoming>),
    /// There is no such case of that organisation.
    Absent,
    /// The case takes no more; why.
    Refused(&'static str),
    /// Too many are coming already.
    Busy,
}

/// What is said of a file beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTold {
    /// Its name.
    pub name: String,
    /// What it is, in a word.
    pub kind: String,
    /// What is to be said about it.
    pub notes: Vec<String>,
}

impl Vault {
    /// Begins a file of a case: of the organisation that filed it, or of the cell for `None`.
    ///
    /// # Errors
    /// [`VaultError`] if it cannot be begun.
    pub fn begin_file(&self, case: CaseId, organisation: Option<OrganisationId>) -> Result<FileBegun, VaultError> {
        if !self.is_of(case, organisation)? {
            return Ok(FileBegun::Absent);
        }
        if let Err(why) = self.cases.takes_files(case) {
            return Ok(FileBegun::Refused(why));
        }
        let incoming = self.shelf.begin(&self.keys, &*self.entropy, case)?;
        Ok(incoming.map_or(FileBegun::Busy, |incoming| FileBegun::Open(Box::new(incoming))))
    }

    /// Whether there is such a case, and an organisation filed it if one is named.
    fn is_of(&self, case: CaseId, organisation: Option<OrganisationId>) -> Result<bool, VaultError> {
        match organisation {
            Some(organisation) => Ok(self.filed_by(case, organisation)?.is_some()),
            None => Ok(self.journal.filed(case)?.is_some()),
        }
    }

    fn entry(incoming: &mut Incoming, told: FileTold, from: Party) -> Result<FileEntry, VaultError> {
        let sha256 = incoming.settle()?;
        let (id, case, size) = (incoming.id(), incoming.case(), incoming.bytes());
        Ok(FileEntry { id, case, from, name: told.name, size, sha256, kind: told.kind, notes: told.notes })
    }

    /// Keeps a file that the reporter of its case sent, unless it was kept before under the same key; `done` runs once the
    /// entry that names it is on disk. It waits for the disk.
    ///
    /// # Errors
    /// As [`Vault::act_then`].
    pub fn keep_file(
        self: &Arc<Self>,
        mut incoming: Box<Incoming>,
        told: FileTold,
        (organisation, at): (OrganisationId, Timestamp),
        repeat: Option<&Repeat>,
        done: ActDone,
    ) -> Result<(), VaultError> {
        let case = incoming.case();
        let file = Self::entry(&mut incoming, told, Party::Reporter)?;
        let done = Box::new(move |outcome: Result<Acted, _>| {
            if matches!(outcome, Ok(Acted::Done)) {
                incoming.keep();
            }
            drop(incoming);
            done(outcome);
        });
        self.act_once(organisation, case, Act::File(Box::new(file)), at, repeat, done)
    }

    /// Keeps a file that somebody of the cell adds; says why if the case takes none.
    ///
    /// # Errors
    /// [`VaultError`] if it is not on disk.
    pub fn add_file(
        &self,
        mut incoming: Box<Incoming>,
        told: FileTold,
        (by, name): (PersonId, String),
    ) -> Result<Result<FileEntry, &'static str>, VaultError> {
        let case = incoming.case();
        let file = Self::entry(&mut incoming, told, Party::Cell { by, name })?;
        let act = Act::File(Box::new(file.clone()));
        if let Err(why) = self.cases.enter(case, &act, None) {
            return Ok(Err(why));
        }
        let at = self.clock.now();
        match self.journal.append(vec![NewEntry::new(at, Body::File(Box::new(file.clone())))]) {
            Ok(seqs) => {
                incoming.keep();
                self.cases.acted(case, &act, &seqs);
                Ok(Ok(file))
            }
            Err(error) => {
                self.cases.undo(case, &act);
                Err(error.into())
            }
        }
    }

    /// The bytes of a file of a case, for the organisation that filed the case or for the cell; `None` if it is not theirs or
    /// not there.
    ///
    /// # Errors
    /// [`VaultError`] if it cannot be read.
    pub fn read_file(
        &self,
        case: CaseId,
        id: FileId,
        organisation: Option<OrganisationId>,
    ) -> Result<Option<Outgoing>, VaultError> {
        if !self.is_of(case, organisation)? || !self.cases.files(case).contains(&id) {
            return Ok(None);
        }
        self.shelf.open(&self.keys, case, id)
    }

    /// A file of a case that its reporter's device sealed to the cell, as it opens; `None` if it is not there.
    ///
    /// # Errors
    /// [`SealedFault`] if it does not open, or cannot be read.
    pub fn open_sealed(&self, case: CaseId, id: FileId) -> Result<Option<SealedOutgoing>, SealedFault> {
        let source = self.read_file(case, id, None)?;
        source.map(|source| SealedOutgoing::open(&self.keys, case, source)).transpose()
    }

    /// Takes away files that no entry names.
    pub(super) fn sweep_files(&self) -> Result<(), VaultError> {
        self.shelf.sweep(&self.keys, self.cases.all_files().into_iter())
    }

    /// Takes away the files of a case whose entries lie up to a place.
    pub(super) fn destroy_files(&self, case: CaseId, to: Seq) -> Result<(), VaultError> {
        self.cases.files_to(case, to).into_iter().try_for_each(|id| self.shelf.destroy(&self.keys, case, id))
    }
}
