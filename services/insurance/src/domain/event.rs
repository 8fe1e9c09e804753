//! What happened to a cover request, and what it is afterwards. Private: `messaging::publish` maps each event to what
//! others are told. Applying cannot fail.

use chrono::{DateTime, Utc};
use kernel::{
    DeclineReason, LegId,
    leg::{LegCommand, LegState, LegStep},
};

use super::{
    cover::{Cover, Leg, Phase, Quote, ReleaseCause},
    decide::{Answer, CaseFact},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Cover was asked for, of this many.
    Requested {
        legs: u16,
    },
    LegDelivered {
        leg: LegId,
        at: DateTime<Utc>,
    },
    LegReviewing {
        leg: LegId,
        at: DateTime<Utc>,
    },
    /// `first`: it counts for the join.
    LegAnswered {
        leg: LegId,
        answer: Answer,
        at: DateTime<Utc>,
        first: bool,
    },
    /// Kept, shown to the desk, never selectable.
    LegAnsweredLate {
        leg: LegId,
        quote: Option<Quote>,
        decline: Option<DeclineReason>,
    },
    /// Kept and shown to the desk: the number names what the institution has to undo.
    LegConfirmedLate {
        leg: LegId,
        document_no: String,
    },
    LegTakenBack {
        leg: LegId,
    },
    LegTimedOut {
        leg: LegId,
    },
    LegExpired {
        leg: LegId,
    },
    /// The closing time, which had waited for the calendar of its year.
    WindowFixed {
        closes_at: DateTime<Utc>,
    },
    /// The round has ended: what stands is told.
    Quoted,
    /// What stands is told again.
    QuotedAgain,
    /// A fact of the case has been taken.
    CaseNoted {
        fact: CaseFact,
        version: i64,
    },
    LegSelected {
        leg: LegId,
        due_at: Option<DateTime<Utc>>,
    },
    LegUnselected {
        leg: LegId,
    },
    LegConfirmed {
        leg: LegId,
        document_no: String,
    },
    LegRefused {
        leg: LegId,
        reason: DeclineReason,
    },
    /// Confirmed, and the bank did not approve: no premium is due.
    BindingUndone {
        leg: LegId,
    },
    LegReleased {
        leg: LegId,
    },
    /// What the enterprise chose no longer stood.
    CoverGone {
        leg: LegId,
    },
    Released {
        cause: ReleaseCause,
    },
}

/// The cover after `event`; its version rises by one.
pub fn apply(mut cover: Cover, event: &Event) -> Cover {
    cover.version += 1;
    match event {
        Event::Requested { .. }
        | Event::LegAnsweredLate { .. }
        | Event::QuotedAgain
        | Event::CoverGone { .. } => {}
        Event::LegDelivered { leg, at } => {
            step(&mut cover, *leg, LegCommand::Receive, |leg| {
                leg.delivered_at.get_or_insert(*at);
            });
        }
        Event::LegReviewing { leg, at } => {
            step(&mut cover, *leg, LegCommand::Review, |leg| {
                leg.delivered_at.get_or_insert(*at);
            });
        }
        Event::LegAnswered { leg, answer, at, first } => {
            let command = match answer {
                Answer::Quote(quote) => LegCommand::Offer { seq: quote.seq },
                Answer::Decline(reason) => LegCommand::Decline { reason: *reason },
            };
            step(&mut cover, *leg, command, |leg| {
                leg.delivered_at.get_or_insert(*at);
                leg.replied_at.get_or_insert(*at);
                if let Answer::Quote(quote) = answer {
                    leg.quote = Some(quote.as_ref().clone());
                }
            });
            cover.join.answered += u16::from(*first);
        }
        Event::LegConfirmedLate { leg, document_no } => {
            if let Some(leg) = cover.leg_mut(*leg) {
                leg.document_no.clone_from(document_no);
                leg.version += 1;
            }
        }
        Event::LegTakenBack { leg } => {
            step(&mut cover, *leg, LegCommand::WithdrawOffer, |_| {});
            settle_quoted(&mut cover);
        }
        Event::LegTimedOut { leg } => {
            step(&mut cover, *leg, LegCommand::TimeOut, |_| {});
            cover.join.answered += 1;
        }
        Event::LegExpired { leg } => {
            step(&mut cover, *leg, LegCommand::Expire, |_| {});
            settle_quoted(&mut cover);
        }
        Event::WindowFixed { closes_at } => {
            cover.join.closes_at = Some(*closes_at);
            // A newer version: partner tells the institution the time.
            for leg in cover.legs.iter_mut().filter(|leg| leg.state.is_open()) {
                leg.version += 1;
            }
        }
        Event::Quoted => {
            cover.opened = true;
            cover.phase = what_stands(&cover).unwrap_or(Phase::NoQuote);
        }
        Event::CaseNoted { fact, version } => {
            cover.case_version = cover.case_version.max(*version);
            cover.ended |= matches!(fact, CaseFact::Ended(_));
        }
        Event::LegSelected { leg, due_at } => {
            step(&mut cover, *leg, LegCommand::Select, |_| {});
            cover.phase = Phase::Held { leg: *leg, due_at: *due_at };
        }
        Event::LegUnselected { leg } => {
            step(&mut cover, *leg, LegCommand::Unselect, |_| {});
            cover.phase = Phase::Quoted;
        }
        Event::LegConfirmed { leg, document_no } => {
            step(&mut cover, *leg, LegCommand::Confirm, |leg| leg.document_no.clone_from(document_no));
            cover.phase = Phase::Bound { leg: *leg };
        }
        Event::LegRefused { leg, .. } => {
            step(&mut cover, *leg, LegCommand::Release, |_| {});
            cover.phase =
                what_stands(&cover).unwrap_or(Phase::Released { cause: ReleaseCause::CoverRefused });
        }
        Event::BindingUndone { leg } => {
            step(&mut cover, *leg, LegCommand::Release, |_| {});
            cover.phase =
                what_stands(&cover).unwrap_or(Phase::Released { cause: ReleaseCause::BankDeclined });
        }
        Event::LegReleased { leg } => step(&mut cover, *leg, LegCommand::Release, |_| {}),
        Event::Released { cause } => cover.phase = Phase::Released { cause: *cause },
    }
    cover
}

fn step(cover: &mut Cover, id: LegId, command: LegCommand, change: impl FnOnce(&mut Leg)) {
    let Some(leg) = cover.leg_mut(id) else { return };
    if let Ok(LegStep::Moved(state)) = leg.state.decide(command) {
        leg.state = state;
        leg.version += 1;
        change(leg);
    }
}

/// QUOTED while an answer can be chosen.
fn what_stands(cover: &Cover) -> Option<Phase> {
    cover.legs.iter().any(|leg| matches!(leg.state, LegState::Offered { .. })).then_some(Phase::Quoted)
}

/// The last answer that could be chosen has gone.
fn settle_quoted(cover: &mut Cover) {
    if matches!(cover.phase, Phase::Quoted) {
        cover.phase = what_stands(cover).unwrap_or(Phase::NoQuote);
    }
}

impl Event {
    /// The kind in the append-only record.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "COVER_REQUESTED",
            Self::LegDelivered { .. } => "LEG_DELIVERED",
            Self::LegReviewing { .. } => "LEG_REVIEWING",
            Self::LegAnswered { .. } => "LEG_ANSWERED",
            Self::LegAnsweredLate { .. } => "LEG_ANSWERED_LATE",
            Self::LegConfirmedLate { .. } => "LEG_CONFIRMED_LATE",
            Self::LegTakenBack { .. } => "LEG_TAKEN_BACK",
            Self::LegTimedOut { .. } => "LEG_TIMED_OUT",
            Self::LegExpired { .. } => "LEG_EXPIRED",
            Self::WindowFixed { .. } => "WINDOW_FIXED",
            Self::Quoted => "COVER_QUOTED",
            Self::QuotedAgain => "COVER_QUOTED_AGAIN",
            Self::CaseNoted { fact, .. } => fact.kind(),
            Self::LegSelected { .. } => "LEG_SELECTED",
            Self::LegUnselected { .. } => "LEG_UNSELECTED",
            Self::LegConfirmed { .. } => "COVER_BOUND",
            Self::LegRefused { .. } => "COVER_REFUSED",
            Self::BindingUndone { .. } => "COVER_UNBOUND",
            Self::LegReleased { .. } => "LEG_RELEASED",
            Self::CoverGone { .. } => "COVER_GONE",
            Self::Released { .. } => "COVER_RELEASED",
        }
    }

    pub fn leg(&self) -> Option<LegId> {
        match self {
            Self::LegDelivered { leg, .. }
            | Self::LegReviewing { leg, .. }
            | Self::LegAnswered { leg, .. }
            | Self::LegAnsweredLate { leg, .. }
            | Self::LegConfirmedLate { leg, .. }
            | Self::LegTakenBack { leg }
            | Self::LegTimedOut { leg }
            | Self::LegExpired { leg }
            | Self::LegSelected { leg, .. }
            | Self::LegUnselected { leg }
            | Self::LegConfirmed { leg, .. }
            | Self::LegRefused { leg, .. }
            | Self::BindingUndone { leg }
            | Self::LegReleased { leg }
            | Self::CoverGone { leg } => Some(*leg),
            Self::Requested { .. }
            | Self::WindowFixed { .. }
            | Self::Quoted
            | Self::QuotedAgain
            | Self::CaseNoted { .. }
            | Self::Released { .. } => None,
        }
    }

    /// Reason codes for the record. What a sealed leg answered is not among them.
    pub fn codes(&self) -> Vec<String> {
        match self {
            Self::LegAnsweredLate { decline, .. } => {
                decline.map(|reason| reason.code().to_owned()).into_iter().collect()
            }
            Self::LegRefused { reason, .. } => vec![reason.code().to_owned()],
            Self::Released { cause } => vec![cause.code().to_owned()],
            Self::CaseNoted { fact: CaseFact::Ended(cause), .. } => vec![cause.code().to_owned()],
            Self::Requested { .. }
            | Self::LegDelivered { .. }
            | Self::LegReviewing { .. }
            | Self::LegAnswered { .. }
            | Self::LegConfirmedLate { .. }
            | Self::LegTakenBack { .. }
            | Self::LegTimedOut { .. }
            | Self::LegExpired { .. }
            | Self::WindowFixed { .. }
            | Self::Quoted
            | Self::QuotedAgain
            | Self::CaseNoted { .. }
            | Self::LegSelected { .. }
            | Self::LegUnselected { .. }
            | Self::LegConfirmed { .. }
            | Self::BindingUndone { .. }
            | Self::LegReleased { .. }
            | Self::CoverGone { .. } => Vec::new(),
        }
    }
}
