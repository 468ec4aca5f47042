//! What an operator may set about joining and leaving, with its limits.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::register::RegisterError;

/// Times and limits of joining and leaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoiningSettings {
    /// Days that an invitation's link works.
    pub invitation_days: i64,
    /// Days that an organisation has for a new version of the terms before it can only read.
    pub grace_days: i64,
    /// Days without sign-in after which an organisation can only read.
    pub dormant_days: i64,
    /// Days without sign-in after which an organisation is closed.
    pub closed_days: i64,
    /// Days of notice before either.
    pub notice_days: i64,
    /// Sponsorships that one organisation may have waiting at once.
    pub sponsorships_max: i64,
    /// Reports of people without an account that may wait unread by the cell at once; with none of them nothing is taken, and
    /// the page says how else to reach the cell.
    pub outsiders_unread: i64,
    /// Where members reach the platform, for links.
    pub member_url: String,
    /// Where the cell's people reach it.
    pub cell_url: String,
    /// The cell's telephone number, for whoever is being attacked; empty until it is set.
    pub cell_phone: String,
    /// The cell's mailbox; empty until it is set.
    pub cell_mail: String,
    /// Who is woken for a report that is still going on and that nobody has taken: `analysts`, `leads` and addresses.
    pub page_shift: String,
    /// Who is woken after them.
    pub page_leads: String,
    /// Minutes after which the shift is woken.
    pub page_minutes: i64,
    /// Minutes after which the leads are woken, from when the shift was.
    pub page_lead_minutes: i64,
}

impl Default for JoiningSettings {
    fn default() -> Self {
        Self {
            invitation_days: 7,
            grace_days: 30,
            dormant_days: 90,
            closed_days: 180,
            notice_days: 14,
            sponsorships_max: 3,
            outsiders_unread: 50,
            member_url: "http://localhost:8460".to_owned(),
            cell_url: "http://localhost:8461".to_owned(),
            cell_phone: String::new(),
            cell_mail: String::new(),
            page_shift: "analysts".to_owned(),
            page_leads: "leads".to_owned(),
            page_minutes: 5,
            page_lead_minutes: 5,
        }
    }
}

/// Longest telephone number and mailbox of the cell, in characters.
const CONTACT_CHARS_MAX: usize = 100;
/// Longest address of the platform.
const URL_BYTES_MAX: usize = 200;

/// Names of settings with the numbers that each may have; addresses have none.
pub const JOINING_SETTINGS: &[(&str, Option<(i64, i64)>)] = &[
    ("invitation-days", Some((1, 30))),
    ("grace-days", Some((7, 365))),
    ("dormant-days", Some((30, 3_650))),
    ("closed-days", Some((60, 7_300))),
    ("notice-days", Some((7, 29))),
    ("sponsorships-max", Some((0, 20))),
    ("outsiders-unread", Some((0, 10_000))),
    ("member-url", None),
    ("cell-url", None),
    ("cell-phone", None),
    ("cell-mail", None),
    ("page-shift", None),
    ("page-leads", None),
    ("page-minutes", Some((0, 120))),
    ("page-lead-minutes", Some((0, 120))),
];

impl JoiningSettings {
    fn field(&mut self, name: &str) -> Option<&mut i64> {
        Some(match name {
            "invitation-days" => &mut self.invitation_days,
            "grace-days" => &mut self.grace_days,
            "dormant-days" => &mut self.dormant_days,
            "closed-days" => &mut self.closed_days,
            "notice-days" => &mut self.notice_days,
            "sponsorships-max" => &mut self.sponsorships_max,
            "page-minutes" => &mut self.page_minutes,
            "page-lead-minutes" => &mut self.page_lead_minutes,
            "outsiders-unread" => &mut self.outsiders_unread,
            _ => return None,
        })
    }

    const fn contact(&mut self, name: &str) -> Option<&mut String> {
        match name.as_bytes() {
            b"cell-phone" => Some(&mut self.cell_phone),
            b"cell-mail" => Some(&mut self.cell_mail),
            _ => None,
        }
    }

    fn put(&mut self, name: &str, value: &str) -> Result<(), RegisterError> {
        let refused = |why: String| RegisterError::Refused(format!("setting {name}: {why}"));
        let Some((_, range)) = JOINING_SETTINGS.iter().find(|(known, _)| *known == name) else {
            return Err(RegisterError::Absent(format!("setting {name:?}")));
        };
        if let (Some((least, most)), Some(field)) = (range, self.field(name)) {
            let number = value.trim().parse().ok().filter(|number| (*least..=*most).contains(number));
            *field = number.ok_or_else(|| refused(format!("a number from {least} to {most}")))?;
            return Ok(());
        }
        if matches!(name, "page-shift" | "page-leads") {
            let list = crate::paging::shift_list(value).map_err(refused)?;
            *if name == "page-shift" { &mut self.page_shift } else { &mut self.page_leads } = list;
            return Ok(());
        }
        if let Some(contact) = self.contact(name) {
            let text = value.trim();
            let phone = |c: char| c.is_ascii_digit() || " +-()/.x".contains(c);
            let good = match name {
                "cell-phone" => {
                    text.chars().all(phone) && (text.is_empty() || text.chars().any(|c| c.is_ascii_digit()))
                }
                _ => text.is_empty() || crate::names::address("cell-mail", text).is_ok(),
            };
            if !good || text.chars().count() > CONTACT_CHARS_MAX {
                let what =
                    if name == "cell-phone" { "a telephone number such as +44 20 7946 0000" } else { "a mailbox" };
                return Err(refused(format!("{what}, or nothing")));
            }
            text.clone_into(contact);
            return Ok(());
        }
        let url = value.trim().trim_end_matches('/');
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let good = host.is_some_and(|host| {
            !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte))
        });
        if !good || url.len() > URL_BYTES_MAX {
            return Err(refused("an address such as https://share.example".into()));
        }
        if name == "cell-url" { &mut self.cell_url } else { &mut self.member_url }.replace_range(.., url);
        Ok(())
    }

    /// Reads them.
    pub(crate) fn read(connection: &Connection) -> Result<Self, RegisterError> {
        let mut settings = Self::default();
        let mut statement = connection.prepare_cached("SELECT name, value FROM joining_setting")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (name, value): (String, String) = (row.get(0)?, row.get(1)?);
            // What a newer or older program wrote and this one does not take leaves the default in place.
            let _ = settings.put(&name, &value);
        }
        Ok(settings)
    }

    /// Every setting by name, as text.
    #[must_use]
    pub fn all(&self) -> Vec<(&'static str, String)> {
        let mut copy = self.clone();
        let text = |(name, _): &(&'static str, _)| {
            let number = copy.field(name).map(|number| number.to_string());
            let text = match *name {
                "cell-url" => &self.cell_url,
                "cell-phone" => &self.cell_phone,
                "cell-mail" => &self.cell_mail,
                "page-shift" => &self.page_shift,
                "page-leads" => &self.page_leads,
                _ => &self.member_url,
            };
            (*name, number.unwrap_or_else(|| text.clone()))
        };
        JOINING_SETTINGS.iter().map(text).collect()
    }
}

/// Sets one; gives what stood before, if it was not the default.
pub(crate) fn set(connection: &Connection, name: &str, value: &str) -> Result<Option<String>, RegisterError> {
    let mut settings = JoiningSettings::read(connection)?;
    settings.put(name, value)?;
    if settings.closed_days <= settings.dormant_days {
        return Err(RegisterError::Refused("closed-days must be more than dormant-days".into()));
    }
    let before = connection
        .query_row("SELECT value FROM joining_setting WHERE name = ?1", [name], |row| row.get(0))
        .optional()?;
    connection.execute(
        "INSERT INTO joining_setting(name, value) VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
        params![name, value.trim()],
    )?;
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_limits() {
        let connection = crate::schema::open(None).unwrap();
        assert_eq!(JoiningSettings::read(&connection).unwrap(), JoiningSettings::default());
        for (name, value) in [
            ("invitation-days", "0"),
            ("invitation-days", "x"),
            ("closed-days", "80"),
            ("member-url", "javascript:alert(1)"),
            ("member-url", "https://a/b c"),
            ("nothing", "1"),
            ("cell-phone", "call us"),
            ("cell-phone", "++"),
            ("cell-mail", "nobody"),
            ("page-shift", "everybody"),
            ("page-leads", "a@b.example\r\nBcc: c@d.example"),
            ("page-minutes", "-1"),
        ] {
            assert!(set(&connection, name, value).is_err(), "{name} {value}");
        }
        set(&connection, "dormant-days", "60").unwrap();
        set(&connection, "closed-days", "80").unwrap();
        set(&connection, "member-url", "https://share.example/").unwrap();
        let read = JoiningSettings::read(&connection).unwrap();
        assert_eq!((read.dormant_days, read.closed_days), (60, 80));
        assert_eq!(read.member_url, "https://share.example");
        set(&connection, "cell-phone", " +44 20 7946 0000 ").unwrap();
        set(&connection, "cell-mail", "cell@share.example").unwrap();
        let told = JoiningSettings::read(&connection).unwrap();
        assert_eq!((told.cell_phone.as_str(), told.cell_mail.as_str()), ("+44 20 7946 0000", "cell@share.example"));
        set(&connection, "cell-phone", "").unwrap();
        set(&connection, "page-shift", "Analysts, night@share.example").unwrap();
        set(&connection, "page-leads", "").unwrap();
        let told = JoiningSettings::read(&connection).unwrap();
        assert_eq!((told.page_shift.as_str(), told.page_leads.as_str()), ("analysts, night@share.example", ""));
        assert_eq!(read.all().len(), JOINING_SETTINGS.len());
    }
}
