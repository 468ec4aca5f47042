//! Whether the time of an answer tells what is held: Welch's t of classes of requests that must look alike.

use crate::run::command;

/// |t| from which two classes are told apart.
const TARGET_T: f64 = 4.5;

/// Prints each comparison; classes that can be told apart and must not be are an error, and so is the pair of classes that must
/// differ if it does not: the bench would see nothing.
pub fn run() -> Result<(), String> {
    let words = ["run", "--quiet", "--release", "-p", "fusioncell-server", "--example", "timing"];
    let output = command("cargo").args(words).output()?;
    print!("{output}");
    judge(&output)
}

fn judge(output: &str) -> Result<(), String> {
    let mut told = Vec::new();
    let mut alike = 0;
    for line in output.lines().filter(|line| line.contains("max |t| ")) {
        let t = line.split_once("max |t| ").and_then(|(_, rest)| rest.split(';').next()?.parse::<f64>().ok());
        let t = t.ok_or_else(|| format!("no figure in {line:?}"))?;
        let name = line.split(" (").next().unwrap_or_default();
        let must_differ = line.contains("(must differ)");
        alike += usize::from(!must_differ);
        if must_differ != (t >= TARGET_T) {
            told.push(format!("{name}: |t| {t}, where {} {TARGET_T} is expected", if must_differ { "≥" } else { "<" }));
        }
    }
    match (alike, told.is_empty()) {
        (0, _) => Err("no comparison was printed".to_owned()),
        (_, true) => Ok(()),
        (_, false) => Err(told.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::judge;

    const ALIKE: &str = "lookup: held against absent (must not differ): max |t| 2.06; t +0.52 of all\n";
    const CONTROL: &str = "report: own against unknown (must differ): max |t| 251.98; t +15.53 of all\n";

    #[test]
    fn what_must_look_alike_must_and_the_control_must_not() {
        assert_eq!(judge(&[ALIKE, CONTROL].concat()), Ok(()));
        assert!(judge(&ALIKE.replace("2.06", "4.50")).unwrap_err().contains("lookup: held against absent: |t| 4.5"));
        assert!(judge(&[ALIKE, &CONTROL.replace("251.98", "1.00")].concat()).is_err());
        assert!(judge(&[ALIKE, &CONTROL.replace("251.98", "much")].concat()).is_err());
        assert!(judge("").is_err());
    }
}
