//! The system that the demo plays on: everything real, with a window of seconds and every trace recorded here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, Result};
use telemetry::receiver::TraceReceiver;

use super::cast::{COVER_WINDOW, GRACE, WINDOW};
use super::screen;
use super::text::span;
use crate::run_dir::RunDir;
use crate::system::{Options, Progress, Report, System};

/// Spans are sent this often, in milliseconds, so that the trace is soon whole.
const EXPORT_MILLIS: &str = "250";

/// A running system and the receiver of its traces.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) system: System,
    pub(super) traces: TraceReceiver,
    incidents: Incidents,
}

/// What roles met after everything had been ready: nothing should.
#[derive(Clone, Debug, Default)]
struct Incidents {
    playing: Arc<AtomicBool>,
    texts: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    /// Starts everything and returns when every role is ready.
    pub(super) async fn set(run_dir: RunDir) -> Result<Self> {
        let (traces, endpoint) =
            TraceReceiver::start().await.context("the trace receiver could not be started")?;
        let incidents = Incidents::default();
        let options = Options { report: report(incidents.clone()), ..Options::scratch(run_dir) }
            .set("ZHIRONG_INTAKE_WINDOW", format!("{}s", WINDOW.as_secs()))
            .set("ZHIRONG_INTAKE_GRACE_SECONDS", GRACE.as_secs().to_string())
            .set("ZHIRONG_INSURANCE_WINDOW", format!("{}s", COVER_WINDOW.as_secs()))
            .set("ZHIRONG_INSURANCE_GRACE_SECONDS", GRACE.as_secs().to_string())
            .set("ZHIRONG_INTAKE_AUTO_ACCEPT", "DESK,XYD,API")
            .set("ZHIRONG_OTLP_ENDPOINT", endpoint)
            .set("ZHIRONG_TRACE_RATIO", "1")
            .set("OTEL_BSP_SCHEDULE_DELAY", EXPORT_MILLIS);
        let system = System::start(options).await?;
        incidents.playing.store(true, Ordering::Relaxed);
        Ok(Self { system, traces, incidents })
    }

    /// Roles that ended by themselves while the demo was on.
    pub(super) fn incidents(&self) -> Vec<String> {
        self.incidents.texts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends everything in good order; roles that end now are no incident.
    pub(super) async fn strike(self) -> Result<()> {
        self.system.stop().await
    }
}

fn report(incidents: Incidents) -> Report {
    let begun = Instant::now();
    Report::new(move |progress| {
        let playing = incidents.playing.load(Ordering::Relaxed);
        let at = span(begun.elapsed());
        match progress {
            Progress::StartingEngines => {
                screen::line(&format!("   {at:>8}  启动 PostgreSQL 与 RabbitMQ… (starting the engines)"));
            }
            Progress::EnginesReady => {
                screen::line(&format!("   {at:>8}  数据库与消息代理就绪 (engines ready)"))
            }
            Progress::Migrated => screen::line(&format!("   {at:>8}  库表、队列与权限就绪 (migrated)")),
            Progress::Ready { role } => screen::line(&format!("   {at:>8}  {role} 就绪 (ready)")),
            Progress::Started { .. } => {}
            Progress::Waiting { role, trouble } => {
                let trouble = trouble.replace('\n', "; ");
                screen::line(&format!("   {at:>8}  {role} 尚未就绪 (not ready): {trouble}"));
            }
            Progress::Ended { role, status, .. } if playing => {
                let mut texts = incidents.texts.lock().unwrap_or_else(PoisonError::into_inner);
                texts.push(format!("{role} 意外结束：{status}"));
            }
            Progress::Ended { role, status, .. } => {
                screen::line(&format!("   {at:>8}  {role} 意外结束，将重启 (ended, restarting): {status}"));
            }
        }
    })
}
