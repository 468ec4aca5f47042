//! Who holds which key: opening a store, saying who asks, reading a clock and drawing chance happen in named places only.

use super::{File, caught, none, rust};

/// What may be written only in some files, and why.
struct Rule {
    /// Any of these words.
    words: &'static [&'static str],
    /// Files, or folders ending in `/`, where they may stand.
    only_in: &'static [&'static str],
    why: &'static str,
}

const RULES: [Rule; 8] = [
    Rule {
        words: &[".return_to("],
        only_in: &["crates/server/src/returns.rs"],
        why: "whose a case is, is asked where its reporter is answered, and nowhere else",
    },
    Rule {
        words: &["Vault::open("],
        only_in: &["crates/server/src/serve.rs", "crates/fusioncell/src/store.rs"],
        why: "the vault is opened where a process is composed, and nowhere else",
    },
    Rule {
        words: &["Writer::open(", "released::Store::open(", " Store::open("],
        only_in: &["crates/server/src/serve.rs", "crates/release/src/"],
        why: "only the gate writes the released store",
    },
    Rule {
        words: &["Some(Who {", "Ok(Who {", "= Who {", "(Who {", "Who::new("],
        only_in: &["crates/server/src/session.rs"],
        why: "who asks is said by the session alone",
    },
    Rule {
        words: &["SystemTime::now", "Utc::now", "Instant::now"],
        only_in: &[
            "crates/fusioncell/src/",
            "crates/server/src/",
            // a wait with a limit, not a time that anything is computed from
            "crates/released/src/reader.rs",
            "crates/vault/src/conformance.rs",
        ],
        why: "time is an argument: take a `Timestamp` or a `Clock`",
    },
    Rule {
        words: &["rand::", "getrandom", "OsRng", "thread_rng", "fastrand"],
        only_in: &[
            "crates/fusioncell/src/outside.rs",
            // salts of password hashes and one-time secrets are made where they are kept
            "crates/register/src/password.rs",
        ],
        why: "chance is an argument: take an `Entropy`",
    },
    Rule {
        words: &["SmtpConnection::connect(", "TcpStream::connect", "HttpConnector", "reqwest"],
        only_in: &["crates/server/src/smtp.rs", "crates/egress/src/client.rs", "crates/fusioncell/src/client.rs"],
        why: "the server speaks first to the operator's mail server, and through `egress` to the webhook; nothing that somebody \
              sends is an address to go to",
    },
    Rule {
        words: &["process::Command", "Command::spawn", "libc::system"],
        only_in: &[],
        why: "no other program is started: there is no command line that somebody's words could reach",
    },
];

fn check(files: &[File]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| file.name.starts_with("crates/") && !file.is_test()) {
        for rule in &RULES {
            if rule
                .only_in
                .iter()
                .any(|place| file.name == *place || place.ends_with('/') && file.name.starts_with(place))
            {
                continue;
            }
            for (at, line) in file.shipped() {
                for word in rule.words.iter().filter(|word| line.contains(**word)) {
                    wrong.push(format!("{}:{at} has `{}`: {}", file.name, word.trim(), rule.why));
                }
            }
        }
    }
    wrong
}

#[test]
fn stay_where_they_belong() {
    none(&check(&rust()));
}

#[test]
fn every_named_place_still_holds_one() {
    let files = rust();
    for rule in RULES.iter().filter(|rule| rule.words[0].ends_with('(')) {
        for place in rule.only_in {
            let used = files.iter().filter(|file| file.name.starts_with(place));
            let held = used.flat_map(File::shipped).any(|(_, line)| rule.words.iter().any(|word| line.contains(word)));
            assert!(
                held || place.ends_with('/'),
                "{place} is allowed {:?} and has none: take it off the list",
                rule.words
            );
        }
    }
}

#[test]
fn a_key_out_of_place_is_told() {
    let planted = |name: &str, line: &str| check(&[File::made(name, line)]);
    caught(&planted("crates/outlets/src/home.rs", "let v = Vault::open(c, d, e)?;"), "`Vault::open(`");
    caught(&planted("crates/intake/src/lib.rs", "let (w, r) = released::Store::open(p)?;"), "only the gate writes");
    caught(&planted("crates/server/src/member.rs", "let who = Who { principal, credential };"), "session alone");
    caught(&planted("crates/fusion/src/score.rs", "let now = SystemTime::now();"), "time is an argument");
    caught(&planted("crates/sim/src/cell.rs", "let x = rand::random();"), "chance is an argument");
    caught(
        &planted("crates/intake/src/import.rs", "TcpStream::connect(host)"),
        "the operator's mail server, and through",
    );
    caught(&planted("crates/server/src/cell.rs", "std::process::Command::new(name)"), "no other program is started");
    none(&planted(
        "crates/fusion/src/score.rs",
        "// never SystemTime::now\n#[cfg(test)]\nmod tests { Instant::now() }",
    ));
    none(&planted("crates/fusion/tests/engine.rs", "Instant::now()"));
}
