//! A reply (答复) as it is kept: what was said is stored as it is published, so that both can be compared later.

use chrono::{DateTime, Utc};
use kernel::{InstitutionId, LegId, ReplyId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyKind {
    /// 授信意向, with its sequence number.
    Offer { seq: i32 },
    /// 谢绝
    Decline,
    /// 补充材料要求
    Question,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub id: ReplyId,
    pub assignment_id: LegId,
    pub institution_id: InstitutionId,
    pub kind: ReplyKind,
    pub late: bool,
    pub submitted_at: DateTime<Utc>,
    /// The encoded `ReplySubmitted`.
    pub body: Vec<u8>,
}

impl ReplyKind {
    pub const fn number(self) -> i16 {
        match self {
            Self::Offer { .. } => 1,
            Self::Decline => 2,
            Self::Question => 3,
        }
    }

    pub const fn offer_seq(self) -> Option<i32> {
        match self {
            Self::Offer { seq } => Some(seq),
            Self::Decline | Self::Question => None,
        }
    }
}
