//! The exercise's operator: confirms each lead's key that waits, so that an exercise goes on with nobody at the command line. Whoever
//! enrolled it is taken at their word, which nobody should do in a real partnership; the console says so.

use std::sync::Arc;
use std::time::Duration;

use register::{Actor, Register, RegisterError, lead_key_fingerprint};

/// How often keys that wait are looked for.
const LOOK: Duration = Duration::from_secs(1);

/// Confirms for ever.
pub async fn confirm(register: Arc<Register>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let register = Arc::clone(&register);
        match tokio::task::spawn_blocking(move || confirmed(&register)).await {
            Ok(Ok(names)) => {
                for name in names {
                    println!(
                        "The key of {name} is confirmed, as an exercise's operator does. Real ones are confirmed once their \
                         fingerprint was compared by voice: fusioncell lead confirm --help"
                    );
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "keys of leads could not be confirmed; they are looked at again"),
            // The exercise ends.
            Err(_) => return,
        }
    }
}

/// Confirms all that wait; gives whose they are.
fn confirmed(register: &Register) -> Result<Vec<String>, RegisterError> {
    let mut names = Vec::new();
    for waiting in register.waiting_lead_keys()? {
        let fingerprint = lead_key_fingerprint(&waiting.key.public);
        register.confirm_lead_key(&Actor::operator(), waiting.key.person, &fingerprint)?;
        names.push(waiting.key.name);
    }
    Ok(names)
}
