//! `fusioncell admin page`: who would be woken for a report that is still going on, and what of it is on its way.

use clap::Subcommand;
use register::Stage;
use serde_json::json;

use super::Folders;
use crate::failure::{Context as _, Failure};
use crate::store;

#[derive(Subcommand)]
pub enum PageCommand {
    /// Tell whom the shift and the leads are, and after how many minutes they are woken; the exit code is 1 if mails would wake
    /// nobody
    #[command(after_help = help!("  fusioncell admin page check --data-dir D
  fusioncell admin page check --data-dir D --json"))]
    Check {
        #[command(flatten)]
        folders: Folders,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs it.
pub fn run(command: PageCommand) -> Result<(), Failure> {
    let PageCommand::Check { folders, json: as_json } = command;
    let register = store::register(&folders.data_dir)?;
    let settings = register.joining_settings().context("not read")?;
    let shift = register.woken(Stage::Shift).context("not read")?.to;
    let leads = register.woken(Stage::Leads).context("not read")?.to;
    let (waiting, trouble) = register.hooks_waiting().context("not read")?;
    let (minutes, more) = (settings.page_minutes, settings.page_lead_minutes);
    if as_json {
        println!(
            "{}",
            json!({
                "shift": shift,
                "leads": leads,
                "minutes": minutes,
                "lead_minutes": more,
                "calls_waiting": waiting,
                "trouble": trouble,
            })
        );
    } else {
        let list = |to: &[String]| if to.is_empty() { "nobody".to_owned() } else { to.join(", ") };
        println!("after {minutes} minutes: {}", list(&shift));
        println!("{more} minutes later: {}", list(&leads));
        if waiting > 0 {
            println!(
                "{waiting} calls of the webhook wait: {}",
                trouble.unwrap_or_else(|| "none was tried yet".to_owned())
            );
        }
    }
    if shift.is_empty() {
        return Err(Failure::new(
            "mails wake nobody: `fusioncell admin setting set page-shift` names analysts, leads or addresses",
        ));
    }
    Ok(())
}
