//! Importing the shared data from the command line: MISP, STIX, tables, report lines and prose.

use std::path::PathBuf;

use serde_json::Value;

use super::median;
use crate::run::{build_binary, command, root};

const ROUNDS: usize = 3;
/// Folders of the shared data that hold what the importer reads.
const FOLDERS: [&str; 5] = ["misp", "stix", "labels", "stream", "prose"];

/// Prints values a second; there is no target.
pub fn run() -> Result<(), String> {
    let data = std::env::var_os("FUSIONCELL_TEST_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    if !data.is_dir() {
        println!("import: left out: {} is absent (set FUSIONCELL_TEST_DATA)", data.display());
        return Ok(());
    }
    let binary = build_binary("release")?;
    let mut rates = Vec::new();
    let mut values = 0;
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let import = command(&binary).args(["import", "--json", "--data-dir"]).arg(folder.path().join("data"));
        let said = import.args(FOLDERS.map(|name| data.join(name))).output()?;
        let (count, seconds) = totals(&said)?;
        values = count;
        rates.push(count as f64 / seconds.max(1e-9));
    }
    println!("import: {:.0} values/s, median of {ROUNDS} runs over {values} values", median(&mut rates));
    Ok(())
}

/// Values read and the seconds that took, as the import itself says.
fn totals(said: &str) -> Result<(u64, f64), String> {
    let json: Value = serde_json::from_str(said).map_err(|error| format!("import --json: {error}"))?;
    let count = |name: &str| json.get("total").and_then(|total| total.get(name)).and_then(Value::as_u64);
    let seconds = json.get("seconds").and_then(Value::as_f64);
    match (count("accepted"), count("duplicates"), seconds) {
        (Some(accepted), Some(duplicates), Some(seconds)) => Ok((accepted + duplicates, seconds)),
        _ => Err("import --json names no totals".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::totals;

    #[test]
    fn totals_are_read_from_what_the_import_says() {
        let said = r#"{"total": {"accepted": 7, "duplicates": 2}, "seconds": 0.5}"#;
        assert_eq!(totals(said).unwrap(), (9, 0.5));
        assert!(totals("{}").is_err());
    }
}
