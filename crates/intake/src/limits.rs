//! Named limits of everything that comes in.

/// Longest body of a report.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Longest body of an import over HTTP.
pub const IMPORT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Values of one report.
pub const ITEMS_MAX: usize = 1_000;
/// Characters of a title.
pub const TITLE_CHARS_MAX: usize = 200;
/// Characters of a contact.
pub const CONTACT_CHARS_MAX: usize = 100;
/// Characters of a narrative.
pub const NARRATIVE_CHARS_MAX: usize = 20_000;
/// Tags and techniques of one report, each.
pub const TAGS_MAX: usize = 50;
/// Characters of a tag.
pub const TAG_CHARS_MAX: usize = 100;
/// Characters of a value as it is sent.
pub const VALUE_CHARS_MAX: usize = 8_192;
/// Decisions about findings that come with a report.
pub const DECISIONS_MAX: usize = 2_000;
/// Reports that an import sends at once.
pub const CHUNK_REPORTS_MAX: usize = 256;
/// Values that an import sends at once.
pub const CHUNK_ITEMS_MAX: usize = 4_000;
/// Bytes of the reports that an import sends at once, as JSON writes them; the seam between two processes takes twice that.
pub const CHUNK_BYTES_MAX: usize = 8 * 1024 * 1024;
