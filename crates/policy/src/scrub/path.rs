//! Paths that tell whose machine and whose account it was.

use super::lexicon::EVERYBODYS;
use super::{Cause, Trace};

/// Folders under which each account has its own.
const HOMES: &[&str] = &["\\users\\", "\\documents and settings\\", "/users/", "/home/"];
/// Accounts that are on every machine, beside those that every firm has.
const EVERY_MACHINES: &[&str] = &[
    "all users",
    "default user",
    "%username%",
    "$user",
    "$username",
    "<user>",
    "<username>",
    "appdata",
    "*",
    "~",
    "me",
];
/// Names that some systems give machines by themselves, with the length of what follows.
const MACHINE_NAMES: &[(&str, usize)] = &[("desktop-", 7), ("laptop-", 8), ("win-", 11)];

/// The machine that a network path begins with.
pub(super) fn machine(path: &str) -> Option<&str> {
    let host = path.strip_prefix("\\\\").or_else(|| path.strip_prefix("//"))?.split(['\\', '/']).next()?;
    // Neither a device nor a long path is on another machine.
    (!host.is_empty() && !matches!(host, "." | "?" | "localhost")).then_some(host)
}

/// Where in a path the name of an account stands, in bytes.
pub(super) fn user(path: &str) -> Option<(usize, usize)> {
    // Same length in bytes, so that places are those of the path itself.
    let lower = path.to_ascii_lowercase();
    HOMES.iter().find_map(|home| {
        let start = lower.find(home)? + home.len();
        let rest = lower.get(start..)?;
        let name = rest.split(['\\', '/']).next()?;
        let everybodys = EVERYBODYS.contains(&name) || EVERY_MACHINES.contains(&name);
        (!name.is_empty() && !everybodys).then_some((start, start + name.len()))
    })
}

/// The path with the account's name replaced.
pub(super) fn without_user(path: &str) -> Option<String> {
    let (start, end) = user(path)?;
    let stand_in = if path.get(..start)?.ends_with('\\') { "%USERNAME%" } else { "user" };
    Some(format!("{}{stand_in}{}", path.get(..start)?, path.get(end..)?))
}

/// The name of the file that a path ends with.
pub(super) fn file(path: &str) -> Option<&str> {
    path.rsplit(['\\', '/']).next().filter(|name| name.contains('.'))
}

pub(super) fn user_trace() -> Trace {
    Trace { cause: Cause::UserPath, why: "the path holds the name of somebody's account".to_owned() }
}

/// Whether a word is a name that a system gave a machine by itself.
pub(super) fn is_machine_name(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    MACHINE_NAMES.iter().any(|(start, length)| {
        word.strip_prefix(start)
            .is_some_and(|rest| rest.len() == *length && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    })
}
