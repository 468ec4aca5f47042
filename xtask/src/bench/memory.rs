//! Resident memory of the server at rest with 160 members.

use std::time::Duration;

use super::server::Store;

/// Prints resident memory; target 60 MiB.
pub fn run() -> Result<(), String> {
    let store = Store::with_members(160)?;
    let server = store.serve()?;
    std::thread::sleep(Duration::from_secs(5));
    println!("memory: {:.1} MiB resident with 160 members at rest (target ≤ 60)", server.resident_mib()?);
    Ok(())
}
