//! The standard health service (`grpc.health.v1`).

use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// What the health service answers. The server as a whole is serving until told otherwise.
#[derive(Clone, Debug, Default)]
pub struct Health {
    reporter: HealthReporter,
}

impl Health {
    /// Serving.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the answer for the server as a whole.
    pub async fn set_serving(&self, serving: bool) {
        self.set_service("", serving).await;
    }

    /// Sets the answer for one service, such as `zhirong.intake.v1.IntakeService`.
    pub async fn set_service(&self, service: &str, serving: bool) {
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.reporter.set_service_status(service, status).await;
    }

    pub(super) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }
}
