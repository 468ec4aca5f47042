//! A running demo, ended as a person would end it, with nothing left behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::run::command;

const END_LIMIT: Duration = Duration::from_secs(30);

/// A demo on free ports with a folder for temporary files of its own.
pub struct Demo {
    child: Child,
    folder: TempDir,
}

impl Demo {
    /// Starts the demo and waits until there is something to see.
    pub fn start(binary: &Path, limit: Duration) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix("fusioncell-journeys")
            .tempdir()
            .map_err(|error| format!("no temporary folder: {error}"))?;
        let mut demo = command(binary)
            .args(["demo", "--port", "0", "--sign-ins"])
            .arg(folder.path().join("sign-ins.json"))
            .env("TMPDIR", folder.path())
            .into_command();
        let child = demo.stdout(Stdio::null()).spawn().map_err(|error| format!("the demo does not start: {error}"))?;
        let mut demo = Self { child, folder };
        let start = Instant::now();
        while !demo.sign_ins().is_file() {
            if let Ok(Some(status)) = demo.child.try_wait() {
                return Err(format!("the demo ended before there was anything to see ({status})"));
            }
            if start.elapsed() > limit {
                return Err(format!("the demo wrote no sign-ins within {limit:?}"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(demo)
    }

    /// Where the demo wrote addresses and sign-ins.
    pub fn sign_ins(&self) -> PathBuf {
        self.folder.path().join("sign-ins.json")
    }

    /// Asks the demo to end, waits for it, and fails if it left data behind.
    pub fn end(mut self) -> Result<(), String> {
        if !self.stop() {
            return Err(format!("the demo did not end within {END_LIMIT:?} of SIGTERM"));
        }
        left_behind(self.folder.path())
    }

    fn stop(&mut self) -> bool {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return true;
        }
        let _ = command("kill").args(["-TERM", &self.child.id().to_string()]).go();
        let start = Instant::now();
        while start.elapsed() < END_LIMIT {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        false
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.stop();
    }
}

fn left_behind(folder: &Path) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let left: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("fusioncell-demo"))
        .collect();
    if left.is_empty() { Ok(()) } else { Err(format!("the demo left {} behind", left.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::left_behind;

    #[test]
    fn a_folder_left_behind_is_told() {
        let folder = tempfile::tempdir().unwrap();
        left_behind(folder.path()).unwrap();
        std::fs::create_dir(folder.path().join("fusioncell-demo-x")).unwrap();
        assert!(left_behind(folder.path()).unwrap_err().contains("fusioncell-demo-x"));
    }
}
