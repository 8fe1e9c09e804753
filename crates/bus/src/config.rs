//! What a role's bus can be told. Every waiting time here is real time: it paces work, it is no deadline of the domain.

use std::time::Duration;

/// How one role's bus connects, batches, waits and gives up.
#[derive(Clone)]
pub struct BusConfig {
    /// `amqp://user:password@host:port/vhost` of this role's broker user.
    pub amqp_url: String,
    /// The role's name, as in `RoleTopology`.
    pub role: &'static str,
    /// Most messages in one transaction of a consumer.
    pub batch: usize,
    /// Most unacknowledged messages of one consumer. Several batches, so that the next one waits in memory already.
    pub prefetch: u16,
    /// Most messages that the relay has under way to the broker.
    pub pipeline: usize,
    /// How long the broker may take to confirm one pipeline. Time under a memory or disk alarm does not count.
    pub confirm_limit: Duration,
    /// AMQP heartbeat. A dead peer is noticed after two of them.
    pub heartbeat: Duration,
    /// How long the relay waits at first, when nobody wakes it, before it looks for rows again.
    pub poll_min: Duration,
    /// How long it waits at most once the outbox has stayed empty.
    pub poll_max: Duration,
    /// How many messages have to come in the time of one turn ([`crate::Pace`]) to be worth the relay's and consumers' waiting
    /// for company.
    pub worth: u32,
    /// Types of this role that may wait for company, and leave several rows in one broker message. Only those whose consumers
    /// all stand any order, and for which nobody waits.
    pub unhurried: &'static [&'static str],
    /// How long rows of unhurried types wait at most.
    pub linger: Duration,
    /// Longest pause between two attempts to reach the broker. Attempts never end.
    pub reconnect_max: Duration,
    /// Longest pause between two attempts to reach the database while a batch is held in hand.
    pub hold_max: Duration,
    /// Longest pause before a message that the broker returned, refused or nacked is sent again.
    pub unroutable_max: Duration,
    /// How often a handler may fail on one message, or die with it, before it is parked.
    pub max_attempts: u32,
    /// After this many redeliveries a message leaves its queue and is handled from the table, alone.
    pub redeliveries: u32,
    /// How long a worker may have a retry row in hand before another takes it.
    pub lease: Duration,
    /// Longest wait before due retries are looked for again.
    pub retry_poll: Duration,
    /// For how many days it is remembered which messages were taken. Older ones are parked, never handled twice.
    pub inbox_keep_days: i32,
    /// For how many coming days the inbox has partitions.
    pub inbox_ahead_days: i32,
    /// How long `stop` waits for work in hand.
    pub drain_limit: Duration,
}

impl Default for BusConfig {
    fn default() -> Self {
        Self {
            amqp_url: "amqp://127.0.0.1:5672/%2f".to_owned(),
            role: "bus",
            batch: 256,
            prefetch: 1024,
            pipeline: 500,
            confirm_limit: Duration::from_secs(15),
            heartbeat: Duration::from_secs(10),
            poll_min: Duration::from_millis(20),
            poll_max: Duration::from_millis(250),
            worth: 18,
            unhurried: &[],
            linger: Duration::from_millis(100),
            reconnect_max: Duration::from_secs(5),
            hold_max: Duration::from_secs(5),
            unroutable_max: Duration::from_secs(60),
            max_attempts: 10,
            redeliveries: 5,
            lease: Duration::from_secs(60),
            retry_poll: Duration::from_secs(1),
            inbox_keep_days: 30,
            inbox_ahead_days: 3,
            drain_limit: Duration::from_secs(10),
        }
    }
}

/// Without the address: it holds the password.
impl std::fmt::Debug for BusConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BusConfig").field("role", &self.role).finish_non_exhaustive()
    }
}
