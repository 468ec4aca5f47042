//! Warning lists: values that everybody has. A hit on one is shown with the list's name, or kept quiet.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use formats::{ListKind, WarningList, parse_plain_list, parse_warning_list};
use matcher::{Builder, Index, Scanner};
use model::{Kind, Observable};

/// Lists ready to be asked.
pub struct Noise {
    index: Index,
    names: Vec<(String, ListKind)>,
    /// Lists and entries that are not used, in words.
    pub unused: Vec<String>,
}

impl Noise {
    /// Reads every list under a folder.
    ///
    /// # Errors
    /// If the folder cannot be read or holds no list.
    pub fn load(folder: &Path) -> Result<Self, String> {
        let mut noise = (Builder::new(), Vec::new(), Vec::new());
        walk(folder, 0, &mut noise).map_err(|why| format!("{}: {why}", folder.display()))?;
        let (builder, names, unused) = noise;
        if names.is_empty() {
            return Err(format!("{}: holds no warning list", folder.display()));
        }
        Ok(Self { index: builder.finish(), names, unused })
    }

    /// The list that a value is on.
    #[must_use]
    pub fn list_of(&self, value: &str) -> Option<&str> {
        let mut hits = Vec::new();
        Scanner::new(&self.index).scan(value.as_bytes(), &mut hits);
        let entries = hits.iter().filter_map(|hit| self.index.entry(hit.entry));
        entries
            .filter_map(|entry| {
                let (name, kind) = self.names.get(entry.note as usize)?;
                (*kind != ListKind::String || entry.value == value).then_some(name.as_str())
            })
            .collect::<BTreeSet<&str>>()
            .first()
            .copied()
    }
}

type Gathered = (Builder, Vec<(String, ListKind)>, Vec<String>);

fn walk(folder: &Path, depth: usize, noise: &mut Gathered) -> std::io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < 8 {
            walk(&entry.path(), depth + 1, noise)?;
        } else if kind.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let bytes = fs::read(entry.path())?;
            let json = bytes.trim_ascii_start().first() == Some(&b'{');
            let (list, problems) = if json { parse_warning_list(&bytes) } else { parse_plain_list(&name, &bytes) };
            match list {
                Some(list) => add(&list, noise),
                None => noise.2.extend(problems.first().map(|problem| format!("{name}: {}", problem.why))),
            }
        }
    }
    Ok(())
}

fn add(list: &WarningList, (builder, names, unused): &mut Gathered) {
    let number = names.len() as u32;
    names.push((list.name.clone(), list.kind));
    let mut left = 0_u64;
    for entry in &list.entries {
        let observable = match list.kind {
            ListKind::Cidr => Observable::parse(Kind::Cidr, entry).ok(),
            ListKind::Hostname => {
                let name = entry.trim_start_matches('.');
                Observable::parse(Kind::Domain, name).or_else(|_| Observable::parse(Kind::Cidr, name)).ok()
            }
            ListKind::String => Observable::detect(entry),
            ListKind::Substring | ListKind::Regex => None,
        };
        if observable.is_none_or(|observable| builder.add(&observable, number).is_err()) {
            left += 1;
        }
    }
    if left > 0 {
        unused.push(format!("{}: {left} entries are not used", list.name));
    }
}
