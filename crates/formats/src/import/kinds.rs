//! The names that tables, MISP and others give to kinds of values.

use model::{Kind, Observable};

/// What the name of a type means.
pub(super) enum Named {
    /// One kind.
    Kind(Kind),
    /// Two values in one text, parted by a bar (or `first` alone if there is none).
    Pair(Option<Kind>, Option<Kind>),
    /// A hash of a file whose length tells which.
    Hash,
    /// Known, and refused: it looks like a kind that it must not be taken for. Why, for a person.
    Refused(&'static str),
    /// Known, but no observable: comments, links, sizes.
    NoValue,
}

impl Named {
    /// Whether values of it are read.
    pub const fn is_read(&self) -> bool {
        !matches!(self, Self::NoValue)
    }
}

/// Reads the name of a type in any spelling.
pub(super) fn named(name: &str) -> Option<Named> {
    use Kind as K;
    let mut folded = String::with_capacity(name.len());
    for c in name.trim().chars().take(64) {
        match c {
            '-' | '_' | ' ' | ':' | '.' => {}
            _ => folded.push(c.to_ascii_lowercase()),
        }
    }
    let folded = if folded == "filehash" { "hash" } else { folded.strip_prefix("filehash").unwrap_or(&folded) };
    let kind = match folded {
        "ip" | "ipv4" | "ipv6" | "ipsrc" | "ipdst" | "ipaddress" | "ipv4addr" | "ipv6addr" | "ipaddr" | "address"
        | "cidr" | "netblock" | "ipv4cidr" | "ipsubnet" | "ipnet" | "network" => K::Ipv4,
        "domain" | "fqdn" | "domainname" | "dns" | "hostname" | "host" => {
            if folded.starts_with("host") {
                K::Hostname
            } else {
                K::Domain
            }
        }
        "url" | "uri" | "link2" | "maliciousurl" => K::Url,
        "email" | "emailaddress" | "emailaddr" | "emailsrc" | "emaildst" | "emailreplyto" | "mail" | "targetemail" => {
            K::Email
        }
        "emailsubject" | "subject" => K::EmailSubject,
        "md5" | "hashmd5" | "md5hash" => K::Md5,
        "sha1" | "hashsha1" | "sha1hash" => K::Sha1,
        "sha256" | "hashsha256" | "sha256hash" => K::Sha256,
        "sha512" | "hashsha512" | "sha512hash" => K::Sha512,
        "ssdeep" => K::Ssdeep,
        "tlsh" => K::Tlsh,
        "imphash" => K::Imphash,
        "filename" | "file" | "emailattachment" => K::FileName,
        "filepath" | "path" | "directory" => K::FilePath,
        "regkey" | "registrykey" | "registry" | "windowsregistrykey" => K::RegistryKey,
        "mutex" | "mutexname" => K::Mutex,
        "useragent" | "httpuseragent" => K::UserAgent,
        "ja3" | "ja3fingerprintmd5" => K::Ja3,
        // By its look it is an MD5 or a JA3, and neither ever meets it.
        "ja3s" | "ja3sfingerprintmd5" | "ja3sfingerprint" | "ja3shash" => {
            return Some(Named::Refused("a JA3S (a server's fingerprint) is no JA3 and has no kind of its own yet"));
        }
        "ja4" => K::Ja4,
        "as" | "asn" | "autonomoussystem" => K::Asn,
        "x509fingerprint" | "x509fingerprintsha1" | "x509fingerprintsha256" | "certificatefingerprint" => {
            K::X509Fingerprint
        }
        "mac" | "macaddress" | "macaddr" => K::Mac,
        "phone" | "phonenumber" | "telephone" => K::Phone,
        "iban" => K::Iban,
        "btc" | "bitcoin" | "bitcoinaddress" => K::Btc,
        "cve" | "vulnerability" => K::Cve,
        "account" | "username" | "useraccount" | "jabberid" | "twitterid" | "githubusername" => K::Account,
        "hash" => return Some(Named::Hash),
        "filename|md5" => return Some(Named::Pair(Some(K::FileName), Some(K::Md5))),
        "filename|sha1" => return Some(Named::Pair(Some(K::FileName), Some(K::Sha1))),
        "filename|sha256" => return Some(Named::Pair(Some(K::FileName), Some(K::Sha256))),
        "filename|sha512" => return Some(Named::Pair(Some(K::FileName), Some(K::Sha512))),
        "filename|ssdeep" => return Some(Named::Pair(Some(K::FileName), Some(K::Ssdeep))),
        "filename|tlsh" => return Some(Named::Pair(Some(K::FileName), Some(K::Tlsh))),
        "filename|imphash" => return Some(Named::Pair(Some(K::FileName), Some(K::Imphash))),
        "malwaresample" => return Some(Named::Pair(Some(K::FileName), Some(K::Md5))),
        "domain|ip" => return Some(Named::Pair(Some(K::Domain), Some(K::Ipv4))),
        "ipdst|port" | "ipsrc|port" | "ip|port" => return Some(Named::Pair(Some(K::Ipv4), None)),
        "hostname|port" => return Some(Named::Pair(Some(K::Hostname), None)),
        "regkey|value" => return Some(Named::Pair(Some(K::RegistryKey), None)),
        "text"
        | "comment"
        | "link"
        | "other"
        | "port"
        | "float"
        | "sizeinbytes"
        | "mimetype"
        | "counter"
        | "datetime"
        | "attachment"
        | "boolean"
        | "hex"
        | "malwaretype"
        | "yara"
        | "snort"
        | "sigma"
        | "pattern"
        | "patterninfile"
        | "patternintraffic"
        | "patterninmemory"
        | "campaignname"
        | "threatactor"
        | "targetorg"
        | "targetuser"
        | "targetmachine"
        | "targetlocation"
        | "targetexternal"
        | "pdb"
        | "size"
        | "compilationtime"
        | "entropy"
        | "cpe"
        | "weakness"
        | "stix2pattern"
        | "identity"
        | "antivirus"
        | "campaignid"
        | "internalreference"
        | "whoisregistrar"
        | "whoiscreationdate"
        | "whoisregistrantname"
        | "whoisregistrantorg"
        | "emailbody"
        | "emailheader"
        | "emailxmailer"
        | "emailmessageid"
        | "emailmimeboundary"
        | "emailthreadindex"
        | "emailsrcdisplayname"
        | "emaildstdisplayname"
        | "httpmethod"
        | "malware"
        | "named pipe"
        | "namedpipe"
        | "windowsservicename"
        | "windowsscheduledtask"
        | "githubrepository"
        | "filenamepattern"
        | "mobileapplicationid"
        | "firstname"
        | "lastname"
        | "fullname"
        | "nationality"
        | "processstate"
        | "impfuzzy"
        | "filename|impfuzzy"
        | "sha224"
        | "sha384"
        | "sha3256"
        | "authentihash"
        | "pehash"
        | "vhash"
        | "telfhash"
        | "gitcommitid"
        | "cookie"
        | "prtn"
        | "bin"
        | "bro"
        | "zeek"
        | "email body" => return Some(Named::NoValue),
        _ => return None,
    };
    Some(Named::Kind(kind))
}

/// Reads a value of a named type; one outcome a value in it.
pub(super) fn read(named: &Named, text: &str) -> Vec<Result<Observable, String>> {
    let one = read_one;
    match named {
        Named::Kind(kind) => vec![one(*kind, text)],
        Named::Pair(first, second) => {
            let (head, tail) = text.rsplit_once('|').unwrap_or((text, ""));
            let pair = [(first, head), (second, tail)];
            pair.into_iter()
                .filter(|(_, part)| !part.is_empty())
                .filter_map(|(kind, part)| kind.map(|kind| one(kind, part)))
                .collect()
        }
        Named::Hash => vec![read_hash(text)],
        Named::Refused(why) => vec![Err((*why).to_owned())],
        Named::NoValue => Vec::new(),
    }
}

fn read_hash(text: &str) -> Result<Observable, String> {
    let text = text.trim();
    let kind = match text.len() {
        32 => Kind::Md5,
        40 => Kind::Sha1,
        64 => Kind::Sha256,
        128 => Kind::Sha512,
        digits => return Err(format!("a hash of {digits} digits is of no kind that is read")),
    };
    read_one(kind, text)
}

/// Reads a value of `kind`, or of a neighbour that feeds confuse it with.
pub(super) fn read_one(kind: Kind, text: &str) -> Result<Observable, String> {
    Observable::parse(kind, text).or_else(|error| neighbour(kind, text).ok_or_else(|| error.to_string()))
}

/// Feeds call one thing by its neighbour's name: an address in a domain column, a URL in a host column.
fn neighbour(kind: Kind, text: &str) -> Option<Observable> {
    let others: &[Kind] = match kind {
        Kind::Domain | Kind::Hostname => &[Kind::Ipv4, Kind::Url],
        Kind::Ipv4 => &[Kind::Domain, Kind::Url],
        Kind::Url => &[Kind::Ipv4, Kind::Domain],
        Kind::FileName => &[Kind::FilePath],
        _ => &[],
    };
    others.iter().find_map(|&other| Observable::parse(other, text).ok())
}
