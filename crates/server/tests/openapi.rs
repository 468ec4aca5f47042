//! `openapi.json` is what the code says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

/// `UPDATE_OPENAPI=1 cargo test -p fusioncell-server --test openapi` writes it anew.
#[test]
fn the_document_in_the_tree_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");
    let made = server::openapi_json();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == made,
        "openapi.json is stale: run `UPDATE_OPENAPI=1 cargo test -p fusioncell-server --test openapi`"
    );
}

/// The same of joining.
const JOINING_PARTS: [&str; 12] = [
    "ActView",
    "CellSponsorshipView",
    "DirectoryEntry",
    "InvitationView",
    "MailView",
    "OrganisationView",
    "OwnAct",
    "PersonView",
    "RecoveryAskedView",
    "SettingView",
    "SponsorshipView",
    "TermsView",
];

/// Objects that are only parts of others, or carry no content of the partnership.
const PARTS: [&str; 50] = [
    "SourceLead",
    "WaitingLead",
    "SourceName",
    "OutsideRow",
    "CaseFile",
    "CellKeyView",
    "OwnFile",
    "CellGroupMember",
    "DeviceView",
    "FactorsView",
    "KeyView",
    "PasskeyView",
    "SessionRow",
    "AttachmentView",
    "ExtractedMail",
    "ExtractedValue",
    "LeftOutView",
    "CampaignName",
    "CaseRow",
    "GroupFinding",
    "GroupMemberView",
    "HistoryRow",
    "Hit",
    "ImportProblem",
    "IndicatorRow",
    "LaneView",
    "NameRow",
    "NoiseRow",
    "ProblemView",
    "ReasonRow",
    "ReceiptItem",
    "ReleaseStep",
    "TimelineRow",
    "WordRow",
    "WarnGroup",
    "OwnReportRow",
    "OwnThreadRow",
    "OwnValue",
    "ThreadRow",
    "ValueRow",
    "NewIndicator",
    "SecondeeRow",
    "SignIn",
    "FindingDecision",
    "FindingView",
    "InstantAnswer",
    "KnownView",
    "MissingView",
    "PreviewValueView",
    "ReachView",
];

#[test]
fn each_object_says_whether_it_is_an_exercises() {
    let document: serde_json::Value = serde_json::from_str(server::openapi_json()).unwrap();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let Some(properties) = schema["properties"].as_object() else { continue };
        let marked = properties.get("exercise").is_some_and(|kind| kind["type"] == "boolean");
        let taken = name.starts_with("New");
        assert!(
            marked || taken || PARTS.contains(&name.as_str()) || JOINING_PARTS.contains(&name.as_str()),
            "{name} does not say whether it is an exercise's"
        );
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["responses"]["default"].is_object(), "{method} {path} tells no problems");
        }
    }
}
