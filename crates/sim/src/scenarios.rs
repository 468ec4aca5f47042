//! The kinds of attack that an exercise plays: what firms write about them, and what the cell advises.

use model::{AttackKind, Sector, Severity};

use crate::values::Recipe::{
    self, Domain, FileName, Ipv4, Ipv6, Ja3, Md5, Mutex, Sender, Sha256, Subject, Url, UserAgent,
};

/// One kind of attack.
#[derive(Debug)]
pub struct Scenario {
    /// The closest match that firms choose.
    pub attack: AttackKind,
    /// How bad firms think it is.
    pub severity: Severity,
    /// Titles that firms give.
    pub titles: [&'static str; 3],
    /// What firms write.
    pub narratives: [&'static str; 3],
    /// Start of the mail subject, where there is one.
    pub subject: &'static str,
    /// ATT&CK techniques.
    pub techniques: &'static [&'static str],
    /// Tags.
    pub tags: &'static [&'static str],
    /// Where it starts and the way it spreads.
    pub sectors: &'static [Sector],
    /// The values that it uses, and how many of each.
    pub values: &'static [(Recipe, u64)],
    /// What the cell tells everybody.
    pub advice: Advice,
}

/// A text of the cell about an attack.
#[derive(Debug)]
pub struct Advice {
    /// One line.
    pub title: &'static str,
    /// What happens.
    pub summary: &'static str,
    /// What to do, in order.
    pub actions: &'static [&'static str],
}

use Sector::{
    Chemicals, CivilNuclear, Communications, Defence, EmergencyServices, Energy, Finance, Food, Government, Health,
    Space, Transport, Water,
};

/// Every scenario.
pub static SCENARIOS: [Scenario; 9] = [
    Scenario {
        attack: AttackKind::Phishing,
        severity: Severity::High,
        titles: [
            "Fake e-signature mail asks staff to sign in",
            "Document signing lure with copied sign-in page",
            "Staff sent to a false signing page",
        ],
        narratives: [
            "Forty people in operations got a mail about a contract to sign. The link leads to a copy of our sign-in page. Two entered a password; both were reset.",
            "The mail passed our filter because the sending domain was two days old and signed. The page asks for the code as well and passes it on at once.",
            "A supplier's mailbox seems to have been used to send it on to us. We have blocked the domain and are looking through the mail log.",
        ],
        subject: "Completed: contract for your signature",
        techniques: &["T1566.002", "T1557", "T1078"],
        tags: &["aitm", "e-signature"],
        sectors: &[Energy, Water, Transport, Government, Health],
        values: &[(Domain, 4), (Url, 4), (Sender, 2), (Subject, 1), (Ipv4, 3)],
        advice: Advice {
            title: "False e-signature mails collect passwords and codes",
            summary: "Several members receive mails about a contract to sign. The linked page copies the member's own sign-in page and passes password and one-time code on within seconds.",
            actions: &[
                "Block the released domains and addresses in mail and web filters.",
                "Look for sign-ins from those addresses since yesterday and end such sessions.",
                "Tell staff who sign contracts what the mail looks like.",
            ],
        },
    },
    Scenario {
        attack: AttackKind::Ransomware,
        severity: Severity::Critical,
        titles: [
            "Files encrypted on two file servers",
            "Encryption stopped on a jump host",
            "Ransom note found after overnight remote session",
        ],
        narratives: [
            "At 03:40 a remote support session opened that nobody had asked for. Shadow copies were deleted and encryption began on two servers before we cut the network.",
            "The same tool was copied to a jump host by an account of a contractor. The endpoint agent stopped it. Nothing is lost.",
            "A note was left with a mail address. Backups are intact. We keep the disks for examination.",
        ],
        subject: "",
        techniques: &["T1486", "T1490", "T1021.002", "T1219"],
        tags: &["ransomware", "remote-support"],
        sectors: &[Health, Food, Chemicals, Transport],
        values: &[(Ipv4, 4), (Domain, 2), (Sha256, 4), (FileName, 2), (Mutex, 1)],
        advice: Advice {
            title: "Encryption after unasked remote support sessions",
            summary: "Intruders open remote support sessions at night with a contractor's account and begin to encrypt within the hour.",
            actions: &[
                "Turn off unattended remote support until each account is checked.",
                "Search for the released hashes and the mutex on servers.",
                "Test today that backups can be read and are out of reach of domain accounts.",
            ],
        },
    },
    Scenario {
        attack: AttackKind::BreakIn,
        severity: Severity::Critical,
        titles: [
            "Web shell on the remote access gateway",
            "Gateway answers requests it should not",
            "Unknown administrator on the edge appliance",
        ],
        narratives: [
            "Our gateway held a file that is not part of the firmware. It answers to one user agent only. We have taken the appliance off and kept an image.",
            "After the restart of the appliance an administrator account appeared. Requests came from three addresses in turn.",
            "The log was emptied at 02:10. Flow records show long sessions to one address. The same fingerprint appears on all of them.",
        ],
        subject: "",
        techniques: &["T1190", "T1505.003", "T1136"],
        tags: &["edge-appliance", "web-shell"],
        sectors: &[Communications, Defence, Energy, Space, CivilNuclear],
        values: &[(Ipv4, 5), (Ipv6, 2), (UserAgent, 1), (Sha256, 2), (Ja3, 1), (Domain, 2)],
        advice: Advice {
            title: "Remote access gateways taken over from outside",
            summary: "Intruders leave a small page on remote access gateways that answers to one user agent, and add an administrator.",
            actions: &[
                "Look for the released user agent and addresses in the gateway's log.",
                "Compare the files of the appliance with the maker's list.",
                "Apply the maker's update, then change every password that the gateway has seen.",
            ],
        },
    },
    Scenario {
        attack: AttackKind::StolenLogin,
        severity: Severity::High,
        titles: [
            "Password spraying against staff accounts",
            "Flood of sign-in prompts on staff telephones",
            "Sign-in with a right password from an unknown address",
        ],
        narratives: [
            "Nine hundred tries in an hour, three for each account, from a handful of addresses. One account of a leaver still worked; it is closed now.",
            "Staff were asked over and over to approve a sign-in. One approved. The session read the address book and was ended after four minutes.",
            "The password was right at the first try. It had been used elsewhere. No data left as far as we see.",
        ],
        subject: "",
        techniques: &["T1110.003", "T1621", "T1078.004"],
        tags: &["password-spraying", "prompt-bombing"],
        sectors: &[Government, Finance, EmergencyServices, Communications],
        values: &[(Ipv4, 7), (UserAgent, 2), (Ja3, 1), (Domain, 1)],
        advice: Advice {
            title: "Few tries for each account, from few addresses",
            summary: "Somebody tries common passwords against staff accounts of many members and floods telephones with prompts.",
            actions: &[
                "Ask for number matching in sign-in prompts.",
                "Close accounts of leavers and of services nobody uses.",
                "Block the released addresses at the sign-in service.",
            ],
        },
    },
    Scenario {
        attack: AttackKind::SupplierBreach,
        severity: Severity::High,
        titles: [
            "Update of a supplier's agent loads a second file",
            "Supplier's tool talks to an unknown host",
            "Signed update with a changed library",
        ],
        narratives: [
            "The update is signed and came from the supplier's own server. One library differs from last month's and calls out once a day.",
            "We found it because the host it asks for had no traffic before. The supplier has been told and does not answer yet.",
            "Twelve of our stations have the changed library. We have cut them off from the internet and keep them running.",
        ],
        subject: "",
        techniques: &["T1195.002", "T1574.002", "T1071.001"],
        tags: &["supply-chain"],
        sectors: &[Water, Energy, Chemicals, CivilNuclear, Food],
        values: &[(Sha256, 3), (Md5, 1), (Domain, 3), (Url, 2), (Ipv4, 2), (FileName, 1)],
        advice: Advice {
            title: "A supplier's update carries a changed library",
            summary: "The monthly update of a monitoring agent contains a library that calls out once a day and can load more.",
            actions: &[
                "Hold the update back.",
                "Search for the released hashes on stations that have the agent.",
                "Let stations with the agent speak to the supplier's known hosts only.",
            ],
        },
    },
    Scenario {
        attack: AttackKind::Malware,
        severity: Severity::Medium,
        titles: [
            "False browser update leaves a loader",
            "Loader found after a visit to a trade page",
            "Script host starts from a downloaded archive",
        ],
        narratives: [
            "A trade association's page showed a prompt to update the browser. The archive holds a script that fetches a loader.",
            "The agent stopped the script host. The laptop had asked for one domain forty times by then.",
            "Three machines in the planning office. All had read the same page that morning.",
        ],
        subject: "",
        techniques: &["T1204.002", "T1059.007", "T1105"],
        tags: &["loader", "watering-hole"],
        sectors: &[Transport, Food, Government, Chemicals],
        values: &[(Domain, 5), (Url, 4), (Sha256, 3), (FileName, 2), (Ipv4, 2)],
        advice: Advice {
            title: "False browser updates on trade pages",
            summary: "Pages that people of a trade read every week show a prompt to update the browser; the download brings a loader.",
            actions: &[
                "Stop script hosts from opening downloaded files.",
                "Block the released domains.",
                "Tell staff that updates come from you, never from a page.",
            ],
        },
    },
    Scenario {
        attack: AttackKind::Flooding,
        severity: Severity::Medium,
        titles: [
            "Public pages slow under a flood of requests",
            "Flood against customer portal, second wave",
            "Name service flooded for twenty minutes",
        ],
        narratives: [
            "Sixty thousand requests a second to the search page for twenty minutes, then a pause, then again. The provider filters now.",
            "The flood follows a post that names the next targets. We were named an hour before.",
            "Customers could not sign in from 11:05 to 11:30. No intrusion seen beside it.",
        ],
        subject: "",
        techniques: &["T1498", "T1499.002"],
        tags: &["ddos"],
        sectors: &[Finance, Government, Transport, Communications, EmergencyServices],
        values: &[(Ipv4, 10), (Ipv6, 3), (UserAgent, 2)],
        advice: Advice {
            title: "Floods against public pages in waves of twenty minutes",
            summary: "Members' public pages are flooded in turn. The waves last about twenty minutes and return within the day.",
            actions: &[
                "Agree with your provider now how filtering is turned on.",
                "Put the search page behind a limit for each address.",
                "Watch other systems during a wave: a flood may hide something else.",
            ],
        },
    },
    Scenario {
        attack: AttackKind::Scanning,
        severity: Severity::Low,
        titles: [
            "Slow scan for control system ports",
            "Same addresses try engineering ports at night",
            "Requests to a substation modem",
        ],
        narratives: [
            "A few packets an hour to ports that only control systems use, from the same addresses each night.",
            "They came back after we changed the address range, so somebody keeps a list.",
            "The modem answered a banner request before we closed it. Nothing was written.",
        ],
        subject: "",
        techniques: &["T1595.001", "T0846"],
        tags: &["ics", "scan"],
        sectors: &[Energy, Water, CivilNuclear, Chemicals, Space],
        values: &[(Ipv4, 8), (Ipv6, 1), (Ja3, 1)],
        advice: Advice {
            title: "Slow scans for control systems",
            summary: "The same few addresses look for control system ports of members, a few packets an hour, each night.",
            actions: &[
                "Check that no control system port answers from outside.",
                "Block the released addresses at the edge.",
                "Tell the cell if one of them gets an answer.",
            ],
        },
    },
    Scenario {
        attack: AttackKind::Fraud,
        severity: Severity::Medium,
        titles: [
            "Supplier asks to change bank details",
            "False invoice with changed account",
            "Call and mail about an overdue payment",
        ],
        narratives: [
            "A known supplier's last invoice came again with another account. The mail continues a real thread.",
            "Accounts called back on the known number and found it false. Nothing was paid.",
            "One payment was made and recalled the same day. The mailbox of the supplier is not under its control.",
        ],
        subject: "Re: overdue remittance",
        techniques: &["T1657", "T1534", "T1566.003"],
        tags: &["payment-fraud"],
        sectors: &[Finance, Health, Government, Food, Defence],
        values: &[(Domain, 3), (Sender, 4), (Subject, 2), (Ipv4, 1), (FileName, 1)],
        advice: Advice {
            title: "Real threads go on with false bank details",
            summary: "Mails that continue a real conversation with a supplier ask to pay to another account.",
            actions: &[
                "Call back on a number you already know before any change of bank details.",
                "Block the released sender domains.",
                "If you have paid, call your bank at once, then the cell.",
            ],
        },
    },
];
