//! Conformance of the bus against a real RabbitMQ and PostgreSQL. Each fault asserts that it happened.

#[cfg(test)]
mod support;

#[cfg(test)]
mod bags;
#[cfg(test)]
mod broker_private;
#[cfg(test)]
mod broker_trouble;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod database_trouble;
#[cfg(test)]
mod gathering;
#[cfg(test)]
mod held;
#[cfg(test)]
mod inbox;
#[cfg(test)]
mod order;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod parcels;
#[cfg(test)]
mod parked;
#[cfg(test)]
mod poison;
#[cfg(test)]
mod topology;
#[cfg(test)]
mod traces;
