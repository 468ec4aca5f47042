//! The kinds of observable and their names in data.

use crate::sector::named;

named!(
    /// What sort of technical fact an observable is.
    ///
    /// `Ja3` is the fingerprint of a client's hello. JA3S, that of a server's answer, looks the same (an MD5) and is no
    /// JA3: a value of one never matches the other, so it must not be filed under this kind, and has none of its own yet.
    Kind {
        Ipv4 => "ipv4", "IPv4 address";
        Ipv6 => "ipv6", "IPv6 address";
        Cidr => "cidr", "address range";
        Domain => "domain", "domain";
        Hostname => "hostname", "host name";
        Url => "url", "URL";
        Email => "email", "e-mail address";
        EmailSubject => "email-subject", "mail subject";
        Md5 => "md5", "MD5";
        Sha1 => "sha1", "SHA-1";
        Sha256 => "sha256", "SHA-256";
        Sha512 => "sha512", "SHA-512";
        Ssdeep => "ssdeep", "ssdeep";
        Tlsh => "tlsh", "TLSH";
        Imphash => "imphash", "import hash";
        FileName => "file-name", "file name";
        FilePath => "file-path", "file path";
        RegistryKey => "registry-key", "registry key";
        Mutex => "mutex", "mutex";
        UserAgent => "user-agent", "user agent";
        Ja3 => "ja3", "JA3";
        Ja4 => "ja4", "JA4";
        Asn => "asn", "AS number";
        X509Fingerprint => "x509-fingerprint", "certificate fingerprint";
        Mac => "mac", "MAC address";
        Phone => "phone", "telephone number";
        Iban => "iban", "IBAN";
        Btc => "btc", "Bitcoin address";
        Cve => "cve", "CVE";
        Account => "account", "account";
    }
);
