//! What an institution does after its answer, until the assignment ends: confirms or refuses when it is chosen, takes its
//! answer back, hears that the choice is undone.

use chrono::{FixedOffset, Utc};
use kernel::DeclineReason;
use proto::intake::v1::{Dossier, Offer, ValuationQuote};
use proto::partner::v1::confirm_selection_request::Answer;
use proto::partner::v1::{Confirmation, Decline};
use rand::Rng as _;
use tonic::Status;

use super::answer::{Answering, Signal};
use super::data::{EvaluatorTerms, HouseTerms};
use super::deed::{Deed, Later};
use super::institution::Trade;
use super::ledger::Act;
use super::script::Sequel;
use super::terms;

const SHANGHAI_SECONDS: i32 = 8 * 3600;

/// What it has said and may be held to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Standing {
    Offer(Offer),
    Valuation(ValuationQuote),
    Cover,
    /// Kept, and never chosen.
    Late,
}

impl Answering {
    /// Attends to what becomes of the answer. `chosen`: it has been chosen already.
    pub(super) async fn attend(
        &mut self,
        dossier: &Dossier,
        standing: Option<Standing>,
        chosen: bool,
    ) -> Result<(), Status> {
        if self.conduct.sequel == Sequel::TakeBack && standing.is_some() {
            let time = self.who.delays.draw(&mut self.random);
            self.think(time).await?;
            self.take_back().await?;
        }
        let mut decided = false;
        if chosen {
            self.decide(dossier, standing.as_ref()).await?;
            decided = true;
        }
        while let Some(signal) = self.signal().await {
            match signal {
                // Events come at least once: one choice is answered once.
                Signal::Selected if !decided => {
                    decided = true;
                    self.gateway.tell(&Deed::Later(Later::Chosen));
                    let time = self.who.delays.draw(&mut self.random);
                    self.think(time).await?;
                    self.decide(dossier, standing.as_ref()).await?;
                }
                Signal::Unselected => {
                    decided = false;
                    self.gateway.tell(&Deed::Later(Later::Unchosen));
                }
                Signal::TakeBack => self.take_back().await?,
                Signal::Closed => return Ok(()),
                Signal::Selected | Signal::Supplemented => {}
            }
        }
        Ok(())
    }

    async fn signal(&mut self) -> Option<Signal> {
        if let Some(signal) = self.waiting.pop_front() {
            return Some(signal);
        }
        let shutdown = self.gateway.shutdown.clone();
        tokio::select! {
            signal = self.signals.recv() => signal,
            () = shutdown.cancelled() => None,
        }
    }

    async fn take_back(&mut self) -> Result<(), Status> {
        let reply_id = self.gateway.take_back().await?;
        self.acted(reply_id, Act::TakenBack);
        self.gateway.tell(&Deed::Later(Later::TakenBack));
        Ok(())
    }

    async fn decide(&mut self, dossier: &Dossier, standing: Option<&Standing>) -> Result<(), Status> {
        match self.conduct.sequel {
            Sequel::Ignore => self.gateway.tell(&Deed::Later(Later::Ignored)),
            Sequel::Refuse => {
                let reason = DeclineReason::R02;
                let decline = Decline { reason: reason.number(), text: String::new() };
                let reply_id = self.gateway.confirm(Answer::Decline(decline)).await?;
                self.acted(reply_id, Act::Refused(reason));
                self.gateway.tell(&Deed::Later(Later::Refused));
            }
            Sequel::Confirm | Sequel::TakeBack => self.confirm(dossier, standing).await?,
        }
        Ok(())
    }

    async fn confirm(&mut self, dossier: &Dossier, standing: Option<&Standing>) -> Result<(), Status> {
        match (self.who.trade.clone(), standing) {
            (Trade::Bank(_), Some(Standing::Offer(offer))) => {
                let approval = terms::approval(offer, Utc::now(), &mut self.random);
                let reply_id = self.gateway.confirm(Answer::Approval(approval.clone())).await?;
                self.acted(reply_id, Act::Approved(approval));
                self.gateway.tell(&Deed::Later(Later::Approved));
            }
            // What it offered in an earlier run is not known here, so it cannot approve it.
            (Trade::Bank(_), _) => self.gateway.tell(&Deed::Later(Later::Ignored)),
            (Trade::House(house), _) => {
                let document_no = format!("MN{}", self.random.random_range(100_000..1_000_000_u32));
                let reply_id =
                    self.gateway.confirm(Answer::Confirmation(Confirmation { document_no })).await?;
                self.acted(reply_id, Act::Confirmed);
                self.gateway.tell(&Deed::Later(Later::Confirmed));
                if let (HouseTerms::Evaluator(terms), Some(Standing::Valuation(quote))) = (&house, standing) {
                    self.report(terms, dossier, quote).await?;
                }
            }
        }
        Ok(())
    }

    async fn report(
        &mut self,
        evaluator: &EvaluatorTerms,
        dossier: &Dossier,
        quote: &ValuationQuote,
    ) -> Result<(), Status> {
        let time = self.who.delays.draw(&mut self.random);
        self.think(time).await?;
        let now = Utc::now();
        let today = FixedOffset::east_opt(SHANGHAI_SECONDS)
            .map_or_else(|| now.date_naive(), |shanghai| now.with_timezone(&shanghai).date_naive());
        let report = terms::report(evaluator, dossier, quote, today, &mut self.random);
        let reply_id = self.gateway.deliver(report.clone()).await?;
        self.acted(reply_id, Act::Reported(report));
        self.gateway.tell(&Deed::Later(Later::Reported));
        Ok(())
    }
}
