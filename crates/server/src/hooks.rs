//! The signed webhook by which the shift is woken: calls of the register's outbox, made until they are taken.
//!
//! Each is signed as Standard Webhooks has it: `webhook-id`, `webhook-timestamp`, and `webhook-signature`, which holds
//! `v1,` and the base64 of an HMAC-SHA256 over `id.timestamp.body`. `docs/paging.md` shows how a receiver checks it.

use std::os::unix::fs::MetadataExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::http::{HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use egress::{Client, EgressError, Limits, Rules};
use model::{Clock, Timestamp};
use register::{Hook, Register, RegisterError};
use tokio::runtime::Runtime;
use url::Url;

/// How often the outbox is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// What one call may take.
const LIMITS: Limits = Limits { time: Duration::from_secs(10), answer_bytes: 64 << 10 };
/// Wait before the second try; it doubles up to the longest.
const RETRY_MILLIS: i64 = 5_000;
const RETRY_MILLIS_MAX: i64 = 5 * 60_000;
/// Tries after which a call is given up: for a day, nobody was there.
const TRIES_MAX: u32 = 300;
/// Secrets that sign at once, so that a receiver can change from one to the next.
const SECRETS_MAX: usize = 2;
/// Bytes of a secret.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Longest file of secrets.
const FILE_BYTES_MAX: u64 = 4 << 10;

/// What calls are signed with: one secret, or the next one beside it.
#[derive(Clone)]
pub struct HookSecrets(Vec<hmac::Key>);

impl HookSecrets {
    /// From lines of `whsec_` and base64, as receivers have them.
    ///
    /// # Errors
    /// Why they cannot be used, without a part of them.
    pub fn read(text: &str) -> Result<Self, String> {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() || lines.len() > SECRETS_MAX {
            return Err(format!("1 to {SECRETS_MAX} lines, each whsec_ and base64"));
        }
        let key = |line: &&str| {
            let bytes = line.strip_prefix("whsec_").and_then(|text| BASE64.decode(text).ok());
            let bytes = bytes.filter(|bytes| SECRET_BYTES.contains(&bytes.len()));
            bytes.map(|bytes| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
        };
        let keys: Option<Vec<hmac::Key>> = lines.iter().map(key).collect();
        let (least, most) = (SECRET_BYTES.start(), SECRET_BYTES.end());
        keys.map(Self).ok_or_else(|| format!("a secret is whsec_ and the base64 of {least} to {most} bytes"))
    }

    /// From a file that others cannot read.
    ///
    /// # Errors
    /// Why they cannot be used.
    pub fn of_file(file: &Path) -> Result<Self, String> {
        let about = std::fs::metadata(file).map_err(|error| error.to_string())?;
        if about.mode() & 0o007 != 0 {
            return Err("others can read it: chmod o-rwx it".to_owned());
        }
        if about.len() > FILE_BYTES_MAX {
            return Err("it is too long".to_owned());
        }
        Self::read(&std::fs::read_to_string(file).map_err(|error| error.to_string())?)
    }

    /// Signatures of a body, as the header has them.
    fn sign(&self, id: &str, at_secs: i64, body: &str) -> String {
        let text = format!("{id}.{at_secs}.{body}");
        let sign = |key: &hmac::Key| format!("v1,{}", BASE64.encode(hmac::sign(key, text.as_bytes())));
        self.0.iter().map(sign).collect::<Vec<_>>().join(" ")
    }
}

/// Where calls go.
#[derive(Clone)]
pub struct HookSettings {
    /// The receiver.
    pub url: Url,
    /// What calls are signed with.
    pub secrets: HookSecrets,
    /// Networks that are allowed though they are private.
    pub allowed: Vec<egress::Network>,
    /// The only roots that the receiver's certificate may go back to, in PEM, instead of this machine's.
    pub roots: Option<PathBuf>,
}

impl HookSettings {
    /// Whether calls could be made at all.
    ///
    /// # Errors
    /// [`EgressError`] says why not.
    pub fn client(&self) -> Result<Client, EgressError> {
        Client::check(&self.url)?;
        Client::new(Rules { allowed: self.allowed.clone(), roots: self.roots.clone() }, LIMITS)
    }
}

/// When a call is made again after `attempts` tries.
fn again_at(now: Timestamp, attempts: u32) -> Timestamp {
    let doubled = RETRY_MILLIS.checked_shl(attempts.saturating_sub(1).min(16)).unwrap_or(RETRY_MILLIS_MAX);
    now.plus_millis(doubled.min(RETRY_MILLIS_MAX))
}

/// Makes the calls.
pub(crate) struct Caller {
    pub(crate) register: Arc<Register>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: HookSettings,
    pub(crate) client: Client,
    pub(crate) runtime: Runtime,
}

impl Caller {
    /// Works until it is told to stop. Nothing that goes wrong here ends the server.
    pub(crate) fn run(&self, stop: &AtomicBool) {
        let (mut resumed, mut away) = (false, false);
        while !stop.load(Ordering::Acquire) {
            let step = catch_unwind(AssertUnwindSafe(|| self.step(&mut resumed, &mut away)));
            match step {
                Ok(Ok(true)) => continue,
                Ok(Ok(false)) => {}
                Ok(Err(error)) => {
                    tracing::error!(%error, "the webhook's outbox could not be read or written; calls wait")
                }
                Err(_) => tracing::error!("the webhook could not be called for a fault of the program; calls wait"),
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Makes one call, if one is due.
    fn step(&self, resumed: &mut bool, away: &mut bool) -> Result<bool, RegisterError> {
        if !*resumed {
            if self.register.resume_hooks()? > 0 {
                tracing::warn!(
                    "a webhook was being called when the server ended; it is called again by the same webhook-id"
                );
            }
            *resumed = true;
        }
        // On disk before anything is said to the receiver.
        let Some(hook) = self.register.due_hook(self.clock.now())? else { return Ok(false) };
        match self.call(&hook) {
            Ok(()) => {
                if std::mem::take(away) {
                    tracing::info!("the webhook takes calls again");
                }
                self.register.hook_over(&hook.id)?;
            }
            Err(trouble) if hook.attempts >= TRIES_MAX => {
                tracing::warn!(trouble, "a call of the webhook was tried for a day and is given up");
                self.register.hook_over(&hook.id)?;
            }
            Err(trouble) => {
                if !std::mem::replace(away, true) {
                    tracing::warn!(trouble, "the webhook takes no call; what waits stays");
                }
                self.register.hook_later(&hook.id, again_at(self.clock.now(), hook.attempts), &trouble)?;
            }
        }
        Ok(true)
    }

    fn call(&self, hook: &Hook) -> Result<(), String> {
        let id: String = hook.id.iter().fold("msg_".to_owned(), |text, byte| format!("{text}{byte:02x}"));
        let at_secs = self.clock.now().as_millis().div_euclid(1_000);
        let signature = self.settings.secrets.sign(&id, at_secs, &hook.body);
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_| "call: it cannot be written".to_owned());
        let headers = [
            (axum::http::header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (HeaderName::from_static("webhook-id"), value(&id)?),
            (HeaderName::from_static("webhook-timestamp"), value(&at_secs.to_string())?),
            (HeaderName::from_static("webhook-signature"), value(&signature)?),
        ];
        let call = self.client.post(&self.settings.url, &headers, hook.body.clone());
        let reply = self.runtime.block_on(call).map_err(|error| error.to_string())?;
        if (200..300).contains(&reply.status) { Ok(()) } else { Err(format!("answer: {}", reply.status)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        // The example of its specification.
        let secrets = HookSecrets::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signed = secrets.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let two = HookSecrets::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSX")
            .unwrap();
        assert_eq!(two.sign("a", 1, "{}").split(' ').count(), 2);
    }

    #[test]
    fn a_secret_is_refused_without_a_word_of_it() {
        for text in ["", "secret", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", "whsec_a\nwhsec_b\nwhsec_c"] {
            let why = HookSecrets::read(text).err().unwrap();
            assert!(!why.contains("c2hvcnQ") && !why.contains("secret\""), "{why}");
        }
    }

    #[test]
    fn tries_get_rarer_and_never_stop_for_long() {
        let now = Timestamp::from_millis(0);
        let wait = |attempts: u32| again_at(now, attempts).as_millis();
        assert_eq!([wait(1), wait(2), wait(6), wait(7), wait(u32::MAX)], [5_000, 10_000, 160_000, 300_000, 300_000]);
    }
}
