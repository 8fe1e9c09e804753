//! Who may call which method (domain.md §7). The test below holds this table to the contract.

use rpc::{
    Duty,
    policy::{Allow, MethodPolicy},
};

/// Who handles enterprises at the service centre.
const DESK: Allow = Allow::Staff(&[Duty::Clerk, Duty::Supervisor, Duty::Administrator]);
/// Who may see enterprises by name; operations may not.
const READERS: Allow = Allow::Staff(&[Duty::Clerk, Duty::Supervisor, Duty::Regulator, Duty::Administrator]);
const SUPERVISORS: Allow = Allow::Staff(&[Duty::Supervisor, Duty::Administrator]);
const SUPERVISOR: Allow = Allow::Staff(&[Duty::Supervisor]);
const INTAKE: Allow = Allow::Role("intake");
const PARTNER: Allow = Allow::Role("partner");
const INSURANCE: Allow = Allow::Role("insurance");
const CATALOG: Allow = Allow::Role("catalog");

/// Ids and codes alone, which operations may see too.
const WATCHERS: Allow = Allow::Staff(&Duty::ALL);
/// Who may look behind the masks, each time for a reason, and who screens.
const REVEALERS: Allow = Allow::Staff(&[Duty::Clerk, Duty::Supervisor]);
/// Who may read the log of that.
const OVERSEERS: Allow = Allow::Staff(&[Duty::Supervisor, Duty::Regulator, Duty::Administrator]);

macro_rules! method {
    ($name:literal, $($allow:expr),+) => { of!("WhitelistService", $name, $($allow),+) };
}

macro_rules! of {
    ($service:literal, $name:literal, $($allow:expr),+) => {
        MethodPolicy {
            method: concat!("/zhirong.whitelist.v1.", $service, "/", $name),
            allow: &[$($allow),+],
        }
    };
}

macro_rules! file_method {
    ($name:literal, $($allow:expr),+) => {
        MethodPolicy {
            method: concat!("/zhirong.whitelist.v1.FileService/", $name),
            allow: &[$($allow),+],
        }
    };
}

pub static POLICY: &[MethodPolicy] = &[
    file_method!("UploadFile", DESK),
    file_method!("GetImport", DESK),
    file_method!("ListImports", DESK),
    file_method!("ListImportFaults", DESK),
    file_method!("DownloadImportFaults", DESK),
    // What becomes of the register by the thousand is a supervisor's decision.
    file_method!("AcceptImport", SUPERVISORS),
    file_method!("AcceptGoodRows", SUPERVISORS),
    file_method!("DiscardImport", DESK),
    file_method!("ExportFile", SUPERVISORS),
    file_method!("GetTemplate", DESK),
    method!("RegisterEnterprise", DESK),
    method!("GetEnterprise", READERS, Allow::AnyRole),
    method!("RegisterAsset", DESK),
    method!("ListAssets", READERS, Allow::AnyRole),
    method!("GrantConsent", DESK),
    method!("RevokeConsent", DESK),
    method!("CheckConsent", READERS, INTAKE, PARTNER, INSURANCE, CATALOG),
    method!("RecordStanding", SUPERVISOR),
    method!("GetStandings", READERS, INTAKE, PARTNER, INSURANCE, CATALOG),
    // It tells nothing that is not in the number itself.
    method!("CheckIdentifier", READERS, Allow::AnyRole),
    of!("ScreeningService", "RecordRulebook", SUPERVISOR),
    of!("ScreeningService", "ListRulebooks", READERS),
    of!("ScreeningService", "StartRun", SUPERVISOR),
    of!("ScreeningService", "GetRun", READERS),
    of!("ScreeningService", "ListResults", READERS),
    of!("ScreeningService", "ExplainResult", READERS),
    of!("ScreeningService", "ReplayRun", READERS),
    of!("ScreeningService", "RecordExclusion", SUPERVISOR),
    of!("ScreeningService", "CureExclusion", SUPERVISOR),
    of!("EntryService", "Nominate", DESK),
    of!("EntryService", "OpenPublicity", SUPERVISOR),
    of!("EntryService", "Object", DESK),
    of!("EntryService", "Repair", SUPERVISOR),
    of!("EntryService", "Renew", SUPERVISOR),
    of!("EntryService", "Remove", SUPERVISOR),
    of!("EntryService", "GetEntry", READERS, INTAKE),
    of!("EntryService", "ListEntries", READERS),
    of!("ListService", "PublishList", SUPERVISOR),
    of!("ListService", "ListVersions", READERS),
    of!("ListService", "GetListItems", READERS),
    // Institutions come through partner alone, which says who asks.
    of!("ListService", "GetListForInstitution", PARTNER),
    of!("ListService", "ListAcknowledgements", WATCHERS),
    of!("RegisterService", "AmendEnterprise", DESK),
    of!("RegisterService", "AmendAsset", DESK),
    of!("RegisterService", "RecordLegalEvents", DESK),
    of!("RegisterService", "Reveal", REVEALERS),
    of!("RegisterService", "ListReveals", OVERSEERS),
    of!("RegisterService", "CheckPledge", READERS, Allow::AnyRole),
    of!("RegisterService", "ListConsents", READERS),
    of!("SourceService", "RequestSnapshot", REVEALERS, INTAKE),
    of!("SourceService", "GetSnapshots", REVEALERS, INTAKE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_has_one_entry_and_nothing_else_has() {
        testkit::every_method_has_one_policy("zhirong.whitelist.v1", POLICY);
    }
}
