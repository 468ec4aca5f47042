//! The public half of the cell's key, which the vault's process tells and members' devices seal words to.

use rusqlite::{OptionalExtension as _, params};

use crate::lead_keys::LEAD_KEY_BYTES;
use crate::register::{Register, RegisterError};

impl Register {
    /// The cell's newest key: its number and public half; `None` until the vault's process has told one.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be read.
    pub fn cell_key(&self) -> Result<Option<(u32, [u8; LEAD_KEY_BYTES])>, RegisterError> {
        let connection = self.connection();
        let mut statement =
            connection.prepare_cached("SELECT number, public FROM cell_key ORDER BY number DESC LIMIT 1")?;
        Ok(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    /// Tells the cell's key of a number, in place of all that were told before.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be written.
    pub fn tell_cell_key(&self, number: u32, public: &[u8; LEAD_KEY_BYTES]) -> Result<(), RegisterError> {
        self.within(|transaction| {
            transaction.execute("DELETE FROM cell_key", [])?;
            transaction.execute("INSERT INTO cell_key(number, public) VALUES (?1, ?2)", params![number, public])?;
            Ok(())
        })
    }
}
