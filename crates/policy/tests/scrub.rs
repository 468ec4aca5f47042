//! The scrub: what names a reporter is found however it is written, and what everybody writes is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use model::{Kind, Observable};
use policy::scrub::{Cause, Draft, Field, Finding, Findings, Generalised, draft, trace};
use policy::{Assets, Colleague, Lexicon};
use proptest::prelude::*;

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn own() -> Lexicon {
    let assets = Assets {
        domains: strings(&["northgrid.example", "xn--mller-kva.example", "shell-co.example"]),
        ranges: strings(&["203.0.113.0/24", "2001:db8:1::/48"]),
        brands: strings(&["Shell", "Boots", "BT", "Northgrid Energy"]),
    };
    let person = |name: &str, mailbox: &str| Colleague { name: name.into(), mailbox: mailbox.into() };
    Lexicon::new(&assets, [person("Ann-Marie O'Neil", "annmarie"), person("Jo Li", "jl"), person("Info Desk", "info")])
}

fn value(kind: Kind, text: &str) -> Option<Cause> {
    trace(&Observable::parse(kind, text).unwrap(), &own(), false).map(|trace| trace.cause)
}

#[test]
fn a_value_that_could_name_the_reporter_is_found() {
    use Cause::{Brand, Colleague, InternalAddress, InternalName, LookAlike, Machine, OwnAddress, OwnDomain, UserPath};
    for (kind, text, expect) in [
        (Kind::Domain, "vpn.northgrid.example", OwnDomain),
        (Kind::Domain, "northgird.test", LookAlike),
        (Kind::Domain, "northgr1d.test", LookAlike),
        (Kind::Domain, "norhtgrid.test", LookAlike),
        (Kind::Domain, "northgrid.test", LookAlike),
        (Kind::Domain, "login-northgrld.test", LookAlike),
        (Kind::Domain, "north-gridd.test", LookAlike),
        (Kind::Domain, "n\u{43e}rthgrid.test", LookAlike),
        (Kind::Domain, "muller.test", LookAlike),
        (Kind::Domain, "northgrid.example.evil.test", OwnDomain),
        (Kind::Domain, "printer.corp", InternalName),
        (Kind::Domain, "shell-login.test", Brand),
        (Kind::Domain, "she11.test", LookAlike),
        (Kind::Domain, "bootssale.test", Brand),
        (Kind::Domain, "bt.evil.test", Brand),
        (Kind::Url, "http://evil.test/annmarie/", Colleague),
        (Kind::Url, "http://evil.test/?u=ann-marie.oneil", Colleague),
        (Kind::Url, "http://evil.test/?u=aoneil", Colleague),
        (Kind::Email, "ann.marie.o.neil@evil.test", Colleague),
        (Kind::EmailSubject, "Urgent: Ann-Marie O'Neil asks you", Colleague),
        (Kind::FilePath, "C:\\Users\\jdoe\\AppData\\a.exe", UserPath),
        (Kind::FilePath, "/home/jdoe/.ssh/x", UserPath),
        (Kind::FilePath, "\\\\FILES01\\share\\a.exe", Machine),
        (Kind::Mac, "00:11:22:33:44:55", Machine),
        (Kind::Ipv4, "10.1.2.3", InternalAddress),
        (Kind::Ipv4, "100.64.9.9", InternalAddress),
        (Kind::Ipv6, "fd12::1", InternalAddress),
        (Kind::Ipv6, "fe80::1", InternalAddress),
        (Kind::Ipv4, "203.0.113.7", OwnAddress),
        (Kind::Ipv6, "2001:db8:1::7", OwnAddress),
    ] {
        assert_eq!(value(kind, text), Some(expect), "{text}");
    }
}

#[test]
fn what_everybody_writes_is_not_found() {
    for (kind, text) in [
        (Kind::FileName, "shellcode.bin"),
        (Kind::Url, "http://evil.test/PowerShell/run"),
        (Kind::Url, "http://evil.test/webshell.aspx"),
        (Kind::Url, "http://evil.test/bootstrap.min.js"),
        (Kind::Domain, "obtain-subtle.test"),
        (Kind::Domain, "shelf.test"),
        (Kind::Domain, "northsea.test"),
        (Kind::Url, "http://evil.test/info/support"),
        (Kind::Email, "info@evil.test"),
        (Kind::EmailSubject, "Jo, your invoice"),
        (Kind::FilePath, "C:\\Users\\Public\\a.exe"),
        (Kind::FilePath, "C:\\Users\\%USERNAME%\\a.exe"),
        (Kind::FilePath, "C:\\Windows\\System32\\cmd.exe"),
        (Kind::FilePath, "/home/user/a"),
        (Kind::Ipv4, "8.8.8.8"),
        (Kind::Sha256, "abababababababababababababababababababababababababababababababab"),
    ] {
        assert_eq!(value(kind, text), None, "{text}");
    }
}

fn words(text: &str) -> Vec<Finding> {
    let told = draft(&Draft { title: "", narrative: text, tags: &[], values: &[] }, &own(), false);
    assert_eq!(told.untold, 0);
    told.found
}

#[test]
fn words_of_a_text_are_found_where_they_stand() {
    let text = "Häcker wrote to Ann-Marie O'Neil at Shell from hxxps://mail.northgrid[.]example/a, then ran \
                C:\\Users\\jdoe\\x.exe on DESKTOP-AB12CD3 (10.0.0.7:445) and \\\\FILES01\\c$.";
    let found = words(text);
    let told: Vec<(Cause, &str)> = found.iter().map(|found| (found.trace.cause, found.text.as_str())).collect();
    assert_eq!(
        told,
        [
            (Cause::Colleague, "Ann-Marie O'Neil"),
            (Cause::Brand, "Shell"),
            (Cause::OwnDomain, "hxxps://mail.northgrid[.]example/a"),
            (Cause::UserPath, "C:\\Users\\jdoe\\x.exe"),
            (Cause::Machine, "DESKTOP-AB12CD3"),
            (Cause::InternalAddress, "10.0.0.7:445"),
            (Cause::Machine, "\\\\FILES01\\c$"),
        ]
    );
    for finding in &found {
        let there: String = text.chars().skip(finding.start).take(finding.end - finding.start).collect();
        assert_eq!(there, finding.text);
        assert_eq!(finding.field, Field::Narrative);
    }
    assert_eq!(found[3].generalised, Some(Generalised::Text("C:\\Users\\%USERNAME%\\x.exe".into())));
    for text in ["We saw shellcode and a webshell in PowerShell.", "It obtained 3.14 MB at 8.8.8.8.", "Dear all, boots"]
    {
        let brands = words(text).into_iter().filter(|found| found.text != "boots").count();
        assert_eq!(brands, 0, "{text}");
    }
}

#[test]
fn a_finding_keeps_its_id_wherever_it_stands() {
    let ids = |text: &str| words(text).into_iter().map(|found| found.id).collect::<Vec<_>>();
    assert_eq!(ids("at Shell"), ids("it began long ago at Shell today"));
    assert_ne!(ids("at Shell"), ids("at Boots"));
}

#[test]
fn a_value_is_made_general_only_where_that_names_nobody() {
    let general = |kind, text: &str| {
        let values = [Some(Observable::parse(kind, text).unwrap())];
        let told = draft(&Draft { title: "", narrative: "", tags: &[], values: &values }, &own(), false);
        assert_eq!(told.found.len(), 1, "{text}");
        match told.found[0].generalised.clone() {
            Some(Generalised::Value(value)) => Some(format!("{} {}", value.kind().as_str(), value.value())),
            Some(Generalised::Text(text)) => panic!("{text}"),
            None => None,
        }
    };
    for (kind, text, expect) in [
        (Kind::Url, "http://evil.test:8080/northgrid.example/login", Some("url http://evil.test:8080/")),
        (Kind::Url, "http://vpn.northgrid.example/login", None),
        (Kind::Email, "annmarie@evil.test", Some("domain evil.test")),
        (Kind::Email, "x@northgrid.example", None),
        (Kind::FilePath, "C:\\Users\\jdoe\\a.exe", Some("file-path c:\\users\\%username%\\a.exe")),
        (Kind::FilePath, "\\\\FILES01\\share\\a.exe", Some("file-name a.exe")),
        (Kind::Ipv4, "10.0.0.1", None),
        (Kind::Domain, "northgr1d.test", None),
    ] {
        assert_eq!(general(kind, text), expect.map(str::to_owned), "{text}");
    }
}

#[test]
fn a_stored_reason_names_nobody_whom_the_value_does_not_name() {
    let reason =
        |kind, text: &str| policy::scrub::scrub(&Observable::parse(kind, text).unwrap(), &own(), false).unwrap();
    assert!(!reason(Kind::Domain, "northgird.test").contains("northgrid"));
    assert!(!reason(Kind::Url, "http://evil.test/?u=aoneil").to_lowercase().contains("neil"));
}

#[test]
fn findings_in_words_have_a_limit_and_those_in_values_none() {
    let narrative = "Shell ".repeat(3_000);
    let values: Vec<_> =
        (0..1_000).map(|n| Observable::parse(Kind::Ipv4, &format!("10.0.{}.{}", n / 250, n % 250)).ok()).collect();
    let told: Findings = draft(&Draft { title: "", narrative: &narrative, tags: &[], values: &values }, &own(), false);
    assert_eq!(told.found.len(), policy::scrub::DRAFT_FINDINGS_MAX + 1_000);
    assert_eq!(told.untold, 3_000 - policy::scrub::DRAFT_FINDINGS_MAX);
}

/// A long text costs as much as its length says.
#[test]
fn a_long_text_is_looked_through_in_time() {
    for piece in ["a", "Shell-", "northgri", "%41", "\u{430}", "x@y.", "\\\\a", "C:\\Users\\b", "ann.", "1.", "[.]"] {
        let text = piece.repeat(200_000 / piece.len());
        let start = std::time::Instant::now();
        let _ = draft(&Draft { title: "", narrative: &text, tags: &[], values: &[] }, &own(), false);
        assert!(start.elapsed().as_secs() < 5, "{piece:?} took {:?}", start.elapsed());
    }
}

fn written(domain: &str, how: u8, upper: &[bool]) -> String {
    let cased: String = domain
        .chars()
        .zip(upper.iter().cycle())
        .map(|(c, upper)| if *upper { c.to_ascii_uppercase() } else { c })
        .collect();
    match how {
        0 => cased,
        1 => cased.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        2 => cased.replace('.', "[.]"),
        3 => cased
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { char::from_u32(u32::from(c) + 0xfee0).unwrap() } else { c })
            .collect(),
        4 => cased.replacen(['o', 'O'], "\u{43e}", 1),
        _ => format!("hxxps://a.{cased}/x"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_own_domain_is_found_however_it_is_written(
        how in 0_u8..6,
        upper in prop::collection::vec(any::<bool>(), 1..20),
        before in "[a-z ]{0,20} ",
        after in " [a-z ]{0,20}",
    ) {
        let text = format!("{before}{}{after}", written("northgrid.example", how, &upper));
        prop_assert!(words(&text).iter().any(|found| matches!(found.trace.cause, Cause::OwnDomain | Cause::LookAlike)), "{text}");
    }

    #[test]
    fn looking_never_panics_and_tells_true_places(text in ".{0,400}") {
        for found in words(&text) {
            let there: String = text.chars().skip(found.start).take(found.end - found.start).collect();
            prop_assert_eq!(there, found.text);
        }
    }

    #[test]
    fn values_never_panic(text in "\\PC{0,120}") {
        for kind in [Kind::Domain, Kind::Url, Kind::Email, Kind::FilePath, Kind::FileName, Kind::EmailSubject, Kind::Account] {
            if let Ok(observable) = Observable::parse(kind, &text) {
                let values = [Some(observable)];
                let _ = draft(&Draft { title: &text, narrative: &text, tags: std::slice::from_ref(&text), values: &values }, &own(), true);
            }
        }
    }
}
