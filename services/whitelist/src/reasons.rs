//! Why this service refuses, beyond the reasons that every role shares.

rpc::reason_table! {
    /// Not 18 characters of GB 32100-2015, or the check character is wrong.
    USCC_INVALID = InvalidArgument, "统一社会信用代码不正确，请对照营业执照核对18位代码后重新填写。";
    /// The USCC is registered.
    ENTERPRISE_EXISTS = AlreadyExists, "该企业已登记，请按统一社会信用代码查询，使用已有记录。";
    /// Not a letter A to T with up to four digits (GB/T 4754).
    INDUSTRY_INVALID = InvalidArgument, "行业代码不正确，请按《国民经济行业分类》填写门类字母和至多四位数字。";
    /// Not one of the parks that take part.
    PARK_UNKNOWN = InvalidArgument, "园区代码不在参与园区名单内，请从名单中选择。";
    /// Not a region code of six digits.
    REGION_INVALID = InvalidArgument, "行政区划代码不正确，请填写六位代码。";
    /// A qualification ends before it begins.
    QUALIFICATION_PERIOD_INVALID = InvalidArgument, "资质的失效日期早于生效日期，请对照证书更正。";
    /// More people in research than people.
    RD_STAFF_EXCEEDS_STAFF = InvalidArgument, "研发人员不能多于从业人员，请核对后更正。";
    /// Accounts of a year that has not ended, of long ago, or not of years one after the other.
    ACCOUNTS_YEAR_INVALID = InvalidArgument, "财务数据的年度不正确，请由近及远填写已结束的连续年度，至多三年。";
    /// An owner's shares are not all given, not all above zero, or do not sum to the whole.
    OWNER_SHARES_NOT_WHOLE = InvalidArgument, "权利人份额须全部填写且合计为10000个基点（100%），或全部留空按等额计算。";
    /// Not a code of a legal status.
    LEGAL_CODE_UNKNOWN = InvalidArgument, "法律状态代码不在代码表内，请对照公告按代码表填写。";
    /// A field that this kind of right does not have.
    FIELD_NOT_OF_TYPE = InvalidArgument, "此项不适用于所选的知识产权类型，请清空此项或更正类型。";
    /// The number is not of its kind's form, or its check digit is wrong where that is no mere warning.
    IP_NUMBER_INVALID = InvalidArgument, "知识产权编号与类型不符或校验位错误，请对照证书核对后重新填写。";
    /// The enterprise has registered this right.
    ASSET_EXISTS = AlreadyExists, "该企业已登记过此项知识产权，请使用已有记录。";
    /// A date that has to lie in the past lies in the future.
    DATE_IN_FUTURE = InvalidArgument, "日期不能晚于今天，请核对后更正。";
    /// Granted before it was filed.
    GRANTED_BEFORE_FILED = InvalidArgument, "授权日期早于申请日期，请对照证书更正。";
    /// A time that has to lie in the past lies in the future.
    TIME_IN_FUTURE = InvalidArgument, "时间不能晚于现在，请核对后更正。";
    /// A consent ends before it begins.
    CONSENT_PERIOD_INVALID = InvalidArgument, "授权到期时间须晚于签署时间，请对照授权书更正。";
    /// Personal data in a consent that is not the person's, or other data in one that is.
    CONSENT_NOT_OF_PERSON = InvalidArgument, "个人信息须由本人单独同意，且本人同意仅可涵盖个人信息和信用；请调整数据类别或填写本人身份证号。";
    /// Not a resident number.
    RESIDENT_ID_INVALID = InvalidArgument, "身份证号应为18位且校验相符，请对照证件重新填写。";
    /// No key to hash persons with is configured.
    PERSON_KEY_MISSING = FailedPrecondition, "系统尚未配置个人标识密钥，暂不能办理个人授权，请联系运维人员。";
    /// No reason, or one that says nothing.
    REVEAL_REASON_MISSING = InvalidArgument, "请写明查看明文的理由（4至200字，不得含证件号、电话等）。";
    /// A path names nothing that can be amended, or none is given.
    PATH_UNKNOWN = InvalidArgument, "修改项不在可修改范围内，请按接口说明填写修改项。";
    /// A debt ends before it begins.
    DEBT_PERIOD_INVALID = InvalidArgument, "债务履行期限的届满日早于起始日，请对照合同更正。";
    /// Only two of the reasons may be overridden by a declaration.
    NOT_DECLARABLE = InvalidArgument, "仅同日申请（第十项）和无效宣告程序（第十一项）可由当事人声明后继续办理，其他情形须先行补救。";
    /// Not HX01 to HX15.
    EXCLUSION_UNKNOWN = InvalidArgument, "排除情形代码须为 HX01 至 HX15，请按代码表选择。";
    /// Listed although a hard exclusion was found.
    LISTED_THOUGH_EXCLUDED = InvalidArgument, "企业存在硬性排除情形，不能列入白名单；请先取消列入或核实排除情形。";
    /// Listed although its entry is not.
    LISTED_AGAINST_ENTRY = FailedPrecondition, "企业已有名单条目且条目未处于列入状态，不能直接登记为列入；请通过名单条目办理筛查、公示或信用修复。";
    /// Listed without a grade of C or better.
    LISTED_WITHOUT_GRADE = InvalidArgument, "列入白名单须有 C 级及以上评级，请先完成评分或取消列入。";
    /// A later screening is on record.
    STANDING_OUTDATED = FailedPrecondition, "已有时间更晚的筛查结果，本次结果不再记录；请核对筛查时间或重新筛查。";
    /// A scorecard or exclusion rules that are not whole; `faults` in the metadata names everything.
    RULEBOOK_INVALID = InvalidArgument, "评分卡或排除规则不完整或自相矛盾，请按 faults 所列逐条更正后重新提交。";
    /// A version that would hold in the past.
    RULEBOOK_BACKDATED = InvalidArgument, "新版本的生效日期不能早于今天，请修改生效日期。";
    /// A run that is still going on.
    RUN_NOT_DONE = FailedPrecondition, "该批次筛查尚未完成，请稍后再试。";
    /// A command that the entry's state does not take; `state` and `command` in the metadata.
    ENTRY_STATE = FailedPrecondition, "名单条目当前状态不能办理此项操作，请刷新后按状态办理。";
    /// A renewal before the last days of a listing.
    ENTRY_TOO_EARLY = FailedPrecondition, "尚未到可办理的时间：续期须在到期前的规定期限内（一般为60天）办理。";
    /// A renewal of who has no consent that holds.
    ENTRY_WITHOUT_CONSENT = FailedPrecondition, "企业的信息查询授权已到期或未登记，不能续期；请先取得新的授权书并登记。";
    /// A renewal of who would not be listed today.
    ENTRY_NOT_ELIGIBLE = FailedPrecondition, "按当前筛查结果不符合列入条件，不能续期；请先消除排除情形或补充资料。";
    /// Nothing has changed since the last version.
    LIST_UNCHANGED = FailedPrecondition, "名单自上一版本以来没有变化，无需重新发布。";
    /// Nothing came, or nothing but blanks.
    FILE_EMPTY = InvalidArgument, "文件为空，请选择填写好的文件重新上传。";
    /// More bytes than are taken.
    FILE_TOO_LARGE = InvalidArgument, "文件过大，请拆分为多个文件分别上传。";
    /// Not the format that it is said to be.
    FILE_FORMAT_WRONG = InvalidArgument, "文件格式与所选不符，请另存为 .xlsx（不加密）或 CSV 后重新上传。";
    /// A workbook that is cut off or whose parts are no markup.
    FILE_DAMAGED = InvalidArgument, "工作簿不完整或已损坏，请用表格软件打开并另存后重新上传。";
    /// A workbook that would inflate beyond the limits.
    FILE_BOMB = InvalidArgument, "工作簿解压后超出限制，请核对文件来源，只保留数据后重新上传。";
    /// Macros, links to other files, declared entities.
    FILE_FORBIDDEN_CONTENT = InvalidArgument, "工作簿含有宏、外部链接或实体声明，请去除后另存为 .xlsx 重新上传。";
    /// No visible sheet, or none of this name.
    SHEET_NOT_FOUND = InvalidArgument, "没有可见的工作表，或没有这个名称的工作表，请核对后重新上传。";
    /// More rows or columns than are taken.
    TABLE_TOO_LARGE = InvalidArgument, "行数或列数超出上限，请只保留所需的列，并拆分为多个文件。";
    /// A cell that no field takes.
    CELL_TOO_LONG = InvalidArgument, "有单元格内容过长，请按提示的位置缩短后重新上传。";
    /// Neither UTF-8 nor GB18030, or not the one that was said.
    ENCODING_WRONG = InvalidArgument, "文件编码不正确，请另存为 UTF-8 或 GB18030 后重新上传。";
    /// Quotation marks that do not match.
    QUOTES_UNMATCHED = InvalidArgument, "引号没有成对出现或其后还有内容，请按提示的行号检查。";
    /// The pieces of an upload are not one header and then bytes.
    UPLOAD_ORDER = InvalidArgument, "上传内容须先是文件说明，其后是文件数据，请重新上传。";
    /// The import waits for nobody's decision any more, or not yet.
    IMPORT_SETTLED = FailedPrecondition, "该导入已处理、已过期或仍在读取，请刷新后查看，必要时重新上传文件。";
    /// The whole file is to be taken, and there is a fault.
    IMPORT_HAS_FAULTS = FailedPrecondition, "文件存在错误，不能整体接受；请更正后重新上传，或只接受无误的行。";
    /// No row is without fault.
    IMPORT_NOTHING_GOOD = FailedPrecondition, "文件没有可以接受的行，请按错误清单更正后重新上传。";
    /// The rows that waited were lost with a crash of the database.
    IMPORT_ROWS_GONE = FailedPrecondition, "待导入的数据已失效，请作废该导入并重新上传文件。";
    /// A character that GB18030 cannot carry there and back.
    CHARACTER_UNMAPPABLE = FailedPrecondition, "内容含有 GB18030 无法表示的字符，请改用 UTF-8 或 XLSX 导出。";
}
