//! Judges one reply of an institution against the leg it answers. Pure; `replies` feeds it and writes what follows.
//!
//! What an institution is told depends on its own leg and its own window alone, never on the state of the case or on
//! what others do (`docs/adr/0009-choice-and-confirmation.md`).

use chrono::{DateTime, Utc};
use kernel::{
    DeclineReason, InstitutionRole, ReplyId,
    documents::DocumentCode,
    leg::{LegCommand, LegState, LegStep},
};

use super::publish::Fate;
use crate::domain::{Approval, Command, Leg, Offer, ReopenCause, Report, Valuation};

/// What an institution sent.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Received,
    Accepted,
    Offer(Box<Offer>),
    Valuation(Box<Valuation>),
    Decline {
        reply: ReplyId,
        reason: DeclineReason,
    },
    Question {
        reply: ReplyId,
        asked: Vec<DocumentCode>,
        note: String,
    },
    TakenBack {
        reply: ReplyId,
    },
    /// A bank's confirmation.
    Approval {
        reply: ReplyId,
        approval: Box<Approval>,
    },
    /// An evaluator's confirmation, given `at`.
    Confirmed {
        reply: ReplyId,
        at: DateTime<Utc>,
    },
    /// The chosen institution does not confirm.
    Refused {
        reply: ReplyId,
    },
    Report(Box<Report>),
    /// Of a kind that belongs to insurance.
    Foreign {
        reply: ReplyId,
    },
}

/// What is known beside the leg; only what the reply needs has been loaded.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known<'a> {
    /// The offer that stands on this leg, where there is one.
    pub offer: Option<&'a Offer>,
    /// The quote that stands on this leg, where there is one.
    pub quote: Option<&'a Valuation>,
    /// The numbers of the assets in an evaluator's dossier.
    pub assets: &'a [String],
    /// The report of this leg is here already.
    pub reported: bool,
}

/// What follows from it.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// The command on the case, if the case is to know. What depends on other legs is left open in it.
    pub command: Option<Command>,
    /// The leg's next state, where the command does not move the leg.
    pub moved: Option<LegState>,
    /// Told to the institution.
    pub fate: Option<Fate>,
    /// The offer, quote or report is to be stored, as late or as standing.
    pub keep: Option<bool>,
    /// The standing answer that this one takes the place of.
    pub displaced: Option<ReplyId>,
}

/// `in_time` is false when the leg's own window had closed before the reply was given: whatever the leg's state, an
/// answer is late then. What follows a choice has no window.
pub(crate) fn judge(leg: &Leg, reply: &Reply, known: Known<'_>, in_time: bool) -> Verdict {
    if !is_of_role(leg.role, reply) {
        return fate(Fate::Refused("REPLY_ROLE_WRONG"));
    }
    match reply {
        Reply::TakenBack { .. } => taken_back(leg),
        Reply::Approval { approval, .. } => {
            let above = known.offer.is_none_or(|offer| approval.exceeds(offer));
            let command = Command::Approve { approval: approval.as_ref().clone() };
            confirmation(leg, above.then_some("APPROVAL_ABOVE_OFFER"), command)
        }
        Reply::Confirmed { at, .. } => {
            let working_days = known.quote.map(|quote| quote.working_days);
            let command = Command::EngageEvaluator {
                leg: leg.id,
                at: *at,
                working_days: working_days.unwrap_or_default(),
            };
            confirmation(leg, working_days.is_none().then_some("NOTHING_OFFERED"), command)
        }
        Reply::Refused { .. } => refusal(leg),
        Reply::Report(report) => delivery(leg, report.fault(known.quote, known.assets), known.reported),
        Reply::Received
        | Reply::Accepted
        | Reply::Offer(_)
        | Reply::Valuation(_)
        | Reply::Decline { .. }
        | Reply::Question { .. }
            if !in_time =>
        {
            too_late(leg, reply)
        }
        Reply::Received => sign_of_life(leg, LegCommand::Receive, Command::MarkDelivered { leg: leg.id }),
        Reply::Accepted => sign_of_life(leg, LegCommand::Review, Command::MarkReviewing { leg: leg.id }),
        Reply::Offer(offer) => {
            let same = known.offer.is_some_and(|old| same_terms(old, offer));
            answer(leg, reply, LegCommand::Offer { seq: offer.seq }, same)
        }
        Reply::Valuation(quote) => {
            let same = known.quote.is_some_and(|old| old.same_terms(quote));
            answer(leg, reply, LegCommand::Offer { seq: quote.seq }, same)
        }
        Reply::Decline { reason, .. } => answer(leg, reply, LegCommand::Decline { reason: *reason }, true),
        Reply::Question { asked, .. } => question(leg, reply, asked),
        Reply::Foreign { .. } => fate(Fate::Refused("REPLY_ROLE_WRONG")),
    }
}

fn is_of_role(role: InstitutionRole, reply: &Reply) -> bool {
    match reply {
        Reply::Received
        | Reply::Accepted
        | Reply::Decline { .. }
        | Reply::Question { .. }
        | Reply::TakenBack { .. }
        | Reply::Refused { .. } => true,
        Reply::Offer(_) | Reply::Approval { .. } => role == InstitutionRole::Bank,
        Reply::Valuation(_) | Reply::Confirmed { .. } | Reply::Report(_) => {
            role == InstitutionRole::Evaluator
        }
        Reply::Foreign { .. } => false,
    }
}

/// An offer, a quote or a refusal. `same`: a repeat of a number says what was said before.
fn answer(leg: &Leg, reply: &Reply, step: LegCommand, same: bool) -> Verdict {
    let counts = leg.state.is_open();
    let keeps = matches!(reply, Reply::Offer(_) | Reply::Valuation(_));
    match leg.state.decide(step) {
        Ok(LegStep::Moved(state)) => Verdict {
            // An answer that takes the place of another leaves no trace on the case: the seal would break by it.
            command: counts.then_some(Command::CountAnswer {
                leg: leg.id,
                offered: matches!(reply, Reply::Offer(_)),
                need: None,
            }),
            moved: Some(state),
            fate: Some(Fate::Accepted),
            keep: keeps.then_some(false),
            displaced: if counts { None } else { leg.standing_reply },
        },
        Ok(LegStep::AlreadyApplied) if same => fate(Fate::Accepted),
        Ok(LegStep::AlreadyApplied) => fate(Fate::Refused("OFFER_SEQ_USED")),
        Ok(LegStep::Superseded) => fate(Fate::Superseded),
        Ok(LegStep::Late) => too_late(leg, reply),
        Err(refusal) => fate(Fate::Refused(refusal.reason.code())),
    }
}

fn question(leg: &Leg, reply: &Reply, asked: &[DocumentCode]) -> Verdict {
    match leg.state.decide(LegCommand::AskInfo) {
        Ok(LegStep::Moved(state)) => Verdict {
            command: Some(Command::Question { leg: leg.id, asked: asked.to_vec() }),
            moved: Some(state),
            fate: Some(Fate::Accepted),
            ..Verdict::default()
        },
        Ok(LegStep::AlreadyApplied) if leg.state == LegState::InfoRequested => {
            fate(Fate::Refused("QUESTION_OPEN"))
        }
        Ok(LegStep::AlreadyApplied | LegStep::Superseded) => fate(Fate::Superseded),
        Ok(LegStep::Late) => too_late(leg, reply),
        Err(refusal) => fate(Fate::Refused(refusal.reason.code())),
    }
}

fn taken_back(leg: &Leg) -> Verdict {
    match leg.state.decide(LegCommand::WithdrawOffer) {
        Ok(LegStep::Moved(_)) => Verdict {
            command: Some(Command::TakeBack { leg: leg.id, offer: leg.role == InstitutionRole::Bank }),
            ..fate(Fate::Accepted)
        },
        Ok(LegStep::AlreadyApplied | LegStep::Superseded) => fate(Fate::Accepted),
        // It does not bind any more, one way or the other.
        Ok(LegStep::Late) => fate(Fate::Late),
        Err(refusal) => fate(Fate::Refused(refusal.reason.code())),
    }
}

/// The chosen institution confirms; `fault`: why what it confirms is not what was chosen.
fn confirmation(leg: &Leg, fault: Option<&'static str>, command: Command) -> Verdict {
    match (leg.state.decide(LegCommand::Confirm), fault) {
        (Ok(LegStep::Moved(_)), Some(fault)) => fate(Fate::Refused(fault)),
        (Ok(LegStep::Moved(_)), None) => Verdict { command: Some(command), ..fate(Fate::Accepted) },
        (Ok(LegStep::AlreadyApplied | LegStep::Superseded), _) => fate(Fate::Accepted),
        // Given before the institution heard of the release: kept in the timeline.
        (Ok(LegStep::Late), _) => {
            let command = Command::KeepLate { leg: leg.id, decline: None };
            Verdict { command: Some(command), ..fate(Fate::Late) }
        }
        (Err(refusal), _) => fate(Fate::Refused(refusal.reason.code())),
    }
}

fn refusal(leg: &Leg) -> Verdict {
    match leg.state {
        LegState::Selected { .. } => {
            let command = match leg.role {
                InstitutionRole::Bank => Command::LoseBank { cause: ReopenCause::BankDeclined, left: false },
                InstitutionRole::Insurer
                | InstitutionRole::Guarantor
                | InstitutionRole::ReGuarantor
                | InstitutionRole::Evaluator
                | InstitutionRole::IpFund
                | InstitutionRole::Investor
                | InstitutionRole::Exchange
                | InstitutionRole::IpAgency => Command::LoseEvaluator { leg: leg.id },
            };
            Verdict { command: Some(command), ..fate(Fate::Accepted) }
        }
        LegState::Released => fate(Fate::Late),
        LegState::Confirmed { .. } | LegState::Fulfilled { .. } | LegState::Breached { .. } => {
            fate(Fate::Refused("ALREADY_CONFIRMED"))
        }
        LegState::Created
        | LegState::Received
        | LegState::Reviewing
        | LegState::InfoRequested
        | LegState::Offered { .. }
        | LegState::Declined { .. }
        | LegState::TimedOut
        | LegState::Expired { .. }
        | LegState::WithdrawnByInstitution { .. } => fate(Fate::Refused("NOT_SELECTED")),
    }
}

/// A report confirms the engagement as well. One that comes too late is kept, and stays late.
fn delivery(leg: &Leg, fault: Option<&'static str>, reported: bool) -> Verdict {
    match (leg.state, fault) {
        (LegState::Breached { .. }, _) if reported => fate(Fate::Refused("REPORT_DELIVERED")),
        (LegState::Selected { .. } | LegState::Confirmed { .. } | LegState::Breached { .. }, Some(fault)) => {
            fate(Fate::Refused(fault))
        }
        (LegState::Breached { .. }, None) => Verdict {
            command: Some(Command::TakeReport { leg: leg.id }),
            keep: Some(false),
            ..fate(Fate::Late)
        },
        (LegState::Selected { .. } | LegState::Confirmed { .. }, None) => Verdict {
            command: Some(Command::TakeReport { leg: leg.id }),
            keep: Some(false),
            ..fate(Fate::Accepted)
        },
        (LegState::Fulfilled { .. }, _) => fate(Fate::Refused("REPORT_DELIVERED")),
        (LegState::Released, _) => fate(Fate::Late),
        (
            LegState::Created
            | LegState::Received
            | LegState::Reviewing
            | LegState::InfoRequested
            | LegState::Offered { .. }
            | LegState::Declined { .. }
            | LegState::TimedOut
            | LegState::Expired { .. }
            | LegState::WithdrawnByInstitution { .. },
            _,
        ) => fate(Fate::Refused("NOT_SELECTED")),
    }
}

/// Late answers are kept and told apart; late questions and signs of life have nothing left to change.
fn too_late(leg: &Leg, reply: &Reply) -> Verdict {
    let late =
        |decline| Verdict { command: Some(Command::KeepLate { leg: leg.id, decline }), ..fate(Fate::Late) };
    match reply {
        Reply::Received | Reply::Accepted => Verdict::default(),
        Reply::Offer(_) | Reply::Valuation(_) => Verdict { keep: Some(true), ..late(None) },
        Reply::Decline { reason, .. } => late(Some(*reason)),
        Reply::Question { .. }
        | Reply::TakenBack { .. }
        | Reply::Approval { .. }
        | Reply::Confirmed { .. }
        | Reply::Refused { .. }
        | Reply::Report(_)
        | Reply::Foreign { .. } => fate(Fate::Late),
    }
}

fn sign_of_life(leg: &Leg, step: LegCommand, command: Command) -> Verdict {
    match leg.state.decide(step) {
        Ok(LegStep::Moved(state)) => {
            Verdict { command: Some(command), moved: Some(state), ..Verdict::default() }
        }
        // It came after the answer, or after the end: there is nothing left to note.
        Ok(LegStep::AlreadyApplied | LegStep::Late | LegStep::Superseded) | Err(_) => Verdict::default(),
    }
}

fn fate(fate: Fate) -> Verdict {
    Verdict { fate: Some(fate), ..Verdict::default() }
}

/// The same offer sent again under another reply id.
fn same_terms(old: &Offer, new: &Offer) -> bool {
    let terms = |offer: &Offer| {
        (
            offer.amount,
            offer.term,
            offer.rate,
            offer.repayment,
            offer.enhancement,
            offer.fees,
            offer.valid_until.timestamp(),
        )
    };
    terms(old) == terms(new)
}

impl Reply {
    /// The id by which the institution is told what became of it; signs of life have none.
    pub(crate) fn id(&self) -> Option<ReplyId> {
        match self {
            Self::Received | Self::Accepted => None,
            Self::Offer(offer) => Some(offer.reply),
            Self::Valuation(quote) => Some(quote.reply),
            Self::Report(report) => Some(report.reply),
            Self::Decline { reply, .. }
            | Self::Question { reply, .. }
            | Self::TakenBack { reply }
            | Self::Approval { reply, .. }
            | Self::Confirmed { reply, .. }
            | Self::Refused { reply }
            | Self::Foreign { reply } => Some(*reply),
        }
    }

    /// Whether it can be the first answer of its leg.
    pub(crate) fn is_answer(&self) -> bool {
        matches!(self, Self::Offer(_) | Self::Valuation(_) | Self::Decline { .. })
    }

    /// Whether it is judged against the offer or quote that stands.
    pub(crate) fn needs_standing(&self) -> bool {
        matches!(
            self,
            Self::Offer(_)
                | Self::Valuation(_)
                | Self::Approval { .. }
                | Self::Confirmed { .. }
                | Self::Report(_)
        )
    }
}
