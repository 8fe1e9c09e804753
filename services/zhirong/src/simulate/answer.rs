//! One institution's work on one assignment, from reading the dossier to the answer, as its script says.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::DeclineReason;
use proto::intake::v1::{Dossier, Offer};
use proto::partner::v1::submit_decision_request::Decision;
use proto::partner::v1::{Assignment, AssignmentState, SubmitDecisionRequest};
use rand::rngs::StdRng;
use tokio::sync::mpsc;
use tonic::{Code, Status};

use super::attempt::{pause, words};
use super::data::HouseTerms;
use super::deed::{Deed, Later};
use super::gateway::{Gateway, is};
use super::institution::{Institution, Trade};
use super::ledger::{Act, Acted, Content, Ledger, Record};
use super::script::{Conduct, Script};
use super::sequel::Standing;
use super::terms;

const ASKED: [&str; 2] = ["D04", "D05"];
const NOTE: &str = "请补充最近一期财务报表和知识产权清单。";

/// Refusals that tell of the end of an assignment, or of another turn of the case: no fault of anybody.
const ENDS: [&str; 4] = ["WINDOW_CLOSED", "CONSENT_REVOKED", "NOT_SELECTED", "OFFER_SELECTED"];

/// What happens to the assignment meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Supplemented,
    Selected,
    Unselected,
    Closed,
    /// By order of whoever plays the institution.
    TakeBack,
}

pub(super) struct Answering {
    pub(super) who: Institution,
    pub(super) conduct: Conduct,
    pub(super) gateway: Gateway,
    pub(super) ledger: Ledger,
    pub(super) random: StdRng,
    pub(super) signals: mpsc::Receiver<Signal>,
    /// Signals that came while it was busy with something else.
    pub(super) waiting: VecDeque<Signal>,
}

/// Whether an offer came in time.
#[derive(PartialEq, Eq)]
enum Filed {
    InTime,
    Late,
}

impl Answering {
    /// `CANCELLED` is not a failure: the simulation or the assignment has ended.
    pub(super) async fn run(mut self) {
        match self.follow().await {
            Ok(()) => {}
            Err(status) if status.code() == Code::Cancelled => {}
            Err(status) if ENDS.iter().any(|reason| is(&status, reason)) => {
                self.gateway.tell(&Deed::ToldTooLate);
            }
            Err(status) => {
                self.ledger.fault(format!("{}：{}", self.who.name, words(&status)));
                self.gateway.tell(&Deed::Failed(words(&status)));
            }
        }
    }

    async fn follow(&mut self) -> Result<(), Status> {
        let assignment = self.gateway.read().await?;
        let dossier = assignment.dossier.clone().unwrap_or_default();
        self.gateway.tell(&Deed::Read { assets: dossier.assets.len() });
        if let Some(conduct) = self.who.casting.choose(&dossier, self.who.id).await {
            self.conduct = conduct;
        }
        let standing = match assignment.state() {
            AssignmentState::Closed | AssignmentState::Fulfilled => return Ok(()),
            // Answered in an earlier run, of which nothing else is known here.
            AssignmentState::Answered | AssignmentState::Selected | AssignmentState::Confirmed => None,
            AssignmentState::Unspecified
            | AssignmentState::Issued
            | AssignmentState::Received
            | AssignmentState::Reviewing
            | AssignmentState::InfoRequested => self.answer(&assignment).await?,
        };
        let chosen = assignment.state() == AssignmentState::Selected;
        self.attend(&dossier, standing, chosen).await
    }

    /// The first answer, as the script says; what stands afterwards.
    async fn answer(&mut self, assignment: &Assignment) -> Result<Option<Standing>, Status> {
        if self.conduct.script == Script::Silent {
            self.gateway.tell(&Deed::StaysSilent);
            return Ok(None);
        }
        let thinking = self.who.delays.draw(&mut self.random);
        self.think(thinking / 4).await?;
        self.gateway.accept().await?;
        self.gateway.tell(&Deed::Accepted);
        match self.conduct.script {
            Script::Silent => Ok(None),
            Script::Decline(reason) => {
                self.think(thinking * 3 / 4).await?;
                self.decline(reason).await?;
                Ok(None)
            }
            Script::AskThenOffer if self.who.trade.asks() => self.ask_then_offer(thinking).await,
            Script::Offer | Script::AskThenOffer => {
                self.think(thinking * 3 / 4).await?;
                self.make(assignment).await
            }
            Script::OfferTwice => {
                self.think(thinking * 3 / 8).await?;
                let first = self.make(assignment).await?;
                let Some(Standing::Offer(offer)) = &first else { return Ok(first) };
                let better = terms::better(offer);
                self.think(thinking * 3 / 8).await?;
                self.offer(assignment, better).await.map(Some)
            }
            Script::Late => {
                self.until(Signal::Closed, time_left(assignment)).await?;
                pause(&self.gateway.shutdown, thinking / 4).await?;
                self.make(assignment).await
            }
        }
    }

    /// The answer of its trade.
    async fn make(&mut self, assignment: &Assignment) -> Result<Option<Standing>, Status> {
        let dossier = dossier(assignment)?;
        let now = Utc::now();
        match self.who.trade.clone() {
            Trade::Bank(product) => {
                let offer = terms::offer(&product, dossier, now, &mut self.random);
                self.offer(assignment, offer).await.map(Some)
            }
            Trade::House(HouseTerms::Evaluator(house)) => {
                let quote = terms::valuation(&house, dossier, now, &mut self.random);
                self.quote(Decision::Valuation(quote.clone()), Act::Valuation(quote.clone())).await?;
                Ok(Some(Standing::Valuation(quote)))
            }
            Trade::House(HouseTerms::Insurer(house)) => {
                match terms::insurance(&house, dossier, now, &mut self.random) {
                    Some(quote) => {
                        self.quote(Decision::Insurance(quote.clone()), Act::Insurance(quote)).await?;
                        Ok(Some(Standing::Cover))
                    }
                    None => self.decline(DeclineReason::R01).await.map(|()| None),
                }
            }
            Trade::House(HouseTerms::Guarantor(house)) => {
                match terms::guarantee(&house, dossier, now, &mut self.random) {
                    Some(made) => {
                        self.quote(Decision::Guarantee(made.clone()), Act::Guarantee(made)).await?;
                        Ok(Some(Standing::Cover))
                    }
                    None => self.decline(DeclineReason::R01).await.map(|()| None),
                }
            }
        }
    }

    /// Sends what is no bank's offer; when it comes too late, as such.
    async fn quote(&mut self, decision: Decision, act: Act) -> Result<(), Status> {
        let sent = self.gateway.submit(&self.gateway.decision(decision.clone(), false)).await;
        let reply_id = match sent {
            Err(status) if is(&status, "WINDOW_CLOSED") => {
                self.gateway.tell(&Deed::ToldTooLate);
                self.gateway.submit(&self.gateway.decision(decision, true)).await?
            }
            sent => sent?,
        };
        self.acted(reply_id, act);
        self.gateway.tell(&Deed::Later(Later::Quoted));
        Ok(())
    }

    async fn ask_then_offer(&mut self, thinking: Duration) -> Result<Option<Standing>, Status> {
        self.think(thinking / 4).await?;
        match self.gateway.ask(&ASKED, NOTE).await {
            Ok(()) => {
                self.note(String::new(), Content::Question);
                self.gateway.tell(&Deed::Asked { codes: ASKED.join("、") });
            }
            // An earlier run has asked; its answer is awaited.
            Err(status) if is(&status, "QUESTION_OPEN") => {}
            Err(status) => return Err(status),
        }
        self.until(Signal::Supplemented, None).await?;
        let again = self.gateway.read().await?;
        self.gateway.tell(&Deed::Supplemented { documents: again.supplements.len() });
        self.think(thinking / 2).await?;
        self.make(&again).await
    }

    /// Sends an offer; one that comes too late is filed as late.
    async fn offer(&mut self, assignment: &Assignment, offer: Offer) -> Result<Standing, Status> {
        let seq = offer.offer_seq;
        let request = self.gateway.offer(offer, false);
        let (reply_id, filed) = match self.gateway.submit(&request).await {
            Ok(reply_id) => {
                self.gateway.tell(&Deed::Offered { seq });
                (reply_id, Filed::InTime)
            }
            Err(status) if is(&status, "WINDOW_CLOSED") => {
                self.gateway.tell(&Deed::ToldTooLate);
                let reply_id = self.gateway.submit(&self.gateway.offer(offer, true)).await?;
                self.gateway.tell(&Deed::FiledLate { seq });
                (reply_id, Filed::Late)
            }
            Err(status) => return Err(status),
        };
        let (product_id, product_version) = (assignment.product_id.clone(), assignment.product_version);
        self.note(reply_id.clone(), Content::Offer { offer, product_id, product_version });
        if self.conduct.script == Script::OfferTwice && seq == 1 && filed == Filed::InTime {
            self.repeat(&request, &reply_id).await?;
        }
        Ok(match filed {
            Filed::InTime => Standing::Offer(offer),
            Filed::Late => Standing::Late,
        })
    }

    /// Sends a request again, as after an answer that was lost: the first answer has to come back.
    async fn repeat(&self, request: &SubmitDecisionRequest, reply_id: &str) -> Result<(), Status> {
        let same = self.gateway.submit(request).await? == reply_id;
        self.gateway.tell(&Deed::Repeated { same });
        if !same {
            self.ledger.fault(format!("{}：重复请求得到了不同回执", self.who.name));
        }
        Ok(())
    }

    async fn decline(&self, reason: DeclineReason) -> Result<(), Status> {
        let reply_id = self.gateway.submit(&self.gateway.decline(reason)).await?;
        match self.who.trade {
            Trade::Bank(_) => self.note(reply_id, Content::Decline(reason)),
            Trade::House(_) => self.acted(reply_id, Act::Declined(reason)),
        }
        self.gateway.tell(&Deed::Declined(reason));
        Ok(())
    }

    /// Lets time pass; ends with `CANCELLED` when the assignment does.
    pub(super) async fn think(&mut self, time: Duration) -> Result<(), Status> {
        let shutdown = self.gateway.shutdown.clone();
        tokio::select! {
            waited = pause(&shutdown, time) => waited,
            () = closed(&mut self.signals, &mut self.waiting) => Err(Status::cancelled("closed")),
        }
    }

    /// Waits for a signal, or for `limit` if that is given.
    async fn until(&mut self, wanted: Signal, limit: Option<Duration>) -> Result<(), Status> {
        let shutdown = self.gateway.shutdown.clone();
        let over = async {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                () = shutdown.cancelled() => return Err(Status::cancelled("stopped")),
                signal = self.signals.recv() => match signal {
                    Some(signal) if signal == wanted => return Ok(()),
                    Some(
                        other @ (Signal::Supplemented
                        | Signal::Selected
                        | Signal::Unselected
                        | Signal::TakeBack),
                    ) => self.waiting.push_back(other),
                    Some(Signal::Closed) | None => return Err(Status::cancelled("closed")),
                },
            }
        }
    }

    fn note(&self, reply_id: String, content: Content) {
        let assignment = self.gateway.assignment.clone();
        self.ledger.sent(Record { institution: self.who.id, assignment, reply_id, content, fate: None });
    }

    pub(super) fn acted(&self, reply_id: String, act: Act) {
        let assignment = self.gateway.assignment.clone();
        self.ledger.acted(Acted { institution: self.who.id, assignment, reply_id, act, fate: None });
    }
}

fn dossier(assignment: &Assignment) -> Result<&Dossier, Status> {
    assignment.dossier.as_ref().ok_or_else(|| Status::internal("an assignment without dossier"))
}

/// Until the window closes; `None` when that is not known yet.
fn time_left(assignment: &Assignment) -> Option<Duration> {
    let due = assignment.due_time.as_ref()?;
    let due = DateTime::from_timestamp(due.seconds, u32::try_from(due.nanos).ok()?)?;
    Some((due - Utc::now()).to_std().unwrap_or_default())
}

/// Returns when the assignment has ended; what else comes meanwhile waits.
async fn closed(signals: &mut mpsc::Receiver<Signal>, waiting: &mut VecDeque<Signal>) {
    while let Some(signal) = signals.recv().await {
        if signal == Signal::Closed {
            return;
        }
        waiting.push_back(signal);
    }
}
