//! `fusioncell admin`: organisations, people and keys of a partnership.

use std::io::Read as _;

use clap::{Args, Subcommand};
use model::{WhoMayBeWarned, WhoMayKnow};
use policy::Assets;
use register::{Actor, Answers, KeyInfo, NewOrganisation, OrganisationClass, Register, Status};
use serde_json::json;

use super::Folders;
use super::admin_people::{self, SecondmentArgs};
use crate::demo::password;
use crate::failure::{Context as _, Failure};
use crate::store;
use crate::table::Table;

/// Manage organisations, people and keys.
#[derive(Args)]
#[command(after_help = help!("  fusioncell admin init --data-dir D
  fusioncell admin organisation add --data-dir D --name \"Calder Power\" --sector energy --region yorkshire
  fusioncell admin key add --data-dir D --organisation \"Calder Power\""))]
pub struct AdminArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the store and its first cell lead; prints a one-time password
    #[command(after_help = help!("  fusioncell admin init --data-dir D
  fusioncell admin init --data-dir D --partnership \"Northern Utilities\" --email ada@cell.example --name \"Ada Lowe\"
  pass show cell | fusioncell admin init --data-dir D --email ada@cell.example --password-stdin"))]
    Init {
        #[command(flatten)]
        folders: Folders,
        /// Name of the partnership, for a store that is new; it stands in the journal's first entry for good
        /// [default: Sharing partnership]
        #[arg(long, value_name = "NAME")]
        partnership: Option<String>,
        #[command(flatten)]
        person: PersonArgs,
    },
    /// Member organisations
    #[command(subcommand, after_help = help!("  fusioncell admin organisation add --data-dir D --name \"Calder Power\" --sector energy
  fusioncell admin organisation list --data-dir D"))]
    Organisation(Organisation),
    /// People who sign in
    #[command(subcommand, after_help = help!("  fusioncell admin person add --data-dir D --email kit@cell.example --name \"Kit Hale\" --role analyst"))]
    Person(Person),
    /// Sharing groups and who is in them
    #[command(subcommand, after_help = help!("  fusioncell admin group add --data-dir D --name Ports --purpose \"Ransomware in ports\"
  fusioncell admin group join --data-dir D --name Ports --organisation \"Calder Power\""))]
    Group(super::admin_group::Group),
    #[command(flatten)]
    Joining(super::admin_joining::Joining),
    /// Keys of members' machines
    #[command(subcommand, after_help = help!("  fusioncell admin key add --data-dir D --organisation \"Calder Power\"
  fusioncell admin key revoke --data-dir D fck_…"))]
    Key(Key),
    /// Mails that wait, went out or were refused
    #[command(subcommand, after_help = help!("  fusioncell admin mail list --data-dir D
  fusioncell admin mail trial --data-dir D --to ada@cell.example"))]
    Mail(super::admin_mail::MailCommand),
}

#[derive(Args)]
struct PersonArgs {
    /// E-mail address to sign in with
    #[arg(long, default_value = "lead@cell.example")]
    email: String,
    /// Name that the cell's screens show
    #[arg(long, default_value = "Cell lead")]
    name: String,
    /// Read the password from standard input instead of making one
    #[arg(long)]
    password_stdin: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Organisation {
    /// Add a member organisation
    #[command(after_help = help!("  fusioncell admin organisation add --data-dir D --name \"Calder Power\" --sector energy
  fusioncell admin organisation add --data-dir D --name \"Calder Power\" --sector energy --region yorkshire --domain calder.example"))]
    Add {
        #[command(flatten)]
        folders: Folders,
        /// Its name
        #[arg(long)]
        name: String,
        /// Its sector, such as energy, health or civil-nuclear
        #[arg(long)]
        sector: String,
        /// Its region, such as yorkshire or wales
        #[arg(long)]
        region: Option<String>,
        /// A domain of its own, which intake holds back from release; may be given more than once
        #[arg(long = "domain", value_name = "DOMAIN")]
        domains: Vec<String>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Let an organisation take part no more: its people and keys are refused at once, open streams end
    #[command(after_help = help!("  fusioncell admin organisation suspend --data-dir D --name \"Calder Power\""))]
    Suspend {
        #[command(flatten)]
        folders: Folders,
        /// Its name
        #[arg(long)]
        name: String,
    },
    /// Let a suspended organisation take part again
    #[command(after_help = help!("  fusioncell admin organisation resume --data-dir D --name \"Calder Power\""))]
    Resume {
        #[command(flatten)]
        folders: Folders,
        /// Its name
        #[arg(long)]
        name: String,
    },
    /// List the member organisations
    #[command(after_help = help!("  fusioncell admin organisation list --data-dir D
  fusioncell admin organisation list --data-dir D --json"))]
    List {
        #[command(flatten)]
        folders: Folders,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
enum Person {
    /// Add a person; prints a one-time password
    #[command(after_help = help!("  fusioncell admin person add --data-dir D --email sam@calder.example --name \"Sam Reed\" --organisation \"Calder Power\"
  fusioncell admin person add --data-dir D --email kit@cell.example --name \"Kit Hale\" --role analyst
  fusioncell admin person add --data-dir D --email sal@cell.example --name \"Sal Marsh\" --role seconded-analyst --organisation \"Calder Power\" --vetting SC --vetted-until 2027-05-01 --wall water"))]
    Add {
        #[command(flatten)]
        folders: Folders,
        /// E-mail address to sign in with
        #[arg(long)]
        email: String,
        /// Name
        #[arg(long)]
        name: String,
        /// What the person is: reader, reporter, organisation-admin, observer, analyst, lead or administrator
        #[arg(long, default_value = "reporter", value_parser = ["reader", "reporter", "organisation-admin", "observer", "analyst", "seconded-analyst", "lead", "administrator"])]
        role: String,
        /// The member organisation, for a member; the home organisation, for a seconded analyst
        #[arg(long, value_name = "NAME", required_if_eq_any([("role", "reader"), ("role", "reporter"), ("role", "organisation-admin"), ("role", "observer"), ("role", "seconded-analyst")]))]
        organisation: Option<String>,
        #[command(flatten)]
        secondment: SecondmentArgs,
        /// Read the password from standard input instead of making one
        #[arg(long)]
        password_stdin: bool,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// List the people, with what seconded analysts are held to
    #[command(after_help = help!("  fusioncell admin person list --data-dir D
  fusioncell admin person list --data-dir D --json"))]
    List {
        #[command(flatten)]
        folders: Folders,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Refuse a person at once: every session and stream ends, the password opens nothing
    #[command(after_help = help!("  fusioncell admin person disable --data-dir D --email sam@calder.example"))]
    Disable {
        #[command(flatten)]
        folders: Folders,
        /// E-mail address
        #[arg(long)]
        email: String,
    },
    /// Let a disabled person sign in again
    #[command(after_help = help!("  fusioncell admin person enable --data-dir D --email sam@calder.example"))]
    Enable {
        #[command(flatten)]
        folders: Folders,
        /// E-mail address
        #[arg(long)]
        email: String,
    },
    /// Give a person a new password, shown once; every session of the old one ends
    #[command(after_help = help!("  fusioncell admin person password --data-dir D --email sam@calder.example
  pass show sam | fusioncell admin person password --data-dir D --email sam@calder.example --password-stdin"))]
    Password {
        #[command(flatten)]
        folders: Folders,
        /// E-mail address
        #[arg(long)]
        email: String,
        /// Read the password from standard input instead of making one
        #[arg(long)]
        password_stdin: bool,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// End every session of a person; the password still works
    #[command(after_help = help!("  fusioncell admin person end-sessions --data-dir D --email sam@calder.example"))]
    EndSessions {
        #[command(flatten)]
        folders: Folders,
        /// E-mail address
        #[arg(long)]
        email: String,
    },
}

#[derive(Subcommand)]
enum Key {
    /// Make a key for an organisation's machines; it is shown once
    #[command(after_help = help!("  fusioncell admin key add --data-dir D --organisation \"Calder Power\"
  fusioncell admin key add --data-dir D --organisation \"Calder Power\" --label \"mail gateway\" --json"))]
    Add {
        #[command(flatten)]
        folders: Folders,
        /// The member organisation
        #[arg(long, value_name = "NAME")]
        organisation: String,
        /// What the key is for
        #[arg(long, default_value = "machine")]
        label: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// List the keys by the part that may be shown, with what each is for
    #[command(after_help = help!("  fusioncell admin key list --data-dir D
  fusioncell admin key list --data-dir D --organisation \"Calder Power\" --json"))]
    List {
        #[command(flatten)]
        folders: Folders,
        /// Only those of this organisation
        #[arg(long, value_name = "NAME")]
        organisation: Option<String>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key at once
    #[command(after_help = help!("  fusioncell admin key revoke --data-dir D fck_…"))]
    Revoke {
        #[command(flatten)]
        folders: Folders,
        /// The key
        key: String,
    },
}

/// Longest password that is read from standard input.
const PASSWORD_BYTES_MAX: u64 = 4_096;

/// Runs it.
pub fn run(args: AdminArgs) -> Result<(), Failure> {
    match args.command {
        Command::Init { folders, partnership, person } => init(&folders, partnership.as_deref(), &person),
        Command::Organisation(Organisation::Add { folders, name, sector, region, domains, json }) => {
            add_organisation(&folders, name, &sector, region.as_deref(), domains, json)
        }
        Command::Group(command) => super::admin_group::run(command),
        Command::Organisation(Organisation::List { folders, json }) => list_organisations(&folders, json),
        Command::Organisation(Organisation::Suspend { folders, name }) => {
            set_status(&folders, &name, Status::Suspended, "suspended")
        }
        Command::Organisation(Organisation::Resume { folders, name }) => {
            set_status(&folders, &name, Status::Active, "takes part again")
        }
        Command::Person(Person::Disable { folders, email }) => {
            let (register, person) = person(&folders, &email)?;
            register.set_disabled(&Actor::operator(), person.id, true).context("not disabled")?;
            println!("{} is disabled; every session has ended", person.email);
            Ok(())
        }
        Command::Person(Person::Enable { folders, email }) => {
            let (register, person) = person(&folders, &email)?;
            register.set_disabled(&Actor::operator(), person.id, false).context("not enabled")?;
            println!("{} may sign in", person.email);
            Ok(())
        }
        Command::Person(Person::Password { folders, email, password_stdin, json }) => {
            let (register, person) = person(&folders, &email)?;
            let (password, made) = chosen(password_stdin)?;
            register.set_password(&Actor::operator(), person.id, &password).context("not changed")?;
            told(&person.email, &password, made, json);
            Ok(())
        }
        Command::Person(Person::EndSessions { folders, email }) => {
            let (register, person) = person(&folders, &email)?;
            let ended = register.end_sessions(&Actor::operator(), person.id).context("not ended")?;
            println!("{ended} sessions of {} have ended", person.email);
            Ok(())
        }
        Command::Person(Person::Add { folders, email, name, role, organisation, secondment, password_stdin, json }) => {
            let register = store::register(&folders.data_dir)?;
            let mut new = store::new_person(&register, &email, &name, &role, organisation.as_deref())?;
            new.secondment = admin_people::secondment(&register, &new, secondment)?;
            let (password, made) = chosen(password_stdin)?;
            register.create_person(&Actor::operator(), &new, &password).context(email.as_str())?;
            told(&email, &password, made, json);
            Ok(())
        }
        Command::Person(Person::List { folders, json }) => admin_people::list(&folders, json),
        Command::Mail(command) => super::admin_mail::run(command),
        Command::Joining(command) => super::admin_joining::run(command),
        Command::Key(Key::Add { folders, organisation, label, json }) => add_key(&folders, &organisation, &label, json),
        Command::Key(Key::List { folders, organisation, json }) => list_keys(&folders, organisation.as_deref(), json),
        Command::Key(Key::Revoke { folders, key }) => {
            store::register(&folders.data_dir)?.revoke_key(&Actor::operator(), &key).context("not revoked")?;
            println!("revoked");
            Ok(())
        }
    }
}

/// The password from standard input, or a made one; the second value says that it was made.
fn chosen(from_stdin: bool) -> Result<(String, bool), Failure> {
    if !from_stdin {
        return Ok((password(), true));
    }
    let mut text = String::new();
    std::io::stdin().take(PASSWORD_BYTES_MAX).read_to_string(&mut text).context("standard input")?;
    Ok((text.trim_end_matches(['\r', '\n']).to_owned(), false))
}

fn told(email: &str, password: &str, made: bool, as_json: bool) {
    let shown = made.then_some(password);
    if as_json {
        println!("{}", json!({ "email": email, "password": shown }));
    } else if let Some(password) = shown {
        println!("{email}\n{password}\nThe password is shown this once.");
    } else {
        println!("{email}");
    }
}

fn init(folders: &Folders, partnership: Option<&str>, person: &PersonArgs) -> Result<(), Failure> {
    let register = store::register(&folders.data_dir)?;
    if register.has_lead().context("register")? {
        return Err(Failure::new("there is a cell lead already"));
    }
    // The journal begins here, so that it carries the partnership's name from its first entry on.
    let vault = store::vault(folders, store::genesis(partnership.unwrap_or(store::PARTNERSHIP), false))?;
    let known = vault.genesis().partnership.clone();
    drop(vault);
    if let Some(wanted) = partnership.filter(|wanted| *wanted != known) {
        return Err(Failure::new(format!(
            "the store is of {known:?} since its first entry, which nothing changes: leave out --partnership, or begin {wanted:?} in a new data folder"
        )));
    }
    let (password, made) = chosen(person.password_stdin)?;
    register.init_lead(&person.email, &person.name, &password).context("not made")?;
    told(&person.email, &password, made, person.json);
    Ok(())
}

fn add_organisation(
    folders: &Folders,
    name: String,
    sector: &str,
    region: Option<&str>,
    domains: Vec<String>,
    as_json: bool,
) -> Result<(), Failure> {
    let sector = sector.parse().map_err(Failure::new)?;
    let region = region.map(str::parse).transpose().map_err(Failure::new)?;
    let register = store::register(&folders.data_dir)?;
    let new = NewOrganisation {
        name: name.clone(),
        class: OrganisationClass::Member,
        sector,
        region,
        assets: Assets { domains, ..Assets::default() },
    };
    let id = register.create_organisation(&Actor::operator(), &new).context("not made")?;
    if as_json {
        println!("{}", json!({ "id": id.to_string(), "name": name }));
    } else {
        println!("{name}");
    }
    Ok(())
}

fn list_organisations(folders: &Folders, as_json: bool) -> Result<(), Failure> {
    let register = store::register(&folders.data_dir)?;
    let all = register.organisations();
    if as_json {
        let rows: Vec<_> = all
            .iter()
            .map(|held| {
                json!({
                    "id": held.id.to_string(),
                    "name": held.name,
                    "sector": held.sector.as_str(),
                    "region": held.region.map(model::Region::as_str),
                    "domains": held.assets.domains,
                    "status": held.status.as_str(),
                })
            })
            .collect();
        println!("{}", json!(rows));
        return Ok(());
    }
    let mut table = Table::new(&["name", "sector", "region", "state"]);
    for held in &all {
        table.row(vec![
            held.name.clone(),
            held.sector.title().to_owned(),
            held.region.map_or("", model::Region::title).to_owned(),
            held.status.as_str().to_owned(),
        ]);
    }
    print!("{}", table.render());
    Ok(())
}

fn add_key(folders: &Folders, organisation: &str, label: &str, as_json: bool) -> Result<(), Failure> {
    let register = store::register(&folders.data_dir)?;
    let held = register
        .organisation_named(organisation)
        .ok_or_else(|| Failure::new(format!("there is no organisation {organisation:?}")))?;
    // The safest answers: a report that says otherwise says so itself.
    let answers = Answers { warn: WhoMayBeWarned::CellOnly, know: WhoMayKnow::Nobody };
    let key = register.create_key(&Actor::operator(), held.id, label, answers, None).context("not made")?;
    if as_json {
        println!("{}", json!({ "organisation": held.name, "key": key.expose() }));
    } else {
        println!("{}\nThe key is shown this once.", key.expose());
    }
    Ok(())
}

fn person(folders: &Folders, email: &str) -> Result<(Register, register::Person), Failure> {
    let register = store::register(&folders.data_dir)?;
    let person = register.person_named(email).context("nothing done")?;
    Ok((register, person))
}

fn set_status(folders: &Folders, name: &str, status: Status, told: &str) -> Result<(), Failure> {
    let register = store::register(&folders.data_dir)?;
    let held =
        register.organisation_named(name).ok_or_else(|| Failure::new(format!("there is no organisation {name:?}")))?;
    register.set_status(&Actor::operator(), held.id, status).context("not changed")?;
    println!("{}: {told}", held.name);
    Ok(())
}

fn list_keys(folders: &Folders, organisation: Option<&str>, as_json: bool) -> Result<(), Failure> {
    let register = store::register(&folders.data_dir)?;
    let only = match organisation {
        Some(name) => {
            let held = register.organisation_named(name);
            Some(held.ok_or_else(|| Failure::new(format!("there is no organisation {name:?}")))?.id)
        }
        None => None,
    };
    let mut keys = register.keys().context("not read")?;
    keys.retain(|key| only.is_none_or(|id| key.organisation == id));
    let name =
        |key: &KeyInfo| register.organisation(key.organisation).map(|held| held.name.clone()).unwrap_or_default();
    let shown = |key: &KeyInfo| format!("{}{}", register::KEY_PREFIX, key.prefix);
    let ends = |key: &KeyInfo| key.expires_at.map(released::rfc3339);
    if as_json {
        let row = |key: &KeyInfo| {
            json!({
                "key": shown(key),
                "organisation": name(key),
                "label": key.label,
                "expires_at": ends(key),
                "revoked": key.revoked,
            })
        };
        println!("{}", json!(keys.iter().map(row).collect::<Vec<_>>()));
        return Ok(());
    }
    let mut table = Table::new(&["key", "organisation", "for", "ends", "state"]);
    for key in &keys {
        let state = if key.revoked { "revoked" } else { "good" };
        table.row(vec![shown(key), name(key), key.label.clone(), ends(key).unwrap_or_default(), state.to_owned()]);
    }
    print!("{}", table.render());
    Ok(())
}
