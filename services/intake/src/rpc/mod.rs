//! The calls that intake answers: translation, authorisation by method, and the transaction of each.

mod at_once;
mod commands;
mod dossier;
mod drafts;
mod legs;
mod lookup;
mod preview;
mod queries;
mod refusal;
mod select;
mod service;
mod submissions;
mod submit;

pub(crate) use at_once::AtOnce;
pub(crate) use dossier::{ConsentCache, Dossiers};
pub(crate) use service::{Deps, Intake};
pub(crate) use submissions::Submissions;

use rpc::{
    Duty,
    policy::{Allow, MethodPolicy},
};

const CLERKS: &[Duty] = &[Duty::Clerk, Duty::Supervisor];
/// Operators see ids, states and codes: lists and timelines, never an application (domain.md §7).
const READERS: &[Duty] = &[Duty::Clerk, Duty::Supervisor, Duty::Operator];

macro_rules! method {
    ($service:literal, $name:literal, $allow:expr) => {
        MethodPolicy { method: concat!("/zhirong.intake.v1.", $service, "/", $name), allow: $allow }
    };
}

/// Who may call what. Applications come from clerks, or through roles that take them in for others.
pub static POLICY: &[MethodPolicy] = &[
    method!("IntakeService", "SubmitApplication", &[Allow::Staff(CLERKS), Allow::AnyRole]),
    method!("IntakeService", "CreateDraft", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "ChangeDraft", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "SubmitDraft", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "RequestSupplement", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "ProvideSupplement", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "AcceptCase", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "WithdrawCase", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "RedispatchCase", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "GiveUpCase", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "SelectOffer", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "PreviewPlan", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "AnswerInstitution", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "GetCase", &[Allow::Staff(CLERKS)]),
    method!("IntakeService", "ListCases", &[Allow::Staff(READERS)]),
    method!("IntakeService", "ListTimeline", &[Allow::Staff(READERS)]),
    method!("IntakeService", "ListOffers", &[Allow::Staff(CLERKS)]),
    method!("DossierService", "GetDossier", &[Allow::Role("partner")]),
    method!("DossierService", "GetRoleDossier", &[Allow::Role("insurance")]),
];
