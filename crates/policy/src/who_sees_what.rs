//! The table of role × marking × noun as text that a lawyer can read, drawn from ρ itself.

use std::fmt::Write as _;

use model::{AttackKind, Marking, Pap, Tlp, WhoMayBeWarned, WhoMayKnow};

use crate::Params;
use crate::rho::{self, Answer, Band, Release, When};

const ANSWERS: [(&str, WhoMayBeWarned); 4] = [
    ("members now", WhoMayBeWarned::Now),
    ("next epoch", WhoMayBeWarned::NextEpoch),
    ("once three", WhoMayBeWarned::OnceThreeHaveIt),
    ("cell only", WhoMayBeWarned::CellOnly),
];

fn outcome(release: Release) -> &'static str {
    match release {
        Release::Never => "never",
        Release::Members { when: When::NextTick, community: true } => "next tick, linked and counted",
        Release::Members { when: When::NextEpoch, community: true } => "next epoch, linked and counted",
        Release::Members { when: When::OnceThreeHaveIt, community: true } => {
            "epoch after the third, linked and counted"
        }
        Release::Members { when: When::NextTick, community: false } => "next tick, alone",
        Release::Members { when: When::NextEpoch, community: false } => "next epoch, alone",
        Release::Members { when: When::OnceThreeHaveIt, community: false } => "epoch after the third, alone",
    }
}

/// The whole table, for the default parameters.
#[must_use]
pub fn who_sees_what() -> String {
    let params = Params::DEFAULT;
    let mut text = String::from("Who sees what\n=============\n\n");
    values(&mut text);
    nouns(&mut text);
    breadth(&mut text, &params);
    blocks(&mut text, &params);
    text
}

fn values(text: &mut String) {
    text.push_str(
        "1. A value of a report: when every member may see it, by the reporter's first answer and its marking.\n",
    );
    text.push_str("   The answer is the same for every role on the member side; the cell sees every value at once, without its source;\n");
    text.push_str("   strangers see nothing. A sharing group is nobody until groups are known, so its values are as those for the cell\n");
    text.push_str(
        "   only. A value that the scrub holds is never shown to members, whatever answer and marking say.\n\n",
    );
    let _ = write!(text, "{:<16}", "");
    for (name, _) in ANSWERS {
        let _ = write!(text, "{name:<44}");
    }
    text.push('\n');
    for tlp in Tlp::ALL {
        let mut line = format!("{:<16}", tlp.as_str());
        for (_, warn) in ANSWERS {
            let answer =
                Answer { warn, know: WhoMayKnow::Nobody, marking: Marking { tlp, pap: Pap::Clear }, held: false };
            let _ = write!(line, "{:<44}", outcome(rho::release(&answer)));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push('\n');
}

/// Who may read a noun: stranger, member, analyst, lead, administrator.
const ROLES: [&str; 5] = ["stranger", "member", "analyst", "lead", "administrator"];

const NOUNS: &[(&str, [&str; 5])] = &[
    ("released value, its marking", ["-", "yes", "yes", "yes", "-"]),
    ("held value", ["-", "-", "yes", "yes", "-"]),
    ("value of a cell-only report", ["-", "-", "yes", "yes", "-"]),
    ("campaign of released values", ["-", "yes", "yes", "yes", "-"]),
    ("campaign of all values", ["-", "-", "yes", "yes", "-"]),
    ("how many members: band", ["-", "yes", "yes", "yes", "-"]),
    ("how many members: exact", ["-", "-", "yes", "yes", "-"]),
    ("kind of attack, techniques", ["-", "yes", "yes", "yes", "-"]),
    ("sector or region: yes or nothing", ["-", "yes", "yes", "yes", "-"]),
    ("sector of one report", ["-", "-", "by group", "by group", "-"]),
    ("time of a release", ["-", "yes", "yes", "yes", "-"]),
    ("time of a report", ["-", "-", "yes", "yes", "-"]),
    ("title, narrative of a report", ["-", "-", "yes", "yes", "-"]),
    ("number and order of reports", ["-", "-", "yes", "yes", "-"]),
    ("reporter who chose nobody", ["-", "-", "-", "-", "-"]),
    ("reporter who chose the cell", ["-", "-", "-", "-", "-"]),
    ("reporter who chose everybody", ["-", "yes", "yes", "yes", "-"]),
    ("member token", ["-", "-", "-", "-", "-"]),
    ("advisory, posture", ["-", "yes", "yes", "yes", "-"]),
    ("own submissions", ["-", "own", "-", "-", "-"]),
];

fn nouns(text: &mut String) {
    text.push_str(
        "2. What each role may read. \"By group\" is the declared group of sectors; \"own\" is that member's own.\n",
    );
    text.push_str(
        "   A reporter who chose the cell is not shown to it yet: that name lies in the source register alone.\n\n",
    );
    let _ = write!(text, "{:<36}", "");
    for role in ROLES {
        let _ = write!(text, "{role:<15}");
    }
    trim_line(text);
    for (noun, cells) in NOUNS {
        let _ = write!(text, "{noun:<36}");
        for cell in cells {
            let _ = write!(text, "{cell:<15}");
        }
        trim_line(text);
    }
    text.push_str("\n   A text of the cell reaches members by its marking: ");
    for tlp in Tlp::ALL {
        let reaches = rho::text_reaches_members(&Marking { tlp, pap: Pap::Clear });
        let _ = write!(text, "{} {}; ", tlp.as_str(), if reaches { "yes" } else { "never" });
    }
    trim_line(text);
    text.push('\n');
}

fn trim_line(text: &mut String) {
    let kept = text.trim_end().len();
    text.truncate(kept);
    text.push('\n');
}

fn breadth(text: &mut String, params: &Params) {
    text.push_str(
        "3. Breadth that members see, by the number of distinct members (across) and the room that the marks leave (down):\n",
    );
    text.push_str(
        "   the population, of which a sector (or region) that could have a mark and has none counts as fewer than K.\n\n",
    );
    let members = [1, 2, 3, 4, 5, 9, 10, 11, 24, 25, 26, 160];
    let _ = write!(text, "{:<8}", "");
    for distinct in members {
        let _ = write!(text, "{distinct:<6}");
    }
    trim_line(text);
    for population in [4, 5, 6, 11, 12, 26, 27, 160] {
        let _ = write!(text, "{population:<8}");
        for distinct in members {
            let shown = if distinct > population {
                String::new()
            } else {
                rho::band(distinct, population, params).map_or_else(|| "-".to_owned(), |band: Band| band.text(params))
            };
            let _ = write!(text, "{shown:<6}");
        }
        trim_line(text);
    }
    text.push_str(
        "\n   A sector is named (yes), by distinct members in it (across) and its population (down). Where no sector has enough\n   members for that, regions are named in the same way instead; never both.\n\n",
    );
    let _ = write!(text, "{:<8}", "");
    for distinct in 1..=6 {
        let _ = write!(text, "{distinct:<6}");
    }
    trim_line(text);
    for population in [4, 6, 9, 10, 11, 20] {
        let _ = write!(text, "{population:<8}");
        for distinct in 1..=6_u32 {
            let marked = distinct <= population && rho::place_is_marked(distinct, population, params);
            let _ = write!(text, "{:<6}", if marked { "yes" } else { "-" });
        }
        trim_line(text);
    }
    text.push('\n');
}

fn blocks(text: &mut String, params: &Params) {
    text.push_str(
        "   A campaign's kind of attack is the first, in the order of this list, that any report in it names: ",
    );
    let kinds: Vec<&str> = AttackKind::ALL.iter().map(|kind| kind.title()).collect();
    text.push_str(&kinds.join(", "));
    text.push_str(".\n");
    text.push_str("   Its marking is the strictest of all its reports and values. A text of the cell is linked to the campaign that\n   the named case is in for members, and to the one that it became part of.\n");
    let _ = writeln!(
        text,
        "   A value that half of all members report, and no fewer than {}, links nothing more from the next epoch on; it stays\n   on the feeds. An everyday value is one on a list, whoever reports it.\n",
        rho::OVER_COMMON_LEAST
    );
    text.push_str("4. Holds: a value opens at the epoch after three members have reported it to the community, in a population of five\n   or more; what stands alone, the cell's feeds and a member's repeats count for nothing.\n\n");
    text.push_str("5. Block feed, by distinct confirming members, for a value that is no everyday value (those are never blocked).\n   A report filed after the value was released is an echo and confirms nothing until its member has a clean record.\n   Whatever the feed shows changes at a block minute.\n\n");
    let _ = write!(text, "{:<12}", "");
    for pap in Pap::ALL {
        let _ = write!(text, "PAP {:<8}", pap.as_str());
    }
    trim_line(text);
    for confirming in 0..=3 {
        let _ = write!(text, "{confirming:<12}");
        for pap in Pap::ALL {
            let _ = write!(text, "{:<12}", if rho::blocked(confirming, false, pap, params) { "yes" } else { "-" });
        }
        trim_line(text);
    }
}
