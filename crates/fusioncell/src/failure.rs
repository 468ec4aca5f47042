//! How a command fails: what a person reads, and the exit code that a script reads.

use std::fmt::Display;
use std::process::ExitCode;

/// Why a command did not end well.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Something did not work.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// What was checked is damaged. The command has told the rest.
    pub fn damaged(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 3 }
    }

    /// What was to be checked cannot be read.
    pub fn unreadable(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }

    /// The command has told all, and this is its exit code.
    pub const fn told(code: u8) -> Self {
        Self { message: String::new(), code }
    }

    /// What to print; `None` if the command has said all.
    pub fn message(&self) -> Option<&str> {
        (!self.message.is_empty()).then_some(&self.message)
    }

    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

/// Adds what was being done to an error.
pub trait Context<T> {
    /// `what: error`.
    fn context(self, what: impl Display) -> Result<T, Failure>;
}

impl<T, E: Display> Context<T> for Result<T, E> {
    fn context(self, what: impl Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(format!("{what}: {error}")))
    }
}
