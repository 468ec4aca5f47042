//! Passkeys: the ceremonies of WebAuthn for one listener, their state kept here and used once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::{PersonId, Timestamp};
use register::Face;
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url,
    Uuid, Webauthn, WebauthnBuilder,
};

/// How long a ceremony may take.
const CEREMONY_MILLIS: i64 = 5 * 60_000;
/// Ceremonies that are open at once; the one that ends first gives way.
const CEREMONIES_MAX: usize = 20_000;
/// Ceremonies that one network may have open; its own first one gives way.
const CEREMONIES_EACH_MAX: usize = 32;

/// What a ceremony is for: one that was begun for something else is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// A new passkey of somebody who is signed in.
    Registration(PersonId),
    /// Signing in.
    SignIn,
    /// Showing a factor once more.
    Confirmation(PersonId),
}

enum State {
    Registration(Box<PasskeyRegistration>),
    Authentication(Box<DiscoverableAuthentication>),
}

struct Ceremony {
    purpose: For,
    state: State,
    network: String,
    ends_at: Timestamp,
}

/// The ceremonies that are open, each once.
#[derive(Default)]
struct Ceremonies(HashMap<String, Ceremony>);

impl Ceremonies {
    fn open(&mut self, id: String, ceremony: Ceremony, now: Timestamp) {
        self.0.retain(|_, held| held.ends_at > now);
        let own = |held: &&Ceremony| held.network == ceremony.network;
        let full = self.0.len() >= CEREMONIES_MAX;
        if full || self.0.values().filter(own).count() >= CEREMONIES_EACH_MAX {
            let candidates = self.0.iter().filter(|(_, held)| full || held.network == ceremony.network);
            let first = candidates.min_by_key(|(_, held)| held.ends_at).map(|(id, _)| id.clone());
            if let Some(first) = first {
                self.0.remove(&first);
            }
        }
        self.0.insert(id, ceremony);
    }

    fn take(&mut self, id: &str, purpose: For, now: Timestamp) -> Option<State> {
        let fits = self.0.get(id).is_some_and(|held| held.purpose == purpose && held.ends_at > now);
        // Whoever names a ceremony uses it up, right or wrong.
        let taken = self.0.remove(id)?;
        fits.then_some(taken.state)
    }
}

/// A registered credential, for the register to keep.
pub(crate) struct Registered {
    pub(crate) credential: Vec<u8>,
    pub(crate) stored: String,
}

/// A credential that says whose it is, not yet checked.
pub(crate) struct Claimed {
    pub(crate) person: PersonId,
    pub(crate) credential: Vec<u8>,
    shown: PublicKeyCredential,
    state: Box<DiscoverableAuthentication>,
}

/// The relying party of one listener.
pub struct Passkeys {
    webauthn: Webauthn,
    relying_party: String,
    ceremonies: Mutex<Ceremonies>,
}

impl Passkeys {
    /// The origin that pages of a listener have unless another is told.
    #[must_use]
    pub const fn default_origin(face: Face) -> &'static str {
        match face {
            Face::Member => "http://localhost",
            Face::Cell => "http://cell.localhost",
        }
    }

    /// For pages of one origin, such as `https://fusion.example`; its host is the relying party. At a host of this very
    /// machine, which browsers trust without TLS, the port may be any.
    ///
    /// # Errors
    /// In words, if the origin is none or names no host.
    pub fn new(origin: &str, name: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("{origin:?} is no origin for passkeys: {why}");
        let url = Url::parse(origin).map_err(|error| wrong(&error.to_string()))?;
        let host = url.domain().ok_or_else(|| wrong("it names no host"))?.to_owned();
        let near = host == "localhost" || host.ends_with(".localhost");
        if url.scheme() != "https" && !near {
            return Err(wrong("browsers give passkeys to https alone"));
        }
        let builder = WebauthnBuilder::new(&host, &url).map_err(|error| wrong(&error.to_string()))?;
        let builder = builder.rp_name(name).allow_any_port(near && url.port().is_none());
        let webauthn = builder.build().map_err(|error| wrong(&error.to_string()))?;
        Ok(Self { webauthn, relying_party: host, ceremonies: Mutex::default() })
    }

    /// The relying party that credentials are bound to.
    pub(crate) fn relying_party(&self) -> &str {
        &self.relying_party
    }

    fn open(&self, id: &str, purpose: For, state: State, network: &str, now: Timestamp) {
        let ends_at = now.plus_millis(CEREMONY_MILLIS);
        let ceremony = Ceremony { purpose, state, network: network.to_owned(), ends_at };
        self.ceremonies.lock().unwrap_or_else(PoisonError::into_inner).open(id.to_owned(), ceremony, now);
    }

    fn take(&self, id: &str, purpose: For, now: Timestamp) -> Option<State> {
        self.ceremonies.lock().unwrap_or_else(PoisonError::into_inner).take(id, purpose, now)
    }

    /// Begins a registration: gives what `navigator.credentials.create` takes.
    pub(crate) fn begin_registration(
        &self,
        id: &str,
        person: PersonId,
        names: (&str, &str),
        known: Vec<Vec<u8>>,
        network: &str,
        now: Timestamp,
    ) -> Option<Value> {
        let known = known.into_iter().map(Into::into).collect();
        let user = Uuid::from_bytes(*person.as_bytes());
        let begun = self.webauthn.start_passkey_registration(user, names.0, names.1, Some(known));
        let (options, state) = begun.inspect_err(|error| tracing::error!(%error, "a passkey cannot be begun")).ok()?;
        self.open(id, For::Registration(person), State::Registration(Box::new(state)), network, now);
        let mut options = serde_json::to_value(options).ok()?.get_mut("publicKey")?.take();
        // People sign in without typing an address, so the authenticator has to keep whose the passkey is.
        let selection = options.get_mut("authenticatorSelection")?.as_object_mut()?;
        selection.insert("residentKey".into(), json!("required"));
        selection.insert("requireResidentKey".into(), json!(true));
        Some(options)
    }

    /// Ends a registration; `None` for whatever is wrong with it.
    pub(crate) fn finish_registration(
        &self,
        id: &str,
        person: PersonId,
        shown: Value,
        now: Timestamp,
    ) -> Option<Registered> {
        let State::Registration(state) = self.take(id, For::Registration(person), now)? else { return None };
        let shown: RegisterPublicKeyCredential = serde_json::from_value(shown).ok()?;
        let passkey = self.webauthn.finish_passkey_registration(&shown, &state);
        let passkey = passkey.inspect_err(|error| tracing::debug!(%error, "a passkey was refused")).ok()?;
        Some(Registered { credential: passkey.cred_id().to_vec(), stored: serde_json::to_string(&passkey).ok()? })
    }

    /// Begins a sign-in or confirmation: gives what `navigator.credentials.get` takes, the same for everybody.
    pub(crate) fn begin_authentication(&self, id: &str, purpose: For, network: &str, now: Timestamp) -> Option<Value> {
        let begun = self.webauthn.start_discoverable_authentication();
        let (options, state) = begun.inspect_err(|error| tracing::error!(%error, "a passkey cannot be asked")).ok()?;
        self.open(id, purpose, State::Authentication(Box::new(state)), network, now);
        Some(serde_json::to_value(options).ok()?.get_mut("publicKey")?.take())
    }

    /// Uses a ceremony up; gives the credential that it was answered with, to be looked up.
    pub(crate) fn claimed(&self, id: &str, purpose: For, shown: Value, now: Timestamp) -> Option<Claimed> {
        let State::Authentication(state) = self.take(id, purpose, now)? else { return None };
        let shown: PublicKeyCredential = serde_json::from_value(shown).ok()?;
        let (user, credential) = self.webauthn.identify_discoverable_authentication(&shown).ok()?;
        let (person, credential) = (PersonId::from_bytes(*user.as_bytes()), credential.to_vec());
        Some(Claimed { person, credential, shown, state })
    }

    /// Checks a credential against the stored one: signature, origin, relying party, that the user was verified, and that
    /// the counter went on. Gives what is to be stored from now on.
    pub(crate) fn check(&self, claimed: Claimed, stored: &str) -> Option<String> {
        let mut passkey: Passkey = serde_json::from_str(stored)
            .inspect_err(|error| tracing::error!(%error, "a stored passkey cannot be read"))
            .ok()?;
        let result = self.webauthn.finish_discoverable_authentication_v2(&claimed.shown, *claimed.state, &passkey);
        let result = result.inspect_err(|error| tracing::debug!(%error, "a passkey was refused")).ok()?;
        if !result.user_verified() {
            return None;
        }
        passkey.update_credential(&result)?;
        serde_json::to_string(&passkey).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    #[test]
    fn an_origin_is_https_or_this_machine() {
        for origin in ["https://fusion.example", "http://localhost", "http://cell.localhost:8461"] {
            assert!(Passkeys::new(origin, "Test").is_ok(), "{origin}");
        }
        for origin in ["http://fusion.example", "https://192.0.2.1", "fusion.example", "", "file:///x"] {
            assert!(Passkeys::new(origin, "Test").is_err(), "{origin}");
        }
    }

    #[test]
    fn a_ceremony_is_used_up_by_whoever_names_it_and_by_time() {
        let passkeys = Passkeys::new("http://localhost", "Test").unwrap();
        let open = |id: &str| passkeys.begin_authentication(id, For::SignIn, "here", NOW).unwrap();
        let options = open("a");
        assert_eq!(options["userVerification"], "required");
        assert_eq!(options["allowCredentials"], json!([]));
        assert_eq!(options["rpId"], "localhost");
        let other = For::Confirmation(PersonId::from_bytes([1; 16]));
        assert!(passkeys.take("a", other, NOW).is_none(), "begun for something else");
        assert!(passkeys.take("a", For::SignIn, NOW).is_none(), "used up by that");
        open("b");
        assert!(passkeys.take("b", For::SignIn, NOW.plus_millis(CEREMONY_MILLIS)).is_none());
        open("c");
        assert!(passkeys.take("c", For::SignIn, NOW).is_some());
    }

    #[test]
    fn one_network_cannot_push_out_the_ceremonies_of_others() {
        let passkeys = Passkeys::new("http://localhost", "Test").unwrap();
        passkeys.begin_authentication("mine", For::SignIn, "here", NOW).unwrap();
        for n in 0..3 * CEREMONIES_EACH_MAX {
            passkeys.begin_authentication(&format!("flood {n}"), For::SignIn, "there", NOW).unwrap();
        }
        assert_eq!(passkeys.ceremonies.lock().unwrap().0.len(), CEREMONIES_EACH_MAX + 1);
        assert!(passkeys.take("mine", For::SignIn, NOW).is_some());
    }
}
