//! `hunt`: hands the arguments to the crate and its exit code back, as grep's: 0 found, 1 clean, 2 trouble.

use ::hunt::cli::HuntArgs;
use model::Clock as _;

use crate::failure::Failure;
use crate::outside::SystemClock;

pub fn run(args: HuntArgs) -> Result<(), Failure> {
    match ::hunt::cli::run(args, SystemClock.now().as_millis()) {
        ::hunt::cli::FOUND => Ok(()),
        code => Err(Failure::told(code)),
    }
}
