//! Parts that institutions play, and why they decline.

use super::table::code_table;

code_table! {
    /// What part an institution plays (机构角色).
    InstitutionRole {
        Bank = 1, "BANK", "银行";
        Insurer = 2, "INSURER", "保险";
        Guarantor = 3, "GUARANTOR", "担保";
        ReGuarantor = 4, "RE_GUARANTOR", "再担保";
        Evaluator = 5, "EVALUATOR", "评估";
        IpFund = 6, "IP_FUND", "基金";
        Investor = 7, "INVESTOR", "投资机构";
        Exchange = 8, "EXCHANGE", "交易平台";
        IpAgency = 9, "IP_AGENCY", "服务机构";
    }
}

code_table! {
    /// Why an institution declines (拒绝原因).
    DeclineReason {
        R01 = 1, "R01", "授信政策";
        R02 = 2, "R02", "负债过高";
        R03 = 3, "R03", "知产价值不足";
        R04 = 4, "R04", "权属瑕疵";
        R05 = 5, "R05", "现金流不足";
        R06 = 6, "R06", "信用记录";
        R07 = 7, "R07", "行业限制";
        R08 = 8, "R08", "额度已满";
        R09 = 9, "R09", "材料不实";
        R10 = 10, "R10", "重复授信";
        R99 = 99, "R99", "其他";
    }
}

impl DeclineReason {
    /// Whether the institution has to say in words what the reason is.
    #[must_use]
    pub const fn needs_text(self) -> bool {
        matches!(self, Self::R99)
    }
}
