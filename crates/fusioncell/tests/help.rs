//! Every command explains itself with examples and exit codes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{ok, run};

/// Every command that there is, as the help of each lists those below it.
fn commands() -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = vec![Vec::new()];
    let mut at = 0;
    while let Some(words) = all.get(at).cloned() {
        let help = help(&words);
        let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        // A description that goes on in a further line stands further in.
        let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
        all.extend(names.map(|name| [&words[..], &[name.to_owned()]].concat()));
        at += 1;
    }
    all.remove(0);
    all
}

fn help(words: &[String]) -> String {
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
    ok(&words)
}

#[test]
fn every_command_has_examples_and_exit_codes() {
    let commands = commands();
    for words in &commands {
        let help = help(words);
        assert!(help.contains("Usage: fusioncell"), "{words:?}\n{help}");
        assert!(help.contains("Examples:\n  fusioncell "), "{words:?} has no examples\n{help}");
        // Hunt's are those of grep: 0 is found.
        let first = if words[0] == "hunt" && words.len() == 1 { "found" } else { "done" };
        assert!(
            help.contains(&format!("Exit codes:\n  0  {first}")) && help.contains("\n  2  "),
            "{words:?} does not tell its exit codes\n{help}"
        );
    }
    for known in [&["openapi"][..], &["import"], &["journal", "verify"], &["admin", "organisation", "add"]] {
        assert!(commands.iter().any(|words| words == known), "{known:?} is not in {commands:?}");
    }
    assert!(commands.len() >= 18, "{commands:?}");
}

#[test]
fn a_wrong_command_line_is_exit_code_two() {
    for words in
        [&["import"][..], &["journal", "verify"], &["serve", "--data-dir"], &["nothing"], &["demo", "--speed", "3"]]
    {
        assert_eq!(run(words).status.code(), Some(2), "{words:?}");
    }
}

#[test]
fn openapi_is_printed_as_json() {
    let description: serde_json::Value = serde_json::from_str(&ok(&["openapi"])).unwrap();
    assert!(description["paths"].as_object().unwrap().len() > 10);
}

/// Every `fusioncell …` of a text, as its words up to the end of the line or of the quotation.
fn commands_of(text: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    for line in text.lines() {
        for (at, _) in line.match_indices("fusioncell ") {
            let before = line[..at].chars().next_back();
            // A command stands at the start of a line or of a quotation, or behind a pipe; `--bin fusioncell` and prose do not.
            if !(at == 0 || before == Some('`') || line[..at].trim().is_empty() || line[..at].ends_with("| ")) {
                continue;
            }
            let end = line[at..].find(['`', '#', '|', '>', '&', '[']).map_or(line.len(), |end| at + end);
            commands.push(line[at..end].split_whitespace().skip(1).map(str::to_owned).collect());
        }
    }
    commands
}

#[test]
fn every_command_of_the_documents_exists_with_its_options() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut documents: Vec<_> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"].iter().map(|name| root.join(name)).collect();
    for folder in ["docs", "docs/decisions"] {
        let files = std::fs::read_dir(root.join(folder)).unwrap().flatten().map(|entry| entry.path());
        documents.extend(files.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    // The help of each command says the same, so its examples are held to it too.
    let mut texts: Vec<String> = documents.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    texts.extend(commands().iter().map(|words| help(words)));
    let mut checked = 0;
    for command in texts.iter().flat_map(|text| commands_of(text)) {
        let is_name =
            |word: &&String| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
        let mut words: Vec<&str> = command.iter().take_while(is_name).map(String::as_str).collect();
        // Values in lower case may follow the words of the command.
        words.truncate(match words.first() {
            Some(&"admin") => 3,
            Some(&"journal" | &"receipt" | &"keys" | &"audit") => 2,
            _ => 1,
        });
        if words.first() == Some(&"admin") && words.get(1) == Some(&"init") {
            words.truncate(2);
        }
        if words.is_empty() {
            continue;
        }
        let help = run(&[&words[..], &["--help"]].concat());
        assert!(help.status.success(), "there is no `fusioncell {}`", words.join(" "));
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        for option in command.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(option.as_str()), "`fusioncell {}` has no {option}: {command:?}", words.join(" "));
        }
        checked += 1;
    }
    assert!(checked > 30, "only {checked} commands were found");
    assert_eq!(
        commands_of("see `fusioncell serve --data-dir D`, or the fusioncell house"),
        [["serve", "--data-dir", "D"]]
    );
}
