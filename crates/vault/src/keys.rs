//! Keys outside the data folder: member tokens by window, the release id key, the checkpoint key.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use model::{Entropy, MemberToken, OrganisationId, Timestamp};

use crate::error::VaultError;
use crate::{files, master};

/// How long one token key counts: 30 days.
pub const TOKEN_WINDOW_MILLIS: i64 = 30 * 86_400_000;

const KEY_FILE_BYTES_MAX: u64 = 256;
/// Name of a window's token key, before its number.
pub(crate) const TOKEN_KEY: &str = "token";
const CHECKPOINT_SEED: &str = "checkpoint.key";
const RELEASE_ID: &str = "release-id.key";
/// Seals the way back to whoever filed a case.
pub(crate) const RETURN_KEY: &str = "return.key";

/// What can be wrong with a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Others may read it.
    #[error("{} can be read by others: set mode {mode} and consider its keys known", path.display())]
    OpenToOthers {
        /// The file or folder.
        path: PathBuf,
        /// The mode it should have.
        mode: &'static str,
    },
    /// Keys that sealed what lies in the data folder are not there.
    #[error("{} is missing: what it sealed cannot be read; restore it from the copy of the keys folder", .0.display())]
    Missing(PathBuf),
    /// Keys were wrapped with another key than the one that is there, or are cut.
    #[error("{} cannot be opened: it is damaged, or is not of this keys folder", .0.display())]
    Wrapped(PathBuf),
    /// It is not 32 bytes in hexadecimal.
    #[error("{} is no key: 64 hexadecimal digits are expected", .0.display())]
    Malformed(PathBuf),
    /// It could not be read or written.
    #[error("{0}")]
    File(Arc<str>),
}

impl From<VaultError> for KeyError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Key(error) => error,
            other => Self::File(other.to_string().into()),
        }
    }
}

/// The keys folder of a data folder, if none is named: `D.keys` beside `D`.
#[must_use]
pub fn default_keys_dir(data_dir: &Path) -> PathBuf {
    // `.` and `..` have no name of their own; their keys must not come to lie inside them.
    let named = match data_dir.file_name() {
        Some(_) => data_dir.to_owned(),
        None => data_dir.canonicalize().unwrap_or_else(|_| data_dir.to_owned()),
    };
    let mut name = named.file_name().unwrap_or_default().to_owned();
    name.push(".keys");
    named.with_file_name(name)
}

/// The public half of the checkpoint key in a folder, without making anything there; `None` if there is none.
pub(crate) fn checkpoint_public(folder: &Path) -> Result<Option<Vec<u8>>, KeyError> {
    let Some(seed) = read_key(&folder.join(CHECKPOINT_SEED))? else { return Ok(None) };
    Ok(Some(signer(&seed)?.public_key().as_ref().to_vec()))
}

fn signer(seed: &Secret) -> Result<Ed25519KeyPair, KeyError> {
    Ed25519KeyPair::from_seed_unchecked(&seed.0).map_err(|error| KeyError::File(error.to_string().into()))
}

fn read_key(path: &Path) -> Result<Option<Secret>, KeyError> {
    let Some(text) = files::read_capped(path, KEY_FILE_BYTES_MAX)? else { return Ok(None) };
    if files::open_to_others(path)? {
        return Err(KeyError::OpenToOthers { path: path.to_owned(), mode: "600" });
    }
    master::secret(path, &String::from_utf8_lossy(&text)).map(Secret).map(Some)
}

/// 32 secret bytes; no `Debug`, no `Serialize`, wiped by nobody's log.
struct Secret([u8; 32]);

enum Home {
    Folder(PathBuf),
    Memory(Mutex<HashMap<String, [u8; 32]>>),
}

/// The keys of one vault.
pub struct Keys {
    home: Home,
    entropy: Arc<dyn Entropy>,
    release_id: hmac::Key,
    tokens: Mutex<HashMap<i64, hmac::Key>>,
    signer: Ed25519KeyPair,
    turn: Mutex<()>,
}

impl Keys {
    /// Opens the keys in a folder, making those that are absent.
    ///
    /// # Errors
    /// [`KeyError`] if the folder or a key can be read by others, or is no key.
    pub fn open(folder: &Path, entropy: Arc<dyn Entropy>) -> Result<Self, KeyError> {
        files::private_folder(folder)?;
        if files::open_to_others(folder)? {
            return Err(KeyError::OpenToOthers { path: folder.to_owned(), mode: "700" });
        }
        Self::at(Home::Folder(folder.to_owned()), entropy)
    }

    /// Keys that live and die with the process, for tests.
    ///
    /// # Errors
    /// [`KeyError`] if the signing key cannot be made.
    pub fn in_memory(entropy: Arc<dyn Entropy>) -> Result<Self, KeyError> {
        Self::at(Home::Memory(Mutex::default()), entropy)
    }

    fn at(home: Home, entropy: Arc<dyn Entropy>) -> Result<Self, KeyError> {
        let release_id = hmac::Key::new(hmac::HMAC_SHA256, &load(&home, RELEASE_ID, &*entropy)?.0);
        let seed = load(&home, CHECKPOINT_SEED, &*entropy)?;
        let signer = signer(&seed)?;
        Ok(Self { home, entropy, release_id, tokens: Mutex::default(), signer, turn: Mutex::default() })
    }

    /// Number of the token window that a time lies in.
    #[must_use]
    pub const fn window(at: Timestamp) -> u32 {
        // A time before 1970 is refused long before; the cast cannot lose anything until the year 350,000.
        at.as_millis().div_euclid(TOKEN_WINDOW_MILLIS) as u32
    }

    /// The token that stands for an organisation at a time: HMAC-SHA-256 under the window's key, cut to 128 bits.
    ///
    /// # Errors
    /// [`KeyError`] if the window's key cannot be read or made.
    pub fn token(&self, organisation: OrganisationId, at: Timestamp) -> Result<MemberToken, KeyError> {
        self.token_at(organisation, at.as_millis().div_euclid(TOKEN_WINDOW_MILLIS))
    }

    /// As [`Self::token`], by the number of a window; `None` if its key is destroyed, in whose place none is made.
    pub(crate) fn token_in(&self, organisation: OrganisationId, window: u32) -> Result<Option<MemberToken>, KeyError> {
        if self.known(&Self::window_key(TOKEN_KEY, window))?.is_none() {
            return Ok(None);
        }
        self.token_at(organisation, window.into()).map(Some)
    }

    fn token_at(&self, organisation: OrganisationId, window: i64) -> Result<MemberToken, KeyError> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let key = match tokens.entry(window) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let secret = load(&self.home, &format!("{TOKEN_KEY}-{window}.key"), &*self.entropy)?;
                place.insert(hmac::Key::new(hmac::HMAC_SHA256, &secret.0))
            }
        };
        Ok(MemberToken::from_bytes(cut(hmac::sign(key, organisation.as_bytes()).as_ref())))
    }

    /// The file of a window's key of some kind.
    pub(crate) fn window_key(kind: &str, window: u32) -> String {
        format!("{kind}-{window}.key")
    }

    /// A key that may be there or not; none is made.
    pub(crate) fn known(&self, name: &str) -> Result<Option<[u8; 32]>, KeyError> {
        match &self.home {
            Home::Memory(held) => Ok(held.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()),
            Home::Folder(folder) => {
                let path = folder.join(name);
                // A crash came between the overwriting of a key and its removal.
                let text = files::read_capped(&path, KEY_FILE_BYTES_MAX)?.unwrap_or_default();
                if text.iter().all(|byte| *byte == 0) {
                    return Ok(None);
                }
                Ok(read_key(&path)?.map(|secret| secret.0))
            }
        }
    }

    /// Destroys the keys of a kind of all windows before one; gives how many there were. What was made with them cannot be made or
    /// opened again by anybody who has no copy.
    ///
    /// # Errors
    /// [`KeyError`] if one cannot be overwritten or removed.
    pub(crate) fn forget_windows(&self, kind: &str, first_kept: u32) -> Result<usize, KeyError> {
        let window = |name: &str| -> Option<u32> {
            name.strip_prefix(kind)?.strip_prefix('-')?.strip_suffix(".key")?.parse().ok()
        };
        if kind == TOKEN_KEY {
            self.tokens
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .retain(|window, _| *window >= i64::from(first_kept));
        }
        let folder = match &self.home {
            Home::Memory(held) => {
                let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
                let before = held.len();
                held.retain(|name, _| window(name).is_none_or(|window| window >= first_kept));
                return Ok(before - held.len());
            }
            Home::Folder(folder) => folder,
        };
        let mut count = 0;
        for entry in std::fs::read_dir(folder).map_err(files::at(folder))? {
            let path = entry.map_err(files::at(folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if window(&name).is_some_and(|window| window < first_kept) {
                files::destroy(&path)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// The id of a released object: HMAC-SHA-256 of its kind and content, cut to 128 bits.
    #[must_use]
    pub fn release_id(&self, kind: &str, parts: &[&[u8]]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.release_id);
        context.update(kind.as_bytes());
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        cut(context.sign().as_ref())
    }

    /// Signs a message with the checkpoint key (Ed25519).
    #[must_use]
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.signer.sign(message).as_ref().to_vec()
    }

    /// Where chance comes from.
    pub(crate) const fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.entropy
    }

    /// Held while a checkpoint is written, so that an older head never replaces a newer one.
    pub(crate) const fn turn(&self) -> &Mutex<()> {
        &self.turn
    }

    /// A key that is made when it is first needed.
    pub(crate) fn secret(&self, name: &str) -> Result<[u8; 32], KeyError> {
        load(&self.home, name, &*self.entropy).map(|secret| secret.0)
    }

    /// The public half of the checkpoint key.
    #[must_use]
    pub(crate) fn public(&self) -> &[u8] {
        self.signer.public_key().as_ref()
    }

    /// The folder, if the keys are kept in one.
    #[must_use]
    pub(crate) fn folder(&self) -> Option<&Path> {
        match &self.home {
            Home::Folder(folder) => Some(folder),
            Home::Memory(_) => None,
        }
    }
}

fn cut(tag: &[u8]) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(tag) {
        *to = *from;
    }
    bytes
}

/// A key of its own in a keys folder, for whoever needs one key and none of the others; made if it is absent and `make` says so.
///
/// # Errors
/// [`KeyError`] if the folder or the key can be read by others, or is no key.
pub fn own_key(folder: &Path, name: &str, entropy: &dyn Entropy, make: bool) -> Result<Option<[u8; 32]>, KeyError> {
    if !make {
        return existing(folder, name);
    }
    files::private_folder(folder)?;
    if files::open_to_others(folder)? {
        return Err(KeyError::OpenToOthers { path: folder.to_owned(), mode: "700" });
    }
    load(&Home::Folder(folder.to_owned()), name, entropy).map(|secret| Some(secret.0))
}

/// A key of a folder; neither of the two is made.
pub(crate) fn existing(folder: &Path, name: &str) -> Result<Option<[u8; 32]>, KeyError> {
    if folder.exists() && files::open_to_others(folder)? {
        return Err(KeyError::OpenToOthers { path: folder.to_owned(), mode: "700" });
    }
    Ok(read_key(&folder.join(name))?.map(|secret| secret.0))
}

fn load(home: &Home, name: &str, entropy: &dyn Entropy) -> Result<Secret, KeyError> {
    match home {
        Home::Memory(held) => {
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(Secret(*held.entry(name.to_owned()).or_insert_with(|| entropy.bytes())))
        }
        Home::Folder(folder) => {
            let path = folder.join(name);
            if let Some(secret) = read_key(&path)? {
                return Ok(secret);
            }
            let secret: [u8; 32] = entropy.bytes();
            files::write_whole(&path, master::stored(&path, &secret, entropy)?.as_bytes())?;
            Ok(Secret(secret))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    struct Steps(AtomicU8);

    impl Entropy for Steps {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn steps(from: u8) -> Arc<Steps> {
        Arc::new(Steps(AtomicU8::new(from)))
    }

    fn day(n: i64) -> Timestamp {
        Timestamp::from_millis(n * 86_400_000)
    }

    #[test]
    fn a_token_stands_for_one_member_within_one_window_and_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("d.keys");
        let keys = Keys::open(&dir, steps(1)).unwrap();
        let (one, two) = (OrganisationId::from_bytes([1; 16]), OrganisationId::from_bytes([2; 16]));
        let token = keys.token(one, day(30)).unwrap();
        assert!(token == keys.token(one, day(59)).unwrap());
        assert!(token != keys.token(one, day(60)).unwrap());
        assert!(token != keys.token(two, day(30)).unwrap());
        let id = keys.release_id("indicator", &[b"ab", b"c"]);
        assert!(
            id != keys.release_id("indicator", &[b"a", b"bc"]) && id != keys.release_id("campaign", &[b"ab", b"c"])
        );
        let again = Keys::open(&dir, steps(100)).unwrap();
        assert!(token == again.token(one, day(40)).unwrap());
        assert_eq!(id, again.release_id("indicator", &[b"ab", b"c"]));
        assert_eq!(keys.public(), again.public());
        assert_eq!(checkpoint_public(&dir).unwrap().unwrap(), keys.public());
    }

    #[test]
    fn keys_lie_in_files_that_nobody_else_reads() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("d.keys");
        let keys = Keys::open(&dir, steps(1)).unwrap();
        keys.token(OrganisationId::from_bytes([1; 16]), day(1)).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        let files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.len(), 3, "{files:?}");
        assert!(files.iter().all(|file| mode(file) == 0o600));
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o750)).unwrap();
        assert!(matches!(Keys::open(&dir, steps(1)), Err(KeyError::OpenToOthers { .. })));
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::write(dir.join(RELEASE_ID), "short").unwrap();
        assert!(matches!(Keys::open(&dir, steps(1)), Err(KeyError::Malformed(_))));
    }

    #[test]
    fn looking_for_the_checkpoint_key_makes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("d.keys");
        assert!(checkpoint_public(&dir).unwrap().is_none());
        assert!(!dir.exists());
    }

    #[test]
    fn a_key_of_its_own_is_made_by_who_may_and_read_by_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("d.keys");
        assert_eq!(own_key(&dir, "x.key", &*steps(1), false), Ok(None));
        assert!(!dir.exists());
        let made = own_key(&dir, "x.key", &*steps(1), true).unwrap();
        assert_eq!(made, Some([1; 32]));
        assert_eq!(own_key(&dir, "x.key", &*steps(9), false).unwrap(), made);
        assert_eq!(own_key(&dir, "x.key", &*steps(9), true).unwrap(), made);
        assert_eq!(own_key(&dir, "y.key", &*steps(9), false), Ok(None));
    }

    #[test]
    fn the_default_keys_folder_lies_beside_the_data() {
        assert_eq!(default_keys_dir(Path::new("/srv/fc/data")), Path::new("/srv/fc/data.keys"));
        assert_eq!(default_keys_dir(Path::new("data/")), Path::new("data.keys"));
        let here = std::env::current_dir().unwrap();
        assert_eq!(default_keys_dir(Path::new(".")).parent(), here.parent());
    }
}
