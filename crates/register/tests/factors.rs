//! Second factors, challenges, sessions, keys with scopes and walls, as their callers meet them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::{Clock, Entropy, PersonId, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use register::{
    Actor, Answers, CHALLENGE_MILLIS, Demand, FRESH_MILLIS, Face, Means, NewKey, NewOrganisation, NewPerson,
    PAIRING_MILLIS, PasswordCost, Register, RegisterError, Role, SESSION_IDLE_MILLIS, Scope, Scopes, SealKey, Second,
    SecondStep, SignInError,
};

struct Outside {
    now: AtomicI64,
    seed: AtomicU64,
}

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::Relaxed))
    }
}

impl Entropy for Outside {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut z = self.seed.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (z >> 56) as u8;
        }
    }
}

impl Outside {
    fn new() -> Arc<Self> {
        Arc::new(Self { now: AtomicI64::new(1_790_000_000_000), seed: AtomicU64::new(3) })
    }

    fn pass(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
    }
}

const PASSWORD: &str = "correct horse battery";
const HERE: &str = "192.0.2.1";

fn by() -> Actor {
    Actor::operator()
}

struct House {
    register: Register,
    outside: Arc<Outside>,
    ann: PersonId,
    ada: PersonId,
}

fn people(register: &Register) -> (PersonId, PersonId) {
    let firm = NewOrganisation {
        name: "Calder Power".into(),
        class: register::OrganisationClass::Member,
        sector: Sector::Energy,
        region: None,
        assets: policy::Assets::default(),
    };
    let firm = register.create_organisation(&Actor::operator(), &firm).unwrap();
    let make = |email: &str, organisation, role| {
        let new = NewPerson { email: email.into(), name: "Somebody".into(), organisation, role, secondment: None };
        register.create_person(&Actor::operator(), &new, PASSWORD).unwrap()
    };
    (make("ann@calder.example", Some(firm), Role::OrganisationAdmin), make("ada@cell.example", None, Role::Lead))
}

fn house() -> House {
    let outside = Outside::new();
    let register = Register::in_memory(outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    let (ann, ada) = people(&register);
    House { register, outside, ann, ada }
}

/// The secret of an app, read back from what is typed into it.
fn unbase32(text: &str) -> Vec<u8> {
    let mut bits = String::new();
    for letter in text.bytes() {
        let value = if letter.is_ascii_uppercase() { letter - b'A' } else { letter - b'2' + 26 };
        bits.push_str(&format!("{value:05b}"));
    }
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

/// What an app shows: written here once more, so that the register's own is not judged by itself.
fn app(secret: &[u8], at: Timestamp) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let step = (at.as_millis() / 30_000) as u64;
    let tag = aws_lc_rs::hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = (tag[19] & 15) as usize;
    let word = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

impl House {
    fn enrol(&self, person: PersonId) -> Vec<u8> {
        let secret = self.register.begin_totp(person, "Test").unwrap();
        let secret = unbase32(secret.base32.expose());
        assert!(self.register.confirm_totp(&by(), person, &app(&secret, self.outside.now())).unwrap());
        // The next code is another one.
        self.outside.pass(30_000);
        secret
    }

    fn second_lead(&self) {
        let new = NewPerson {
            email: "lea@cell.example".into(),
            name: "Lea".into(),
            organisation: None,
            role: Role::Lead,
            secondment: None,
        };
        self.register.create_person(&by(), &new, PASSWORD).unwrap();
    }

    fn actor(&self, face: Face, email: &str) -> Actor {
        Actor::of(&self.register.sign_in(face, email, PASSWORD, HERE).unwrap().1)
    }

    fn challenge(&self, face: Face, email: &str) -> SecondStep {
        match self.register.sign_in(face, email, PASSWORD, HERE) {
            Err(SignInError::Second(step)) => step,
            other => panic!("no challenge: {:?}", other.map(|(_, principal)| principal)),
        }
    }

    fn second(&self, challenge: &SecondStep, second: Second<'_>) -> Result<String, SignInError> {
        let begun = self.register.sign_in_second(Face::Member, challenge.challenge.expose(), second, HERE);
        begun.map(|(token, _)| token.expose().to_owned())
    }
}

#[test]
fn a_code_signs_in_once_and_no_older_one_after_it() {
    let house = house();
    let secret = house.enrol(house.ann);
    let before = app(&secret, house.outside.now().plus_millis(-30_000));
    let now = app(&secret, house.outside.now());
    let step = house.challenge(Face::Member, "ann@calder.example");
    assert!(step.factors.totp && step.factors.passkeys == 0);
    // A challenge is no session.
    assert!(house.register.session(Face::Member, step.challenge.expose()).is_none());
    let token = house.second(&step, Second::Totp(&now)).unwrap();
    assert!(house.register.session(Face::Member, &token).is_some());
    // The same challenge, the same code, and the code before it are used up.
    assert!(matches!(house.second(&step, Second::Totp(&now)), Err(SignInError::Wrong)));
    for code in [&now, &before] {
        let again = house.challenge(Face::Member, "ann@calder.example");
        assert!(matches!(house.second(&again, Second::Totp(code)), Err(SignInError::Wrong)), "{code}");
    }
    house.outside.pass(30_000);
    let again = house.challenge(Face::Member, "ann@calder.example");
    assert!(house.second(&again, Second::Totp(&app(&secret, house.outside.now()))).is_ok());
}

#[test]
fn a_code_used_in_one_process_is_used_up_in_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let outside = Outside::new();
    let open = |key: u8| {
        let register = Register::open(&path, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
        register.seal_with(SealKey::new(&[key; 32]).unwrap());
        register
    };
    let one = open(1);
    let (ann, ada) = people(&one);
    let house = House { register: one, outside: outside.clone(), ann, ada };
    let secret = house.enrol(house.ann);
    let two = House { register: open(1), outside: outside.clone(), ann, ada };
    let code = app(&secret, outside.now());
    let (first, second) =
        (house.challenge(Face::Member, "ann@calder.example"), two.challenge(Face::Member, "ann@calder.example"));
    assert!(house.second(&first, Second::Totp(&code)).is_ok());
    assert!(matches!(two.second(&second, Second::Totp(&code)), Err(SignInError::Wrong)));
    // The secret lies sealed, and does not open under another key.
    let stored = std::fs::read(&path).unwrap().into_iter().chain(std::fs::read(path.with_extension("db-wal")).unwrap());
    let stored: Vec<u8> = stored.collect();
    assert!(!stored.windows(20).any(|window| window == secret), "the secret lies in plain in the data folder");
    let three = House { register: open(2), outside: outside.clone(), ann, ada };
    outside.pass(30_000);
    let step = three.challenge(Face::Member, "ann@calder.example");
    assert!(matches!(three.second(&step, Second::Totp(&app(&secret, outside.now()))), Err(SignInError::Register(_))));
}

#[test]
fn a_challenge_ends_and_bears_few_tries_and_works_at_its_own_listener() {
    let house = house();
    let secret = house.enrol(house.ann);
    let code = |house: &House| app(&secret, house.outside.now());
    let step = house.challenge(Face::Member, "ann@calder.example");
    let elsewhere =
        house.register.sign_in_second(Face::Cell, step.challenge.expose(), Second::Totp(&code(&house)), HERE);
    assert!(matches!(elsewhere, Err(SignInError::Wrong)));
    house.outside.pass(CHALLENGE_MILLIS);
    assert!(matches!(house.second(&step, Second::Totp(&code(&house))), Err(SignInError::Wrong)));
    // Guessing: the right password given again and again opens no new tries.
    house.outside.pass(3_600_000);
    let mut waited = false;
    for _ in 0..12 {
        match house.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, HERE) {
            Err(SignInError::Second(step)) => match house.second(&step, Second::Totp("000000")) {
                Err(SignInError::Wrong | SignInError::Wait(_)) => {}
                other => panic!("{other:?}"),
            },
            Err(SignInError::Wait(_)) => waited = true,
            other => panic!("{:?}", other.map(|_| ())),
        }
    }
    assert!(waited, "codes can be guessed without an end");
    // A new password voids what the old one began.
    house.outside.pass(3_600_000);
    let step = house.challenge(Face::Member, "ann@calder.example");
    house.register.set_password(&by(), house.ann, "another horse battery").unwrap();
    assert!(house.second(&step, Second::Totp(&code(&house))).is_err());
}

#[test]
fn a_password_that_is_guessed_first_is_not_taken() {
    let house = house();
    let (token, _) = house.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, HERE).unwrap();
    for guessed in ["passwordpassword", "ann@calder.example", "fusioncellfusioncell"] {
        let changed = house.register.change_password(&by(), house.ann, token.expose(), guessed);
        assert!(matches!(changed, Err(RegisterError::Refused(_))), "{guessed}");
        assert!(matches!(house.register.set_password(&by(), house.ann, guessed), Err(RegisterError::Refused(_))));
    }
    assert!(house.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, HERE).is_ok(), "the old one stays");
}

#[test]
fn each_recovery_code_works_once_even_when_two_come_at_once() {
    let house = house();
    house.enrol(house.ann);
    let codes = house.register.new_recovery_codes(&by(), house.ann).unwrap();
    assert_eq!((codes.len(), house.register.recovery_codes_left(house.ann).unwrap()), (10, 10));
    let code = codes[0].expose().to_lowercase();
    let steps: Vec<SecondStep> = (0..8).map(|_| house.challenge(Face::Member, "ann@calder.example")).collect();
    let entered = std::thread::scope(|scope| {
        let tries: Vec<_> =
            steps.iter().map(|step| scope.spawn(|| house.second(step, Second::Recovery(&code)).is_ok())).collect();
        tries.into_iter().filter_map(|one| one.join().ok()).filter(|entered| *entered).count()
    });
    assert_eq!(entered, 1);
    assert_eq!(house.register.recovery_codes_left(house.ann).unwrap(), 9);
    house.outside.pass(3_600_000);
    // Another's codes, and those of a set before, are none.
    let others = house.register.new_recovery_codes(&by(), house.ada).unwrap();
    let old = codes[1].expose().to_owned();
    house.register.new_recovery_codes(&by(), house.ann).unwrap();
    for code in [others[0].expose(), &old, "", "ABCD-EFGH-IJKL-MNOP"] {
        let step = house.challenge(Face::Member, "ann@calder.example");
        assert!(matches!(house.second(&step, Second::Recovery(code)), Err(SignInError::Wrong)), "{code}");
    }
}

#[test]
fn whoever_must_have_a_second_factor_is_told_until_it_is_there() {
    let house = house();
    let enter = || house.register.sign_in(Face::Cell, "ada@cell.example", PASSWORD, HERE);
    let (_, ada) = enter().unwrap();
    assert!(!house.register.must_enrol(&ada), "nobody must, unless told");
    house.register.demand_second_factor(Demand::Cell);
    assert!(house.register.must_enrol(&ada));
    let (_, ann) = house.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, HERE).unwrap();
    assert!(!house.register.must_enrol(&ann));
    house.register.demand_second_factor(Demand::Everybody);
    assert!(house.register.must_enrol(&ann));
    // Beginning is not having.
    house.register.begin_totp(house.ada, "Test").unwrap();
    assert!(house.register.must_enrol(&ada));
    house.enrol(house.ada);
    assert!(!house.register.must_enrol(&ada));
    assert!(house.register.remove_totp(&by(), house.ada).unwrap());
    assert!(house.register.must_enrol(&ada));
}

#[test]
fn sessions_are_listed_renewed_ended_and_end_when_idle() {
    let house = house();
    let enter = || {
        let (token, _) = house.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, HERE).unwrap();
        token.expose().to_owned()
    };
    let is_in = |token: &str| house.register.session(Face::Member, token).is_some();
    let (one, two, three) = (enter(), enter(), enter());
    let listed = house.register.sessions(house.ann, &two).unwrap();
    assert_eq!((listed.len(), listed.iter().filter(|session| session.this).count()), (3, 1));
    assert!(listed.iter().all(|session| session.kind == "password" && session.id.len() == 16));
    // Somebody else's id ends nothing.
    let id = listed.iter().find(|session| session.this).unwrap().id.clone();
    assert!(matches!(house.register.end_session(house.ada, &id), Err(RegisterError::Absent(_))));
    let changes = house.register.changes();
    house.register.end_session(house.ann, &id).unwrap();
    assert!(!is_in(&two) && is_in(&one) && house.register.changes() > changes);
    let renewed = house.register.renew_session(&one).unwrap();
    assert!(!is_in(&one) && is_in(renewed.expose()), "the token before a change is worth nothing");
    assert_eq!(house.register.end_other_sessions(house.ann, renewed.expose()).unwrap(), 1);
    assert!(!is_in(&three) && is_in(renewed.expose()));
    // Used now and then it lives; left alone it ends.
    for _ in 0..3 {
        house.outside.pass(SESSION_IDLE_MILLIS - 1);
        assert!(is_in(renewed.expose()));
    }
    house.register.note_uses().unwrap();
    house.outside.pass(SESSION_IDLE_MILLIS);
    assert!(!is_in(renewed.expose()));
    // And however much it is used, it ends after half a day.
    let worked = enter();
    for _ in 0..11 {
        house.outside.pass(3_600_000);
        assert!(is_in(&worked));
    }
    house.outside.pass(3_600_000);
    assert!(!is_in(&worked));
}

#[test]
fn a_factor_is_fresh_for_ten_minutes_and_asked_for_again() {
    let house = house();
    let (token, _) = house.register.sign_in(Face::Member, "ann@calder.example", PASSWORD, HERE).unwrap();
    let token = token.expose();
    assert!(house.register.is_fresh(token));
    house.outside.pass(FRESH_MILLIS);
    assert!(!house.register.is_fresh(token));
    let confirm = |password: &str, code: Option<Second<'_>>| {
        house.register.confirm(house.ann, token, password, code, HERE).is_ok()
    };
    assert!(!confirm("wrong", None) && !house.register.is_fresh(token));
    assert!(confirm(PASSWORD, None) && house.register.is_fresh(token));
    let secret = house.enrol(house.ann);
    house.outside.pass(FRESH_MILLIS);
    assert!(!confirm(PASSWORD, None), "with an app the password alone is not enough");
    assert!(confirm(PASSWORD, Some(Second::Totp(&app(&secret, house.outside.now())))));
}

#[test]
fn an_account_is_one_however_it_is_written() {
    let house = house();
    let spellings = ["ann@calder.example", "ANN@calder.example", " Ann@Calder.Example\t", "ann@CALDER.example\u{a0}"];
    for n in 0..6 {
        let found = house.register.sign_in(Face::Member, spellings[n % 4], "wrong", "198.51.100.1");
        assert!(matches!(found, Err(SignInError::Wrong)));
    }
    // Another address and another spelling are no new tries.
    for spelling in spellings {
        let found = house.register.sign_in(Face::Member, spelling, PASSWORD, "203.0.113.5");
        assert!(matches!(found, Err(SignInError::Wait(_))), "{spelling:?}");
    }
}

#[test]
fn a_key_is_good_for_what_it_names_and_its_use_is_kept_by_day() {
    let house = house();
    let answers = Answers { warn: WhoMayBeWarned::Now, know: WhoMayKnow::Nobody };
    let new = |scopes: &[Scope], days| NewKey {
        label: "siem".into(),
        answers,
        scopes: scopes.iter().copied().collect(),
        days,
    };
    let ann = house.actor(Face::Member, "ann@calder.example");
    let firm = ann.organisation.unwrap();
    for (scopes, days) in [(&[][..], 30), (&[Scope::Report][..], 0), (&[Scope::Report][..], 367)] {
        assert!(matches!(house.register.make_key(&ann, firm, &new(scopes, days)), Err(RegisterError::Refused(_))));
    }
    let dormant = Actor { rights: ann.rights.reading(), ..ann.clone() };
    assert!(house.register.make_key(&dormant, firm, &new(&[Scope::Report], 30)).is_err(), "more than its maker has");
    let stranger = Actor { organisation: None, ..ann.clone() };
    assert!(house.register.make_key(&stranger, firm, &new(&[Scope::Report], 30)).is_err(), "not the own organisation");
    let (key, info) = house.register.make_key(&ann, firm, &new(&[Scope::Report], 30)).unwrap();
    assert!(key.expose().contains(&info.prefix) && info.used_day.is_none());
    let principal = house.register.key(key.expose()).unwrap();
    let scopes: Scopes = [Scope::Report].into_iter().collect();
    assert_eq!(principal.means, Means::Key(scopes));
    house.register.note_uses().unwrap();
    assert_eq!(house.register.keys_of(firm).unwrap()[0].used_day, info.created_day);
    house.outside.pass(30 * 86_400_000);
    assert!(house.register.key(key.expose()).is_none(), "it has ended");
    let (key, info) = house.register.make_key(&ann, firm, &new(&[Scope::Import], 1)).unwrap();
    house.register.revoke_key(&by(), &info.prefix).unwrap();
    assert!(house.register.key(key.expose()).is_none());
}

#[test]
fn a_wall_is_paired_once_sees_as_its_maker_and_ends_with_the_makers_rights() {
    let house = house();
    let new = house.register.create_device(&house.actor(Face::Cell, "ada@cell.example"), "Ops room").unwrap();
    let pair = |face, code: &str| house.register.pair_device(face, code).unwrap();
    assert!(pair(Face::Member, new.pairing.expose()).is_none(), "the other listener's");
    let token = pair(Face::Cell, new.pairing.expose()).unwrap();
    assert!(pair(Face::Cell, new.pairing.expose()).is_none(), "a code works once");
    let see = |face| house.register.device(face, token.expose());
    let principal = see(Face::Cell).unwrap();
    assert_eq!((principal.role, principal.person, principal.means), (Role::Lead, None, Means::Device));
    assert!(see(Face::Member).is_none());
    assert!(house.register.session(Face::Cell, token.expose()).is_none(), "a wall's token is no session");
    house.outside.pass(30 * 86_400_000);
    assert!(see(Face::Cell).is_some(), "walls do not idle");
    // The last lead cannot be disabled.
    house.second_lead();
    house.register.set_disabled(&by(), house.ada, true).unwrap();
    assert!(see(Face::Cell).is_none());
    house.register.set_disabled(&by(), house.ada, false).unwrap();
    assert!(see(Face::Cell).is_some());
    house.register.revoke_device(&by(), Face::Cell, None, &new.id).unwrap();
    assert!(see(Face::Cell).is_none());
    // A code that nobody used ends.
    let late = house.register.create_device(&house.actor(Face::Cell, "ada@cell.example"), "Late").unwrap();
    house.outside.pass(PAIRING_MILLIS);
    assert!(pair(Face::Cell, late.pairing.expose()).is_none());
    assert!(house.register.devices(Face::Cell, None).unwrap().is_empty());
}

#[test]
fn a_passkey_belongs_to_one_listener_one_relying_party_and_one_person() {
    let house = house();
    let add = |person, credential: &[u8]| {
        house.register.add_passkey(&by(), person, (Face::Member, "localhost"), credential, "Laptop", "{}")
    };
    let info = add(house.ann, b"one").unwrap();
    assert!(matches!(add(house.ada, b"one"), Err(RegisterError::Refused(_))), "a credential is one person's");
    let find = |face, rp| house.register.passkey(face, rp, b"one").unwrap();
    assert_eq!(find(Face::Member, "localhost").unwrap().person, house.ann);
    assert!(find(Face::Cell, "localhost").is_none() && find(Face::Member, "evil.example").is_none());
    // Of two uses that saw the same counter one counts.
    assert!(house.register.passkey_used(b"one", "{}", "{1}").unwrap());
    assert!(!house.register.passkey_used(b"one", "{}", "{1}").unwrap());
    assert_eq!(house.register.passkeys(house.ann).unwrap()[0].used_day, Some(info.created_day));
    assert!(house.register.remove_passkey(&by(), house.ada, &info.id).is_err(), "somebody else's");
    house.register.remove_passkey(&by(), house.ann, &info.id).unwrap();
    for n in 0..10_u8 {
        add(house.ann, &[n]).unwrap();
    }
    assert!(add(house.ann, &[10]).is_err());
}

#[test]
fn what_is_stored_of_a_way_in_is_its_owners_and_opens_for_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let outside = Outside::new();
    let register = Register::open(&path, outside.clone(), outside.clone(), PasswordCost::CHEAP).unwrap();
    register.seal_with(SealKey::new(&[1; 32]).unwrap());
    let (ann, ada) = people(&register);
    let house = House { register, outside: outside.clone(), ann, ada };
    let secret = house.enrol(ada);
    house.enrol(ann);
    let codes: Vec<String> =
        house.register.new_recovery_codes(&by(), ada).unwrap().iter().map(|code| code.expose().to_owned()).collect();
    let letters: Vec<String> = codes.iter().map(|code| code.replace('-', "")).collect();
    assert!(letters.iter().all(|code| code.len() * 5 >= 112), "{letters:?}");
    let raw = rusqlite::Connection::open(&path).unwrap();
    let mut kept = raw.prepare("SELECT hash FROM recovery_code").unwrap();
    let kept: Vec<Vec<u8>> = kept.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for row in &kept {
        assert!(
            !letters.iter().any(|code| row.windows(8).any(|part| part == &code.as_bytes()[..8])),
            "a code lies in plain"
        );
    }
    // Whoever writes the store moves the rows of one to another: they open nothing.
    let (from, to) = (ada.as_bytes(), ann.as_bytes());
    raw.execute("UPDATE recovery_code SET person = ?2 WHERE person = ?1", [from, to]).unwrap();
    raw.execute(
        "UPDATE totp SET secret = (SELECT secret FROM totp WHERE person = ?1), used = NULL WHERE person = ?2",
        [from, to],
    )
    .unwrap();
    let step = house.challenge(Face::Member, "ann@calder.example");
    assert!(house.second(&step, Second::Recovery(&codes[0])).is_err(), "a code of somebody else");
    let step = house.challenge(Face::Member, "ann@calder.example");
    let moved = house.second(&step, Second::Totp(&app(&secret, outside.now())));
    assert!(matches!(moved, Err(SignInError::Register(_))), "an app of somebody else");
}

#[test]
fn a_password_has_up_to_1024_bytes() {
    let house = house();
    for (chars, fits) in [
        ("😀".repeat(64), true),
        ("pass phrase ".repeat(86)[..1024].to_owned(), true),
        ("pass phrase ".repeat(86)[..1025].to_owned(), false),
    ] {
        let long = if chars.starts_with('😀') {
            (0..64u32).map(|n| char::from_u32(0x1F300 + (n * 37) % 251).unwrap()).collect::<String>()
        } else {
            chars
        };
        let set = house.register.set_password(&by(), house.ann, &long);
        assert_eq!(set.is_ok(), fits, "{} {set:?}", long.len());
        if fits {
            assert!(house.register.sign_in(Face::Member, "ann@calder.example", &long, HERE).is_ok());
            let mut other = long.clone();
            other.pop();
            other.push('x');
            assert!(house.register.sign_in(Face::Member, "ann@calder.example", &other, "elsewhere").is_err());
        }
    }
}
