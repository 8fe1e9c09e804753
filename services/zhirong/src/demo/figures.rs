//! The figures of the day, held to what was just played.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use proto::intake::v1::CaseState;
use proto::statistics::v1::statistics_service_client::StatisticsServiceClient;
use proto::statistics::v1::{GetOverviewRequest, Overview};
use rpc::Duty;

use super::choose::Settled;
use super::screen::Screen;
use super::text::{span, wan};
use crate::simulate::Link;

/// How long facts may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(100);

/// Shows the figures; what differs from the play is returned.
pub(super) async fn tell(link: &Link, settled: &Settled, screen: &mut Screen) -> Result<Vec<String>> {
    let mut client = StatisticsServiceClient::new(link.staff("statistics", &[Duty::Supervisor])?);
    let approved = settled
        .look
        .case
        .header
        .as_ref()
        .and_then(|header| header.selection.as_ref()?.approval.as_ref())
        .map_or(0, |approval| approval.amount_fen);
    let until = Instant::now() + ARRIVAL;
    let overview = loop {
        let answer = client.get_overview(GetOverviewRequest::default()).await;
        let overview = answer.context("the figures cannot be read")?.into_inner();
        if agrees(&overview, approved) || Instant::now() >= until {
            break overview;
        }
        tokio::time::sleep(LOOK).await;
    };
    screen.head(8, "统计", "figures, from the facts of every role");
    let legs: i64 = overview.legs.iter().map(|count| count.legs).sum();
    screen.say(&format!(
        "   已批复 {} 件、{} 万元；派发任务 {legs} 项；依据 {} 条事实",
        cases(&overview, CaseState::Approved),
        wan(overview.amount_approved_fen),
        overview.facts
    ));
    if let Some(time) = &overview.time_to_offers {
        let median = Duration::from_millis(u64::try_from(time.median_ms).unwrap_or_default());
        screen.say(&format!("   提交到报价齐备（中位数）{}", span(median)));
    }
    let problem = || "统计数字与本案不符".to_owned();
    Ok(if agrees(&overview, approved) { Vec::new() } else { vec![problem()] })
}

fn agrees(overview: &Overview, approved_fen: i64) -> bool {
    cases(overview, CaseState::Approved) == 1
        && overview.cases.iter().map(|count| count.cases).sum::<i64>() == 1
        && overview.amount_approved_fen == approved_fen
}

fn cases(overview: &Overview, state: CaseState) -> i64 {
    overview.cases.iter().filter(|count| count.state() == state).map(|count| count.cases).sum()
}
