//! Sets up logs and traces of a process, once.

use std::str::FromStr;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::format::{JsonLines, TextLines};

/// Environment variable with the filter directives, as `tracing-subscriber` reads them.
pub(crate) const FILTER_VARIABLE: &str = "ZHIRONG_LOG";

/// Log lines as JSON for collectors or as text for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LogFormat {
    #[default]
    Json,
    Text,
}

impl FromStr for LogFormat {
    type Err = TelemetryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(TelemetryError::UnknownLogFormat),
        }
    }
}

/// How one process is to be observed.
#[derive(Clone, Debug)]
pub struct Config {
    /// Becomes `service.name` of the traces and `role` of the log lines.
    pub role: &'static str,
    /// `http://host:port` of an OTLP/gRPC receiver. Without one, traces get ids but are not recorded.
    pub otlp_endpoint: Option<String>,
    /// Share of new traces that are recorded, 0 to 1; a trace that came in decides for itself.
    pub sample_ratio: f64,
    pub log_format: LogFormat,
}

/// Why observation could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    #[error("log format must be json or text")]
    UnknownLogFormat,
    #[error("the OTLP exporter could not be built")]
    Exporter(#[source] opentelemetry_otlp::ExporterBuildError),
    #[error("{FILTER_VARIABLE} is not a valid filter")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    #[error("logging is already set up in this process")]
    AlreadySetUp(#[source] tracing_subscriber::util::TryInitError),
}

/// The set-up of this process; keep it until the end and call [`Telemetry::shutdown`].
#[derive(Debug)]
#[must_use = "traces still in memory are sent by shutdown()"]
pub struct Telemetry {
    provider: SdkTracerProvider,
}

impl Telemetry {
    /// Sends what is still in memory. Blocks up to some seconds: call it last, outside of request handling.
    pub fn shutdown(self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }

    /// Sends what is in memory now; for tests and the demo.
    pub fn flush(&self) {
        if let Err(error) = self.provider.force_flush() {
            tracing::warn!(%error, "traces could not be sent");
        }
    }
}

/// Sets up logging to standard error and tracing for the whole process. Call once, within the tokio runtime.
///
/// The filter of `ZHIRONG_LOG` (default `info`) holds for log lines; spans are recorded from `info` up.
pub fn init(config: Config) -> Result<Telemetry, TelemetryError> {
    let provider = provider(&config)?;
    let tracer = provider.tracer("zhirong");
    let directives = std::env::var(FILTER_VARIABLE).unwrap_or_else(|_| "info".to_owned());
    // lapin logs a returned message with its body: never, whatever the filter says.
    let filter = EnvFilter::try_new(format!("{directives},lapin=off")).map_err(TelemetryError::Filter)?;
    let traces = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        // Contexts are read from spans alone; keeping OpenTelemetry's own current context costs at every poll.
        .with_context_activation(false)
        .with_filter(tracing_subscriber::filter::LevelFilter::INFO);
    let output = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.log_format {
        LogFormat::Json => output.event_format(JsonLines { role: config.role }).with_filter(filter).boxed(),
        LogFormat::Text => output.event_format(TextLines { role: config.role }).with_filter(filter).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(traces)
        .try_init()
        .map_err(TelemetryError::AlreadySetUp)?;
    Ok(Telemetry { provider })
}

/// Without an endpoint nothing is sampled, so spans cost next to nothing, but ids exist for stored rows.
fn provider(config: &Config) -> Result<SdkTracerProvider, TelemetryError> {
    let resource = Resource::builder().with_service_name(config.role).build();
    let builder = SdkTracerProvider::builder().with_resource(resource);
    let Some(endpoint) = &config.otlp_endpoint else {
        return Ok(builder.with_sampler(Sampler::AlwaysOff).build());
    };
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()
        .map_err(TelemetryError::Exporter)?;
    let ratio = Sampler::TraceIdRatioBased(config.sample_ratio.clamp(0.0, 1.0));
    Ok(builder.with_sampler(Sampler::ParentBased(Box::new(ratio))).with_batch_exporter(exporter).build())
}
