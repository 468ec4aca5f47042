//! Laws and cases of normal forms.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use model::{Kind, Observable, defang, refang};
use proptest::prelude::*;

fn check(kind: Kind, text: &str, expect: &str) {
    check_as(kind, text, kind, expect);
}

fn check_as(kind: Kind, text: &str, expect_kind: Kind, expect: &str) {
    let got = Observable::parse(kind, text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((got.kind(), got.value()), (expect_kind, expect), "{text}");
    assert_eq!(Observable::parse(got.kind(), got.value()).unwrap(), got, "{text}");
}

fn refused(kind: Kind, text: &str) {
    if let Ok(got) = Observable::parse(kind, text) {
        panic!("{text:?} was taken for {got:?}");
    }
}

fn detected(text: &str, kind: Kind, value: &str) {
    let got = Observable::detect(text).unwrap_or_else(|| panic!("{text:?} not known"));
    assert_eq!((got.kind(), got.value()), (kind, value), "{text}");
}

#[test]
fn addresses() {
    check(Kind::Ipv4, "192[.]0[.]2[.]1", "192.0.2.1");
    check(Kind::Ipv4, " 192.0.2.1:8080 ", "192.0.2.1");
    check_as(Kind::Ipv6, "::ffff:192.0.2.1", Kind::Ipv4, "192.0.2.1");
    check_as(Kind::Ipv4, "192.0.2.99/24", Kind::Cidr, "192.0.2.0/24");
    check_as(Kind::Cidr, "192.0.2.99/32", Kind::Ipv4, "192.0.2.99");
    check_as(Kind::Cidr, "::ffff:192.0.2.99/120", Kind::Cidr, "192.0.2.0/24");
    check_as(Kind::Cidr, "::ffff:192.0.2.99/128", Kind::Ipv4, "192.0.2.99");
    for bad in ["::ffff:1.2.3.4/24", "::ffff:1.2.3.4/95", "::ffff:1.2.3.4/96", "1.2.3.4/120", "[::ffff:1.2.3.4]/24"] {
        refused(Kind::Cidr, bad);
    }
    check(Kind::Cidr, "2001:DB8::1/32", "2001:db8::/32");
    check(Kind::Ipv6, "2001:0DB8:0000::0001", "2001:db8::1");
    check(Kind::Ipv6, "[2001:db8::1]:443", "2001:db8::1");
    check(Kind::Ipv6, "fe80::1%eth0", "fe80::1");
    check(Kind::Ipv6, "2001[:]db8[:][:]1", "2001:db8::1");
    for bad in ["", "1.2.3", "1.2.3.256", "1.2.3.4/33", "0.0.0.0/0", "example.com", "01.2.3.4"] {
        refused(Kind::Ipv4, bad);
    }
}

#[test]
fn names() {
    check(Kind::Domain, "EVIL.Example.", "evil.example");
    check(Kind::Domain, "evil[.]example", "evil.example");
    check(Kind::Domain, "_dmarc.evil.example", "_dmarc.evil.example");
    check(Kind::Domain, "bücher.example", "xn--bcher-kva.example");
    check(Kind::Domain, "xn--BCHER-kva.example", "xn--bcher-kva.example");
    check(Kind::Domain, "пример.рф", "xn--e1afmkfd.xn--p1ai");
    check(Kind::Domain, "evil。example", "evil.example");
    check(Kind::Domain, "*.evil.example", "evil.example");
    check(Kind::Domain, "evil.example:8443", "evil.example");
    check_as(Kind::Hostname, "www.evil.example", Kind::Domain, "www.evil.example");
    check(Kind::Hostname, "WS-0042", "ws-0042");
    for bad in
        ["", "localhost", "1.2.3.4", "a..example", "evil.example/path", "two words.example", "a.b", "x.123", "-", "."]
    {
        refused(Kind::Domain, bad);
    }
    refused(Kind::Domain, &"a".repeat(64).repeat(5));
}

#[test]
fn urls() {
    check(Kind::Url, "hxxps[:]//EVIL[.]example:443/Path?Q=A#F", "https://evil.example/Path?Q=A#F");
    check(Kind::Url, "http://evil.example", "http://evil.example/");
    check(Kind::Url, "http://evil.example.:80/a", "http://evil.example/a");
    check(Kind::Url, "http://1.2.3.4/", "http://1.2.3.4/");
    check(Kind::Url, "http://[::ffff:1.2.3.4]:8080/x", "http://1.2.3.4:8080/x");
    check(Kind::Url, "evil.example/login", "http://evil.example/login");
    check(Kind::Url, "http://0x01020304/x", "http://1.2.3.4/x");
    check(Kind::Url, "http://bad_name.evil.example/", "http://bad_name.evil.example/");
    check(Kind::Url, "tcp://EVIL.example:4444", "tcp://evil.example:4444");
    check(Kind::Url, "tcp://EVIL.example.:4444/", "tcp://evil.example:4444");
    check(Kind::Url, "tcp://bücher.example", "tcp://xn--bcher-kva.example");
    check(Kind::Url, "tcp://b%C3%BCcher.example/x", "tcp://xn--bcher-kva.example/x");
    check(Kind::Url, "ldap://[::ffff:1.2.3.4]:389/x", "ldap://1.2.3.4/x");
    for (scheme, port) in [
        ("ssh", 22),
        ("sftp", 22),
        ("ftps", 990),
        ("smb", 445),
        ("ldap", 389),
        ("ldaps", 636),
        ("rtsp", 554),
        ("dns", 53),
        ("socks5", 1080),
    ] {
        check(Kind::Url, &format!("{scheme}://evil.example:{port}/a"), &format!("{scheme}://evil.example/a"));
        check(Kind::Url, &format!("{scheme}://evil.example:{port}/"), &format!("{scheme}://evil.example"));
        check(Kind::Url, &format!("{scheme}://evil.example:4444"), &format!("{scheme}://evil.example:4444"));
    }
    check(Kind::Url, "http://evil.example/%7euser/%c3%bc?q=%2d%2f#%5f", "http://evil.example/~user/%C3%BC?q=-%2F#_");
    check(Kind::Url, "http://evil.example/a/%2e%2E/b", "http://evil.example/b");
    check(Kind::Url, "http://evil.example/%257e%zz%", "http://evil.example/%257e%zz%");
    check(Kind::Url, "hxxp://evil(dot)example/foo(dot)bar", "http://evil.example/foo(dot)bar");
    check(Kind::Url, "hxxp://evil[.]example/a[.]php?x=(at)", "http://evil.example/a.php?x=(at)");
    for bad in [
        "",
        "http://",
        "javascript:alert(1)",
        "mailto:a@b.example",
        "C:\\windows",
        "http://a\u{0}b.example/",
        "just words",
    ] {
        refused(Kind::Url, bad);
    }
}

#[test]
fn mail() {
    check(Kind::Email, "Bad.Guy@EVIL.Example", "bad.guy@evil.example");
    check(Kind::Email, "BU\u{308}ro@evil.example", "b\u{fc}ro@evil.example");
    check(Kind::Email, "a/b(at)evil(dot)example", "a/b@evil.example");
    check(Kind::Email, "bad[at]evil[.]example", "bad@evil.example");
    check(Kind::Email, "\"Bad Guy\" <bad@evil.example>", "bad@evil.example");
    check(Kind::Email, "mailto:bad@bücher.example", "bad@xn--bcher-kva.example");
    check(Kind::EmailSubject, "  Your\t invoice \n 42 ", "Your invoice 42");
    for bad in ["@evil.example", "a@", "a b@evil.example", "a@1.2.3.4", "evil.example"] {
        refused(Kind::Email, bad);
    }
}

#[test]
fn files() {
    check(Kind::Md5, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e");
    refused(Kind::Md5, "d41d8cd98f00b204e9800998ecf8427");
    refused(Kind::Sha1, &"g".repeat(40));
    check(Kind::Sha512, &"A".repeat(128), &"a".repeat(128));
    check(Kind::Ssdeep, "96:abcDEF+/:xyz,\"a.exe\"", "96:abcDEF+/:xyz");
    refused(Kind::Ssdeep, "97:abc:def");
    check(Kind::Tlsh, &"a".repeat(70), &format!("T1{}", "A".repeat(70)));
    check(Kind::Tlsh, &format!("t1{}", "a".repeat(70)), &format!("T1{}", "A".repeat(70)));
    check(Kind::FileName, "\"Invoice.pdf     .EXE\"", "invoice.pdf     .exe");
    check_as(Kind::FileName, "C:/Temp\\\\X.exe", Kind::FilePath, "c:\\temp\\x.exe");
    check(Kind::FilePath, "/tmp//.X11/Run/", "/tmp/.X11/Run");
    check(Kind::FilePath, "\\\\Srv\\Share\\a", "\\\\srv\\share\\a");
    check(Kind::FileName, "Ku\u{308}ndigung.DOC", "k\u{fc}ndigung.doc");
    check(Kind::FilePath, "/tmp/Ku\u{308}ndigung", "/tmp/K\u{fc}ndigung");
    check(Kind::FilePath, "C:\\KU\u{308}N\\a.exe", "c:\\k\u{fc}n\\a.exe");
    check(Kind::RegistryKey, "HKEY_LOCAL_MACHINE\\\\Software\\Run\\", "HKLM\\software\\run");
    check(Kind::RegistryKey, "Computer\\HKEY_CURRENT_USER\\A", "HKCU\\a");
    check(Kind::RegistryKey, "HKLM:\\Software", "HKLM\\software");
    check(Kind::X509Fingerprint, &"AB:".repeat(19).add("AB"), &"ab".repeat(20));
    check(Kind::Mutex, "Global\\X", "Global\\X");
    check(Kind::UserAgent, "Mozilla/5.0  (X)", "Mozilla/5.0 (X)");
}

trait Add {
    fn add(self, tail: &str) -> String;
}

impl Add for String {
    fn add(mut self, tail: &str) -> String {
        self.push_str(tail);
        self
    }
}

#[test]
fn numbers() {
    check(Kind::Asn, "asn 64496", "AS64496");
    check(Kind::Asn, "064496", "AS64496");
    refused(Kind::Asn, "AS99999999999");
    check(Kind::Mac, "00-1A-2b:3C.4D5E", "00:1a:2b:3c:4d:5e");
    check(Kind::Phone, "+44 (0)20 7946 0000", "+442079460000");
    check(Kind::Phone, "0044 20 7946 0000", "+442079460000");
    refused(Kind::Phone, "020 7946 0000");
    check(Kind::Iban, "gb82 west 1234 5698 7654 32", "GB82WEST12345698765432");
    refused(Kind::Iban, "GB82WEST12345698765433");
    check(Kind::Btc, "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT");
    check(Kind::Btc, "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4");
    refused(Kind::Btc, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5");
    refused(Kind::Btc, "0BoatSLRHtKNngkdXEeobR76b53LETtpyT");
    refused(Kind::Btc, "1BoatSLRHtKNngkdXEeobR76b53LETtpyU");
    check(Kind::Btc, "3P14159f73E4gFr7JterCCQh9QjiTjiZrG", "3P14159f73E4gFr7JterCCQh9QjiTjiZrG");
    refused(Kind::Btc, "3P14159f73E4gFr7JterCCQh9QjiTjiZrH");
    let taproot = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0";
    check(Kind::Btc, taproot, taproot);
    // BIP 350: the right checksum of the wrong kind.
    refused(Kind::Btc, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd");
    refused(Kind::Btc, "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL");
    check(Kind::Cve, "cve-2021-44228", "CVE-2021-44228");
    refused(Kind::Cve, "CVE-21-44228");
    check(Kind::Ja4, "T13D1516H2_8DAAF6152771_B186095E22B6", "t13d1516h2_8daaf6152771_b186095e22b6");
    check(Kind::Account, "@EvilBot", "evilbot");
}

#[test]
fn bare_values_are_known() {
    detected("192.0.2.1", Kind::Ipv4, "192.0.2.1");
    detected("192.0.2.1:443", Kind::Ipv4, "192.0.2.1");
    detected("192.0.2.0/24", Kind::Cidr, "192.0.2.0/24");
    detected("2001:db8::1", Kind::Ipv6, "2001:db8::1");
    detected("hxxp://evil[.]example/a", Kind::Url, "http://evil.example/a");
    detected("evil.example/a", Kind::Url, "http://evil.example/a");
    detected("EVIL[.]example", Kind::Domain, "evil.example");
    detected("bad@evil.example", Kind::Email, "bad@evil.example");
    detected("d41d8cd98f00b204e9800998ecf8427e", Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e");
    detected("CVE-2021-44228", Kind::Cve, "CVE-2021-44228");
    detected("as64496", Kind::Asn, "AS64496");
    detected("HKCU\\Software\\X", Kind::RegistryKey, "HKCU\\software\\x");
    detected("invoice.exe", Kind::FileName, "invoice.exe");
    detected("C:\\Temp\\a.exe", Kind::FilePath, "c:\\temp\\a.exe");
    detected("00:1a:2b:3c:4d:5e", Kind::Mac, "00:1a:2b:3c:4d:5e");
    detected("+442079460000", Kind::Phone, "+442079460000");
    assert_eq!(Observable::detect("hello world"), None);
    assert_eq!(Observable::detect(""), None);
}

const CLICKABLE: &[Kind] = &[Kind::Ipv4, Kind::Ipv6, Kind::Cidr, Kind::Domain, Kind::Hostname, Kind::Url, Kind::Email];

fn seeds() -> Vec<&'static str> {
    vec![
        "hxxps://evil[.]example:443/Pa[.]th?q=(at)#f",
        "http://[::ffff:1.2.3.4]/",
        "evil.example",
        "xn--bcher-kva.example",
        "bücher。example.",
        "192.0.2.1/24",
        "2001:DB8::1",
        "::ffff:1.2.3.4",
        "a@evil.example",
        "HKEY_LOCAL_MACHINE\\Software",
        "C:\\a\\\\b",
        "/a//b/",
        "d41d8cd98f00b204e9800998ecf8427e",
        "96:abc:def",
        "AS64496",
        "00:1a:2b:3c:4d:5e",
        "+44 20 7946 0000",
        "GB82WEST12345698765432",
        "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        "CVE-2021-44228",
        "\"İnvoice.EXE\"",
        "@Handle",
        "t13d1516h2_8daaf6152771_b186095e22b6",
        "[[[.]]]",
        "\\[.\\]",
        "h**p://",
        "http://a/[.x/../.]",
        "tcp://bücher.example:22/%7e%2e",
        "ssh://evil.example:22/a(dot)b",
        "http://evil.example/%%37e[.]%c3",
        "Ku\u{308}ndigung.doc",
        "*.*.evil.example",
        "..evil.example:80:80",
        "<http://evil.example/>",
    ]
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(seeds()).prop_map(str::to_owned),
        "[a-zA-Z0-9.:/@\\[\\](){}\\\\_%*<>\"' -]{0,12}",
        "\\PC{0,6}",
        any::<char>().prop_map(String::from),
    ];
    prop_oneof![
        proptest::collection::vec(piece, 0..5).prop_map(|parts| parts.concat()),
        (proptest::sample::select(seeds()), any::<proptest::sample::Index>(), any::<char>()).prop_map(
            |(seed, at, c)| {
                let mut chars: Vec<char> = seed.chars().collect();
                let at = at.index(chars.len());
                chars[at] = c;
                chars.into_iter().collect()
            }
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn normal_forms_are_stable(text in text()) {
        for &kind in Kind::ALL {
            if let Ok(first) = Observable::parse(kind, &text) {
                let again = Observable::parse(first.kind(), first.value());
                prop_assert_eq!(again.as_ref().ok(), Some(&first), "{:?} of {:?}", kind, text);
                prop_assert!(first.value().len() <= model::VALUE_BYTES_MAX);
                if CLICKABLE.contains(&first.kind()) {
                    prop_assert_eq!(refang(&defang(first.value())), first.value());
                    prop_assert_eq!(Observable::parse(first.kind(), &defang(first.value())).ok(), Some(first));
                }
            }
        }
        if let Some(found) = Observable::detect(&text) {
            prop_assert_eq!(Observable::parse(found.kind(), found.value()).ok(), Some(found));
        }
        let _ = refang(&text);
    }
}
