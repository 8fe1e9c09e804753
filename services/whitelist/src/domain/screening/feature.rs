//! What a scorecard may look at (指标输入): one whole number for each, or none where it is not known.

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Feature { $($(#[$doc])* $name),+ }

        impl Feature {
            /// In the order in which results keep them. Only added to at the end: stored results go by the place.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }
        }
    };
}

features! {
    /// Patents of invention in force.
    ValidInventions = "VALID_INVENTIONS";
    /// Utility models, designs, layouts and software in force.
    OtherRights = "OTHER_RIGHTS";
    /// Inventions in force of one of the five kinds of the patent office.
    HighValueInventions = "HIGH_VALUE_INVENTIONS";
    /// Hundredths of a month, average over patents in force by the card's weights.
    RemainingTerm = "REMAINING_TERM";
    /// Patent filings of the last twelve months against those two years before: -1, 0, 1. None in three years falls.
    FilingTrend = "FILING_TREND";
    /// Basis points of revenue that products of patents in force bring.
    PatentRevenue = "PATENT_REVENUE";
    /// Trademarks in force, a geographical indication counting for two.
    Marks = "MARKS";
    /// How many of citations, a family abroad, and having stood a lawsuit there are.
    Proven = "PROVEN";
    /// Basis points of the last year's revenue.
    RdIntensity = "RD_INTENSITY";
    /// Basis points of the staff.
    RdStaff = "RD_STAFF";
    /// 0 or 1.
    PlatformLink = "PLATFORM_LINK";
    /// 0 or 1: a certificate by GB/T 29490 that counts on the day.
    IpmsCert = "IPMS_CERT";
    /// The highest level of an IP title held, by the card's table: 0 none, 1 zone, 2 province, 3 country.
    IpTitle = "IP_TITLE";
    /// The highest level of a technology title held, by the card's table.
    TechTitle = "TECH_TITLE";
    /// Basis points over the year before.
    RevenueGrowth = "REVENUE_GROWTH";
    /// Liabilities in basis points of assets.
    DebtRatio = "DEBT_RATIO";
    /// Net profit in basis points of revenue.
    Profitability = "PROFITABILITY";
    /// 0 C or D, 1 M, 2 B, 3 A.
    TaxGrade = "TAX_GRADE";
    /// 0 差, 1 中, 2 良, 3 优.
    PublicCredit = "PUBLIC_CREDIT";
    /// 1 if no penalty was found in the 24 months.
    PenaltyFree = "PENALTY_FREE";
}

impl Feature {
    pub const COUNT: usize = 20;

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|feature| feature.code() == code)
    }

    const fn place(self) -> usize {
        self as usize
    }
}

/// The inputs of one enterprise: what is not known is missing, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features([Option<i32>; Feature::COUNT]);

impl Features {
    /// `None` unless there is one place for each feature.
    pub fn from_stored(values: &[Option<i32>]) -> Option<Self> {
        values.try_into().ok().map(Self)
    }

    pub fn get(&self, feature: Feature) -> Option<i32> {
        self.0.get(feature.place()).copied().flatten()
    }

    pub fn set(&mut self, feature: Feature, value: Option<i32>) {
        if let Some(slot) = self.0.get_mut(feature.place()) {
            *slot = value;
        }
    }

    pub fn values(&self) -> &[Option<i32>] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_has_its_place_and_its_name() {
        assert_eq!(Feature::ALL.len(), Feature::COUNT);
        for (place, feature) in Feature::ALL.iter().enumerate() {
            assert_eq!(feature.place(), place);
            assert_eq!(Feature::from_code(feature.code()), Some(*feature));
            let mut features = Features::default();
            features.set(*feature, Some(7));
            assert_eq!(features.get(*feature), Some(7));
            assert_eq!(Features::from_stored(features.values()), Some(features));
        }
        assert_eq!(Features::from_stored(&[]), None);
    }
}
