//! Running other programs from the root of the checkout, with errors that name the command.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::tally;

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

    /// Runs to the end like `go`, and listens for the closing lines of test runners.
    pub fn hear(mut self) -> Result<(), String> {
        let told = self.told();
        let started = self.0.stdout(Stdio::piped()).spawn();
        let mut child = started.map_err(|error| format!("`{told}` does not start: {error}"))?;
        if let Some(output) = child.stdout.take() {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                println!("{line}");
                tally::hear(&line);
            }
        }
        let status = child.wait().map_err(|error| format!("`{told}`: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("`{told}` failed ({status})")) }
    }

    /// Runs to the end and gives the exit code and what it printed, whatever the code is.
    pub fn code_and_output(mut self) -> Result<(Option<i32>, String), String> {
        let told = self.told();
        let output = self.0.output().map_err(|error| format!("`{told}` does not start: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        Ok((output.status.code(), said))
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

/// Where a program is found on the search path.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Whether a program is found on the search path.
pub fn has(program: &str) -> bool {
    find(program).is_some()
}

/// Fails unless a kept file is what was made anew.
pub fn fresh(name: &str, kept: &str, made: &str) -> Result<(), String> {
    if kept.trim() == made.trim() {
        return Ok(());
    }
    let line = kept.lines().zip(made.lines()).take_while(|(kept, made)| kept == made).count() + 1;
    Err(format!("{name} is stale from line {line} on: run `cargo xtask openapi` and commit it"))
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

#[cfg(test)]
mod tests {
    use super::{find, fresh};

    #[test]
    fn a_stale_file_is_told_by_its_line() {
        fresh("x", "a\nb\n", "a\nb").unwrap();
        let problem = fresh("schema.d.ts", "a\nb\nc", "a\nB\nc").unwrap_err();
        assert!(problem.starts_with("schema.d.ts is stale from line 2 on"), "{problem}");
    }

    #[test]
    fn a_program_is_found_where_the_path_has_it() {
        assert!(find("sh").is_some_and(|path| path.ends_with("sh") && path.is_absolute()));
        assert!(find("no-such-program-anywhere").is_none());
    }
}
