//! Who may call which method, on which face, and which scope of a credential it needs.

use rpc::Duty;
use rpc::policy::{Allow, MethodPolicy};

use crate::domain::Scope;

pub(super) const GET_ASSIGNMENT: &str = "/zhirong.partner.v1.AssignmentService/GetAssignment";
pub(super) const ACCEPT_ASSIGNMENT: &str = "/zhirong.partner.v1.AssignmentService/AcceptAssignment";
pub(super) const SUBMIT_DECISION: &str = "/zhirong.partner.v1.AssignmentService/SubmitDecision";
const SUBMIT_DECISIONS: &str = "/zhirong.partner.v1.AssignmentService/SubmitDecisions";
pub(super) const REQUEST_SUPPLEMENT: &str = "/zhirong.partner.v1.AssignmentService/RequestSupplement";
pub(super) const WITHDRAW_OFFER: &str = "/zhirong.partner.v1.AssignmentService/WithdrawOffer";
pub(super) const CONFIRM_SELECTION: &str = "/zhirong.partner.v1.AssignmentService/ConfirmSelection";
pub(super) const SUBMIT_REPORT: &str = "/zhirong.partner.v1.AssignmentService/SubmitReport";
const LIST_ASSIGNMENTS: &str = "/zhirong.partner.v1.AssignmentService/ListAssignments";
pub(super) const PULL_EVENTS: &str = "/zhirong.partner.v1.EventService/PullEvents";
const ACKNOWLEDGE: &str = "/zhirong.partner.v1.EventService/Acknowledge";

const GET_WHITELIST: &str = "/zhirong.partner.v1.WhitelistFeedService/GetWhitelist";
const ACKNOWLEDGE_WHITELIST: &str = "/zhirong.partner.v1.WhitelistFeedService/AcknowledgeWhitelist";
const LIST_PRODUCTS: &str = "/zhirong.partner.v1.ProductService/ListProducts";
const GET_PRODUCT: &str = "/zhirong.partner.v1.ProductService/GetProduct";
const CREATE_PRODUCT: &str = "/zhirong.partner.v1.ProductService/CreateProduct";
const REVISE_PRODUCT: &str = "/zhirong.partner.v1.ProductService/ReviseProduct";
const SUBMIT_PRODUCT: &str = "/zhirong.partner.v1.ProductService/SubmitProduct";
const WITHDRAW_PRODUCT: &str = "/zhirong.partner.v1.ProductService/WithdrawProduct";
const SUSPEND_PRODUCT: &str = "/zhirong.partner.v1.ProductService/SuspendProduct";
const RESUME_PRODUCT: &str = "/zhirong.partner.v1.ProductService/ResumeProduct";
const RETIRE_PRODUCT: &str = "/zhirong.partner.v1.ProductService/RetireProduct";

pub(super) const ISSUE_CREDENTIAL: &str = "/zhirong.partner.v1.CredentialService/IssueCredential";
pub(super) const ROTATE_CREDENTIAL: &str = "/zhirong.partner.v1.CredentialService/RotateCredential";
pub(super) const REVOKE_CREDENTIAL: &str = "/zhirong.partner.v1.CredentialService/RevokeCredential";
const LIST_CREDENTIALS: &str = "/zhirong.partner.v1.CredentialService/ListCredentials";
const LIST_CONTACTS: &str = "/zhirong.partner.v1.ContactService/ListContacts";

const INSTITUTION: &[Allow] = &[Allow::Institution];
const ADMINISTRATOR: &[Allow] = &[Allow::Staff(&[Duty::Administrator])];
const OPERATOR: &[Allow] = &[Allow::Staff(&[Duty::Operator])];

/// The institutions' face: everything that one of them can call.
pub const INSTITUTIONS: &[MethodPolicy] = &[
    MethodPolicy { method: GET_ASSIGNMENT, allow: INSTITUTION },
    MethodPolicy { method: LIST_ASSIGNMENTS, allow: INSTITUTION },
    MethodPolicy { method: ACCEPT_ASSIGNMENT, allow: INSTITUTION },
    MethodPolicy { method: SUBMIT_DECISION, allow: INSTITUTION },
    MethodPolicy { method: SUBMIT_DECISIONS, allow: INSTITUTION },
    MethodPolicy { method: WITHDRAW_OFFER, allow: INSTITUTION },
    MethodPolicy { method: CONFIRM_SELECTION, allow: INSTITUTION },
    MethodPolicy { method: SUBMIT_REPORT, allow: INSTITUTION },
    MethodPolicy { method: REQUEST_SUPPLEMENT, allow: INSTITUTION },
    MethodPolicy { method: PULL_EVENTS, allow: INSTITUTION },
    MethodPolicy { method: ACKNOWLEDGE, allow: INSTITUTION },
    MethodPolicy { method: GET_WHITELIST, allow: INSTITUTION },
    MethodPolicy { method: ACKNOWLEDGE_WHITELIST, allow: INSTITUTION },
    MethodPolicy { method: LIST_PRODUCTS, allow: INSTITUTION },
    MethodPolicy { method: GET_PRODUCT, allow: INSTITUTION },
    MethodPolicy { method: CREATE_PRODUCT, allow: INSTITUTION },
    MethodPolicy { method: REVISE_PRODUCT, allow: INSTITUTION },
    MethodPolicy { method: SUBMIT_PRODUCT, allow: INSTITUTION },
    MethodPolicy { method: WITHDRAW_PRODUCT, allow: INSTITUTION },
    MethodPolicy { method: SUSPEND_PRODUCT, allow: INSTITUTION },
    MethodPolicy { method: RESUME_PRODUCT, allow: INSTITUTION },
    MethodPolicy { method: RETIRE_PRODUCT, allow: INSTITUTION },
];

/// The internal face.
pub(super) const INTERNAL: &[MethodPolicy] = &[
    MethodPolicy { method: ISSUE_CREDENTIAL, allow: ADMINISTRATOR },
    MethodPolicy { method: ROTATE_CREDENTIAL, allow: ADMINISTRATOR },
    MethodPolicy { method: REVOKE_CREDENTIAL, allow: ADMINISTRATOR },
    MethodPolicy { method: LIST_CREDENTIALS, allow: ADMINISTRATOR },
    MethodPolicy { method: LIST_CONTACTS, allow: OPERATOR },
];

/// The scope that a method of the institutions' face needs; `None` for any other method.
pub(super) fn scope(method: &str) -> Option<Scope> {
    match method {
        PULL_EVENTS | ACKNOWLEDGE | GET_WHITELIST | ACKNOWLEDGE_WHITELIST => Some(Scope::Events),
        GET_ASSIGNMENT | LIST_ASSIGNMENTS | ACCEPT_ASSIGNMENT | SUBMIT_DECISION | SUBMIT_DECISIONS
        | WITHDRAW_OFFER | CONFIRM_SELECTION | SUBMIT_REPORT | REQUEST_SUPPLEMENT => Some(Scope::Assignments),
        LIST_PRODUCTS | GET_PRODUCT | CREATE_PRODUCT | REVISE_PRODUCT | SUBMIT_PRODUCT | WITHDRAW_PRODUCT
        | SUSPEND_PRODUCT | RESUME_PRODUCT | RETIRE_PRODUCT => Some(Scope::Products),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_is_on_one_face() {
        testkit::every_method_has_one_policy("zhirong.partner.v1", &[INSTITUTIONS, INTERNAL].concat());
    }

    #[test]
    fn every_method_of_the_institutions_needs_a_scope_and_none_is_open_to_others() {
        for policy in INSTITUTIONS {
            assert!(scope(policy.method).is_some(), "{}", policy.method);
            assert_eq!(policy.allow, [Allow::Institution]);
        }
        assert!(INTERNAL.iter().all(|policy| scope(policy.method).is_none()));
    }
}
