//! The figures of statistics against the cases themselves, counted anew.

use proto::intake::v1::CaseState;
use proto::statistics::v1::statistics_service_client::StatisticsServiceClient;
use proto::statistics::v1::{GetOverviewRequest, ListDaysRequest, Overview};
use rpc::Duty;
use sqlx::PgConnection;
use zhirong::simulate::Link;

/// Cases of every day that a run can touch.
const FROM_CASES: &str =
    "SELECT state, count(*) FROM intake.financing_case WHERE submitted_at IS NOT NULL GROUP BY state";
const SUBMITTED: &str = "SELECT count(*), coalesce(sum((form->>'amount')::bigint), 0)::bigint FROM intake.financing_case WHERE submitted_at IS NOT NULL";
const APPROVED: &str =
    "SELECT count(*), coalesce(sum((approval->>'amount')::bigint), 0)::bigint FROM intake.financing_case
    WHERE id IN (SELECT case_id FROM intake.case_entry WHERE kind = 'CASE_APPROVED')";
const WITHDRAWN: &str =
    "SELECT count(*) FROM intake.financing_case WHERE state = 'WITHDRAWN' AND submitted_at IS NOT NULL";

/// What `statistics` says.
pub(crate) struct Figures {
    overview: Overview,
    submitted: i64,
    approved: i64,
    withdrawn: i64,
}

pub(crate) async fn ask(link: &Link) -> Figures {
    let mut statistics = StatisticsServiceClient::new(link.staff("statistics", &[Duty::Regulator]).unwrap());
    let request = GetOverviewRequest { day: String::new(), known_at: None, park: String::new() };
    let overview = statistics.get_overview(request).await.unwrap().into_inner();
    let today =
        chrono::Utc::now().with_timezone(&chrono::FixedOffset::east_opt(8 * 3600).unwrap()).date_naive();
    let request = ListDaysRequest {
        first_day: today.pred_opt().unwrap().to_string(),
        last_day: today.to_string(),
        known_at: None,
        park: String::new(),
    };
    let days = statistics.list_days(request).await.unwrap().into_inner().days;
    Figures {
        overview,
        submitted: days.iter().map(|day| day.submitted).sum(),
        approved: days.iter().map(|day| day.approved).sum(),
        withdrawn: days.iter().map(|day| day.withdrawn).sum(),
    }
}

/// Every figure that differs from the recomputation.
pub(crate) async fn differences(conn: &mut PgConnection, figures: &Figures) -> Vec<String> {
    let mut found = Vec::new();
    let mut equal = |what: &str, said: i64, counted: i64| {
        if said != counted {
            found.push(format!("{what}: statistics says {said}, the cases say {counted}"));
        }
    };
    let counted: Vec<(String, i64)> = sqlx::query_as(FROM_CASES).fetch_all(&mut *conn).await.unwrap();
    let states = (i32::from(CaseState::Submitted)..=i32::from(CaseState::Approved))
        .filter_map(|at| CaseState::try_from(at).ok());
    for state in states {
        let name = state.as_str_name().trim_start_matches("CASE_STATE_");
        let said =
            figures.overview.cases.iter().find(|count| count.state() == state).map_or(0, |count| count.cases);
        let counted = counted.iter().find(|(of, _)| of == name).map_or(0, |(_, count)| *count);
        equal(name, said, counted);
    }
    let (submitted, amount): (i64, i64) = sqlx::query_as(SUBMITTED).fetch_one(&mut *conn).await.unwrap();
    equal("submitted", figures.submitted, submitted);
    equal("fen submitted", figures.overview.amount_submitted_fen, amount);
    let (approved, amount): (i64, i64) = sqlx::query_as(APPROVED).fetch_one(&mut *conn).await.unwrap();
    equal("approved", figures.approved, approved);
    equal("fen approved", figures.overview.amount_approved_fen, amount);
    let withdrawn: i64 = sqlx::query_scalar(WITHDRAWN).fetch_one(conn).await.unwrap();
    equal("withdrawn", figures.withdrawn, withdrawn);
    found
}
