//! Where the development data lie, and importing a file with counts.
#![allow(dead_code)]

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use formats::{Event, ImportOptions, Problem, Summary, import_reader};
use model::Draft;

/// The folder of development data; `None`, said loudly, if it is absent.
pub fn data() -> Option<PathBuf> {
    let dir = std::env::var_os("FUSIONCELL_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    if dir.is_dir() {
        return Some(dir);
    }
    // Past the test runner, which keeps what a passing test prints to itself.
    let _ = writeln!(
        std::io::stderr(),
        "WARNING: no development data at {}: this test has checked NOTHING (set FUSIONCELL_TEST_DATA)",
        dir.display()
    );
    None
}

pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

pub fn import_file(path: &Path) -> (Vec<Draft>, Vec<Problem>, Summary) {
    let (mut drafts, mut problems) = (Vec::new(), Vec::new());
    let name = path.file_name().unwrap().to_string_lossy();
    let summary =
        import_reader(&name, &mut File::open(path).unwrap(), &ImportOptions::default(), &mut |event| match event {
            Event::Draft(draft) => drafts.push(draft),
            Event::Problem(problem) => problems.push(problem),
        });
    (drafts, problems, summary)
}

/// Most memory that this process has held.
pub fn peak_kib() -> usize {
    let mut status = String::new();
    std::fs::File::open("/proc/self/status").unwrap().read_to_string(&mut status).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Imports a big file without keeping what comes out: its bytes and values.
pub fn import(file: &mut std::fs::File) -> (usize, u64) {
    file.rewind().unwrap();
    let bytes = usize::try_from(file.metadata().unwrap().len()).unwrap();
    let mut values = 0;
    import_reader("big", file, &ImportOptions::default(), &mut |event| {
        if let Event::Draft(draft) = event {
            values += draft.indicators.len() as u64;
        }
    });
    (bytes, values)
}
