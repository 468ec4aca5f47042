//! Bad input to extraction: bombs, polyglots, wrong types, lines made to be slow. Told by name, quick, within the caps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use formats::{Document, Extracted, Mark, extract};
use model::{Kind, Observable};
use proptest::prelude::*;

/// What a megabyte may take in a test build; a release build takes a tenth of it.
const MEGABYTE: Duration = Duration::from_secs(2);

fn found(text: &str) -> Vec<String> {
    let found = extract(text.as_bytes(), "");
    let told = |one: &formats::Found| {
        let mark = one.mark.as_str();
        let mark = if mark.is_empty() { String::new() } else { format!(" {mark}") };
        format!("{} {}{mark}", one.observable.kind().as_str(), one.observable.value())
    };
    found.values.iter().map(told).collect()
}

fn check(text: &str, expect: &[&str]) {
    assert_eq!(found(text), expect, "{text}");
}

fn left(text: &str, rule: &str) {
    let found = extract(text.as_bytes(), "");
    assert!(found.left_out.iter().any(|left| left.rule.as_str() == rule), "{text}: {found:?}");
    assert!(found.values.is_empty(), "{text}: {:?}", found.values);
}

fn sound(found: &Extracted) {
    assert!(found.values.len() <= formats::EXTRACT_VALUES_MAX);
    assert!(found.left_out.len() <= formats::EXTRACT_LEFT_OUT_MAX);
    assert!(found.notes.len() <= formats::EXTRACT_NOTES_MAX);
    for one in &found.values {
        let (kind, value) = (one.observable.kind(), one.observable.value());
        let again = Observable::parse(kind, value).unwrap_or_else(|error| panic!("{kind:?} {value:?}: {error}"));
        assert_eq!((again.kind(), again.value()), (kind, value));
    }
}

#[test]
fn every_usual_way_of_defanging() {
    for spoilt in [
        "evil[.]attack[.]test",
        "evil(.)attack(.)test",
        "evil{.}attack{.}test",
        "evil[dot]attack[dot]test",
        "evil(DOT)attack(dot)test",
        "evil\\.attack\\.test",
        "evil [.] attack [.] test",
        "evil [dot] attack [dot] test",
    ] {
        check(spoilt, &["domain evil.attack.test"]);
        check(&format!("It calls ({spoilt}), then stops."), &["domain evil.attack.test"]);
    }
    check("evil\u{200b}.\u{200b}attack[.]test", &["domain evil.attack.test"]);
    check("go to evil . com now", &["domain evil.com"]);
    for spoilt in [
        "hxxp://evil[.]example/a?b=c",
        "hXXp[:]//evil.example/a?b=c",
        "hxxp[://]evil[.]example/a?b=c",
        "h**p://evil[.]example/a?b=c",
    ] {
        check(&format!("see {spoilt}."), &["url http://evil.example/a?b=c"]);
        check(&format!("[click]({spoilt})"), &["url http://evil.example/a?b=c"]);
        check(&format!("<{spoilt}>, \"{spoilt}\""), &["url http://evil.example/a?b=c"]);
    }
    for spoilt in [
        "bad[@]evil[.]example",
        "bad[at]evil[.]example",
        "bad(at)evil(dot)example",
        "bad@evil[.]example",
        "bad [at] evil [.] example",
    ] {
        check(&format!("from {spoilt}, again"), &["email bad@evil.example"]);
    }
    check("203[.]0[.]113[.]7:8080 and 203.0.113[.]0/24", &["ipv4 203.0.113.7", "cidr 203.0.113.0/24"]);
    check("2001[:]470[:][:]1 or 2a02:26f0::5", &["ipv6 2001:470::1", "ipv6 2a02:26f0::5"]);
}

#[test]
fn a_letter_names_what_it_means_without_defanging() {
    check(
        "We got a mail from billing@paypa1-desk.com with http://paypa1-desk.com/login. Then invoice.zip ran and it called 45.9.148.165.",
        &[
            "email billing@paypa1-desk.com",
            "url http://paypa1-desk.com/login",
            "file-name invoice.zip",
            "ipv4 45.9.148.165",
        ],
    );
    check("the laptop is 192.168.1.20 and pc7.corp", &["ipv4 192.168.1.20 internal"]);
    check("CVE-2021-44228 (T1059.001): 8.8.8.8", &["cve CVE-2021-44228", "ipv4 8.8.8.8 everyday"]);
}

#[test]
fn what_only_looks_like_a_value_is_left_out_by_rule() {
    left("Agent version 10.0.190.1 is old", "version");
    left("it is written in node.js", "product");
    left("We rebooted.It helped", "sentence");
    left("the package com.vendor.thing.app crashed", "package");
    left("# Report\n\nSee https://vendor.com/blog for more", "reference");
    left("# Report\n\nSee [blog](https://vendor.com/blog)", "link-of-markup");
    left("# Keys\n\nRC4 key: 0123456789abcdef0123456789abcdef", "key");
    check("see https://vendor.com/x, it calls evil[.]test", &["domain evil.test"]);
    check("and/or, e.g. i.e. 12:30:45, 1/2/2024, Win32/Agent.A, foo(bar.baz), 1.2.3", &[]);
    check("setup.py and README.md", &[]);
    check("one.evil.com\ntwo.evil.com\n", &["domain one.evil.com", "domain two.evil.com"]);
}

#[test]
fn formats_are_known_by_content() {
    let check = |text: &str, document: Document, value: &str| {
        let found = extract(text.as_bytes(), "lies.exe");
        assert_eq!(found.document, document, "{text}");
        assert!(found.values.iter().any(|one| one.observable.value() == value), "{text}: {:?}", found.values);
        sound(&found);
    };
    check(
        "Jan  5 10:00:01 host sshd[1]: Failed password for root from 45.9.148.165 port 22",
        Document::Log,
        "45.9.148.165",
    );
    check(
        "45.9.148.165 - - [05/Jan/2024:10:00:01 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"curl\"",
        Document::Log,
        "45.9.148.165",
    );
    check("{\"a\":{\"b\":[\"evil.attack.test\"]}}", Document::Json, "evil.attack.test");
    check("{\"src\":\"45.9.148.165\"}\n{\"src\":\"45.9.148.166\"}\n", Document::Json, "45.9.148.166");
    check("<html><a href='https://evil.attack.test/x'>y</a></html>", Document::Markup, "https://evil.attack.test/x");
    check("type,value\ndomain,evil.attack.test\n", Document::Table, "evil.attack.test");
    check(
        "{\"Event\":{\"info\":\"x\",\"Attribute\":[{\"type\":\"domain\",\"value\":\"evil.attack.test\"}]}}",
        Document::Misp,
        "evil.attack.test",
    );
    check(
        "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern_type\":\"stix\",\"pattern\":\"[domain-name:value = 'evil.attack.test']\"}]}",
        Document::Stix,
        "evil.attack.test",
    );
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("evil[.]attack[.]test".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(extract(&wide, "").values[0].observable.value(), "evil.attack.test");
}

const MAIL: &str = "Delivered-To: ann.lee@shop-of-ann.com\r\nReceived: from relay.bad-sender.com (relay.bad-sender.com [45.9.148.165])\r\n by mx.shop-of-ann.com with ESMTP id 1 for <ann.lee@shop-of-ann.com>; Tue, 4 Mar 2025 14:54:20 +0000\r\nAuthentication-Results: mx.shop-of-ann.com; spf=fail smtp.mailfrom=bad-sender.com; dkim=none; dmarc=fail\r\nFrom: \"Bank\" <desk@bad-sender.com>\r\nTo: Ann <ann.lee@shop-of-ann.com>\r\nSubject: =?UTF-8?B?UGF5IG5vdw==?=\r\nMessage-ID: <1@bad-sender.com>\r\nMIME-Version: 1.0\r\n";

#[test]
fn a_mail_tells_its_sender_links_and_attachments_and_knows_its_recipient() {
    let mail = format!(
        "{MAIL}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Dear ann.lee@shop-of-ann.com</p><a href=\"https://evil-desk.com/x?e=ann.lee%40shop-of-ann.com\">go</a> <a href=\"https://other-desk.com/y\">or</a> <a href=\"https://third.com/YW5uLmxlZUBzaG9wLW9mLWFubi5jb20=\">z</a> <a href=\"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwrapped-desk.com%2Fq&data=1\">w</a> your sign-in from 103.225.77.255\r\n--b\r\nContent-Type: application/pdf; name=\"../../Invoice.pdf\"\r\nContent-Disposition: attachment; filename=\"../../Invoice.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nTVpoZWxsbw==\r\n--b--\r\n"
    );
    let all = found(&mail);
    for expect in [
        "email desk@bad-sender.com",
        "ipv4 45.9.148.165",
        "domain relay.bad-sender.com",
        "email-subject Pay now",
        "url https://evil-desk.com/x?e=ann.lee%40shop-of-ann.com own",
        "domain evil-desk.com",
        "url https://other-desk.com/y",
        "url https://third.com/YW5uLmxlZUBzaG9wLW9mLWFubi5jb20= own",
        "domain third.com",
        "url https://wrapped-desk.com/q",
        "email ann.lee@shop-of-ann.com own",
        "file-name invoice.pdf",
        "sha256 7b7c8b2f7f0a6a0e0f6a9c1c8c6f3f0a",
        "md5 ",
    ] {
        let there = all.iter().any(|one| {
            one == expect
                || (expect.starts_with("sha256") && one.starts_with("sha256 "))
                || (expect == "md5 " && one.starts_with("md5 "))
        });
        assert!(there, "{expect}: {all:#?}");
    }
    let read = extract(mail.as_bytes(), "");
    let offered =
        |value: &str| read.values.iter().any(|one| one.observable.value() == value && one.mark == Mark::Offered);
    assert!(!offered("103.225.77.255") && !offered("mx.shop-of-ann.com") && !offered("ann.lee@shop-of-ann.com"));
    let facts = read.mail.unwrap();
    assert_eq!((facts.spf.as_str(), facts.dkim.as_str(), facts.dmarc.as_str()), ("fail", "none", "fail"));
    assert_eq!(facts.own, ["ann.lee@shop-of-ann.com"]);
    assert!(facts.attachments[0].disguised && facts.attachments[0].name == "Invoice.pdf");
}

#[test]
fn mail_bombs_are_refused_by_name() {
    let refused = |body: String, why: &str| {
        let start = Instant::now();
        let found = extract(format!("{MAIL}{body}").as_bytes(), "");
        assert!(found.refused.as_deref().is_some_and(|told| told.contains(why)), "{why}: {:?}", found.refused);
        assert!(found.values.is_empty() && found.left_out.is_empty());
        assert!(start.elapsed() < 3 * MEGABYTE, "{why}: {:?}", start.elapsed());
    };
    refused(
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--b\r\n\r\nx\r\n".repeat(200_000)),
        "more than 500 parts",
    );
    let mut nested = String::from("Content-Type: multipart/mixed; boundary=b0\r\n\r\n");
    for depth in 0..200 {
        let _ = write!(nested, "--b{depth}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n", depth + 1);
    }
    refused(nested, "nested more than 20 deep");
    let inner = format!("Content-Type: message/rfc822\r\n\r\n{}", MAIL).repeat(10);
    refused(inner, "in each other more than 5 deep");
    refused("X-A: b\r\n".repeat(5_000), "more than 1000 header fields");
    refused(format!("X-A: {}\r\n", "b".repeat(1 << 20)), "headers are more than");
    let attached =
        "--b\r\nContent-Type: application/x\r\nContent-Disposition: attachment; filename=a.exe\r\n\r\nMZ\r\n"
            .repeat(200);
    refused(format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{attached}"), "more than 100 attachments");
    assert!(extract(&vec![b'a'; formats::EXTRACT_BYTES_MAX + 1], "").refused.unwrap().contains("more than 36 MiB"));
    assert!(extract(b" \r\n", "").refused.unwrap().contains("empty"));
}

#[test]
fn files_of_the_wrong_type_count_by_their_hash() {
    for (bytes, what) in [
        (&b"MZ\x90\0program"[..], "Windows program"),
        (b"%PDF-1.7 <script>", "PDF"),
        (b"PK\x03\x04\x00\x00", "ZIP archive"),
        (b"\x89PNG\r\n", "picture"),
        (b"\0\x01\x02\x03\x04\x05", "unknown data"),
    ] {
        let found = extract(bytes, "C:\\Users\\ann\\..\\invoice.pdf");
        assert_eq!(found.document, Document::File);
        assert!(found.notes[0].contains(what), "{:?}", found.notes);
        let kinds: Vec<Kind> = found.values.iter().map(|one| one.observable.kind()).collect();
        assert_eq!(kinds, [Kind::Sha256, Kind::Md5, Kind::FileName]);
        assert_eq!(found.values[2].observable.value(), "invoice.pdf");
    }
    // A polyglot is what it begins as: the mail behind the program is not read.
    let polyglot = format!("MZ\0\0{MAIL}\r\nhttps://evil-desk.com/");
    assert_eq!(extract(polyglot.as_bytes(), "x.eml").document, Document::File);
}

#[test]
fn packed_bombs_are_not_unpacked() {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0_u8; 64 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    let found = extract(&bomb, "a.gz");
    assert_eq!(found.document, Document::File);
    assert!(found.notes[0].contains("bomb") || found.notes[0].contains("more than"), "{:?}", found.notes);
}

#[test]
fn a_megabyte_made_to_be_slow_is_not() {
    let line = |piece: &str| piece.repeat((1 << 20) / piece.len());
    let mut slow: Vec<String> = [
        ".",
        "[",
        "(",
        "@",
        "a",
        "0",
        "<",
        "://",
        "http://",
        "hxxp://",
        "[.]",
        "a.",
        "a@",
        "=?",
        "](",
        "a.b,",
        "1.2.3.4,",
        "::",
        "\\",
        "&",
        "<a href=",
        "<!--",
        "%",
        "|",
        "`",
        "\"",
        "a ",
        ". ",
        " . ",
        "[ ",
        "( dot",
        "CVE-",
        "T1059 ",
        "xn--",
        "\u{200b}",
        "{\"a\":",
        "{\"a\":\"b.com\"}\n",
        "{} ",
        "[",
        "<a ",
        "x=\"",
        "1.1.1.1-",
        "a.com/",
        "deadbeef",
        "é[.]",
        "From: a\n",
        "a: b\n",
        "(a)",
        "http://a.com/),",
        "mailto:",
        "'",
        "- ",
        "* `",
        "hk\\",
        "c:\\a ",
        "==",
        "#",
        "\n",
    ]
    .iter()
    .map(|piece| line(piece))
    .collect();
    slow.push(format!("\"{}", " ".repeat(1 << 20)));
    slow.push((0..20_000).map(|n| format!("http://host{n}.evil[.]example/{n}\n")).collect());
    slow.push((0..30_000).map(|n| format!("{n:032x}a ")).collect());
    slow.push(format!("<html>{}", line("<a href=\"http://a.com/\">b.com</a>")));
    slow.push(format!("{MAIL}\r\n{}", line("dear a@b.com http://c.com/ZGVhciBhQGIuY29tIGRlYXI ")));
    slow.push(format!(
        "{MAIL}Content-Type: text/html\r\n\r\n{}",
        line("<a href='http://a.com/?e=612e62406d2e636f6d'>")
    ));
    slow.push(format!(
        "{MAIL}Content-Type: multipart/mixed; boundary=\"{}\"\r\n\r\n{}",
        "-".repeat(70),
        line("------\n")
    ));
    slow.push(format!("{MAIL}Subject: {}\r\n\r\nx", "=?UTF-8?Q?".repeat(20_000)));
    for text in &slow {
        let start = Instant::now();
        let found = extract(text.as_bytes(), "");
        let took = start.elapsed();
        sound(&found);
        let head: String = text.chars().take(60).collect();
        assert!(took < MEGABYTE, "{head:?} took {took:?}");
    }
}

#[test]
fn values_and_remarks_are_capped_and_counted() {
    let text: String = (0..12_000).map(|n| format!("host{n}[.]evil[.]example\n")).collect();
    let found = extract(text.as_bytes(), "");
    assert_eq!((found.values.len(), found.values_beyond), (5_000, 7_000));
    sound(&found);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_is_read_within_the_caps(bytes in proptest::collection::vec(any::<u8>(), 0..600), text in "\\PC{0,300}") {
        sound(&extract(&bytes, "x"));
        sound(&extract(text.as_bytes(), ""));
        sound(&extract(format!("{MAIL}\r\n{text}").as_bytes(), ""));
        sound(&extract(format!("{MAIL}Content-Type: text/html\r\n\r\n{text}").as_bytes(), ""));
        sound(&extract(format!("{text}\r\n{MAIL}").as_bytes(), ""));
    }

    #[test]
    fn words_of_values_are_read_within_the_caps(
        words in proptest::collection::vec(
            prop_oneof![
                Just("hxxp://"), Just("evil[.]example"), Just("@"), Just("[at]"), Just("(dot)"), Just("."), Just(":443"), Just("/a"),
                Just("203.0.113.7"), Just("::"), Just("/24"), Just(" "), Just("\n"), Just("`"), Just("|"), Just("]("), Just("["), Just(")"),
                Just("0123456789abcdef0123456789abcdef"), Just("CVE-2024-1234"), Just("C:\\x\\y.exe"), Just("HKLM\\a"), Just("%TEMP%\\"),
                Just("\u{200b}"), Just("é"), Just("=?UTF-8?B?aGk=?="), Just("<a href=\""), Just("\">"), Just("&amp;"), Just("<!--"), Just("# Keys\n"),
                Just("```\n"), Just("--b\r\n"), Just("Content-Type: multipart/mixed; boundary=b\r\n"), Just("$HOME/a"), Just("https://"), Just("1.2.3"),
            ],
            0..60,
        )
    ) {
        let text = words.concat();
        sound(&extract(text.as_bytes(), ""));
        sound(&extract(format!("{MAIL}Content-Type: text/html\r\n\r\n{text}").as_bytes(), ""));
        sound(&extract(format!("{MAIL}{text}").as_bytes(), ""));
    }

    #[test]
    fn what_was_defanged_is_found_again(label in "[a-z][a-z0-9]{1,20}", path in "[a-zA-Z0-9]{0,20}") {
        let url = Observable::parse(Kind::Url, &format!("http://{label}.com/{path}")).unwrap();
        let found = extract(format!("It fetched {} twice.", model::defang(url.value())).as_bytes(), "");
        prop_assert!(found.values.iter().any(|one| one.observable == url), "{found:?}");
    }
}
