//! A server of the release build with a data folder of its own, made ready by the command line as an operator would.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use hyper::Method;
use hyper::body::Bytes;
use tempfile::TempDir;

use super::client::Client;
use crate::run::{build_binary, command};

const START_LIMIT: Duration = Duration::from_secs(120);
const SECTORS: [&str; 13] = [
    "chemicals",
    "civil-nuclear",
    "communications",
    "defence",
    "emergency-services",
    "energy",
    "finance",
    "food",
    "government",
    "health",
    "space",
    "transport",
    "water",
];

/// A data folder with organisations and a key for each.
pub struct Store {
    folder: TempDir,
    binary: PathBuf,
    /// One API key for each organisation.
    pub keys: Vec<String>,
}

impl Store {
    /// A fresh store with `organisations` members.
    pub fn with_members(organisations: usize) -> Result<Self, String> {
        let binary = build_binary("release")?;
        let folder =
            tempfile::Builder::new().prefix("fusioncell-bench").tempdir().map_err(|error| error.to_string())?;
        let mut store = Self { folder, binary, keys: Vec::new() };
        for index in 0..organisations {
            let name = format!("Bench member {index}");
            let sector = SECTORS.get(index % SECTORS.len()).copied().unwrap_or("energy");
            store.admin(&["organisation", "add", "--name", &name, "--sector", sector])?;
            let key = store.admin(&["key", "add", "--organisation", &name])?;
            let key =
                key.split_whitespace().find(|word| word.starts_with("fck_")).ok_or("`admin key add` printed no key")?;
            store.keys.push(key.to_owned());
        }
        Ok(store)
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file beside the data folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn admin(&self, words: &[&str]) -> Result<String, String> {
        command(&self.binary).arg("admin").args(words).arg("--data-dir").arg(self.data()).output()
    }

    /// Runs a command of the binary on this store and gives what it printed.
    pub fn run(&self, words: &[&str], last: &[&Path]) -> Result<String, String> {
        command(&self.binary).args(words).arg("--data-dir").arg(self.data()).args(last).output()
    }

    /// Serves the store until dropped.
    pub fn serve(&self) -> Result<Server, String> {
        self.serve_with(&[])
    }

    /// The same, with more words on the command line.
    pub fn serve_with(&self, words: &[&str]) -> Result<Server, String> {
        let member = format!("127.0.0.1:{}", free_port()?);
        let cell = format!("127.0.0.1:{}", free_port()?);
        let mut serve = command(&self.binary)
            .args(["serve", "--member-addr", &member, "--cell-addr", &cell])
            .args(words)
            .arg("--data-dir")
            .arg(self.data())
            .into_command();
        let child = serve.stdout(Stdio::null()).spawn().map_err(|error| format!("serve does not start: {error}"))?;
        let server = Server { child, member, cell };
        server.wait()?;
        Ok(server)
    }
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    Ok(listener.local_addr().map_err(|error| error.to_string())?.port())
}

/// A running server.
pub struct Server {
    child: Child,
    /// Address of the member listener.
    pub member: String,
    /// Address of the cell listener.
    pub cell: String,
}

impl Server {
    fn wait(&self) -> Result<(), String> {
        let start = Instant::now();
        while start.elapsed() < START_LIMIT {
            if std::net::TcpStream::connect(&self.member).is_ok() && std::net::TcpStream::connect(&self.cell).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("the server does not listen on {} within {START_LIMIT:?}", self.member))
    }

    /// Resident memory in MiB.
    pub fn resident_mib(&self) -> Result<f64, String> {
        self.memory_mib("VmRSS:")
    }

    /// The most memory that it has held, in MiB.
    pub fn peak_mib(&self) -> Result<f64, String> {
        self.memory_mib("VmHWM:")
    }

    fn memory_mib(&self, field: &str) -> Result<f64, String> {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).map_err(|error| error.to_string())?;
        let kib: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse().ok())
            .ok_or_else(|| format!("no {field}"))?;
        Ok(kib / 1024.0)
    }

    /// Waits until members can look a value up.
    pub async fn released(&self, key: &str, value: &str, limit: Duration) -> Result<(), String> {
        let mut client = Client::connect(&self.member, key).await?;
        let start = Instant::now();
        let path =
            format!("/api/v1/lookup?value={}", value.replace(':', "%3A").replace('/', "%2F").replace('@', "%40"));
        while start.elapsed() < limit {
            let (status, body) = client.call(Method::GET, &path, Bytes::new()).await?;
            let body = String::from_utf8_lossy(&body);
            if status == 200 && (body.contains(r#""verdict":"watch""#) || body.contains(r#""verdict":"block""#)) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(format!("{value} is not released within {limit:?}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = command("kill").args(["-TERM", &self.child.id().to_string()]).go();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A runtime for the load.
pub fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
}
