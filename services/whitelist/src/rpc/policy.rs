//! Who may call which method (domain.md §7). The test below holds this table to the contract.

use rpc::{
    Duty,
    policy::{Allow, MethodPolicy},
};

/// Who handles enterprises at the service centre.
const DESK: Allow = Allow::Staff(&[Duty::Clerk, Duty::Supervisor, Duty::Administrator]);
/// Who may see enterprises by name; operations may not.
const READERS: Allow = Allow::Staff(&[Duty::Clerk, Duty::Supervisor, Duty::Regulator, Duty::Administrator]);
const SUPERVISOR: Allow = Allow::Staff(&[Duty::Supervisor]);
const INTAKE: Allow = Allow::Role("intake");
const PARTNER: Allow = Allow::Role("partner");
const INSURANCE: Allow = Allow::Role("insurance");
const CATALOG: Allow = Allow::Role("catalog");

/// Ids and codes alone, which operations may see too.
const WATCHERS: Allow = Allow::Staff(&Duty::ALL);

macro_rules! method {
    ($name:literal, $($allow:expr),+) => { of_service!("WhitelistService", $name, $($allow),+) };
}

macro_rules! of_service {
    ($service:literal, $name:literal, $($allow:expr),+) => {
        MethodPolicy {
            method: concat!("/zhirong.whitelist.v1.", $service, "/", $name),
            allow: &[$($allow),+],
        }
    };
}

pub static POLICY: &[MethodPolicy] = &[
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
    of_service!("ScreeningService", "RecordRulebook", SUPERVISOR),
    of_service!("ScreeningService", "ListRulebooks", READERS),
    of_service!("ScreeningService", "StartRun", SUPERVISOR),
    of_service!("ScreeningService", "GetRun", READERS),
    of_service!("ScreeningService", "ListResults", READERS),
    of_service!("ScreeningService", "ExplainResult", READERS),
    of_service!("ScreeningService", "ReplayRun", READERS),
    of_service!("ScreeningService", "RecordExclusion", SUPERVISOR),
    of_service!("ScreeningService", "CureExclusion", SUPERVISOR),
    of_service!("EntryService", "Nominate", DESK),
    of_service!("EntryService", "OpenPublicity", SUPERVISOR),
    of_service!("EntryService", "Object", DESK),
    of_service!("EntryService", "Repair", SUPERVISOR),
    of_service!("EntryService", "Renew", SUPERVISOR),
    of_service!("EntryService", "Remove", SUPERVISOR),
    of_service!("EntryService", "GetEntry", READERS, INTAKE),
    of_service!("EntryService", "ListEntries", READERS),
    of_service!("ListService", "PublishList", SUPERVISOR),
    of_service!("ListService", "ListVersions", READERS),
    of_service!("ListService", "GetListItems", READERS),
    // Institutions come through partner alone, which says who asks.
    of_service!("ListService", "GetListForInstitution", PARTNER),
    of_service!("ListService", "ListAcknowledgements", WATCHERS),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_has_one_entry_and_nothing_else_has() {
        testkit::every_method_has_one_policy("zhirong.whitelist.v1", POLICY);
    }
}
