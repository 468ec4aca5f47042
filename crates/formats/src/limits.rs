//! Every limit of the importers, in one place.

/// Most bytes of one file, after unpacking.
pub const FILE_BYTES_MAX: u64 = 256 << 20;
/// Most bytes of one JSON document: it is held in memory as a whole, unlike tables and lines.
pub const JSON_BYTES_MAX: u64 = 64 << 20;
/// Most bytes of one line of a table, a JSON-lines file or prose.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of JSON.
pub const DEPTH_MAX: usize = 64;
/// Bytes that the tree of one element of a JSON document may take, however short it is.
pub const TREE_FLOOR_BYTES: usize = 256 << 10;
/// Bytes of tree for each byte of the element; with the document itself that is three times the input.
pub const TREE_RATIO: usize = 2;
/// Most members of one JSON object that are watched for keys that stand twice while it is walked.
pub const MEMBERS_MAX: usize = 1000;
/// How far the end of a broken element is looked for.
pub const SKIM_BYTES_MAX: usize = 64 << 10;
/// Bytes read again, for each byte of the document, to find where it goes on behind broken elements.
pub const RECOVER_RATIO: usize = 32;
/// Unpacked bytes allowed for each packed byte, once [`RATIO_FREE_BYTES`] are out.
pub const RATIO_MAX: u64 = 200;
/// Unpacked bytes that no ratio is asked of: small files may pack very well.
pub const RATIO_FREE_BYTES: u64 = 4 << 20;
/// Most values in one draft; what follows goes into a further draft of the same title.
pub const DRAFT_ITEMS_MAX: usize = 1000;
/// Most bytes of the values of one draft, as JSON writes them; what follows goes into a further draft.
pub const DRAFT_BYTES_MAX: usize = 1 << 20;
/// Most problems told of one file; the rest is counted.
pub const PROBLEMS_MAX: u64 = 1000;
/// Longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 200;
/// Longest narrative, in characters.
pub const NARRATIVE_CHARS_MAX: usize = 20_000;
/// Most tags of one draft.
pub const TAGS_MAX: usize = 50;
/// Most techniques of one draft.
pub const TECHNIQUES_MAX: usize = 100;
/// Most entries of one warning-list or plain list.
pub const LIST_ENTRIES_MAX: usize = 2_000_000;
/// Most bytes of one table of network operators, after unpacking.
pub const NETWORK_TABLE_BYTES_MAX: u64 = 128 << 20;
/// Most ranges of one table of network operators: all that are announced in both families are about 600,000.
pub const NETWORK_ROWS_MAX: usize = 1_000_000;
/// Most bytes of one line of such a table.
pub const NETWORK_LINE_BYTES_MAX: usize = 1_024;
/// Most bytes of one document whose values are extracted: a mail of 25 MB with its base 64 and headers.
pub const EXTRACT_BYTES_MAX: usize = 36 << 20;
/// Most bytes of running text, a log or JSON of no known format that are read.
pub const EXTRACT_TEXT_BYTES_MAX: usize = 8 << 20;
/// Most values that are extracted from one document.
pub const EXTRACT_VALUES_MAX: usize = 5_000;
/// Most pieces told as left out.
pub const EXTRACT_LEFT_OUT_MAX: usize = 1_000;
/// Most remarks told of one extraction.
pub const EXTRACT_NOTES_MAX: usize = 50;
/// Longest line that is looked at as a whole; a longer one is cut where words end.
pub const EXTRACT_LINE_BYTES: usize = 16 << 10;
/// Longest word that can be a value, before defanging is undone.
pub const EXTRACT_WORD_BYTES: usize = 8 << 10;
/// Words of one document that are remembered, so that those that come again are not read again.
pub const EXTRACT_WORDS_KEPT: usize = 100_000;
/// Most bytes of one mail.
pub const MAIL_BYTES_MAX: usize = EXTRACT_BYTES_MAX;
/// Most parts of one mail, those of mails within it included.
pub const MAIL_PARTS_MAX: usize = 500;
/// Deepest nesting of parts.
pub const MAIL_DEPTH_MAX: usize = 20;
/// Most mails in each other.
pub const MAIL_NESTED_MAX: usize = 5;
/// Most header fields of one part.
pub const MAIL_HEADERS_MAX: usize = 1_000;
/// Most bytes of the header of one part.
pub const MAIL_HEADER_BYTES_MAX: usize = 256 << 10;
/// Most attachments of one mail.
pub const MAIL_ATTACHMENTS_MAX: usize = 100;
/// Most bytes of the shown text of one mail, after decoding.
pub const MAIL_TEXT_BYTES_MAX: usize = 4 << 20;
/// Most links of one mail or page.
pub const LINKS_MAX: usize = 2_000;
/// Most own addresses of one mail: a mail to more is to nobody in particular.
pub const OWN_ADDRESSES_MAX: usize = 100;
/// Most names of one archive that are listed.
pub const ARCHIVE_NAMES_MAX: usize = 200;
/// Bytes at the end of an archive in which its list of names is looked for.
pub const ARCHIVE_TAIL_BYTES: usize = 128 << 10;
