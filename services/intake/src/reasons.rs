//! Why intake refuses, and what the person does next. Each has a page in `docs/errors/`.

rpc::reason_table! {
    /// The case's state does not allow the command.
    CASE_STATE = FailedPrecondition, "案件当前状态不允许此操作，请刷新页面，查看当前可办理的事项。";
    /// No such case.
    CASE_NOT_FOUND = NotFound, "没有找到该案件，请核对案件编号。";
    /// No such leg, or another institution's.
    LEG_NOT_FOUND = NotFound, "没有找到该项派发，请核对编号。";
    /// A submission lacks fields or mandatory documents; each is a field violation.
    APPLICATION_INCOMPLETE = InvalidArgument, "申请材料不齐，请按所列项目一次补齐后再提交。";
    /// A mandatory document (D01 to D07) is missing.
    DOCUMENT_MISSING = InvalidArgument, "缺少必备材料，请补充后再提交。";
    /// Not one of D01 to D32.
    DOCUMENT_CODE_UNKNOWN = InvalidArgument, "材料代码不存在，请从材料清单（D01至D32）中选择。";
    /// A document's SHA-256 is not 32 bytes.
    DOCUMENT_HASH_INVALID = InvalidArgument, "材料的SHA-256摘要应为32字节，请重新上传材料。";
    /// The same asset twice.
    ASSET_REPEATED = InvalidArgument, "同一知识产权重复填写，请每项只列一次。";
    /// Not a valid unified social credit code.
    USCC_INVALID = InvalidArgument, "统一社会信用代码不正确，请对照营业执照核对18位代码后重填。";
    /// Not a valid case number.
    CASE_NO_INVALID = InvalidArgument, "案件编号不正确，请核对后重填。";
    /// The one-time notice has been given already.
    SECOND_SUPPLEMENT = FailedPrecondition, "补正材料已一次性告知过，不能再次要求补正，请直接受理或与企业沟通撤回。";
    /// The case has been dispatched three times.
    ROUNDS_USED_UP = FailedPrecondition, "该案件已派发三轮，不能再次派发，请与企业沟通后办结。";
    /// Acceptance needs an active consent.
    CONSENT_NOT_ACTIVE = FailedPrecondition, "企业授权书无效、已撤回或已过期，请企业重新签署授权书后再受理。";
    /// Acceptance needs a registered enterprise.
    ENTERPRISE_UNKNOWN = FailedPrecondition, "企业尚未登记入库，请先在企业库登记后再受理。";
    /// An asset of the application is not registered for this enterprise.
    ASSET_UNKNOWN = FailedPrecondition, "申请中有知识产权未登记在该企业名下，请核对后补充登记。";
    /// The window is open: nobody sees answers.
    OFFERS_SEALED = FailedPrecondition, "报价窗口尚未截止，各机构回复处于密封状态，请在截止后查看。";
    /// An answer that was named has expired, was taken back, or is none of this case.
    OFFER_NOT_STANDING = FailedPrecondition, "所选报价已失效、已被撤回或不属于本轮，请刷新报价比较后重新选择。";
    /// The offer calls for an insurer or a guarantor, and none was named.
    COVER_REQUIRED = FailedPrecondition, "该报价需要保险或担保增信，请同时选择一份适用的增信方案。";
    /// The offer calls for no cover, and one was named.
    COVER_NOT_CALLED_FOR = FailedPrecondition, "该报价不需要保险或担保增信，请去掉增信方案后再选择。";
    /// The cover is of another kind than the offer calls for, too small or too short.
    COVER_TOO_SMALL = FailedPrecondition, "所选增信方案的种类、额度或期限不能覆盖该报价，请改选适用的方案。";
    /// The leg asks nothing.
    NOTHING_ASKED = FailedPrecondition, "该机构当前没有待答复的补充要求。";
    /// The enterprise's consent does not allow this reading any more.
    CONSENT_REVOKED = PermissionDenied, "企业授权已失效，不能再查阅该申请材料。";
}
