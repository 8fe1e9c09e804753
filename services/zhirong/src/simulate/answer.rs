//! One institution's work on one assignment, from reading the dossier to the answer, as its script says.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::DeclineReason;
use proto::intake::v1::Offer;
use proto::partner::v1::{Assignment, SubmitDecisionRequest};
use rand::rngs::StdRng;
use tokio::sync::mpsc;
use tonic::{Code, Status};

use super::attempt::{pause, words};
use super::deed::Deed;
use super::gateway::{Gateway, is};
use super::institution::Institution;
use super::ledger::{Content, Ledger, Record};
use super::script::Script;
use super::terms;

const ASKED: [&str; 2] = ["D04", "D05"];
const NOTE: &str = "请补充最近一期财务报表和知识产权清单。";

/// What happens to the assignment meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Supplemented,
    Closed,
}

pub(super) struct Answering {
    pub(super) who: Institution,
    pub(super) script: Script,
    pub(super) gateway: Gateway,
    pub(super) ledger: Ledger,
    pub(super) random: StdRng,
    pub(super) signals: mpsc::Receiver<Signal>,
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
            Err(status) if is(&status, "WINDOW_CLOSED") => self.gateway.tell(&Deed::ToldTooLate),
            Err(status) => {
                self.ledger.fault(format!("{}：{}", self.who.name, words(&status)));
                self.gateway.tell(&Deed::Failed(words(&status)));
            }
        }
    }

    async fn follow(&mut self) -> Result<(), Status> {
        let assignment = self.gateway.read().await?;
        let assets = assignment.dossier.as_ref().map_or(0, |dossier| dossier.assets.len());
        self.gateway.tell(&Deed::Read { assets });
        if self.script == Script::Silent {
            self.gateway.tell(&Deed::StaysSilent);
            return Ok(());
        }
        let thinking = self.who.delays.draw(&mut self.random);
        self.think(thinking / 4).await?;
        self.gateway.accept().await?;
        self.gateway.tell(&Deed::Accepted);
        match self.script {
            Script::Silent => {}
            Script::Offer => {
                self.think(thinking * 3 / 4).await?;
                let offer = self.draw(&assignment)?;
                self.offer(&assignment, offer).await?;
            }
            Script::Decline(reason) => {
                self.think(thinking * 3 / 4).await?;
                self.decline(reason).await?;
            }
            Script::AskThenOffer => self.ask_then_offer(thinking).await?,
            Script::OfferTwice => {
                self.think(thinking * 3 / 8).await?;
                let first = self.draw(&assignment)?;
                if self.offer(&assignment, first).await? == Filed::InTime {
                    self.think(thinking * 3 / 8).await?;
                    self.offer(&assignment, terms::better(&first)).await?;
                }
            }
            Script::Late => {
                self.until(Signal::Closed, time_left(&assignment)).await?;
                pause(&self.gateway.shutdown, thinking / 4).await?;
                let offer = self.draw(&assignment)?;
                self.offer(&assignment, offer).await?;
            }
        }
        Ok(())
    }

    async fn ask_then_offer(&mut self, thinking: Duration) -> Result<(), Status> {
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
        let offer = self.draw(&again)?;
        self.offer(&again, offer).await?;
        Ok(())
    }

    fn draw(&mut self, assignment: &Assignment) -> Result<Offer, Status> {
        let dossier =
            assignment.dossier.as_ref().ok_or_else(|| Status::internal("an assignment without dossier"))?;
        Ok(terms::offer(&self.who.terms, dossier, Utc::now(), &mut self.random))
    }

    /// Sends an offer; one that comes too late is filed as late.
    async fn offer(&mut self, assignment: &Assignment, offer: Offer) -> Result<Filed, Status> {
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
        if self.script == Script::OfferTwice && seq == 1 && filed == Filed::InTime {
            self.repeat(&request, &reply_id).await?;
        }
        Ok(filed)
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
        self.note(reply_id, Content::Decline(reason));
        self.gateway.tell(&Deed::Declined(reason));
        Ok(())
    }

    /// Lets time pass; ends with `CANCELLED` when the assignment does.
    async fn think(&mut self, time: Duration) -> Result<(), Status> {
        let shutdown = self.gateway.shutdown.clone();
        tokio::select! {
            waited = pause(&shutdown, time) => waited,
            () = closed(&mut self.signals) => Err(Status::cancelled("closed")),
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
                    Some(Signal::Supplemented) => {}
                    Some(Signal::Closed) | None => return Err(Status::cancelled("closed")),
                },
            }
        }
    }

    fn note(&self, reply_id: String, content: Content) {
        let assignment = self.gateway.assignment.clone();
        self.ledger.sent(Record { institution: self.who.id, assignment, reply_id, content, fate: None });
    }
}

/// Until the window closes; `None` when that is not known yet.
fn time_left(assignment: &Assignment) -> Option<Duration> {
    let due = assignment.due_time.as_ref()?;
    let due = DateTime::from_timestamp(due.seconds, u32::try_from(due.nanos).ok()?)?;
    Some((due - Utc::now()).to_std().unwrap_or_default())
}

/// Returns when the assignment has ended.
async fn closed(signals: &mut mpsc::Receiver<Signal>) {
    while let Some(signal) = signals.recv().await {
        if signal == Signal::Closed {
            return;
        }
    }
}
