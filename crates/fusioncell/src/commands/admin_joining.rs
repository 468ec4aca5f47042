//! `fusioncell admin invite …`: how firms and people join and leave, from the command line.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use model::OrganisationId;
use policy::Assets;
use register::{
    Actor, Delivery, Invitee, Link, OnboardingProblem, OrganisationClass, Profile, Recovery, RecoveryFor, Register,
    read_onboarding,
};
use serde_json::json;

use super::Folders;
use super::admin_lists::{
    InvitationCommand, SettingCommand, SponsorshipCommand, TermsCommand, acts, invitation, setting, sponsorship, terms,
};
use crate::failure::{Context as _, Failure};
use crate::store;

#[derive(Subcommand)]
pub enum Joining {
    /// Invite a firm; prints its single-use link, or mails it
    #[command(after_help = help!("  fusioncell admin invite --data-dir D --name \"Aire Water\" --sector water --contact \"Sam Hill\" --email sam@aire.example
  fusioncell admin invite --data-dir D --name \"Aire Water\" --sector water --contact \"Sam Hill\" --email sam@aire.example --mail"))]
    Invite {
        #[command(flatten)]
        folders: Folders,
        /// The firm's name
        #[arg(long)]
        name: String,
        /// Its sector; the first one given is the main one
        #[arg(long = "sector", required = true)]
        sectors: Vec<String>,
        /// Name of its first administrator
        #[arg(long)]
        contact: String,
        /// E-mail address of that person
        #[arg(long)]
        email: String,
        /// A domain of its own; may be given more than once
        #[arg(long = "domain", value_name = "DOMAIN")]
        domains: Vec<String>,
        /// It observes: police, academics, researchers
        #[arg(long)]
        observer: bool,
        #[command(flatten)]
        answer: AnswerArgs,
    },
    /// Invite many firms from a CSV: all of them, or none while a line is wrong
    #[command(after_help = help!("  fusioncell admin onboard --data-dir D firms.csv --dry-run
  fusioncell admin onboard --data-dir D firms.csv --mail
  fusioncell admin onboard --data-dir D firms.csv --links links.csv --skip-bad

The first line of the file names its columns: name, sector, contact_name, contact_email, and if known region, size, domains,
language. Several sectors or domains stand in one field with a semicolon between them, the main sector first."))]
    Onboard {
        #[command(flatten)]
        folders: Folders,
        /// The file
        file: PathBuf,
        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
        /// Pass by lines that are wrong
        #[arg(long)]
        skip_bad: bool,
        /// Mail the links
        #[arg(long, conflicts_with = "links")]
        mail: bool,
        /// Write the links into a new file that only you can read
        #[arg(long, value_name = "FILE", required_unless_present_any = ["mail", "dry_run"])]
        links: Option<PathBuf>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Invitations that the cell has sent
    #[command(subcommand, after_help = help!("  fusioncell admin invitation list --data-dir D
  fusioncell admin invitation resend --data-dir D ID"))]
    Invitation(InvitationCommand),
    /// Firms that members have proposed
    #[command(subcommand, after_help = help!("  fusioncell admin sponsorship list --data-dir D
  fusioncell admin sponsorship approve --data-dir D ID"))]
    Sponsorship(SponsorshipCommand),
    /// Terms of membership
    #[command(subcommand, after_help = help!("  fusioncell admin terms show --data-dir D
  fusioncell admin terms publish --data-dir D terms.txt --from 2027-01-01"))]
    Terms(TermsCommand),
    /// Times and limits of joining and leaving
    #[command(subcommand, after_help = help!("  fusioncell admin setting list --data-dir D
  fusioncell admin setting set --data-dir D dormant-days 60"))]
    Setting(SettingCommand),
    /// Who is woken for a report that is still going on
    #[command(subcommand, after_help = help!("  fusioncell admin page check --data-dir D
  fusioncell admin setting set --data-dir D page-shift \"analysts, night@cell.example\""))]
    Page(super::admin_page::PageCommand),
    /// Give an organisation whose administrator lost the way in another one; its people are told by mail
    #[command(after_help = help!("  fusioncell admin recovery --data-dir D --organisation \"Aire Water\" --person sam@aire.example
  fusioncell admin recovery --data-dir D --organisation \"Aire Water\" --name \"Kit Hale\" --email kit@aire.example"))]
    Recovery {
        #[command(flatten)]
        folders: Folders,
        /// The organisation
        #[arg(long, value_name = "NAME")]
        organisation: String,
        /// Address of an administrator it has
        #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["name", "email"], required_unless_present = "email")]
        person: Option<String>,
        /// Name of a new administrator
        #[arg(long, requires = "email")]
        name: Option<String>,
        /// Address of a new administrator
        #[arg(long, requires = "name")]
        email: Option<String>,
        #[command(flatten)]
        answer: AnswerArgs,
    },
    /// End an organisation's membership: accounts are closed and keys revoked
    #[command(after_help = help!("  fusioncell admin close --data-dir D --organisation \"Aire Water\""))]
    Close {
        #[command(flatten)]
        folders: Folders,
        /// The organisation
        #[arg(long, value_name = "NAME")]
        organisation: String,
    },
    /// Close somebody's account for good; the address may join anew
    #[command(after_help = help!("  fusioncell admin close-account --data-dir D --email sam@aire.example"))]
    CloseAccount {
        #[command(flatten)]
        folders: Folders,
        /// E-mail address
        #[arg(long)]
        email: String,
    },
    /// The cell's trail of acts, the latest first
    #[command(after_help = help!("  fusioncell admin acts --data-dir D
  fusioncell admin acts --data-dir D --verify"))]
    Acts {
        #[command(flatten)]
        folders: Folders,
        /// Check the chain instead
        #[arg(long)]
        verify: bool,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub struct AnswerArgs {
    /// Mail the link instead of printing it
    #[arg(long)]
    mail: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl AnswerArgs {
    pub const fn delivery(&self) -> Delivery {
        if self.mail { Delivery::Mail } else { Delivery::HandOver }
    }

    pub fn tell(&self, email: &str, link: &Link) {
        let link = link.as_ref().map(register::Secret::expose);
        if self.json {
            println!("{}", json!({ "email": email, "link": link }));
        } else if let Some(link) = link {
            println!("{link}\nThe link is for {email}, works once, and is shown this once.");
        } else {
            println!("a mail to {email} is queued");
        }
    }
}

/// Runs it.
pub fn run(command: Joining) -> Result<(), Failure> {
    let by = Actor::operator();
    match command {
        Joining::Invite { folders, name, sectors, contact, email, domains, observer, answer } => {
            let sectors = sectors.iter().map(|name| name.parse()).collect::<Result<Vec<model::Sector>, String>>();
            let sectors = sectors.map_err(Failure::new)?;
            let main = sectors.first().copied().ok_or_else(|| Failure::new("no sector"))?;
            let invitee = Invitee {
                name,
                class: if observer { OrganisationClass::Observer } else { OrganisationClass::Member },
                sector: main,
                profile: Profile {
                    further: sectors,
                    assets: Assets { domains, ..Assets::default() },
                    ..Profile::default()
                },
                contact,
                email: email.clone(),
                language: String::new(),
            };
            let register = store::register(&folders.data_dir)?;
            let (_, link) = register.invite_organisation(&by, &invitee, answer.delivery()).context("not invited")?;
            answer.tell(&email, &link);
            Ok(())
        }
        Joining::Onboard { folders, file, dry_run, skip_bad, mail, links, json } => {
            let delivery = if mail { Delivery::Mail } else { Delivery::HandOver };
            onboard(&folders, &file, (dry_run, skip_bad), delivery, links.as_deref(), json)
        }
        Joining::Invitation(command) => invitation(command),
        Joining::Sponsorship(command) => sponsorship(command),
        Joining::Terms(command) => terms(command),
        Joining::Setting(command) => setting(command),
        Joining::Page(command) => super::admin_page::run(command),
        Joining::Recovery { folders, organisation, person, name, email, answer } => {
            let register = store::register(&folders.data_dir)?;
            let id = named(&register, &organisation)?;
            let (whom, to) = match (person, name, email) {
                (Some(address), ..) => {
                    let found = register.person_named(&address).context("person")?;
                    (RecoveryFor::Known(found.id), found.email)
                }
                (None, Some(name), Some(email)) => (RecoveryFor::New { name, email: email.clone() }, email),
                _ => return Err(Failure::new("give --person, or --name and --email")),
            };
            match register.recover_organisation(&by, id, &whom, answer.delivery()).context("not sent")? {
                Recovery::Sent(link) => answer.tell(&to, &link),
                Recovery::Asked => println!("asked: a lead of the cell has to agree"),
            }
            Ok(())
        }
        Joining::Close { folders, organisation } => {
            let register = store::register(&folders.data_dir)?;
            register.close_organisation(&by, named(&register, &organisation)?).context("not closed")?;
            println!("the membership of {organisation} has ended");
            Ok(())
        }
        Joining::CloseAccount { folders, email } => {
            let register = store::register(&folders.data_dir)?;
            let person = register.person_named(&email).context("person")?;
            register.close_account(&by, person.id).context("not closed")?;
            println!("the account of {} is closed", person.email);
            Ok(())
        }
        Joining::Acts { folders, verify, json } => acts(&folders, verify, json),
    }
}

fn named(register: &Register, name: &str) -> Result<OrganisationId, Failure> {
    let found = register.organisation_named(name).map(|held| held.id);
    found.ok_or_else(|| Failure::new(format!("there is no organisation {name:?}")))
}

pub fn id<T: std::str::FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::new(format!("{text:?} is no id")))
}

/// A new file that only its owner can read.
fn private(path: &Path) -> Result<std::fs::File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).context(path.display())
}

fn onboard(
    folders: &Folders,
    path: &Path,
    (dry_run, skip_bad): (bool, bool),
    delivery: Delivery,
    links: Option<&Path>,
    as_json: bool,
) -> Result<(), Failure> {
    let bytes = std::fs::read(path).context(path.display())?;
    let mut file = read_onboarding(&bytes);
    let goes = file.readable && (file.problems.is_empty() || skip_bad);
    let register = store::register(&folders.data_dir)?;
    // Before anything is done: links that could not be written would be lost.
    let out = links.filter(|_| goes && !dry_run).map(private).transpose()?;
    let lines = if file.readable { std::mem::take(&mut file.lines) } else { Vec::new() };
    let look = dry_run || !goes;
    let done = register.onboard(&Actor::operator(), &lines, delivery, (look, skip_bad)).context("not invited")?;
    let problems: Vec<OnboardingProblem> = file.problems.into_iter().chain(done.problems).collect();
    let did = !look && (problems.is_empty() || skip_bad);
    if let Some(mut out) = out {
        writeln!(out, "name,email,link").context("links")?;
        for (name, email, link) in &done.invited {
            let link = link.as_ref().map(register::Secret::expose).unwrap_or_default();
            writeln!(out, "\"{}\",{email},{link}", name.replace('"', "\"\"")).context("links")?;
        }
        out.sync_all().context("links")?;
    }
    if as_json {
        let told: Vec<_> = problems
            .iter()
            .map(|problem| json!({ "line": problem.line, "column": problem.column, "why": problem.why }))
            .collect();
        let names: Vec<&str> = done.invited.iter().map(|(name, ..)| name.as_str()).collect();
        println!("{}", json!({ "done": did, "invited": names, "known": done.known, "problems": told }));
    } else {
        for problem in &problems {
            eprintln!("{}:{}:{}: {}", path.display(), problem.line, problem.column, problem.why);
        }
        let what = if did { "invited" } else { "would be invited" };
        println!("{} {what}, {} known already, {} problems", done.invited.len(), done.known.len(), problems.len());
    }
    if !did && !problems.is_empty() {
        return Err(Failure::new("nothing was done: mend the lines, or pass them by with --skip-bad"));
    }
    Ok(())
}
