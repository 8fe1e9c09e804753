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
        AcknowledgeRequest, EventType, PullEventsRequest, SubmitDecisionRequest,
        assignment_service_client::AssignmentServiceClient, event_service_client::EventServiceClient,
        submit_decision_request::Decision,
    },
};
use rpc::client::{Channel, ClientTls, secure};
use serde::{Deserialize, Serialize};
use tokio::{sync::Semaphore, task::JoinSet};
use uuid::Uuid;

/// Decisions that one institution has under way at once.
const DECISIONS: usize = 32;

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
    let mut events = EventServiceClient::new(channel.clone());
    let decisions = Arc::new(Semaphore::new(DECISIONS));
    loop {
        let pull = PullEventsRequest { max_events: 100, wait_seconds: 20, lease_seconds: 60 };
        let mut request = tonic::Request::new(pull);
        request.set_timeout(Duration::from_secs(30));
        let pulled = events.pull_events(request).await?.into_inner().events;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_micros();
        let mut others = Vec::new();
        for event in pulled {
            if event.r#type != i32::from(EventType::AssignmentIssued) {
                others.push(event.name);
                continue;
            }
            let first = {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                let before = seen.len();
                seen.entry(event.assignment.clone()).or_insert(now);
                seen.len() > before
            };
            if first {
                let permit = Arc::clone(&decisions).acquire_owned().await?;
                let client = AssignmentServiceClient::new(channel.clone());
                tokio::spawn(async move {
                    let _permit = permit;
                    if let Err(status) = decide(client, event.assignment, evaluates).await {
                        eprintln!("a decision was not taken: {:?}", status.code());
                    }
                });
            }
        }
        if !others.is_empty() {
            events.acknowledge(AcknowledgeRequest { names: others }).await?;
        }
    }
}

async fn decide(
    mut client: AssignmentServiceClient<Channel>,
    name: String,
    evaluates: bool,
) -> Result<(), tonic::Status> {
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
    let request = SubmitDecisionRequest {
        name,
        request_id: Uuid::new_v4().to_string(),
        acted_by: "B0001".to_owned(),
        decision: Some(if evaluates { Decision::Valuation(quote()) } else { Decision::Offer(offer()) }),
        file_if_late: false,
        etag: String::new(),
    };
    client.submit_decision(request).await.map(drop)
}
