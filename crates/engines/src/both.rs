//! Both engines together, as nearly everyone wants them.

use crate::{EngineError, GIVEN_AMQP, GIVEN_MANAGEMENT, GIVEN_POSTGRES, Postgres, RabbitMq, Source};

/// PostgreSQL and RabbitMQ, started side by side.
#[derive(Debug)]
pub struct Engines {
    pub postgres: Postgres,
    pub rabbitmq: RabbitMq,
}

impl Engines {
    /// Starts both at the same time; if one fails the other is ended.
    pub async fn start(source: Source) -> Result<Self, EngineError> {
        let (postgres, rabbitmq) = tokio::try_join!(Postgres::start(source), RabbitMq::start(source))?;
        Ok(Self { postgres, rabbitmq })
    }

    /// The variables that hand these engines over to a child process.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, String); 3] {
        [
            (GIVEN_POSTGRES, self.postgres.admin_url().to_owned()),
            (GIVEN_AMQP, self.rabbitmq.amqp_base().to_owned()),
            (GIVEN_MANAGEMENT, self.rabbitmq.management_url().to_owned()),
        ]
    }

    /// Ends both and removes their data.
    pub async fn stop(self) -> Result<(), EngineError> {
        let (postgres, rabbitmq) = tokio::join!(self.postgres.stop(), self.rabbitmq.stop());
        postgres.and(rabbitmq)
    }
}
