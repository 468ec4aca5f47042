//! A keys folder that is wrapped with a key from elsewhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use common::{open, outside, submission};
use vault::{MasterSource, VaultError, default_keys_dir, verify, wrap_keys};

/// A program that is about to be started has for a moment what this process has open, the lock of a data folder too: one test at a time.
static TURN: Mutex<()> = Mutex::new(());

const DIGITS: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn private(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn wrap(dir: &Path, source: Option<&MasterSource>) -> Result<usize, VaultError> {
    wrap_keys(dir, &default_keys_dir(dir), source, &*outside())
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.is_file()).collect()
}

#[test]
fn both_folders_open_nothing_without_the_key_that_wraps_the_keys() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let (dir, key, program) = (folder.path().join("data"), folder.path().join("key"), folder.path().join("program"));
    let keys = default_keys_dir(&dir);
    let vault = open(&dir).unwrap();
    let case = vault.submit(vec![submission(7, &["kept.test"])], false).unwrap()[0].case.unwrap();
    let title = vault.report_of(case).unwrap().unwrap().0.title;
    private(&key, DIGITS, 0o600);
    private(&program, &format!("#!/bin/sh\ncat {}\n", key.display()), 0o700);
    let sources =
        [MasterSource::File(key.clone()), MasterSource::Command(vec![program.display().to_string(), "a".to_owned()])];
    assert!(matches!(wrap(&dir, Some(&sources[0])), Err(VaultError::InUse(_))), "it was open");
    drop(vault);
    let plain: Vec<(PathBuf, String)> = files_in(&keys)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "key"))
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap().trim().to_owned()))
        .collect();
    assert!(plain.len() >= 4);
    for source in &sources {
        assert_eq!(wrap(&dir, Some(source)).unwrap(), plain.len());
        for (path, text) in &plain {
            assert!(!fs::read_to_string(path).unwrap().contains(text), "{}", path.display());
        }
        let vault = open(&dir).unwrap();
        assert_eq!(vault.report_of(case).unwrap().unwrap().0.title, title);
        vault.submit(vec![submission(7, &["more.test"])], false).unwrap();
        drop(vault);
        verify(&dir, &keys).unwrap();
        // Another source takes its place only after the first is taken away.
        let other = sources.iter().find(|other| *other != source).unwrap();
        assert!(wrap(&dir, Some(other)).unwrap_err().to_string().contains("unwrap them first"));
        // A swapped file is not another's key.
        let (one, two) = (keys.join("journal.key"), keys.join("return.key"));
        let whole = fs::read(&one).unwrap();
        fs::copy(&two, &one).unwrap();
        assert!(open(&dir).err().unwrap().to_string().contains("journal.key cannot be opened"));
        fs::write(&one, whole).unwrap();
        wrap(&dir, None).unwrap();
        for (path, text) in &plain {
            assert_eq!(fs::read_to_string(path).unwrap().trim(), text);
        }
    }
}

#[test]
fn a_wrapping_key_that_cannot_be_had_is_named_and_nothing_is_changed() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let (dir, key) = (folder.path().join("data"), folder.path().join("key"));
    drop(open(&dir).unwrap());
    let keys = default_keys_dir(&dir);
    let within = keys.join("master.key");
    private(&within, DIGITS, 0o600);
    let changing = folder.path().join("changing");
    private(&changing, "#!/bin/sh\nhead -c 32 /dev/urandom | od -An -tx1 | tr -d ' \\n'\n", 0o700);
    let before: Vec<_> = files_in(&keys).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    let command = |words: &[&str]| MasterSource::Command(words.iter().map(|word| (*word).to_owned()).collect());
    let open_key = folder.path().join("open");
    private(&key, "nonsense", 0o600);
    private(&open_key, DIGITS, 0o644);
    for (source, told) in [
        (MasterSource::File(folder.path().join("none")), "is missing"),
        (MasterSource::File("key".into()), "absolute"),
        (MasterSource::File(key.clone()), "64 hexadecimal"),
        (MasterSource::File(open_key), "can be read by others"),
        (MasterSource::Credential("../key".into()), "no name"),
        (MasterSource::Credential("absent".into()), "absent"),
        (command(&["sh"]), "absolute path"),
        (MasterSource::File(within), "lies with what it is to wrap"),
        (command(&[changing.to_str().unwrap()]), "another one each time"),
        (command(&["/bin/false"]), "/bin/false: exit status: 1"),
        (command(&["/nonexistent/program"]), "/nonexistent/program"),
        (command(&["/bin/echo", "no key"]), "no space"),
    ] {
        let error = wrap(&dir, Some(&source)).unwrap_err().to_string();
        assert!(error.contains(told), "{source:?}: {error}");
    }
    let after: Vec<_> = files_in(&keys).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    assert!(before == after, "something was changed");
}
