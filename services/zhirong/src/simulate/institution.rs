//! One simulated institution: pulls its events, hands each assignment to a task of its own, acknowledges, and comes
//! back whenever the connection is lost.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use kernel::InstitutionId;
use proto::catalog::v1::ProductTerms;
use proto::common::v1::InstitutionRole;
use proto::partner::v1::assignment_service_client::AssignmentServiceClient;
use proto::partner::v1::event_service_client::EventServiceClient;
use proto::partner::v1::{
    AcknowledgeRequest, Assignment, AssignmentState, Event, EventType, ListAssignmentsRequest,
    PullEventsRequest,
};
use rpc::client::Channel;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Code, Request, Status};

use super::access::Access;
use super::answer::{Answering, Signal};
use super::attempt::{Pauses, pause, words};
use super::data::HouseTerms;
use super::deed::{Deed, Fate, Report};
use super::gateway::Gateway;
use super::ledger::Ledger;
use super::script::{Casting, Delays, Manner};
use super::seed::Seed;

const WAIT_SECONDS: i32 = 20;
/// Events whose delivery was lost on the way come again after so long.
const LEASE_SECONDS: i32 = 15;
/// The long poll's own time and some for the way.
const PULL_LIMIT: Duration = Duration::from_secs(30);
const PAGE: i32 = 200;
/// Signals that an assignment may have waiting; there are a handful in its life.
const SIGNALS: usize = 64;

/// Who it is and how it behaves.
#[derive(Clone, Debug)]
pub struct Institution {
    pub id: InstitutionId,
    pub name: String,
    pub trade: Trade,
    pub access: Access,
    pub manner: Manner,
    pub casting: Casting,
    pub delays: Delays,
    pub seed: Seed,
}

/// What it does, and on what terms.
#[derive(Clone, Debug)]
pub enum Trade {
    /// Of the product that it is asked about.
    Bank(Box<ProductTerms>),
    House(HouseTerms),
}

impl Trade {
    pub fn role(&self) -> InstitutionRole {
        match self {
            Self::Bank(_) => InstitutionRole::Bank,
            Self::House(terms) => terms.role(),
        }
    }

    /// Only what intake itself asks of an institution can be asked back.
    pub(super) fn asks(&self) -> bool {
        matches!(self.role(), InstitutionRole::Bank | InstitutionRole::Evaluator)
    }
}

/// The assignments in hand of all institutions, by name: who wants to tell one something finds it here.
#[derive(Clone, Debug, Default)]
pub(super) struct Hands(Arc<Mutex<HashMap<String, mpsc::Sender<Signal>>>>);

impl Hands {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, mpsc::Sender<Signal>>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether somebody works on the assignment still. A task that has ended wants no more signals.
    pub(super) async fn signal(&self, assignment: &str, signal: Signal) -> bool {
        let sender = self.with(|hands| hands.get(assignment).cloned());
        match sender {
            Some(sender) => sender.send(signal).await.is_ok(),
            None => false,
        }
    }

    fn holds(&self, assignment: &str) -> bool {
        self.with(|hands| hands.contains_key(assignment))
    }

    fn take(&self, assignment: String, sender: mpsc::Sender<Signal>) {
        self.with(|hands| hands.insert(assignment, sender));
    }
}

/// An institution at work.
pub(super) struct Worker {
    pub(super) who: Institution,
    pub(super) ledger: Ledger,
    pub(super) report: Report,
    pub(super) shutdown: CancellationToken,
    pub(super) hands: Hands,
    pub(super) tasks: TaskTracker,
    pub(super) count: u64,
}

impl Worker {
    /// Works until the simulation ends or the gateway shuts it out for good.
    pub(super) async fn run(mut self) {
        let mut pauses = Pauses::new();
        let mut connected = false;
        while !self.shutdown.is_cancelled() {
            match self.session(&mut connected).await {
                Ok(()) => pauses = Pauses::new(),
                Err(_) if self.shutdown.is_cancelled() => {}
                Err(status) if matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied) => {
                    self.tell("", &Deed::Barred(words(&status)));
                    break;
                }
                Err(status) => {
                    if connected {
                        self.tell("", &Deed::Lost(words(&status)));
                        connected = false;
                        pauses = Pauses::new();
                    }
                    if pause(&self.shutdown, pauses.next()).await.is_err() {
                        break;
                    }
                }
            }
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Works on one connection until it breaks.
    async fn session(&mut self, connected: &mut bool) -> Result<(), Status> {
        let channel =
            self.who.access.channel().map_err(|error| Status::unauthenticated(error.to_string()))?;
        let open = self.list_open(&channel).await?;
        if !*connected {
            *connected = true;
            self.tell("", &Deed::Connected);
        }
        // An earlier run, or an event lost on the way, may have left them unanswered.
        for assignment in open {
            if self.hands.holds(&assignment.name) {
                // The event may have been lost on the way; told twice does no harm.
                if assignment.state() == AssignmentState::Selected {
                    self.hands.signal(&assignment.name, Signal::Selected).await;
                }
            } else {
                self.begin(&channel, assignment.name);
            }
        }
        let mut events = EventServiceClient::new(channel.clone());
        while !self.shutdown.is_cancelled() {
            let mut request = Request::new(PullEventsRequest {
                max_events: 0,
                wait_seconds: WAIT_SECONDS,
                lease_seconds: LEASE_SECONDS,
            });
            request.set_timeout(PULL_LIMIT);
            let pulled = tokio::select! {
                pulled = events.pull_events(request) => pulled?.into_inner().events,
                () = self.shutdown.cancelled() => return Ok(()),
            };
            if pulled.is_empty() {
                continue;
            }
            let names: Vec<String> = pulled.iter().map(|event| event.name.clone()).collect();
            for event in pulled {
                self.heed(&channel, event).await;
            }
            events.acknowledge(AcknowledgeRequest { names }).await?;
        }
        Ok(())
    }

    /// What nobody has answered yet; also the first call, which shows whether the way in is good.
    async fn list_open(&self, channel: &Channel) -> Result<Vec<Assignment>, Status> {
        let mut client = AssignmentServiceClient::new(channel.clone());
        let request = ListAssignmentsRequest { page_size: PAGE, page_token: String::new(), open_only: true };
        let page = client.list_assignments(request).await?.into_inner();
        let unanswered = |one: &Assignment| one.state() != AssignmentState::Answered;
        Ok(page.assignments.into_iter().filter(unanswered).collect())
    }

    async fn heed(&mut self, channel: &Channel, event: Event) {
        let kind = event.r#type();
        let fate = match kind {
            EventType::ReplyAccepted => Some(Fate::Accepted),
            EventType::ReplyLate => Some(Fate::Late),
            EventType::ReplySuperseded => Some(Fate::Superseded),
            EventType::ReplyRefused => Some(Fate::Refused),
            EventType::AssignmentIssued
            | EventType::AssignmentClosed
            | EventType::SupplementAnswered
            | EventType::AssignmentSelected
            | EventType::AssignmentUnselected
            | EventType::ListPublished
            | EventType::Unspecified => None,
        };
        if let Some(fate) = fate {
            self.ledger.heard(&event.reply_id, fate);
            self.tell(&event.assignment, &Deed::Heard(fate));
            return;
        }
        match kind {
            EventType::AssignmentIssued => {
                self.tell(&event.assignment, &Deed::Received { attempt: event.attempt });
                self.begin(channel, event.assignment);
            }
            EventType::AssignmentClosed => {
                self.tell(&event.assignment, &Deed::Closed(event.reason));
                self.hands.signal(&event.assignment, Signal::Closed).await;
            }
            EventType::SupplementAnswered => {
                self.hands.signal(&event.assignment, Signal::Supplemented).await;
            }
            // An answer of an earlier run may be chosen, on which nobody works any more.
            EventType::AssignmentSelected if !self.hands.holds(&event.assignment) => {
                self.begin(channel, event.assignment);
            }
            EventType::AssignmentSelected => {
                self.hands.signal(&event.assignment, Signal::Selected).await;
            }
            EventType::AssignmentUnselected => {
                self.hands.signal(&event.assignment, Signal::Unselected).await;
            }
            EventType::ReplyAccepted
            | EventType::ReplyLate
            | EventType::ReplySuperseded
            | EventType::ReplyRefused
            | EventType::ListPublished
            | EventType::Unspecified => {}
        }
    }

    /// Begins to work on an assignment, unless it is in hand: events come at least once.
    fn begin(&mut self, channel: &Channel, assignment: String) {
        if self.hands.holds(&assignment) {
            return;
        }
        let (sender, signals) = mpsc::channel(SIGNALS);
        self.hands.take(assignment.clone(), sender);
        let mut random = self.who.seed.random(&self.who.name, &self.count.to_string());
        self.count += 1;
        let gateway = Gateway {
            institution: self.who.id,
            assignment,
            client: AssignmentServiceClient::new(channel.clone()),
            report: self.report.clone(),
            shutdown: self.shutdown.clone(),
        };
        let answering = Answering {
            conduct: self.who.manner.conduct(&mut random),
            who: self.who.clone(),
            gateway,
            ledger: self.ledger.clone(),
            random,
            signals,
            waiting: VecDeque::new(),
        };
        self.tasks.spawn(answering.run());
    }

    fn tell(&self, assignment: &str, deed: &Deed) {
        self.report.tell(self.who.id, assignment, deed);
    }
}
