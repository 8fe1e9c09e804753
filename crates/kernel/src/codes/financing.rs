//! How a loan is repaid, secured and priced.

use super::table::code_table;

code_table! {
    /// How a loan is repaid (还款方式).
    RepaymentMethod {
        Annuity = 1, "ANNUITY", "等额本息";
        EqualPrincipal = 2, "EQUAL_PRINCIPAL", "等额本金";
        InterestFirst = 3, "INTEREST_FIRST", "先息后本";
        Bullet = 4, "BULLET", "到期一次还本付息";
        Revolving = 5, "REVOLVING", "随借随还";
    }
}

code_table! {
    /// What stands behind the loan beside the pledge (增信方式).
    EnhancementMode {
        IpOnly = 1, "IP_ONLY", "纯知产质押";
        IpSuretyIns = 2, "IP_SURETY_INS", "知产质押+保证保险";
        IpCreditIns = 3, "IP_CREDIT_INS", "知产质押+信用保险";
        IpGuarantee = 4, "IP_GUARANTEE", "知产质押+担保";
        IpPersonal = 5, "IP_PERSONAL", "知产质押+个人保证";
        IpMixed = 6, "IP_MIXED", "混合抵押";
        IpPool = 7, "IP_POOL", "风险池";
    }
}

code_table! {
    /// How a rate is formed (利率类型).
    RateKind {
        LprFloat = 1, "LPR_FLOAT", "LPR浮动利率";
        Fixed = 2, "FIXED", "固定利率";
    }
}
