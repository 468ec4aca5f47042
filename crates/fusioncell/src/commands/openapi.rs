//! `fusioncell openapi`: the description of every route, from the code.

use std::io::Write as _;

use crate::failure::{Context as _, Failure};

/// Prints it.
pub fn run() -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(server::openapi_json().as_bytes()).context("cannot print")
}
