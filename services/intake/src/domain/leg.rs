//! A leg (分路): one question to one bank or evaluator, with the machine of `kernel::leg` inside.

use chrono::{DateTime, Utc};
use kernel::{
    CaseId, InstitutionId, InstitutionRole, LegId, ProductId, ReplyId, documents::DocumentCode, leg::LegState,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Random: it is the assignment id that the institution sees.
    pub id: LegId,
    pub case: CaseId,
    pub round: u8,
    pub wave: u8,
    pub role: InstitutionRole,
    pub institution: InstitutionId,
    pub product: ProductId,
    pub product_version: i32,
    pub state: LegState,
    /// Rises with every change; the `aggregate_version` of the leg's messages.
    pub version: i64,
    pub issued_at: DateTime<Utc>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub replied_at: Option<DateTime<Utc>>,
    /// The reply whose offer or refusal stands.
    pub standing_reply: Option<ReplyId>,
    /// Open question of the institution.
    pub asked: Vec<DocumentCode>,
    pub asked_note: String,
}

impl Leg {
    pub fn change(&mut self, state: LegState) {
        self.state = state;
        self.version += 1;
    }
}
