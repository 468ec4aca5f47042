//! The parts that send something out of the cell's process: the postman, whoever wakes the shift, and the webhook's calls.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use register::{Register, SealKey};
use vault::VaultError;

use super::{Common, ServeError, SharedFold, Vault, io_error};
use crate::hooks::Caller;
use crate::mailer::{Mailer, Posting};
use crate::pager::{Pager, Ways};

/// Name of the key under which addresses and texts of the outbox are sealed, in the keys folder; the cell's process alone
/// reads it.
const OUTBOX_KEY: &str = "outbox.key";

/// Seals the outbox; the key is made if it is absent.
fn seal(common: &Common, register: &Register) -> Result<(), ServeError> {
    let config = &common.config;
    let keys = config.keys_dir.clone().unwrap_or_else(|| vault::default_keys_dir(&config.data_dir));
    let key = vault::own_key(&keys, OUTBOX_KEY, &*config.entropy, true).map_err(VaultError::from)?;
    let key = key.and_then(|key| SealKey::new(&key)).ok_or(ServeError::Stopped("cipher of the outbox"))?;
    register.seal_outbox_with(key);
    Ok(())
}

/// Starts them.
pub(super) fn start(
    common: &Common,
    vault: &Arc<Vault>,
    fold: &SharedFold,
    stop: &Arc<AtomicBool>,
) -> Result<Vec<Posting>, ServeError> {
    let config = &common.config;
    let (register, clock) = (Arc::clone(&common.register), Arc::clone(&config.clock));
    seal(common, &register)?;
    if config.mail.is_some() {
        register.deliver_by_mail();
    }
    let mut parts = vec![super::auditing::start(Arc::clone(fold.audit()), Arc::clone(&clock), Arc::clone(stop))?];
    if let Some(settings) = config.hook.clone() {
        let client = settings.client()?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(io_error("webhook"))?;
        let (register, clock) = (Arc::clone(&register), Arc::clone(&clock));
        let caller = Caller { register, clock, settings, client, runtime };
        let stop = Arc::clone(stop);
        parts.push(Posting::start("webhook", move || caller.run(&stop)).map_err(io_error("thread"))?);
    }
    let ways = Ways { mail: config.mail.is_some(), hook: config.hook.is_some() };
    let pager = Pager::new(Arc::clone(&register), fold.waiting(), ways, common.about.exercise);
    let (fold, until) = (fold.clone(), vault.journal().head().seq);
    let (time, flag) = (Arc::clone(&clock), Arc::clone(stop));
    let run = move || pager.run(&fold, until, &*time, &flag);
    parts.push(Posting::start("pager", run).map_err(io_error("thread"))?);
    let mailer = Mailer { register, clock, settings: config.mail.clone() };
    parts.push(mailer.start(Arc::clone(stop)).map_err(io_error("thread"))?);
    Ok(parts)
}
