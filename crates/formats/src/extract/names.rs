//! Names that are no domains, domains that are no indicators, addresses that are somebody's own: decided by lists and rules.

use std::net::IpAddr;

use model::{Kind, Observable};

use super::Mark;

/// Endings of files that run. A name with one is worth reporting wherever it stands.
const PROGRAMS: &[&str] = &[
    "exe", "dll", "sys", "scr", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "jse", "wsf", "wsh", "hta", "lnk", "cpl",
    "ocx", "msi", "msix", "apk", "ipa", "jar", "dylib", "elf", "dmg", "pif", "chm", "xll", "iso", "img", "vhd", "vhdx",
];
/// Endings of files that carry programs to people: worth reporting in a letter that tells of a mail or a download.
const CARRIERS: &[&str] = &[
    "doc", "docm", "docx", "xls", "xlsm", "xlsx", "xlsb", "ppt", "pptx", "pptm", "pdf", "rtf", "zip", "rar", "7z",
    "ace", "cab", "gz", "html", "htm", "mht", "one", "svg", "eml", "msg", "js", "tar", "arj", "lzh", "z",
];
/// Other endings of files, which are no top-level domains.
const OTHERS: &[&str] = &[
    "txt", "csv", "tsv", "json", "xml", "yaml", "yml", "yar", "yara", "log", "dat", "tmp", "bin", "png", "jpg", "jpeg",
    "gif", "bmp", "ico", "svg", "php", "asp", "aspx", "jsp", "css", "ts", "c", "h", "cpp", "hpp", "java", "class",
    "go", "rb", "conf", "cfg", "ini", "plist", "enc", "bak", "old", "db", "sqlite", "pcap", "pcapng", "evtx", "patch",
    "diff", "adoc", "rst", "stix2", "ioc", "rules", "idb", "pid", "lock", "service", "jpe", "mp3", "mp4", "wav", "avi",
    "key", "pem", "crt", "der", "cer", "p12", "pfx", "asc", "sig", "dex", "swf", "fla", "bmp", "tif", "tiff", "webp",
    "woff", "ttf", "inf", "reg", "ics", "vcf", "enc", "out", "exp", "def", "man", "mui", "nls", "ax", "drv", "efi",
    "ko", "o",
];
/// Endings that are both a top-level domain and that of files. Plain names of two labels with one are files.
const BOTH: &[&str] = &["zip", "mov", "sh", "py", "pl", "rs", "md", "so", "ps", "cab", "ai", "cc", "app", "pub"];
/// Of those, the ones that are domains far more often.
const BOTH_MOSTLY_DOMAIN: &[&str] = &["ai", "cc", "app", "pub", "sh"];

/// Products that are written like domains or files.
const PRODUCTS: &[&str] = &[
    "asp.net",
    "vb.net",
    "ado.net",
    "node.js",
    "vue.js",
    "react.js",
    "next.js",
    "three.js",
    "d3.js",
    "express.js",
    "socket.io",
    "ml.net",
    "paint.net",
    "system.net",
    "setup.py",
    "readme.md",
    "requirements.txt",
    "booking.com",
];
/// Programs of the system, which attacks use and which say nothing.
const SYSTEM_PROGRAMS: &[&str] = &[
    "cmd.exe",
    "powershell.exe",
    "pwsh.exe",
    "rundll32.exe",
    "regsvr32.exe",
    "svchost.exe",
    "explorer.exe",
    "lsass.exe",
    "services.exe",
    "winlogon.exe",
    "wininit.exe",
    "csrss.exe",
    "smss.exe",
    "spoolsv.exe",
    "taskhost.exe",
    "conhost.exe",
    "dllhost.exe",
    "mshta.exe",
    "wscript.exe",
    "cscript.exe",
    "certutil.exe",
    "bitsadmin.exe",
    "schtasks.exe",
    "net.exe",
    "net1.exe",
    "sc.exe",
    "reg.exe",
    "wmic.exe",
    "msiexec.exe",
    "notepad.exe",
    "iexplore.exe",
    "chrome.exe",
    "firefox.exe",
    "msedge.exe",
    "outlook.exe",
    "winword.exe",
    "excel.exe",
    "powerpnt.exe",
    "kernel32.dll",
    "ntdll.dll",
    "user32.dll",
    "advapi32.dll",
    "ws2_32.dll",
    "wininet.dll",
    "winhttp.dll",
    "shell32.dll",
    "amsi.dll",
    "crypt32.dll",
    "psexec.exe",
    "whoami.exe",
    "ipconfig.exe",
    "ping.exe",
    "nltest.exe",
    "tasklist.exe",
    "taskkill.exe",
    "w3wp.exe",
    "userinit.exe",
    "msbuild.exe",
    "installutil.exe",
    "sethc.exe",
    "lsm.exe",
    "taskmgr.exe",
    "wuauclt.exe",
    "gdi32.dll",
    "ole32.dll",
    "msvcrt.dll",
    "kernelbase.dll",
    "secur32.dll",
    "sspicli.dll",
    "urlmon.dll",
    "iphlpapi.dll",
    "dnsapi.dll",
];
/// Paths that every system has.
const SYSTEM_PATHS: &[&str] = &[
    "/dev/null",
    "/dev/tcp",
    "/bin/sh",
    "/bin/bash",
    "/usr/bin/env",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/hosts",
    "/usr/bin/python",
    "/usr/bin/perl",
    "/usr/bin/python3",
    "/etc/crontab",
    "/etc/resolv.conf",
    "/proc/self",
    "/bin/ls",
    "/usr/bin/curl",
    "/usr/bin/wget",
    "/usr/sbin/sshd",
    "/etc/os-release",
    "/dev/urandom",
    "/dev/random",
];
/// First folders of Unix paths.
const ROOTS: &[&str] = &[
    "bin",
    "boot",
    "data",
    "dev",
    "etc",
    "home",
    "lib",
    "lib64",
    "Library",
    "mnt",
    "opt",
    "private",
    "proc",
    "root",
    "run",
    "sbin",
    "sdcard",
    "srv",
    "storage",
    "sys",
    "System",
    "tmp",
    "Users",
    "usr",
    "var",
    "Applications",
    "Volumes",
];

/// Hosts, with everything under them, whose plain links are everyday: standards, platforms, pictures.
const EVERYDAY_HOSTS: &[&str] = &[
    "w3.org",
    "schemas.microsoft.com",
    "schemas.openxmlformats.org",
    "schema.org",
    "xmlns.com",
    "purl.org",
    "ogp.me",
    "fonts.googleapis.com",
    "ajax.googleapis.com",
    "gstatic.com",
    "wikimedia.org",
    "wikipedia.org",
    "facebook.com",
    "fbcdn.net",
    "fb.com",
    "twitter.com",
    "x.com",
    "instagram.com",
    "linkedin.com",
    "licdn.com",
    "youtube.com",
    "youtu.be",
    "www.google.com",
    "google.com",
    "support.google.com",
    "groups.google.com",
    "play.google.com",
    "apps.apple.com",
    "itunes.apple.com",
    "www.apple.com",
    "microsoft.com",
    "go.microsoft.com",
    "office.com",
    "live.com",
    "outlook.com",
    "aka.ms",
    "mozilla.org",
    "cloudflare.com",
    "cdnjs.cloudflare.com",
    "jsdelivr.net",
    "unpkg.com",
    "jquery.com",
    "bootstrapcdn.com",
    "gravatar.com",
    "attack.mitre.org",
    "cve.mitre.org",
    "nvd.nist.gov",
    "virustotal.com",
    "openphish.com",
    "pinterest.com",
    "whatsapp.com",
    "wa.me",
    "gov.uk",
    "ncsc.gov.uk",
];
/// Of those, the ones that count themselves but whose sub-domains anybody may fill.
const EVERYDAY_ITSELF: &[&str] =
    &["google.com", "live.com", "outlook.com", "office.com", "microsoft.com", "cloudflare.com"];

/// Mail services that carry anybody's mail: their hosts and addresses name no attacker.
const MAIL_SERVICES: &[&str] = &[
    "google.com",
    "googlegroups.com",
    "googlemail.com",
    "gmail.com",
    "gappssmtp.com",
    "outlook.com",
    "office365.com",
    "hotmail.com",
    "microsoft.com",
    "exchangelabs.com",
    "amazonses.com",
    "mailgun.net",
    "mailgun.org",
    "sendgrid.net",
    "sendgrid.com",
    "mcsv.net",
    "mcdlv.net",
    "rsgsv.net",
    "mailchimpapp.net",
    "mandrillapp.com",
    "sparkpostmail.com",
    "yahoo.com",
    "yahoodns.net",
    "icloud.com",
    "me.com",
    "apple.com",
    "zoho.com",
    "zoho.eu",
    "zohomail.com",
    "hubspotemail.net",
    "constantcontact.com",
    "ccsend.com",
    "sender-sib.com",
    "sendinblue.com",
    "brevo.com",
    "mailjet.com",
    "mtasv.net",
    "postmarkapp.com",
    "aol.com",
    "gmx.net",
    "gmx.com",
    "gmx.de",
    "web.de",
    "t-online.de",
    "kundenserver.de",
    "ionos.com",
    "qq.com",
    "163.com",
    "126.com",
    "aliyun.com",
    "yandex.ru",
    "yandex.net",
    "mail.ru",
    "secureserver.net",
    "protonmail.ch",
    "proton.me",
    "pphosted.com",
    "mimecast.com",
    "messagelabs.com",
    "exacttarget.com",
    "onmicrosoft.com",
    "firebaseapp.com",
    "ovh.net",
    "orange.fr",
    "btinternet.com",
    "comcast.net",
    "salesforce.com",
    "icloud-content.com",
    "hostedemail.com",
    "emailsrvr.com",
    "elasticemail.com",
    "smtp2go.com",
    "barracudanetworks.com",
    "iphmx.com",
];
/// Names under these exist in somebody's own network only.
const INTERNAL_ENDINGS: &[&str] =
    &["local", "internal", "lan", "localhost", "localdomain", "home", "corp", "intranet", "home.arpa"];
/// Names that documents use as examples.
const DOCUMENTATION: &[&str] = &["example.com", "example.net", "example.org"];
/// Endings that resolve somewhere without being in the public suffix list.
const OTHER_ENDINGS: &[&str] = &["onion", "i2p", "bit", "eth", "example", "test", "bazar", "lib", "coin", "emc"];

fn has(list: &[&str], word: &str) -> bool {
    list.iter().any(|one| one.eq_ignore_ascii_case(word))
}

/// Whether `host` is `parent` or lies under it.
pub(super) fn under(host: &str, parent: &str) -> bool {
    host.len() >= parent.len()
        && host.get(host.len() - parent.len()..).is_some_and(|end| end.eq_ignore_ascii_case(parent))
        && (host.len() == parent.len() || host.as_bytes().get(host.len() - parent.len() - 1) == Some(&b'.'))
}

/// What the ending of a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// A domain.
    Domain,
    /// A file that runs.
    Program,
    /// A file that carries programs.
    Carrier,
    /// Any other file.
    File,
    /// Nothing known.
    None,
}

/// What a name with a dot ends as. `plain` names of two labels lean to files where both are possible.
pub(super) fn ending(name: &str, plain: bool) -> Ending {
    let Some((before, last)) = name.rsplit_once('.') else { return Ending::None };
    if has(BOTH, last) && !before.contains('.') && plain && !has(BOTH_MOSTLY_DOMAIN, last) {
        return if has(CARRIERS, last) { Ending::Carrier } else { Ending::File };
    }
    if is_public(name) {
        return Ending::Domain;
    }
    file_ending(last)
}

/// What kind of file an ending belongs to.
pub(super) fn file_ending(last: &str) -> Ending {
    if has(PROGRAMS, last) {
        Ending::Program
    } else if has(CARRIERS, last) {
        Ending::Carrier
    } else if has(OTHERS, last) || has(BOTH, last) {
        Ending::File
    } else {
        Ending::None
    }
}

/// Whether a name ends in a public suffix, or one that resolves elsewhere, and has a label before it.
pub(super) fn is_public(name: &str) -> bool {
    let bytes = name.as_bytes();
    let lowered;
    let bytes = if bytes.iter().any(u8::is_ascii_uppercase) {
        lowered = name.to_ascii_lowercase();
        lowered.as_bytes()
    } else {
        bytes
    };
    let last = bytes.rsplit(|&b| b == b'.').next().unwrap_or_default();
    if OTHER_ENDINGS.iter().any(|ending| ending.as_bytes() == last) {
        return bytes.len() > last.len() + 1;
    }
    psl::suffix(bytes).is_some_and(|suffix| suffix.is_known() && suffix.typ().is_some())
}

/// The domain under which a host was registered.
pub(super) fn registered(host: &str) -> &str {
    psl::domain_str(host).unwrap_or(host)
}

pub(super) fn is_product(name: &str) -> bool {
    has(PRODUCTS, name)
}

pub(super) fn is_mail_service(host: &str) -> bool {
    MAIL_SERVICES.iter().any(|service| under(host, service))
}

/// `com.example.app`: a domain turned round, as packages and services are named.
pub(super) fn is_package(name: &str) -> bool {
    let mut labels = name.split('.');
    let first = labels.next().unwrap_or_default();
    labels.count() >= 2
        && has(&["com", "org", "net", "android", "java", "javax", "sun", "io", "gov", "edu", "eu"], first)
}

/// Whether a path begins where paths of Unix systems begin.
pub(super) fn is_unix_path(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('/') else {
        return text.starts_with("$HOME/") || text.starts_with("~/");
    };
    rest.split_once('/').is_some_and(|(root, rest)| ROOTS.contains(&root) && !rest.is_empty())
}

/// The host of a URL in normal form.
pub(super) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.starts_with('[') {
        host.split_once(']').map_or(host, |(inside, _)| inside.trim_start_matches('['))
    } else {
        host.split(':').next().unwrap_or_default()
    }
}

fn everyday_host(host: &str) -> bool {
    let www = host.strip_prefix("www.").unwrap_or(host);
    EVERYDAY_HOSTS.iter().any(|one| if EVERYDAY_ITSELF.contains(one) { www == *one } else { under(host, one) })
}

/// The mark that a value earns by itself. What was defanged was meant by somebody, and is not taken for everyday.
pub(super) fn own_mark(observable: &Observable, defanged: bool) -> Mark {
    let value = observable.value();
    let mark = match observable.kind() {
        Kind::Ipv4 | Kind::Ipv6 => value.parse().map_or(Mark::Offered, |addr| address_mark(addr, defanged)),
        Kind::Cidr => value
            .split_once('/')
            .and_then(|(addr, _)| addr.parse().ok())
            .map_or(Mark::Offered, |addr| address_mark(addr, defanged)),
        Kind::Domain | Kind::Hostname => host_mark(value),
        Kind::Url => {
            let host = host_of(value);
            host.parse().map_or_else(|_| host_mark(host), |addr| address_mark(addr, defanged))
        }
        Kind::Email => match value.rsplit_once('@') {
            Some((_, host)) if is_internal_name(host) => Mark::Internal,
            Some((_, host)) if DOCUMENTATION.iter().any(|one| under(host, one)) => Mark::Everyday,
            _ => Mark::Offered,
        },
        Kind::FileName if has(SYSTEM_PROGRAMS, value) => Mark::Everyday,
        Kind::FilePath if SYSTEM_PATHS.contains(&value) => Mark::Everyday,
        Kind::FilePath if value.starts_with("\\\\") => Mark::Internal,
        Kind::Md5 if value == "d41d8cd98f00b204e9800998ecf8427e" => Mark::Everyday,
        Kind::Sha1 if value == "da39a3ee5e6b4b0d3255bfef95601890afd80709" => Mark::Everyday,
        Kind::Sha256 if value == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" => Mark::Everyday,
        Kind::Mac => Mark::Internal,
        _ => Mark::Offered,
    };
    if defanged && mark == Mark::Everyday { Mark::Offered } else { mark }
}

fn is_internal_name(host: &str) -> bool {
    INTERNAL_ENDINGS.iter().any(|ending| under(host, ending))
}

fn host_mark(host: &str) -> Mark {
    if is_internal_name(host) {
        Mark::Internal
    } else if everyday_host(host) || DOCUMENTATION.iter().any(|one| under(host, one)) {
        Mark::Everyday
    } else {
        Mark::Offered
    }
}

/// Private addresses are internal; those of resolvers, groups and documentation are everyday.
pub(super) fn address_mark(addr: IpAddr, defanged: bool) -> Mark {
    let everyday = match addr {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            if v4.is_private() || v4.is_loopback() || v4.is_link_local() || (a == 100 && (64..128).contains(&b)) {
                return Mark::Internal;
            }
            v4.is_documentation()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_unspecified()
                || a == 0
                || ["8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"].contains(&v4.to_string().as_str())
        }
        IpAddr::V6(v6) => {
            let first = v6.segments().first().copied().unwrap_or(0);
            if v6.is_loopback() || (first & 0xfe00) == 0xfc00 || (first & 0xffc0) == 0xfe80 {
                return Mark::Internal;
            }
            v6.is_multicast() || v6.is_unspecified() || v6.segments().starts_with(&[0x2001, 0xdb8])
        }
    };
    if everyday && !defanged { Mark::Everyday } else { Mark::Offered }
}

/// Whether an address can be one of an attacker: public, and none of a network's own.
pub(super) fn is_foreign(addr: IpAddr) -> bool {
    address_mark(addr, true) == Mark::Offered && !addr.is_multicast() && !addr.is_unspecified()
}
