//! The reasons by which the partner edge refuses, beyond those of every role.

rpc::reason_table! {
    /// After the window, or the assignment has ended.
    WINDOW_CLOSED = FailedPrecondition, "答复期限已过或任务已结束；如需留存迟到答复，请将 file_if_late 设为 true 后用新的 request_id 重新提交。";
    /// The last question on this assignment has not been answered yet.
    QUESTION_OPEN = FailedPrecondition, "上一次补充材料要求尚未答复，请收到 SUPPLEMENT_ANSWERED 事件后再提出新的要求。";
    /// An answered assignment takes no more questions.
    ASSIGNMENT_ANSWERED = FailedPrecondition, "该任务已经答复，不能再要求补充材料；如需变更意向，请提交序号更高的报价。";
    /// The enterprise has taken its consent back, or it has ended.
    CONSENT_REVOKED = PermissionDenied, "企业的授权已撤回或失效，申请材料不再提供；请停止办理，等待任务结束的通知。";
    /// The dossier cannot be read at this moment.
    DOSSIER_UNAVAILABLE = Unavailable, retryable, "申请材料暂时无法读取，请稍后重试；答复期限不受影响。";
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
