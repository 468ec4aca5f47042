//! The demo: a partnership is made, served, and fed over HTTP by its members' keys; three people can sign in.

mod cell;
mod data;
mod feeder;
mod folder;
mod leads;
mod light;
mod people;
mod progress;
mod readers;

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fusion::{ListKind, NoiseSet};
use sim::{CellDesk, Exercise, Replay};

use crate::client::{Client, Credential};
use crate::failure::{Context as _, Failure};
use crate::{logs, store};
use feeder::Sent;
use folder::Folder;
pub use people::{Member, password};
use people::{Members, SignIns};

/// Connections that the feeding members keep open.
const CONNECTIONS: usize = 64;
/// Tries to find two free ports in a row.
const PORT_TRIES_MAX: u32 = 50;
/// How long first light may take before the demo says that something may be wrong.
const LIGHT_LIMIT: Duration = Duration::from_secs(120);

/// What the command line asks for.
pub struct Plan {
    /// Port of the member portal; zero for any.
    pub port: u16,
    /// Seed of the exercise.
    pub seed: u64,
    /// Data to replay, and how many values a second.
    pub replay: Option<(PathBuf, f64)>,
    /// Where to keep the data.
    pub data_dir: Option<PathBuf>,
    /// File for addresses and sign-ins.
    pub sign_ins: Option<PathBuf>,
    /// Serve without intake.
    pub no_intake: bool,
}

/// What members send.
enum Schedule {
    Exercise(Exercise),
    Replay(Replay),
}

impl Schedule {
    fn members(&self) -> Vec<Member> {
        match self {
            Self::Exercise(exercise) => exercise.partnership().members.iter().map(Member::from).collect(),
            Self::Replay(replay) => replay.authors().iter().map(Member::from).collect(),
        }
    }

    fn partnership(&self) -> &str {
        match self {
            Self::Exercise(exercise) => &exercise.partnership().name,
            Self::Replay(_) => "Replay Exercise Partnership",
        }
    }
}

/// Runs the demo until Ctrl-C.
pub fn run(plan: Plan) -> Result<(), Failure> {
    let start = Instant::now();
    logs::start("warn", false);
    let schedule = match &plan.replay {
        Some((folder, speed)) => Schedule::Replay(data::load(folder, *speed)?),
        None => Schedule::Exercise(Exercise::new(plan.seed)),
    };
    let folder = match &plan.data_dir {
        Some(folder) => Folder::kept(folder.clone()),
        None => Folder::temporary()?,
    };
    let (member_port, cell_port) = ports(plan.port)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(play(&plan, schedule, &folder, member_port, cell_port, start))
}

/// The member's port and the next one for the cell, both free.
fn ports(wanted: u16) -> Result<(u16, u16), Failure> {
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| listener.local_addr());
    let next = |port: u16| port.checked_add(1).ok_or_else(|| Failure::new("the highest port leaves none for the cell"));
    if wanted != 0 {
        let cell = next(wanted)?;
        for port in [wanted, cell] {
            free(port).context(format!("port {port}"))?;
        }
        return Ok((wanted, cell));
    }
    for _ in 0..PORT_TRIES_MAX {
        let port = free(0).context("no free port")?.port();
        if let Some(cell) = port.checked_add(1)
            && free(cell).is_ok()
        {
            return Ok((port, cell));
        }
    }
    Err(Failure::new("no two free ports in a row"))
}

/// What an exercise's operator knows to be everyday, as one who serves a real partnership names lists by `--noise`.
fn everyday() -> String {
    let mut set = NoiseSet::default();
    set.add("everyday values of the exercise", ListKind::Exact, sim::everyday());
    set.text().to_owned()
}

async fn play(
    plan: &Plan,
    schedule: Schedule,
    folder: &Folder,
    member_port: u16,
    cell_port: u16,
    start: Instant,
) -> Result<(), Failure> {
    let genesis = store::genesis(schedule.partnership(), true);
    let mut house = store::House::open(folder.data(), None, genesis)?;
    house.use_noise(match &plan.replay {
        Some((folder, _)) => data::noise(folder)?,
        None => Some(everyday()),
    });
    let members = people::make(&house, &schedule.members())?;
    let server = house
        .serve((Ipv4Addr::LOCALHOST, member_port).into(), (Ipv4Addr::LOCALHOST, cell_port).into(), plan.no_intake)
        .await?;
    let sign_ins = SignIns::new(member_port, cell_port, &members);
    println!("{}", sign_ins.text(plan, schedule.partnership()));
    tokio::spawn(leads::confirm(server.register()));
    let stage = Stage { members, sign_ins, member_port, cell_port };
    tokio::select! {
        outcome = stage.perform(plan, schedule, start) => outcome?,
        () = store::interrupted() => {}
    }
    server.stop().await;
    Ok(())
}

/// Everything that enters the running server from outside.
struct Stage {
    members: Members,
    sign_ins: SignIns,
    member_port: u16,
    cell_port: u16,
}

impl Stage {
    async fn perform(self, plan: &Plan, schedule: Schedule, start: Instant) -> Result<(), Failure> {
        let member = Client::new(format!("http://127.0.0.1:{}", self.member_port), CONNECTIONS);
        let cell = Client::new(format!("http://127.0.0.1:{}", self.cell_port), 4);
        let sign_in = async |who: &people::SignIn, client: &Client, path: &str| {
            client.sign_in(path, &who.email, &who.password).await.map_err(Failure::new)
        };
        let analyst = sign_in(&self.sign_ins.analyst, &cell, "/cell/v1/session").await?;
        let lead = sign_in(&self.sign_ins.lead, &cell, "/cell/v1/session").await?;
        let visitor = sign_in(&self.sign_ins.member, &member, "/api/v1/session").await?;
        let sent = Arc::new(Sent::default());
        let keys = Arc::new(self.members.keys);
        let mut feed = match schedule {
            Schedule::Exercise(exercise) => {
                tokio::spawn(readers::play(member.clone(), keys.clone(), plan.seed));
                tokio::spawn(cell::play(cell.clone(), analyst.clone(), lead, CellDesk::new(plan.seed)));
                tokio::spawn(feeder::feed(member.clone(), keys, exercise, sent.clone()))
            }
            Schedule::Replay(replay) => {
                tokio::spawn(progress::show(replay.items(), sent.clone()));
                tokio::spawn(feeder::feed(member.clone(), keys, replay, sent.clone()))
            }
        };
        if !plan.no_intake {
            first_light(&cell, &analyst, &member, &visitor, &sent, start).await?;
        }
        if let Some(file) = &plan.sign_ins {
            self.sign_ins.write(file, start.elapsed())?;
        }
        // An exercise never ends; after a replay the walls stay up.
        let _ = (&mut feed).await;
        println!(
            "Everything is sent: {} reports. The walls stay up until Ctrl-C.",
            sent.reports.load(std::sync::atomic::Ordering::Relaxed)
        );
        if let Some(why) = sent.last_failure() {
            let failed = sent.failed.load(std::sync::atomic::Ordering::Relaxed);
            eprintln!("fusioncell: {failed} reports were not taken; the last: {why}");
        }
        std::future::pending::<()>().await;
        Ok(())
    }
}

/// Waits for light on both walls and tells when it came. Without it within the limit the demo goes on: a replay whose
/// firms share no value never links anything, and its walls are worth seeing all the same.
async fn first_light(
    cell: &Client,
    analyst: &Credential,
    member: &Client,
    visitor: &Credential,
    sent: &Sent,
    start: Instant,
) -> Result<(), Failure> {
    match tokio::time::timeout(LIGHT_LIMIT, light::wait(cell, analyst, member, visitor)).await {
        Ok(outcome) => {
            outcome.map_err(Failure::new)?;
            println!("First light after {:.1} s.", start.elapsed().as_secs_f64());
        }
        Err(_) => {
            let why = sent.last_failure().map_or(String::new(), |why| format!("; a report was not taken: {why}"));
            eprintln!(
                "fusioncell: no campaign of {} firms within {} s{why}; the walls stay up",
                light::FIRMS,
                LIGHT_LIMIT.as_secs()
            );
        }
    }
    Ok(())
}
