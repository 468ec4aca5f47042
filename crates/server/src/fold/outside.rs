//! How much from outside the partnership waits to be read.

use std::sync::Arc;

use register::Register;

use super::SharedFold;

impl SharedFold {
    /// Whether as many reports from outside the partnership wait unread as the register's settings allow.
    pub fn full_outside(&self, register: &Arc<Register>) -> intake::IsFull {
        let (fold, register) = (self.clone(), Arc::clone(register));
        Arc::new(move || {
            // Settings that cannot be read allow nothing: whoever writes is given the telephone number.
            let most = register.joining_settings().map_or(0, |settings| settings.outsiders_unread);
            usize::try_from(most).unwrap_or_default() <= fold.read().desk.outside_unread()
        })
    }
}
