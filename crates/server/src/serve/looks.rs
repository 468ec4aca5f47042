//! What a server waits for and looks at while it runs: the released store, the register, and lists of everyday values.

use super::*;
use release::{Everyday, Sets};

/// Tells operators what a daily round did, in numbers.
fn told_of(round: Option<register::Round>) {
    if let Some(round) = round {
        let (told, dormant, left, overdue) = (round.told, round.dormant, round.left, round.overdue);
        tracing::info!(told, dormant, left, overdue, "the daily round of memberships");
    }
}

/// Makes open streams ask again whether they may go on, whenever the register has changed, in this process or another.
pub(super) async fn watch_register(register: Arc<Register>, hubs: Vec<Arc<Hub>>, fold: Option<SharedFold>) {
    let mut seen = register.changes();
    for look in 1_u32.. {
        tokio::time::sleep(REGISTER_LOOK).await;
        let looked = Arc::clone(&register);
        let outcome = tokio::task::spawn_blocking(move || {
            if look.is_multiple_of(LOOKS_A_NOTE) {
                looked.note_uses()?;
                told_of(looked.daily_round()?);
            }
            looked.refresh()
        })
        .await;
        if let Ok(Err(error)) = outcome {
            tracing::error!(%error, "the register could not be read anew; what another process changed is not in force");
        }
        let now = register.changes();
        if now != seen {
            seen = now;
            for hub in &hubs {
                hub.pulse();
            }
            if let Some(fold) = &fold {
                fold.pictures().pulse();
            }
        }
    }
}

/// The lists that look-ups ask. Where there is no fold, as in a process of the members' side alone, nobody says which are in use:
/// they are those that this process was given.
pub(super) fn everyday(fold: Option<&SharedFold>, exercise: bool, sets: &Sets) -> Result<Everyday, ServeError> {
    Ok(fold.map_or_else(|| Everyday::given(exercise, sets), |fold| Ok(fold.everyday())).map_err(CoreError::from)?)
}

/// The store that the cell's process makes, as soon as it says whose it is.
pub(super) fn wait_for_store(path: &Path) -> Result<Reader, ServeError> {
    let mut waited = Duration::ZERO;
    loop {
        if path.exists()
            && let Ok(reader) = Reader::open(path)
            && matches!(reader.about(), Ok(Some(_)))
        {
            return Ok(reader);
        }
        if waited >= STORE_WAIT {
            return Err(ServeError::NoStore(path.to_owned()));
        }
        std::thread::sleep(STORE_POLL);
        waited += STORE_POLL;
    }
}
