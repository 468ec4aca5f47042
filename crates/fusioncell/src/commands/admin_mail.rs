//! `fusioncell admin mail`: what waits in the outbox, went out or was refused; never what it says.

use clap::Subcommand;
use register::{MailInfo, MailKind, NewMail};
use serde_json::json;

use super::Folders;
use crate::failure::{Context as _, Failure};
use crate::store;
use crate::table::Table;

/// Mails that a list shows at most.
const SHOWN_MAX: usize = 1_000;

#[derive(Subcommand)]
pub enum MailCommand {
    /// List mails of the last 30 days: refused and waiting ones first
    #[command(after_help = help!("  fusioncell admin mail list --data-dir D
  fusioncell admin mail list --data-dir D --json"))]
    List {
        #[command(flatten)]
        folders: Folders,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Queue every refused mail anew, when what it was refused for is put right
    #[command(after_help = help!("  fusioncell admin mail retry --data-dir D"))]
    Retry {
        #[command(flatten)]
        folders: Folders,
    },
    /// Queue a mail to try the way to the mail server
    #[command(after_help = help!("  fusioncell admin mail trial --data-dir D --to ada@cell.example"))]
    Trial {
        #[command(flatten)]
        folders: Folders,
        /// Whom to
        #[arg(long, value_name = "ADDRESS")]
        to: String,
    },
}

/// Runs it.
pub fn run(command: MailCommand) -> Result<(), Failure> {
    match command {
        MailCommand::List { folders, json } => list(&folders, json),
        MailCommand::Retry { folders } => {
            let queued = store::register(&folders.data_dir)?.retry_failed_mail().context("not queued")?;
            println!("{queued} mails are queued anew");
            Ok(())
        }
        MailCommand::Trial { folders, to } => {
            let mail = NewMail {
                to,
                kind: MailKind::Trial,
                subject: "Trial of the way to the mail server".to_owned(),
                text: "This mail was sent by an operator to see whether mails arrive. Nothing needs to be done.\n"
                    .to_owned(),
            };
            store::register(&folders.data_dir)?.queue_mail(&mail).context("not queued")?;
            println!("queued; `fusioncell admin mail list` tells what becomes of it");
            Ok(())
        }
    }
}

fn list(folders: &Folders, as_json: bool) -> Result<(), Failure> {
    let register = store::register(&folders.data_dir)?;
    let mails = register.mail_status(SHOWN_MAX).context("not read")?;
    let counts = register.mail_counts().context("not read")?;
    let day = |mail: &MailInfo| released::rfc3339(mail.day).chars().take(10).collect::<String>();
    if as_json {
        let row = |mail: &MailInfo| {
            json!({
                "to": mail.to,
                "kind": mail.kind.as_str(),
                "state": mail.state.as_str(),
                "attempts": mail.attempts,
                "day": day(mail),
                "trouble": mail.trouble,
                "may_have_come_twice": mail.unsure,
            })
        };
        println!(
            "{}",
            json!({
                "waiting": counts.waiting,
                "sent": counts.sent,
                "failed": counts.failed,
                "mails": mails.iter().map(row).collect::<Vec<_>>(),
            })
        );
        return Ok(());
    }
    let mut table = Table::new(&["to", "about", "state", "tries", "day", "trouble"]);
    for mail in &mails {
        table.row(vec![
            if mail.to.is_empty() { "(sealed)".to_owned() } else { mail.to.clone() },
            mail.kind.as_str().to_owned(),
            mail.state.as_str().to_owned(),
            mail.attempts.to_string(),
            day(mail),
            mail.trouble.clone().unwrap_or_default(),
        ]);
    }
    print!("{}", table.render());
    println!("{} wait, {} went out, {} were refused", counts.waiting, counts.sent, counts.failed);
    Ok(())
}
