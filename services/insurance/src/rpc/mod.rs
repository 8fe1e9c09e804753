//! The calls that insurance answers: translation, authorisation by method, and the transaction of each.

mod appetites;
mod covers;
mod dossier;
mod refusal;
mod service;

pub(crate) use dossier::Dossiers;
pub(crate) use service::Face;

use rpc::{
    Duty,
    policy::{Allow, MethodPolicy},
};

/// Who keeps what institutions are ready to cover: those who register institutions.
const DESK: Allow = Allow::Staff(&[Duty::Clerk, Duty::Supervisor, Duty::Administrator]);
/// Declarations are no secret among staff.
const STAFF: Allow = Allow::Staff(&Duty::ALL);
/// Quotes are for those who advise the enterprise (domain.md §7).
const CLERKS: Allow = Allow::Staff(&[Duty::Clerk, Duty::Supervisor]);

macro_rules! method {
    ($service:literal, $name:literal, $allow:expr) => {
        MethodPolicy { method: concat!("/zhirong.insurance.v1.", $service, "/", $name), allow: &[$allow] }
    };
}

/// Who may call what.
pub static POLICY: &[MethodPolicy] = &[
    method!("InsuranceService", "SetAppetite", DESK),
    method!("InsuranceService", "ListAppetites", STAFF),
    method!("InsuranceService", "PreviewCover", DESK),
    method!("InsuranceService", "ListCover", CLERKS),
    method!("CoverDossierService", "GetCoverDossier", Allow::Role("partner")),
];
