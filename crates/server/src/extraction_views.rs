//! What is told of a text or file that somebody pasted or dropped: its values, and what was left out.

use serde::Serialize;
use utoipa::ToSchema;

/// A value that a document holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a reason of its own not to offer the value")]
pub struct ExtractedValue {
    /// Its kind, as a report names it.
    pub kind: String,
    /// Its normal form.
    pub value: String,
    /// The same, so that nobody clicks it by mistake.
    pub defanged: String,
    /// Where it stood first, in words.
    pub place: String,
    /// Line of that, where there are lines.
    pub line: Option<u32>,
    /// Whether it is offered: none of the reasons below speaks against it.
    pub offered: bool,
    /// It names you: an address of the mail's recipient, or something of your organisation's.
    pub own: bool,
    /// It lies in somebody's own network.
    pub internal: bool,
    /// Everybody has it.
    pub everyday: bool,
    /// Why it would be held if it were reported.
    pub why: Option<String>,
}

/// Something that looks like a value and was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeftOutView {
    /// How it stood there, at most 200 characters.
    pub text: String,
    /// Name of the rule, as `docs/extraction.md` describes it.
    pub rule: String,
    /// The rule in a sentence.
    pub why: String,
    /// Where it stood first, in words.
    pub place: String,
    /// Line of that, where there are lines.
    pub line: Option<u32>,
}

/// An attachment of a mail. It is neither opened nor kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttachmentView {
    /// Its name, without folders.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// What it is by its content.
    pub what: String,
    /// Whether its name says something else than its content.
    pub disguised: bool,
    /// SHA-256.
    pub sha256: String,
    /// MD5.
    pub md5: String,
    /// Names that an archive lists.
    pub lists: Vec<String>,
    /// Whether the archive asks for a password.
    pub encrypted: bool,
}

/// What a mail says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExtractedMail {
    /// Its subject.
    pub subject: String,
    /// Address that it says it is from.
    pub from: String,
    /// Verdict of your mail gateway on the sending machine, such as `pass` or `fail`; empty if it noted none.
    pub spf: String,
    /// Verdict on the signature.
    pub dkim: String,
    /// Verdict on the address that is shown.
    pub dmarc: String,
    /// What was attached.
    pub attachments: Vec<AttachmentView>,
    /// Addresses of its recipient.
    pub own: Vec<String>,
}

/// The values of a text or file. Nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Extraction {
    /// What the document is by its content: `mail`, `stix`, `misp`, `report-lines`, `table`, `json`, `log`, `markup`,
    /// `prose`, or `file` for one that is not read and counts by its hash.
    pub document: String,
    /// Its values, each once.
    pub values: Vec<ExtractedValue>,
    /// Values beyond the limit.
    pub values_beyond: u32,
    /// ATT&CK techniques that it names.
    pub techniques: Vec<String>,
    /// What was left out, and by which rule.
    pub left_out: Vec<LeftOutView>,
    /// Left out beyond the limit.
    pub left_out_beyond: u32,
    /// What a mail says of itself.
    pub mail: Option<ExtractedMail>,
    /// What was cut short, and other remarks.
    pub notes: Vec<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}
