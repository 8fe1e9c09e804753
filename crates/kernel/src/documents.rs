//! Document codes of the process (材料编码, domain.md §3.1).

use crate::codes::table::code_table;

code_table! {
    /// What kind of document a file is (材料).
    DocumentCode {
        D01 = 1, "D01", "营业执照";
        D02 = 2, "D02", "法人身份证明";
        D03 = 3, "D03", "融资申请表";
        D04 = 4, "D04", "近两年财报及近期报表";
        D05 = 5, "D05", "知识产权证书或清单";
        D06 = 6, "D06", "用途说明";
        D07 = 7, "D07", "信息查询授权书";
        D08 = 8, "D08", "个人信息单独同意书";
        D09 = 9, "D09", "授信意向书";
        D10 = 10, "D10", "评估委托合同";
        D11 = 11, "D11", "评估报告";
        D12 = 12, "D12", "投保单";
        D13 = 13, "D13", "报价单";
        D14 = 14, "D14", "担保意向函";
        D15 = 15, "D15", "反担保合同";
        D16 = 16, "D16", "选择确认书";
        D17 = 17, "D17", "授信批复";
        D18 = 18, "D18", "借款合同";
        D19 = 19, "D19", "质押合同";
        D20 = 20, "D20", "保单或担保合同";
        D21 = 21, "D21", "质押登记申请表";
        D22 = 22, "D22", "身份证明或承诺书";
        D23 = 23, "D23", "委托书";
        D24 = 24, "D24", "借据";
        D25 = 25, "D25", "放款凭证";
        D26 = 26, "D26", "贷后检查表";
        D27 = 27, "D27", "注销申请表";
        D28 = 28, "D28", "债权消灭证明";
        D29 = 29, "D29", "索赔申请";
        D30 = 30, "D30", "代偿证明";
        D31 = 31, "D31", "补偿申请";
        D32 = 32, "D32", "处置方案";
    }
}

/// What an application cannot do without: the six of intake and the consent (D01 to D07).
pub const MANDATORY: [DocumentCode; 7] = [
    DocumentCode::D01,
    DocumentCode::D02,
    DocumentCode::D03,
    DocumentCode::D04,
    DocumentCode::D05,
    DocumentCode::D06,
    DocumentCode::D07,
];

/// The mandatory documents that are not among `present`, in the order of their codes: for one notice that names all.
#[must_use]
pub fn missing(present: &[DocumentCode]) -> Vec<DocumentCode> {
    MANDATORY.into_iter().filter(|code| !present.contains(code)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_missing_documents_are_named_at_once() {
        assert_eq!(missing(&[]), MANDATORY);
        assert_eq!(missing(&MANDATORY), []);
        assert_eq!(
            missing(&[DocumentCode::D01, DocumentCode::D08, DocumentCode::D01]),
            MANDATORY[1..].to_vec(),
            "a document twice or an optional one replaces nothing"
        );
    }
}
