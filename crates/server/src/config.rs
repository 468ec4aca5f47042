//! How to serve: addresses, names, who is trusted, and what a new store is made with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use model::{Clock, Entropy};
use policy::Params;
use register::{Demand, Face};
use release::Sets;
use vault::Retention;

use crate::advice::Advice;
use crate::hooks::HookSettings;
use crate::passkey::Passkeys;
use crate::proxies::Network;
use crate::smtp::MailSettings;
use crate::tls::TlsFiles;

/// Usual length of a bar on the cell's wall, in milliseconds.
const SLOT_MILLIS: i64 = 30_000;

/// Which listeners a process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faces {
    /// Both, in one process.
    Both,
    /// The members' listener; never opens the vault.
    Member,
    /// The cell's listener, the journal and the gate.
    Cell,
}

/// How to serve.
#[derive(Clone)]
pub struct Config {
    /// Where stored data lives; made if absent.
    pub data_dir: PathBuf,
    /// Where keys live; beside the data folder if absent.
    pub keys_dir: Option<PathBuf>,
    /// How long keys of a month are kept after its end.
    pub retention: Retention,
    /// Which listeners.
    pub faces: Faces,
    /// Address of the members' listener.
    pub member_addr: SocketAddr,
    /// Address of the cell's listener.
    pub cell_addr: SocketAddr,
    /// Host names of the members' listener, beside `localhost` and bare addresses.
    pub member_hosts: Vec<String>,
    /// Host names of the cell's listener, beside `cell.localhost`, `localhost` and bare addresses.
    pub cell_hosts: Vec<String>,
    /// Origin of the members' pages, such as `https://fusion.example`: passkeys are bound to its host. Without it, the first
    /// of the host names, or this machine.
    pub member_origin: Option<String>,
    /// Origin of the cell's pages.
    pub cell_origin: Option<String>,
    /// Who must have a passkey or an authenticator app; without it nobody in an exercise, and everybody otherwise.
    pub second_factor: Option<Demand>,
    /// Whether a proxy gives the listeners TLS, so that cookies are `Secure` and browsers are told to insist on it.
    pub tls: bool,
    /// Certificate and key of the members' listener; without them it speaks plain HTTP.
    pub member_tls: Option<TlsFiles>,
    /// Certificate and key of the cell's listener, likewise.
    pub cell_tls: Option<TlsFiles>,
    /// Whether plain HTTP may be spoken beyond this machine though no proxy gives the listeners TLS.
    pub plain_http: bool,
    /// How mails are sent, by the process that holds the cell's listener; without it they wait.
    pub mail: Option<MailSettings>,
    /// The webhook by which the cell's process wakes the shift.
    pub hook: Option<HookSettings>,
    /// Proxies before the listeners whose word on the visitor's address is believed.
    pub trusted_proxies: Vec<Network>,
    /// Token with which `/metrics` may be read from beyond this machine; without one nobody may.
    pub metrics_token: Option<String>,
    /// Whether reports are taken; without intake each is refused.
    pub intake: bool,
    /// What reporters are told to do; without it the project's own advice.
    pub advice: Option<Advice>,
    /// Name of the partnership, for a store that is new.
    pub partnership: String,
    /// Whether a new store is an exercise.
    pub exercise: bool,
    /// Parameters of the release policy, for a store that is new.
    pub params: Params,
    /// Length of a bar on the cell's wall, in milliseconds.
    pub slot_millis: i64,
    /// Lists of everyday values and the table of network operators; what is not given stays as it is in use.
    pub sets: Sets,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}

impl Config {
    /// Both faces on the usual addresses.
    #[must_use]
    pub fn new(data_dir: PathBuf, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            data_dir,
            keys_dir: None,
            retention: Retention::default(),
            faces: Faces::Both,
            member_addr: SocketAddr::from(([127, 0, 0, 1], 8460)),
            cell_addr: SocketAddr::from(([127, 0, 0, 1], 8461)),
            member_hosts: Vec::new(),
            cell_hosts: Vec::new(),
            member_origin: None,
            cell_origin: None,
            second_factor: None,
            tls: false,
            member_tls: None,
            cell_tls: None,
            plain_http: false,
            mail: None,
            hook: None,
            trusted_proxies: Vec::new(),
            metrics_token: None,
            intake: true,
            advice: None,
            partnership: "Sharing partnership".to_owned(),
            exercise: false,
            params: Params::DEFAULT,
            slot_millis: SLOT_MILLIS,
            sets: Sets::default(),
            clock,
            entropy,
        }
    }

    /// The origin of a face's pages.
    pub(crate) fn origin(&self, face: Face, tls: bool) -> String {
        let (origin, hosts) = match face {
            Face::Member => (&self.member_origin, &self.member_hosts),
            Face::Cell => (&self.cell_origin, &self.cell_hosts),
        };
        let named = || hosts.first().map(|host| format!("https://{host}"));
        let near = || {
            let near = Passkeys::default_origin(face);
            if tls { near.replace("http://", "https://") } else { near.to_owned() }
        };
        origin.clone().or_else(named).unwrap_or_else(near)
    }

    /// The first listener of this process that would speak plain HTTP beyond this machine though nobody allowed it.
    #[must_use]
    pub fn exposed(&self) -> Option<SocketAddr> {
        let listeners = [
            (self.faces != Faces::Cell, self.member_addr, &self.member_tls),
            (self.faces != Faces::Member, self.cell_addr, &self.cell_tls),
        ];
        let exposed = |&(held, addr, files): &(bool, SocketAddr, &Option<TlsFiles>)| {
            held && files.is_none() && !addr.ip().to_canonical().is_loopback()
        };
        let found = listeners.iter().find(|listener| exposed(listener));
        found.filter(|_| !self.tls && !self.plain_http).map(|&(_, addr, _)| addr)
    }
}
