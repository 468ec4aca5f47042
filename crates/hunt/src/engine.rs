//! A hunt: sources are cut into jobs, threads take one after the other, and what they found is put together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use matcher::{Entry, EntryId, Index};

use crate::files::{Source, Sources};
use crate::logs;
use crate::noise::Noise;
use crate::note::Notes;
use crate::unpack::{Narrowing, Packing, Unpacked};
use crate::worker::{Mention, Place, Sample, Worker};

/// Bytes of a file that one job is.
const JOB_BYTES: u64 = 16 << 20;
/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_millis(50);
/// Largest mail that is decoded.
const MAIL_BYTES_MAX: u64 = 64 << 20;
/// Lines above which a value is over-common, unless told otherwise.
pub const COMMON_LINES: u64 = 10_000;

/// Is called with each hit as it is found, from any thread.
pub(crate) type Each<'h> = &'h (dyn Fn(EntryId, &Sample) + Sync);

/// What to look for, and how.
pub struct Hunt<'h> {
    /// The indicators.
    pub index: &'h Index,
    /// Their notes.
    pub notes: &'h Notes,
    /// Warning lists.
    pub noise: Option<&'h Noise>,
    /// Lines before this time, in milliseconds, are left out; those that tell none stay.
    pub since: Option<i64>,
    /// Lines from this time on are left out.
    pub until: Option<i64>,
    /// Indicators that were not valid then are left out.
    pub as_of: Option<i64>,
    /// Over-common and listed values are told like others.
    pub all: bool,
    /// Lines above which a value is over-common.
    pub common_lines: u64,
    /// Threads.
    pub threads: usize,
    pub(crate) each: Option<Each<'h>>,
}

/// An indicator that was found.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its first entry.
    pub entry: Entry,
    /// Notes of all its entries.
    pub notes: Vec<u32>,
    /// Where and when.
    pub mention: Mention,
}

/// What a hunt came to.
#[derive(Debug, Default)]
pub struct Found {
    /// By kind and value.
    pub indicators: Vec<Seen>,
    /// Pairs of a line and an indicator.
    pub lines: u64,
    /// Bytes looked at, after unpacking.
    pub bytes: u64,
    /// Sources that were read to their end.
    pub sources: u64,
    /// What could not be read, and why.
    pub trouble: Vec<String>,
}

enum Job {
    Range(usize, u64, u64),
    Stream(usize),
}

impl<'h> Hunt<'h> {
    /// A hunt with every setting at its default.
    #[must_use]
    pub fn new(index: &'h Index, notes: &'h Notes) -> Self {
        Self {
            index,
            notes,
            noise: None,
            since: None,
            until: None,
            as_of: None,
            all: false,
            common_lines: COMMON_LINES,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            each: None,
        }
    }

    /// Calls `each` with every hit as it is found, from any thread; what is quiet only if [`Hunt::all`] is set.
    #[must_use]
    pub fn telling(mut self, each: &'h (dyn Fn(EntryId, &Sample) + Sync)) -> Self {
        self.each = Some(each);
        self
    }

    /// What an entry begins with; `None` if it is not looked for.
    pub(crate) fn mention(&self, id: EntryId) -> Option<Mention> {
        let entry = self.index.entry(id)?;
        if self.as_of.is_some_and(|at| !self.notes.get(entry.note).is_valid(at)) {
            return None;
        }
        let quiet =
            self.noise.and_then(|noise| noise.list_of(&entry.value)).map(|list| format!("on the list {list:?}"));
        Some(Mention { quiet, ..Mention::default() })
    }

    /// Hunts. `progress` is told the bytes read from the disk, a few times a second.
    pub fn run(&self, sources: &Sources, progress: &mut dyn FnMut(u64)) -> Found {
        let jobs = jobs(&sources.all);
        let (next, read, bytes, done) =
            (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let (trouble, unread) = (Mutex::new(sources.unreadable.clone()), Mutex::new(BTreeSet::new()));
        let mentions = Mutex::new(HashMap::<EntryId, Mention>::new());
        let running = AtomicUsize::new(self.threads.max(1));
        let caller = std::thread::current();
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    let mut worker = Worker::new(self);
                    while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let (number, outcome) = match *job {
                            Job::Range(number, from, to) => {
                                (number, self.range(&mut worker, &sources.all, number, from, to))
                            }
                            Job::Stream(number) => (number, self.whole(&mut worker, &sources.all, number, &read)),
                        };
                        match outcome {
                            Ok(len) => bytes.fetch_add(len, Ordering::Relaxed),
                            Err(why) => {
                                let name = sources.all.get(number).map(|source| source.path.display().to_string());
                                locked(&trouble).push(format!("{}: {why}", name.unwrap_or_default()));
                                locked(&unread).insert(number);
                                0
                            }
                        };
                        if let Job::Range(_, from, to) = *job {
                            read.fetch_add(to.min(from + JOB_BYTES) - from, Ordering::Relaxed);
                        }
                    }
                    let mut all = locked(&mentions);
                    for (id, mention) in worker.mentions {
                        if let Some(mention) = mention.filter(|mention| mention.lines > 0) {
                            all.entry(id).or_default().join(mention);
                        }
                    }
                    drop(all);
                    if running.fetch_sub(1, Ordering::AcqRel) == 1 {
                        done.store(true, Ordering::Release);
                        caller.unpark();
                    }
                });
            }
            while !done.load(Ordering::Acquire) {
                // The last thread ends the wait.
                std::thread::park_timeout(PROGRESS_EVERY);
                progress(read.load(Ordering::Relaxed));
            }
        });
        let mut trouble = trouble.into_inner().unwrap_or_default();
        trouble.sort();
        trouble.dedup();
        let mentions = mentions.into_inner().unwrap_or_default();
        let lines = mentions.values().map(|mention| mention.lines).sum();
        let indicators = self.group(mentions);
        Found {
            indicators,
            lines,
            bytes: bytes.into_inner(),
            sources: (sources.all.len() - unread.into_inner().map_or(0, |unread| unread.len())) as u64,
            trouble,
        }
    }

    /// Puts entries of one value together: several sources may list it.
    pub(crate) fn group(&self, mentions: HashMap<EntryId, Mention>) -> Vec<Seen> {
        let mut by_value: BTreeMap<(model::Kind, String), Seen> = BTreeMap::new();
        let mut ids: Vec<(EntryId, Mention)> = mentions.into_iter().collect();
        ids.sort_by_key(|(id, _)| *id);
        for (id, mention) in ids {
            let Some(entry) = self.index.entry(id) else { continue };
            let seen = by_value.entry((entry.kind, entry.value.clone()));
            let seen = seen.and_modify(|seen| {
                if mention.lines > seen.mention.lines {
                    seen.mention = mention.clone();
                }
            });
            let seen = seen.or_insert_with(|| Seen { entry: entry.clone(), notes: Vec::new(), mention });
            if !seen.notes.contains(&entry.note) {
                seen.notes.push(entry.note);
            }
            if seen.mention.quiet.is_none() && seen.mention.lines > self.common_lines {
                seen.mention.quiet = Some(format!("over-common: in {} lines", seen.mention.lines));
            }
        }
        by_value.into_values().collect()
    }

    /// A part of a plain file.
    fn range(&self, worker: &mut Worker<'_>, all: &[Source], number: usize, from: u64, to: u64) -> io::Result<u64> {
        let Some(source) = all.get(number) else { return Ok(0) };
        let mut file = File::open(&source.path)?;
        is_whole(&file, source)?;
        let mut head = Vec::new();
        file.by_ref().take(4096).read_to_end(&mut head)?;
        let reader = logs::reader(&head);
        // A line belongs to the part that it begins in: the byte before tells whether one begins here.
        let start = from.saturating_sub(1);
        file.seek(SeekFrom::Start(start))?;
        let scanned = worker.stream(&mut file, Place { source: number, reader, offset: start }, to, from > 0)?;
        is_whole(&file, source)?;
        Ok(scanned)
    }

    /// A source from its beginning to its end.
    fn whole(&self, worker: &mut Worker<'_>, all: &[Source], number: usize, read: &AtomicU64) -> io::Result<u64> {
        let Some(source) = all.get(number) else { return Ok(0) };
        let file = if source.is_stdin() { None } else { Some(File::open(&source.path)?) };
        let input: Box<dyn Read> = match &file {
            Some(file) => Box::new(file),
            None => Box::new(io::stdin()),
        };
        let mut input = Narrowing::new(Unpacked::new(Counted { inner: input, read })?);
        let place = Place { source: number, reader: logs::reader(b""), offset: 0 };
        // A mail is read as a whole first, as its parts are decoded.
        let mut head = Vec::new();
        let mut failed = input.by_ref().take(64 << 10).read_to_end(&mut head).err();
        if let Some(decoded) = logs::reader(&head).decoded {
            failed = failed.or_else(|| input.by_ref().take(MAIL_BYTES_MAX).read_to_end(&mut head).err());
            let mut text = Vec::new();
            decoded(&head, &mut text);
            worker.block(&text, Place { reader: logs::reader(&head), ..place }, 0);
        }
        // What came before a failure is looked at like all else; then it is told.
        let rest = Failed { why: failed, inner: input };
        let scanned = worker.stream(&mut io::Cursor::new(head).chain(rest), place, u64::MAX, false)?;
        file.map_or(Ok(()), |file| is_whole(&file, source))?;
        Ok(scanned)
    }
}

/// Whether a file still has all that it had when it was found: a rotation may have cut it before it was read to its end.
fn is_whole(file: &File, source: &Source) -> io::Result<()> {
    let len = if source.is_file { file.metadata()?.len() } else { source.bytes };
    if len < source.bytes {
        return Err(io::Error::other(format!("it shrank from {} to {len} bytes while it was read", source.bytes)));
    }
    Ok(())
}

/// Fails first, if there is a reason, and then gives what there is.
struct Failed<R> {
    why: Option<io::Error>,
    inner: R,
}

impl<R: Read> Read for Failed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.why.take() {
            Some(why) => Err(why),
            None => self.inner.read(buffer),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct Counted<'r, R> {
    inner: R,
    read: &'r AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.read.fetch_add(len as u64, Ordering::Relaxed);
        Ok(len)
    }
}

/// Big plain files in parts, all else whole.
fn jobs(sources: &[Source]) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        let mut head = [0; 4096];
        let parted = source.is_file
            && source.bytes > JOB_BYTES
            && File::open(&source.path).and_then(|mut file| file.read(&mut head)).is_ok_and(|len| {
                let head = head.get(..len).unwrap_or_default();
                let wide = head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]);
                Packing::of(head) == Packing::Plain && !wide && logs::reader(head).decoded.is_none()
            });
        if !parted {
            jobs.push(Job::Stream(number));
            continue;
        }
        let mut from = 0;
        while from < source.bytes {
            let next = from + JOB_BYTES;
            // The last part goes on to wherever the file ends by then.
            jobs.push(Job::Range(number, from, if next < source.bytes { next } else { u64::MAX }));
            from = next;
        }
    }
    jobs
}
