//! The longest that a page of organisations and people takes, beside 20,000 organisations with ten people each.

use crate::run::command;

/// Longest a page may take.
const TARGET_US: u64 = 200_000;

/// Prints the figures; a page beyond 200 ms is an error.
pub fn run() -> Result<(), String> {
    let words = ["run", "--quiet", "--release", "-p", "fusioncell-register", "--example", "register_pages"];
    let text = command("cargo").args(words).output()?;
    print!("{text}");
    let (name, longest) = slowest(&text).ok_or_else(|| format!("no figures in {text:?}"))?;
    println!("register: the slowest page is {name} with {longest} us (target ≤ {TARGET_US} us)");
    if longest <= TARGET_US { Ok(()) } else { Err(format!("{name} takes longer than 200 ms")) }
}

fn slowest(text: &str) -> Option<(&str, u64)> {
    let figure = |line: &'_ str| -> Option<u64> { line.strip_suffix(" us")?.split_whitespace().nth(1)?.parse().ok() };
    let figures = text.lines().filter_map(|line| Some((line.split_whitespace().next()?, figure(line)?)));
    figures.max_by_key(|(_, longest)| *longest)
}

#[cfg(test)]
mod tests {
    use super::slowest;

    #[test]
    fn the_slowest_page_is_found() {
        assert_eq!(slowest("open 90 ms\nlist 120 us\npeople 90 us\n"), Some(("list", 120)));
        assert_eq!(slowest(""), None);
    }
}
