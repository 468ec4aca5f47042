//! The watch and block feeds: values one after another, a piece at a time, whatever their number.

/// A feed of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// Values to look for.
    Watch,
    /// Values to block.
    Block,
}

/// Where a reader of a feed is; begins with [`FeedPlace::START`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedPlace(pub(crate) i64);

impl FeedPlace {
    /// Before the first value.
    pub const START: Self = Self(0);
}
