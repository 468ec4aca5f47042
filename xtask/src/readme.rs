//! The README's commands are run as they stand there: on a fresh folder, with the development binary on the search path.

use std::fs;
use std::io::Read as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::run::{build_binary, command, has, root};

const START_LIMIT: Duration = Duration::from_secs(60);
const KEY_LIMIT: Duration = Duration::from_secs(10);
/// A report as somebody would keep it in a file, to be imported.
const REPORT: &str = "Seen today: hxxps://sign.bad-docs[.]org/login and 198.51.100[.]7\n";

/// What the README tells a person to type.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    /// Lines that begin with `fusioncell`, in order.
    commands: Vec<String>,
    /// The `curl` that reports.
    curl: String,
}

/// The commands of the blocks marked `sh`, without their comments.
fn told(readme: &str) -> Result<Told, String> {
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let mut told = Told { commands: Vec::new(), curl: String::new() };
    for block in blocks {
        if block.starts_with("curl ") {
            block.clone_into(&mut told.curl);
        }
        for line in block.lines().filter(|line| line.starts_with("fusioncell ")) {
            let words = line.split("  #").next().unwrap_or(line);
            told.commands.push(words.trim_end().to_owned());
        }
    }
    for needed in [" serve ", " admin init ", " admin key add ", " import ", " journal verify "] {
        if !told.commands.iter().any(|line| line.contains(needed)) {
            return Err(format!("README.md tells no command with{needed}: the check is blind"));
        }
    }
    if told.curl.is_empty() {
        return Err("README.md tells no curl: the check is blind".into());
    }
    Ok(told)
}

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = command("kill").args(["-TERM", &self.0.id().to_string()]).go();
        let _ = self.0.wait();
    }
}

/// Runs every command of the README; the first that fails is the error.
pub fn run() -> Result<(), String> {
    if !has("curl") {
        return Err("curl is missing: install it (Debian: `apt-get install -qy curl`)".into());
    }
    let readme = fs::read_to_string(root().join("README.md")).map_err(|error| format!("README.md: {error}"))?;
    let told = told(&readme)?;
    let binary = build_binary("dev")?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let report = folder.path().join("report.txt");
    fs::write(&report, REPORT).map_err(|error| format!("{}: {error}", report.display()))?;
    let path = format!(
        "{}:{}",
        binary.parent().unwrap_or(Path::new(".")).display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let shell = |line: &str| {
        let mut shell = command("sh").args(["-c", line]).env("PATH", &path).into_command();
        shell.current_dir(folder.path());
        shell
    };
    let run = |line: &str| -> Result<String, String> {
        let output = shell(line).output().map_err(|error| format!("sh does not start: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(said);
        }
        Err(format!("`{line}` failed ({}): {said}{}", output.status, String::from_utf8_lossy(&output.stderr)))
    };
    let reporting = blocks_of("docs/reporting.md")?;
    let mut serving: Option<Serving> = None;
    let mut reported = false;
    let mut key = String::new();
    let (member, cell) = (free_address()?, free_address()?);
    for line in &told.commands {
        if line.contains(" serve ") {
            let child = shell(&format!("exec {line} --member-addr {member} --cell-addr {cell}"))
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .map_err(|error| format!("sh does not start: {error}"))?;
            let mut server = Serving(child);
            listening(&member, &mut server)?;
            serving = Some(server);
            continue;
        }
        // What reads or writes the journal does so alone: the server ends first.
        if line.contains(" import ") || line.contains(" journal ") {
            if serving.is_some() && !reported {
                report_by_curl(&told.curl, &key, &member, &run)?;
                for block in &reporting {
                    run(&strict(block).replace("fck_…", &key).replace("127.0.0.1:8460", &member))?;
                }
                reported = true;
            }
            serving = None;
        }
        let said = run(&line.replace("PATH…", "report.txt"))?;
        if let Some(found) = said.split_whitespace().find(|word| word.starts_with("fck_")) {
            found.clone_into(&mut key);
        }
    }
    if reported { Ok(()) } else { Err("README.md: nothing was reported by curl".into()) }
}

/// The blocks of another document, which are run beside the README's while its server serves.
fn blocks_of(document: &str) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(root().join(document)).map_err(|error| format!("{document}: {error}"))?;
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let blocks: Vec<String> = blocks.map(str::to_owned).collect();
    let known = |block: &String| block.starts_with("curl ") || block.starts_with("fusioncell ");
    if blocks.is_empty() || !blocks.iter().all(known) {
        return Err(format!("{document}: each block marked `sh` begins with curl or fusioncell"));
    }
    Ok(blocks)
}

/// The same block, in which the first line that fails ends it, and so does an answer of a problem.
fn strict(block: &str) -> String {
    let line = |line: &str| match line.strip_prefix("curl ") {
        Some(rest) => format!("curl --fail-with-body --silent --show-error {rest}\n"),
        None => format!("{line}\n"),
    };
    format!("set -e\n{}", block.lines().map(line).collect::<String>())
}

fn report_by_curl(
    curl: &str,
    key: &str,
    member: &str,
    run: &dyn Fn(&str) -> Result<String, String>,
) -> Result<(), String> {
    let line = curl
        .replacen("curl ", "curl --silent --show-error --write-out '\\n%{http_code}' ", 1)
        .replace("fck_…", key)
        .replace("127.0.0.1:8460", member);
    // A key that another process made is known to a running server within a second.
    let start = Instant::now();
    loop {
        let answer = run(&line)?;
        if answer.ends_with("\n201") {
            return Ok(());
        }
        if !answer.ends_with("\n401") || start.elapsed() > KEY_LIMIT {
            return Err(format!("README.md: curl got {answer}, not 201"));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn free_address() -> Result<String, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.to_string()).map_err(|error| error.to_string())
}

fn listening(address: &str, server: &mut Serving) -> Result<(), String> {
    let start = Instant::now();
    while start.elapsed() < START_LIMIT {
        if TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        if let Ok(Some(status)) = server.0.try_wait() {
            let mut said = String::new();
            if let Some(errors) = server.0.stderr.as_mut() {
                let _ = errors.read_to_string(&mut said);
            }
            return Err(format!("README.md: `fusioncell serve` ended ({status}): {said}"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(format!("README.md: `fusioncell serve` does not listen on {address} within {START_LIMIT:?}"))
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn commands_are_found_without_their_comments() {
        let readme = "x\n```sh\nfusioncell admin init --data-dir D   # makes\nfusioncell serve --data-dir D\n\
                      fusioncell admin key add --organisation \"A\"\nfusioncell import --data-dir D PATH…\n\
                      fusioncell journal verify --data-dir D\n```\n```sh\ncurl -d '{\n}' http://x\n```\n";
        let told = told(readme).unwrap();
        assert_eq!(told.commands[0], "fusioncell admin init --data-dir D");
        assert_eq!((told.commands.len(), told.curl.as_str()), (5, "curl -d '{\n}' http://x"));
    }

    #[test]
    fn a_readme_without_commands_is_told() {
        assert!(told("# Nothing").unwrap_err().contains("the check is blind"));
    }

    #[test]
    fn the_readme_tells_them() {
        told(&std::fs::read_to_string(crate::run::root().join("README.md")).unwrap()).unwrap();
    }
}
