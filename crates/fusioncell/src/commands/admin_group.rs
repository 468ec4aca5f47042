//! `fusioncell admin group`: sharing groups, and who is in them.

use std::sync::Arc;

use clap::Subcommand;
use model::{GroupId, OrganisationId};
use register::{Actor, NewGroup, Register, SharingGroup, WhoMayAdd};
use serde_json::json;

use super::Folders;
use crate::failure::{Context as _, Failure};
use crate::store;
use crate::table::Table;

#[derive(Subcommand)]
pub enum Group {
    /// Make a sharing group with nobody in it; prints the UUID that reports are addressed to
    #[command(after_help = help!("  fusioncell admin group add --data-dir D --name Ports --purpose \"Ransomware in ports\"
  fusioncell admin group add --data-dir D --name Ports --purpose \"Ransomware in ports\" --ends 2027-06-30T00:00:00Z --who-may-add members"))]
    Add {
        #[command(flatten)]
        folders: Folders,
        /// Its name
        #[arg(long)]
        name: String,
        /// What it is for
        #[arg(long)]
        purpose: String,
        /// When it ends; without it, it goes on until somebody ends it
        #[arg(long, value_name = "TIME")]
        ends: Option<String>,
        /// Who may add members beside the cell: cell (nobody), members or organisers
        #[arg(long, value_name = "WHO", default_value = "cell", value_parser = ["cell", "members", "organisers"])]
        who_may_add: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// List the sharing groups and who is in them
    #[command(after_help = help!("  fusioncell admin group list --data-dir D
  fusioncell admin group list --data-dir D --json"))]
    List {
        #[command(flatten)]
        folders: Folders,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// End a group: from then on it is to its members as if it had never been
    #[command(after_help = help!("  fusioncell admin group end --data-dir D --name Ports
  fusioncell admin group end --data-dir D --name Ports --at 2027-06-30T00:00:00Z"))]
    End {
        #[command(flatten)]
        folders: Folders,
        /// Its name or UUID
        #[arg(long)]
        name: String,
        /// When it ends [default: now]
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Put an organisation into a group: it gets what is reported from then on
    #[command(after_help = help!("  fusioncell admin group join --data-dir D --name Ports --organisation \"Calder Power\"
  fusioncell admin group join --data-dir D --name Ports --organisation \"Calder Power\" --organiser"))]
    Join {
        #[command(flatten)]
        folders: Folders,
        /// Its name or UUID
        #[arg(long)]
        name: String,
        /// The organisation
        #[arg(long, value_name = "NAME")]
        organisation: String,
        /// It may add others, where organisers may
        #[arg(long)]
        organiser: bool,
    },
    /// Take an organisation out of a group, at once
    #[command(after_help = help!("  fusioncell admin group leave --data-dir D --name Ports --organisation \"Calder Power\""))]
    Leave {
        #[command(flatten)]
        folders: Folders,
        /// Its name or UUID
        #[arg(long)]
        name: String,
        /// The organisation
        #[arg(long, value_name = "NAME")]
        organisation: String,
    },
}

/// Runs it.
pub fn run(command: Group) -> Result<(), Failure> {
    match command {
        Group::Add { folders, name, purpose, ends, who_may_add, json } => {
            let ends_at = ends.as_deref().map(formats::parse_time).transpose();
            let ends_at = ends_at.map_err(|why| Failure::new(format!("--ends: {why}")))?;
            let who_may_add = WhoMayAdd::from_name(&who_may_add).unwrap_or(WhoMayAdd::Cell);
            let new = NewGroup { name, purpose, ends_at, who_may_add };
            let register = store::register(&folders.data_dir)?;
            let id = register.create_group(&Actor::operator(), &new).context("not made")?;
            if json {
                println!("{}", json!({ "id": id.to_string(), "name": new.name }));
            } else {
                println!("{id}");
            }
            Ok(())
        }
        Group::List { folders, json } => list(&store::register(&folders.data_dir)?, json),
        Group::End { folders, name, at } => {
            let register = store::register(&folders.data_dir)?;
            let group = named(&register, &name)?;
            let at = at.as_deref().map(formats::parse_time).transpose();
            let at = at.map_err(|why| Failure::new(format!("--at: {why}")))?.unwrap_or_else(|| register.now());
            register.set_group_end(&Actor::operator(), group.id, Some(at)).context("not ended")?;
            println!("{}: ends {}", group.name, released::rfc3339(at));
            Ok(())
        }
        Group::Join { folders, name, organisation, organiser } => {
            let register = store::register(&folders.data_dir)?;
            let (group, id) = (named(&register, &name)?, member(&register, &organisation)?);
            register.join_group(&Actor::operator(), group.id, id, organiser).context("not joined")?;
            println!("{}: {organisation} is in it", group.name);
            Ok(())
        }
        Group::Leave { folders, name, organisation } => {
            let register = store::register(&folders.data_dir)?;
            let (group, id) = (named(&register, &name)?, member(&register, &organisation)?);
            register.leave_group(&Actor::operator(), group.id, id).context("nothing done")?;
            println!("{}: {organisation} has left", group.name);
            Ok(())
        }
    }
}

/// A group by its UUID, or by its name without regard to case.
fn named(register: &Register, name: &str) -> Result<Arc<SharingGroup>, Failure> {
    let by_id = name.parse::<GroupId>().ok().and_then(|id| register.group(id));
    let by_name =
        || register.groups().into_iter().find(|group| group.name.to_lowercase() == name.trim().to_lowercase());
    by_id.or_else(by_name).ok_or_else(|| Failure::new(format!("there is no sharing group {name:?}")))
}

fn member(register: &Register, name: &str) -> Result<OrganisationId, Failure> {
    let held = register.organisation_named(name);
    held.map(|held| held.id).ok_or_else(|| Failure::new(format!("there is no organisation {name:?}")))
}

fn list(register: &Register, as_json: bool) -> Result<(), Failure> {
    let name = |id| register.organisation(id).map(|held| held.name.clone()).unwrap_or_default();
    let now = register.now();
    let mut rows = Vec::new();
    let mut table = Table::new(&["name", "id", "ends", "who may add", "members"]);
    for group in register.groups() {
        let mut members: Vec<String> = group.members.iter().map(|member| name(member.organisation)).collect();
        members.sort();
        let ends = group.ends_at.map(released::rfc3339);
        rows.push(json!({
            "id": group.id.to_string(),
            "name": group.name,
            "purpose": group.purpose,
            "ends_at": ends,
            "ended": !group.is_live(now),
            "who_may_add": group.who_may_add.as_str(),
            "members": members,
        }));
        let state = if group.is_live(now) { ends.unwrap_or_default() } else { "has ended".to_owned() };
        let who = group.who_may_add.as_str().to_owned();
        table.row(vec![group.name.clone(), group.id.to_string(), state, who, members.join(", ")]);
    }
    if as_json {
        println!("{}", json!(rows));
    } else {
        print!("{}", table.render());
    }
    Ok(())
}
