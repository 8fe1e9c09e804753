//! How the legs of a case move with its events, and what their institutions are told.

use chrono::{DateTime, Utc};
use kernel::{
    LegId,
    leg::{LegCommand, LegStep},
};

use super::Journal;
use crate::{
    domain::{Case, Event, Leg},
    messaging::publish,
};

impl Journal {
    /// What an event does to legs (domain.md §3.2, undo table); institutions are told.
    pub(super) fn move_legs(&mut self, case: &Case, event: &Event, legs: &mut [Leg]) {
        match event {
            Event::WindowElapsed { .. } => {
                for leg in legs.iter_mut().filter(|leg| leg.round == case.round) {
                    self.move_leg(leg, LegCommand::TimeOut, None);
                }
            }
            Event::WindowFixed { closes_at } => {
                for leg in legs.iter_mut().filter(|leg| leg.round == case.round) {
                    leg.due_at = Some(*closes_at);
                    // A newer version: partner tells the institution the time.
                    leg.change(leg.state);
                    self.changes.note_leg(leg);
                }
            }
            Event::AnswerTakenBack { leg, .. } => {
                self.move_one(legs, Some(*leg), LegCommand::WithdrawOffer, None)
            }
            Event::Selected { choice } => {
                self.move_one(legs, Some(choice.bank), LegCommand::Select, choice.approve_by);
                self.move_one(legs, choice.evaluator, LegCommand::Select, choice.approve_by);
            }
            Event::ApprovalFixed { approve_by } => {
                let chosen = case.phase.choice().map(|choice| (choice.bank, choice.evaluator));
                let is_chosen = |leg: &Leg| {
                    chosen.is_some_and(|(bank, other)| leg.id == bank || Some(leg.id) == other)
                        && matches!(leg.state, kernel::leg::LegState::Selected { .. })
                };
                for leg in legs.iter_mut().filter(|leg| is_chosen(leg)) {
                    leg.change(leg.state);
                    self.changes.note_leg(leg);
                    self.changes.outgoing.push(publish::leg_selected(leg, Some(*approve_by), self.now));
                }
            }
            Event::Approved { .. } => {
                let chosen = case.phase.choice().map(|choice| (choice.bank, choice.evaluator));
                for leg in legs {
                    match chosen {
                        Some((bank, _)) if leg.id == bank => self.move_leg(leg, LegCommand::Confirm, None),
                        Some((_, Some(evaluator))) if leg.id == evaluator => {}
                        Some(_) | None => self.move_leg(leg, LegCommand::Release, None),
                    }
                }
            }
            Event::Reopened { cause, choice, .. } => {
                let undo = if cause.loses_bank() { LegCommand::Release } else { LegCommand::Unselect };
                self.move_one(legs, Some(choice.bank), undo, None);
                self.move_one(legs, choice.evaluator, LegCommand::Unselect, None);
            }
            Event::EvaluatorEngaged { leg, .. } => self.move_one(legs, Some(*leg), LegCommand::Confirm, None),
            Event::EvaluatorLost { leg } => self.move_one(legs, Some(*leg), LegCommand::Release, None),
            Event::EvaluatorBreached { leg } => self.move_one(legs, Some(*leg), LegCommand::Breach, None),
            // What was delivered too late stays a breach (domain.md §3.2 b).
            Event::ReportDelivered { leg } => {
                self.move_one(legs, Some(*leg), LegCommand::Confirm, None);
                self.move_one(legs, Some(*leg), LegCommand::Fulfil, None);
            }
            Event::Expired { .. }
            | Event::Withdrawn { .. }
            | Event::GivenUp
            | Event::Lapsed
            | Event::ScreenFailed { .. } => {
                for leg in legs {
                    self.move_leg(leg, LegCommand::Release, None);
                }
            }
            Event::Drafted
            | Event::DraftChanged
            | Event::Submitted { .. }
            | Event::Held { .. }
            | Event::SupplementRequested { .. }
            | Event::Supplemented { .. }
            | Event::Accepted { .. }
            | Event::Dispatched { .. }
            | Event::NobodyToAsk { .. }
            | Event::LegDelivered { .. }
            | Event::LegReviewing { .. }
            | Event::LegQuestioned { .. }
            | Event::LegQuestionAnswered { .. }
            | Event::LegAnswered { .. }
            | Event::LegAnsweredLate { .. }
            | Event::WaveClosed
            | Event::CoverRequested { .. }
            | Event::CoverQuoted
            | Event::CoverLapsed
            | Event::OffersReady
            | Event::NoOffer
            | Event::CoverBound
            | Event::CoverLost
            | Event::RedispatchRequested => {}
        }
    }

    fn move_one(
        &mut self,
        legs: &mut [Leg],
        id: Option<LegId>,
        command: LegCommand,
        due_at: Option<DateTime<Utc>>,
    ) {
        if let Some(leg) = legs.iter_mut().find(|leg| Some(leg.id) == id) {
            self.move_leg(leg, command, due_at);
        }
    }

    /// Moves a leg where `command` still moves it, and tells its institution.
    fn move_leg(&mut self, leg: &mut Leg, command: LegCommand, due_at: Option<DateTime<Utc>>) {
        let Ok(LegStep::Moved(state)) = leg.state.decide(command) else { return };
        leg.change(state);
        self.changes.note_leg(leg);
        let told = match command {
            LegCommand::TimeOut | LegCommand::Release | LegCommand::WithdrawOffer | LegCommand::Expire => {
                Some(publish::leg_closed(leg, self.now))
            }
            LegCommand::Select => Some(publish::leg_selected(leg, due_at, self.now)),
            LegCommand::Unselect => Some(publish::leg_unselected(leg, self.now)),
            // The fate of its own message tells the institution.
            LegCommand::Receive
            | LegCommand::Review
            | LegCommand::AskInfo
            | LegCommand::AnswerInfo
            | LegCommand::Offer { .. }
            | LegCommand::Decline { .. }
            | LegCommand::Confirm
            | LegCommand::Fulfil
            | LegCommand::Breach => None,
        };
        self.changes.outgoing.extend(told);
    }
}
