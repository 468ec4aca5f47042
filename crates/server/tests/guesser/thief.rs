//! What a thief tries who has the data folder, the source code and no key, and was told who sent some of the cases: everything
//! that can be brought together with a case becomes fields for the guesser, whatever it may mean.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::classifier::{Example, Fields};
use crate::features::Bag;
use crate::folder::{Stolen, bytes_of};
use crate::platform::START;
use crate::random::Random;
use crate::sqlite::{Cell, Row};

/// The ways that are tried, in plain words.
pub const WAYS: [&str; 6] = [
    "read each case's entry of the journal: bytes, length, time, what came before",
    "read each case's sealed sender and its place in the file",
    "looked for each case's pseudonym everywhere else: rows, free pages, logs, names",
    "joined rows of other tables to cases by the order of keys, of writing, of place",
    "joined rows of other tables to cases by the moment",
    "joined rows of other tables to cases by their lengths",
];

/// Rows that one moment or length may have, or they tell nothing of one case.
const TOGETHER_MAX: usize = 3;
/// Bytes around a pseudonym that are looked at.
const AROUND: usize = 16;
/// Places of one pseudonym that are looked at.
const PLACES_MAX: usize = 8;

type Case = [u8; 16];

/// Where something lies: table and row.
type At = (usize, usize);

struct Thief<'a> {
    stolen: &'a Stolen,
    /// In the order of the journal: name, place in the journal, row of the sealed sender, row of the entry.
    cases: Vec<(Case, &'a Row, &'a Row)>,
    named: HashMap<Case, Vec<(At, usize, usize)>>,
    raw: HashMap<Case, Vec<(usize, usize)>>,
    /// A name, a table, and its rows in an order that may be that of the cases.
    orders: Vec<(String, usize, Vec<usize>)>,
    /// Rows by each column that holds moments, in their order.
    moments: BTreeMap<(usize, usize, i64), Vec<usize>>,
    lengths: HashMap<(usize, usize, usize), Vec<usize>>,
    spared: bool,
}

fn columns(bag: &mut Bag<'_>, row: &Row, now: i64) {
    for (place, cell) in row.cells.iter().enumerate() {
        bag.within(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "more"][place.min(10)], |bag| match cell {
            Cell::Null => bag.put("", "null"),
            Cell::Number(n) if *n > START / 2 && *n < START * 2 => bag.moment(*n, now),
            Cell::Number(n) => bag.number(*n),
            Cell::Bytes(bytes) => match serde_json::from_slice::<Value>(bytes) {
                Ok(value @ Value::Object(_)) => bag.json(&value, &[], now),
                _ => bag.bytes(bytes),
            },
        });
    }
}

/// How the rows of a table are long, so that rows of one kind are counted together.
fn shape(row: &Row) -> Vec<usize> {
    row.cells.iter().map(|cell| if let Cell::Bytes(bytes) = cell { bytes.len() / 128 } else { 0 }).collect()
}

impl<'a> Thief<'a> {
    fn new(stolen: &'a Stolen, spared: bool) -> Self {
        let table = |name: &str| stolen.tables.iter().position(|table| table.name == name).unwrap();
        let (journal, source) = (table("vault.db.journal"), table("vault.db.source"));
        let entries: HashMap<i64, &Row> =
            stolen.tables[journal].rows.iter().filter_map(|row| Some((row.number?, row))).collect();
        let mut cases: Vec<(Case, &Row, &Row)> = Vec::new();
        for row in &stolen.tables[source].rows {
            let (Cell::Bytes(case), Cell::Number(seq)) = (&row.cells[0], &row.cells[2]) else { continue };
            cases.push((case.as_slice().try_into().unwrap(), row, entries[seq]));
        }
        cases.sort_by_key(|(.., entry)| entry.number);
        let mut thief = Self {
            stolen,
            cases,
            named: HashMap::new(),
            raw: HashMap::new(),
            orders: Vec::new(),
            moments: BTreeMap::new(),
            lengths: HashMap::new(),
            spared,
        };
        thief.look(journal, source);
        thief
    }

    fn look(&mut self, journal: usize, source: usize) {
        let known: HashMap<Case, usize> =
            self.cases.iter().zip(0..).map(|((case, ..), place)| (*case, place)).collect();
        let filter = Filter::of(known.keys());
        for (table, rows) in self.stolen.tables.iter().enumerate() {
            let own = table == journal || table == source;
            for (number, row) in rows.rows.iter().enumerate() {
                for (column, cell) in row.cells.iter().enumerate() {
                    match cell {
                        Cell::Bytes(bytes) => {
                            let skip = table == source || table == journal && self.spared;
                            for (case, from) in
                                filter.search(bytes).filter(|(case, _)| known.contains_key(case) && !skip)
                            {
                                // The entry of the case itself is read in full elsewhere.
                                if table != journal || row.number != self.cases[known[&case]].2.number {
                                    self.named.entry(case).or_default().push(((table, number), column, from));
                                }
                            }
                            if !own {
                                self.lengths.entry((table, column, bytes.len())).or_default().push(number);
                            }
                        }
                        Cell::Number(n) if !own && *n > START / 2 => {
                            self.moments.entry((table, column, *n)).or_default().push(number);
                        }
                        _ => {}
                    }
                }
            }
            if !own {
                self.arrange(table);
            }
        }
        for (file, bytes) in self.stolen.files.iter().enumerate() {
            if self.spared && bytes.name.starts_with("vault.db") {
                continue;
            }
            for (case, from) in filter.search(&bytes.bytes).filter(|(case, _)| known.contains_key(case)) {
                self.raw.entry(case).or_default().push((file, from));
            }
            for (case, _) in filter.search(bytes.name.as_bytes()).filter(|(case, _)| known.contains_key(case)) {
                self.raw.entry(case).or_default().push((file, 0));
            }
        }
    }

    /// Rows of one shape of which there are about as many as cases, in each order that they have.
    fn arrange(&mut self, table: usize) {
        let rows = &self.stolen.tables[table].rows;
        let mut shapes: HashMap<Vec<usize>, Vec<usize>> = HashMap::new();
        for (number, row) in rows.iter().enumerate() {
            shapes.entry(shape(row)).or_default().push(number);
        }
        let all: Vec<usize> = (0..rows.len()).collect();
        let groups = shapes.into_iter().map(|(shape, rows)| (format!("{shape:?}"), rows)).chain([("all".into(), all)]);
        let mut groups: Vec<(String, Vec<usize>)> = groups.collect();
        groups.sort();
        for (name, mut group) in groups {
            if group.len() * 2 < self.cases.len() || group.len() > self.cases.len() * 4 {
                continue;
            }
            let title = |order: &str| format!("{} {name} {order}", self.stolen.tables[table].name);
            let (by_key, by_place) = (title("by key"), title("by place"));
            self.orders.push((by_key, table, group.clone()));
            group.sort_by_key(|number| (rows[*number].page, std::cmp::Reverse(rows[*number].place)));
            self.orders.push((by_place, table, group));
        }
    }

    fn try_way(&self, way: usize, place: usize, bag: &mut Bag<'_>) {
        let (case, source, entry) = &self.cases[place];
        let Cell::Number(now) = entry.cells[1] else { return };
        match way {
            0 => {
                let before = place.checked_sub(1).map(|before| self.cases[before].2);
                bag.put(
                    "entries since the case before",
                    before.map(|before| entry.number.unwrap() - before.number.unwrap()),
                );
                if self.spared {
                    let without = Row { cells: entry.cells.iter().take(3).cloned().collect(), ..(*entry).clone() };
                    columns(bag, &without, now);
                    bag.put("length", matches!(&entry.cells[3], Cell::Bytes(_)));
                } else {
                    columns(bag, entry, now);
                    if let Cell::Bytes(body) = &entry.cells[3] {
                        bag.put("length", body.len());
                    }
                }
            }
            1 => {
                columns(bag, source, now);
                bag.put("page", source.page);
                bag.put("place", source.place);
            }
            2 => self.elsewhere(case, now, bag),
            3 => {
                for (name, table, order) in &self.orders {
                    let row = &self.stolen.tables[*table].rows[order[place * order.len() / self.cases.len()]];
                    bag.within(name, |bag| columns(bag, row, now));
                }
            }
            4 => {
                for (table, rows) in self.stolen.tables.iter().enumerate() {
                    for column in 0..rows.rows.first().map_or(0, |row| row.cells.len()) {
                        self.rows(self.moments.get(&(table, column, now)), table, now, bag);
                        // What was due or done next after it, as the mails of an epoch.
                        let later = (table, column, now + 1)..(table, column + 1, i64::MIN);
                        if let Some(((.., at), next)) = self.moments.range(later).next() {
                            bag.within("next", |bag| {
                                bag.within(&rows.name, |bag| bag.put("after", (at - now) / 10));
                                self.rows(Some(next), table, now, bag);
                            });
                        }
                    }
                }
            }
            _ => {
                let Cell::Bytes(body) = &entry.cells[3] else { return };
                for (table, rows) in self.stolen.tables.iter().enumerate() {
                    for column in 0..rows.rows.first().map_or(0, |row| row.cells.len()) {
                        self.rows(self.lengths.get(&(table, column, body.len())), table, now, bag);
                    }
                }
            }
        }
    }

    fn rows(&self, found: Option<&Vec<usize>>, table: usize, now: i64, bag: &mut Bag<'_>) {
        let Some(found) = found.filter(|found| found.len() <= TOGETHER_MAX) else { return };
        let of = &self.stolen.tables[table];
        bag.within(&of.name, |bag| {
            bag.put("rows", found.len());
            found.iter().for_each(|number| columns(bag, &of.rows[*number], now));
        });
    }

    fn elsewhere(&self, case: &Case, now: i64, bag: &mut Bag<'_>) {
        let places = self.named.get(case).map(Vec::as_slice).unwrap_or_default();
        bag.put("rows that name it", places.len());
        for ((table, number), column, from) in places.iter().take(PLACES_MAX) {
            let of = &self.stolen.tables[*table];
            let row = &of.rows[*number];
            bag.within(&of.name, |bag| {
                columns(bag, row, now);
                if let Cell::Bytes(bytes) = &row.cells[*column] {
                    around(bag, bytes, *from);
                }
            });
        }
        let places = self.raw.get(case).map(Vec::as_slice).unwrap_or_default();
        bag.put("places that name it", places.len());
        for (file, from) in places.iter().take(PLACES_MAX) {
            let file = &self.stolen.files[*file];
            bag.within(file.name.rsplit('/').next().filter(|name| name.contains(".db")).unwrap_or("file"), |bag| {
                around(bag, &file.bytes, *from);
            });
        }
    }
}

fn around(bag: &mut Bag<'_>, bytes: &[u8], from: usize) {
    bag.within("before it", |bag| bag.bytes(&bytes[from.saturating_sub(AROUND)..from]));
    let end = (from + 16).min(bytes.len());
    bag.within("after it", |bag| bag.bytes(&bytes[end..(end + AROUND).min(bytes.len())]));
}

/// Finds pseudonyms among many bytes: in binary by their first three bytes, and as text with hyphens.
struct Filter(Vec<u64>);

impl Filter {
    fn of<'b>(cases: impl Iterator<Item = &'b Case>) -> Self {
        let mut bits = vec![0; 1 << 18];
        for case in cases {
            let first = usize::from(case[0]) << 16 | usize::from(case[1]) << 8 | usize::from(case[2]);
            bits[first >> 6] |= 1 << (first & 63);
        }
        Self(bits)
    }

    /// Sixteen bytes that may be a pseudonym, with where they begin.
    fn search<'b>(&'b self, bytes: &'b [u8]) -> impl Iterator<Item = (Case, usize)> + 'b {
        (0..(bytes.len() + 1).saturating_sub(16)).filter_map(move |from| {
            let window = &bytes[from..];
            let first = usize::from(window[0]) << 16 | usize::from(window[1]) << 8 | usize::from(window[2]);
            if self.0[first >> 6] >> (first & 63) & 1 == 1 {
                return Some((window[..16].try_into().ok()?, from));
            }
            if window.len() >= 36 && window[8] == b'-' && window[13] == b'-' && window[18] == b'-' {
                return Some((bytes_of(std::str::from_utf8(&window[..36]).ok()?)?, from));
            }
            None
        })
    }
}

/// What the thief has of each case by each way, in an order of chance: some were told before others. With `spared`, the contents of
/// journal entries are not looked at.
pub fn examples(stolen: &Stolen, seed: u64, spared: bool, fields: &mut Fields) -> Vec<[Example; WAYS.len()]> {
    let thief = Thief::new(stolen, spared);
    let mut order: Vec<usize> = (0..thief.cases.len()).collect();
    let mut random = Random(seed);
    for place in (1..order.len()).rev() {
        order.swap(place, random.below(place + 1));
    }
    let of = |place: usize, fields: &mut Fields| {
        std::array::from_fn(|way| {
            let mut bag = Bag::new(fields);
            bag.within(["entry", "source", "elsewhere", "order", "moment", "length"][way], |bag| {
                thief.try_way(way, place, bag);
            });
            Example { seen: bag.done(), truth: stolen.truth[&thief.cases[place].0] }
        })
    };
    order.into_iter().map(|place| of(place, fields)).collect()
}

/// Whether the contents of the journal's entries of cases can be read.
#[cfg(feature = "planted-leaks")]
pub fn entries_in_plain(stolen: &Stolen) -> bool {
    let thief = Thief::new(stolen, true);
    let plain = |cell: &Cell| matches!(cell, Cell::Bytes(body) if serde_json::from_slice::<Value>(body).is_ok());
    thief.cases.iter().any(|(.., entry)| plain(&entry.cells[3]))
}
