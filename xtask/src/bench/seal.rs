//! Microseconds that sealing who reported to five leads adds to a report.

use crate::run::command;

/// Longest that it may take.
const TARGET_MICROS: f64 = 50.0;
const ROUNDS: usize = 3;

/// Prints the figure; more than 50 µs is an error.
pub fn run() -> Result<(), String> {
    let mut sealing = Vec::new();
    for _ in 0..ROUNDS {
        let words = ["run", "--quiet", "--release", "-p", "fusioncell-vault", "--example", "seal"];
        sealing.push(figure(&command("cargo").args(words).output()?)?);
    }
    let micros = super::median(&mut sealing);
    println!("seal: {micros:.1} µs a report with five leads, median of {ROUNDS} (target ≤ {TARGET_MICROS:.0})");
    if micros <= TARGET_MICROS { Ok(()) } else { Err("sealing takes longer than 50 µs a report".into()) }
}

fn figure(text: &str) -> Result<f64, String> {
    let number = text.split_once("sealing ").and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| format!("no figure in {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn the_figure_is_read_from_what_the_example_prints() {
        assert_eq!(figure("none 5.0 us, leads 21.5 us, sealing 16.5 us\n"), Ok(16.5));
        assert!(figure("").is_err());
    }
}
