//! Why this service refuses, beyond the reasons that every role shares.

rpc::reason_table! {
    /// The name is registered.
    INSTITUTION_EXISTS = AlreadyExists, "同名机构已登记，请使用已有记录，或核对机构全称。";
    /// Not a letter, four digits, a letter and nine digits, or given for an institution that is no bank.
    LICENCE_INVALID = InvalidArgument, "金融许可证机构编码不正确：仅银行填写，为15位字母和数字，请对照许可证更正。";
    /// Only banks have loan products.
    NOT_A_BANK = FailedPrecondition, "该机构不是银行，不能发布信贷产品；请选择银行机构。";
    /// Not a region code of six digits.
    REGION_INVALID = InvalidArgument, "行政区划代码不正确，请填写六位代码。";
    /// Not of the form of a park code.
    PARK_INVALID = InvalidArgument, "园区代码格式不正确，请按园区代码表填写，例如 JY-GX。";
    /// The upper end of a range lies below its lower end.
    RANGE_REVERSED = InvalidArgument, "上限小于下限，请更正后重新提交。";
    /// A rate or spread outside of what is taken.
    RATE_OUT_OF_RANGE = InvalidArgument, "利率或加点超出允许范围，请核对后更正（单位为万分之一）。";
    /// The product has been retired and changes no more.
    PRODUCT_RETIRED = FailedPrecondition, "该产品已下架，不能再修改或发布；请新建产品。";
    /// The product has no such version.
    PRODUCT_VERSION_UNKNOWN = NotFound, "该产品没有此版本，请刷新后选择已有版本。";
    /// The answer would be larger than a caller can take.
    MATCH_TOO_LARGE = ResourceExhausted, "匹配结果过大，请减少每次查询的需求数量，或不要求列出不匹配原因。";
}
