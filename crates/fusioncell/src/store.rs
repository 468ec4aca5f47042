//! The stores of a partnership as commands open them: the register alone, the vault, or the whole house to be served.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{WhoMayBeWarned, WhoMayKnow};
use policy::{Assets, Params};
use register::{Answers, NewOrganisation, NewPerson, PasswordCost, Register, Role};
use server::{Config, Running};
use vault::{GenesisIfNew, Vault, VaultConfig};

use crate::commands::Folders;
use crate::demo::Member;
use crate::failure::{Context as _, Failure};
use crate::outside::{SystemClock, SystemEntropy};

/// Length of a bar on an exercise's wall, in milliseconds: twelve minutes fill it.
const EXERCISE_SLOT_MILLIS: i64 = 6_000;
const REGISTER_FILE: &str = "register.db";
/// What a new store is called if nobody says.
pub const PARTNERSHIP: &str = "Sharing partnership";

/// What a new journal begins with.
pub fn genesis(partnership: &str, exercise: bool) -> GenesisIfNew {
    let params = if exercise { Params::EXERCISE } else { Params::DEFAULT };
    GenesisIfNew { partnership: partnership.to_owned(), exercise, params }
}

/// Opens the register of a data folder, making both if they are absent.
pub fn register(data_dir: &Path) -> Result<Register, Failure> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir).context(data_dir.display())?;
    let path = data_dir.join(REGISTER_FILE);
    Register::open(&path, Arc::new(SystemClock), Arc::new(SystemEntropy), PasswordCost::DEFAULT).context(path.display())
}

/// Opens the vault of a data folder, making it if it is absent.
pub fn vault(folders: &Folders, genesis: GenesisIfNew) -> Result<Arc<Vault>, Failure> {
    let config = VaultConfig { dir: folders.data_dir.clone(), keys_dir: folders.keys_dir.clone(), genesis };
    Ok(Arc::new(
        Vault::open(config, Arc::new(SystemClock), Arc::new(SystemEntropy)).context(folders.data_dir.display())?,
    ))
}

/// The settings of a server on a data folder.
pub fn config(data_dir: PathBuf, keys_dir: Option<PathBuf>, genesis: &GenesisIfNew) -> Config {
    let mut config = Config::new(data_dir, Arc::new(SystemClock), Arc::new(SystemEntropy));
    config.keys_dir = keys_dir;
    config.partnership.clone_from(&genesis.partnership);
    config.exercise = genesis.exercise;
    config.params = genesis.params;
    if genesis.exercise {
        config.slot_millis = EXERCISE_SLOT_MILLIS;
    }
    config
}

/// The demo's stores, before they are served.
pub struct House {
    config: Config,
    register: Register,
}

/// A served house.
pub struct Served(Running);

impl House {
    /// Opens the stores in a data folder.
    pub fn open(data_dir: &Path, keys_dir: Option<PathBuf>, genesis: GenesisIfNew) -> Result<Self, Failure> {
        Ok(Self { register: register(data_dir)?, config: config(data_dir.to_owned(), keys_dir, &genesis) })
    }

    /// Makes member organisations that are not there yet; gives a key of each, in order.
    pub fn add_members(&self, members: &[Member]) -> Result<Vec<String>, Failure> {
        let answers = Answers { warn: WhoMayBeWarned::CellOnly, know: WhoMayKnow::Nobody };
        let known: Vec<bool> =
            members.iter().map(|member| self.register.organisation_named(&member.name).is_some()).collect();
        let new: Vec<NewOrganisation> = members
            .iter()
            .zip(&known)
            .filter(|(_, known)| !**known)
            .map(|(member, _)| NewOrganisation {
                name: member.name.clone(),
                sector: member.sector,
                region: Some(member.region),
                assets: Assets { domains: member.domain.iter().cloned().collect(), ..Assets::default() },
            })
            .collect();
        let mut made = self.register.create_members(&new, "exercise", answers).context("members")?.into_iter();
        let mut keys = Vec::with_capacity(members.len());
        for (member, known) in members.iter().zip(known) {
            let fresh = if known { None } else { made.next().map(|(_, key)| key) };
            let key = match fresh {
                Some(key) => key,
                None => {
                    let held = self.register.organisation_named(&member.name);
                    let id = held.ok_or_else(|| Failure::new(format!("there is no member {:?}", member.name)))?.id;
                    self.register.create_key(id, "exercise", answers, None).context(&member.name)?
                }
            };
            keys.push(key.expose().to_owned());
        }
        Ok(keys)
    }

    /// Makes somebody who can sign in; somebody of an earlier demo in the same folder makes way.
    pub fn add_person(
        &self,
        email: &str,
        name: &str,
        role: &str,
        organisation: Option<&str>,
        password: &str,
    ) -> Result<(), Failure> {
        add_person(&self.register, email, name, role, organisation, password)
    }

    /// Uses lists of everyday values, as the text of a noise set.
    pub fn use_noise(&mut self, set: Option<String>) {
        self.config.noise = set.map(Into::into);
    }

    /// Serves both faces.
    pub async fn serve(mut self, member: SocketAddr, cell: SocketAddr, no_intake: bool) -> Result<Served, Failure> {
        self.config.member_addr = member;
        self.config.cell_addr = cell;
        self.config.intake = !no_intake;
        Ok(Served(server::start(self.config).await.context("cannot serve")?))
    }
}

impl Served {
    /// Ends it; what it was still doing is done first.
    pub async fn stop(self) {
        if let Err(error) = self.0.stop().await {
            eprintln!("fusioncell: {error}");
        }
    }
}

/// Makes somebody who can sign in.
pub fn add_person(
    register: &Register,
    email: &str,
    name: &str,
    role: &str,
    organisation: Option<&str>,
    password: &str,
) -> Result<(), Failure> {
    let role = Role::from_name(role).ok_or_else(|| Failure::new(format!("{role:?} is no role")))?;
    let organisation = match organisation {
        Some(name) => {
            let held = register.organisation_named(name);
            Some(held.ok_or_else(|| Failure::new(format!("there is no organisation {name:?}")))?.id)
        }
        None => None,
    };
    let new = NewPerson { email: email.to_owned(), name: name.to_owned(), organisation, role };
    register.create_person(&new, password).context(email)?;
    Ok(())
}

/// Ends when the process is told to stop.
pub async fn interrupted() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminate) => terminate,
        // Without signals the process ends by itself only.
        Err(_) => return std::future::pending().await,
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
