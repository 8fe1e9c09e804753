//! Why insurance refuses, and what the person does next. Each has a page in `docs/errors/`.

rpc::reason_table! {
    /// An appetite is an insurer's or a guarantor's.
    NOT_A_COVERER = InvalidArgument, "承保意愿只能为保险机构或担保机构登记，请核对机构角色。";
    /// The kind of cover is not one that an institution of this role gives.
    KIND_NOT_OFFERABLE = InvalidArgument, "该机构角色不能提供此增信方式：保险机构填保证保险或信用保险，担保机构填担保。";
    /// An upper end below its lower end.
    RANGE_REVERSED = InvalidArgument, "上限小于下限，请更正后重新提交。";
    /// Not of the form of a park's code.
    PARK_INVALID = InvalidArgument, "园区代码格式不正确，请按园区代码表填写，例如 JY-GX。";
    /// No such leg, or another institution's.
    LEG_NOT_FOUND = NotFound, "没有找到该项派发，请核对编号。";
    /// The leg was closed before it was read, or its round has been ended by the case.
    LEG_CLOSED = FailedPrecondition, "该任务已结束，申请材料不再提供。";
    /// The enterprise's consent does not allow this reading any more.
    CONSENT_REVOKED = PermissionDenied, "企业授权已失效，不能再查阅该申请材料。";
}
