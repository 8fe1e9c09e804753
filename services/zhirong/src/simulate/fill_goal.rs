//! In which state each case of a filled system is to stand, and how its institutions behave for that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kernel::DeclineReason;
use proto::intake::v1::{CaseState, Channel};

use super::script::{Conduct, Script, Sequel};

/// Where a case is to end up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Goal {
    /// 草稿
    Draft,
    /// Waits for a clerk to accept it.
    Submitted,
    /// The enterprise has been asked for documents.
    Supplement,
    /// An institution stays silent: the window is open.
    Collecting,
    OffersReady,
    /// Everyone has declined.
    NoOffer,
    /// Everyone has declined, and the enterprise has given up.
    Rejected,
    Withdrawn,
    /// The only offers were taken back.
    Expired,
    /// The chosen bank has not answered yet.
    Selected,
    /// The first choice was refused; the choice is open again.
    Reopened,
    Approved,
}

/// In percent: most cases go well, every state occurs.
const SHARES: [(Goal, usize); 12] = [
    (Goal::Approved, 34),
    (Goal::OffersReady, 12),
    (Goal::Selected, 10),
    (Goal::Collecting, 8),
    (Goal::NoOffer, 5),
    (Goal::Withdrawn, 6),
    (Goal::Submitted, 6),
    (Goal::Rejected, 4),
    (Goal::Expired, 4),
    (Goal::Supplement, 4),
    (Goal::Draft, 4),
    (Goal::Reopened, 3),
];

impl Goal {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        SHARES.into_iter().map(|(goal, _)| goal)
    }

    /// The goal of the case with this number. Without a factor in common with 100 the step spreads all goals over few
    /// cases already.
    pub(super) fn of(index: usize) -> Self {
        let mut place = index * 37 % 100;
        for (goal, share) in SHARES {
            if place < share {
                return goal;
            }
            place -= share;
        }
        Self::Approved
    }

    pub(super) fn chinese(self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Submitted => "已提交，待受理",
            Self::Supplement => "待补正",
            Self::Collecting => "征集中",
            Self::OffersReady => "报价齐备",
            Self::NoOffer => "无报价",
            Self::Rejected => "终止",
            Self::Withdrawn => "已撤回",
            Self::Expired => "已失效",
            Self::Selected => "已选定",
            Self::Reopened => "重新选择",
            Self::Approved => "已批复",
        }
    }

    pub(super) fn state(self) -> CaseState {
        match self {
            Self::Draft => CaseState::Draft,
            Self::Submitted => CaseState::Submitted,
            Self::Supplement => CaseState::Supplement,
            Self::Collecting => CaseState::Collecting,
            Self::OffersReady | Self::Reopened => CaseState::OffersReady,
            Self::NoOffer => CaseState::NoOffer,
            Self::Rejected => CaseState::Rejected,
            Self::Withdrawn => CaseState::Withdrawn,
            Self::Expired => CaseState::Expired,
            Self::Selected => CaseState::Selected,
            Self::Approved => CaseState::Approved,
        }
    }

    /// What needs a clerk before it is accepted comes over the counter.
    pub(super) fn channel(self) -> Channel {
        match self {
            Self::Draft | Self::Submitted | Self::Supplement => Channel::Desk,
            Self::Collecting | Self::Withdrawn => Channel::Xyd,
            _ => Channel::Api,
        }
    }

    /// What the `nth` bank does; `first` is the one that decides whether a window stays open.
    pub(super) fn conduct(self, first: bool) -> Conduct {
        let script = match self {
            Self::NoOffer | Self::Rejected => Script::Decline(DeclineReason::R08),
            Self::Collecting if first => Script::Silent,
            _ => Script::Offer,
        };
        let sequel = match self {
            Self::Selected => Sequel::Ignore,
            Self::Reopened => Sequel::Refuse,
            _ => Sequel::Confirm,
        };
        Conduct { script, sequel }
    }
}

/// The goals of the cases by their number, which is what institutions read.
#[derive(Clone, Debug, Default)]
pub(super) struct Goals(Arc<Mutex<HashMap<String, Goal>>>);

impl Goals {
    pub(super) fn set(&self, case_no: &str, goal: Goal) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(case_no.to_owned(), goal);
    }

    pub(super) fn get(&self, case_no: &str) -> Option<Goal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(case_no).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn shares_make_a_hundred_and_every_goal_occurs_among_forty_cases() {
        assert_eq!(SHARES.iter().map(|(_, share)| share).sum::<usize>(), 100);
        let goals: BTreeSet<Goal> = (0..40).map(Goal::of).collect();
        assert_eq!(goals.len(), SHARES.len(), "{goals:?}");
    }
}
