//! The reasons that every role shares. A service's own stand in its `reasons.rs`.

crate::reason_table! {
    /// `request_id` is missing or no UUID.
    REQUEST_ID_INVALID = InvalidArgument, "请为本次请求填写一个新的 request_id（UUID 格式）后重试。";
    /// The same `request_id` came with another body or for another method.
    REQUEST_ID_REUSED = AlreadyExists, "该 request_id 已用于内容不同的请求，请换用新的 request_id 后重新提交。";
    /// No token, or one that cannot be verified.
    UNAUTHENTICATED = Unauthenticated, "身份凭证缺失或无效，请重新登录或检查接入凭证。";
    /// The token's time is over or has not begun.
    TOKEN_EXPIRED = Unauthenticated, "身份凭证已过期，请重新登录或重新获取凭证后重试。";
    /// The token was made for another role.
    TOKEN_WRONG_AUDIENCE = Unauthenticated, "身份凭证不适用于本服务，请为本服务重新获取凭证。";
    /// The caller is known and may not do this.
    PERMISSION_DENIED = PermissionDenied, "您没有办理此事项的权限，请联系管理员开通相应职责。";
    /// No such method is served here.
    METHOD_UNKNOWN = Unimplemented, "本服务不提供此接口，请核对接口名称与版本。";
    /// The body is compressed in a way that is not accepted.
    ENCODING_UNSUPPORTED = Unimplemented, "不支持此压缩方式，请不压缩后重新发送。";
    /// The body is larger than the server takes.
    BODY_TOO_LARGE = ResourceExhausted, "请求内容过大，请减少数量或分批提交。";
    /// The body is not the message that the method takes.
    BODY_UNREADABLE = InvalidArgument, "请求内容无法解析，请按接口定义重新生成后提交。";
    /// The call took longer than its deadline.
    DEADLINE_EXCEEDED = DeadlineExceeded, retryable, "处理超时，请稍后用同一 request_id 重试。";
    /// The server works on as many calls as it may.
    OVERLOADED = Unavailable, retryable, "系统繁忙，请稍后重试。";
    /// The server is being stopped.
    SHUTTING_DOWN = Unavailable, retryable, "服务正在重启，请稍后重试。";
    /// Something failed inside; the error id leads to the log.
    INTERNAL = Internal, "系统内部出现错误，请稍后重试；若仍失败，请将错误编号告知运维人员。";
    /// Something that is needed does not answer.
    UNAVAILABLE = Unavailable, retryable, "系统暂时无法处理，请稍后重试。";
    /// Two changes met in the database.
    TRY_AGAIN = Aborted, retryable, "有其他人同时修改，请稍后重试。";
    /// A field that must be given is empty.
    FIELD_REQUIRED = InvalidArgument, "此项必填，请填写后重新提交。";
    /// A text is longer than the field takes.
    FIELD_TOO_LONG = InvalidArgument, "内容超过长度限制，请缩短后重新提交。";
    /// A value is not of the field's form.
    FIELD_INVALID = InvalidArgument, "内容格式不正确，请按说明修改后重新提交。";
    /// A value occurs more than once in a list.
    FIELD_REPEATED = InvalidArgument, "列表中有重复项，请删除重复项后重新提交。";
    /// A number that the code table does not have.
    ENUM_UNKNOWN = InvalidArgument, "代码值不在代码表内，请按代码表选择。";
    /// The code 0 where a choice must be made.
    ENUM_UNSPECIFIED = InvalidArgument, "请选择一个具体的代码值。";
    /// Not 1 to 30,000,000,000 fen.
    AMOUNT_OUT_OF_RANGE = InvalidArgument, "金额须在 0.01 元至 3 亿元之间，请修改后重新提交。";
    /// Not 1 to 120 months.
    TERM_OUT_OF_RANGE = InvalidArgument, "期限须在 1 至 120 个月之间，请修改后重新提交。";
    /// A number outside of what the field takes.
    NUMBER_OUT_OF_RANGE = InvalidArgument, "数值超出允许范围，请修改后重新提交。";
    /// A list is longer than the field takes.
    TOO_MANY = InvalidArgument, "数量超过上限，请减少数量或分批提交。";
    /// Not a hyphenated UUID.
    UUID_INVALID = InvalidArgument, "编号格式不正确，请使用系统给出的编号。";
    /// Not a calendar date YYYY-MM-DD.
    DATE_INVALID = InvalidArgument, "日期不正确，请按 YYYY-MM-DD 格式填写。";
    /// Not an instant between the years 1900 and 9999.
    TIME_INVALID = InvalidArgument, "时间不正确，请核对后重新填写。";
    /// Not a SHA-256 of 32 bytes.
    DIGEST_INVALID = InvalidArgument, "摘要须为 32 字节的 SHA-256，请重新计算后提交。";
    /// Not a page token that this method gave.
    PAGE_TOKEN_INVALID = InvalidArgument, "翻页标记无效，请从第一页重新查询。";
    /// A page size below 0 or above the method's most.
    PAGE_SIZE_INVALID = InvalidArgument, "每页数量超出范围，请调小后重新查询。";
    /// Free text holds what looks like an identifier of a person or firm.
    TEXT_HAS_IDENTIFIER = InvalidArgument, "文字中含有证件号、电话、账号或统一社会信用代码，请删除后重新提交。";
    /// The object has changed since it was read.
    VERSION_CONFLICT = Aborted, "内容已被他人更新，请刷新后重新办理。";
    /// A parked message whose envelope could not be read cannot be handled again.
    PARKED_UNREADABLE = FailedPrecondition, "所选消息中有无法读取的消息，不能重新处理，请取消勾选后重试，或将其删除。";
    /// It does not exist, or is another's.
    NOT_FOUND = NotFound, "未找到对应的记录，请核对编号。";
}
