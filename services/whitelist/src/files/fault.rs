//! What can be wrong with a row of a file.

/// Why a row, or the header, is refused. Codes are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowReason {
    ColumnUnknown,
    ColumnRepeated,
    ColumnMissing,
    ColumnNotText,
    Merged,
    Required,
    Formula,
    ErrorValue,
    PrecisionLost,
    TooLong,
    ControlCharacter,
    UsccInvalid,
    UsccMasked,
    EnterpriseUnknown,
    AssetUnknown,
    RowRepeated,
    CodeUnknown,
    ParkUnknown,
    IndustryInvalid,
    RegionInvalid,
    DateInvalid,
    DateInFuture,
    DateOrder,
    NumberInvalid,
    NumberOutOfRange,
    AmountInvalid,
    AmountTooFine,
    IpNumberInvalid,
    NotForType,
    Together,
    MoreResearchersThanStaff,
    AccountsYear,
    AmountNegative,
    OwnersInvalid,
    SharesNotWhole,
    TooManyFaults,
}

macro_rules! reasons {
    ($($variant:ident = $code:literal, $chinese:literal;)+) => {
        impl RowReason {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// What is wrong and what to do.
            pub fn chinese(self) -> &'static str {
                match self { $(Self::$variant => $chinese,)+ }
            }
        }
    };
}

reasons! {
    ColumnUnknown = "COLUMN_UNKNOWN", "表头不是本类表格的列名，请对照模板更正或删除该列";
    ColumnRepeated = "COLUMN_REPEATED", "列名重复，请只保留一列";
    ColumnMissing = "COLUMN_MISSING", "缺少必填列，请对照模板补充";
    ColumnNotText = "COLUMN_NOT_TEXT", "表头须为文字，请对照模板更正";
    Merged = "CELLS_MERGED", "单元格被合并，请取消合并并逐行填写";
    Required = "REQUIRED", "必填项为空，请补充";
    Formula = "FORMULA", "单元格是公式，请复制后选择性粘贴为数值";
    ErrorValue = "ERROR_VALUE", "单元格是错误值，请更正";
    PrecisionLost = "PRECISION_LOST", "数字超过15位，表格软件已丢失末尾数字，请将单元格设为文本后重新填写";
    TooLong = "TOO_LONG", "内容过长，请缩短";
    ControlCharacter = "CONTROL_CHARACTER", "内容含有换行或控制字符，请删除";
    UsccInvalid = "USCC_INVALID", "统一社会信用代码不正确，请对照营业执照核对18位代码";
    UsccMasked = "USCC_MASKED", "统一社会信用代码已脱敏，无法导入，请填写完整代码或删除该行";
    EnterpriseUnknown = "ENTERPRISE_UNKNOWN", "该企业尚未登记，请先导入或登记企业";
    AssetUnknown = "ASSET_UNKNOWN", "该企业尚未登记这项知识产权，请核对类型、编号和商标类别，或先导入知识产权";
    RowRepeated = "ROW_REPEATED", "与文件中前面的行重复，请只保留一行";
    CodeUnknown = "CODE_UNKNOWN", "不是可选的值，请从模板说明所列的值中选择";
    ParkUnknown = "PARK_UNKNOWN", "园区不在参与园区名单内，请从名单中选择";
    IndustryInvalid = "INDUSTRY_INVALID", "行业代码应为门类字母和至多四位数字，如C3240";
    RegionInvalid = "REGION_INVALID", "行政区划代码应为六位数字";
    DateInvalid = "DATE_INVALID", "日期无法识别，请填写如2022-09-15";
    DateInFuture = "DATE_IN_FUTURE", "日期不能晚于今天，请核对";
    DateOrder = "DATE_ORDER", "日期先后颠倒，请对照证书更正";
    NumberInvalid = "NUMBER_INVALID", "应为整数，请更正";
    NumberOutOfRange = "NUMBER_OUT_OF_RANGE", "数值超出允许范围，请核对";
    AmountInvalid = "AMOUNT_INVALID", "金额无法识别，请以元为单位填写数字";
    AmountTooFine = "AMOUNT_TOO_FINE", "金额至多两位小数，请更正";
    IpNumberInvalid = "IP_NUMBER_INVALID", "编号与类型不符或校验位错误，请对照证书核对";
    NotForType = "NOT_FOR_TYPE", "该类型没有这一项，请清空";
    Together = "TOGETHER", "须与相关列一并填写，请对照模板说明补充";
    MoreResearchersThanStaff = "MORE_RESEARCHERS_THAN_STAFF", "研发人员数多于从业人员数，请核对";
    AccountsYear = "ACCOUNTS_YEAR", "财务年度应为已结束的年度，请核对";
    AmountNegative = "AMOUNT_NEGATIVE", "收入与投入不能为负数，请核对";
    OwnersInvalid = "OWNERS_INVALID", "权利人格式不正确或重复，请填写如：代码或名称:份额%；代码或名称:份额%";
    SharesNotWhole = "SHARES_NOT_WHOLE", "各权利人份额之和应为100%，请更正";
    TooManyFaults = "TOO_MANY_FAULTS", "错误过多，未继续读取，请先更正已列出的错误";
}

impl RowReason {
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// As the file counts, from 1.
    pub(super) row: u32,
    /// The cell or the range.
    pub(super) place: String,
    /// The column's key; empty if it is none.
    pub(super) field: &'static str,
    pub(super) reason: RowReason,
    /// Where else to look, such as the row of which this is a repeat; never what stands there.
    pub(super) detail: String,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_reason_has_a_code_of_its_own_and_says_what_to_do() {
        let codes: HashSet<_> = RowReason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), RowReason::ALL.len());
        for reason in RowReason::ALL {
            assert_eq!(RowReason::from_code(reason.code()), Some(*reason));
            assert!(!reason.chinese().is_ascii());
        }
    }
}
