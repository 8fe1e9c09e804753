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
    /// Interest by the day goes by years of 360 or 365 days.
    INTEREST_BASIS_UNKNOWN = InvalidArgument, "计息基础只能为360或365天，请更正。";
    /// A guarantee is required and the pledge alone is offered.
    GUARANTEE_CONTRADICTED = InvalidArgument, "产品要求担保，增信方式中就不能含“纯知产质押”；请更正其中一项。";
    /// The version named is not the one on its way to publication.
    PRODUCT_VERSION_NOT_PENDING = FailedPrecondition, "该版本不在办理中（已发布、已撤回或已有更新版本），请刷新后处理最新版本。";
    /// The version on its way is in a state in which this cannot be done with it.
    PRODUCT_STAGE = FailedPrecondition, "该版本当前状态不能进行此操作；请按“提交—审核—发布”的顺序办理。";
    /// Who wrote or submitted a version does not review it.
    SECOND_PERSON_NEEDED = FailedPrecondition, "产品须由第二人审核：起草人和提交人不能审核同一版本，请由其他审核人员办理。";
    /// Nothing of the product was ever in force.
    PRODUCT_NEVER_PUBLISHED = FailedPrecondition, "该产品尚未发布过，不能暂停或恢复；请先完成审核和发布。";
    /// The last day of the product's terms has passed.
    PRODUCT_ENDED = FailedPrecondition, "产品条款的有效期已过，不能发布或恢复；请修订有效期并重新送审。";
    /// The centre has suspended the product, and its bank wants to resume it.
    PRODUCT_HELD_BY_CENTRE = FailedPrecondition, "该产品由中心暂停，银行不能自行恢复；请与中心联系，由中心恢复，或修订后重新送审。";
    /// A publication of the LPR of that day is on record, and the request does not say that it corrects it.
    LPR_ON_RECORD = FailedPrecondition, "该日期的LPR已登记；如登记有误，请注明所更正的版本重新登记，并由第二人确认。";
    /// Who recorded an LPR does not confirm it.
    LPR_SECOND_PERSON = FailedPrecondition, "LPR须由第二人确认：登记人不能确认自己登记的报价，请由其他人员核对后确认。";
    /// A publication of the LPR of a day to come.
    LPR_NOT_PUBLISHED = InvalidArgument, "LPR发布日期晚于今天，请在发布后登记。";
    /// No LPR had been published by the pricing date.
    LPR_UNKNOWN = InvalidArgument, "定价日之前没有已登记的LPR，请更正定价日或先登记报价。";
    /// A movement of a revolving loan before the one before it, or outside of its days.
    MOVEMENT_OUT_OF_ORDER = InvalidArgument, "用款还款记录须在贷款期限内并按日期先后排列，请更正。";
    /// A movement after which more than the limit, or less than nothing, is drawn.
    MOVEMENT_BEYOND_LIMIT = InvalidArgument, "该笔用款或还款使余额超出额度或低于零，请更正金额。";
    /// Movements of a loan that is not revolving.
    MOVEMENTS_NOT_REVOLVING = InvalidArgument, "只有随借随还的贷款可以填写用款还款记录，请删除或改选还款方式。";
    /// Early repayment on a day outside of the loan, or of a revolving one.
    PREPAYMENT_NOT_POSSIBLE = InvalidArgument, "提前还款日须在放款日之后、到期日之前，且随借随还的贷款无提前还款；请更正。";
    /// The sums are beyond what can be said.
    QUOTE_BEYOND_RANGE = InvalidArgument, "金额、利率与期限的组合超出可计算范围，请核对后重试。";
    /// A loan beyond what the bundle carries.
    LOAN_ABOVE_LIMIT = FailedPrecondition, "贷款金额超过该组合可质押的最高额度，请降低金额或增加质押物。";
    /// The institution has a branch of this name.
    BRANCH_EXISTS = AlreadyExists, "该机构已有同名网点，请核对名称或修改已有网点。";
    /// A technology branch without origin and date, or another branch with them.
    TECH_BRANCH_INCOMPLETE = InvalidArgument, "科技支行须同时填写新设或改设及其日期，其他网点不填写；请更正。";
    /// The park is not on record.
    PARK_UNKNOWN = FailedPrecondition, "园区尚未登记，请先登记园区或选择已有园区。";
    /// The park is on record.
    PARK_EXISTS = AlreadyExists, "该园区代码已登记，请修改已有园区。";
    /// Not the landline of an organisation.
    SWITCHBOARD_INVALID = InvalidArgument, "只登记单位座机，格式如 0391-0000000，不得填写个人手机号码；请更正。";
    /// The number of the agreement is on record.
    AGREEMENT_EXISTS = AlreadyExists, "该协议编号已登记，请核对编号。";
    /// The day is outside of the agreement's validity.
    AGREEMENT_NOT_IN_FORCE = FailedPrecondition, "终止日期不在协议有效期内，请更正日期。";
    /// Only banks have the five kinds of internal rules.
    POLICY_NOT_OF_BANK = FailedPrecondition, "五类内部制度只由银行报送，请选择银行机构。";
    /// Another day of repeal is on record.
    POLICY_REPEALED = FailedPrecondition, "该制度已登记废止日期，不能另改；如仍在执行，请重新报送现行文件。";
}
