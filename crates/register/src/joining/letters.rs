//! What mails about joining and leaving say.

use model::Timestamp;

use crate::mail::{MAIL_SUBJECT_CHARS_MAX, MailKind, NewMail};

use super::{DAY_MILLIS, day_of};

/// A day as people read it: `2026-11-25`, by the civil calendar.
#[must_use]
pub fn date(day: i64) -> String {
    // Days to date after Howard Hinnant's `civil_from_days`: exact for every day that a timestamp can name.
    let shifted = day.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The day of a date such as `2026-11-25`, in days since 1970-01-01.
#[must_use]
pub fn day_named(text: &str) -> Option<i64> {
    let mut parts = text
        .splitn(3, '-')
        .map(|part| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i64>().ok()).flatten());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if text.len() != 10 || !(1970..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let (from_march, year) = if month > 2 { (month - 3, year) } else { (month + 9, year - 1) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    let found = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    // A day that the month does not have is a day of the next one: it is written otherwise.
    (date(found) == text).then_some(found)
}

/// A name as a subject carries it: cut where the mail's own limit is.
fn subject(text: String) -> String {
    if text.chars().count() <= MAIL_SUBJECT_CHARS_MAX {
        return text;
    }
    let mut cut: String = text.chars().take(MAIL_SUBJECT_CHARS_MAX - 1).collect();
    cut.push('…');
    cut
}

/// Where a link leads: the token stands behind the `#`, which browsers send to nobody.
pub(crate) fn link(url: &str, token: &str) -> String {
    format!("{url}/join#{token}")
}

/// What an invitation is for, as the letter words it.
pub(crate) enum Purpose<'a> {
    /// A firm is to join, and the addressee to be its first admin.
    Organisation(&'a str),
    /// Somebody is to join the people of a firm.
    Person(&'a str, &'a str),
    /// Somebody is to join the cell.
    Cell(&'a str),
    /// Somebody needs another way in.
    Recovery,
}

pub(crate) fn invitation(to: &str, name: &str, purpose: &Purpose<'_>, link: &str, expires_at: Timestamp) -> NewMail {
    let (kind, about, what) = match purpose {
        Purpose::Organisation(firm) => (
            MailKind::Invitation,
            format!("Invitation for {firm}"),
            format!(
                "{firm} is invited to join a partnership in which firms warn each other of attacks without anybody learning who reported. You would be its first administrator."
            ),
        ),
        Purpose::Person(firm, role) => {
            (MailKind::Invitation, format!("Invitation to join {firm}"), format!("{firm} invites you as {role}."))
        }
        Purpose::Cell(role) => {
            (MailKind::Invitation, "Invitation to the cell".to_owned(), format!("The cell invites you as {role}."))
        }
        Purpose::Recovery => (
            MailKind::Recovery,
            "A new way to sign in".to_owned(),
            "You are given a new way to sign in. When you use this link, every old one stops working.".to_owned(),
        ),
    };
    let until = date(day_of(expires_at));
    let text = format!(
        "{name},\n\n{what}\n\n{link}\n\nThe link works once, until {until}. Pass it on to nobody. If you did not expect it, do nothing.\n"
    );
    NewMail { to: to.to_owned(), kind, subject: subject(about), text }
}

fn notice(to: &str, about: &str, text: String) -> NewMail {
    NewMail { to: to.to_owned(), kind: MailKind::Notice, subject: subject(about.to_owned()), text }
}

/// Says that there is something new, and is the same to the letter whatever that is.
pub(crate) fn something_new(to: &str, url: &str) -> NewMail {
    let text = format!(
        "There is something new for you. Sign in to read it:\n\n{url}\n\nThis mail says no more on purpose: it is the same whatever the news is. You asked for such mails; you can stop them under \"Your account\".\n"
    );
    notice(to, "Something new for you", text)
}

pub(crate) fn not_now(to: &str, firm: &str) -> NewMail {
    let text =
        format!("You proposed {firm} for membership. Not now: the cell does not invite the firm at this time.\n");
    NewMail { kind: MailKind::Sponsorship, ..notice(to, "Your proposal of a new member", text) }
}

pub(crate) fn sponsored(to: &str, firm: &str) -> NewMail {
    let text = format!("You proposed {firm} for membership. The cell has invited the firm.\n");
    NewMail { kind: MailKind::Sponsorship, ..notice(to, "Your proposal of a new member", text) }
}

pub(crate) fn terms(to: &str, version: u32, from_day: i64, until_day: i64, url: &str) -> NewMail {
    let text = format!(
        "Version {version} of the terms of membership holds from {}. Please read and accept it by {} at\n\n{url}/organisation/terms\n\nUntil an administrator of your organisation has accepted it, your organisation can only read from that day on.\n",
        date(from_day),
        date(until_day)
    );
    notice(to, "New terms of membership", text)
}

pub(crate) fn dormant_soon(to: &str, firm: &str, days: i64, on_day: i64, url: &str) -> NewMail {
    let text = format!(
        "Nobody of {firm} has signed in for some time. After {days} days, on {}, {firm} will be able to read but no longer to report; the keys of its machines then read only, too.\n\nSigning in once at {url} prevents that.\n",
        date(on_day)
    );
    notice(to, "Your organisation is about to become dormant", text)
}

pub(crate) fn closed_soon(to: &str, firm: &str, days: i64, on_day: i64, url: &str) -> NewMail {
    let text = format!(
        "Nobody of {firm} has signed in for a long time. After {days} days, on {}, its membership ends: accounts are closed and keys stop working. The cell can invite {firm} again.\n\nSigning in once at {url} prevents that.\n",
        date(on_day)
    );
    notice(to, "Your membership is about to end", text)
}

pub(crate) fn now_dormant(to: &str, firm: &str, url: &str) -> NewMail {
    let text = format!(
        "{firm} can only read from today on: nobody has signed in for a long time. It takes part again as soon as somebody of {firm} signs in at {url}.\n"
    );
    notice(to, "Your organisation is dormant", text)
}

pub(crate) fn now_left(to: &str, firm: &str) -> NewMail {
    let text = format!(
        "The membership of {firm} has ended: nobody has signed in for a long time. Accounts are closed and keys no longer work. The cell can invite {firm} again.\n"
    );
    notice(to, "Your membership has ended", text)
}

pub(crate) fn recovery_asked(to: &str, firm: &str, name: &str, email: &str) -> NewMail {
    let text = format!(
        "A lead of the cell has asked that {name} ({email}) be given a way in to administer {firm}; whoever has it can read all that {firm} has reported. Another lead has to agree within three days. If {firm} did not ask for this, tell the cell at once, by a number that you know.\n"
    );
    notice(to, "Somebody asked for a new way in to your organisation", text)
}

pub(crate) fn edited(to: &str, before: &str, name: &str, sectors: bool) -> NewMail {
    let named = if name == before { String::new() } else { format!(" {before} is called {name} there from now on.") };
    let counted = if sectors { " It is counted in other sectors than before; your profile says in which." } else { "" };
    let text = format!(
        "The cell has changed what it has of {before}.{named}{counted} If you know nothing of this, ask the cell.\n"
    );
    notice(to, "The cell has changed what it has of your organisation", text)
}

pub(crate) fn recovery_told(to: &str, firm: &str, name: &str) -> NewMail {
    let text = format!(
        "The cell has sent {name} a link with which to administer {firm}, because its administrator can no longer sign in. If you know nothing of this, tell the cell at once.\n"
    );
    notice(to, "A new way in for your organisation's administrator", text)
}

pub(crate) fn left_with_keys(to: &str, firm: &str, name: &str, keys: usize) -> NewMail {
    let text = format!(
        "The account of {name} at {firm} is closed; sessions have ended. {keys} keys of your machines were made by {name}, or nobody knows by whom: look through them and revoke those whose text {name} may still have.\n"
    );
    notice(to, "An account of your organisation is closed", text)
}

/// A time some days later.
pub(crate) const fn days_later(now: Timestamp, days: i64) -> Timestamp {
    now.plus_millis(days.saturating_mul(DAY_MILLIS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (day, expect) in [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_782, "2026-11-25")] {
            assert_eq!(date(day), expect);
            assert_eq!(day_named(expect), Some(day));
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["2026-02-30", "2026-2-03", "1969-12-31", "2026-13-01", "2026-00-10", "x", "", "2026-11-25T"] {
            assert_eq!(day_named(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_name_fits_a_subject() {
        let mail = invitation(
            "a@b.example",
            "Ann",
            &Purpose::Organisation(&"é".repeat(200)),
            "http://x/join#y",
            Timestamp::default(),
        );
        assert!(mail.subject.chars().count() <= MAIL_SUBJECT_CHARS_MAX);
        assert!(mail.text.contains("http://x/join#y"));
    }
}
