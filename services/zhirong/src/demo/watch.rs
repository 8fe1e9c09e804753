//! Follows one case as a clerk would: looks, draws, answers questions, until what is waited for has come.

use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::Utc;
use proto::common::v1::LegProgress;
use proto::insurance::v1::insurance_service_client::InsuranceServiceClient;
use proto::insurance::v1::{CoverRound, CoverState, ListCoverRequest};
use proto::intake::v1::{CaseState, CaseView};
use rpc::Duty;
use tokio::time::Instant;

use super::board::{Board, Change};
use super::screen::Screen;
use super::text::left;
use crate::simulate::{Clerk, Link, StaffChannel};

/// The clerk needs a moment for a question, which also lets it be seen on the board.
const CLERK: Duration = Duration::from_millis(700);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(80);
const NAME: usize = 24;

/// What was seen on the way.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Questions that the clerk answered: which bank asked for what.
    pub(super) answered: Vec<(String, Vec<String>)>,
    /// Whether offers were refused to the desk while the banks' window was open.
    pub(super) sealed: Option<bool>,
    /// Whether they still were, and quotes too, while insurers and guarantors were being asked.
    pub(super) cover_sealed: Option<bool>,
}

/// The case and its newest round of cover, as the desk sees them at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    pub(super) case: CaseView,
    pub(super) cover: Option<CoverRound>,
}

impl Look {
    pub(super) fn state(&self) -> CaseState {
        self.case.header.as_ref().map_or(CaseState::Unspecified, |header| header.state())
    }

    pub(super) fn wave(&self) -> i32 {
        self.case.header.as_ref().map_or(0, |header| header.wave)
    }
}

/// Looks at one case.
#[derive(Debug)]
pub(super) struct Watcher {
    clerk: Clerk,
    insurance: InsuranceServiceClient<StaffChannel>,
    case_id: String,
    begun: Instant,
    pub(super) seen: Seen,
    asked: Option<Duration>,
}

impl Watcher {
    pub(super) fn new(link: &Link, clerk: &Clerk, case_id: &str) -> Result<Self> {
        Ok(Self {
            clerk: clerk.clone(),
            insurance: InsuranceServiceClient::new(link.staff("insurance", &[Duty::Clerk])?),
            case_id: case_id.to_owned(),
            begun: Instant::now(),
            seen: Seen::default(),
            asked: None,
        })
    }

    /// Looks until `done`, or fails after `limit`. The board is left to be drawn once more.
    pub(super) async fn until(
        &mut self,
        board: &mut Board,
        screen: &mut Screen,
        limit: Duration,
        done: impl Fn(&Look) -> bool,
    ) -> Result<Look> {
        let following = async {
            let mut every = tokio::time::interval(LOOK);
            loop {
                every.tick().await;
                let look = self.look().await?;
                let mut changes = board.update(&look.case);
                if let Some(round) = &look.cover {
                    changes.extend(board.update_cover(round));
                }
                if screen.is_live() {
                    screen.board(&board.draw(Utc::now(), true));
                } else {
                    changes.iter().for_each(|change| screen.say(&line(self.begun.elapsed(), change)));
                }
                if look.state() == CaseState::Collecting {
                    self.mind(&look).await?;
                }
                if done(&look) {
                    return Ok::<_, anyhow::Error>(look);
                }
            }
        };
        let look = tokio::time::timeout(limit, following).await;
        look.with_context(|| format!("the case does not move on within {limit:?}"))?
    }

    pub(super) async fn look(&mut self) -> Result<Look> {
        let case = self.clerk.case(&self.case_id).await.context("the case cannot be read")?;
        let request = ListCoverRequest { case_id: self.case_id.clone() };
        let listed = self.insurance.list_cover(request).await.context("the cover cannot be read")?;
        let cover = listed.into_inner().rounds.into_iter().max_by_key(|round| round.round);
        Ok(Look { case, cover })
    }

    /// Tries the seal once in each wave, and answers questions.
    async fn mind(&mut self, look: &Look) -> Result<()> {
        if look.wave() <= 1 && self.seen.sealed.is_none() {
            self.seen.sealed = Some(self.is_sealed().await);
        }
        if let Some(cover) = look.cover.as_ref().filter(|cover| cover.state() == CoverState::Collecting)
            && self.seen.cover_sealed.is_none()
        {
            let hidden = cover.legs.iter().all(|leg| leg.answer.is_none() && leg.state == 0);
            self.seen.cover_sealed = Some(hidden && self.is_sealed().await);
        }
        let asks = look.case.legs.iter().any(|leg| leg.progress() == LegProgress::Question);
        let now = self.begun.elapsed();
        self.asked = if asks { self.asked.or(Some(now)) } else { None };
        if self.asked.is_some_and(|asked| now >= asked + CLERK) {
            let answered = self.clerk.answer_questions(&look.case).await;
            let answered = answered.context("a question cannot be answered")?;
            let named = answered.into_iter().map(|leg| (leg.institution_id, leg.asked_document_codes));
            self.seen.answered.extend(named);
        }
        Ok(())
    }

    async fn is_sealed(&mut self) -> bool {
        let refused = self.clerk.offers(&self.case_id).await.err();
        let reason = refused.and_then(|status| rpc::status::reason(&status));
        reason.is_some_and(|reason| reason == "OFFERS_SEALED")
    }
}

/// A change on a line of its own, for where nothing can be redrawn.
fn line(since: Duration, change: &Change) -> String {
    let (from, to) = (change.from.chinese(), change.to.chinese());
    format!("  {:>6.2} s  {} {from} → {to}", since.as_secs_f64(), left(&change.name, NAME))
}

#[cfg(test)]
mod tests {
    use super::super::board::Shown;
    use super::*;

    #[test]
    fn a_plain_line_tells_time_name_and_change_without_escapes() {
        let change = Change { name: "王屋银行".into(), from: Shown::Issued, to: Shown::Delivered };
        let text = line(Duration::from_millis(1234), &change);
        assert_eq!(text, "    1.23 s  王屋银行                 已派发 → 已送达");
        assert!(!text.contains('\x1b'));
    }
}
