//! The sentences that a look-up answers with: one catalogue, so that the same verdict always reads the same.

/// What a look-up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// On the block feed.
    Block,
    /// On the watch feed.
    Watch,
    /// Was on the watch feed.
    Past,
    /// A sharing group of the asker's has it.
    Shared,
    /// Released, but an everyday value.
    Everyday(&'a str),
    /// Not released, but on a list of everyday values.
    Listed(&'a str),
    /// Not released.
    NotSeen,
    /// No value that can be looked up without its kind.
    Unreadable,
    /// No value of the kind that was named.
    NotOfKind(&'a str),
}

impl Found<'_> {
    /// The verdict's name in data.
    #[must_use]
    pub const fn verdict(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Watch | Self::Past | Self::Shared => "watch",
            Self::Everyday(_) | Self::Listed(_) => "everyday",
            Self::NotSeen => "not-seen",
            Self::Unreadable | Self::NotOfKind(_) => "unreadable",
        }
    }

    /// What it means, for a person.
    #[must_use]
    pub fn meaning(self) -> String {
        match self {
            Self::Block => "It is being used against members and is on the block feed: block it.".to_owned(),
            Self::Watch => {
                "It is being used against members. Look for it in your logs; it is not on the block feed.".to_owned()
            }
            Self::Past => {
                "It was used against members and has left the watch feed since. Look for it in older logs.".to_owned()
            }
            Self::Shared => {
                "A sharing group that you are in has it. Look for it in your logs; what the group has is for the group."
                    .to_owned()
            }
            Self::Everyday(why) => format!(
                "It was named in an attack, but it is an everyday value ({why}). Blocking it would hit ordinary traffic."
            ),
            Self::Listed(why) => format!(
                "No released report names it, and it is an everyday value ({why}). Blocking it would hit ordinary traffic."
            ),
            Self::NotSeen => "No released report names it. That does not make it safe.".to_owned(),
            Self::Unreadable => {
                "This is no address, name, hash or other value that can be looked up. Paste one value.".to_owned()
            }
            Self::NotOfKind(kind) => format!("This is no value of the kind that was asked for ({kind})."),
        }
    }
}
