//! Pure rules that several services share: money, identifiers, codes, the calendar, the leg machine, privacy.
//! No async, SQL or protobuf; time and randomness come in as arguments.

pub mod calendar;
pub mod case_number;
pub mod check_digits;
pub mod checked;
pub mod clock;
pub mod codes;
pub mod cover;
pub mod documents;
pub mod ids;
pub mod institution_codes;
pub mod ip_number;
pub mod layout;
pub mod leg;
pub mod legal_status;
pub mod loan;
pub mod money;
pub mod patent;
pub mod privacy;
pub mod publication;
pub mod rate;
pub mod regions;
pub mod registrations;
pub mod resident_id;
pub mod trademark;
pub mod typed;
pub mod uscc;

pub use calendar::{Calendar, CalendarMissing, DayTable, Due, Span};
pub use case_number::CaseNumber;
pub use checked::{Checked, Warning};
pub use clock::{Clock, SystemClock};
pub use codes::{
    DeclineReason, EnhancementMode, EnterpriseSize, Grade, InstitutionRole, IpType, Qualification, RateKind,
    RepaymentMethod,
};
pub use documents::DocumentCode;
pub use ids::{
    AgreementId, AssetId, BranchId, CaseId, ConsentId, CredentialId, DocumentKey, EnterpriseId, EventId,
    IdError, InstitutionId, LegId, MessageId, PolicyDocumentId, ProductId, ReplyId, RequestId, RevealId,
    SnapshotId,
};
pub use ip_number::IpNumber;
pub use money::{AmountError, Fen, SplitError};
pub use patent::PatentNumber;
pub use rate::{BasisPoints, Months};
pub use uscc::Uscc;
