//! Every span field, metric and label name. Values of labels are codes from closed sets, never ids.

/// Rows in the outbox that the broker has not confirmed.
pub const OUTBOX_ROWS: &str = "zhirong_outbox_rows";
/// Age in seconds of the oldest row in the outbox.
pub const OUTBOX_OLDEST_SECONDS: &str = "zhirong_outbox_oldest_seconds";
/// Messages that the broker confirmed.
pub const OUTBOX_PUBLISHED_TOTAL: &str = "zhirong_outbox_published_total";
/// Rows in the outbox that the broker returned because no queue wants them.
pub const OUTBOX_UNROUTABLE_ROWS: &str = "zhirong_outbox_unroutable_rows";
/// 1 while this process leads the relay of its role.
pub const RELAY_LEADING: &str = "zhirong_relay_leading";
/// 1 while the connection to the broker stands.
pub const BROKER_CONNECTED: &str = "zhirong_broker_connected";
/// Consumed messages by queue and outcome.
pub const CONSUMER_MESSAGES_TOTAL: &str = "zhirong_consumer_messages_total";
/// Messages taken in one transaction.
pub const CONSUMER_BATCH_SIZE: &str = "zhirong_consumer_batch_size";
/// Messages put aside, by queue and kind (`retry` or `parked`).
pub const HELD_ROWS: &str = "zhirong_held_rows";
/// Age in seconds of the longest held message, by queue and kind.
pub const HELD_OLDEST_SECONDS: &str = "zhirong_held_oldest_seconds";
/// 1 while a consumer is subscribed to its queue.
pub const CONSUMER_SUBSCRIBED: &str = "zhirong_consumer_subscribed";
/// 1 while every condition of `/readyz` holds.
pub const READY: &str = "zhirong_ready";
/// When the loaded working-day tables end: the first moment of the first year without one, in Unix seconds.
pub const CALENDAR_ENDS_TIMESTAMP_SECONDS: &str = "zhirong_calendar_ends_timestamp_seconds";
/// How late a deadline fired, in seconds.
pub const DEADLINE_LATENESS_SECONDS: &str = "zhirong_deadline_lateness_seconds";
/// Work rows waiting, by kind.
pub const WORK_ROWS: &str = "zhirong_work_rows";
/// Age in seconds of the oldest waiting work row, by kind.
pub const WORK_OLDEST_SECONDS: &str = "zhirong_work_oldest_seconds";
/// Finished calls by method and canonical code.
pub const RPC_REQUESTS_TOTAL: &str = "zhirong_rpc_requests_total";
/// Time from a call's head to its answer's head, in seconds.
pub const RPC_SECONDS: &str = "zhirong_rpc_seconds";
/// Calls being worked on.
pub const RPC_IN_FLIGHT: &str = "zhirong_rpc_in_flight";
/// Legs that reached a state, by the institution's role.
pub const LEGS_TOTAL: &str = "zhirong_legs_total";
/// Time from a leg's issue to its first decision, in seconds, by the institution's role.
pub const LEG_ANSWER_SECONDS: &str = "zhirong_leg_answer_seconds";
/// Credentials in use that end within 30 days and have no successor.
pub const CREDENTIALS_EXPIRING: &str = "zhirong_credentials_expiring";
/// Cases that reached a state.
pub const CASES_TOTAL: &str = "zhirong_cases_total";
/// Approved cases whose cover was lost since.
pub const CASES_COVER_LOST: &str = "zhirong_cases_cover_lost";
/// Audit rows that are not yet part of the hash chain.
pub const AUDIT_UNSEALED_ROWS: &str = "zhirong_audit_unsealed_rows";
/// Open assignments that wait for longer than they should without any contact of their institution.
pub const ASSIGNMENTS_UNREACHABLE: &str = "zhirong_assignments_unreachable";
/// Banks that have not taken note of a published whitelist within the time for it.
pub const LISTS_UNACKNOWLEDGED: &str = "zhirong_lists_unacknowledged";
/// For how long the longest of them is late, in seconds.
pub const LISTS_UNACKNOWLEDGED_SECONDS: &str = "zhirong_lists_unacknowledged_oldest_seconds";
/// Time since each institution with a credential was last heard of, in seconds.
pub const INSTITUTION_CONTACT_AGE_SECONDS: &str = "zhirong_institution_contact_age_seconds";
/// Products on the 信易贷 platform, by state of their publication.
pub const PUBLICATIONS: &str = "zhirong_publications";
/// Publications or withdrawals whose last attempt failed.
pub const PUBLICATIONS_FAILING: &str = "zhirong_publications_failing";
/// Cooperation agreements in force that are over within 30 days.
pub const AGREEMENTS_EXPIRING: &str = "zhirong_agreements_expiring";

/// Attempts to ask a platform outside, by source and outcome.
pub const SOURCE_FETCHES_TOTAL: &str = "zhirong_source_fetches_total";
/// Enterprises whose decision waits for a platform outside, by source.
pub const SOURCE_PENDING_ROWS: &str = "zhirong_source_pending_rows";
/// Time in seconds since the first of them began to wait, by source.
pub const SOURCE_PENDING_OLDEST_SECONDS: &str = "zhirong_source_pending_oldest_seconds";

pub const LABEL_SOURCE: &str = "source";
pub const LABEL_QUEUE: &str = "queue";
pub const LABEL_OUTCOME: &str = "outcome";
pub const LABEL_KIND: &str = "kind";
pub const LABEL_METHOD: &str = "method";
pub const LABEL_CODE: &str = "code";
pub const LABEL_ROLE: &str = "role";
pub const LABEL_STATE: &str = "state";
/// The hash of an institution's id, which tells institutions apart and names none (domain.md §3.4).
pub const LABEL_INSTITUTION: &str = "institution";

/// Value of `method` for calls of a method that is not served: callers must not make label values.
pub const UNKNOWN_METHOD: &str = "unknown";
