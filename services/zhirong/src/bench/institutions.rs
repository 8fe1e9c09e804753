//! The institutions' process: every institution on a connection of its own (mTLS), every assignment answered at once.
//! Ends when its standard input does, and then writes when it first saw each assignment.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result};
use proto::{
    intake::v1::{Offer, ValuationMethod, ValuationQuote},
    partner::v1::{
        AcknowledgeRequest, EventType, PullEventsRequest, SubmitDecisionRequest, SubmitDecisionsRequest,
        assignment_service_client::AssignmentServiceClient, decision_result::Result as Decided,
        event_service_client::EventServiceClient, submit_decision_request::Decision,
    },
};
use rpc::client::{Channel, ClientTls, secure};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};
use uuid::Uuid;

/// Calls with decisions that one institution has under way at once.
const CALLS: usize = 32;
/// Events that are acknowledged by one call, and how long they are gathered.
const NAMES: usize = 1_000;
const GATHER: Duration = Duration::from_millis(250);

/// What the process is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) url: String,
    pub(super) ca_pem: String,
    pub(super) institutions: Vec<Way>,
    /// Where to write when each assignment was first seen.
    pub(super) seen: PathBuf,
}

/// One institution's way in.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Way {
    pub(super) certificate_pem: String,
    pub(super) key_pem: String,
    pub(super) token: String,
    /// An evaluator quotes, a bank offers.
    pub(super) evaluates: bool,
}

/// Microseconds since 1970 at which an assignment was first seen, by its name.
pub(super) type Seen = HashMap<String, u128>;

pub(super) async fn run(plan: &Path) -> Result<()> {
    let plan: Plan = serde_json::from_slice(&std::fs::read(plan)?)?;
    let seen: Arc<Mutex<Seen>> = Arc::default();
    let mut working = JoinSet::new();
    for way in &plan.institutions {
        let tls = ClientTls {
            ca_pem: plan.ca_pem.clone(),
            certificate_pem: way.certificate_pem.clone(),
            key_pem: way.key_pem.clone(),
            server_name: None,
        };
        let channel = secure(&plan.url, &tls, &way.token).map_err(|error| anyhow::anyhow!("{error}"))?;
        working.spawn(work(channel, way.evaluates, Arc::clone(&seen)));
    }
    tokio::select! {
        ended = working.join_next() => ended.context("no institution")??.context("an institution ended")?,
        () = super::input_ended() => {}
    }
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    std::fs::write(&plan.seen, serde_json::to_vec(&seen)?)?;
    Ok(())
}

async fn work(channel: Channel, evaluates: bool, seen: Arc<Mutex<Seen>>) -> Result<()> {
    let calls = Arc::new(Semaphore::new(CALLS));
    let (acknowledge, names) = mpsc::channel(NAMES);
    let pull =
        || pull(channel.clone(), evaluates, Arc::clone(&seen), Arc::clone(&calls), acknowledge.clone());
    tokio::try_join!(pull(), pull(), acknowledging(channel.clone(), names)).map(drop)
}

/// One of the pullers that share the feed: while one is on its way the other waits.
async fn pull(
    channel: Channel,
    evaluates: bool,
    seen: Arc<Mutex<Seen>>,
    calls: Arc<Semaphore>,
    acknowledge: mpsc::Sender<String>,
) -> Result<()> {
    let mut events = EventServiceClient::new(channel.clone());
    loop {
        let pull = PullEventsRequest { max_events: 100, wait_seconds: 20, lease_seconds: 60 };
        let mut request = tonic::Request::new(pull);
        request.set_timeout(Duration::from_secs(30));
        let pulled = events.pull_events(request).await?.into_inner().events;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_micros();
        let mut decisions = Vec::new();
        for event in pulled {
            if event.r#type != i32::from(EventType::AssignmentIssued) {
                acknowledge.send(event.name).await?;
                continue;
            }
            let first = {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                let before = seen.len();
                seen.entry(event.assignment.clone()).or_insert(now);
                seen.len() > before
            };
            if first {
                decisions.push(decision(event.assignment, evaluates));
            }
        }
        if !decisions.is_empty() {
            let permit = Arc::clone(&calls).acquire_owned().await?;
            let client = AssignmentServiceClient::new(channel.clone());
            tokio::spawn(async move {
                let _permit = permit;
                decide(client, decisions).await;
            });
        }
    }
}

/// Leases last for a minute: what is to be acknowledged is gathered for a moment.
async fn acknowledging(channel: Channel, mut names: mpsc::Receiver<String>) -> Result<()> {
    let mut events = EventServiceClient::new(channel);
    loop {
        let mut gathered = Vec::new();
        names.recv_many(&mut gathered, NAMES).await;
        events.acknowledge(AcknowledgeRequest { names: gathered }).await?;
        tokio::time::sleep(GATHER).await;
    }
}

/// What came by one pull is answered by one call.
async fn decide(mut client: AssignmentServiceClient<Channel>, decisions: Vec<SubmitDecisionRequest>) {
    match client.submit_decisions(SubmitDecisionsRequest { decisions }).await {
        Ok(answer) => {
            for result in answer.into_inner().results {
                if let Some(Decided::Refused(refused)) = result.result {
                    eprintln!("a decision was refused: {}", refused.reason);
                }
            }
        }
        Err(status) => eprintln!("decisions were not taken: {:?}", status.code()),
    }
}

fn decision(name: String, evaluates: bool) -> SubmitDecisionRequest {
    let valid_until = Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 });
    let quote = || ValuationQuote {
        quote_seq: 1,
        fee_fen: 800_000,
        report_working_days: 5,
        methods: vec![ValuationMethod::Income.into()],
        valid_until,
    };
    let offer = || Offer {
        offer_seq: 1,
        amount_fen: 300_000_000,
        term_months: 12,
        annual_rate_bp: 435,
        repayment: 3,
        enhancement: 1,
        fees_fen: 0,
        valid_until,
    };
    SubmitDecisionRequest {
        name,
        request_id: Uuid::now_v7().to_string(),
        acted_by: "B0001".to_owned(),
        decision: Some(if evaluates { Decision::Valuation(quote()) } else { Decision::Offer(offer()) }),
        file_if_late: false,
        etag: String::new(),
    }
}
