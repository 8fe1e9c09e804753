//! One institution's work on one assignment, from reading the dossier to the answer, as its script says.

use std::time::Duration;

use chrono::Utc;
use kernel::DeclineReason;
use proto::intake::v1::Offer;
use proto::partner::v1::assignment_service_client::AssignmentServiceClient;
use proto::partner::v1::submit_decision_request::Decision;
use proto::partner::v1::{
    AcceptAssignmentRequest, Assignment, Decline, GetAssignmentRequest, RequestSupplementRequest,
    SubmitDecisionRequest,
};
use rand::rngs::StdRng;
use rpc::client::Channel;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use super::attempt::{persist, words};
use super::deed::{Deed, Report};
use super::institution::Institution;
use super::ledger::{Content, Ledger, Record};
use super::script::Script;
use super::terms;

/// Staff number under which simulated institutions act.
const ACTED_BY: &str = "SIM001";
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
    pub(super) client: AssignmentServiceClient<Channel>,
    /// `assignments/{id}`
    pub(super) assignment: String,
    pub(super) ledger: Ledger,
    pub(super) report: Report,
    pub(super) shutdown: CancellationToken,
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
    pub(super) async fn run(mut self) {
        match self.follow().await {
            Ok(()) => {}
            Err(status) if status.code() == tonic::Code::Cancelled => {}
            Err(status) => {
                self.ledger.fault(format!("{}：{}", self.who.name, words(&status)));
                self.tell(&Deed::Failed(words(&status)));
            }
        }
    }

    async fn follow(&mut self) -> Result<(), Status> {
        let assignment = self.read().await?;
        let assets = assignment.dossier.as_ref().map_or(0, |dossier| dossier.assets.len());
        self.tell(&Deed::Read { assets });
        if self.script == Script::Silent {
            self.tell(&Deed::StaysSilent);
            return Ok(());
        }
        let thinking = self.who.delays.draw(&mut self.random);
        self.think(thinking / 4).await?;
        self.accept().await?;
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
            Script::AskThenOffer => {
                self.think(thinking / 4).await?;
                self.ask().await?;
                self.until(Signal::Supplemented, None).await?;
                let again = self.read().await?;
                self.tell(&Deed::Supplemented { documents: again.supplements.len() });
                self.think(thinking / 2).await?;
                let offer = self.draw(&again)?;
                self.offer(&again, offer).await?;
            }
            Script::OfferTwice => {
                self.think(thinking * 3 / 8).await?;
                let first = self.draw(&assignment)?;
                if self.offer(&assignment, first.clone()).await? == Filed::InTime {
                    self.think(thinking * 3 / 8).await?;
                    self.offer(&assignment, terms::better(&first)).await?;
                }
            }
            Script::Late => {
                let due = assignment.due_time.as_ref().and_then(|due| {
                    let until =
                        chrono::DateTime::from_timestamp(due.seconds, u32::try_from(due.nanos).ok()?)?;
                    (until - Utc::now()).to_std().ok()
                });
                self.until(Signal::Closed, due).await?;
                tokio::time::sleep(thinking / 4).await;
                let offer = self.draw(&assignment)?;
                self.offer(&assignment, offer).await?;
            }
        }
        Ok(())
    }

    async fn read(&self) -> Result<Assignment, Status> {
        let request = GetAssignmentRequest { name: self.assignment.clone() };
        persist(
            &self.shutdown,
            |status| self.again(status),
            || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.get_assignment(request).await }
            },
        )
        .await
    }

    async fn accept(&self) -> Result<(), Status> {
        let request = AcceptAssignmentRequest {
            name: self.assignment.clone(),
            request_id: Uuid::new_v4().to_string(),
            acted_by: ACTED_BY.to_owned(),
        };
        persist(
            &self.shutdown,
            |status| self.again(status),
            || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.accept_assignment(request).await }
            },
        )
        .await?;
        self.tell(&Deed::Accepted);
        Ok(())
    }

    async fn ask(&self) -> Result<(), Status> {
        let request = RequestSupplementRequest {
            name: self.assignment.clone(),
            request_id: Uuid::new_v4().to_string(),
            acted_by: ACTED_BY.to_owned(),
            document_codes: ASKED.map(str::to_owned).to_vec(),
            note: NOTE.to_owned(),
        };
        let asked = persist(
            &self.shutdown,
            |status| self.again(status),
            || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.request_supplement(request).await }
            },
        )
        .await;
        match asked {
            Ok(_) => {
                self.note(String::new(), Content::Question);
                self.tell(&Deed::Asked { codes: ASKED.join("、") });
                Ok(())
            }
            // An earlier run has asked; its answer is awaited.
            Err(status) if is(&status, "QUESTION_OPEN") => Ok(()),
            Err(status) => Err(status),
        }
    }

    fn draw(&mut self, assignment: &Assignment) -> Result<Offer, Status> {
        let dossier =
            assignment.dossier.as_ref().ok_or_else(|| Status::internal("an assignment without dossier"))?;
        Ok(terms::offer(&self.who.terms, dossier, Utc::now(), &mut self.random))
    }

    /// Sends an offer; one that comes too late is filed as late.
    async fn offer(&mut self, assignment: &Assignment, offer: Offer) -> Result<Filed, Status> {
        let seq = offer.offer_seq;
        let request = self.decision(Decision::Offer(offer.clone()), false);
        let (reply_id, filed) = match self.submit(&request).await {
            Ok(reply_id) => {
                self.tell(&Deed::Offered { seq });
                (reply_id, Filed::InTime)
            }
            Err(status) if is(&status, "WINDOW_CLOSED") => {
                self.tell(&Deed::ToldTooLate);
                let reply_id = self.submit(&self.decision(Decision::Offer(offer.clone()), true)).await?;
                self.tell(&Deed::FiledLate { seq });
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
        let same = self.submit(request).await? == reply_id;
        self.tell(&Deed::Repeated { same });
        if !same {
            self.ledger.fault(format!("{}：重复请求得到了不同回执", self.who.name));
        }
        Ok(())
    }

    async fn decline(&self, reason: DeclineReason) -> Result<(), Status> {
        let text = if reason.needs_text() { "暂不符合本行要求（模拟）" } else { "" };
        let decline = Decline { reason: reason.number(), text: text.to_owned() };
        let reply_id = self.submit(&self.decision(Decision::Decline(decline), false)).await?;
        self.note(reply_id, Content::Decline(reason));
        self.tell(&Deed::Declined(reason));
        Ok(())
    }

    fn decision(&self, decision: Decision, file_if_late: bool) -> SubmitDecisionRequest {
        SubmitDecisionRequest {
            name: self.assignment.clone(),
            request_id: Uuid::new_v4().to_string(),
            acted_by: ACTED_BY.to_owned(),
            decision: Some(decision),
            file_if_late,
            etag: String::new(),
        }
    }

    /// The reply's id.
    async fn submit(&self, request: &SubmitDecisionRequest) -> Result<String, Status> {
        let answer = persist(
            &self.shutdown,
            |status| self.again(status),
            || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.submit_decision(request).await }
            },
        );
        Ok(answer.await?.reply_id)
    }

    /// Lets time pass; ends with `CANCELLED` when the assignment does.
    async fn think(&mut self, time: Duration) -> Result<(), Status> {
        let shutdown = self.shutdown.clone();
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            () = shutdown.cancelled() => Err(Status::cancelled("stopped")),
            () = self.closed() => Err(Status::cancelled("closed")),
        }
    }

    /// Waits for a signal, or for `limit` if that is given.
    async fn until(&mut self, wanted: Signal, limit: Option<Duration>) -> Result<(), Status> {
        let shutdown = self.shutdown.clone();
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

    async fn closed(&mut self) {
        while let Some(signal) = self.signals.recv().await {
            if signal == Signal::Closed {
                return;
            }
        }
    }

    fn note(&self, reply_id: String, content: Content) {
        let assignment = self.assignment.clone();
        self.ledger.sent(Record { institution: self.who.id, assignment, reply_id, content, fate: None });
    }

    fn again(&self, status: &Status) {
        self.tell(&Deed::TriedAgain(words(status)));
    }

    fn tell(&self, deed: &Deed) {
        self.report.tell(self.who.id, &self.assignment, deed);
    }
}

fn is(status: &Status, reason: &str) -> bool {
    rpc::status::reason(status).is_some_and(|given| given == reason)
}
