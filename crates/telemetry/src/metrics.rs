//! The process-wide registry. One function for each thing worth counting, so that labels cannot be mixed up.

use std::sync::LazyLock;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::names;

type One = [(&'static str, String); 1];
type Two = [(&'static str, String); 2];
type Seconds = Gauge<f64, AtomicU64>;
type Histograms = Family<One, Histogram, fn() -> Histogram>;

struct Metrics {
    registry: Registry,
    outbox_rows: Gauge,
    outbox_oldest: Seconds,
    outbox_published: Counter,
    outbox_unroutable: Gauge,
    relay_leading: Gauge,
    broker_connected: Gauge,
    consumer_messages: Family<Two, Counter>,
    consumer_batch: Histogram,
    held_rows: Family<Two, Gauge>,
    held_oldest: Family<Two, Seconds>,
    consumer_subscribed: Family<One, Gauge>,
    ready: Gauge,
    calendar_ends: Gauge,
    deadline_lateness: Histograms,
    work_rows: Family<One, Gauge>,
    work_oldest: Family<One, Seconds>,
    rpc_requests: Family<Two, Counter>,
    rpc_seconds: Histograms,
    rpc_in_flight: Gauge,
    legs: Family<Two, Counter>,
    leg_answer: Histograms,
    credentials_expiring: Gauge,
    cases: Family<One, Counter>,
    cover_lost: Gauge,
    audit_unsealed: Gauge,
    assignments_unreachable: Gauge,
    contact_age: Family<One, Seconds>,
    source_fetches: Family<Two, Counter>,
    source_pending: Family<One, Gauge>,
    source_pending_oldest: Family<One, Seconds>,
    publications: Family<One, Gauge>,
    publications_failing: Gauge,
    agreements_expiring: Gauge,
    lists_unacknowledged: Gauge,
    lists_unacknowledged_oldest: Seconds,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// 1 ms to about 16 s: a call inside the system is expected below 20 ms and ends at 10 s.
fn call_buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 15))
}

/// 10 ms to about 12 days: a deadline may fire after an outage of hours.
fn lateness_buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.01, 4.0, 15))
}

/// 1 s to about 55 days: an institution may take working days, a simulated one milliseconds.
fn answer_buckets() -> Histogram {
    Histogram::new(exponential_buckets(1.0, 3.0, 15))
}

impl Metrics {
    fn new() -> Self {
        let batch = Histogram::new(exponential_buckets(1.0, 2.0, 8));
        let mut metrics = Self {
            registry: Registry::default(),
            outbox_rows: Gauge::default(),
            outbox_oldest: Seconds::default(),
            outbox_published: Counter::default(),
            outbox_unroutable: Gauge::default(),
            relay_leading: Gauge::default(),
            broker_connected: Gauge::default(),
            consumer_messages: Family::default(),
            consumer_batch: batch,
            held_rows: Family::default(),
            held_oldest: Family::default(),
            consumer_subscribed: Family::default(),
            ready: Gauge::default(),
            calendar_ends: Gauge::default(),
            deadline_lateness: Family::new_with_constructor(lateness_buckets),
            work_rows: Family::default(),
            work_oldest: Family::default(),
            rpc_requests: Family::default(),
            rpc_seconds: Family::new_with_constructor(call_buckets),
            rpc_in_flight: Gauge::default(),
            legs: Family::default(),
            leg_answer: Family::new_with_constructor(answer_buckets),
            credentials_expiring: Gauge::default(),
            cases: Family::default(),
            cover_lost: Gauge::default(),
            audit_unsealed: Gauge::default(),
            assignments_unreachable: Gauge::default(),
            contact_age: Family::default(),
            source_fetches: Family::default(),
            source_pending: Family::default(),
            source_pending_oldest: Family::default(),
            publications: Family::default(),
            publications_failing: Gauge::default(),
            agreements_expiring: Gauge::default(),
            lists_unacknowledged: Gauge::default(),
            lists_unacknowledged_oldest: Seconds::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register(names::OUTBOX_ROWS, "Rows in the outbox", self.outbox_rows.clone());
        r.register(names::OUTBOX_OLDEST_SECONDS, "Age of the oldest outbox row", self.outbox_oldest.clone());
        r.register(
            counter(names::OUTBOX_PUBLISHED_TOTAL),
            "Messages confirmed",
            self.outbox_published.clone(),
        );
        r.register(names::OUTBOX_UNROUTABLE_ROWS, "Returned outbox rows", self.outbox_unroutable.clone());
        r.register(names::RELAY_LEADING, "1 while this process leads the relay", self.relay_leading.clone());
        r.register(names::BROKER_CONNECTED, "1 while connected to the broker", self.broker_connected.clone());
        r.register(
            counter(names::CONSUMER_MESSAGES_TOTAL),
            "Messages handled",
            self.consumer_messages.clone(),
        );
        r.register(names::CONSUMER_BATCH_SIZE, "Messages in one transaction", self.consumer_batch.clone());
        r.register(names::HELD_ROWS, "Messages put aside", self.held_rows.clone());
        r.register(names::HELD_OLDEST_SECONDS, "Age of the longest held message", self.held_oldest.clone());
        r.register(names::CONSUMER_SUBSCRIBED, "1 while subscribed", self.consumer_subscribed.clone());
        r.register(names::READY, "1 while ready", self.ready.clone());
        r.register(
            names::CALENDAR_ENDS_TIMESTAMP_SECONDS,
            "When the working-day tables end",
            self.calendar_ends.clone(),
        );
        r.register(names::DEADLINE_LATENESS_SECONDS, "Lateness of deadlines", self.deadline_lateness.clone());
        r.register(names::WORK_ROWS, "Work rows waiting", self.work_rows.clone());
        r.register(names::WORK_OLDEST_SECONDS, "Age of the oldest work row", self.work_oldest.clone());
        r.register(counter(names::RPC_REQUESTS_TOTAL), "Finished calls", self.rpc_requests.clone());
        r.register(names::RPC_SECONDS, "Duration of calls", self.rpc_seconds.clone());
        r.register(names::RPC_IN_FLIGHT, "Calls being worked on", self.rpc_in_flight.clone());
        r.register(counter(names::LEGS_TOTAL), "Legs that reached a state", self.legs.clone());
        r.register(names::LEG_ANSWER_SECONDS, "From a leg's issue to its decision", self.leg_answer.clone());
        r.register(
            names::CREDENTIALS_EXPIRING,
            "Credentials that end within 30 days",
            self.credentials_expiring.clone(),
        );
        r.register(counter(names::CASES_TOTAL), "Cases that reached a state", self.cases.clone());
        r.register(names::CASES_COVER_LOST, "Approved cases without their cover", self.cover_lost.clone());
        r.register(names::AUDIT_UNSEALED_ROWS, "Audit rows outside the chain", self.audit_unsealed.clone());
        r.register(
            names::ASSIGNMENTS_UNREACHABLE,
            "Assignments without contact",
            self.assignments_unreachable.clone(),
        );
        r.register(
            names::LISTS_UNACKNOWLEDGED,
            "Banks that are late with a published list",
            self.lists_unacknowledged.clone(),
        );
        r.register(
            names::LISTS_UNACKNOWLEDGED_SECONDS,
            "Lateness of the longest unacknowledged list",
            self.lists_unacknowledged_oldest.clone(),
        );
        r.register(
            names::INSTITUTION_CONTACT_AGE_SECONDS,
            "Time since an institution's last contact",
            self.contact_age.clone(),
        );
        r.register(
            counter(names::SOURCE_FETCHES_TOTAL),
            "Attempts to ask a platform outside",
            self.source_fetches.clone(),
        );
        r.register(
            names::SOURCE_PENDING_ROWS,
            "Decisions that wait for a source",
            self.source_pending.clone(),
        );
        r.register(
            names::SOURCE_PENDING_OLDEST_SECONDS,
            "How long the first of them has waited",
            self.source_pending_oldest.clone(),
        );
        r.register(names::PUBLICATIONS, "Products on the outside platform", self.publications.clone());
        r.register(names::PUBLICATIONS_FAILING, "Failing publications", self.publications_failing.clone());
        r.register(names::AGREEMENTS_EXPIRING, "Agreements that end soon", self.agreements_expiring.clone());
    }
}

/// The encoder appends `_total` to counters by itself.
fn counter(name: &'static str) -> &'static str {
    name.strip_suffix("_total").unwrap_or(name)
}

/// The state of the role's outbox: rows, age of the oldest in seconds, rows that came back unroutable.
pub fn set_outbox(rows: i64, oldest_seconds: f64, unroutable: i64) {
    METRICS.outbox_rows.set(rows);
    METRICS.outbox_oldest.set(oldest_seconds);
    METRICS.outbox_unroutable.set(unroutable);
}

/// `count` broker messages were confirmed. One that carries several outbox rows counts once.
pub fn add_published(count: u64) {
    METRICS.outbox_published.inc_by(count);
}

/// An attempt to ask `source` ended in `outcome`.
pub fn add_source_fetch(source: &str, outcome: &str) {
    let labels = [(names::LABEL_SOURCE, source.to_owned()), (names::LABEL_OUTCOME, outcome.to_owned())];
    METRICS.source_fetches.get_or_create(&labels).inc();
}

/// How many decisions wait for `source`, and for how many seconds the first of them has.
pub fn set_source_pending(source: &str, rows: i64, oldest_seconds: f64) {
    let labels = [(names::LABEL_SOURCE, source.to_owned())];
    METRICS.source_pending.get_or_create(&labels).set(rows);
    METRICS.source_pending_oldest.get_or_create(&labels).set(oldest_seconds.max(0.0));
}

/// Whether this process leads the relay.
pub fn set_relay_leading(leading: bool) {
    METRICS.relay_leading.set(i64::from(leading));
}

/// Whether the connection to the broker stands.
pub fn set_broker_connected(connected: bool) {
    METRICS.broker_connected.set(i64::from(connected));
}

/// `count` messages of `queue` ended in `outcome` (`done`, `repeat`, `retry`, `parked`, `failed`).
pub fn add_messages(queue: &str, outcome: &str, count: u64) {
    let labels = [(names::LABEL_QUEUE, queue.to_owned()), (names::LABEL_OUTCOME, outcome.to_owned())];
    METRICS.consumer_messages.get_or_create(&labels).inc_by(count);
}

/// One transaction took `size` messages.
pub fn observe_batch(size: usize) {
    METRICS.consumer_batch.observe(size as f64);
}

/// Messages of `queue` that are put aside, by kind (`retry`, `parked`), and the age of the oldest in seconds.
pub fn set_held(queue: &str, kind: &str, rows: i64, oldest_seconds: f64) {
    let labels = [(names::LABEL_QUEUE, queue.to_owned()), (names::LABEL_KIND, kind.to_owned())];
    METRICS.held_rows.get_or_create(&labels).set(rows);
    METRICS.held_oldest.get_or_create(&labels).set(oldest_seconds.max(0.0));
}

/// Whether the consumer of `queue` is subscribed.
pub fn set_consumer_subscribed(queue: &str, subscribed: bool) {
    let labels = [(names::LABEL_QUEUE, queue.to_owned())];
    METRICS.consumer_subscribed.get_or_create(&labels).set(i64::from(subscribed));
}

/// Whether this process can do its work.
pub fn set_ready(ready: bool) {
    METRICS.ready.set(i64::from(ready));
}

/// When the working-day tables end, in Unix seconds.
pub fn set_calendar_ends(unix_seconds: i64) {
    METRICS.calendar_ends.set(unix_seconds);
}

/// A deadline of `kind` fired `seconds` after it was due.
pub fn observe_deadline_lateness(kind: &str, seconds: f64) {
    METRICS
        .deadline_lateness
        .get_or_create(&[(names::LABEL_KIND, kind.to_owned())])
        .observe(seconds.max(0.0));
}

/// Work rows of `kind` that wait, and the age of the oldest in seconds.
pub fn set_work(kind: &str, rows: i64, oldest_seconds: f64) {
    METRICS.work_rows.get_or_create(&[(names::LABEL_KIND, kind.to_owned())]).set(rows);
    METRICS.work_oldest.get_or_create(&[(names::LABEL_KIND, kind.to_owned())]).set(oldest_seconds);
}

/// A call ended: `method` is a served path or [`names::UNKNOWN_METHOD`], `code` a canonical code in capitals.
pub fn observe_rpc(method: &str, code: &str, seconds: f64) {
    let labels = [(names::LABEL_METHOD, method.to_owned()), (names::LABEL_CODE, code.to_owned())];
    METRICS.rpc_requests.get_or_create(&labels).inc();
    METRICS.rpc_seconds.get_or_create(&[(names::LABEL_METHOD, method.to_owned())]).observe(seconds);
}

/// One more call is being worked on (`1`), or one less (`-1`).
pub fn add_rpc_in_flight(change: i64) {
    METRICS.rpc_in_flight.inc_by(change);
}

/// `count` legs to institutions of `role` (`BANK`, …) reached `state`.
pub fn add_legs(role: &str, state: &str, count: u64) {
    let labels = [(names::LABEL_ROLE, role.to_owned()), (names::LABEL_STATE, state.to_owned())];
    METRICS.legs.get_or_create(&labels).inc_by(count);
}

/// An institution of `role` decided `seconds` after its leg was issued.
pub fn observe_leg_answer(role: &str, seconds: f64) {
    METRICS.leg_answer.get_or_create(&[(names::LABEL_ROLE, role.to_owned())]).observe(seconds.max(0.0));
}

/// Products on the 信易贷 platform whose publication is in `state`.
pub fn set_publications(state: &str, rows: i64) {
    METRICS.publications.get_or_create(&[(names::LABEL_STATE, state.to_owned())]).set(rows);
}

/// Publications or withdrawals whose last attempt failed.
pub fn set_publications_failing(rows: i64) {
    METRICS.publications_failing.set(rows);
}

/// Cooperation agreements in force that are over within 30 days.
pub fn set_agreements_expiring(agreements: i64) {
    METRICS.agreements_expiring.set(agreements);
}

/// Credentials in use that end within 30 days and have no successor.
pub fn set_credentials_expiring(credentials: i64) {
    METRICS.credentials_expiring.set(credentials);
}

/// `count` cases reached `state`.
pub fn add_cases(state: &str, count: u64) {
    METRICS.cases.get_or_create(&[(names::LABEL_STATE, state.to_owned())]).inc_by(count);
}

/// Approved cases whose cover was lost since: each waits for a person.
pub fn set_cover_lost(cases: i64) {
    METRICS.cover_lost.set(cases);
}

/// Audit rows that wait for the sealer.
pub fn set_audit_unsealed(rows: i64) {
    METRICS.audit_unsealed.set(rows);
}

/// Open assignments that nobody has taken for too long.
pub fn set_unreachable(assignments: i64) {
    METRICS.assignments_unreachable.set(assignments);
}

/// Banks that have not taken note of a published list in time, and for how long the first is late.
pub fn set_lists_unacknowledged(banks: i64, oldest_seconds: f64) {
    METRICS.lists_unacknowledged.set(banks);
    METRICS.lists_unacknowledged_oldest.set(oldest_seconds);
}

/// How long ago each institution was last heard of, in seconds, by the hash of its id. Those not named are forgotten.
pub fn set_contact_ages(ages: impl IntoIterator<Item = (String, f64)>) {
    METRICS.contact_age.clear();
    for (institution, seconds) in ages {
        METRICS.contact_age.get_or_create(&[(names::LABEL_INSTITUTION, institution)]).set(seconds);
    }
}

/// Content type of [`encode`]'s text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything, as OpenMetrics text.
pub fn encode() -> String {
    let mut text = String::new();
    // Writing into a String cannot fail; an error would only shorten the page.
    let _ = text::encode(&mut text, &METRICS.registry);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_appears_once_as_it_is_documented() {
        set_outbox(3, 1.5, 0);
        add_published(2);
        add_messages("intake.replies.v1", "done", 4);
        observe_batch(4);
        set_held("intake.replies.v1", "parked", 1, 2.5);
        set_consumer_subscribed("intake.replies.v1", true);
        set_ready(true);
        set_calendar_ends(1_798_732_800);
        observe_leg_answer("BANK", 30.0);
        set_credentials_expiring(2);
        observe_deadline_lateness("WINDOW", -1.0);
        set_work("PLAN", 2, 0.5);
        observe_rpc("/a.B/C", "OK", 0.002);
        add_legs("BANK", "OFFERED", 1);
        add_cases("OFFERS_READY", 1);
        set_cover_lost(3);
        set_unreachable(2);
        set_contact_ages([("aa".to_owned(), 9.0)]);
        set_contact_ages([("0f1e".to_owned(), 2.5)]);
        let text = encode();
        for line in [
            "zhirong_outbox_rows 3",
            "zhirong_outbox_published_total 2",
            "zhirong_consumer_messages_total{queue=\"intake.replies.v1\",outcome=\"done\"} 4",
            "zhirong_held_rows{queue=\"intake.replies.v1\",kind=\"parked\"} 1",
            "zhirong_held_oldest_seconds{queue=\"intake.replies.v1\",kind=\"parked\"} 2.5",
            "zhirong_consumer_subscribed{queue=\"intake.replies.v1\"} 1",
            "zhirong_ready 1",
            "zhirong_calendar_ends_timestamp_seconds 1798732800",
            "zhirong_leg_answer_seconds_count{role=\"BANK\"} 1",
            "zhirong_credentials_expiring 2",
            "zhirong_rpc_requests_total{method=\"/a.B/C\",code=\"OK\"} 1",
            "zhirong_rpc_seconds_count{method=\"/a.B/C\"} 1",
            "zhirong_deadline_lateness_seconds_count{kind=\"WINDOW\"} 1",
            "zhirong_legs_total{role=\"BANK\",state=\"OFFERED\"} 1",
            "zhirong_cases_total{state=\"OFFERS_READY\"} 1",
            "zhirong_cases_cover_lost 3",
            "zhirong_assignments_unreachable 2",
            "zhirong_institution_contact_age_seconds{institution=\"0f1e\"} 2.5",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("_total_total"), "{text}");
        assert!(!text.contains("institution=\"aa\""), "{text}");
    }
}
