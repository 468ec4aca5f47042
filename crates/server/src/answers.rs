//! What may be answered on the members' listener, as a type: views of the released store and of the server itself.

use axum::http::StatusCode;
use serde::Serialize;

use crate::http::{Answer, write};
use crate::{extraction_views, joining_views, own_views, report_views, views};

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
    extraction_views::Extraction,
    joining_views::Directory,
    joining_views::InvitationList,
    joining_views::InvitedView,
    joining_views::JoinedView,
    joining_views::LinkView,
    joining_views::OwnActs,
    joining_views::OwnOrganisation,
    joining_views::PersonList,
    joining_views::SponsorshipList,
    joining_views::TermsStandingView,
    outlets::AdvisoryList,
    outlets::CampaignDetail,
    outlets::CampaignList,
    outlets::GroupDetail,
    outlets::GroupList,
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
    report_views::PreviewView,
    views::FileView,
    views::OwnReportList,
    views::OwnReportView,
    views::FaceView,
    views::ImportReceipt,
    views::Made,
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
        // Files that know a member's state or a door of either listener, but for those that answer pages and bytes.
        let others = ["lib.rs", "answers.rs", "plain.rs", "tell.rs", "cell.rs"];
        let mut looked = 0;
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let members = ["MemberState", "S: Door", "Sessions {"].iter().any(|word| text.contains(word));
            if !members || others.contains(&name.as_str()) {
                continue;
            }
            looked += 1;
            for word in ["http::write", "write as", "write(StatusCode", "serde_json::to_vec", "desk::"] {
                assert!(!text.contains(word), "{name} uses {word}: answer members by answers::reply");
            }
            // A file, and what is published of the audit log, is given out as bytes and by nothing else.
            assert!(
                ["files.rs", "audit.rs"].contains(&name.as_str()) || !text.contains("http::bytes"),
                "{name} answers bytes"
            );
        }
        assert!(looked >= 13, "only {looked} files of members' handlers were found");
    }
}
