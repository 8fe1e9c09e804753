//! Who may call which method (domain.md §7). The test below holds this table to the contract.

use rpc::{
    Duty,
    policy::{Allow, MethodPolicy},
};

/// Who keeps the catalog.
const DESK: Allow = Allow::Staff(&[Duty::Clerk, Duty::Supervisor, Duty::Administrator]);
/// Institutions and products are no secret among staff.
const STAFF: Allow = Allow::Staff(&Duty::ALL);
const INTAKE: Allow = Allow::Role("intake");

/// Who lets products out: not the front desk alone.
const REVIEWERS: Allow = Allow::Staff(&[Duty::Supervisor, Duty::Administrator]);
/// Who looks after the connection with the platform.
const OPERATIONS: Allow = Allow::Staff(&[Duty::Operator, Duty::Supervisor, Duty::Administrator]);
/// A bank, through the partner gateway; which products are its own is the handler's question.
const BANK: Allow = Allow::Institution;

macro_rules! methods {
    ($($service:literal { $($name:literal: $($allow:expr),+;)+ })+) => {
        &[$($(
            MethodPolicy {
                method: concat!("/zhirong.catalog.v1.", $service, "/", $name),
                allow: &[$($allow),+],
            },
        )+)+]
    };
}

pub static POLICY: &[MethodPolicy] = methods! {
    "CatalogService" {
        "RegisterInstitution": DESK;
        "GetInstitution": STAFF, Allow::AnyRole;
        "ListInstitutions": STAFF, Allow::AnyRole;
        "CreateProduct": DESK;
        "ReviseProduct": DESK;
        "PublishProduct": REVIEWERS;
        "RetireProduct": DESK;
        "GetProduct": STAFF, Allow::AnyRole;
        "ListProducts": STAFF, Allow::AnyRole;
        "MatchProducts": STAFF, INTAKE;
    }
    "ReviewService" {
        "SubmitProduct": DESK;
        "ApproveProduct": REVIEWERS;
        "ReturnProduct": REVIEWERS;
        "WithdrawProduct": DESK;
        "SuspendProduct": DESK;
        "ResumeProduct": DESK;
        "ListReviews": STAFF;
        "ListProductActs": STAFF;
    }
    "OwnProductService" {
        "ListOwnProducts": BANK;
        "GetOwnProduct": BANK;
        "CreateOwnProduct": BANK;
        "ReviseOwnProduct": BANK;
        "SubmitOwnProduct": BANK;
        "WithdrawOwnProduct": BANK;
        "SuspendOwnProduct": BANK;
        "ResumeOwnProduct": BANK;
        "RetireOwnProduct": BANK;
    }
    "PricingService" {
        "RecordLpr": DESK;
        "ConfirmLpr": DESK;
        "ListLpr": STAFF, Allow::AnyRole;
        "QuoteRepayment": STAFF, Allow::AnyRole;
        "CompareCost": STAFF, Allow::AnyRole;
        "PledgeLimit": STAFF, Allow::AnyRole;
    }
    "PublicationService" {
        "ListPublications": STAFF;
        "RetryPublication": OPERATIONS;
    }
    "InstitutionService" {
        "AmendInstitution": DESK;
        "AddBranch": DESK;
        "AmendBranch": DESK;
        "ListBranches": STAFF, Allow::AnyRole;
        "RecordPark": DESK;
        "ListParks": STAFF, Allow::AnyRole;
        "SetDutyDesk": DESK;
        "ListDutyDesks": STAFF, Allow::AnyRole;
        "RecordAgreement": DESK;
        "EndAgreement": DESK;
        "ListAgreements": STAFF, Allow::AnyRole;
        "ListExpiringAgreements": STAFF, Allow::AnyRole;
        "FilePolicyDocument": DESK;
        "RepealPolicyDocument": DESK;
        "ListPolicyDocuments": STAFF;
        "GetPolicyMatrix": STAFF, Allow::Role("statistics");
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_has_one_entry_and_nothing_else_has() {
        testkit::every_method_has_one_policy("zhirong.catalog.v1", POLICY);
    }
}
