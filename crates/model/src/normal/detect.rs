//! What kind a bare value is, as a person pastes it into a search box.

use super::{Normal, normalise, refang};
use crate::Kind;

/// Endings that are no top-level domain but those of files that are reported often.
const FILE_ENDINGS: &[&str] = &[
    "exe", "dll", "sys", "doc", "docx", "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "pdf", "rtf", "vbs", "vbe", "js",
    "jse", "ps1", "bat", "cmd", "lnk", "scr", "hta", "iso", "img", "jar", "apk", "msi", "bin", "txt", "rar", "tar",
    "gz", "html", "htm", "php", "aspx", "jsp", "dat", "tmp", "log", "json", "xml", "csv", "elf", "dmg", "pkg", "cpl",
    "ocx", "wsf", "one", "chm", "png", "jpg",
];

pub(crate) fn detect(text: &str) -> Option<(Kind, String)> {
    let text = text.trim();
    let as_kind = |kind: Kind| -> Normal { normalise(kind, text) };
    let hashed = text.bytes().all(|b| b.is_ascii_hexdigit());
    if hashed {
        let kind = match text.len() {
            32 => Some(Kind::Md5),
            40 => Some(Kind::Sha1),
            64 => Some(Kind::Sha256),
            128 => Some(Kind::Sha512),
            70 => Some(Kind::Tlsh),
            _ => None,
        };
        if let Some(kind) = kind {
            return as_kind(kind).ok();
        }
    }
    if let Ok(found) = as_kind(Kind::Ipv4) {
        return Some(found);
    }
    if is_url(text) {
        return as_kind(Kind::Url).ok();
    }
    let ordered = [Kind::Cve, Kind::Tlsh, Kind::Ja4, Kind::Iban, Kind::Btc, Kind::Email];
    if let Some(found) = ordered.into_iter().find_map(|kind| as_kind(kind).ok()) {
        return Some(found);
    }
    let head = |len: usize| text.get(..len).unwrap_or("").to_ascii_lowercase();
    if head(2) == "as" && text.len() > 2 && text.bytes().skip(2).all(|b| b.is_ascii_digit()) {
        return as_kind(Kind::Asn).ok();
    }
    if text.contains([':', '-'])
        && text.len() == 17
        && let Ok(found) = as_kind(Kind::Mac)
    {
        return Some(found);
    }
    if text.starts_with('+')
        && let Ok(found) = as_kind(Kind::Phone)
    {
        return Some(found);
    }
    if head(2) == "hk" && text.contains('\\') {
        return as_kind(Kind::RegistryKey).ok();
    }
    if text.bytes().filter(|&b| b == b':').count() == 2
        && let Ok(found) = as_kind(Kind::Ssdeep)
    {
        return Some(found);
    }
    let path = text.starts_with(['/', '%']) || head(3).ends_with(":\\") || text.starts_with("\\\\");
    if path {
        return as_kind(Kind::FilePath).ok();
    }
    if let Some((host, _)) = text.split_once('/')
        && (normalise(Kind::Domain, host).is_ok() || normalise(Kind::Ipv4, host).is_ok())
    {
        return as_kind(if text.ends_with('/') && text.matches('/').count() == 1 { Kind::Domain } else { Kind::Url })
            .ok();
    }
    let ending = text.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    if ending.is_some_and(|ending| FILE_ENDINGS.contains(&ending.as_str())) {
        return as_kind(Kind::FileName).ok();
    }
    as_kind(Kind::Domain).ok()
}

fn is_url(text: &str) -> bool {
    refang(text).contains("://")
}
