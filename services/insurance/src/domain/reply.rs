//! Judges one reply of an institution against the leg it answers. Pure; `messaging::replies` feeds it and writes what
//! follows.

use chrono::{DateTime, Utc};
use kernel::{
    DeclineReason, ReplyId,
    leg::{LegCommand, LegState, LegStep},
};

use super::{
    cover::{Cover, Leg, Quote},
    decide::{Answer, Command},
};

/// What an institution sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Received,
    Accepted,
    Quote(Box<Quote>),
    Decline {
        reply: ReplyId,
        reason: DeclineReason,
    },
    Question {
        reply: ReplyId,
    },
    TakenBack {
        reply: ReplyId,
    },
    Confirmed {
        reply: ReplyId,
        document_no: String,
    },
    Refused {
        reply: ReplyId,
        reason: DeclineReason,
    },
    /// It answers what was not asked: a bank's approval, a valuation.
    NotForCover {
        reply: ReplyId,
    },
    /// Its figures lie outside of what can be kept.
    OutOfRange {
        reply: ReplyId,
    },
}

impl Reply {
    /// The id by which the institution is told what became of it; signs of life have none.
    pub fn id(&self) -> Option<ReplyId> {
        match self {
            Self::Received | Self::Accepted => None,
            Self::Quote(quote) => Some(quote.reply),
            Self::Decline { reply, .. }
            | Self::Question { reply }
            | Self::TakenBack { reply }
            | Self::Confirmed { reply, .. }
            | Self::Refused { reply, .. }
            | Self::NotForCover { reply }
            | Self::OutOfRange { reply } => Some(*reply),
        }
    }
}

/// What became of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Accepted,
    Late,
    Superseded,
    Refused(&'static str),
}

/// What follows from it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub command: Option<Command>,
    /// Told to the institution.
    pub fate: Option<Fate>,
    /// The answer that this one takes the place of.
    pub displaced: Option<ReplyId>,
}

/// `at`: when the institution spoke. After the window's end, or the case's, an answer is late whatever the leg's state.
pub fn judge(cover: &Cover, leg: &Leg, reply: &Reply, at: DateTime<Utc>) -> Verdict {
    let in_time = !cover.ended && cover.join.closes_at.is_none_or(|closes_at| at <= closes_at);
    match reply {
        Reply::Received if in_time => {
            sign_of_life(leg, LegCommand::Receive, Command::MarkDelivered { leg: leg.id, at })
        }
        Reply::Accepted if in_time => {
            sign_of_life(leg, LegCommand::Review, Command::MarkReviewing { leg: leg.id, at })
        }
        Reply::Received | Reply::Accepted => Verdict::default(),
        Reply::Quote(quote) => {
            let of = (leg.role, leg.government_backed);
            match quote.terms.check(&cover.need, of, at) {
                Err(fault) => fate(Fate::Refused(fault.code())),
                Ok(()) if in_time => offered(leg, quote, at),
                Ok(()) => late(leg, Some(quote.as_ref().clone()), None),
            }
        }
        Reply::Decline { reason, .. } if in_time => declined(leg, *reason, at),
        Reply::Decline { reason, .. } => late(leg, None, Some(*reason)),
        // The dossier is the one that the bank's colleagues have read: nobody answers questions of insurers (yet).
        Reply::Question { .. } => fate(Fate::Refused("QUESTION_NOT_POSSIBLE")),
        Reply::TakenBack { .. } => {
            after_the_answer(leg, LegCommand::WithdrawOffer, Command::TakeBack { leg: leg.id })
        }
        Reply::Confirmed { document_no, .. } => {
            let document_no = document_no.clone();
            match leg.state.decide(LegCommand::Confirm) {
                // Given before the institution heard of the release: there is something that it has to undo.
                Ok(LegStep::Late) => Verdict {
                    command: Some(Command::KeepLateConfirmation { leg: leg.id, document_no }),
                    ..fate(Fate::Late)
                },
                _ => {
                    let command = Command::Confirm { leg: leg.id, document_no };
                    after_the_answer(leg, LegCommand::Confirm, command)
                }
            }
        }
        Reply::Refused { reason, .. } => refused(leg, *reason),
        Reply::NotForCover { .. } => fate(Fate::Refused("REPLY_NOT_POSSIBLE")),
        Reply::OutOfRange { .. } => fate(Fate::Refused("FIELD_INVALID")),
    }
}

fn offered(leg: &Leg, quote: &Quote, at: DateTime<Utc>) -> Verdict {
    let stands = leg.quote.as_ref();
    match leg.state.decide(LegCommand::Offer { seq: quote.seq }) {
        Ok(LegStep::Moved(_)) => Verdict {
            command: Some(Command::Answer {
                leg: leg.id,
                answer: Answer::Quote(Box::new(quote.clone())),
                at,
            }),
            fate: Some(Fate::Accepted),
            displaced: stands.filter(|_| leg.is_offered()).map(|old| old.reply),
        },
        Ok(LegStep::AlreadyApplied) if stands.is_some_and(|old| old.terms == quote.terms) => {
            fate(Fate::Accepted)
        }
        Ok(LegStep::AlreadyApplied) => fate(Fate::Refused("OFFER_SEQ_USED")),
        Ok(LegStep::Superseded) => fate(Fate::Superseded),
        Ok(LegStep::Late) => late(leg, Some(quote.clone()), None),
        Err(refusal) => fate(Fate::Refused(refusal.reason.code())),
    }
}

fn declined(leg: &Leg, reason: DeclineReason, at: DateTime<Utc>) -> Verdict {
    match leg.state.decide(LegCommand::Decline { reason }) {
        Ok(LegStep::Moved(_)) => Verdict {
            command: Some(Command::Answer { leg: leg.id, answer: Answer::Decline(reason), at }),
            ..fate(Fate::Accepted)
        },
        Ok(LegStep::AlreadyApplied) => fate(Fate::Accepted),
        Ok(LegStep::Superseded) => fate(Fate::Superseded),
        Ok(LegStep::Late) => late(leg, None, Some(reason)),
        Err(refusal) => fate(Fate::Refused(refusal.reason.code())),
    }
}

/// Taking back and confirming have no window of their own: the leg's state says whether they can be.
fn after_the_answer(leg: &Leg, step: LegCommand, command: Command) -> Verdict {
    match leg.state.decide(step) {
        Ok(LegStep::Moved(_)) => Verdict { command: Some(command), ..fate(Fate::Accepted) },
        Ok(LegStep::AlreadyApplied) => fate(Fate::Accepted),
        Ok(LegStep::Superseded) => fate(Fate::Superseded),
        Ok(LegStep::Late) => fate(Fate::Late),
        Err(refusal) => fate(Fate::Refused(refusal.reason.code())),
    }
}

/// The chosen institution does not confirm: only while it is asked to.
fn refused(leg: &Leg, reason: DeclineReason) -> Verdict {
    match leg.state {
        LegState::Selected { .. } => {
            Verdict { command: Some(Command::Refuse { leg: leg.id, reason }), ..fate(Fate::Accepted) }
        }
        LegState::Confirmed { .. } | LegState::Fulfilled { .. } | LegState::Breached { .. } => {
            fate(Fate::Refused("ALREADY_CONFIRMED"))
        }
        LegState::TimedOut | LegState::Released => fate(Fate::Late),
        LegState::Created
        | LegState::Received
        | LegState::Reviewing
        | LegState::InfoRequested
        | LegState::Offered { .. }
        | LegState::Declined { .. }
        | LegState::Expired { .. }
        | LegState::WithdrawnByInstitution { .. } => fate(Fate::Refused("NOT_SELECTED")),
    }
}

/// Late answers are kept and told apart.
fn late(leg: &Leg, quote: Option<Quote>, decline: Option<DeclineReason>) -> Verdict {
    Verdict { command: Some(Command::KeepLate { leg: leg.id, quote, decline }), ..fate(Fate::Late) }
}

fn sign_of_life(leg: &Leg, step: LegCommand, command: Command) -> Verdict {
    match leg.state.decide(step) {
        Ok(LegStep::Moved(_)) => Verdict { command: Some(command), ..Verdict::default() },
        // It came after the answer, or after the end: there is nothing left to note.
        Ok(LegStep::AlreadyApplied | LegStep::Late | LegStep::Superseded) | Err(_) => Verdict::default(),
    }
}

fn fate(fate: Fate) -> Verdict {
    Verdict { fate: Some(fate), ..Verdict::default() }
}
