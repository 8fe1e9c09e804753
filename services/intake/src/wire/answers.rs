//! Reads what evaluators answer and what banks approve. The limits that partner holds are held here again: what the
//! schema refuses must not stop a batch.

use chrono::{DateTime, Months as CalendarMonths, NaiveDate, Utc};
use kernel::{BasisPoints, CaseId, Fen, LegId, Months, ReplyId, calendar::date_of};
use prost::Message as _;
use proto::intake::v1 as intake;
use uuid::Uuid;

use super::instant;
use crate::domain::{Approval, Report, Valuation, valuation::Method};

const NUMBER_MAX: usize = 40;

pub(super) fn valuation(
    reply: ReplyId,
    leg: LegId,
    submitted_at: DateTime<Utc>,
    quote: &intake::ValuationQuote,
) -> Option<Valuation> {
    Some(Valuation {
        reply,
        leg,
        // Known only once the leg has been read.
        case: CaseId::from_uuid(Uuid::nil()),
        seq: u32::try_from(quote.quote_seq).ok().filter(|seq| *seq > 0)?,
        fee: fee(quote.fee_fen)?,
        working_days: u16::try_from(quote.report_working_days).ok().filter(|days| (1..=60).contains(days))?,
        methods: methods(&quote.methods)?,
        valid_until: quote.valid_until.as_ref().and_then(instant)?,
        submitted_at,
        late: false,
    })
}

pub(super) fn approval(at: DateTime<Utc>, given: &intake::Approval) -> Option<Approval> {
    let number = given.approval_no.trim();
    let is_number = !number.is_empty() && number.chars().count() <= NUMBER_MAX;
    let rate_in_range = (1..=3_600).contains(&given.annual_rate_bp);
    (is_number && rate_in_range).then_some(())?;
    Some(Approval {
        number: number.to_owned(),
        amount: Fen::amount(given.amount_fen).ok()?,
        term: Months::term(given.term_months).ok()?,
        rate: BasisPoints::new(given.annual_rate_bp),
        approved_at: given.approved_at.as_ref().and_then(instant).unwrap_or(at),
    })
}

/// domain.md §4.5: two signers, figures that add up, a base date that is not ahead, one year at most.
pub(super) fn report(
    reply: ReplyId,
    leg: LegId,
    submitted_at: DateTime<Utc>,
    report: &intake::ValuationReport,
) -> Option<Report> {
    let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let (base_date, valid_until) = (date(&report.base_date)?, date(&report.valid_until)?);
    let latest = base_date.checked_add_months(CalendarMonths::new(12))?;
    let dates_hold = base_date <= date_of(submitted_at) && (base_date..=latest).contains(&valid_until);
    let total = report.values.iter().try_fold(0_i64, |sum, value| sum.checked_add(value.value_fen))?;
    let figures_hold = !report.values.is_empty()
        && report.values.iter().all(|value| value.value_fen >= 0)
        && total == report.total_fen;
    methods(&report.methods)?;
    (dates_hold && figures_hold && report.signers >= 2).then_some(())?;
    Some(Report {
        reply,
        leg,
        case: CaseId::from_uuid(Uuid::nil()),
        base_date,
        valid_until,
        assets: report.values.iter().map(|value| value.number.clone()).collect(),
        total: Fen::new(total),
        fee: fee(report.fee_fen)?,
        submitted_at,
        body: report.encode_to_vec(),
    })
}

fn fee(fen: i64) -> Option<Fen> {
    (0..=Fen::MAX_AMOUNT.get()).contains(&fen).then(|| Fen::new(fen))
}

fn methods(numbers: &[i32]) -> Option<Vec<Method>> {
    let methods: Vec<Method> =
        numbers.iter().map(|number| Method::from_number(*number)).collect::<Option<_>>()?;
    (!methods.is_empty()).then_some(methods)
}
