//! The reasons by which the partner edge refuses, beyond those of every role.

rpc::reason_table! {
    /// After the window, or the assignment has ended.
    WINDOW_CLOSED = FailedPrecondition, "答复期限已过或任务已结束；如需留存迟到答复，请将 file_if_late 设为 true 后用新的 request_id 重新提交。";
    /// The last question on this assignment has not been answered yet.
    QUESTION_OPEN = FailedPrecondition, "上一次补充材料要求尚未答复，请收到 SUPPLEMENT_ANSWERED 事件后再提出新的要求。";
    /// An answered assignment takes no more questions.
    ASSIGNMENT_ANSWERED = FailedPrecondition, "该任务已经答复，不能再要求补充材料；如需变更意向，请提交序号更高的报价。";
    /// Not what an institution of this role offers or confirms.
    DECISION_NOT_FOR_ROLE = InvalidArgument, "答复的种类与该任务的机构角色不符：银行提交授信意向和授信批复，评估机构提交评估报价和评估报告，保险机构提交保险报价，担保机构提交担保意向。";
    /// What was chosen is confirmed or refused, not changed or taken back.
    OFFER_SELECTED = FailedPrecondition, "企业已选定贵机构的报价，不能再变更或撤回；请使用 ConfirmSelection 确认或谢绝。";
    /// There is no offer to take back.
    NOTHING_OFFERED = FailedPrecondition, "该任务没有有效的报价，无需撤回。";
    /// It has ended already, otherwise than by being taken back.
    ASSIGNMENT_ENDED = FailedPrecondition, "该任务已结束，报价已不再有效，无需撤回。";
    /// The enterprise has not chosen this answer, or not any more.
    NOT_SELECTED = FailedPrecondition, "企业尚未选定贵机构的报价，或选定已取消；请收到 ASSIGNMENT_SELECTED 事件后再办理。";
    /// What was confirmed cannot be refused.
    ALREADY_CONFIRMED = FailedPrecondition, "贵机构已确认该任务，不能再谢绝；如有变故请联系服务中心。";
    /// The assignment ended before it was read.
    DOSSIER_CLOSED = FailedPrecondition, "任务在贵机构读取之前已经结束，申请材料不再提供，无需再处理。";
    /// An insurer below 75 % core or 150 % comprehensive solvency.
    SOLVENCY_TOO_LOW = InvalidArgument, "偿付能力充足率须达到核心 75%（7500 个基点）、综合 150%（15000 个基点）；未达到的不能承保，请改为谢绝。";
    /// Shares of a loss that are not the whole.
    SHARES_NOT_WHOLE = InvalidArgument, "各方风险分担比例之和须为 10000 个基点（100%），请核对后重新提交。";
    /// The values of a report do not add up.
    TOTAL_WRONG = InvalidArgument, "评估总值与各项资产评估值之和不符，请核对后重新提交。";
    /// A report that is not good, or for more than a year.
    REPORT_PERIOD_INVALID = InvalidArgument, "评估报告有效期须晚于评估基准日，且不得超过基准日起一年，请修改后重新提交。";
    /// A date that has to have come.
    DATE_IN_FUTURE = InvalidArgument, "日期不能晚于今天，请核对后重新提交。";
    /// The document of a report is not a report.
    DOCUMENT_NOT_REPORT = InvalidArgument, "评估报告的材料编码须为 D11，请核对后重新提交。";
    /// The enterprise has taken its consent back, or it has ended.
    CONSENT_REVOKED = PermissionDenied, "企业的授权已撤回或失效，申请材料不再提供；请停止办理，等待任务结束的通知。";
    /// The dossier cannot be read at this moment.
    DOSSIER_UNAVAILABLE = Unavailable, retryable, "申请材料暂时无法读取，请稍后重试；答复期限不受影响。";
    /// Lists are for banks, insurers and guarantors.
    LIST_NOT_FOR_ROLE = PermissionDenied, "白名单只向银行、保险和担保机构提供；如需了解企业情况，请通过已派发的任务查看。";
    /// The list cannot be read at this moment.
    LIST_UNAVAILABLE = Unavailable, retryable, "名单暂时无法读取，请稍后重试；确认期限不受影响。";
    /// R99 says nothing by itself.
    DECLINE_TEXT_REQUIRED = InvalidArgument, "谢绝原因为“其他”（R99）时须填写说明，请补充 text 后重新提交。";
    /// Not 1 to 3,600 basis points.
    RATE_OUT_OF_RANGE = InvalidArgument, "年利率须在 0.01% 至 36%（1 至 3600 个基点）之间，请修改后重新提交。";
    /// An offer that has already ended.
    VALID_UNTIL_PASSED = InvalidArgument, "报价有效期须晚于当前时间，请修改 valid_until 后重新提交。";
    /// Not a document code of the process.
    DOCUMENT_CODE_UNKNOWN = InvalidArgument, "材料编码不在 D01 至 D32 之内，请按材料编码表填写。";
    /// The client certificate is not the one that the token is bound to.
    CERTIFICATE_MISMATCH = Unauthenticated, "令牌与所用客户端证书不匹配，请使用申请令牌时登记的证书。";
    /// The credential has been revoked.
    CREDENTIAL_REVOKED = Unauthenticated, "接入凭证已被吊销，请联系管理员重新签发。";
    /// The credential's time is over.
    CREDENTIAL_EXPIRED = Unauthenticated, "接入凭证已过期，请联系管理员换发新的凭证。";
    /// The credential does not open this service.
    SCOPE_MISSING = PermissionDenied, "该接入凭证不含此接口的权限，请联系管理员签发包含相应范围的凭证。";
    /// Whether credentials are still in force cannot be checked at this moment.
    CREDENTIALS_UNCHECKED = Unavailable, retryable, "暂时无法核验接入凭证，请稍后重试。";
    /// Not one X.509 certificate in PEM.
    CERTIFICATE_UNREADABLE = InvalidArgument, "证书无法读取，请提供一份 PEM 格式的 X.509 客户端证书。";
    /// Another institution's credential in force is bound to the certificate.
    CERTIFICATE_TAKEN = FailedPrecondition, "该证书已绑定其他机构的有效凭证，请为本机构另行申请证书。";
    /// Not one of the scopes that there are.
    SCOPE_UNKNOWN = InvalidArgument, "凭证范围只能是 assignments 或 events，请修改后重新提交。";
    /// A credential that has ended cannot be rotated.
    CREDENTIAL_ENDED = FailedPrecondition, "该凭证已吊销或过期，不能换发，请重新签发。";
}
