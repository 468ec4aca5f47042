//! Many firms at once: a CSV of invitations, read strictly, told by line and column, done whole or not at all.

use std::collections::HashMap;

use model::{Region, Sector};
use policy::Assets;
use rusqlite::{Connection, OptionalExtension as _};

use crate::register::RegisterError;

use super::csv::{self, Field};
use super::profile::{Profile, SizeBand};

/// Largest file.
pub const ONBOARDING_BYTES_MAX: usize = 1 << 20;
/// Most firms of a file.
pub const ONBOARDING_LINES_MAX: usize = 2_000;
/// Longest field, in characters.
const FIELD_CHARS_MAX: usize = 2_000;
/// Problems that are told.
const PROBLEMS_MAX: usize = 500;

/// Columns of the file; those that must be there first.
pub const ONBOARDING_COLUMNS: &[&str] =
    &["name", "sector", "contact_name", "contact_email", "region", "size", "domains", "language"];
const REQUIRED: usize = 4;

/// One firm to invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnboardingLine {
    /// Line in the file.
    pub line: u32,
    /// The firm's name.
    pub name: String,
    /// Its main sector.
    pub sector: Sector,
    /// The rest of what the file tells of it.
    pub profile: Profile,
    /// Name of the person to invite.
    pub contact: String,
    /// E-mail address of that person.
    pub email: String,
    /// Language to write in.
    pub language: String,
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnboardingProblem {
    /// Line in the file.
    pub line: u32,
    /// Column of the first character, counted in characters.
    pub column: u32,
    /// What is wrong.
    pub why: String,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnboardingFile {
    /// Lines without a fault.
    pub lines: Vec<OnboardingLine>,
    /// Faults; lines with one are not among the others.
    pub problems: Vec<OnboardingProblem>,
    /// Whether the file can be read at all: nothing of one that cannot is done, whatever is asked for.
    pub readable: bool,
}

struct Record<'a> {
    columns: &'a HashMap<String, usize>,
    fields: &'a [Field],
    faults: Vec<OnboardingProblem>,
}

impl Record<'_> {
    fn field(&self, name: &str) -> Option<&Field> {
        self.columns.get(name).and_then(|at| self.fields.get(*at))
    }

    fn text(&self, name: &str) -> &str {
        self.field(name).map(|field| field.text.trim()).unwrap_or_default()
    }

    fn fault(&mut self, name: &str, why: String) {
        let (line, column) = self.field(name).or(self.fields.first()).map_or((1, 1), |at| (at.line, at.column));
        self.faults.push(OnboardingProblem { line, column, why: format!("{name}: {why}") });
    }

    /// A value by the function that reads it; what is wrong is noted and `None` given.
    fn read<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match read(self.text(name)) {
            Ok(value) => Some(value),
            Err(why) => {
                self.fault(name, why);
                None
            }
        }
    }

    fn line(&mut self) -> Option<OnboardingLine> {
        let told = |error: RegisterError| error.to_string();
        let name = self.read("name", |text| crate::names::name("name", text).map_err(told));
        let sectors = self.read("sector", |text| list(text).map(str::parse).collect::<Result<Vec<Sector>, _>>());
        let region = self.read("region", |text| (!text.is_empty()).then(|| text.parse::<Region>()).transpose());
        let size = self.read("size", |text| (!text.is_empty()).then(|| text.parse::<SizeBand>()).transpose());
        let contact = self.read("contact_name", |text| crate::names::name("name", text).map_err(told));
        let email = self.read("contact_email", |text| crate::names::address("address", text).map_err(told));
        let language = self.read("language", |text| super::invitations::language(text).map_err(told));
        let domains: Vec<String> = list(self.text("domains")).map(str::to_owned).collect();
        let main = match sectors.as_deref() {
            Some([main, ..]) => Some(*main),
            Some([]) => {
                self.fault("sector", "is empty".to_owned());
                None
            }
            None => None,
        };
        let profile = Profile {
            region: region.flatten(),
            size: size.flatten(),
            further: sectors.unwrap_or_default(),
            assets: Assets { domains, ..Assets::default() },
            software: Vec::new(),
        };
        let profile = self.read("domains", |_| profile.normal(main.unwrap_or(Sector::Government)).map_err(told));
        let line = self.fields.first().map_or(1, |field| field.line);
        Some(OnboardingLine {
            line,
            name: name?,
            sector: main?,
            profile: profile?,
            contact: contact?,
            email: email?,
            language: language?,
        })
        .filter(|_| self.faults.is_empty())
    }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|part| !part.is_empty())
}

fn unreadable(why: String) -> OnboardingFile {
    OnboardingFile { problems: vec![OnboardingProblem { line: 1, column: 1, why }], ..OnboardingFile::default() }
}

/// Reads a file.
#[must_use]
pub fn read_onboarding(bytes: &[u8]) -> OnboardingFile {
    if bytes.len() > ONBOARDING_BYTES_MAX {
        return unreadable(format!("the file is larger than {ONBOARDING_BYTES_MAX} bytes"));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            return unreadable(format!("line {line} is not UTF-8: save the file as CSV UTF-8"));
        }
    };
    let (records, faults) = csv::records(text);
    let Some((head, rows)) = records.split_first() else {
        return unreadable("the file is empty; its first line names the columns".to_owned());
    };
    let mut columns = HashMap::new();
    let mut file = OnboardingFile { readable: true, ..OnboardingFile::default() };
    for (at, field) in head.iter().enumerate() {
        let name = field.text.trim().to_ascii_lowercase();
        let known = ONBOARDING_COLUMNS.contains(&name.as_str());
        if !known || columns.insert(name.clone(), at).is_some() {
            let shown: String = name.chars().take(60).collect();
            let why = if known {
                format!("column {shown:?} is there twice")
            } else {
                format!("column {shown:?} is none of {}", ONBOARDING_COLUMNS.join(", "))
            };
            file.problems.push(OnboardingProblem { line: field.line, column: field.column, why });
        }
    }
    for name in ONBOARDING_COLUMNS.iter().take(REQUIRED).filter(|name| !columns.contains_key(**name)) {
        file.problems.push(OnboardingProblem { line: 1, column: 1, why: format!("column {name:?} is missing") });
    }
    if rows.len() > ONBOARDING_LINES_MAX {
        file.problems.push(OnboardingProblem {
            line: 1,
            column: 1,
            why: format!("more than {ONBOARDING_LINES_MAX} lines: split the file"),
        });
    }
    if !file.problems.is_empty() {
        file.readable = false;
        return file;
    }
    file.problems.extend(faults.into_iter().map(|fault| OnboardingProblem {
        line: fault.line,
        column: fault.column,
        why: fault.why.to_owned(),
    }));
    let (mut names, mut addresses) = (HashMap::new(), HashMap::new());
    for fields in rows {
        let mut record = Record { columns: &columns, fields, faults: Vec::new() };
        if fields.len() != head.len() {
            record.fault("name", format!("the line has {} fields, the first line {}", fields.len(), head.len()));
        } else if let Some(long) = fields.iter().find(|field| field.text.chars().count() > FIELD_CHARS_MAX) {
            let why = format!("a field is longer than {FIELD_CHARS_MAX} characters");
            record.faults.push(OnboardingProblem { line: long.line, column: long.column, why });
        } else if let Some(line) = record.line() {
            let before = names.get(&line.name.to_lowercase()).or(addresses.get(&line.email)).copied();
            match before {
                Some(before) => {
                    let which = if names.contains_key(&line.name.to_lowercase()) { "name" } else { "contact_email" };
                    record.fault(which, format!("the same as in line {before}"));
                }
                None => {
                    names.insert(line.name.to_lowercase(), line.line);
                    addresses.insert(line.email.clone(), line.line);
                    file.lines.push(line);
                }
            }
        }
        file.problems.append(&mut record.faults);
    }
    file.problems.sort_by_key(|problem| (problem.line, problem.column));
    file.problems.truncate(PROBLEMS_MAX);
    file
}

/// What the register says to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It is new.
    New,
    /// The firm is invited or a member already: the file was read before.
    Already,
    /// A firm of this name was suspended or has left: the cell decides by itself.
    NotSo(&'static str),
}

/// Looks a line up.
pub(crate) fn known(connection: &Connection, line: &OnboardingLine) -> Result<Known, RegisterError> {
    let status: Option<String> = connection
        .prepare_cached("SELECT status FROM organisation WHERE folded = ?1")?
        .query_row([line.name.to_lowercase()], |row| row.get(0))
        .optional()?;
    Ok(match status.as_deref() {
        None => Known::New,
        Some("invited" | "active" | "dormant") => Known::Already,
        Some("suspended") => Known::NotSo("an organisation of this name is suspended"),
        Some(_) => Known::NotSo("an organisation of this name has left: invite it again by itself"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name,sector,region,size,domains,contact_name,contact_email,language\n";

    #[test]
    fn a_file_of_160_good_lines() {
        let mut text = format!("\u{feff}{HEAD}");
        for n in 0..160 {
            text.push_str(&format!(
                "\"Firm {n}, Ltd\",energy; water,yorkshire,50-249,firm{n}.example;f{n}.example,Ann {n},ann@firm{n}.example,cy\r\n"
            ));
        }
        let file = read_onboarding(text.as_bytes());
        assert_eq!((file.lines.len(), file.problems.len()), (160, 0));
        let line = &file.lines[7];
        assert_eq!((line.line, line.name.as_str(), line.language.as_str()), (9, "Firm 7, Ltd", "cy"));
        assert_eq!((line.sector, &line.profile.further[..]), (Sector::Energy, &[Sector::Water][..]));
        assert_eq!(line.profile.size, Some(SizeBand::Medium));
        assert_eq!(line.profile.assets.domains, ["f7.example", "firm7.example"]);
    }

    #[test]
    fn each_fault_is_told_with_its_place() {
        let good = "Good,energy,,,,Ann,ann@good.example,\n";
        for (line, column, part, text) in [
            (3, 1, "name", ",energy,,,,Ann,ann@a.example,"),
            (3, 1, "control", "\"A\u{202e}B\",energy,,,,Ann,ann@a.example,"),
            (3, 3, "sector", "A,power,,,,Ann,ann@a.example,"),
            (3, 3, "is empty", "A,,,,,Ann,ann@a.example,"),
            (3, 10, "region", "A,energy,yorks,,,Ann,ann@a.example,"),
            (3, 11, "size", "A,energy,,big,,Ann,ann@a.example,"),
            (3, 12, "domain", "A,energy,,,no_domain,Ann,ann@a.example,"),
            (3, 13, "contact_name", "A,energy,,,,,ann@a.example,"),
            (3, 17, "contact_email", "A,energy,,,,Ann,ann,"),
            (3, 17, "contact_email", "A,energy,,,,Ann,\"ann@a.example\nBcc: x@y.example\","),
            (3, 31, "language", "A,energy,,,,Ann,ann@a.example,English please"),
            (3, 1, "fields", "A,energy"),
            (3, 1, "same as in line 2", "good,energy,,,,Ann,ann@a.example,"),
            (3, 17, "same as in line 2", "A,energy,,,,Ann,ANN@good.example,"),
            (3, 4, "quotation", "A b\"c,energy,,,,Ann,ann@a.example,"),
            (3, 1, "longer", &format!("{},energy,,,,Ann,ann@a.example,", "x".repeat(201))),
            (3, 12, "longer", &format!("A,energy,,,{},Ann,ann@a.example,", "x".repeat(2_001))),
        ] {
            let file = read_onboarding(format!("{HEAD}{good}{text}\n").as_bytes());
            assert_eq!(file.lines.len(), 1, "{text}");
            assert_eq!(file.problems.len(), 1, "{text}: {:?}", file.problems);
            let problem = &file.problems[0];
            assert_eq!((problem.line, problem.column), (line, column), "{text}: {problem:?}");
            assert!(problem.why.contains(part), "{text}: {problem:?}");
        }
    }

    #[test]
    fn a_file_without_the_right_head_is_not_read_at_all() {
        for (bytes, part) in [
            (&b""[..], "empty"),
            (b"name,sector\nA,energy\n", "missing"),
            (b"name,sector,contact_name,contact_email,colour\n", "none of"),
            (b"name,name,sector,contact_name,contact_email\n", "twice"),
            (b"name,sector,contact_name,contact_email\nCaf\xe9,energy,A,a@b.example\n", "UTF-8"),
        ] {
            let file = read_onboarding(bytes);
            assert!(!file.readable && file.lines.is_empty() && file.problems[0].why.contains(part), "{part}");
        }
        let mut long = HEAD.to_owned();
        (0..=ONBOARDING_LINES_MAX).for_each(|n| long.push_str(&format!("F{n},energy,,,,A,a{n}@b.example,\n")));
        assert!(!read_onboarding(long.as_bytes()).readable);
        assert!(!read_onboarding(&vec![b'a'; ONBOARDING_BYTES_MAX + 1]).readable);
    }
}
