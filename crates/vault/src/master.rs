//! The key that the files of a keys folder are wrapped with, if it lies elsewhere: in a file on another disk, in a credential that
//! systemd hands to the service, or with a program that prints it. Then a copy of data and keys folder together opens nothing.
//!
//! Where it comes from stands in the keys folder itself, in a file of one line, so that every program that reads the folder finds it.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::Entropy;

use crate::error::VaultError;
use crate::keys::KeyError;
use crate::sealing::aead;
use crate::{files, hex};

/// Name of the file that says where the key comes from.
const FILE: &str = "master";
const FILE_BYTES_MAX: u64 = 4096;
/// Longest text of a key.
const KEY_BYTES_MAX: u64 = 256;
/// How often, and how many times, it is looked whether a program has ended: it may ask a person.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const LOOKS_MAX: u32 = 12_000;
/// What a wrapped key file begins with.
const WRAPPED: &str = "wrapped ";

/// Where the key comes from: 64 hexadecimal digits in each case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterSource {
    /// A file that only its owner reads.
    File(PathBuf),
    /// A credential of the service, by its name (systemd.exec(5), `LoadCredential=` and `LoadCredentialEncrypted=`).
    Credential(String),
    /// What a program prints, with its arguments; no shell is between.
    Command(Vec<String>),
}

/// Keys that were had once are not asked for again: a program may ask a person.
static HAD: Mutex<Option<Had>> = Mutex::new(None);
/// By the keys folder.
type Had = HashMap<PathBuf, (MasterSource, [u8; 32])>;

fn wrong(what: impl std::fmt::Display) -> KeyError {
    KeyError::File(format!("the key that wraps the others: {what}").into())
}

impl MasterSource {
    /// The one that a keys folder names; `None` if its keys are not wrapped.
    pub(crate) fn of(folder: &Path) -> Result<Option<Self>, KeyError> {
        let path = folder.join(FILE);
        let Some(text) = files::read_capped(&path, FILE_BYTES_MAX)? else { return Ok(None) };
        if files::open_to_others(&path)? {
            return Err(KeyError::OpenToOthers { path, mode: "600" });
        }
        let text = String::from_utf8_lossy(&text);
        let mut words = text.trim().split(' ').map(str::to_owned);
        let source = match (words.next().as_deref(), words.collect::<Vec<_>>()) {
            (Some("file"), rest) => Self::File(rest.join(" ").into()),
            (Some("credential"), rest) => Self::Credential(rest.join(" ")),
            (Some("command"), rest) => Self::Command(rest),
            _ => return Err(wrong(format!("{} names no file, credential or command", path.display()))),
        };
        source.check().map(|()| Some(source))
    }

    fn line(&self) -> String {
        match self {
            Self::File(path) => format!("file {}\n", path.display()),
            Self::Credential(name) => format!("credential {name}\n"),
            Self::Command(words) => format!("command {}\n", words.join(" ")),
        }
    }

    fn check(&self) -> Result<(), KeyError> {
        match self {
            Self::File(path) if !path.is_absolute() => Err(wrong(format!("{} is no absolute path", path.display()))),
            Self::Credential(name) if name.is_empty() || name.contains('/') || name.starts_with('.') => {
                Err(wrong(format!("{name:?} is no name of a credential")))
            }
            Self::Command(words) if !words.first().is_some_and(|program| Path::new(program).is_absolute()) => {
                Err(wrong("a command begins with the absolute path of a program"))
            }
            Self::Command(words) if words.iter().any(|word| word.is_empty() || word.contains(char::is_whitespace)) => {
                Err(wrong("a word of a command has no space in it"))
            }
            _ => Ok(()),
        }
    }

    /// Fetches the key.
    fn fetch(&self) -> Result<[u8; 32], KeyError> {
        let text = match self {
            Self::File(path) => {
                let text = files::read_capped(path, KEY_BYTES_MAX)?.ok_or_else(|| KeyError::Missing(path.clone()))?;
                if files::open_to_others(path)? {
                    return Err(KeyError::OpenToOthers { path: path.clone(), mode: "600" });
                }
                text
            }
            Self::Credential(name) => {
                let folder = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                    wrong(format!(
                        "credential {name}: CREDENTIALS_DIRECTORY is not set: systemd sets it for its services"
                    ))
                })?;
                // Who may read it is systemd's to decide.
                let path = Path::new(&folder).join(name);
                files::read_capped(&path, KEY_BYTES_MAX)?.ok_or(KeyError::Missing(path))?
            }
            Self::Command(words) => printed_by(words)?,
        };
        let text = String::from_utf8_lossy(&text);
        hex::decode(text.trim())
            .ok_or_else(|| wrong(format!("{}: 64 hexadecimal digits are expected", self.line().trim())))
    }
}

/// What a program prints, within a time.
fn printed_by(words: &[String]) -> Result<Vec<u8>, KeyError> {
    let (program, arguments) = words.split_first().ok_or_else(|| wrong("no command"))?;
    let named = |error: &dyn std::fmt::Display| wrong(format!("{program}: {error}"));
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| named(&error))?;
    let mut ended = None;
    for _ in 0..LOOKS_MAX {
        ended = child.try_wait().map_err(|error| named(&error))?;
        if ended.is_some() {
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let Some(status) = ended else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(named(&format!("it printed no key within {} s", (LOOK_EVERY * LOOKS_MAX).as_secs())));
    };
    if !status.success() {
        return Err(named(&status));
    }
    let mut text = Vec::new();
    if let Some(out) = child.stdout.take() {
        out.take(KEY_BYTES_MAX).read_to_end(&mut text).map_err(|error| named(&error))?;
    }
    Ok(text)
}

/// The key that a folder's key files are wrapped with, if it names one.
fn key_of(folder: &Path) -> Result<Option<[u8; 32]>, KeyError> {
    let Some(source) = MasterSource::of(folder)? else { return Ok(None) };
    let mut had = HAD.lock().unwrap_or_else(PoisonError::into_inner);
    let had = had.get_or_insert_default();
    if let Some((known, key)) = had.get(folder)
        && *known == source
    {
        return Ok(Some(*key));
    }
    let key = source.fetch()?;
    had.insert(folder.to_owned(), (source, key));
    Ok(Some(key))
}

fn name_of(path: &Path) -> (&Path, Vec<u8>) {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes().to_vec();
    (path.parent().unwrap_or_else(|| Path::new("")), [b"fusioncell key file ", &name[..]].concat())
}

/// The text of a key file as it is stored.
pub(crate) fn stored(path: &Path, secret: &[u8; 32], entropy: &dyn Entropy) -> Result<String, KeyError> {
    let (folder, about) = name_of(path);
    Ok(match key_of(folder)? {
        None => format!("{}\n", hex::encode(secret)),
        Some(key) => {
            let wrapped = aead::seal(&key, &about, secret, entropy).ok_or_else(|| wrong("there is no cipher"))?;
            format!("{WRAPPED}{}\n", hex::encode(&wrapped))
        }
    })
}

/// The secret of a key file's text.
pub(crate) fn secret(path: &Path, text: &str) -> Result<[u8; 32], KeyError> {
    let malformed = || KeyError::Malformed(path.to_owned());
    let Some(wrapped) = text.trim().strip_prefix(WRAPPED) else {
        return hex::decode(text.trim()).ok_or_else(malformed);
    };
    let (folder, about) = name_of(path);
    let key = key_of(folder)?.ok_or_else(|| KeyError::Missing(folder.join(FILE)))?;
    let wrapped: [u8; WRAPPED_BYTES] = hex::decode(wrapped).ok_or_else(malformed)?;
    let secret = aead::open(&key, &about, &wrapped).and_then(|secret| secret.try_into().ok());
    secret.ok_or_else(|| KeyError::Wrapped(path.to_owned()))
}

/// Bytes of a wrapped secret: nonce, secret and tag.
const WRAPPED_BYTES: usize = 60;

/// Wraps every key file of a keys folder with a key from elsewhere, or with `None` lays them down in plain again. The data folder must not
/// be in use. What was in plain before is overwritten by name, which does not promise that no block of the disk has it still.
///
/// # Errors
/// [`VaultError`] if the folder is in use, a key cannot be read, or the key that is to wrap them cannot be had: then nothing is changed.
pub fn wrap_keys(
    data_dir: &Path,
    keys_dir: &Path,
    source: Option<&MasterSource>,
    entropy: &dyn Entropy,
) -> Result<usize, VaultError> {
    let _lock = crate::place::locked(data_dir)?;
    if let Some(source) = source {
        source.check()?;
        if let MasterSource::File(path) = source
            && (files::lies_in(path, keys_dir)? || files::lies_in(path, data_dir)?)
        {
            return Err(wrong(format!("{} lies with what it is to wrap: put it elsewhere", path.display())).into());
        }
        let key = source.fetch()?;
        if key != source.fetch()? {
            return Err(wrong(format!("{}: it is another one each time", source.line().trim())).into());
        }
        let mut had = HAD.lock().unwrap_or_else(PoisonError::into_inner);
        had.get_or_insert_default().insert(keys_dir.to_owned(), (source.clone(), key));
    }
    if let (Some(before), Some(source)) = (MasterSource::of(keys_dir)?, source)
        && before != *source
    {
        return Err(wrong("they are wrapped with another one: unwrap them first").into());
    }
    let mut secrets = Vec::new();
    for entry in std::fs::read_dir(keys_dir).map_err(files::at(keys_dir))? {
        let path = entry.map_err(files::at(keys_dir))?.path();
        if path.extension().is_some_and(|end| end == "key")
            && let Some(text) = files::read_capped(&path, KEY_BYTES_MAX)?
        {
            secrets.push((path.clone(), secret(&path, &String::from_utf8_lossy(&text))?));
        }
    }
    let told = keys_dir.join(FILE);
    // Named first: a folder in which some are wrapped and some are not can be read, and wrapped again.
    source.map_or(Ok(()), |source| files::write_whole(&told, source.line().as_bytes()))?;
    for (path, secret) in &secrets {
        let text = if source.is_some() { stored(path, secret, entropy)? } else { format!("{}\n", hex::encode(secret)) };
        files::write_whole(path, text.as_bytes())?;
    }
    if source.is_none() && told.exists() {
        std::fs::remove_file(&told).map_err(files::at(&told))?;
        files::sync_folder(keys_dir)?;
    }
    Ok(secrets.len())
}
