//! What may be answered on the members' listener, as a type: views of the released store and of the server itself.

use axum::http::StatusCode;
use serde::Serialize;

use crate::http::{Answer, write};
use crate::{own_views, views};

mod sealed {
    pub trait Sealed {}
}

/// A view that members may get. The list is closed: a type of the desk or the vault is none, and cannot be made one.
///
/// ```
/// fn may_be_answered<T: server::MemberAnswer>() {}
/// may_be_answered::<outlets::Home>();
/// ```
///
/// ```compile_fail
/// fn may_be_answered<T: server::MemberAnswer>() {}
/// may_be_answered::<desk::Wall>();
/// ```
///
/// ```compile_fail
/// fn may_be_answered<T: server::MemberAnswer>() {}
/// may_be_answered::<desk::LookupView>();
/// ```
///
/// ```compile_fail
/// struct Own(vault::ReportEntry);
/// impl server::MemberAnswer for Own {}
/// ```
pub trait MemberAnswer: Serialize + sealed::Sealed {}

macro_rules! member_answers {
    ($($view:ty),* $(,)?) => {
        $(
            impl sealed::Sealed for $view {}
            impl MemberAnswer for $view {}
        )*
    };
}

member_answers![
    outlets::AdvisoryList,
    outlets::CampaignDetail,
    outlets::CampaignList,
    outlets::Home,
    outlets::IndicatorList,
    outlets::Verdict,
    own_views::CeremonyView,
    own_views::ChallengeView,
    own_views::DeviceList,
    own_views::DeviceMade,
    own_views::KeyList,
    own_views::KeyMade,
    own_views::MeView,
    own_views::PasskeyList,
    own_views::PasskeyView,
    own_views::RecoveryCodes,
    own_views::SessionList,
    own_views::TotpView,
    views::FaceView,
    views::ImportReceipt,
    views::Receipt,
    views::SessionView,
];

/// An answer to a member.
pub(crate) fn reply(status: StatusCode, value: &impl MemberAnswer) -> Answer {
    write(status, value)
}

#[cfg(test)]
mod tests {
    /// What handles members' requests uses the reply above, and never the one that takes anything.
    #[test]
    fn members_handlers_have_no_other_reply() {
        for (name, text) in [
            ("member.rs", include_str!("member.rs")),
            ("reports.rs", include_str!("reports.rs")),
            ("session.rs", include_str!("session.rs")),
            ("me.rs", include_str!("me.rs")),
        ] {
            for word in ["http::write", "write(StatusCode", "http::bytes", "to_vec(", "desk::"] {
                assert!(!text.contains(word), "{name} uses {word}: answer members by answers::reply");
            }
        }
    }
}
