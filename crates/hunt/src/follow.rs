//! Follows files as they grow, through rotation: a file that is renamed is read to its end, and its successor from the beginning.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use memchr::memrchr;

use crate::engine::Hunt;
use crate::logs;
use crate::worker::{BLOCK_BYTES, LINE_BYTES_MAX, Place, Worker};

/// How often files are looked at.
const EVERY: Duration = Duration::from_millis(250);

struct Followed {
    path: PathBuf,
    file: Option<File>,
    identity: Option<u64>,
    place: Place,
    /// The begin of a line that has no end yet.
    rest: Vec<u8>,
}

#[cfg(unix)]
fn identity(meta: &fs::Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(meta))
}

#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Option<u64> {
    None
}

impl Followed {
    fn open(&mut self) {
        self.file = File::open(&self.path).ok();
        self.identity = self.file.as_ref().and_then(|file| file.metadata().ok()).as_ref().and_then(identity);
        self.place.offset = 0;
        self.rest.clear();
    }

    /// Reads what is new; whole lines are scanned.
    fn read(&mut self, worker: &mut Worker<'_>) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if file.metadata()?.len() < file.stream_position()? {
            file.seek(SeekFrom::Start(0))?;
            self.place.offset = 0;
            self.rest.clear();
        }
        loop {
            let before = self.rest.len();
            file.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut self.rest)?;
            if self.rest.len() == before {
                return Ok(());
            }
            if self.place.offset == 0 {
                self.place.reader = logs::reader(self.rest.get(..4096).unwrap_or(&self.rest));
            }
            let end = match memrchr(b'\n', &self.rest) {
                Some(feed) => feed + 1,
                None if self.rest.len() > LINE_BYTES_MAX => self.rest.len(),
                None => continue,
            };
            worker.block(self.rest.get(..end).unwrap_or_default(), self.place, 0);
            self.rest.drain(..end);
            self.place.offset += end as u64;
        }
    }

    /// Goes over to the file that bears the name now.
    fn turn(&mut self, worker: &mut Worker<'_>) -> io::Result<()> {
        let now = fs::metadata(&self.path).ok();
        let same = now.as_ref().is_some_and(|meta| self.file.is_some() && identity(meta) == self.identity);
        if now.is_some() && !same {
            self.read(worker)?;
            worker.block(&self.rest, self.place, 0);
            self.open();
        }
        Ok(())
    }
}

impl Hunt<'_> {
    /// Follows files from where they end now until `stop` says so; hits go to whoever was told to be called with each.
    pub fn follow(&self, paths: &[PathBuf], stop: &dyn Fn() -> bool) -> Vec<String> {
        let mut worker = Worker::new(self);
        let mut trouble = Vec::new();
        let mut followed: Vec<Followed> = paths
            .iter()
            .enumerate()
            .map(|(source, path)| {
                let place = Place { source, reader: logs::reader(b""), offset: 0 };
                let mut followed = Followed { path: path.clone(), file: None, identity: None, place, rest: Vec::new() };
                followed.open();
                if let Some(file) = &mut followed.file {
                    followed.place.offset = file.seek(SeekFrom::End(0)).unwrap_or(0);
                }
                followed
            })
            .collect();
        while !stop() {
            for file in &mut followed {
                if let Err(why) = file.read(&mut worker).and_then(|()| file.turn(&mut worker)) {
                    told(&file.path, &why, &mut trouble);
                    file.file = None;
                }
            }
            std::thread::sleep(EVERY);
        }
        trouble
    }
}

fn told(path: &Path, why: &io::Error, trouble: &mut Vec<String>) {
    if trouble.len() < 100 {
        trouble.push(format!("{}: {why}", path.display()));
    }
}
