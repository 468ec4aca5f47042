//! What each role was shown, as tables of the page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use model::Tlp;

use crate::nouns::is_there;
use crate::scenarios::MOMENTS;
use crate::seen::{Role, Seen, each_field};

pub const NOTHING: &str = "nothing";
pub const MARKINGS: [Tlp; 5] = Tlp::ALL;

/// What each role was shown.
pub type Shown = BTreeMap<Role, String>;
/// A line of a table: first answers, markings, and what each role was shown.
pub type Line<'a> = (Vec<&'a str>, Vec<Tlp>, &'a Shown);

/// What was shown of each noun: by noun, then row of the table, then role.
#[derive(Default, PartialEq, Eq)]
pub struct Table {
    pub cells: BTreeMap<&'static str, BTreeMap<(usize, Tlp), Shown>>,
    /// Fields of answers, by route, and the roles that have met them.
    pub fields: BTreeMap<String, BTreeMap<String, BTreeSet<Role>>>,
}

impl Table {
    pub fn note_fields(&mut self, role: Role, seen: &[Seen]) {
        for seen in seen.iter().filter(|seen| seen.route.contains("/v1/")) {
            let route = seen.route.split('?').next().unwrap_or_default().to_owned();
            let fields = self.fields.entry(route).or_default();
            for value in &seen.json {
                each_field(value, "", &mut |path, name, value| {
                    if !name.is_empty() && !value.is_object() && is_there(value) {
                        fields.entry(path.to_owned()).or_default().insert(role);
                    }
                });
            }
        }
    }

    pub fn put(&mut self, noun: &'static str, row: (usize, Tlp), role: Role, text: String) {
        self.cells.entry(noun).or_default().entry(row).or_default().insert(role, text);
    }

    /// One table of a noun: markings that are treated the same share a line, and so do first answers.
    pub fn write(&self, text: &mut String, noun: &str, rows: &[&str], head: &str) {
        let _ = write!(text, "\n### {noun}\n\n| {head} | marking |");
        for role in Role::ALL {
            let _ = write!(text, " {} |", role.title());
        }
        let _ = writeln!(text, "\n|---|---|{}", "---|".repeat(Role::ALL.len()));
        let cells = &self.cells[noun];
        let mut lines: Vec<Line<'_>> = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let mut groups: Vec<(Vec<Tlp>, &Shown)> = Vec::new();
            for tlp in MARKINGS {
                let Some(shown) = cells.get(&(index, tlp)) else { continue };
                match groups.iter_mut().find(|(_, other)| *other == shown) {
                    Some((tlps, _)) => tlps.push(tlp),
                    None => groups.push((vec![tlp], shown)),
                }
            }
            for (tlps, shown) in groups {
                match lines.iter_mut().find(|(_, other, line)| *other == tlps && *line == shown) {
                    Some((names, ..)) => names.push(row),
                    None => lines.push((vec![row], tlps, shown)),
                }
            }
        }
        for (names, tlps, shown) in lines {
            let tlps: Vec<&str> = tlps.iter().map(|tlp| tlp.as_str()).collect();
            let tlps = if tlps.len() == MARKINGS.len() { "any".to_owned() } else { tlps.join(", ") };
            let names = if rows.len() > 1 && names.len() == rows.len() {
                "whatever is answered".into()
            } else {
                names.join("; ")
            };
            let _ = write!(text, "| {names} | {tlps} |");
            for cell in shown.values() {
                let _ = write!(text, " {cell} |");
            }
            text.push('\n');
        }
    }

    pub fn write_fields(&self, text: &mut String) {
        for (route, fields) in self.fields.iter().filter(|(_, fields)| !fields.is_empty()) {
            let mut by_roles: BTreeMap<&BTreeSet<Role>, Vec<&str>> = BTreeMap::new();
            for (field, roles) in fields {
                by_roles.entry(roles).or_default().push(field);
            }
            let _ = writeln!(text, "\n`{route}`\n");
            for (roles, fields) in by_roles {
                let roles: Vec<&str> = roles.iter().map(|role| role.title()).collect();
                let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
                let _ = writeln!(text, "- {}: {}", roles.join(", "), fields.join(" "));
            }
        }
    }
}

/// What a role saw of a noun over time: when for the first time in each form.
pub fn over_time(forms: &[String]) -> String {
    let mut last = "";
    let mut parts = Vec::new();
    for (moment, form) in forms.iter().enumerate() {
        if form != last && !(form.is_empty() && last.is_empty()) {
            let form = if form.is_empty() { "nothing any more" } else { form };
            parts.push(format!("{form}, {}", MOMENTS[moment]));
        }
        last = form;
    }
    if parts.is_empty() { NOTHING.to_owned() } else { parts.join("; ") }
}
