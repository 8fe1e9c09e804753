//! What came of it, for people: the offers side by side, who declined, who was silent or late, and how long it took.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::{DeclineReason, EnhancementMode, RepaymentMethod};
use proto::common::v1::LegState;
use proto::intake::v1::{CaseView, CoverView, LegView, OfferView, TimelineEntry, ValuationView};

use super::table::{Side, Table};
use super::text::{instant, percent, span, wan, yuan};

/// Names of banks by institution id.
pub(super) type Names = HashMap<String, String>;

fn name<'a>(names: &'a Names, institution: &str) -> &'a str {
    names.get(institution).map_or("?", String::as_str)
}

/// The offers as the enterprise compares them, in the order given: the cheapest first.
pub(super) fn offers(listed: &[OfferView], names: &Names) -> Vec<String> {
    let mut table = Table::new([
        ("银行", Side::Left),
        ("万元", Side::Right),
        ("月", Side::Right),
        ("年利率%", Side::Right),
        ("还款方式", Side::Left),
        ("增信", Side::Left),
        ("增信费(元)", Side::Right),
        ("总成本(元)", Side::Right),
        ("年化%", Side::Right),
    ]);
    for view in listed {
        let Some(offer) = &view.offer else { continue };
        let cost = view.cost.filter(|_| !view.cover_missing);
        let dash = || "—".to_owned();
        table.row([
            name(names, &view.institution_id).to_owned(),
            wan(offer.amount_fen),
            offer.term_months.to_string(),
            percent(offer.annual_rate_bp),
            RepaymentMethod::from_number(offer.repayment).map_or("?", RepaymentMethod::chinese).to_owned(),
            enhancement(offer.enhancement).to_owned(),
            if view.cover_missing {
                "无人承保".to_owned()
            } else {
                cost.map_or_else(dash, |cost| yuan(cost.cover_fen))
            },
            cost.map_or_else(dash, |cost| yuan(cost.total_fen)),
            // Where fees eat the loan no rate answers.
            cost.filter(|cost| cost.apr_bp != i32::MAX).map_or_else(dash, |cost| percent(cost.apr_bp)),
        ]);
    }
    table.lines()
}

/// What insurers and guarantors quoted, cheapest first.
pub(super) fn covers(listed: &[CoverView], names: &Names) -> Vec<String> {
    let mut table = Table::new([
        ("增信机构", Side::Left),
        ("方式", Side::Left),
        ("承保万元", Side::Right),
        ("比例%", Side::Right),
        ("年费率%", Side::Right),
        ("费用(元)", Side::Right),
    ]);
    for view in listed {
        table.row([
            name(names, &view.institution_id).to_owned(),
            enhancement(view.kind).to_owned(),
            wan(view.amount_fen),
            percent(view.coverage_bp),
            percent(view.annual_rate_bp),
            yuan(view.cost_fen),
        ]);
    }
    table.lines()
}

/// What evaluators quoted, cheapest first.
pub(super) fn valuations(listed: &[ValuationView], names: &Names) -> Vec<String> {
    let mut table =
        Table::new([("评估机构", Side::Left), ("费用(元)", Side::Right), ("工作日", Side::Right)]);
    for view in listed {
        let Some(quote) = &view.quote else { continue };
        table.row([
            name(names, &view.institution_id).to_owned(),
            yuan(quote.fee_fen),
            quote.report_working_days.to_string(),
        ]);
    }
    table.lines()
}

/// Without the pledge that all of them have in common.
fn enhancement(number: i32) -> &'static str {
    let whole = EnhancementMode::from_number(number).map_or("?", EnhancementMode::chinese);
    whole.strip_prefix("知产质押").unwrap_or(whole)
}

/// Everybody who made no offer in time.
pub(super) fn others(legs: &[LegView], late: &[OfferView], names: &Names) -> Vec<String> {
    let mut lines = Vec::new();
    for leg in legs {
        let bank = name(names, &leg.institution_id);
        match leg.state() {
            LegState::Declined => {
                let reason = DeclineReason::from_number(leg.decline_reason);
                let (code, text) = reason.map_or(("?", "?"), |reason| (reason.code(), reason.chinese()));
                lines.push(format!("谢绝  {bank}：{code} {text}"));
            }
            LegState::TimedOut => {
                let offer =
                    late.iter().find(|view| view.leg_id == leg.leg_id).and_then(|view| view.offer.as_ref());
                lines.push(match offer {
                    Some(offer) => format!(
                        "逾期  {bank}：截止后报价 {} 万元、{}%，存档备查，不参与比选",
                        wan(offer.amount_fen),
                        percent(offer.annual_rate_bp)
                    ),
                    None => format!("未答复  {bank}"),
                });
            }
            LegState::Unspecified
            | LegState::Created
            | LegState::Received
            | LegState::Reviewing
            | LegState::InfoRequested
            | LegState::Offered
            | LegState::Released
            | LegState::Expired
            | LegState::WithdrawnByInst
            | LegState::Selected
            | LegState::Confirmed
            | LegState::Fulfilled
            | LegState::Breached => {}
        }
    }
    lines.sort();
    lines
}

/// When what happened, counted from the submission.
pub(super) fn timing(case: &CaseView, timeline: &[TimelineEntry], answered: Duration) -> Vec<String> {
    let start = case.header.as_ref().and_then(|header| instant(header.submitted_at.as_ref()));
    let Some(start) = start else { return Vec::new() };
    let at = |kind: &str| {
        timeline.iter().find(|entry| entry.kind == kind).and_then(|entry| instant(entry.at.as_ref()))
    };
    let of = |field: fn(&LegView) -> Option<DateTime<Utc>>| {
        let mut all: Vec<DateTime<Utc>> = case.legs.iter().filter_map(field).collect();
        all.sort();
        all
    };
    let delivered = of(|leg| instant(leg.delivered_at.as_ref()));
    let replied = of(|leg| instant(leg.replied_at.as_ref()));
    let closes = case.header.as_ref().and_then(|header| instant(header.window_closes_at.as_ref()));
    let steps = [
        ("受理并派发", "dispatched", at("CASE_DISPATCHED")),
        ("首家送达", "first delivered", delivered.first().copied()),
        ("全部送达", "all delivered", delivered.last().copied()),
        ("首家回复", "first reply", replied.first().copied()),
        ("末家按时回复", "last reply in time", replied.last().copied()),
        ("窗口截止", "window closed", closes),
        ("报价齐备", "offers ready", at("CASE_OFFERS_READY")),
        ("企业选定", "selected", at("CASE_SELECTED")),
        ("银行批复", "approved", at("CASE_APPROVED")),
    ];
    let mut table = Table::new([("环节", Side::Left), ("step", Side::Left), ("提交后", Side::Right)]);
    table.row(["提交申请得到回执".to_owned(), "submission answered".to_owned(), span(answered)]);
    for (chinese, english, instant) in steps {
        let since = instant.map(|instant| (instant - start).to_std().unwrap_or_default());
        table.row([chinese.to_owned(), english.to_owned(), since.map_or_else(|| "—".to_owned(), span)]);
    }
    table.lines()
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::Offer;

    use super::super::text::width;
    use super::*;

    #[test]
    fn offers_stand_side_by_side_in_even_columns() {
        let names = Names::from([
            ("1".to_owned(), "中岳科创银行济源科技支行".to_owned()),
            ("2".to_owned(), "济水村镇银行".to_owned()),
        ]);
        let view = |institution: &str, offer: Offer| OfferView {
            institution_id: institution.to_owned(),
            offer: Some(offer),
            ..OfferView::default()
        };
        let offer = Offer {
            amount_fen: 500_000_000,
            term_months: 12,
            annual_rate_bp: 385,
            repayment: 3,
            enhancement: 1,
            ..Offer::default()
        };
        let lines = offers(&[view("1", offer), view("2", Offer { enhancement: 4, ..offer })], &names);
        assert!(lines[2].contains("500.00") && lines[2].contains("3.85") && lines[2].contains("纯知产质押"));
        assert!(lines[3].contains("+担保"));
        let column = |line: &str, mark: &str| width(&line[..line.find(mark).unwrap()]);
        assert_eq!(column(&lines[2], "500.00"), column(&lines[3], "500.00"));
        assert!(lines.iter().all(|line| width(line) <= 100), "{lines:#?}");
    }

    #[test]
    fn those_without_an_offer_in_time_are_told_apart() {
        let names = Names::from([
            ("1".to_owned(), "甲".to_owned()),
            ("2".to_owned(), "乙".to_owned()),
            ("3".to_owned(), "丙".to_owned()),
        ]);
        let leg = |number: &str, state: LegState, reason: i32| LegView {
            leg_id: format!("l{number}"),
            institution_id: number.to_owned(),
            state: state.into(),
            decline_reason: reason,
            ..LegView::default()
        };
        let late = OfferView {
            leg_id: "l2".into(),
            offer: Some(Offer { amount_fen: 1_000_000, annual_rate_bp: 400, ..Offer::default() }),
            ..OfferView::default()
        };
        let legs = [
            leg("1", LegState::TimedOut, 0),
            leg("2", LegState::TimedOut, 0),
            leg("3", LegState::Declined, 8),
        ];
        let lines = others(&legs, &[late], &names);
        assert_eq!(
            lines,
            [
                "未答复  甲",
                "谢绝  丙：R08 额度已满",
                "逾期  乙：截止后报价 1.00 万元、4.00%，存档备查，不参与比选"
            ]
        );
    }
}
