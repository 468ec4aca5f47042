//! Deliberate leaks, each a run-time switch of one test build: a test that misses one is too weak.

macro_rules! leaks {
    (
        { $($known:ident => $known_text:literal;)* } { $($blind:ident => $blind_text:literal;)* }
        { $($rest:ident => $rest_text:literal;)* } { $($slow:ident => $slow_text:literal;)* }
    ) => {
        /// A deliberate leak.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Leak {
            $(#[doc = $known_text] $known,)* $(#[doc = $blind_text] $blind,)* $(#[doc = $rest_text] $rest,)*
            $(#[doc = $slow_text] $slow,)*
        }

        impl Leak {
            /// Every leak in what somebody is shown.
            pub const ALL: &'static [Self] = &[$(Self::$known,)* $(Self::$blind,)*];

            /// Those that were written by somebody who had not read the tests: only they tell how much the tests would
            /// find of what nobody thought of.
            pub const BLIND: &'static [Self] = &[$(Self::$blind,)*];

            /// Those in what lies at rest: nobody is shown anything, and a thief of the data folder finds them.
            pub const AT_REST: &'static [Self] = &[$(Self::$rest,)*];

            /// Those in the letters of sources: to be seen, they take more firms and months than worlds side by side have.
            pub const OF_GRADES: &'static [Self] = &[$(Self::$slow,)*];

            /// What it does, for a person.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$known => $known_text,)* $(Self::$blind => $blind_text,)* $(Self::$rest => $rest_text,)*
                    $(Self::$slow => $slow_text,)*
                }
            }
        }
    };
}

leaks!({
    InsertOrder => "objects of a tick in the order of arrival";
    CountAtOne => "breadth shown from one member on";
    HeldMerges => "a held report links campaigns that members see";
    AuthorIsToken => "the author field holds the reporter's token";
    TimeNotRounded => "times are those of arrival, not of the release tick";
    Tombstone => "something never released is shown as withdrawn";
    BandAtOnce => "bands change at the report, not at the epoch";
    HoldAtThird => "a hold opens at the report of the third member";
    SectorBelowFloor => "a sector is named whatever its population";
    WatchMoves => "each further report moves the end of the watch";
    IdFromReporter => "ids are made with the reporter's token";
    EtagFromVersion => "an ETag counts versions";
    LookupOnVault => "a look-up asks the vault";
    SharedQuota => "all principals share one quota";
    ForbiddenForHidden => "403 for what is hidden, 404 for what is absent";
    VaryingReceipt => "a receipt tells whether others saw it";
    GroupItemToAll => "what is for a sharing group is released to every member";
    ForeignGroupReached => "a report reaches a sharing group that its reporter is not in";
    OldItemsToNewMember => "a new member of a sharing group gets what was reported before it joined";
    GroupCounts => "a report for a sharing group counts towards bands and enters campaigns";
    GroupMovesTick => "what is released to a sharing group moves the release tick that everybody is told";
    ForeignGroupForbidden => "403 for a sharing group that somebody else is in, 404 for one that is none";
    FramesToEverybody => "frames of a sharing group go to everybody who watches";
    FramesAfterLeaving => "frames of a sharing group go on to a member that has left it";
    GroupInReceipt => "a receipt tells whether the sharing group exists";
    WallByFirm => "a secondee is walled from the home firm's cases, not from its sector's";
    WalledFrames => "a secondee's stream carries the frames of all cases";
    WalledLookup => "a secondee's look-up asks the run over everything";
    WalledCampaigns => "a secondee's list of campaigns counts walled cases";
    WithdrawnStays => "members keep what a report told that was withdrawn";
    WithdrawnShows => "a value that others have told too shows that one of them took it back";
    WalledClaimRefused => "a claim of a walled case is refused, not absent";
    WithdrawnAtOnce => "what is taken back leaves members at once, not at the next tick";
    WithdrawnTombstone => "a report that was never released leaves a mark when it is taken back";
    WithdrawnHolds => "whoever took a report back still counts towards the three that open a hold";
    RecalledStays => "members keep what a report told that was recalled";
    ConsentMovesWatch => "a wider answer moves the end of the watch of what members have already";
    OutcomeAtOnce => "what came of a report is told at the tick of its release, not at the epoch";
    OutsideIsMember => "what somebody outside the partnership tells is released as a member's";
    NoticeToNeighbour => "a mail that there is something new goes on to the organisations after the first that has any";
    ReplyToAll => "a reply to one report stands in every thread of its firm";
    AnothersForbidden => "403 for another firm's report, 404 for one that never was";
    ThreadTimes => "the cell's page tells the moment of a message, not its minute";
    WalledActs => "what is said and changed in a walled case goes out on the secondee's stream";
    WalledCasePage => "a secondee's page of a case asks the desk of all cases";
    WalledReply => "a reply to a walled case is refused, not absent";
    RecallOfHidden => "the recall of a report that members never saw empties the past of what others told them";
    RecallInGroup => "the recall of what a group alone was shown empties the past of what every member has";
    TokenInStore => "the row of a campaign in the members' store bears its last reporter's token, in a column that no answer shows";
    WaveShown => "a campaign that hit several firms within hours is titled as a wave for members too";
} {
    MarkingFromHidden => "a report that members never see makes the marking of a released value stricter";
    BandFromAll => "a campaign's band is drawn from the run over everything, held and cell-only reports included";
    SectorFromAll => "a campaign's sectors are drawn from the run over everything";
    NamedCounts => "reports of firms that are named count towards the band, so that it hides fewer";
    StrictEnters => "AMBER+STRICT reports enter the community run: they link, merge and count";
    HoldCountsHidden => "cell-only and held reports count towards the three that open a hold";
    SumOfWindows => "members are summed over token windows: one firm in two months counts as two";
    BlockByReports => "two reports of one member put a value on the block feed";
    BlockAtSecond => "a value is on the block feed at the second report, not at the block minute";
    ActivityMoves => "a further report of known values moves its campaign to the top of the list";
    NamesInOrder => "firms that wished to be named stand in the order in which they reported";
    NameOfCellOnly => "a firm that may be named is named on a released value for a report that only the cell may have";
    TitleOfFirst => "of the values of one tick, the campaign's title quotes the one that was reported first";
    AttackOfHidden => "the kind of attack that a hidden report tells becomes that of the members' campaign";
    PostureFromHidden => "the posture rises by itself when the run over everything finds enough members";
    AdvisoryNamesHidden => "a text of the cell carries the id of a campaign of which members have nothing";
    EmptyTick => "a tick that shows nothing is noted for members all the same";
    BandOfEverybody => "a band is shown whatever the number of members that it could mean";
    SectorAtK => "a sector is marked from k members on, without those that a coalition can tell";
    CaseOfMember => "the first digits of a case's pseudonym are the same for all cases of a member";
    CaseCounts => "the last digits of a case's pseudonym count the journal's entries";
    ImportKnowsOthers => "an import leaves out, and counts as duplicate, what other members have sent";
    ShardedQuota => "members share a few quotas, by their id";
    ReporterCached => "within a second, members of a sector report in the name of the first of them";
    ScrubReasonLogged => "the log tells why the scrub held a value, which names the reporter's own domain or brand";
    ImportLogged => "the log tells who imported a file";
    ReportsBySector => "the figures count reports by the sector of their sender, however small";
    BeatOnReport => "each report sends a beat to everybody who watches";
    MeaningTellsHeld => "a look-up that finds nothing words it differently if a hidden report names the value";
    CampaignByReference => "the reference of a report finds the campaign that the run over everything put it in";
    CasesBySource => "the cases of one minute stand by their source on a campaign's page";
    RegionOnPage => "a campaign's page tells the region of each report beside its sector";
    OwnerBySource => "a new case is given to whoever claimed an earlier one of the same source";
} {
    TokenBeside => "the reporter's token lies in plain in a row that names the case";
    TokensInOrder => "the reporter's token lies in a row that names no case, in the order in which reports come";
    WayBackOfAll => "ways back to reporters are sealed alike for all cases, so that those to one firm are equal";
    RepeatOfSender => "the row of a request that may come again bears the case and a hash of its sender";
    ReceiptMailed => "a mail about each report waits in the outbox under an address that is its sender's";
} {
    GradeAtOne => "a source's letter is told from one bearer on";
    RestOfGrades => "letters that ten bear are told although fewer than ten others are left untold";
    GradeLive => "the letter of a source is that of today on its older cases too";
});

// The switch holds one bit for each.
const _: () = assert!(Leak::ALL.len() + Leak::AT_REST.len() + Leak::OF_GRADES.len() <= 128);

#[cfg(feature = "planted-leaks")]
mod switch {
    use std::cell::RefCell;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Leak;

    /// Which leaks are on: a bit for each.
    #[derive(Default)]
    struct Bits([AtomicU64; 2]);

    impl Bits {
        const OFF: Self = Self([const { AtomicU64::new(0) }; 2]);

        /// The words with the bit of one leak.
        const fn of(leak: Leak) -> [u64; 2] {
            let bit = 1_u128 << leak as u32;
            [bit as u64, (bit >> u64::BITS) as u64]
        }

        fn have(&self, leak: Leak) -> bool {
            self.0.iter().zip(Self::of(leak)).any(|(on, bit)| on.load(Ordering::SeqCst) & bit != 0)
        }

        fn become_equal_to(&self, words: [u64; 2]) {
            for (on, word) in self.0.iter().zip(words) {
                on.store(word, Ordering::SeqCst);
            }
        }
    }

    /// The switch of threads that have none of their own.
    static OF_ALL: Bits = Bits::OFF;

    thread_local! {
        static OWN: RefCell<Option<Switch>> = const { RefCell::new(None) };
    }

    /// A switch of some threads alone, so that each core can look for another leak.
    #[derive(Clone, Default)]
    pub struct Switch(Arc<Bits>);

    impl Switch {
        /// From here on, what this thread asks and sets is this switch.
        pub fn take_up(&self) {
            OWN.with(|own| *own.borrow_mut() = Some(self.clone()));
        }
    }

    fn with<T>(ask: impl FnOnce(&Bits) -> T) -> T {
        OWN.with(|own| ask(own.borrow().as_ref().map_or(&OF_ALL, |switch| &switch.0)))
    }

    /// Whether a leak is switched on for this thread.
    #[must_use]
    pub fn is_on(leak: Leak) -> bool {
        with(|bits| bits.have(leak))
    }

    /// Switches one leak on and all others off.
    pub fn set(leak: Leak) {
        with(|bits| bits.become_equal_to(Bits::of(leak)));
    }

    /// Switches every leak off.
    pub fn clear() {
        with(|bits| bits.become_equal_to([0; 2]));
    }
}

#[cfg(feature = "planted-leaks")]
pub use switch::{Switch, clear, is_on, set};

/// Whether a leak is switched on: never in this build.
#[cfg(not(feature = "planted-leaks"))]
#[must_use]
pub const fn is_on(_leak: Leak) -> bool {
    false
}
