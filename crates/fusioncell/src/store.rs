//! The stores of a partnership as commands open them: the register alone, the vault, or the whole house to be served.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{WhoMayBeWarned, WhoMayKnow};
use policy::{Assets, Params};
use register::{Answers, NewOrganisation, NewPerson, OrganisationClass, PasswordCost, Register, Role};
use server::{Config, Opened, Running};
use vault::{GenesisIfNew, Vault, VaultConfig};

use crate::commands::Folders;
use crate::demo::Member;
use crate::failure::{Context as _, Failure};
use crate::outside::{SystemClock, SystemEntropy};

/// Length of a bar on an exercise's wall, in milliseconds: twelve minutes fill it.
const EXERCISE_SLOT_MILLIS: i64 = 6_000;
const REGISTER_FILE: &str = "register.db";
const JOURNAL_FILE: &str = "vault.db";
/// Label of the keys with which an exercise's members report.
const EXERCISE_KEYS: &str = "exercise";
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

/// The demo's stores, before they are served: always those of an exercise.
pub struct House {
    config: Config,
    vault: Arc<Vault>,
    register: Register,
}

/// A served house.
pub struct Served {
    running: Running,
    register: Arc<Register>,
}

impl House {
    /// Opens an exercise's stores in a data folder, making them if they are absent. The stores of a real partnership are
    /// refused before anything is added to them.
    pub fn open(data_dir: &Path, keys_dir: Option<PathBuf>, genesis: GenesisIfNew) -> Result<Self, Failure> {
        if data_dir.join(REGISTER_FILE).exists() && !data_dir.join(JOURNAL_FILE).exists() {
            return Err(Failure::new(format!(
                "{} holds a register without a journal, which no exercise has made: give another folder",
                data_dir.display()
            )));
        }
        let folders = Folders { data_dir: data_dir.to_owned(), keys_dir: keys_dir.clone() };
        let vault = vault(&folders, genesis.clone())?;
        if !vault.genesis().exercise {
            return Err(Failure::new(format!(
                "{} holds the real partnership {:?}, not an exercise: give another folder",
                data_dir.display(),
                vault.genesis().partnership
            )));
        }
        Ok(Self { vault, register: register(data_dir)?, config: config(data_dir.to_owned(), keys_dir, &genesis) })
    }

    /// Makes member organisations that are not there yet; gives a new key of each, in order. Keys of an earlier run in the
    /// same folder are gone: nobody has them any more.
    pub fn add_members(&self, members: &[Member]) -> Result<Vec<String>, Failure> {
        let answers = Answers { warn: WhoMayBeWarned::CellOnly, know: WhoMayKnow::Nobody };
        self.register.remove_keys(EXERCISE_KEYS).context("keys of an earlier run")?;
        let known = |member: &Member| self.register.organisation_named(&member.name).map(|held| held.id);
        let new: Vec<NewOrganisation> = members
            .iter()
            .filter(|member| known(member).is_none())
            .map(|member| NewOrganisation {
                name: member.name.clone(),
                class: OrganisationClass::Member,
                sector: member.sector,
                region: Some(member.region),
                assets: Assets { domains: member.domain.iter().cloned().collect(), ..Assets::default() },
            })
            .collect();
        let organisations = members.iter().map(known).collect::<Vec<_>>();
        let mut made = self.register.create_members(&new, EXERCISE_KEYS, answers).context("members")?.into_iter();
        let old: Vec<_> = organisations.iter().copied().flatten().collect();
        let mut old = self.register.create_keys(&old, EXERCISE_KEYS, answers).context("keys")?.into_iter();
        let key = |known: Option<model::OrganisationId>| match known {
            Some(_) => old.next(),
            None => made.next().map(|(_, key)| key),
        };
        let keys: Vec<String> = organisations.into_iter().filter_map(key).map(|key| key.expose().to_owned()).collect();
        if keys.len() == members.len() { Ok(keys) } else { Err(Failure::new("a member has no key")) }
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
        let new = new_person(&self.register, email, name, role, organisation)?;
        self.register.put_person(&new, password).context(email)?;
        Ok(())
    }

    /// Uses lists of everyday values, as the text of a noise set.
    pub fn use_noise(&mut self, set: Option<String>) {
        self.config.sets.noise = set.map(Into::into);
    }

    /// Serves both faces.
    pub async fn serve(mut self, member: SocketAddr, cell: SocketAddr, no_intake: bool) -> Result<Served, Failure> {
        self.config.member_addr = member;
        self.config.cell_addr = cell;
        self.config.intake = !no_intake;
        let register = Arc::new(self.register);
        let opened = Opened { vault: Some(self.vault), register: Arc::clone(&register) };
        let running = server::start_with(self.config, opened).await.context("cannot serve")?;
        Ok(Served { running, register })
    }
}

impl Served {
    /// Who is in the room.
    pub fn register(&self) -> Arc<Register> {
        Arc::clone(&self.register)
    }

    /// Ends it; what it was still doing is done first.
    pub async fn stop(self) {
        if let Err(error) = self.running.stop().await {
            eprintln!("fusioncell: {error}");
        }
    }
}

/// Somebody as arguments describe them.
pub fn new_person(
    register: &Register,
    email: &str,
    name: &str,
    role: &str,
    organisation: Option<&str>,
) -> Result<NewPerson, Failure> {
    let role = Role::from_name(role).ok_or_else(|| Failure::new(format!("{role:?} is no role")))?;
    let organisation = match organisation {
        Some(name) => {
            let held = register.organisation_named(name);
            Some(held.ok_or_else(|| Failure::new(format!("there is no organisation {name:?}")))?.id)
        }
        None => None,
    };
    Ok(NewPerson { email: email.to_owned(), name: name.to_owned(), organisation, role, secondment: None })
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
