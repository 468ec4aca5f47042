//! How fast one core scans files in memory: `speed LIST FILE…`, where the list has a kind and a value a line, or is a compiled index.
//!
//! Each block is scanned `ROUNDS` times, and its best time counts: what else runs on a machine makes it slower, and never
//! faster. `LIMIT` takes so many of the list, `ENGINE` names an engine, `SAVE` a file for the index.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::path::Path;
use std::time::Instant;

use matcher::{Builder, Engine, Index, Scanner};
use model::Kind;

const BLOCK_BYTES: usize = 1 << 20;

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

fn index_of(path: &str) -> Index {
    let bytes = std::fs::read(path).unwrap();
    if bytes.starts_with(b"FCHUNT") {
        return Index::open(Path::new(path)).unwrap();
    }
    let list = String::from_utf8(bytes).unwrap();
    let start = Instant::now();
    let mut builder = Builder::new();
    let step = (list.lines().count() / number("LIMIT", usize::MAX).max(1)).max(1);
    for line in list.lines().step_by(step) {
        let Some((kind, value)) = line.split_once('\t') else { continue };
        if let Some(kind) = Kind::ALL.iter().find(|known| known.as_str() == kind) {
            let _ = builder.add_normal(*kind, value, 0);
        }
    }
    let index = builder.finish();
    println!("built in {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    index
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let index = index_of(&arguments.next().expect("a list of kinds and values, or an index"));
    println!("{} indicators, {:.1} bytes each", index.len(), index.bytes_len() as f64 / index.len() as f64);
    if let Some(path) = std::env::var_os("SAVE") {
        index.save(Path::new(&path)).unwrap();
    }
    let engines = [Engine::Scalar, Engine::Avx2, Engine::Avx512];
    let wanted = std::env::var("ENGINE").ok();
    let engine = engines.into_iter().find(|engine| Some(format!("{engine:?}")) == wanted).unwrap_or_else(Engine::best);
    for path in arguments {
        let text = std::fs::read(&path).unwrap();
        let mut scanner = Scanner::with_engine(&index, engine);
        let blocks: Vec<&[u8]> = text.chunks(BLOCK_BYTES).collect();
        let mut best = vec![f64::MAX; blocks.len()];
        let mut hits = Vec::new();
        for _ in 0..number("ROUNDS", 7).max(1) {
            hits.clear();
            for (block, best) in blocks.iter().zip(&mut best) {
                let start = Instant::now();
                scanner.scan(block, &mut hits);
                *best = best.min(start.elapsed().as_secs_f64());
            }
        }
        let rate = text.len() as f64 / best.iter().sum::<f64>() / 1e9;
        println!("{path}: {rate:.2} GB/s, {} hits, {engine:?}", hits.len());
    }
}
