//! Who filed which case: sealed when a report comes, asked for by the vault alone, and opened by two leads together.

use std::sync::PoisonError;

use model::{CaseId, OrganisationId, PersonId, Timestamp};

use super::Vault;
use crate::acts::OpenedEntry;
use crate::entry::Body;
use crate::error::VaultError;
use crate::journal::{Filed, NewEntry, Source};
use crate::sealing::{Filer, Lead, OpenedSource, OpeningKeys, Share};

/// Longest reason for which a source is opened, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// A lead who opens a source together with another.
pub struct Opener {
    /// Who.
    pub person: PersonId,
    /// The name that the cell's screens show.
    pub name: String,
    /// The share that the lead's device gave out for this case.
    pub share: Share,
}

impl Vault {
    /// Sources are sealed to these leads from now on, to nobody if there are fewer than two. Cases that came before are
    /// not theirs to open.
    pub fn set_leads(&self, leads: Vec<Lead>) {
        self.sealing.leads.lock().unwrap_or_else(PoisonError::into_inner).set_leads(leads);
    }

    /// Whether sources are sealed to leads; without two of them nobody of the cell can ever open the source of a case.
    #[must_use]
    pub fn seals_sources(&self) -> bool {
        self.sealing.leads.lock().unwrap_or_else(PoisonError::into_inner).is_on()
    }

    /// Forgets the secrets of an epoch that is over at a time; to be called often.
    pub fn end_epoch(&self, now: Timestamp) {
        self.sealing.leads.lock().unwrap_or_else(PoisonError::into_inner).end(self.epoch_of(now));
    }

    fn epoch_of(&self, at: Timestamp) -> i64 {
        at.as_millis().div_euclid(self.genesis.params.epoch_millis.max(1))
    }

    /// The source record of a case that comes now.
    pub(super) fn source(
        &self,
        case: CaseId,
        (organisation, contact): Filer<'_>,
        at: Timestamp,
    ) -> Result<Source, VaultError> {
        let unsealed = || VaultError::Unsealed;
        let way_back = self.sealing.way_back.seal(case, organisation).ok_or_else(unsealed)?;
        let mut seal = self.sealing.leads.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = seal.seal(self.epoch_of(at), case, (organisation, contact), &*self.entropy);
        let pairs = pairs.map_err(|_| VaultError::Unsealed)?;
        Ok(Source { case, way_back, pairs })
    }

    /// The place of a case if an organisation filed it: the same work whether there is no such case or it is somebody else's.
    pub(super) fn filed_by(&self, case: CaseId, organisation: OrganisationId) -> Result<Option<Filed>, VaultError> {
        let filed = self.journal.filed(case)?;
        let is = self.sealing.way_back.is(case, organisation, filed.as_ref().map(|filed| &filed.way_back));
        Ok(filed.filter(|_| is))
    }

    /// The way back to the reporter of a case: `deliver` is given whom to tell, and nobody else is.
    ///
    /// # Errors
    /// [`VaultError`] if the source cannot be read.
    pub fn return_to(&self, case: CaseId, deliver: impl FnOnce(OrganisationId)) -> Result<(), VaultError> {
        // One that another key sealed, which was lost, leads nowhere.
        if let Some(organisation) =
            self.journal.filed(case)?.and_then(|filed| self.sealing.way_back.open(case, &filed.way_back))
        {
            deliver(organisation);
        }
        Ok(())
    }

    /// What leads' devices need for their shares of a case; `None` if there is no such case or it was not sealed to leads.
    ///
    /// # Errors
    /// [`VaultError`] if it cannot be read.
    pub fn opening_keys(&self, case: CaseId) -> Result<Option<OpeningKeys>, VaultError> {
        Ok(self.journal.sealed_source(case)?)
    }

    /// Opens the source of a case with the shares of two leads. That they did, and why, is in the journal before anybody learns
    /// who it is. `None` if there is nothing to open, or the shares are not those of this case and these two.
    ///
    /// In the same transaction the case is sealed to the leads of now: whoever came after it can open it from then on, with another,
    /// and whoever is none any more cannot (decision 0126).
    ///
    /// # Errors
    /// [`VaultError`] if the record cannot be read or the entry is not on disk: then nothing is told.
    pub fn open_source(
        &self,
        case: CaseId,
        by: [Opener; 2],
        reason: String,
    ) -> Result<Option<OpenedSource>, VaultError> {
        let Some(keys) = self.journal.sealed_source(case)? else { return Ok(None) };
        let shares = by.each_ref().map(|one| (one.person, &one.share));
        let Some(source) = keys.open(case, shares) else { return Ok(None) };
        let by = by.map(|one| (one.person, one.name.clone()));
        let (now, body) = (self.clock.now(), Body::Opened(Box::new(OpenedEntry { case, by, reason })));
        let entry =
            NewEntry { source: self.source_again(case, &source, &keys, now)?, ..NewEntry::new(now, body.clone()) };
        let seqs = self.journal.append(vec![entry]).inspect_err(|_| {
            self.sealing.leads.lock().unwrap_or_else(PoisonError::into_inner).break_off();
        })?;
        // A recall takes the reason out as well.
        seqs.iter().for_each(|seq| self.cases.note(*seq, &body));
        Ok(Some(source))
    }

    /// The source of a case that is being opened, sealed to the leads of now; `None` if it is sealed to them already.
    fn source_again(
        &self,
        case: CaseId,
        opened: &OpenedSource,
        held: &OpeningKeys,
        now: Timestamp,
    ) -> Result<Option<Source>, VaultError> {
        let Some(filed) = self.journal.filed(case)? else { return Ok(None) };
        let filer = (opened.organisation, opened.contact.as_deref().unwrap_or_default());
        let mut seal = self.sealing.leads.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = seal.seal_again(self.epoch_of(now), case, (filer, held), &*self.entropy);
        let pairs = pairs.map_err(|_| VaultError::Unsealed)?;
        Ok(pairs.map(|pairs| Source { case, way_back: filed.way_back, pairs: Some(pairs) }))
    }

    /// Appends the record of a member having read an advisory.
    ///
    /// # Errors
    /// [`VaultError`] if it cannot be queued.
    pub fn advisory_read(
        &self,
        advisory: model::AdvisoryId,
        organisation: OrganisationId,
        done: crate::journal::Done,
    ) -> Result<(), VaultError> {
        let now = self.clock.now();
        let token = self.keys.token(organisation, now)?;
        Ok(self.journal.append_then(vec![NewEntry::new(now, Body::AdvisoryRead(advisory, token))], done)?)
    }
}
