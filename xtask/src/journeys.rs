//! Journeys in a real Chromium against a running demo; a planted fault must make them fail.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{build_binary, command, has, root};

const FIRST_LIGHT: Duration = Duration::from_secs(30);

/// Runs the journeys, then each planted fault.
pub fn run() -> Result<(), String> {
    let chromium = chromium()?;
    let binary = build_binary("dev")?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let demo = Demo::start(&binary, folder.path().join("sign-ins.json"))?;
    let journey = |plant: Option<&str>| {
        let mut node = Command::new("node");
        node.current_dir(root().join("ui"))
            .arg("e2e/run.mjs")
            .env("CHROMIUM", &chromium)
            .env("SIGN_INS", &demo.sign_ins)
            .stdin(Stdio::null());
        if let Some(plant) = plant {
            node.env("PLANT", plant);
        }
        node.status().map_err(|error| format!("node does not start: {error}"))
    };
    let status = journey(None)?;
    if !status.success() {
        return Err("a journey failed".into());
    }
    for plant in ["axe", "csp", "dead-stream"] {
        if journey(Some(plant))?.success() {
            return Err(format!("the journeys pass although the fault `{plant}` is planted: the check is blind"));
        }
        println!("planted fault `{plant}` is caught");
    }
    Ok(())
}

/// Debian's Chromium; installed if missing and we may.
fn chromium() -> Result<String, String> {
    if let Ok(path) = std::env::var("CHROMIUM") {
        return Ok(path);
    }
    if !has("chromium") {
        println!("chromium is missing: installing it");
        let installed = command("apt-get").args(["update", "-q"]).go().and_then(|()| {
            command("apt-get").args(["install", "-qy", "chromium"]).env("DEBIAN_FRONTEND", "noninteractive").go()
        });
        installed.map_err(|problem| {
            format!("{problem}; install it by `apt-get install chromium`, or set CHROMIUM to a browser")
        })?;
    }
    Ok("/usr/bin/chromium".into())
}

struct Demo {
    child: Child,
    sign_ins: PathBuf,
}

impl Demo {
    fn start(binary: &PathBuf, sign_ins: PathBuf) -> Result<Self, String> {
        let mut demo = command(binary).args(["demo", "--port", "0", "--sign-ins"]).arg(&sign_ins).into_command();
        let child = demo.stdout(Stdio::null()).spawn().map_err(|error| format!("the demo does not start: {error}"))?;
        let demo = Self { child, sign_ins };
        let start = Instant::now();
        while !demo.sign_ins.is_file() {
            if start.elapsed() > FIRST_LIGHT {
                return Err(format!("the demo wrote no sign-ins within {FIRST_LIGHT:?}"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(demo)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
