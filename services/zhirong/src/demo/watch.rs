//! Follows one case from its submission to the end of its window, as a clerk would: looks, draws, answers questions.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use proto::common::v1::LegProgress;
use proto::intake::v1::{CaseState, CaseView};

use super::board::{Board, Change};
use super::screen::Screen;
use super::text::left;
use crate::simulate::Clerk;

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
    /// Whether offers were refused to the desk while the window was open.
    pub(super) sealed: Option<bool>,
}

/// Returns when the case collects no more, or fails after `limit`. The board is left to be drawn once more.
pub(super) async fn watch(
    clerk: &mut Clerk,
    case_id: &str,
    board: &mut Board,
    screen: &mut Screen,
    limit: Duration,
) -> Result<(CaseView, Seen)> {
    let mut seen = Seen::default();
    let following = async {
        let begun = tokio::time::Instant::now();
        let mut every = tokio::time::interval(LOOK);
        let mut asked = None;
        loop {
            every.tick().await;
            let case = clerk.case(case_id).await.context("the case cannot be read")?;
            let changes = board.update(&case);
            if screen.is_live() {
                screen.board(&board.draw(Utc::now(), true));
            } else {
                changes.iter().for_each(|change| screen.say(&line(begun.elapsed(), change)));
            }
            match case.header.as_ref().map(|header| header.state()) {
                Some(CaseState::Submitted | CaseState::Accepted) => {}
                Some(CaseState::Collecting) => {
                    if seen.sealed.is_none() {
                        seen.sealed = Some(is_sealed(clerk, case_id).await);
                    }
                    asked = if asks(&case) { asked.or_else(|| Some(begun.elapsed())) } else { None };
                    if asked.is_some_and(|asked| begun.elapsed() >= asked + CLERK) {
                        let answered =
                            clerk.answer_questions(&case).await.context("a question cannot be answered")?;
                        let named =
                            answered.into_iter().map(|leg| (leg.institution_id, leg.asked_document_codes));
                        seen.answered.extend(named);
                    }
                }
                Some(_) => return Ok::<_, anyhow::Error>(case),
                None => bail!("a case without header"),
            }
        }
    };
    let case = tokio::time::timeout(limit, following).await;
    Ok((case.with_context(|| format!("the case still collects after {limit:?}"))??, seen))
}

fn asks(case: &CaseView) -> bool {
    case.legs.iter().any(|leg| leg.progress() == LegProgress::Question)
}

async fn is_sealed(clerk: &mut Clerk, case_id: &str) -> bool {
    let refused = clerk.offers(case_id).await.err();
    refused.and_then(|status| rpc::status::reason(&status)).is_some_and(|reason| reason == "OFFERS_SEALED")
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
    fn a_plain_line_tells_time_bank_and_change_without_escapes() {
        let change = Change { name: "王屋银行".into(), from: Shown::Issued, to: Shown::Delivered };
        let text = line(Duration::from_millis(1234), &change);
        assert_eq!(text, "    1.23 s  王屋银行                 已派发 → 已送达");
        assert!(!text.contains('\x1b'));
    }
}
