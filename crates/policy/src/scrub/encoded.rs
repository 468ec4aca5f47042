//! What links and mails hide names behind: percent-encoding, base64, defanging.

/// How often percent-encoding is undone: links within links are encoded again at each step.
const DECODED_MAX: usize = 3;
/// Shortest run of letters that is read as base64: shorter ones hold no mail address.
const BASE64_CHARS_MIN: usize = 12;

/// Undoes percent-encoding, also where it was done several times; what is no UTF-8 after that becomes a sign of its own.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..DECODED_MAX {
        if !text.contains('%') {
            break;
        }
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
            match (first, digit(0), digit(1)) {
                (b'%', Some(high), Some(low)) => {
                    bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                    rest = after.get(2..).unwrap_or_default();
                }
                _ => {
                    bytes.push(*first);
                    rest = after;
                }
            }
        }
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    text
}

/// What runs of letters say as base64, where that is text: links to false log-in pages carry the victim's address so.
pub(super) fn base64_texts(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '_'))
        .filter(|run| run.len() >= BASE64_CHARS_MIN)
        .filter_map(|run| {
            let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::new());
            for byte in run.bytes() {
                let six = match byte {
                    b'A'..=b'Z' => byte - b'A',
                    b'a'..=b'z' => byte - b'a' + 26,
                    b'0'..=b'9' => byte - b'0' + 52,
                    b'+' | b'-' => 62,
                    _ => 63,
                };
                bits = ((bits << 6) | u32::from(six)) & 0xff_ffff;
                held += 6;
                if held >= 8 {
                    held -= 8;
                    bytes.push(u8::try_from((bits >> held) & 0xff).unwrap_or_default());
                }
            }
            String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
        })
        .collect()
}

/// A word as it was before somebody made it harmless: `hxxp`, `[.]`, `(dot)`.
pub(super) fn refanged(word: &str) -> String {
    let mut plain = word.to_lowercase();
    if plain.contains(['[', '(', '{']) {
        for dot in ["[.]", "(.)", "{.}", "[dot]", "(dot)", "{dot}"] {
            plain = plain.replace(dot, ".");
        }
        for at in ["[@]", "(@)", "[at]", "(at)", "{at}"] {
            plain = plain.replace(at, "@");
        }
        plain = plain.replace("[:]", ":").replace("[://]", "://");
    }
    if plain.contains("hxxp") { plain.replace("hxxp", "http") } else { plain }
}
