//! `fusioncell admin person`: whom there is, and what a seconded analyst is held to.

use clap::Args;
use model::{Sector, Timestamp};
use register::{NewPerson, Person, Register, Role, Secondment};
use serde_json::json;

use super::Folders;
use crate::failure::{Context as _, Failure};
use crate::store;
use crate::table::Table;

/// What a seconded analyst is held to.
#[derive(Args)]
pub struct SecondmentArgs {
    /// Level of a seconded analyst's vetting, as the partnership names it
    #[arg(long, value_name = "LEVEL", required_if_eq("role", "seconded-analyst"))]
    vetting: Option<String>,
    /// Day on which the vetting ends (YYYY-MM-DD, UTC), and with it every right
    #[arg(long, value_name = "DAY", required_if_eq("role", "seconded-analyst"))]
    vetted_until: Option<String>,
    /// A sector whose cases a seconded analyst may not read, beside the home organisation's; may be given more than once
    #[arg(long = "wall", value_name = "SECTOR")]
    walls: Vec<String>,
}

fn day(text: &str) -> Result<Timestamp, Failure> {
    let day: jiff::civil::Date = text.parse().context("--vetted-until")?;
    let begins = day.to_zoned(jiff::tz::TimeZone::UTC).context("--vetted-until")?;
    Ok(Timestamp::from_millis(begins.timestamp().as_millisecond()))
}

/// What is asked of a seconded analyst; the home organisation's sector is always walled.
pub fn secondment(register: &Register, new: &NewPerson, args: SecondmentArgs) -> Result<Option<Secondment>, Failure> {
    let SecondmentArgs { vetting, vetted_until, walls } = args;
    if new.role != Role::Secondee {
        if vetting.is_some() || vetted_until.is_some() || !walls.is_empty() {
            return Err(Failure::new("only a seconded analyst is vetted and walled"));
        }
        return Ok(None);
    }
    let home = new.organisation.and_then(|id| register.organisation(id)).map(|home| home.sector);
    let walls = walls.iter().map(|name| name.parse().map_err(Failure::new)).collect::<Result<Vec<Sector>, _>>()?;
    let mut wall: Vec<Sector> = home.into_iter().chain(walls).collect();
    wall.sort_unstable();
    wall.dedup();
    let (Some(vetting), Some(until)) = (vetting, vetted_until) else {
        return Err(Failure::new("a seconded analyst needs --vetting and --vetted-until"));
    };
    Ok(Some(Secondment { vetting, vetted_until: day(&until)?, wall }))
}

/// Lists everybody whose account is not closed.
pub fn list(folders: &Folders, as_json: bool) -> Result<(), Failure> {
    let register = store::register(&folders.data_dir)?;
    let people = register.people().context("not read")?;
    let of =
        |person: &Person| person.organisation.and_then(|id| register.organisation(id)).map(|held| held.name.clone());
    let until = |held: &Secondment| released::rfc3339(held.vetted_until);
    let walls = |held: &Secondment| held.wall.iter().map(|sector| sector.as_str()).collect::<Vec<_>>();
    if as_json {
        let row = |person: &Person| {
            let held = person.secondment.as_ref();
            json!({
                "id": person.id.to_string(),
                "email": person.email,
                "name": person.name,
                "role": person.role.as_str(),
                "organisation": of(person),
                "disabled": person.disabled,
                "vetting": held.map(|held| held.vetting.clone()),
                "vetted_until": held.map(until),
                "wall": held.map(walls).unwrap_or_default(),
            })
        };
        println!("{}", json!(people.iter().map(row).collect::<Vec<_>>()));
        return Ok(());
    }
    let mut table = Table::new(&["e-mail", "name", "role", "organisation", "vetted until", "walled from", "state"]);
    for person in &people {
        let held = person.secondment.as_ref();
        table.row(vec![
            person.email.clone(),
            person.name.clone(),
            person.role.as_str().to_owned(),
            of(person).unwrap_or_default(),
            held.map(until).unwrap_or_default(),
            held.map(|held| walls(held).join(", ")).unwrap_or_default(),
            if person.disabled { "disabled" } else { "good" }.to_owned(),
        ]);
    }
    print!("{}", table.render());
    Ok(())
}
