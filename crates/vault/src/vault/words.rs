//! What an analyst says of the campaign that a case belongs to.

use model::{CaseId, PersonId};

use super::Vault;
use super::cases::Act;
use crate::acts::{Word, WordEntry};
use crate::entry::Body;
use crate::error::VaultError;
use crate::journal::NewEntry;

/// Longest name of a campaign, in characters.
pub const CAMPAIGN_NAME_CHARS_MAX: usize = 80;

impl Vault {
    /// Notes an analyst's word. Says why if the case takes no more of them.
    ///
    /// # Errors
    /// [`VaultError`] if it is not on disk.
    pub fn say_of(
        &self,
        case: CaseId,
        (by, name): (PersonId, String),
        what: Word,
    ) -> Result<Result<(), &'static str>, VaultError> {
        let act = Act::Say { text: String::new() };
        if let Err(why) = self.cases.enter(case, &act, None) {
            return Ok(Err(why));
        }
        let entry = WordEntry { case, by, name, what };
        match self.journal.append(vec![NewEntry::new(self.clock.now(), Body::Word(Box::new(entry)))]) {
            Ok(seqs) => {
                self.cases.acted(case, &act, &seqs);
                Ok(Ok(()))
            }
            Err(error) => {
                self.cases.undo(case, &act);
                Err(error.into())
            }
        }
    }
}
