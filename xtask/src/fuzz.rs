//! The API as its document has it, asked by schemathesis: no fault of ours, and nothing that the document does not tell.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::demo::Demo;
use crate::run::{Run, build_binary, command, has, root, target};

/// The schemathesis that the checks are written for.
const SCHEMATHESIS: &str = "4.32.5";
/// Generous: this judges answers, not how soon they come.
const START_LIMIT: Duration = Duration::from_secs(120);
/// Seconds for each listener.
const SECONDS: &str = "45";
/// Seconds for what is asked last.
const ENDING_SECONDS: &str = "10";
/// What is looked at in each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method";
/// Streams never end themselves.
const STREAMS: [&str; 2] = ["stream", "cell_stream"];
/// Operations that can end the session that asks, or give it another token: asked last, when that does no harm.
const MEMBER_ENDING: [&str; 7] =
    ["sign_out", "password", "session_end", "sessions_end", "totp_remove", "edit_person", "close_person"];
/// The same of the cell's listener.
const CELL_ENDING: [&str; 8] = [
    "cell_sign_out",
    "cell_password",
    "cell_session_end",
    "cell_sessions_end",
    "cell_totp_remove",
    "edit_cell_person",
    "close_cell_person",
    "organisation_status",
];

/// Asks both listeners of a demo, each with a session of its own.
pub fn run() -> Result<(), String> {
    let schemathesis = match installed() {
        Ok(program) => program,
        // A machine that gives no Python packages still runs every other check; that this one was left out is told.
        Err(why) => {
            println!("LEFT OUT, schemathesis cannot be had here: {why}");
            return Ok(());
        }
    };
    let demo = Demo::start(&build_binary("dev")?, START_LIMIT)?;
    let text = fs::read_to_string(demo.sign_ins()).map_err(|error| format!("the demo's sign-ins: {error}"))?;
    let told: Value = serde_json::from_str(&text).map_err(|error| format!("the demo's sign-ins: {error}"))?;
    let faces: [(_, _, _, _, &[&str]); 2] = [
        ("member", "member", "/api/v1/session", "fc_member", &MEMBER_ENDING),
        ("cell", "lead", "/cell/v1/session", "fc_cell", &CELL_ENDING),
    ];
    for (tag, person, path, cookie, ending) in faces {
        let held = told.get(person).unwrap_or(&serde_json::Value::Null);
        let url = held
            .get("url")
            .and_then(serde_json::Value::as_str)
            .ok_or_else(|| format!("the demo tells no address of {tag}"))?;
        // Not every resolver knows the names below `localhost`; bare addresses are always served.
        let url = &url.trim_end_matches('/').replace("cell.localhost", "127.0.0.1");
        let session = sign_in(url, path, cookie, held)?;
        let asks = |report: &str, seconds: &str, which: &[(&str, &[&str])]| {
            ask(&schemathesis, url, report, &session, seconds, which)
        };
        let but = "--exclude-operation-id";
        asks(tag, SECONDS, &[("--include-tag", &[tag]), (but, &STREAMS), (but, ending)])?;
        still_in(url, path, &session)?;
        asks(&format!("{tag}-ending"), ENDING_SECONDS, &[("--include-operation-id", ending)])?;
    }
    demo.end()
}

fn ask(
    schemathesis: &PathBuf,
    url: &str,
    report: &str,
    cookie: &str,
    seconds: &str,
    which: &[(&str, &[&str])],
) -> Result<(), String> {
    let mut run: Run = command(schemathesis)
        // It keeps what it found in the folder that it runs in.
        .within(&target().join("schemathesis").to_string_lossy())
        .arg("run")
        .arg(root().join("openapi.json"))
        .args(["--url", url, "--no-color", "--warnings", "off"])
        .args(["--header", &format!("Cookie: {cookie}"), "--header", "Sec-Fetch-Site: same-origin"])
        .args(["--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--max-time", seconds, "--workers", "2"])
        .args([
            "--seed",
            "1",
            "--generation-database",
            "none",
            "--suppress-health-check",
            "all",
            "--request-timeout",
            "20",
        ])
        .args(["--report", "har", "--report-har-path"])
        .arg(target().join("schemathesis").join(format!("{report}.har")));
    for (option, ids) in which {
        for id in *ids {
            run = run.args([*option, *id]);
        }
    }
    run.go()
}

/// Signs a person of the demo in by a client that is at hand with schemathesis, and gives the cookie.
fn sign_in(url: &str, path: &str, cookie: &str, person: &Value) -> Result<String, String> {
    let body = serde_json::json!({ "email": person["email"], "password": person["password"] }).to_string();
    let script = "import sys, urllib.request as u\n\
                  request = u.Request(sys.argv[1], sys.argv[2].encode(), \
                  {'Content-Type': 'application/json', 'Sec-Fetch-Site': 'same-origin'})\n\
                  print(u.urlopen(request).headers['Set-Cookie'].split(';')[0])";
    let said = command("python3").args(["-c", script, &format!("{url}{path}"), &body]).output()?;
    let told = said.trim();
    if told.starts_with(&format!("{cookie}=")) { Ok(told.to_owned()) } else { Err(format!("no session at {url}")) }
}

/// A session that ended on the way would have made every later answer a refusal.
fn still_in(url: &str, path: &str, session: &str) -> Result<(), String> {
    let script = "import sys, urllib.request as u\n\
                  u.urlopen(u.Request(sys.argv[1], headers={'Cookie': sys.argv[2]}))";
    let asked = command("python3").args(["-c", script, &format!("{url}{path}"), session]).output();
    asked.map(drop).map_err(|_| format!("the session at {url} ended on the way: leave out what ends it"))
}

/// Schemathesis in a folder of its own below the target folder; it is installed there if it is missing and we may.
fn installed() -> Result<PathBuf, String> {
    let folder = target().join("schemathesis");
    let program = folder.join("bin").join("st");
    let version = || command(&program).arg("--version").output();
    if version().is_ok_and(|told| told.contains(SCHEMATHESIS)) {
        return Ok(program);
    }
    let advice =
        format!("run `python3 -m venv {0} && {0}/bin/pip install schemathesis=={SCHEMATHESIS}`", folder.display());
    if !has("python3") {
        return Err(format!("python3 is missing: install it, then {advice}"));
    }
    println!("schemathesis is missing: installing it");
    let made = command("python3").args(["-m", "venv"]).arg(&folder).go();
    let install = || {
        let pip = folder.join("bin").join("pip");
        command(pip).args(["install", "--quiet", &format!("schemathesis=={SCHEMATHESIS}")]).go()
    };
    made.and_then(|()| install()).map_err(|problem| format!("{problem}; {advice}"))?;
    Ok(program)
}
