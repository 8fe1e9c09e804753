//! The figures of statistics against the cases themselves, counted anew: every number that it says.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, Utc};
use proto::common::v1::{InstitutionRole, LegState};
use proto::statistics::v1::statistics_service_client::StatisticsServiceClient;
use proto::statistics::v1::{Day, GetOverviewRequest, ListDaysRequest, Overview, ResponseTime};
use rpc::Duty;
use sqlx::PgConnection;
use uuid::Uuid;
use zhirong::simulate::Link;

/// Numbers by what they count. One that is not there is 0.
type Numbers = BTreeMap<String, i64>;

const CASES: &str =
    "SELECT state, count(*) FROM intake.financing_case WHERE submitted_at IS NOT NULL GROUP BY state";
/// Legs of rounds that have ended: role, state, and the milliseconds after which they were answered.
const LEGS: &str = "SELECT l.role::int, l.state, floor(extract(epoch FROM l.replied_at - l.issued_at) * 1000)::bigint
      FROM intake.leg l JOIN intake.financing_case c ON c.id = l.case_id
     WHERE l.round < c.round OR c.state <> 'COLLECTING' OR c.wave > 1
    UNION ALL
    SELECT l.role::int, l.state, floor(extract(epoch FROM l.replied_at - l.issued_at) * 1000)::bigint
      FROM insurance.cover_leg l JOIN insurance.cover_request r ON r.id = l.cover_id WHERE r.state <> 'COLLECTING'";
/// What happened to cases and when, with the fen applied for and the fen approved.
const ENTRIES: &str = "SELECT e.case_id, e.kind, e.at, coalesce((c.form->>'amount')::bigint, 0), coalesce((c.approval->>'amount')::bigint, 0)
      FROM intake.case_entry e JOIN intake.financing_case c ON c.id = e.case_id WHERE c.submitted_at IS NOT NULL";
/// Facts about cases that were told.
const FACTS: &str = "SELECT count(*) FROM faults.sent s JOIN faults.bound b ON b.kind = s.kind
     WHERE b.queue = 'statistics.facts.v1' AND s.schema IN ('intake', 'insurance')";

/// A number, and a statement after which it is wrong.
pub(crate) const PLANTED: &[(&str, &str)] = &[
    (
        "cases in WITHDRAWN",
        "UPDATE intake.financing_case SET state = 'REJECTED' WHERE state = 'WITHDRAWN' AND submitted_at IS NOT NULL",
    ),
    (
        "legs of BANK that are RELEASED",
        "UPDATE intake.leg SET state = 'RELEASED', decline_reason = NULL
          WHERE id = (SELECT id FROM intake.leg WHERE state = 'DECLINED' AND role = 1 LIMIT 1)",
    ),
    (
        "legs of INSURER that are EXPIRED",
        "UPDATE insurance.cover_leg SET state = 'EXPIRED'
          WHERE id = (SELECT id FROM insurance.cover_leg WHERE state = 'RELEASED' AND role = 2 LIMIT 1)",
    ),
    (
        "answer of BANK counted",
        "UPDATE intake.leg SET replied_at = NULL
          WHERE id = (SELECT id FROM intake.leg WHERE replied_at IS NOT NULL AND role = 1 LIMIT 1)",
    ),
    (
        "median answer of EVALUATOR",
        "UPDATE intake.leg SET replied_at = replied_at + interval '1 day' WHERE role = 5",
    ),
    (
        "P90 answer of GUARANTOR",
        "UPDATE insurance.cover_leg SET replied_at = replied_at + interval '1 day' WHERE role = 3",
    ),
    (
        "median time to offers",
        "UPDATE intake.case_entry SET at = at + interval '1 hour' WHERE kind = 'CASE_OFFERS_READY'",
    ),
    (
        "P90 time to approval",
        "UPDATE intake.case_entry SET at = at + interval '1 hour' WHERE kind = 'CASE_APPROVED'",
    ),
    (
        "facts",
        "DELETE FROM faults.sent
          WHERE message_id = (SELECT message_id FROM faults.sent WHERE kind = 'intake.case-accepted.v1' LIMIT 1)",
    ),
    (
        "fen submitted",
        "UPDATE intake.financing_case SET form = jsonb_set(form, '{amount}', '7') WHERE submitted_at IS NOT NULL",
    ),
    (
        "fen approved",
        "UPDATE intake.financing_case SET approval = jsonb_set(approval, '{amount}', '7') WHERE approval IS NOT NULL",
    ),
    ("submitted on", "DELETE FROM intake.case_entry WHERE kind = 'CASE_SUBMITTED'"),
    ("offers ready on", "DELETE FROM intake.case_entry WHERE kind = 'CASE_OFFERS_READY'"),
    ("no offer on", "DELETE FROM intake.case_entry WHERE kind = 'CASE_NO_OFFER'"),
    ("selected on", "DELETE FROM intake.case_entry WHERE kind = 'CASE_SELECTED'"),
    ("approved on", "DELETE FROM intake.case_entry WHERE kind = 'CASE_APPROVED'"),
    ("withdrawn on", "DELETE FROM intake.case_entry WHERE kind = 'CASE_WITHDRAWN'"),
];

/// What `statistics` says.
pub(crate) async fn ask(link: &Link) -> Numbers {
    let mut statistics = StatisticsServiceClient::new(link.staff("statistics", &[Duty::Regulator]).unwrap());
    let request = GetOverviewRequest { day: String::new(), known_at: None, park: String::new() };
    let overview = statistics.get_overview(request).await.unwrap().into_inner();
    let today = Utc::now().with_timezone(&shanghai()).date_naive();
    let request = ListDaysRequest {
        first_day: today.pred_opt().unwrap().to_string(),
        last_day: today.to_string(),
        known_at: None,
        park: String::new(),
    };
    let days = statistics.list_days(request).await.unwrap().into_inner().days;
    let mut said = of_overview(&overview);
    days.iter().for_each(|day| said.extend(of_day(day)));
    said
}

fn of_overview(overview: &Overview) -> Numbers {
    let mut said = Numbers::new();
    for count in &overview.cases {
        let state = count.state().as_str_name().trim_start_matches("CASE_STATE_").to_owned();
        said.insert(cases_in(&state), count.cases);
    }
    for count in &overview.legs {
        let state = count.outcome().as_str_name().trim_start_matches("LEG_STATE_").to_owned();
        said.insert(legs_of(count.role().into(), &state), count.legs);
    }
    let mut durations = |what: String, time: &ResponseTime| {
        said.insert(format!("median {what}"), time.median_ms);
        said.insert(format!("P90 {what}"), time.p90_ms);
        said.insert(format!("{what} counted"), time.count);
    };
    for time in &overview.response_times {
        durations(answer_of(time.role), time);
    }
    durations(TO_OFFERS.to_owned(), &overview.time_to_offers.unwrap());
    durations(TO_APPROVAL.to_owned(), &overview.time_to_approval.unwrap());
    said.insert("fen submitted".to_owned(), overview.amount_submitted_fen);
    said.insert("fen approved".to_owned(), overview.amount_approved_fen);
    said.insert("facts".to_owned(), overview.facts);
    said
}

fn of_day(day: &Day) -> [(String, i64); 8] {
    [
        ("submitted", day.submitted),
        ("offers ready", day.offers_ready),
        ("no offer", day.no_offer),
        ("selected", day.selected),
        ("approved", day.approved),
        ("withdrawn", day.withdrawn),
        ("fen submitted", day.amount_submitted_fen),
        ("fen approved", day.amount_approved_fen),
    ]
    .map(|(what, number)| (format!("{what} on {}", day.day), number))
}

const TO_OFFERS: &str = "time to offers";
const TO_APPROVAL: &str = "time to approval";

fn cases_in(state: &str) -> String {
    format!("cases in {state}")
}

fn legs_of(role: i32, state: &str) -> String {
    format!("legs of {} that are {state}", role_name(role))
}

fn answer_of(role: i32) -> String {
    format!("answer of {}", role_name(role))
}

fn role_name(role: i32) -> &'static str {
    InstitutionRole::try_from(role).unwrap().as_str_name().trim_start_matches("INSTITUTION_ROLE_")
}

fn shanghai() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).unwrap()
}

/// Every number that differs from the recomputation.
pub(crate) async fn differences(conn: &mut PgConnection, said: &Numbers) -> Vec<String> {
    let counted = count(conn).await;
    let whats: BTreeSet<&String> = said.keys().chain(counted.keys()).collect();
    let number = |of: &Numbers, what: &str| of.get(what).copied().unwrap_or_default();
    whats
        .into_iter()
        .map(|what| (what, number(said, what), number(&counted, what)))
        .filter(|(_, said, counted)| said != counted)
        .map(|(what, said, counted)| format!("{what}: statistics says {said}, the cases say {counted}"))
        .collect()
}

/// From the books of the roles whose cases and legs they are.
async fn count(conn: &mut PgConnection) -> Numbers {
    let mut counted = Numbers::new();
    let mut add = |what: String, n: i64| *counted.entry(what).or_default() += n;
    let cases: Vec<(String, i64)> = sqlx::query_as(CASES).fetch_all(&mut *conn).await.unwrap();
    cases.iter().for_each(|(state, n)| add(cases_in(state), *n));

    let legs: Vec<(i32, String, Option<i64>)> = sqlx::query_as(LEGS).fetch_all(&mut *conn).await.unwrap();
    let mut lengths: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (role, state, answered_ms) in legs {
        assert!(LegState::from_str_name(&format!("LEG_STATE_{state}")).is_some(), "{state}");
        add(legs_of(role, &state), 1);
        lengths.entry(answer_of(role)).or_default().extend(answered_ms.map(|ms| ms.max(0)));
    }

    type Row = (Uuid, String, DateTime<Utc>, i64, i64);
    let entries: Vec<Row> = sqlx::query_as(ENTRIES).fetch_all(&mut *conn).await.unwrap();
    let mut first: BTreeMap<(Uuid, &str), DateTime<Utc>> = BTreeMap::new();
    for (case, kind, at, submitted_fen, approved_fen) in &entries {
        let (what, fen) = match kind.as_str() {
            "CASE_SUBMITTED" => ("submitted", Some(("fen submitted", *submitted_fen))),
            "CASE_OFFERS_READY" => ("offers ready", None),
            "CASE_NO_OFFER" | "CASE_NOBODY_TO_ASK" => ("no offer", None),
            "CASE_SELECTED" => ("selected", None),
            "CASE_APPROVED" => ("approved", Some(("fen approved", *approved_fen))),
            "CASE_WITHDRAWN" => ("withdrawn", None),
            _ => continue,
        };
        let day = at.with_timezone(&shanghai()).date_naive();
        add(format!("{what} on {day}"), 1);
        if let Some((what, fen)) = fen {
            add(what.to_owned(), fen);
            add(format!("{what} on {day}"), fen);
        }
        let known = first.entry((*case, what)).or_insert(*at);
        *known = (*known).min(*at);
    }
    for ((case, what), end) in &first {
        let series = match *what {
            "offers ready" => TO_OFFERS,
            "approved" => TO_APPROVAL,
            _ => continue,
        };
        if let Some(start) = first.get(&(*case, "submitted")) {
            let length = (*end - *start).num_milliseconds().max(0);
            lengths.entry(series.to_owned()).or_default().push(length);
        }
    }
    for (what, mut values) in lengths {
        values.sort_unstable();
        // Nearest rank: the value that at least so many percent do not exceed.
        let at = |percent: usize| values.get((values.len() * percent).div_ceil(100).max(1) - 1).copied();
        add(format!("median {what}"), at(50).unwrap_or_default());
        add(format!("P90 {what}"), at(90).unwrap_or_default());
        add(format!("{what} counted"), i64::try_from(values.len()).unwrap());
    }
    let facts: i64 = sqlx::query_scalar(FACTS).fetch_one(conn).await.unwrap();
    add("facts".to_owned(), facts);
    counted
}

/// What two roles say to each other, and what an institution says until it is judged, are no facts (domain.md appendix A:
/// statistics takes case-level facts with a summary of their legs).
#[test]
fn statistics_takes_every_fact_that_a_role_publishes_and_nothing_else() {
    let is_fact = |kind: &str| {
        let (role, what) = kind.split_once('.').unwrap();
        role != "partner" && !["leg-", "reply-", "cover-requested."].iter().any(|talk| what.starts_with(talk))
    };
    let published = zhirong::roles::ALL.iter().flat_map(|role| role.publishes).copied();
    let facts: BTreeSet<&str> = published.filter(|kind| is_fact(kind)).collect();
    let queues = zhirong::roles::find("statistics").unwrap().queues;
    let taken: BTreeSet<&str> = queues.iter().flat_map(|queue| queue.binds).copied().collect();
    assert_eq!(taken, facts);
}
