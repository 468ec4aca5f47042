//! Puts the parts together and serves until it is told to stop.

mod auditing;
mod looks;
mod returning;
mod sealing;
mod waking;

use looks::{wait_for_store, watch_register};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use intake::receipt::ReceiptKey;
use intake::{LocalSender, Quota, RemoteSender, Sender};
use register::{Demand, PasswordCost, Register, RegisterError};
use release::EngineConfig;
use released::{About, Reader, ReleasedError, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle as Task;
use vault::{GenesisIfNew, Vault, VaultConfig, VaultError};

use crate::cell::{CellParts, cell_router};
use crate::config::{Config, Faces};
use crate::fold::{Core, CoreError, CoreParts, SharedFold};
use crate::guard::Guard;
use crate::hub::Hub;
use crate::listen::listen;
use crate::mailer::Posting;
use crate::member::{MemberParts, member_router};
use crate::meters::Meters;
use crate::paced::PacedSender;
use crate::passkey::Passkeys;
use crate::proxies::Proxies;
use crate::pump::{Pump, Snapshots};
use crate::reports::Intake;
use crate::returns::Reads;
use crate::session::Sessions;
use crate::tls::{Tls, TlsError};

/// Name of the register's file in the data folder.
const REGISTER_FILE: &str = "register.db";
/// Name of the socket at which the cell's process takes reports from member processes.
const INTAKE_SOCKET: &str = "intake.sock";
/// Looks at the register between two writes of when credentials were used.
const LOOKS_A_NOTE: u32 = 240;
/// How long a member process waits for the cell's to make the released store.
const STORE_WAIT: Duration = Duration::from_secs(60);
const STORE_POLL: Duration = Duration::from_millis(100);
/// Longest rest of the members' stream: it also sends beats.
const PUMP_WAIT: Duration = Duration::from_millis(50);
/// How often another process's changes to the register are looked for: streams of whoever was disabled end by then.
const REGISTER_LOOK: Duration = Duration::from_millis(250);

/// Why serving did not begin, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The register.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The released store.
    #[error(transparent)]
    Released(#[from] ReleasedError),
    /// An answer from the released store.
    #[error(transparent)]
    Outlet(#[from] outlets::OutletError),
    /// Own reports.
    #[error("own reports: {0}")]
    Own(#[from] ::own::OwnError),
    /// The fold.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The audit log.
    #[error("audit log: {0}")]
    Audit(#[from] vault::audit::AuditError),
    /// Certificate and key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The webhook.
    #[error("webhook: {0}")]
    Hook(#[from] egress::EgressError),
    /// Plain HTTP would leave this machine.
    #[error("plain HTTP on {0} would leave this machine: give the listener certificate and key, or a proxy with TLS")]
    Exposed(SocketAddr),
    /// The released store is not there.
    #[error("{0} is not there yet: start the cell's face first")]
    NoStore(PathBuf),
    /// A socket or folder.
    #[error("{what}: {error}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        error: io::Error,
    },
    /// A thread panicked; its message is in the log.
    #[error("the {0} stopped")]
    Stopped(&'static str),
}

fn io_error(what: impl Into<String>) -> impl FnOnce(io::Error) -> ServeError {
    let what = what.into();
    move |error| ServeError::Io { what, error }
}

/// A server that runs; dropping it does not stop it.
pub struct Running {
    /// Address of the members' listener.
    pub member_addr: Option<SocketAddr>,
    /// Address of the cell's listener.
    pub cell_addr: Option<SocketAddr>,
    /// The register, so that whoever runs the server can add to it.
    pub register: Arc<Register>,
    /// The vault, where this process has it.
    pub vault: Option<Arc<Vault>>,
    stop: watch::Sender<bool>,
    hubs: Vec<Arc<Hub>>,
    fold: Option<SharedFold>,
    listeners: Vec<Task<()>>,
    tasks: Vec<Task<()>>,
    threads: Vec<(&'static str, JoinHandle<Result<(), ServeError>>)>,
    posts: Vec<Posting>,
    threads_stop: Arc<AtomicBool>,
    ended: watch::Receiver<bool>,
}

impl Running {
    /// Waits until a part of the server has stopped by itself, which it should not.
    pub async fn failed(&mut self) {
        // The sender lives in the threads; when all are gone, nothing runs any more.
        let _ = self.ended.wait_for(|ended| *ended).await;
    }

    /// Stops: accepts nothing more, ends streams, lets requests finish, folds the rest, signs a checkpoint.
    ///
    /// # Errors
    /// What a part of the server stopped with, if one had.
    pub async fn stop(self) -> Result<(), ServeError> {
        // Nobody listens if all listeners are gone already.
        let _ = self.stop.send(true);
        for hub in &self.hubs {
            hub.close();
        }
        if let Some(fold) = &self.fold {
            fold.pictures().close();
        }
        for listener in self.listeners {
            let _ = listener.await;
        }
        for task in self.tasks {
            task.abort();
        }
        self.threads_stop.store(true, Ordering::Release);
        let joined = tokio::task::spawn_blocking(move || {
            for (name, thread) in self.threads {
                thread.join().map_err(|_| ServeError::Stopped(name))??;
            }
            self.posts.into_iter().for_each(Posting::end);
            Ok(())
        });
        joined.await.map_err(|_| ServeError::Stopped("shutdown"))?
    }
}

/// Serves until the process is told to stop (SIGTERM or SIGINT) or a part fails.
///
/// # Errors
/// [`ServeError`]
pub async fn serve(config: Config) -> Result<(), ServeError> {
    let mut running = start(config).await?;
    let mut terminate =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(io_error("SIGTERM"))?;
    tokio::select! {
        _ = terminate.recv() => tracing::info!("told to stop"),
        _ = tokio::signal::ctrl_c() => tracing::info!("told to stop"),
        () = running.failed() => tracing::error!("a part of the server stopped"),
    }
    running.stop().await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServeError> + Send + 'static,
) -> Result<T, ServeError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| ServeError::Stopped("start"))?
}

/// What both faces share.
struct Common {
    config: Config,
    about: About,
    register: Arc<Register>,
    reader: Reader,
    own: Option<::own::Reader>,
    meters: Arc<Meters>,
}

impl Common {
    /// Whether browsers reach a listener by TLS, ours or a proxy's.
    fn by_tls(&self, face: register::Face) -> bool {
        let own = if face == register::Face::Cell { &self.config.cell_tls } else { &self.config.member_tls };
        self.config.tls || own.is_some()
    }

    fn guard(&self, face: register::Face, own: &[&str], more: &[String]) -> Guard {
        let hosts: Vec<String> = own.iter().map(|&host| host.to_owned()).chain(more.iter().cloned()).collect();
        Guard { hosts: hosts.into(), tls: self.by_tls(face), meters: Arc::clone(&self.meters) }
    }

    fn sessions(&self, face: register::Face) -> Sessions {
        let About { partnership, exercise, .. } = &self.about;
        let passkeys = Passkeys::new(&self.config.origin(face, self.by_tls(face)), partnership)
            .inspect_err(|why| tracing::warn!("there are no passkeys at this listener: {why}"));
        let register = Arc::clone(&self.register);
        Sessions::with_passkeys(register, face, self.by_tls(face), partnership.clone(), *exercise, passkeys.ok())
    }

    fn member(
        &self,
        hub: &Arc<Hub>,
        sender: Option<Arc<dyn Sender>>,
        receipts: Option<ReceiptKey>,
        fold: Option<&SharedFold>,
    ) -> Result<Router, ServeError> {
        let intake = sender.filter(|_| self.config.intake);
        let intake = intake.map(|sender| {
            let intake = Intake::new(sender, Arc::clone(&self.register), Quota::standard());
            intake.with_advice(self.config.advice.clone()).with_receipts(receipts)
        });
        let parts = MemberParts {
            reader: self.reader.clone(),
            everyday: looks::everyday(fold, self.about.exercise, &self.config.sets)?,
            snapshots: Arc::new(Snapshots::new(self.reader.clone())),
            hub: Arc::clone(hub),
            sessions: self.sessions(register::Face::Member),
            guard: self.guard(register::Face::Member, &["localhost"], &self.config.member_hosts),
            clock: Arc::clone(&self.config.clock),
            intake,
            own: self.own.clone(),
            audit: tlog::Published::at(self.config.data_dir.join(vault::audit::FOLDER)),
            partnership: self.about.partnership.clone(),
            exercise: self.about.exercise,
            #[cfg(feature = "planted-leaks")]
            spy: fold.cloned(),
        };
        Ok(member_router(parts.into()))
    }

    fn cell(&self, hub: &Arc<Hub>, member_hub: Option<&Arc<Hub>>, vault: &Arc<Vault>, fold: &SharedFold) -> Router {
        let parts = CellParts {
            fold: fold.clone(),
            journal: Arc::clone(vault.journal()),
            vault: Arc::clone(vault),
            reader: self.reader.clone(),
            hub: Arc::clone(hub),
            member_hub: member_hub.cloned(),
            sessions: self.sessions(register::Face::Cell),
            guard: self.guard(register::Face::Cell, &["cell.localhost", "localhost"], &self.config.cell_hosts),
            meters: Arc::clone(&self.meters),
            clock: Arc::clone(&self.config.clock),
            entropy: Arc::clone(&self.config.entropy),
            partnership: self.about.partnership.clone(),
            exercise: self.about.exercise,
            claims: Mutex::new(HashMap::new()),
            openings: crate::sources::Openings::default(),
        };
        cell_router(parts.into())
    }
}

/// Stores that are open already, for whoever adds to them before serving.
pub struct Opened {
    /// The vault; `None` for the members' face alone.
    pub vault: Option<Arc<Vault>>,
    /// The register.
    pub register: Arc<Register>,
}

impl Opened {
    /// Opens what a configuration's faces need.
    ///
    /// # Errors
    /// [`ServeError`] if a store cannot be opened.
    pub async fn open(config: &Config) -> Result<Self, ServeError> {
        let config = config.clone();
        blocking(move || {
            // The vault first: it makes the data folder, for its owner alone.
            let vault = if config.faces == Faces::Member {
                None
            } else {
                let genesis = GenesisIfNew {
                    partnership: config.partnership.clone(),
                    exercise: config.exercise,
                    params: config.params,
                };
                let place = VaultConfig { dir: config.data_dir.clone(), keys_dir: config.keys_dir.clone(), genesis };
                Some(Arc::new(Vault::open(place, Arc::clone(&config.clock), Arc::clone(&config.entropy))?))
            };
            let path = config.data_dir.join(REGISTER_FILE);
            let register = Register::open(&path, config.clock, config.entropy, PasswordCost::DEFAULT)?;
            Ok(Self { vault, register: Arc::new(register) })
        })
        .await
    }
}

/// Opens the stores, listens, and gives a handle to the running server.
///
/// # Errors
/// [`ServeError`] if a store cannot be opened or an address cannot be had.
pub async fn start(config: Config) -> Result<Running, ServeError> {
    // Before any store is touched.
    Tls::of_listeners(&config)?;
    let opened = Opened::open(&config).await?;
    start_with(config, opened).await
}

/// As [`start`], over stores that are open already.
///
/// # Errors
/// As [`start`].
pub async fn start_with(config: Config, opened: Opened) -> Result<Running, ServeError> {
    if let Some(address) = config.exposed() {
        return Err(ServeError::Exposed(address));
    }
    let [member_tls, cell_tls] = Tls::of_listeners(&config)?;
    let Opened { vault, register } = opened;
    let folder = config.data_dir.clone();
    let (slot_millis, sets) = (config.slot_millis, config.sets.clone());
    let released_path = folder.join(released::FILE);
    let meters = Arc::new(Meters::with_token(config.metrics_token.clone()));
    let (stop, stopped) = watch::channel(false);
    let threads_stop = Arc::new(AtomicBool::new(false));
    let (ended_sender, ended) = watch::channel(false);
    let ended_sender = Arc::new(ended_sender);
    let (member_hub, cell_hub) = (Arc::new(Hub::default()), Arc::new(Hub::default()));
    let mut threads = Vec::new();
    let keys = config.keys_dir.clone().unwrap_or_else(|| vault::default_keys_dir(&folder));
    let own_path = folder.join(::own::FILE);
    let reads = Reads::default();
    let (reader, own, core) = match &vault {
        Some(vault) => {
            let (vault, register, hub, meters) =
                (Arc::clone(vault), Arc::clone(&register), Arc::clone(&cell_hub), Arc::clone(&meters));
            let (reads, keys, entropy) = (reads.clone(), keys.clone(), Arc::clone(&config.entropy));
            let (clock, audited, retention) = (Arc::clone(&config.clock), folder.clone(), config.retention);
            let open = move || {
                let own = returning::writer(&own_path, &keys, entropy)?;
                let own_reader = own.reader();
                release::use_sets(&vault, &sets).map_err(CoreError::from)?;
                let (writer, reader) = Store::open(&released_path)?;
                let (engine, audit) = (EngineConfig::default(), auditing::open(&vault, &audited)?);
                let parts = CoreParts { vault, writer, register, hub, meters, engine, slot_millis, own, reads, audit };
                let mut core = Core::open(parts)?.keeping(retention);
                core.before_serving(&|| clock.now())?;
                Ok((reader, Some(own_reader), Some(core)))
            };
            blocking(open).await?
        }
        None => {
            let (keys, entropy) = (keys.clone(), Arc::clone(&config.entropy));
            let open = move || {
                let reader = wait_for_store(&released_path)?;
                Ok((reader, returning::reader(&own_path, &keys, &*entropy)?))
            };
            let (reader, own) = blocking(open).await?;
            (reader, own, None)
        }
    };
    let about = reader.about()?.ok_or_else(|| ServeError::NoStore(folder.join(released::FILE)))?;
    let without = if about.exercise { Demand::Nobody } else { Demand::Everybody };
    register.demand_second_factor(config.second_factor.unwrap_or(without));
    let (sealed, entropy) = (Arc::clone(&register), Arc::clone(&config.entropy));
    // The members' process reads it only: the cell's has made it by now, if there is one.
    let make = config.faces != Faces::Member;
    let receipts = blocking(move || sealing::keys(&keys, &sealed, &*entropy, make)).await?;
    let common = Common { config, about, register, reader, own, meters };
    let config = &common.config;
    let proxies = Proxies::new(&config.trusted_proxies);
    let fold = core.as_ref().map(Core::shared);
    if let Some(core) = core {
        let (clock, flag) = (Arc::clone(&config.clock), Arc::clone(&threads_stop));
        let run = move || core.run(&*clock, &flag).map_err(ServeError::from);
        threads.push(("fold", spawn("fold", Arc::clone(&ended_sender), run)?));
    }
    let mut running = Running {
        member_addr: None,
        cell_addr: None,
        register: Arc::clone(&common.register),
        vault: vault.clone(),
        stop,
        hubs: vec![Arc::clone(&member_hub), Arc::clone(&cell_hub)],
        fold: fold.clone(),
        listeners: Vec::new(),
        tasks: vec![tokio::spawn(watch_register(
            Arc::clone(&common.register),
            vec![Arc::clone(&member_hub), Arc::clone(&cell_hub)],
            fold.clone(),
        ))],
        threads,
        posts: Vec::new(),
        threads_stop: Arc::clone(&threads_stop),
        ended,
    };

    running.tasks.extend(Tls::different(&member_tls, &cell_tls).map(|tls| tokio::spawn(tls.clone().watch())));

    if config.faces != Faces::Cell {
        let sender: Arc<dyn Sender> = match (&vault, &fold) {
            (Some(vault), Some(fold)) => {
                let local = LocalSender::new(Arc::clone(vault))
                    .telling(returning::told(&reads))
                    .bounded(fold.full_outside(&common.register));
                Arc::new(PacedSender::new(local, Arc::clone(vault), fold.clone()))
            }
            _ => Arc::new(RemoteSender::new(&folder.join(INTAKE_SOCKET), Arc::clone(&config.entropy))),
        };
        let mut pump = Pump::new(common.reader.clone(), Arc::clone(&member_hub), Arc::clone(&common.meters))?;
        let (reader, clock, flag) = (common.reader.clone(), Arc::clone(&config.clock), Arc::clone(&threads_stop));
        let run = move || {
            while !flag.load(Ordering::Acquire) {
                if pump.step(clock.now())? == 0 {
                    reader.wait_or_poll(Some(pump.last()), PUMP_WAIT)?;
                }
            }
            Ok(())
        };
        running.threads.push(("members' stream", spawn("pump", Arc::clone(&ended_sender), run)?));
        let router = common.member(&member_hub, Some(sender), receipts, fold.as_ref())?;
        let (address, task) = bind(config.member_addr, member_tls, router, &proxies, stopped.clone()).await?;
        running.member_addr = Some(address);
        running.listeners.push(task);
    }
    if let (Some(vault), Some(fold)) = (&vault, &fold) {
        let member_hub = (config.faces == Faces::Both).then_some(&member_hub);
        let router = common.cell(&cell_hub, member_hub, vault, fold);
        let (address, task) = bind(config.cell_addr, cell_tls, router, &proxies, stopped).await?;
        running.cell_addr = Some(address);
        running.listeners.push(task);
        running.posts = waking::start(&common, vault, fold, &threads_stop)?;
        if config.faces == Faces::Cell && config.intake {
            let local = LocalSender::new(Arc::clone(vault))
                .telling(returning::told(&reads))
                .bounded(fold.full_outside(&common.register));
            let path = folder.join(INTAKE_SOCKET);
            let fold = fold.clone();
            fold.note_intake(true);
            running.tasks.push(tokio::spawn(async move {
                if let Err(error) = intake::listen(&path, local).await {
                    fold.note_intake(false);
                    tracing::error!(%error, "reports from member processes cannot be taken");
                    let _ = ended_sender.send(true);
                }
            }));
        }
    }
    tracing::info!(member = ?running.member_addr, cell = ?running.cell_addr, "serving");
    Ok(running)
}

/// A thread whose end is told, however it ends.
fn spawn(
    name: &str,
    ended: Arc<watch::Sender<bool>>,
    run: impl FnOnce() -> Result<(), ServeError> + Send + 'static,
) -> Result<JoinHandle<Result<(), ServeError>>, ServeError> {
    struct Told(Arc<watch::Sender<bool>>);
    impl Drop for Told {
        fn drop(&mut self) {
            let _ = self.0.send(true);
        }
    }
    let work = move || {
        let _told = Told(ended);
        run().inspect_err(|error| tracing::error!(%error, "a part of the server stopped"))
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(io_error("thread"))
}

async fn bind(
    address: SocketAddr,
    tls: Option<Tls>,
    router: Router,
    proxies: &Proxies,
    stop: watch::Receiver<bool>,
) -> Result<(SocketAddr, Task<()>), ServeError> {
    let listener = TcpListener::bind(address).await.map_err(io_error(address.to_string()))?;
    let address = listener.local_addr().map_err(io_error(address.to_string()))?;
    Ok((address, tokio::spawn(listen(listener, tls, router, proxies.clone(), stop))))
}
