//! Appends numbered reports for ever and prints the number of each once it is acknowledged; the kill test kills it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::io::Write as _;
use std::sync::Arc;

use common::{NOW, Outside, genesis, submission};
use vault::{Vault, VaultConfig};

fn main() {
    let dir = std::env::args().nth(1).expect("a data folder");
    let start: u64 = std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(0);
    let outside = Outside::at(NOW, (start + 1) << 32);
    let config = VaultConfig { dir: dir.into(), keys_dir: None, genesis: genesis() };
    let vault = Arc::new(Vault::open(config, outside.clone(), outside).unwrap());
    std::thread::scope(|scope| {
        for writer in 0..4_u64 {
            let vault = &vault;
            scope.spawn(move || {
                for n in 0.. {
                    let number = start * 10_000_000 + writer * 1_000_000 + n;
                    let mut numbered = submission(1, &[&format!("n{number}.test")]);
                    numbered.report.title = number.to_string();
                    vault.submit(vec![numbered], false).unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "{number}").unwrap();
                    out.flush().unwrap();
                }
            });
        }
    });
}
