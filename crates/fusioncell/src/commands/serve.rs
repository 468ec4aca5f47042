//! `fusioncell serve`: the real thing on an embedded store.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use server::{HookSecrets, HookSettings, MailFromWhom, MailPassword, MailServer, MailSettings, TlsFiles};

use super::Folders;
use super::retention::Keep;
use crate::failure::{Context as _, Failure};
use crate::{logs, networks, noise, store};

/// Environment variable that can hold the password for the mail server.
const SMTP_PASSWORD: &str = "FUSIONCELL_SMTP_PASSWORD";

/// Environment variable that can hold the webhook's secret.
const PAGE_WEBHOOK_SECRET: &str = "FUSIONCELL_PAGE_WEBHOOK_SECRET";

/// Which listeners this process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Face {
    /// Both, in one process
    Both,
    /// Members only: answers from the released store, sends reports to the cell's process
    Member,
    /// The cell only: holds the journal, takes reports from member processes
    Cell,
}

/// Who must have a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SecondFactor {
    /// Nobody: a password is enough
    Nobody,
    /// The people of the cell
    Cell,
    /// Members' people as well
    Everybody,
}

/// Serve members and the cell from an embedded store.
#[derive(Args)]
#[command(after_help = help!("  fusioncell serve --data-dir /srv/fusioncell
  fusioncell serve --data-dir D --noise warninglists/
  fusioncell serve --data-dir D --networks asn-ipv4.csv --networks asn-ipv6.csv
  fusioncell serve --data-dir D --advice advice.json
  fusioncell serve --data-dir D --member-addr 0.0.0.0:443 --cell-addr 10.0.0.5:443 --tls-cert cert.pem --tls-key key.pem
  fusioncell serve --data-dir D --member-addr 10.0.0.5:8460 --behind-tls --trusted-proxy 10.0.0.2
  fusioncell serve --data-dir D --smtp-url smtps://cell@mail.example --smtp-password-file P --mail-from no-reply@cell.example
  fusioncell serve --data-dir D --page-webhook https://pager.example/fusioncell --page-webhook-secret-file P
  fusioncell serve --data-dir D --face cell &      # two processes over one data folder:
  fusioncell serve --data-dir D --face member      # the member side never opens the vault"))]
pub struct ServeArgs {
    #[command(flatten)]
    folders: Folders,
    #[command(flatten)]
    keep: Keep,
    /// Which listeners this process holds
    #[arg(long, value_enum, default_value = "both")]
    face: Face,
    /// Address of the member portal
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8460")]
    member_addr: SocketAddr,
    /// Address of the cell
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8461")]
    cell_addr: SocketAddr,
    /// Host name under which members reach the portal, beside localhost and bare addresses; may be given more than once
    #[arg(long = "member-host", value_name = "HOST")]
    member_hosts: Vec<String>,
    /// Host name under which the cell is reached; may be given more than once
    #[arg(long = "cell-host", value_name = "HOST")]
    cell_hosts: Vec<String>,
    /// Origin of the members' pages, such as `https://fusion.example`: passkeys are bound to its host. Without it, the first
    /// --member-host with https, or this machine
    #[arg(long, value_name = "ORIGIN")]
    member_origin: Option<String>,
    /// Origin of the cell's pages
    #[arg(long, value_name = "ORIGIN")]
    cell_origin: Option<String>,
    /// Who must have a passkey or an authenticator app beside a password; without it nobody in an exercise, and everybody
    /// otherwise
    #[arg(long, value_enum, value_name = "WHO")]
    second_factor: Option<SecondFactor>,
    /// Folder of lists of everyday values, which link nothing: MISP warning-lists and plain lists; may be given more than once.
    /// They stay in use until others are given; a process of the members' face alone reads no journal, and must be given them, too
    #[arg(long = "noise", value_name = "DIR")]
    noise: Vec<PathBuf>,
    /// Table of network operators, by which reports of one operator's addresses are linked a little: a CSV file of lines
    /// first,last,asn,name of IPv4 or IPv6, packed by gzip or zstd or not; may be given more than once. It stays in use until
    /// another is given
    #[arg(long = "networks", value_name = "FILE")]
    networks: Vec<PathBuf>,
    /// File of what reporters are told to do, instead of the project's own: JSON, in one language or several, with every kind of
    /// attack
    #[arg(long, value_name = "FILE")]
    advice: Option<PathBuf>,
    /// Certificate of both listeners, in PEM with those between it and its root: they speak TLS. A file that changes is read
    /// anew within seconds
    #[arg(long, value_name = "FILE", env = "FUSIONCELL_TLS_CERT", hide_env_values = true, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key, in PEM; nobody else on the machine may be able to read it
    #[arg(long, value_name = "FILE", env = "FUSIONCELL_TLS_KEY", hide_env_values = true, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Certificate of the cell's listener, if it has one of its own
    #[arg(
        long,
        value_name = "FILE",
        env = "FUSIONCELL_CELL_TLS_CERT",
        hide_env_values = true,
        requires = "cell_tls_key"
    )]
    cell_tls_cert: Option<PathBuf>,
    /// Private key of that
    #[arg(
        long,
        value_name = "FILE",
        env = "FUSIONCELL_CELL_TLS_KEY",
        hide_env_values = true,
        requires = "cell_tls_cert"
    )]
    cell_tls_key: Option<PathBuf>,
    /// A proxy before both listeners speaks TLS: cookies are Secure and browsers are told to insist on it
    #[arg(long)]
    behind_tls: bool,
    /// Speak plain HTTP beyond this machine: whoever is on the way reads and changes everything, passwords and reports too
    #[arg(long)]
    allow_plain_http: bool,
    /// Address or network of a proxy before the listeners, such as 10.0.0.7 or 10.0.0.0/24: the address that it names in
    /// X-Forwarded-For or Forwarded counts as the visitor's when sign-ins are slowed down; may be given more than once
    #[arg(long = "trusted-proxy", value_name = "ADDR/NET")]
    trusted_proxies: Vec<server::Network>,
    /// Mail server that takes invitations and notices: smtps://user@host, smtp://user@host:587 (with STARTTLS), or
    /// smtp+plain://127.0.0.1:25; without one they wait, and `admin mail list` tells of them
    #[arg(long, value_name = "URL", env = "FUSIONCELL_SMTP_URL", hide_env_values = true, requires = "mail_from")]
    smtp_url: Option<MailServer>,
    /// File with the password for the mail server; FUSIONCELL_SMTP_PASSWORD can hold it instead
    #[arg(long, value_name = "FILE", env = "FUSIONCELL_SMTP_PASSWORD_FILE", hide_env_values = true)]
    smtp_password_file: Option<PathBuf>,
    /// Roots that the mail server's certificate must go back to, in PEM, instead of those of this machine
    #[arg(long, value_name = "FILE", env = "FUSIONCELL_SMTP_CA", hide_env_values = true)]
    smtp_ca: Option<PathBuf>,
    /// Whom mails are from, such as "Northern Utilities <no-reply@cell.example>"
    #[arg(long, value_name = "ADDRESS", env = "FUSIONCELL_MAIL_FROM", hide_env_values = true)]
    mail_from: Option<MailFromWhom>,
    /// Webhook, an https URL, that wakes the shift for a report that is still going on; each call is signed with the secret
    #[arg(long, value_name = "URL", env = "FUSIONCELL_PAGE_WEBHOOK", hide_env_values = true)]
    page_webhook: Option<url::Url>,
    /// File with the webhook's secret: whsec_ and base64, in one line, or in two while the receiver changes from one to the
    /// next; FUSIONCELL_PAGE_WEBHOOK_SECRET can hold it instead
    #[arg(long, value_name = "FILE", env = "FUSIONCELL_PAGE_WEBHOOK_SECRET_FILE", hide_env_values = true)]
    page_webhook_secret_file: Option<PathBuf>,
    /// Roots that the webhook's certificate must go back to, in PEM, instead of those of this machine
    #[arg(long, value_name = "FILE", env = "FUSIONCELL_PAGE_WEBHOOK_CA", hide_env_values = true)]
    page_webhook_ca: Option<PathBuf>,
    /// Private address or network that the webhook may be at, such as 10.0.0.7 or 10.0.0.0/24; may be given more than once.
    /// Without it only public addresses are called
    #[arg(long = "egress-allow", value_name = "ADDR/NET", value_parser = network)]
    egress_allow: Vec<server::EgressNetwork>,
    /// Token with which /metrics may be read from beyond this machine: `Authorization: Bearer TOKEN`
    #[arg(long, value_name = "TOKEN", env = "FUSIONCELL_METRICS_TOKEN", hide_env_values = true)]
    metrics_token: Option<String>,
    /// Log JSON lines, for a log collector
    #[arg(long)]
    log_json: bool,
}

fn files(certificate: Option<PathBuf>, key: Option<PathBuf>) -> Option<TlsFiles> {
    Some(TlsFiles { certificate: certificate?, key: key? })
}

fn mail(args: &ServeArgs) -> Result<Option<MailSettings>, Failure> {
    let (Some(server), Some(from)) = (args.smtp_url.clone(), args.mail_from.clone()) else { return Ok(None) };
    let given = std::env::var(SMTP_PASSWORD).ok().filter(|password| !password.is_empty()).map(MailPassword::Given);
    let password = args.smtp_password_file.clone().map(MailPassword::File).or(given);
    if server.has_user() && password.is_none() {
        return Err(Failure::new(format!(
            "--smtp-url names a user: give the password by --smtp-password-file or {SMTP_PASSWORD}"
        )));
    }
    Ok(Some(MailSettings { server, password, from, roots: args.smtp_ca.clone() }))
}

/// An address or a network.
fn network(text: &str) -> Result<server::EgressNetwork, String> {
    let address = || text.parse::<std::net::IpAddr>().map(server::EgressNetwork::from);
    let wrong = |_| format!("{text:?} is no address and no network such as 10.0.0.0/24");
    text.parse().or_else(|_| address()).map_err(wrong)
}

fn hook(args: &ServeArgs) -> Result<Option<HookSettings>, Failure> {
    let Some(url) = args.page_webhook.clone() else { return Ok(None) };
    let given = std::env::var(PAGE_WEBHOOK_SECRET).ok().filter(|secret| !secret.is_empty());
    let secrets = match (&args.page_webhook_secret_file, given) {
        (Some(file), _) => HookSecrets::of_file(file).context(file.display())?,
        (None, Some(secret)) => HookSecrets::read(&secret).context(PAGE_WEBHOOK_SECRET)?,
        (None, None) => {
            return Err(Failure::new(format!(
                "--page-webhook needs a secret: give it by --page-webhook-secret-file or {PAGE_WEBHOOK_SECRET}"
            )));
        }
    };
    let roots = args.page_webhook_ca.clone();
    let hook = HookSettings { url, secrets, allowed: args.egress_allow.clone(), roots };
    hook.client().context("--page-webhook")?;
    Ok(Some(hook))
}

fn advice(path: &std::path::Path) -> Result<server::Advice, Failure> {
    let file = std::fs::File::open(path).context(path.display())?;
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(file, server::ADVICE_BYTES_MAX as u64 + 1), &mut bytes)
        .context(path.display())?;
    server::Advice::read(&bytes).context(path.display())
}

/// Runs it.
pub fn run(args: ServeArgs) -> Result<(), Failure> {
    logs::start("info", args.log_json);
    let genesis = store::genesis(store::PARTNERSHIP, false);
    let (mail, hook) = (mail(&args)?, hook(&args)?);
    let mut config = store::config(args.folders.data_dir, args.folders.keys_dir, &genesis);
    config.retention = args.keep.retention();
    config.member_addr = args.member_addr;
    config.cell_addr = args.cell_addr;
    config.member_hosts = args.member_hosts;
    config.cell_hosts = args.cell_hosts;
    config.member_origin = args.member_origin;
    config.cell_origin = args.cell_origin;
    config.second_factor = args.second_factor.map(|who| match who {
        SecondFactor::Nobody => register::Demand::Nobody,
        SecondFactor::Cell => register::Demand::Cell,
        SecondFactor::Everybody => register::Demand::Everybody,
    });
    config.mail = mail;
    config.hook = hook;
    config.tls = args.behind_tls;
    config.member_tls = files(args.tls_cert, args.tls_key);
    config.cell_tls = files(args.cell_tls_cert, args.cell_tls_key).or_else(|| config.member_tls.clone());
    config.plain_http = args.allow_plain_http;
    config.trusted_proxies = args.trusted_proxies;
    config.metrics_token = args.metrics_token;
    config.sets.noise = noise::read(&args.noise)?.map(Into::into);
    config.sets.networks = networks::read(&args.networks)?.map(Into::into);
    config.advice = args.advice.as_deref().map(advice).transpose()?;
    config.faces = match args.face {
        Face::Both => server::Faces::Both,
        Face::Member => server::Faces::Member,
        Face::Cell => server::Faces::Cell,
    };
    if let Some(address) = config.exposed() {
        return Err(Failure::new(format!(
            "plain HTTP on {address} would leave this machine: give --tls-cert and --tls-key, --behind-tls if a proxy before it \
             speaks TLS, or --allow-plain-http"
        )));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(server::serve(config)).context("serve")
}
