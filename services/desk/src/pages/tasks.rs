//! What no machine can put right (须处理): an undo that failed. The same words on the case's page, in the lists of cases
//! and on the first page.

use proto::intake::v1::{self as intake, CaseState};

/// Something that a person has to do about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Task {
    /// In a list.
    pub(crate) name: &'static str,
    /// What has happened.
    pub(crate) happened: &'static str,
    /// What to do next.
    pub(crate) next: &'static str,
}

/// The cover of an approved loan is gone (domain.md §3.2, undo table): neither approval nor choice can be undone for it.
const COVER_LOST: Task = Task {
    name: "增信未落实",
    happened: "银行批复后，选定的保险或担保机构没有出单或签约，增信未能落实，系统无法自动补救。",
    next: "请立即通知企业和批复银行，由银行书面答复是否仍按此批复放款。银行同意的，把答复存入案卷；不同意的，在“办理”中撤回案件并写明原因，再为企业受理新申请。",
};

/// The task of a case, if it has one.
pub(crate) fn of(header: &intake::CaseHeader) -> Option<Task> {
    let lost = header.selection.as_ref().is_some_and(|selection| selection.cover_lost);
    (lost && header.state() == CaseState::Approved).then_some(COVER_LOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_approved_case_whose_cover_is_lost_is_a_task() {
        let case = |state: CaseState, cover_lost| intake::CaseHeader {
            state: state.into(),
            selection: Some(intake::Selection { cover_lost, ..Default::default() }),
            ..Default::default()
        };
        assert_eq!(of(&case(CaseState::Approved, true)), Some(COVER_LOST));
        assert_eq!(of(&case(CaseState::Approved, false)), None);
        assert_eq!(of(&case(CaseState::Withdrawn, true)), None, "nothing is left to do");
        assert_eq!(of(&intake::CaseHeader::default()), None);
    }
}
