//! Observables in one canonical normal form each, so that two firms that saw one thing hold one value.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher24;

use crate::{Kind, ObservableKey, normal};

/// Longest piece of an offending text in an error.
const ERROR_CHARS_MAX: usize = 80;

/// A technical fact in its normal form; equal facts are equal values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Observable {
    kind: Kind,
    value: Box<str>,
}

/// Why a text is no observable of a kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {}: {why}", kind.title())]
pub struct ParseError {
    /// The kind that was asked for.
    pub kind: Kind,
    /// The start of the offending text (at most 80 characters).
    pub text: String,
    /// What is wrong, for a person.
    pub why: String,
}

/// Key of the hash that makes [`ObservableKey`]s; stored in the journal's first entry so that replay gives equal keys.
#[derive(Clone, Copy)]
pub struct KeySeed(pub [u8; 16]);

impl Observable {
    /// Reads `text` (defanged or not) as an observable of `kind` and brings it to its normal form.
    ///
    /// The kind of the outcome may be a neighbour of `kind` where the text shows it, so that one fact has one form:
    /// `192.0.2.1/32` and `::ffff:192.0.2.1` are IPv4 addresses, a host name with a dot is a domain, a file name with a
    /// folder is a path. Parsing a normal form as its own kind gives it back unchanged.
    ///
    /// # Errors
    /// [`ParseError`] says what is wrong with the text.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, ParseError> {
        match normal::normalise(kind, text) {
            Ok((kind, value)) => Ok(Self { kind, value: value.into() }),
            Err(why) => {
                Err(ParseError { kind, text: text.trim().chars().take(ERROR_CHARS_MAX).collect(), why: why.to_owned() })
            }
        }
    }

    /// Guesses the kind of a bare value, as a person pastes it into a search box. `None` if it is nothing known.
    #[must_use]
    pub fn detect(text: &str) -> Option<Self> {
        let (kind, value) = normal::detect(text)?;
        Some(Self { kind, value: value.into() })
    }

    /// Everything that a bare value can be, each once: first what [`Self::detect`] takes it for, then the other kinds in
    /// their order. There are no more than there are kinds.
    ///
    /// Thirty-two hexadecimal digits may be an MD5, an import hash or a JA3; a name may be a domain, a mutex or an account.
    #[must_use]
    pub fn readings(text: &str) -> Vec<Self> {
        let mut readings: Vec<Self> = Self::detect(text).into_iter().collect();
        for kind in Kind::ALL {
            if let Ok(reading) = Self::parse(*kind, text)
                && !readings.contains(&reading)
            {
                readings.push(reading);
            }
        }
        readings
    }

    /// From a kind and a value that was made by [`Observable::parse`] before (a journal entry, a stored row): not checked again.
    #[must_use]
    pub fn from_normal(kind: Kind, value: impl Into<Box<str>>) -> Self {
        Self { kind, value: value.into() }
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The normal form.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The 64-bit key that stands for this observable under `seed`.
    #[must_use]
    pub fn key(&self, seed: KeySeed) -> ObservableKey {
        ObservableKey::of(self.kind, &self.value, seed)
    }
}

impl ObservableKey {
    /// The key of the observable of a kind whose normal form is `value`.
    #[must_use]
    pub fn of(kind: Kind, value: &str, seed: KeySeed) -> Self {
        let mut hasher = SipHasher24::new_with_key(&seed.0);
        hasher.write(kind.as_str().as_bytes());
        hasher.write_u8(0);
        hasher.write(value.as_bytes());
        Self(hasher.finish())
    }
}

/// Makes a value harmless to click: `hxxp://evil[.]example`. [`refang`] brings it back.
#[must_use]
pub fn defang(text: &str) -> String {
    normal::defang(text)
}

/// Undoes the usual ways of defanging: `[.]`, `(.)`, `[dot]`, `hxxp`, `[:]`, `[@]`, `[at]`, `\.` and their kin.
///
/// Behind the host of a URL only `[.]` and `[@]` are undone: the others can stand in a path in earnest.
#[must_use]
pub fn refang(text: &str) -> String {
    normal::refang(text).into_owned()
}
