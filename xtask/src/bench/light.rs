//! First light: from the start of the release binary's demo to something to see on the wall.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use super::median;
use crate::demo::Demo;
use crate::run::build_binary;

const ROUNDS: usize = 3;
const START_LIMIT: Duration = Duration::from_secs(120);
const TARGET_S: f64 = 10.0;

/// Prints the seconds that the demo itself measured; more than 10 is an error.
pub fn run() -> Result<(), String> {
    let binary = build_binary("release")?;
    let mut all = Vec::new();
    for _ in 0..ROUNDS {
        let demo = Demo::start(&binary, START_LIMIT)?;
        let text = fs::read_to_string(demo.sign_ins()).map_err(|error| error.to_string())?;
        all.push(seconds(&text)?);
        demo.end()?;
    }
    let middle = median(&mut all);
    println!("light: first light after {middle:.1} s, median of {ROUNDS} runs (target ≤ {TARGET_S:.0} s)");
    if middle <= TARGET_S { Ok(()) } else { Err(format!("first light after {middle:.1} s")) }
}

fn seconds(sign_ins: &str) -> Result<f64, String> {
    let json: Value = serde_json::from_str(sign_ins).map_err(|error| format!("sign-ins: {error}"))?;
    json.get("first_light_seconds").and_then(Value::as_f64).ok_or_else(|| "sign-ins name no first_light_seconds".into())
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn the_time_is_read_from_what_the_demo_wrote() {
        assert!((seconds(r#"{"first_light_seconds": 1.5}"#).unwrap() - 1.5).abs() < 1e-9);
        assert!(seconds("{}").unwrap_err().contains("first_light_seconds"));
    }
}
