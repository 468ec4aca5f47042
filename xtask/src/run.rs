//! Running other programs from the root of the checkout, with errors that name the command.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The root of the checkout.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The folder where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A command that runs in the root of the checkout.
pub struct Run(Command);

/// A command named by its program.
pub fn command(program: impl AsRef<OsStr>) -> Run {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null());
    Run(command)
}

impl Run {
    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(arguments);
        self
    }

    /// Runs in a folder below the root.
    pub fn within(mut self, folder: &str) -> Self {
        self.0.current_dir(root().join(folder));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    fn told(&self) -> String {
        let mut words = vec![self.0.get_program().to_string_lossy().into_owned()];
        words.extend(self.0.get_args().map(|word| word.to_string_lossy().into_owned()));
        words.join(" ")
    }

    /// Runs to the end, output going where ours goes; an exit code other than zero is an error.
    pub fn go(mut self) -> Result<(), String> {
        let told = self.told();
        let status = self.0.status().map_err(|error| format!("`{told}` does not start: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("`{told}` failed ({status})")) }
    }

    /// Runs to the end and gives what it printed.
    pub fn output(mut self) -> Result<String, String> {
        let told = self.told();
        let output = self.0.output().map_err(|error| format!("`{told}` does not start: {error}"))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(format!("`{told}` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr)))
        }
    }

    /// The underlying command, to start it in the background.
    pub fn into_command(self) -> Command {
        self.0
    }
}

/// Whether a program is found on the search path.
pub fn has(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Builds the binary in a profile (`dev` or `release`) and gives its path.
pub fn build_binary(profile: &str) -> Result<PathBuf, String> {
    command("cargo").args(["build", "--locked", "--package", "fusioncell", "--profile", profile]).go()?;
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(target().join(folder).join("fusioncell"))
}

/// Runs one step of a tier and prints how long it took.
pub fn step(name: &str, work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    println!("── {name}");
    let start = Instant::now();
    let outcome = work();
    println!("── {name}: {} in {:.1} s", if outcome.is_ok() { "ok" } else { "FAILED" }, start.elapsed().as_secs_f64());
    outcome.map_err(|problem| format!("{name}: {problem}"))
}
