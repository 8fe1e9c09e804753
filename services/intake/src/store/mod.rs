//! All SQL of intake, one file per aggregate. Every function takes the connection, so that the caller holds the
//! transaction; writes are multi-row statements whose plans do not depend on table statistics.

pub mod cases;
pub mod changes;
pub mod covers;
pub mod deadlines;
pub mod dossiers;
pub mod engagements;
pub mod legs;
pub mod offers;
pub mod serials;
pub mod timeline;
pub mod valuations;

pub use changes::Changes;

/// A stored row that no rule of ours could have written, or a database that failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("no case number can be issued")]
    Number(#[source] kernel::case_number::NumberError),
    #[error("row {id} of {table} holds an impossible {what}")]
    Corrupt { table: &'static str, id: uuid::Uuid, what: &'static str },
}

/// Every statement of this service, for the test that prepares each against the migrated schema.
pub const STATEMENTS: &[&str] = &[
    cases::INSERT,
    cases::READ,
    cases::LOCK,
    cases::LOCK_BY_LEGS,
    cases::READ_BY_LEGS,
    cases::LOCK_BY_CONSENT,
    cases::UPDATE,
    cases::TOUCH,
    cases::UPDATE_CHOICE,
    cases::UPDATE_FORM,
    cases::ROOT,
    cases::GET,
    cases::GET_BY_NUMBER,
    cases::LIST,
    cases::COVER_LOST,
    legs::INSERT,
    legs::UPDATE,
    legs::BY_IDS,
    legs::OF_CASES,
    legs::INSERT_SUPPLEMENT,
    legs::SUPPLEMENTS,
    valuations::INSERT,
    valuations::OF_CASE,
    valuations::BY_REPLIES,
    valuations::INSERT_REPORT,
    valuations::REPORTS,
    valuations::REPORTED,
    engagements::INSERT,
    engagements::OF_CASES,
    covers::INSERT,
    covers::ASKED,
    covers::ANSWERED,
    covers::OPTIONS,
    covers::PUT_OPTIONS,
    offers::INSERT,
    offers::OF_CASE,
    offers::BY_REPLIES,
    dossiers::INSERT,
    dossiers::FIND,
    dossiers::OF_ROLE,
    dossiers::OF_CASES,
    deadlines::PUT,
    deadlines::CLEAR,
    deadlines::HASTEN,
    deadlines::POSTPONE,
    deadlines::DUE,
    deadlines::BACKLOG,
    deadlines::NEXT,
    deadlines::OF_CASE,
    deadlines::PENDING,
    deadlines::FIX,
    timeline::INSERT,
    timeline::LIST,
    serials::RESERVE,
];
