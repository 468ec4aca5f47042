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
