//! What evaluators answer (评估): a quote before the choice, a report after it.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{CaseId, Fen, LegId, ReplyId, calendar::Span};

use super::leg::Standing;

/// How intellectual property is valued (评估方法).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// 收益法
    Income,
    /// 成本法
    Cost,
    /// 市场法
    Market,
}

impl Method {
    pub const ALL: [Self; 3] = [Self::Income, Self::Cost, Self::Market];

    /// The number in `zhirong.intake.v1.ValuationMethod` and in the database.
    pub fn number(self) -> i32 {
        match self {
            Self::Income => 1,
            Self::Cost => 2,
            Self::Market => 3,
        }
    }

    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.number() == number)
    }
}

/// What a report costs, and when it would be there (评估报价).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valuation {
    pub reply: ReplyId,
    pub leg: LegId,
    pub case: CaseId,
    pub seq: u32,
    pub fee: Fen,
    /// After confirmation.
    pub working_days: u16,
    pub methods: Vec<Method>,
    pub valid_until: DateTime<Utc>,
    pub submitted_at: DateTime<Utc>,
    pub late: bool,
}

impl Valuation {
    /// What the case needs to know of it while it stands.
    pub fn standing(&self) -> Standing {
        Standing { valid_until: self.valid_until, loan: None }
    }

    /// The same quote sent again under another reply id.
    pub fn same_terms(&self, other: &Self) -> bool {
        let terms = |quote: &Self| (quote.fee, quote.working_days, quote.valid_until.timestamp());
        terms(self) == terms(other) && self.methods == other.methods
    }
}

/// What an evaluator has promised by confirming (评估委托): its report within the days that it quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engagement {
    pub leg: LegId,
    pub case: CaseId,
    pub confirmed_at: DateTime<Utc>,
    pub working_days: u16,
}

impl Engagement {
    pub fn span(&self) -> Span {
        Span::WorkingDays(self.working_days)
    }
}

/// A report (评估报告, D11) as far as the rules look at it; the whole of it is kept encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub reply: ReplyId,
    pub leg: LegId,
    pub case: CaseId,
    /// 评估基准日
    pub base_date: NaiveDate,
    pub valid_until: NaiveDate,
    /// The numbers of the assets, as in the dossier.
    pub assets: Vec<String>,
    pub total: Fen,
    pub fee: Fen,
    pub submitted_at: DateTime<Utc>,
    /// An encoded `zhirong.intake.v1.ValuationReport`.
    pub body: Vec<u8>,
}

impl Report {
    /// Why this report is not the one that was quoted for: the fee is above the quote's, or the assets are not those of
    /// the dossier, each once.
    pub fn fault(&self, quote: Option<&Valuation>, assets: &[String]) -> Option<&'static str> {
        if quote.is_none_or(|quote| self.fee > quote.fee) {
            return Some("FEE_ABOVE_QUOTE");
        }
        let sorted = |numbers: &[String]| {
            let mut numbers = numbers.to_vec();
            numbers.sort_unstable();
            numbers
        };
        (sorted(&self.assets) != sorted(assets)).then_some("ASSETS_DIFFER")
    }
}
