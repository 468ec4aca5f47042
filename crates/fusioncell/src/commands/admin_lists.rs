//! `fusioncell admin invitation …` and what else is listed and decided: proposals, terms, settings, acts.

use std::path::PathBuf;

use clap::Subcommand;
use model::OrganisationId;
use register::{Actor, date, day_named};
use serde_json::json;

use super::Folders;
use super::admin_joining::{AnswerArgs, id};
use crate::failure::{Context as _, Failure};
use crate::store;
use crate::table::Table;

#[derive(Subcommand)]
pub enum InvitationCommand {
    /// List them, the latest first
    #[command(after_help = help!("  fusioncell admin invitation list --data-dir D --json"))]
    List {
        #[command(flatten)]
        folders: Folders,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Send another link; the one before stops working
    #[command(after_help = help!("  fusioncell admin invitation resend --data-dir D ID --mail"))]
    Resend {
        #[command(flatten)]
        folders: Folders,
        /// Its id
        id: String,
        #[command(flatten)]
        answer: AnswerArgs,
    },
    /// Take one back
    #[command(after_help = help!("  fusioncell admin invitation withdraw --data-dir D ID"))]
    Withdraw {
        #[command(flatten)]
        folders: Folders,
        /// Its id
        id: String,
    },
}

#[derive(Subcommand)]
pub enum SponsorshipCommand {
    /// List them, the latest first
    #[command(after_help = help!("  fusioncell admin sponsorship list --data-dir D --json"))]
    List {
        #[command(flatten)]
        folders: Folders,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Invite a firm that was proposed
    #[command(after_help = help!("  fusioncell admin sponsorship approve --data-dir D ID"))]
    Approve {
        #[command(flatten)]
        folders: Folders,
        /// Its id
        id: String,
        #[command(flatten)]
        answer: AnswerArgs,
    },
    /// Do not: the sponsor is told "not now", and the reason stays here
    #[command(after_help = help!("  fusioncell admin sponsorship refuse --data-dir D ID --reason \"not of the trade\""))]
    Refuse {
        #[command(flatten)]
        folders: Folders,
        /// Its id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

#[derive(Subcommand)]
pub enum TermsCommand {
    /// Show the latest version
    #[command(after_help = help!("  fusioncell admin terms show --data-dir D"))]
    Show {
        #[command(flatten)]
        folders: Folders,
        /// Answer in JSON, with every version
        #[arg(long)]
        json: bool,
    },
    /// Publish the next version; administrators of every member are told
    #[command(after_help = help!("  fusioncell admin terms publish --data-dir D terms.txt --from 2027-01-01"))]
    Publish {
        #[command(flatten)]
        folders: Folders,
        /// The text
        file: PathBuf,
        /// The day from which it holds
        #[arg(long, value_name = "DAY")]
        from: String,
    },
}

#[derive(Subcommand)]
pub enum SettingCommand {
    /// List them
    #[command(after_help = help!("  fusioncell admin setting list --data-dir D --json"))]
    List {
        #[command(flatten)]
        folders: Folders,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Set one
    #[command(after_help = help!("  fusioncell admin setting set --data-dir D member-url https://share.example"))]
    Set {
        #[command(flatten)]
        folders: Folders,
        /// Its name
        name: String,
        /// Its value
        value: String,
    },
}

pub fn invitation(command: InvitationCommand) -> Result<(), Failure> {
    let by = Actor::operator();
    match command {
        InvitationCommand::List { folders, json: as_json } => {
            let register = store::register(&folders.data_dir)?;
            let mut all = Vec::new();
            let mut before = None;
            loop {
                let (page, next) = register.invitations(before).context("not read")?;
                all.extend(page);
                let Some(next) = next else { break };
                before = Some(next);
            }
            let firm = |id: Option<OrganisationId>| {
                id.and_then(|id| register.organisation(id)).map(|held| held.name.clone()).unwrap_or_default()
            };
            if as_json {
                let row = |held: &register::Invitation| {
                    json!({ "id": held.id.to_string(), "kind": held.kind.as_str(), "organisation": firm(held.organisation),
                            "email": held.email, "role": held.role.as_str(), "state": held.state.as_str() })
                };
                println!("{}", json!(all.iter().map(row).collect::<Vec<_>>()));
                return Ok(());
            }
            let mut table = Table::new(&["id", "state", "kind", "organisation", "e-mail"]);
            for held in &all {
                table.row(vec![
                    held.id.to_string(),
                    held.state.as_str().to_owned(),
                    held.kind.as_str().to_owned(),
                    firm(held.organisation),
                    held.email.clone(),
                ]);
            }
            print!("{}", table.render());
            Ok(())
        }
        InvitationCommand::Resend { folders, id: text, answer } => {
            let register = store::register(&folders.data_dir)?;
            let link = register.resend_invitation(&by, id(&text)?, answer.delivery()).context("not sent")?;
            answer.tell("whom it was sent to before", &link);
            Ok(())
        }
        InvitationCommand::Withdraw { folders, id: text } => {
            store::register(&folders.data_dir)?.withdraw_invitation(&by, id(&text)?).context("not withdrawn")?;
            println!("withdrawn");
            Ok(())
        }
    }
}

pub fn sponsorship(command: SponsorshipCommand) -> Result<(), Failure> {
    let by = Actor::operator();
    match command {
        SponsorshipCommand::List { folders, json: as_json } => {
            let register = store::register(&folders.data_dir)?;
            let (all, _) = register.sponsorships(None).context("not read")?;
            let sponsor = |id| register.organisation(id).map(|held| held.name.clone()).unwrap_or_default();
            if as_json {
                let row = |held: &register::Sponsorship| {
                    json!({ "id": held.id.to_string(), "state": held.state.as_str(), "sponsor": sponsor(held.sponsor),
                            "name": held.firm.name, "domain": held.firm.domain, "email": held.firm.email,
                            "why": held.firm.why, "day": date(held.day), "reason": held.reason })
                };
                println!("{}", json!(all.iter().map(row).collect::<Vec<_>>()));
                return Ok(());
            }
            let mut table = Table::new(&["id", "state", "firm", "sponsor", "day"]);
            for held in &all {
                table.row(vec![
                    held.id.to_string(),
                    held.state.as_str().to_owned(),
                    held.firm.name.clone(),
                    sponsor(held.sponsor),
                    date(held.day),
                ]);
            }
            print!("{}", table.render());
            Ok(())
        }
        SponsorshipCommand::Approve { folders, id: text, answer } => {
            let register = store::register(&folders.data_dir)?;
            let (_, link) = register.approve_sponsorship(&by, id(&text)?, answer.delivery()).context("not approved")?;
            answer.tell("the person who was named", &link);
            Ok(())
        }
        SponsorshipCommand::Refuse { folders, id: text, reason } => {
            let register = store::register(&folders.data_dir)?;
            register.refuse_sponsorship(&by, id(&text)?, &reason).context("not refused")?;
            println!("refused; the sponsor is told \"not now\"");
            Ok(())
        }
    }
}

pub fn terms(command: TermsCommand) -> Result<(), Failure> {
    match command {
        TermsCommand::Show { folders, json: as_json } => {
            let all = store::register(&folders.data_dir)?.terms().context("not read")?;
            if as_json {
                let row = |held: &register::Terms| json!({ "version": held.version, "from_day": date(held.from_day), "text": held.text });
                println!("{}", json!(all.iter().map(row).collect::<Vec<_>>()));
            } else if let Some(latest) = all.first() {
                println!("version {}, from {}\n\n{}", latest.version, date(latest.from_day), latest.text);
            }
            Ok(())
        }
        TermsCommand::Publish { folders, file, from } => {
            let text = std::fs::read_to_string(&file).context(file.display())?;
            let from = day_named(&from).ok_or_else(|| Failure::new("--from is no day such as 2027-01-01"))?;
            let register = store::register(&folders.data_dir)?;
            let made = register.publish_terms(&Actor::operator(), &text, from).context("not published")?;
            println!("version {} is published", made.version);
            Ok(())
        }
    }
}

pub fn setting(command: SettingCommand) -> Result<(), Failure> {
    match command {
        SettingCommand::List { folders, json: as_json } => {
            let all = store::register(&folders.data_dir)?.joining_settings().context("not read")?.all();
            if as_json {
                let object: serde_json::Map<String, serde_json::Value> =
                    all.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
                println!("{}", json!(object));
            } else {
                let mut table = Table::new(&["setting", "value"]);
                all.into_iter().for_each(|(name, value)| table.row(vec![name.to_owned(), value]));
                print!("{}", table.render());
            }
            Ok(())
        }
        SettingCommand::Set { folders, name, value } => {
            let register = store::register(&folders.data_dir)?;
            register.set_joining(&Actor::operator(), &name, &value).context("not set")?;
            println!("{name} is {value}");
            Ok(())
        }
    }
}

pub fn acts(folders: &Folders, verify: bool, as_json: bool) -> Result<(), Failure> {
    let register = store::register(&folders.data_dir)?;
    if verify {
        let acts = register.verify_acts().context("the trail")?;
        println!("{acts} acts, each follows from the one before");
        return Ok(());
    }
    let rows = register.acts(None).context("not read")?;
    if as_json {
        let row = |act: &register::Act| {
            json!({ "seq": act.seq, "at": released::rfc3339(act.at), "actor": act.actor, "what": act.what,
                    "target": act.target, "detail": act.detail })
        };
        println!("{}", json!(rows.iter().map(row).collect::<Vec<_>>()));
        return Ok(());
    }
    let mut table = Table::new(&["when", "who", "what", "whom", "detail"]);
    for act in rows {
        table.row(vec![released::rfc3339(act.at), act.actor, act.what, act.target, act.detail]);
    }
    print!("{}", table.render());
    Ok(())
}
