//! Who is in the room: organisations, people, roles, credentials and sessions, in a store of their own. It knows no report.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod audit;
mod credentials;
mod held;
mod insert;
mod keys;
mod joining;
mod names;
mod mail;
mod nouns;
mod organisations;
mod password;
mod people;
mod register;
mod rights;
mod schema;
mod throttle;

pub use audit::{Act, Actor, MemberAct};
pub use credentials::{KEY_PREFIX, Secret};
pub use mail::{
    MAIL_SUBJECT_CHARS_MAX, MAIL_TEXT_BYTES_MAX, MAILS_WAITING_MAX, Mail, MailCounts, MailId, MailInfo, MailKind,
    MailState, NewMail,
};
pub use nouns::{
    Answers, Face, KeyInfo, NewOrganisation, NewPerson, Organisation, OrganisationClass, Person, Populations,
    Principal, Secondment, Status,
};
pub use password::{PASSWORD_CHARS_MIN, PasswordCost};
pub use register::{Register, RegisterError, SignInError};
pub use rights::{Right, Rights, Role, rights_table};
