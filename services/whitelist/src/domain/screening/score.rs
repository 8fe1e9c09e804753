//! From inputs to points, by whole numbers, each point explained.

use kernel::Grade;

use super::feature::{Feature, Features};
use super::scorecard::{Band, Indicator, Points, Scorecard};

/// Why a line has the points that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Met,
    PartlyMet,
    NotMet,
    /// Nothing is known: no points, and it says so.
    Missing,
}

impl Reason {
    pub fn code(self) -> &'static str {
        match self {
            Self::Met => "MET",
            Self::PartlyMet => "PARTLY_MET",
            Self::NotMet => "NOT_MET",
            Self::Missing => "MISSING",
        }
    }
}

/// One indicator of one enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'card> {
    pub indicator: &'card Indicator,
    pub input: Option<i32>,
    /// `None` only with [`Reason::Missing`].
    pub band: Option<&'card Band>,
    pub points: Points,
    pub reason: Reason,
}

impl Line<'_> {
    /// The whole of it in words (得分说明).
    pub fn text(&self) -> String {
        let (name, most) = (&self.indicator.name, self.indicator.points);
        match (self.input, self.band) {
            (Some(input), Some(band)) => {
                let input = shown(self.indicator.input, input);
                let ratio = percent(band.ratio_bp);
                format!(
                    "{name}：{input}，属于“{}”，按{ratio}计{}分（满分{most}分）。",
                    band.text, self.points
                )
            }
            _ => format!("{name}：缺少资料，计0.00分（满分{most}分）；补充资料后可重新筛查。"),
        }
    }
}

/// What a card says of one enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score<'card> {
    pub lines: Vec<Line<'card>>,
    pub verdict: Verdict,
}

/// The sum of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub total: Points,
    pub grade: Grade,
    /// Points enough for listing; exclusions are another matter.
    pub passes: bool,
}

impl Scorecard {
    /// The sum alone: what a run over the register needs.
    pub fn verdict(&self, features: &Features) -> Verdict {
        let total = self.indicators.iter().map(|one| self.line(one, features).points.0).sum();
        let total = Points(total);
        Verdict { total, grade: self.grade(total), passes: total >= self.listing_at }
    }

    /// The sum with every line of it.
    pub fn evaluate(&self, features: &Features) -> Score<'_> {
        let lines = self.indicators.iter().map(|one| self.line(one, features)).collect();
        Score { lines, verdict: self.verdict(features) }
    }

    fn line<'card>(&self, indicator: &'card Indicator, features: &Features) -> Line<'card> {
        let input = features.get(indicator.input);
        let band = input.and_then(|value| indicator.band(value));
        let points = band.map_or(Points(0), |band| indicator.share(band.ratio_bp));
        let reason = match band {
            None => Reason::Missing,
            Some(_) if points == indicator.points => Reason::Met,
            Some(_) if points > Points(0) => Reason::PartlyMet,
            Some(_) => Reason::NotMet,
        };
        Line { indicator, input, band, points, reason }
    }
}

/// An input as a person reads it.
fn shown(feature: Feature, value: i32) -> String {
    match feature {
        Feature::ValidInventions | Feature::OtherRights | Feature::HighValueInventions => {
            format!("{value}件")
        }
        Feature::RemainingTerm => format!("平均剩余{}.{:02}个月", value / 100, value % 100),
        Feature::PatentRevenue
        | Feature::RdIntensity
        | Feature::RdStaff
        | Feature::RevenueGrowth
        | Feature::DebtRatio
        | Feature::Profitability => percent(value),
        Feature::FilingTrend
        | Feature::Marks
        | Feature::Proven
        | Feature::PlatformLink
        | Feature::IpmsCert
        | Feature::IpTitle
        | Feature::TechTitle
        | Feature::TaxGrade
        | Feature::PublicCredit
        | Feature::PenaltyFree => "已核对".to_owned(),
    }
}

/// Basis points with two decimals.
fn percent(bp: i32) -> String {
    let sign = if bp < 0 { "-" } else { "" };
    let size = bp.unsigned_abs();
    format!("{sign}{}.{:02}%", size / 100, size % 100)
}
