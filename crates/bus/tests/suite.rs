//! Conformance of the bus against a real RabbitMQ and PostgreSQL. Each fault asserts that it happened.

mod support;

mod broker_trouble;
mod broker_private;
mod crashes;
mod database_trouble;
mod held;
mod inbox;
mod order;
mod outbox;
mod poison;
mod parked;
mod topology;
mod traces;
