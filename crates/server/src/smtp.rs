//! The way to the mail server: how it is named, and one conversation with it.

use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, response::Response};
use lettre::{Address, Message};
use model::Timestamp;
use register::Mail;

/// How long the mail server may take over one answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Longest password file.
const PASSWORD_BYTES_MAX: u64 = 4_096;

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS by STARTTLS before anything is said; a server that has none gets nothing.
    StartTls,
    /// No TLS, because somebody said so.
    Plain,
}

/// A mail server, as `smtps://user@host:port`, `smtp://…` (STARTTLS) or `smtp+plain://…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    security: Security,
    host: String,
    port: u16,
    user: Option<String>,
}

impl MailServer {
    /// Whether somebody is to sign in there.
    #[must_use]
    pub fn has_user(&self) -> bool {
        self.user.is_some()
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

impl FromStr for MailServer {
    type Err = String;

    // What is refused is not quoted: it may hold a password.
    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("no scheme: smtps://, smtp:// or smtp+plain://")?;
        let (security, usual) = match scheme {
            "smtps" => (Security::Tls, 465),
            "smtp" => (Security::StartTls, 587),
            "smtp+plain" => (Security::Plain, 25),
            _ => return Err("the scheme is none of smtps, smtp, smtp+plain".to_owned()),
        };
        let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
        if user.is_some_and(|user| user.contains(':')) {
            return Err("a password does not belong on the command line: give --smtp-password-file".to_owned());
        }
        let user = user.map(|user| user.replace("%40", "@"));
        if user.as_deref().is_some_and(|user| user.is_empty() || user.contains('%') || user.contains(char::is_control))
        {
            return Err("the user's name cannot be read".to_owned());
        }
        let place = place.strip_suffix('/').unwrap_or(place);
        let (host, port) = match place.strip_prefix('[').and_then(|six| six.split_once(']')) {
            Some((six, "")) => (six, None),
            Some((six, port)) => (six, Some(port.strip_prefix(':').unwrap_or(port))),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        if host.is_empty() || !(host.bytes().all(is_name) || host.parse::<IpAddr>().is_ok()) {
            return Err("the host's name cannot be read".to_owned());
        }
        let port = port.map_or(Ok(usual), |port| port.parse().map_err(|_| "the port is no number".to_owned()))?;
        if security == Security::Plain && user.is_some() && !is_loopback(host) {
            return Err("smtp+plain would send the password in clear: use smtps or smtp".to_owned());
        }
        Ok(Self { security, host: host.to_ascii_lowercase(), port, user })
    }
}

/// Whom mails are from: `address` or `Name <address>`.
#[derive(Clone, Debug)]
pub struct MailFromWhom(Mailbox);

impl FromStr for MailFromWhom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mailbox: Mailbox = text.parse().map_err(|error| format!("{text:?} is no mail address: {error}"))?;
        if !mailbox.email.to_string().is_ascii() || text.contains(char::is_control) {
            return Err(format!("{text:?} is no mail address in plain ASCII"));
        }
        Ok(Self(mailbox))
    }
}

/// Where the password for the mail server is.
#[derive(Clone)]
pub enum MailPassword {
    /// In a file, read at every sign-in there.
    File(PathBuf),
    /// Here.
    Given(String),
}

/// How mails are sent.
#[derive(Clone)]
pub struct MailSettings {
    /// The mail server.
    pub server: MailServer,
    /// Its user's password.
    pub password: Option<MailPassword>,
    /// Whom mails are from.
    pub from: MailFromWhom,
    /// The only roots that the server's certificate may go back to, in PEM, instead of this machine's.
    pub roots: Option<PathBuf>,
}

/// How a try ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The mail server has it.
    Taken,
    /// Not now.
    Later(String),
    /// Never.
    Refused(String),
    /// The connection ended when the server may have taken it.
    Unsure(String),
    /// It is not about this mail: the server takes nothing now, or nothing from us.
    Down(String),
}

/// What failed, without a word of the server's own: it may repeat what it was sent.
fn told(stage: &str, error: &Error) -> String {
    match error.status() {
        Some(code) => format!("{stage} {code}"),
        None if error.is_tls() => format!("{stage}: TLS failed"),
        None if error.is_timeout() => format!("{stage}: no answer in time"),
        None if error.is_client() => format!("{stage}: not possible with this server"),
        None => format!("{stage}: the connection broke"),
    }
}

/// Whether an answer is about the conversation rather than the mail: the server closes, or wants a sign-in.
fn is_about_us(error: &Error) -> bool {
    error.status().is_none_or(|code| ["421", "530", "535", "538"].contains(&code.to_string().as_str()))
}

impl MailSettings {
    /// The domain of the sender's address.
    pub(crate) fn domain(&self) -> &str {
        self.from.0.email.domain()
    }

    fn password(&self) -> Result<String, String> {
        let file = match &self.password {
            None => return Err("sign-in: no password was given".to_owned()),
            Some(MailPassword::Given(password)) => return Ok(password.clone()),
            Some(MailPassword::File(file)) => file,
        };
        let about = std::fs::metadata(file).map_err(|_| "sign-in: the password file cannot be read".to_owned())?;
        if about.mode() & 0o007 != 0 {
            return Err("sign-in: others can read the password file".to_owned());
        }
        if about.len() > PASSWORD_BYTES_MAX {
            return Err("sign-in: the password file is too long".to_owned());
        }
        let text = std::fs::read_to_string(file).map_err(|_| "sign-in: the password file cannot be read".to_owned())?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn tls(&self) -> Result<TlsParameters, String> {
        let mut builder = TlsParameters::builder(self.server.host.clone());
        if let Some(file) = &self.roots {
            let unread = |_| "the file of roots cannot be read".to_owned();
            let pem = std::fs::read(file).map_err(unread)?;
            let roots = Certificate::from_pem(&pem).map_err(|_| "the file of roots holds no certificate".to_owned())?;
            builder = builder.certificate_store(CertificateStore::None).add_root_certificate(roots);
        }
        builder.build().map_err(|_| "TLS cannot be set up".to_owned())
    }

    /// Connects, with TLS and sign-in as they are due.
    pub(crate) fn connect(&self) -> Result<Conversation, String> {
        let MailServer { security, host, port, user } = &self.server;
        let hello = ClientId::Domain(self.domain().to_owned());
        let tls = (*security != Security::Plain).then(|| self.tls()).transpose()?;
        let at_once = tls.as_ref().filter(|_| *security == Security::Tls);
        let place = (host.as_str(), *port);
        let connection = SmtpConnection::connect(place, Some(ANSWER_LIMIT), &hello, at_once, None);
        let mut connection = connection.map_err(|error| told("connection", &error))?;
        if let Some(tls) = tls.as_ref().filter(|_| *security == Security::StartTls) {
            if !connection.can_starttls() {
                connection.abort();
                return Err("connection: the server has no STARTTLS".to_owned());
            }
            connection.starttls(tls, &hello).map_err(|error| told("STARTTLS", &error))?;
        }
        if let Some(user) = user {
            let credentials = Credentials::new(user.clone(), self.password()?);
            if let Err(error) = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials) {
                connection.abort();
                return Err(told("sign-in", &error));
            }
        }
        Ok(Conversation(connection))
    }

    /// A mail as it goes out.
    pub(crate) fn message(&self, mail: &Mail, to: Address, now: Timestamp) -> Result<Vec<u8>, String> {
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        // Machines that answer mails leave those alone that a machine has sent.
        let auto = HeaderName::new_from_ascii_str("Auto-Submitted");
        let message = Message::builder()
            .from(self.from.0.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.as_str())
            .message_id(Some(format!("<{}>", mail.message_id)))
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
            .raw_header(HeaderValue::new(auto, "auto-generated".to_owned()))
            .singlepart(SinglePart::plain(mail.text.clone()));
        message.map(|message| message.formatted()).map_err(|_| "message: it cannot be written".to_owned())
    }
}

/// A connection to the mail server.
pub(crate) struct Conversation(SmtpConnection);

impl Conversation {
    /// Whether nothing more can be said over it.
    pub(crate) fn is_over(&self) -> bool {
        self.0.has_broken()
    }

    /// Takes leave.
    pub(crate) fn end(mut self) {
        let _ = self.0.quit();
    }

    fn about_mail(&mut self, stage: &str, answer: Result<Response, Error>) -> Result<(), Outcome> {
        let Err(error) = answer else { return Ok(()) };
        let trouble = told(stage, &error);
        if is_about_us(&error) {
            self.0.abort();
            return Err(Outcome::Down(trouble));
        }
        if self.0.command(Rset).is_err() {
            self.0.abort();
        }
        Err(if error.is_permanent() { Outcome::Refused(trouble) } else { Outcome::Later(trouble) })
    }

    /// Hands a mail over.
    pub(crate) fn send(&mut self, settings: &MailSettings, mail: &Mail, now: Timestamp) -> Outcome {
        match self.try_send(settings, mail, now) {
            Ok(()) => Outcome::Taken,
            Err(outcome) => outcome,
        }
    }

    fn try_send(&mut self, settings: &MailSettings, mail: &Mail, now: Timestamp) -> Result<(), Outcome> {
        let to: Address = mail.to.parse().map_err(|_| Outcome::Refused("recipient: no address".to_owned()))?;
        let bytes = settings.message(mail, to.clone(), now).map_err(Outcome::Refused)?;
        let from = settings.from.0.email.clone();
        if let Err(error) = self.0.command(MailFrom::new(Some(from), Vec::new())) {
            // The sender is the same for all: what is said against it is said against all.
            self.0.abort();
            return Err(Outcome::Down(told("sender", &error)));
        }
        let answer = self.0.command(Rcpt::new(to, Vec::new()));
        self.about_mail("recipient", answer)?;
        let answer = self.0.command(Data);
        self.about_mail("message", answer)?;
        let answer = self.0.message(&bytes);
        if let Err(error) = &answer
            && error.status().is_none()
        {
            self.0.abort();
            return Err(Outcome::Unsure(told("message", error)));
        }
        self.about_mail("message", answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> MailSettings {
        MailSettings {
            server: "smtps://mail.example".parse().unwrap(),
            password: None,
            from: "The cell <no-reply@cell.example>".parse().unwrap(),
            roots: None,
        }
    }

    #[test]
    fn a_mail_server_is_named_strictly_and_without_a_password() {
        let server = |text: &str| text.parse::<MailServer>();
        let read = server("smtps://cell%40firm.example@Mail.firm.example:2465/").unwrap();
        assert_eq!((read.host.as_str(), read.port), ("mail.firm.example", 2465));
        assert_eq!((read.security, read.user.as_deref()), (Security::Tls, Some("cell@firm.example")));
        let read = server("smtp://mail.example").unwrap();
        assert_eq!((read.security, read.port, read.has_user()), (Security::StartTls, 587, false));
        let read = server("smtp+plain://me@[::1]:2525").unwrap();
        assert_eq!((read.security, read.host.as_str(), read.port), (Security::Plain, "::1", 2525));
        assert!(server("smtp+plain://relay.internal").is_ok());
        for (text, why) in [
            ("smtps://me:secret@mail.example", "command line"),
            ("smtp+plain://me@mail.example", "in clear"),
            ("mail.example", "scheme"),
            ("http://mail.example", "scheme"),
            ("smtps://", "host"),
            ("smtps://mail.example:x", "port"),
            ("smtps://mail.example/path", "host"),
            ("smtps://mail\r\nx", "host"),
        ] {
            let error = server(text).unwrap_err();
            assert!(error.contains(why) && !error.contains("secret"), "{text}: {error}");
        }
        for text in ["nobody", "a@b.example\r\nBcc: c@d.example", "é@b.example", ""] {
            assert!(text.parse::<MailFromWhom>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_message_has_one_line_for_each_header_and_ends_lines_as_mail_does() {
        let register = testing();
        let new = register::NewMail {
            to: "ann@firm.example".to_owned(),
            kind: register::MailKind::Invitation,
            subject: format!("Einladung für {}", "Müller & Söhne ".repeat(9)),
            text: "Grüße\n.\nhttps://portal.example/join/abc\n".to_owned(),
        };
        register.queue_mail(&new).unwrap();
        let now = Timestamp::from_millis(1_700_000_000_000);
        let mail = register.due_mail(now, 1, "cell.example").unwrap().remove(0);
        let bytes = settings().message(&mail, mail.to.parse().unwrap(), now).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.is_ascii() && !text.replace("\r\n", "").contains(['\r', '\n']), "{text}");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split_once(':').unwrap().0)
            .collect();
        let all = [
            "From",
            "To",
            "Subject",
            "Message-ID",
            "Date",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding",
        ];
        let mut sorted = (names.clone(), all.to_vec());
        sorted.0.sort_unstable();
        sorted.1.sort_unstable();
        assert_eq!(sorted.0, sorted.1, "{head}");
        assert!(head.contains(&format!("Message-ID: <{}>", mail.message_id)), "{head}");
        assert!(head.lines().all(|line| line.len() <= 998) && body.contains("join/abc"), "{text}");
    }

    fn testing() -> register::Register {
        struct Fixed;
        impl model::Clock for Fixed {
            fn now(&self) -> Timestamp {
                Timestamp::from_millis(1_700_000_000_000)
            }
        }
        impl model::Entropy for Fixed {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(7);
            }
        }
        let (clock, entropy) = (std::sync::Arc::new(Fixed), std::sync::Arc::new(Fixed));
        register::Register::in_memory(clock, entropy, register::PasswordCost::CHEAP).unwrap()
    }
}
