//! A thief's reader of SQLite files: the pages as they lie, with the log beside them, row by row and with the place of each row in
//! the file. Written after "Database File Format" (sqlite.org/fileformat2.html); it trusts nothing and asks no key.

use std::collections::HashMap;

/// Deepest tree.
const DEPTH_MAX: usize = 20;
const FRAME_HEAD: usize = 24;
const LOG_HEAD: usize = 32;

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Null,
    Number(i64),
    Bytes(Vec<u8>),
}

/// A row and where it lies.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number, where rows have one.
    pub number: Option<i64>,
    pub cells: Vec<Cell>,
    /// Page and place within it: within a page later rows lie before earlier ones, as long as nothing was moved.
    pub page: u32,
    pub place: usize,
}

/// A table with its rows in the order of their keys.
pub struct Table {
    pub name: String,
    pub rows: Vec<Row>,
}

/// A file's pages, with what the log beside it says of them.
pub struct Pages {
    size: usize,
    reserved: usize,
    pages: HashMap<u32, Vec<u8>>,
}

fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    Some(bytes.get(at..at + length)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// A number of one to nine bytes, and how many.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut sum = 0_u64;
    for length in 0..8 {
        let byte = *bytes.get(at + length)?;
        sum = sum << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((sum, length + 1));
        }
    }
    Some((sum << 8 | u64::from(*bytes.get(at + 8)?), 9))
}

fn record(payload: &[u8]) -> Option<Vec<Cell>> {
    let (head, mut at) = varint(payload, 0)?;
    let head = usize::try_from(head).ok()?;
    let (mut cells, mut from) = (Vec::new(), head);
    while at < head {
        let (kind, length) = varint(payload, at)?;
        at += length;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind as usize,
            5 => 6,
            6 | 7 => 8,
            _ => usize::try_from(kind.checked_sub(12)? / 2).ok()?,
        };
        let bytes = payload.get(from..from + length)?;
        from += length;
        cells.push(match kind {
            0 => Cell::Null,
            8 | 9 => Cell::Number(kind as i64 - 8),
            1..=6 => {
                let unused = 64 - 8 * length as u32;
                Cell::Number((number(bytes, 0, length)? << unused) as i64 >> unused)
            }
            _ => Cell::Bytes(bytes.to_vec()),
        });
    }
    Some(cells)
}

impl Pages {
    /// Reads a file and the log beside it; `None` if it is no SQLite file.
    pub fn read(file: &[u8], log: &[u8]) -> Option<Self> {
        let of_log = || number(log, 8, 4).filter(|_| log.len() > LOG_HEAD + FRAME_HEAD);
        let size = match file.starts_with(b"SQLite format 3\0") {
            true => number(file, 16, 2).map(|size| if size == 1 { 65_536 } else { size }),
            false => of_log(),
        };
        let size = usize::try_from(size?).ok()?;
        let mut pages: HashMap<u32, Vec<u8>> =
            (1..).zip(file.chunks_exact(size)).map(|(page, bytes)| (page, bytes.to_vec())).collect();
        let salts = log.get(16..24);
        let mut open = HashMap::new();
        for frame in log.get(LOG_HEAD..).unwrap_or_default().chunks_exact(FRAME_HEAD + size) {
            if frame.get(8..16) != salts {
                break;
            }
            open.insert(number(frame, 0, 4)? as u32, frame[FRAME_HEAD..].to_vec());
            if number(frame, 4, 4)? > 0 {
                pages.extend(open.drain());
            }
        }
        let reserved = usize::from(*pages.get(&1)?.get(20)?);
        Some(Self { size, reserved, pages })
    }

    fn payload(&self, page: &[u8], at: usize, length: usize, of_table: bool) -> Option<Vec<u8>> {
        let usable = self.size - self.reserved;
        let most = if of_table { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
        if length <= most {
            return Some(page.get(at..at + length)?.to_vec());
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let here = least + (length - least) % (usable - 4);
        let here = if here <= most { here } else { least };
        let mut bytes = page.get(at..at + here)?.to_vec();
        let mut next = number(page, at + here, 4)? as u32;
        while bytes.len() < length && next != 0 {
            let page = self.pages.get(&next)?;
            next = number(page, 0, 4)? as u32;
            let more = (length - bytes.len()).min(usable - 4);
            bytes.extend_from_slice(page.get(4..4 + more)?);
        }
        Some(bytes)
    }

    fn walk(&self, root: u32, rows: &mut Vec<Row>, depth: usize) -> Option<()> {
        let page = self.pages.get(&root)?;
        let from = if root == 1 { 100 } else { 0 };
        let kind = *page.get(from)?;
        let (inner, of_table) = (matches!(kind, 2 | 5), matches!(kind, 5 | 13));
        if depth > DEPTH_MAX || !matches!(kind, 2 | 5 | 10 | 13) {
            return None;
        }
        let count = number(page, from + 3, 2)? as usize;
        for cell in 0..count {
            let mut at = number(page, from + if inner { 12 } else { 8 } + 2 * cell, 2)? as usize;
            let place = at;
            if inner {
                self.walk(number(page, at, 4)? as u32, rows, depth + 1);
                at += 4;
            }
            if kind == 5 {
                continue;
            }
            let (length, bytes) = varint(page, at)?;
            at += bytes;
            let mut named = None;
            if of_table {
                let (number, bytes) = varint(page, at)?;
                named = Some(number as i64);
                at += bytes;
            }
            let payload = self.payload(page, at, usize::try_from(length).ok()?, of_table)?;
            rows.push(Row { number: named, cells: record(&payload)?, page: root, place });
        }
        if inner {
            self.walk(number(page, from + 8, 4)? as u32, rows, depth + 1);
        }
        Some(())
    }

    /// Every table and index.
    pub fn tables(&self) -> Vec<Table> {
        let mut schema = Vec::new();
        self.walk(1, &mut schema, 0);
        let text = |cell: Option<&Cell>| match cell {
            Some(Cell::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        };
        let mut tables = Vec::new();
        for row in schema {
            let Some(Cell::Number(root)) = row.cells.get(3) else { continue };
            let (name, mut rows) = (text(row.cells.get(1)), Vec::new());
            if *root > 0 {
                self.walk(*root as u32, &mut rows, 0);
            }
            tables.push(Table { name, rows });
        }
        tables
    }
}
