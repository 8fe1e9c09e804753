//! Judges one reply of an institution against the leg it answers. Pure; `replies` feeds it and writes what follows.

use kernel::{
    DeclineReason, ReplyId,
    documents::DocumentCode,
    leg::{LegCommand, LegState, LegStep},
};

use super::publish::Fate;
use crate::domain::{Command, Leg, Offer};

/// What an institution sent.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Received,
    Accepted,
    Offer(Box<Offer>),
    Decline { reply: ReplyId, reason: DeclineReason },
    Question { reply: ReplyId, asked: Vec<DocumentCode>, note: String },
}

/// What follows from it.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// The command on the case, if the case is to know.
    pub command: Option<Command>,
    /// The leg's next state.
    pub moved: Option<LegState>,
    /// Told to the institution.
    pub fate: Option<Fate>,
    /// The offer is to be stored, as late or as standing.
    pub keep_offer: Option<bool>,
    /// The standing offer that this one takes the place of.
    pub displaced: Option<ReplyId>,
}

/// `standing` is the offer that stands on this leg, where there is one. `in_time` is false when the window had closed
/// before the reply was given, or the round is over: whatever the leg's state, the reply is late then.
pub(crate) fn judge(leg: &Leg, reply: &Reply, standing: Option<&Offer>, in_time: bool) -> Verdict {
    if !in_time {
        return too_late(leg, reply);
    }
    let counts = leg.state.is_open();
    match reply {
        Reply::Received => sign_of_life(leg, LegCommand::Receive, Command::MarkDelivered { leg: leg.id }),
        Reply::Accepted => sign_of_life(leg, LegCommand::Review, Command::MarkReviewing { leg: leg.id }),
        Reply::Offer(offer) => match leg.state.decide(LegCommand::Offer { seq: offer.seq }) {
            Ok(LegStep::Moved(state)) => Verdict {
                // An offer that takes the place of another leaves no trace on the case: the seal would break by it.
                command: counts.then_some(Command::CountAnswer { leg: leg.id, offered: true }),
                moved: Some(state),
                fate: Some(Fate::Accepted),
                keep_offer: Some(false),
                displaced: if counts { None } else { leg.standing_reply },
            },
            Ok(LegStep::AlreadyApplied) if standing.is_some_and(|old| same_terms(old, offer)) => {
                fate(Fate::Accepted)
            }
            Ok(LegStep::AlreadyApplied) => fate(Fate::Refused("OFFER_SEQ_USED")),
            Ok(LegStep::Superseded) => fate(Fate::Superseded),
            Ok(LegStep::Late) => too_late(leg, reply),
            Err(refusal) => fate(Fate::Refused(refusal.reason.code())),
        },
        Reply::Decline { reason, .. } => match leg.state.decide(LegCommand::Decline { reason: *reason }) {
            Ok(LegStep::Moved(state)) => Verdict {
                command: counts.then_some(Command::CountAnswer { leg: leg.id, offered: false }),
                moved: Some(state),
                fate: Some(Fate::Accepted),
                ..Verdict::default()
            },
            Ok(LegStep::AlreadyApplied) => fate(Fate::Accepted),
            Ok(LegStep::Superseded) => fate(Fate::Superseded),
            Ok(LegStep::Late) => too_late(leg, reply),
            Err(refusal) => fate(Fate::Refused(refusal.reason.code())),
        },
        Reply::Question { asked, .. } => match leg.state.decide(LegCommand::AskInfo) {
            Ok(LegStep::Moved(state)) => Verdict {
                command: Some(Command::Question { leg: leg.id, asked: asked.clone() }),
                moved: Some(state),
                fate: Some(Fate::Accepted),
                ..Verdict::default()
            },
            Ok(LegStep::AlreadyApplied) if leg.state == LegState::InfoRequested => {
                fate(Fate::Refused("QUESTION_OPEN"))
            }
            Ok(LegStep::AlreadyApplied) => fate(Fate::Superseded),
            Ok(LegStep::Late) => too_late(leg, reply),
            Ok(LegStep::Superseded) => fate(Fate::Superseded),
            Err(refusal) => fate(Fate::Refused(refusal.reason.code())),
        },
    }
}

/// Late answers are kept and told apart; late questions and signs of life have nothing left to change.
fn too_late(leg: &Leg, reply: &Reply) -> Verdict {
    let keep = |decline| Some(Command::KeepLate { leg: leg.id, decline });
    match reply {
        Reply::Received | Reply::Accepted => Verdict::default(),
        Reply::Offer(_) => Verdict { command: keep(None), keep_offer: Some(true), ..fate(Fate::Late) },
        Reply::Decline { reason, .. } => Verdict { command: keep(Some(*reason)), ..fate(Fate::Late) },
        Reply::Question { .. } => fate(Fate::Late),
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
