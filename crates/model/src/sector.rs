//! The 13 sectors of the United Kingdom's critical national infrastructure (NPSA), and its regions.

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => $slug:literal, $title:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* #[doc = $title] $variant,)* }

        impl $name {
            /// Every value, in the order in which screens show them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name used in data.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }

            /// The name that a person reads.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($slug => Ok(Self::$variant),)*
                    _ => Err(format!("{text:?} is no {}", stringify!($name).to_lowercase())),
                }
            }
        }
    };
}
pub(crate) use named;

named!(
    /// A sector of critical national infrastructure.
    Sector {
        Chemicals => "chemicals", "Chemicals";
        CivilNuclear => "civil-nuclear", "Civil nuclear";
        Communications => "communications", "Communications";
        Defence => "defence", "Defence";
        EmergencyServices => "emergency-services", "Emergency services";
        Energy => "energy", "Energy";
        Finance => "finance", "Finance";
        Food => "food", "Food";
        Government => "government", "Government";
        Health => "health", "Health";
        Space => "space", "Space";
        Transport => "transport", "Transport";
        Water => "water", "Water";
    }
);

named!(
    /// A region of the United Kingdom (ITL 1).
    Region {
        NorthEast => "north-east", "North East";
        NorthWest => "north-west", "North West";
        Yorkshire => "yorkshire", "Yorkshire and the Humber";
        EastMidlands => "east-midlands", "East Midlands";
        WestMidlands => "west-midlands", "West Midlands";
        EastOfEngland => "east-of-england", "East of England";
        London => "london", "London";
        SouthEast => "south-east", "South East";
        SouthWest => "south-west", "South West";
        Wales => "wales", "Wales";
        Scotland => "scotland", "Scotland";
        NorthernIreland => "northern-ireland", "Northern Ireland";
    }
);
