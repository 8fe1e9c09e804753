//! The closed loop: each lane submits, waits until it is committed that its case's offers are ready, and goes on.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result};
use proto::{
    common::v1::DocumentRef,
    intake::v1::{
        Application, Channel, SubmitApplicationRequest, intake_service_client::IntakeServiceClient,
    },
};
use sqlx::{Connection as _, PgConnection, postgres::PgListener};
use tokio::{sync::oneshot, task::JoinSet};
use uuid::Uuid;

use super::{latency::Latencies, register::Applicant};
use crate::system::ActingChannel;

/// Tells when it is committed that a case's offers are ready: the database itself does, so that nothing which comes after
/// the commit is measured. The one thing that the benchmark adds to what it measures.
const TOLD: &str = "bench_ready";
const TELL: &str = "
    CREATE FUNCTION public.bench_ready() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('bench_ready', NEW.id::text);
        RETURN NULL;
    END $$;
    CREATE TRIGGER bench_ready AFTER UPDATE OF state ON intake.financing_case FOR EACH ROW
        WHEN (NEW.state = 'OFFERS_READY' AND OLD.state <> 'OFFERS_READY') EXECUTE FUNCTION public.bench_ready();";

/// Waiting submitters by case; a case may be ready before its submission is answered.
#[derive(Default)]
pub(super) struct Board {
    waiting: HashMap<String, oneshot::Sender<()>>,
    early: Vec<String>,
}

pub(super) type Shared = Arc<Mutex<Board>>;

fn open(board: &Shared) -> std::sync::MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one loop measured.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) decisions: Latencies,
    /// Microseconds since 1970 of each submission, by case.
    pub(super) submitted: HashMap<String, u128>,
    pub(super) failed: usize,
}

pub(super) enum Until {
    Count(usize),
    Time(Duration),
}

pub(super) async fn closed_loop(
    client: &IntakeServiceClient<ActingChannel>,
    applicants: &Arc<[Applicant]>,
    board: &Shared,
    in_flight: usize,
    until: Until,
) -> Result<Measured> {
    let (count, end) = match until {
        Until::Count(count) => (count, None),
        Until::Time(time) => (usize::MAX, Some(Instant::now() + time)),
    };
    let mut loops = JoinSet::new();
    for lane in 0..in_flight {
        let (mut client, applicants, board) = (client.clone(), Arc::clone(applicants), Arc::clone(board));
        loops.spawn(async move {
            let mut measured = Measured::default();
            let mut turn = 0;
            while turn * in_flight + lane < count && end.is_none_or(|end| Instant::now() < end) {
                let applicant = &applicants[(turn * in_flight + lane) % applicants.len()];
                one(&mut client, applicant, &board, &mut measured).await?;
                turn += 1;
            }
            anyhow::Ok(measured)
        });
    }
    let mut sum = Measured::default();
    while let Some(measured) = loops.join_next().await {
        let measured = measured??;
        sum.decisions.extend(measured.decisions);
        sum.submitted.extend(measured.submitted);
        sum.failed += measured.failed;
    }
    Ok(sum)
}

async fn one(
    client: &mut IntakeServiceClient<ActingChannel>,
    applicant: &Applicant,
    board: &Shared,
    measured: &mut Measured,
) -> Result<()> {
    let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_micros();
    let start = Instant::now();
    let case = match client.submit_application(application(applicant)).await {
        Ok(answer) => answer.into_inner().case.context("no case in the answer")?,
        Err(status) => {
            measured.failed += 1;
            eprintln!("a submission was not taken: {:?}", status.code());
            tokio::time::sleep(Duration::from_millis(100)).await;
            return Ok(());
        }
    };
    let ready = {
        let mut board = open(board);
        match board.early.iter().position(|early| *early == case.case_id) {
            Some(index) => {
                board.early.swap_remove(index);
                None
            }
            None => {
                let (done, ready) = oneshot::channel();
                board.waiting.insert(case.case_id.clone(), done);
                Some(ready)
            }
        }
    };
    if let Some(ready) = ready {
        tokio::time::timeout(Duration::from_secs(60), ready)
            .await
            .context("a case was not decided in 60 s")??;
    }
    measured.decisions.add(start.elapsed());
    measured.submitted.insert(case.case_id, at);
    Ok(())
}

fn application(applicant: &Applicant) -> SubmitApplicationRequest {
    let document = |number: u8| DocumentRef {
        code: format!("D{number:02}"),
        document_id: format!("bench/{number}"),
        sha256: vec![number; 32],
    };
    SubmitApplicationRequest {
        request_id: Uuid::now_v7().to_string(),
        channel: Channel::Api.into(),
        application: Some(Application {
            uscc: applicant.uscc.clone(),
            amount_fen: 300_000_000,
            term_months: 12,
            purpose: "购买原材料".to_owned(),
            asset_ids: vec![applicant.asset_id.clone()],
            consent_id: applicant.consent_id.clone(),
            documents: (1..=7).map(document).collect(),
            ..Application::default()
        }),
    }
}

/// Makes the database tell of what is ready, and listens; returns when it is sure to hear.
pub(super) async fn listen(database: &str) -> Result<PgListener> {
    let mut conn = PgConnection::connect(database).await?;
    sqlx::raw_sql(TELL).execute(&mut conn).await?;
    conn.close().await?;
    let mut listener = PgListener::connect(database).await?;
    listener.listen(TOLD).await?;
    Ok(listener)
}

/// Wakes those whose cases are ready.
pub(super) async fn hear(mut listener: PgListener, board: Shared) -> Result<()> {
    loop {
        let told = listener.try_recv().await?.context("the connection that tells what is ready is lost")?;
        let case_id = told.payload().to_owned();
        let mut board = open(&board);
        match board.waiting.remove(&case_id) {
            Some(done) => drop(done.send(())),
            None => board.early.push(case_id),
        }
    }
}
