//! What the outbox promises: a mail with its act or not at all, once claimed, and forgotten in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::Clock;

use super::*;
use crate::password::PasswordCost;

struct Time(AtomicI64);

impl Clock for Time {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Default)]
struct Count(AtomicU64);

impl Entropy for Count {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        bytes.iter_mut().zip(number.into_iter().cycle()).for_each(|(byte, from)| *byte = from);
    }
}

const START: i64 = 1_700_000_000_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

fn register() -> Register {
    let clock = Arc::new(Time(AtomicI64::new(START)));
    let cost = PasswordCost::CHEAP;
    Register::in_memory(clock, Arc::new(Count::default()), cost).unwrap()
}

fn mail(to: &str, kind: MailKind) -> NewMail {
    NewMail { to: to.to_owned(), kind, subject: "You are invited".to_owned(), text: "https://x/secret\n".to_owned() }
}

fn stored(register: &Register) -> Vec<(String, Option<String>)> {
    let connection = register.connection();
    let all = "SELECT state, text FROM mail LEFT JOIN letter ON letter.mail = number ORDER BY number";
    let mut statement = connection.prepare(all).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn letters(register: &Register) -> i64 {
    register.connection().query_row("SELECT count(*) FROM letter", [], |row| row.get(0)).unwrap()
}

#[test]
fn nothing_in_an_address_or_subject_begins_a_line_of_its_own() {
    let register = register();
    for to in ["a@b.example", "o'brien+x@mail.firm-1.example", "a@localhost"] {
        register.queue_mail(&mail(to, MailKind::Notice)).unwrap();
    }
    let long = format!("{}@b.example", "x".repeat(65));
    for to in [
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example\nx",
        "a b@c.example",
        "a@b@c.example",
        "<a@b.example>",
        "a@b.example, c@d.example",
        "\"a\"@b.example",
        "a@b..example",
        "a@-b.example",
        "a..b@c.example",
        "@b.example",
        "a@",
        "é@b.example",
        "a@[127.0.0.1]",
        "",
        &long,
    ] {
        assert!(register.queue_mail(&mail(to, MailKind::Notice)).is_err(), "{to:?}");
    }
    let with = |subject: &str, text: &str| NewMail {
        subject: subject.to_owned(),
        text: text.to_owned(),
        ..mail("a@b.example", MailKind::Notice)
    };
    register.queue_mail(&with("Überweisung für Sie", "a\n\tb\n")).unwrap();
    let (subject, text) = ("x".repeat(MAIL_SUBJECT_CHARS_MAX + 1), "x".repeat(MAIL_TEXT_BYTES_MAX + 1));
    for (subject, text) in [
        ("a\r\nBcc: c@d.example", "t"),
        ("a\nb", "t"),
        ("a\rb", "t"),
        ("a\u{2028}b", "t"),
        ("a\0b", "t"),
        ("a\u{85}b", "t"),
        ("", "t"),
        (&subject, "t"),
        ("s", ""),
        ("s", &text),
        ("s", "a\r\n.\r\nMAIL FROM:<x@y>"),
        ("s", "a\u{1b}[2J"),
    ] {
        assert!(register.queue_mail(&with(subject, text)).is_err(), "{subject:?} {text:?}");
    }
    assert_eq!(register.mail_counts().unwrap().waiting, 4);
}

#[test]
fn a_mail_is_there_only_with_its_act() {
    let register = register();
    let act = |commit: bool| {
        let mut connection = register.connection();
        let transaction = connection.transaction().unwrap();
        queue(&transaction, &*register.entropy, register.now(), &mail("a@b.example", MailKind::Invitation)).unwrap();
        if commit { transaction.commit().unwrap() } else { transaction.rollback().unwrap() }
    };
    act(false);
    assert_eq!(register.mail_counts().unwrap(), MailCounts::default());
    act(true);
    assert_eq!(register.mail_counts().unwrap().waiting, 1);
}

#[test]
fn a_sent_mail_is_forgotten_and_never_claimed_again() {
    let register = register();
    register.queue_mail(&mail("a@b.example", MailKind::Invitation)).unwrap();
    let claimed = register.due_mail(at(0), 10, "cell.example").unwrap();
    assert_eq!((claimed.len(), claimed[0].attempts), (1, 1));
    assert!(claimed[0].message_id.ends_with("@cell.example"));
    assert!(register.due_mail(at(0), 10, "cell.example").unwrap().is_empty(), "claimed twice");
    register.mail_sent(claimed[0].id).unwrap();
    assert_eq!(stored(&register), [("sent".to_owned(), None)]);
    assert_eq!(letters(&register), 0);
    assert!(register.due_mail(at(10 * DAY_MILLIS), 10, "cell.example").unwrap().is_empty());
    assert_eq!((register.resume_mail().unwrap(), register.retry_failed_mail().unwrap()), (0, 0));
    let info = &register.mail_status(9).unwrap()[0];
    assert_eq!((info.state, info.attempts, info.unsure), (MailState::Sent, 1, false));
    assert_eq!(info.day, at(0).floor_to(DAY_MILLIS));
    assert!(!format!("{info:?}").contains("secret"));
}

#[test]
fn a_try_that_was_cut_short_keeps_its_message_id_and_is_told() {
    let register = register();
    register.queue_mail(&mail("a@b.example", MailKind::Invitation)).unwrap();
    let first = register.due_mail(at(0), 1, "cell.example").unwrap().remove(0);
    assert_eq!(register.resume_mail().unwrap(), 1);
    let second = register.due_mail(at(0), 1, "other.example").unwrap().remove(0);
    assert_eq!((&second.message_id, second.attempts), (&first.message_id, 2));
    assert!(register.mail_status(9).unwrap()[0].unsure);
    // A claim that nobody answers ends by itself.
    let third = register.due_mail(at(CLAIM_MILLIS), 1, "other.example").unwrap().remove(0);
    assert_eq!(third.message_id, first.message_id);
}

#[test]
fn what_fails_waits_or_stays_until_it_is_tried_again() {
    let register = register();
    register.queue_mail(&mail("a@b.example", MailKind::Notice)).unwrap();
    let claim = |millis: i64| register.due_mail(at(millis), 1, "cell.example").unwrap();
    let first = claim(0).remove(0);
    register.mail_back(first.id, at(0), "no-connection").unwrap();
    assert_eq!(register.mail_status(9).unwrap()[0].attempts, 0, "a try without a server counts");
    let first = claim(0).remove(0);
    register.mail_later(first.id, at(60_000), "recipient 451", false).unwrap();
    assert!(claim(59_999).is_empty());
    let again = claim(60_000).remove(0);
    register.mail_failed(again.id, "recipient 550").unwrap();
    assert!(claim(DAY_MILLIS).is_empty());
    let counts = register.mail_counts().unwrap();
    assert_eq!((counts.waiting, counts.failed), (0, 1));
    assert_eq!(register.mail_status(9).unwrap()[0].trouble.as_deref(), Some("recipient 550"));
    assert_eq!(register.retry_failed_mail().unwrap(), 1);
    let text = &claim(DAY_MILLIS)[0].text;
    assert_eq!(text, "https://x/secret\n");
}

#[test]
fn notices_let_others_pass() {
    let register = register();
    for _ in 0..5 {
        register.queue_mail(&mail("many@b.example", MailKind::Notice)).unwrap();
    }
    register.queue_mail(&mail("one@b.example", MailKind::Recovery)).unwrap();
    let order: Vec<String> =
        register.due_mail(at(0), 3, "cell.example").unwrap().into_iter().map(|mail| mail.to).collect();
    assert_eq!(order, ["one@b.example", "many@b.example", "many@b.example"]);
}

#[test]
fn nothing_is_left_of_an_old_mail() {
    let register = register();
    register.queue_mail(&mail("a@b.example", MailKind::Notice)).unwrap();
    assert_eq!(register.purge_mail(at(KEPT_DAYS * DAY_MILLIS)).unwrap(), 0);
    assert_eq!(register.purge_mail(at((KEPT_DAYS + 1) * DAY_MILLIS)).unwrap(), 1);
    assert!(stored(&register).is_empty());
    assert_eq!(letters(&register), 0);
}

#[test]
fn a_full_queue_is_told_and_the_act_not_done() {
    let register = register();
    let one = mail("a@b.example", MailKind::Notice);
    register.queue_mail(&one).unwrap();
    register.connection().execute("UPDATE mail_load SET waiting = ?1", [MAILS_WAITING_MAX]).unwrap();
    let error = register.queue_mail(&one).unwrap_err();
    assert!(matches!(&error, RegisterError::Refused(why) if why.contains("mail server")), "{error}");
    register.connection().execute("UPDATE mail_load SET waiting = 1", []).unwrap();
    let load =
        || register.connection().query_row("SELECT waiting FROM mail_load", [], |row| row.get::<_, i64>(0)).unwrap();
    register.queue_mail(&one).unwrap();
    assert_eq!(load(), 2);
    let claimed = register.due_mail(at(0), 2, "cell.example").unwrap();
    register.mail_sent(claimed[0].id).unwrap();
    assert_eq!(load(), 1);
    register.mail_failed(claimed[1].id, "recipient 550").unwrap();
    assert_eq!(load(), 0);
    register.retry_failed_mail().unwrap();
    assert_eq!(load(), 1);
    register.purge_mail(at(99 * DAY_MILLIS)).unwrap();
    assert_eq!(load(), 0);
}

#[test]
fn no_page_of_the_file_keeps_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let clock = Arc::new(Time(AtomicI64::new(START)));
    let register = Register::open(&path, clock, Arc::new(Count::default()), PasswordCost::CHEAP).unwrap();
    let says = |number: usize| format!("https://x/secret{number:04}\n{}", "x".repeat(number * 37 % 1_500));
    for number in 0..400 {
        let one = NewMail { text: says(number), ..mail(&format!("p{number}@b.example"), MailKind::Invitation) };
        register.queue_mail(&one).unwrap();
    }
    // Rows grow, go and come between others: SQLite moves them about.
    let due = register.due_mail(at(0), 400, "x.example").unwrap();
    let kept: Vec<usize> = (0..400).filter(|number| number % 3 == 0).collect();
    for (number, mail) in due.iter().enumerate() {
        if number % 3 == 0 {
            register.mail_later(mail.id, at(60_000), "recipient 451", false).unwrap();
        } else {
            register.mail_sent(mail.id).unwrap();
        }
    }
    assert!(register.forget_letters().unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend(std::fs::read(folder.path().join("register.db-wal")).unwrap());
    let mut found: Vec<usize> = Vec::new();
    for number in 0..400 {
        let word = format!("secret{number:04}");
        if bytes.windows(word.len()).any(|part| part == word.as_bytes()) {
            found.push(number);
        }
    }
    assert_eq!(found, kept);
    let later: Vec<String> =
        register.due_mail(at(60_000), 400, "x.example").unwrap().into_iter().map(|mail| mail.text).collect();
    assert_eq!(later, kept.into_iter().map(says).collect::<Vec<_>>());
}
