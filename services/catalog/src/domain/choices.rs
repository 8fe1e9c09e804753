//! The code tables that only this service has (domain.md §4.2, §4.1). Numbers equal those of the contract.

use super::codes::Code;

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal, $code:literal;)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($variant = $number),+ }

        impl Code for $name {
            fn every() -> &'static [Self] {
                &[$(Self::$variant),+]
            }
            fn bit(self) -> u32 {
                1 << self.number()
            }
            fn number(self) -> i32 {
                self as i32
            }
            fn from_number(number: i32) -> Option<Self> {
                Self::every().iter().copied().find(|value| value.number() == number)
            }
            fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
            fn from_code(code: &str) -> Option<Self> {
                Self::every().iter().copied().find(|value| value.code() == code)
            }
        }
    )+};
}

choices! {
    /// Which LPR a floating rate stands on (LPR 期限品种).
    LprTenor {
        OneYear = 1, "ONE_YEAR";
        FiveYears = 2, "FIVE_YEARS";
    }
    /// When a floating rate follows the LPR (重定价).
    RateReset {
        None = 1, "NONE";
        Yearly = 2, "YEARLY";
    }
    /// Who values what is pledged (评估方式).
    Evaluation {
        Internal = 1, "INTERNAL";
        External = 2, "EXTERNAL";
        Either = 3, "EITHER";
    }
    /// For one firm or for a group under one line (整体授信).
    LineType {
        Single = 1, "SINGLE";
        Group = 2, "GROUP";
    }
    /// Where a product is offered (渠道).
    Channel {
        Offline = 1, "OFFLINE";
        Xyd = 2, "XYD";
    }
    /// What a fee is for (费用种类).
    FeeKind {
        Evaluation = 1, "EVALUATION";
        Premium = 2, "PREMIUM";
        Guarantee = 3, "GUARANTEE";
        Service = 4, "SERVICE";
        Other = 5, "OTHER";
    }
    /// Kind of a branch (分支机构类型).
    BranchKind {
        Branch = 1, "BRANCH";
        SubBranch = 2, "SUB_BRANCH";
        Outlet = 3, "OUTLET";
        TechBranch = 4, "TECH_BRANCH";
    }
    /// How a technology branch (科技支行) came to be.
    TechOrigin {
        Opened = 1, "OPENED";
        Converted = 2, "CONVERTED";
    }
    /// What an agreement is about (合作业务).
    AgreementLine {
        Credit = 1, "CREDIT";
        Insurance = 2, "INSURANCE";
        Guarantee = 3, "GUARANTEE";
        Evaluation = 4, "EVALUATION";
        Investment = 5, "INVESTMENT";
        Disposal = 6, "DISPOSAL";
        RiskPool = 7, "RISK_POOL";
        Cooperation = 8, "COOPERATION";
    }
    /// The five kinds of a bank's internal rules (C16).
    PolicyKind {
        RiskAssessment = 1, "RISK_ASSESSMENT";
        CreditReview = 2, "CREDIT_REVIEW";
        DiligenceExemption = 3, "DILIGENCE_EXEMPTION";
        Incentive = 4, "INCENTIVE";
        RewardPenalty = 5, "REWARD_PENALTY";
    }
}
