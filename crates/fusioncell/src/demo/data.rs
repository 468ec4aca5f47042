//! The data of a replay: every draft of a folder, read before the first is sent so that each author can become a member.

use std::fs::File;
use std::path::{Path, PathBuf};

use formats::{Event, ImportOptions, import_reader};
use indicatif::{ProgressBar, ProgressStyle};
use sim::{Replay, ReplayBuilder};

use crate::commands::import_files::{Found, find};
use crate::failure::Failure;

/// Folders of a data folder that a replay takes, where they exist; without any of them it takes everything.
const PARTS: [&str; 4] = ["labels/reports.jsonl.gz", "stream", "misp", "stix"];
/// Most values of one report of a replay.
const ITEMS_MAX: usize = 200;

/// Reads the folder.
pub fn load(folder: &Path, items_per_second: f64) -> Result<Replay, Failure> {
    if !folder.is_dir() {
        return Err(Failure::new(format!("{} is no folder", folder.display())));
    }
    let mut parts: Vec<PathBuf> = PARTS.iter().map(|part| folder.join(part)).filter(|part| part.exists()).collect();
    if parts.is_empty() {
        parts.push(folder.to_owned());
    }
    let files = find(&parts);
    if let Some((path, why)) = files.unreadable.first() {
        return Err(Failure::new(format!("{}: {why}", path.display())));
    }
    let bar = ProgressBar::new(files.found.iter().map(|file| file.bytes).sum());
    bar.set_style(
        ProgressStyle::with_template("reading {wide_bar} {bytes}/{total_bytes}")
            .unwrap_or(ProgressStyle::default_bar()),
    );
    let mut builder = ReplayBuilder::new(ITEMS_MAX);
    let mut problems: u64 = 0;
    for Found { path, bytes, feed_index, .. } in files.found {
        if feed_index {
            continue;
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let source = source_of(folder, &path);
        match File::open(&path) {
            Ok(mut file) => {
                let summary = import_reader(&name, &mut file, &ImportOptions::default(), &mut |event| {
                    if let Event::Draft(draft) = event {
                        builder.add(&source, &draft);
                    }
                });
                problems += summary.problems;
            }
            Err(error) => tracing::warn!("{}: {error}", path.display()),
        }
        bar.inc(bytes);
    }
    bar.finish_and_clear();
    if problems > 0 {
        tracing::info!(
            "{problems} objects of the data could not be read and are left out; `fusioncell import` lists them"
        );
    }
    let replay = builder.build(items_per_second);
    if replay.reports() == 0 {
        return Err(Failure::new(format!("{} holds nothing that can be replayed", folder.display())));
    }
    Ok(replay)
}

/// The lists of everyday values that lie with the data; `None` without any.
pub fn noise(folder: &Path) -> Result<Option<String>, Failure> {
    let lists = folder.join("noise");
    if lists.is_dir() { crate::noise::read(&[lists]) } else { Ok(None) }
}

/// Files that belong together: the two uppermost folders that they lie in, such as `misp/eset`.
fn source_of(folder: &Path, path: &Path) -> String {
    let within = path.strip_prefix(folder).unwrap_or(path);
    let parent = within.parent().unwrap_or(within);
    let parts: Vec<_> =
        parent.components().take(2).map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if parts.is_empty() { "data".into() } else { parts.join("/") }
}
