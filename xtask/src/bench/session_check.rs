//! Nanoseconds of one check of a session and of a key, with 20,000 organisations in the register.

use crate::run::command;

/// Longest a check may take.
const TARGET_NS: f64 = 50_000.0;
const ROUNDS: usize = 3;

/// Prints the figures; more than 50 µs is an error.
pub fn run() -> Result<(), String> {
    let (mut sessions, mut keys) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let words = ["run", "--quiet", "--release", "-p", "fusioncell-register", "--example", "session_check"];
        let (session, key) = figures(&command("cargo").args(words).output()?)?;
        sessions.push(session);
        keys.push(key);
    }
    let (session, key) = (super::median(&mut sessions), super::median(&mut keys));
    println!("session-check: session {session:.0} ns, key {key:.0} ns (target ≤ {TARGET_NS:.0} ns)");
    if session.max(key) <= TARGET_NS { Ok(()) } else { Err("a check takes longer than 50 µs".into()) }
}

fn figures(text: &str) -> Result<(f64, f64), String> {
    let after = |word: &str| -> Option<f64> { text.split_once(word)?.1.split_whitespace().next()?.parse().ok() };
    after("session ").zip(after("key ")).ok_or_else(|| format!("no figures in {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::figures;

    #[test]
    fn the_figures_are_read_from_what_the_example_prints() {
        assert_eq!(figures("session 812 ns, key 934 ns\n"), Ok((812.0, 934.0)));
        assert!(figures("").is_err());
    }
}
