//! A reply (答复) as it is kept: what was said is stored as it is published, so that both can be compared later.

use chrono::{DateTime, Utc};
use kernel::{InstitutionId, InstitutionRole, LegId, ReplyId};

/// What was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyKind {
    /// 授信意向, with its sequence number.
    Offer { seq: i32 },
    /// 谢绝
    Decline,
    /// 补充材料要求
    Question,
    /// 评估报价
    Valuation { seq: i32 },
    /// 保险报价单
    Insurance { seq: i32 },
    /// 担保意向函
    Guarantee { seq: i32 },
    /// 撤回
    TakenBack,
    /// 授信批复
    Approval,
    /// 确认
    Confirmation,
    /// The enterprise's choice is refused.
    Refusal,
    /// 评估报告
    Report,
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
            Self::Valuation { .. } => 4,
            Self::Insurance { .. } => 5,
            Self::Guarantee { .. } => 6,
            Self::TakenBack => 7,
            Self::Approval => 8,
            Self::Confirmation => 9,
            Self::Refusal => 10,
            Self::Report => 11,
        }
    }

    pub const fn offer_seq(self) -> Option<i32> {
        match self {
            Self::Offer { seq }
            | Self::Valuation { seq }
            | Self::Insurance { seq }
            | Self::Guarantee { seq } => Some(seq),
            Self::Decline
            | Self::Question
            | Self::TakenBack
            | Self::Approval
            | Self::Confirmation
            | Self::Refusal
            | Self::Report => None,
        }
    }

    /// Whether it can be chosen by the enterprise.
    pub const fn is_offer(self) -> bool {
        self.offer_seq().is_some()
    }

    /// Whether an institution of this role can say it (domain.md §3.1).
    pub const fn is_of(self, role: InstitutionRole) -> bool {
        match self {
            Self::Decline | Self::Question | Self::TakenBack | Self::Refusal => true,
            Self::Offer { .. } | Self::Approval => matches!(role, InstitutionRole::Bank),
            Self::Valuation { .. } | Self::Report => matches!(role, InstitutionRole::Evaluator),
            Self::Insurance { .. } => matches!(role, InstitutionRole::Insurer),
            Self::Guarantee { .. } => matches!(role, InstitutionRole::Guarantor),
            Self::Confirmation => matches!(
                role,
                InstitutionRole::Evaluator | InstitutionRole::Insurer | InstitutionRole::Guarantor
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_its_own_offer_and_its_own_confirmation() {
        use InstitutionRole::{Bank, Evaluator, Guarantor, Insurer};
        let table = [
            (ReplyKind::Offer { seq: 1 }, vec![Bank]),
            (ReplyKind::Valuation { seq: 1 }, vec![Evaluator]),
            (ReplyKind::Insurance { seq: 1 }, vec![Insurer]),
            (ReplyKind::Guarantee { seq: 1 }, vec![Guarantor]),
            (ReplyKind::Approval, vec![Bank]),
            (ReplyKind::Confirmation, vec![Evaluator, Insurer, Guarantor]),
            (ReplyKind::Report, vec![Evaluator]),
            (ReplyKind::Decline, vec![Bank, Evaluator, Insurer, Guarantor]),
            (ReplyKind::TakenBack, vec![Bank, Evaluator, Insurer, Guarantor]),
        ];
        for (kind, roles) in table {
            for role in [Bank, Evaluator, Insurer, Guarantor] {
                assert_eq!(kind.is_of(role), roles.contains(&role), "{kind:?} of {role:?}");
            }
        }
    }
}
