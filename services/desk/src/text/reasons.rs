//! Reasons in words: why a product fits or not, why a case waits, ended or was reopened, what is missing.

use kernel::{DeclineReason, DocumentCode};

/// A reason or document code; one that is not known here is shown as it is.
pub(crate) fn reason(code: &str) -> String {
    if let Some(known) = of_match(code).or_else(|| of_case(code)).or_else(|| exclusion(code)) {
        return known.to_owned();
    }
    match (DocumentCode::from_code(code), DeclineReason::from_code(code)) {
        (Some(document), _) => format!("{} {}", document.code(), document.chinese()),
        (None, Some(decline)) => decline.chinese().to_owned(),
        (None, None) => code.to_owned(),
    }
}

/// Why a product fits, and why it does not (匹配理由).
fn of_match(code: &str) -> Option<&'static str> {
    Some(match code {
        "AMOUNT_IN_RANGE" => "金额相符",
        "TERM_IN_RANGE" => "期限相符",
        "REGION_SERVED" => "服务本地",
        "PARK_SERVED" => "服务本园区",
        "SIZE_SERVED" => "企业规模相符",
        "QUALIFICATION_HELD" => "具备所需资质",
        "IP_ACCEPTED" => "接受此类知识产权",
        "GRADE_SUFFICIENT" => "评级达标",
        "ENHANCEMENT_OFFERED" => "增信方式相符",
        "REPAYMENT_OFFERED" => "还款方式相符",
        "AGREEMENT_IN_FORCE" => "合作协议有效",
        "FIRST_LOAN_TAKEN" => "接受首贷户",
        "RENEWAL_OFFERED" => "可无还本续贷",
        "VALUATION" => "评估知识产权",
        "NO_PRODUCT" => "没有适合的产品",
        "NO_RESPONSIBLE_DEPARTMENT" => "银行未明确专门部门",
        "AMOUNT_BELOW_MIN" => "金额低于起点",
        "AMOUNT_ABOVE_MAX" => "金额高于上限",
        "TERM_BELOW_MIN" => "期限短于起点",
        "TERM_ABOVE_MAX" => "期限长于上限",
        "REGION_NOT_SERVED" => "不服务本地",
        "PARK_NOT_SERVED" => "不服务本园区",
        "SIZE_NOT_SERVED" => "企业规模不符",
        "QUALIFICATION_MISSING" => "缺少所需资质",
        "IP_NOT_ACCEPTED" => "不接受此类知识产权",
        "TOO_FEW_ASSETS" => "知识产权数量不足",
        "NOT_SCREENED" => "企业尚未评级",
        "GRADE_TOO_LOW" => "评级不足",
        "ENHANCEMENT_NOT_OFFERED" => "不提供所选增信方式",
        "REPAYMENT_NOT_OFFERED" => "不提供所选还款方式",
        "NO_AGREEMENT" => "没有有效的合作协议",
        "FIRST_LOAN_NOT_TAKEN" => "不接受首贷户",
        "RENEWAL_NOT_OFFERED" => "不提供无还本续贷",
        "BETTER_PRODUCT_OF_INSTITUTION" => "该行另有更合适的产品",
        "NOTHING_CHANGED" => "上一轮已询问且无变化",
        _ => return None,
    })
}

/// Why a case waits, ended, or was reopened.
fn of_case(code: &str) -> Option<&'static str> {
    Some(match code {
        "ENTERPRISE_UNKNOWN" => "企业尚未登记入库",
        "ASSET_UNKNOWN" => "有知识产权未登记在该企业名下",
        "CONSENT_NOT_FOUND" => "没有此授权",
        "CONSENT_REVOKED" => "授权已撤回",
        "CONSENT_EXPIRED" => "授权已到期",
        "CONSENT_NOT_YET_VALID" => "授权尚未生效",
        "CONSENT_WRONG_SUBJECT" => "授权书不属于该企业",
        "CONSENT_WRONG_PURPOSE" => "授权目的不符",
        "CONSENT_CATEGORY_MISSING" => "授权范围不足",
        "CONSENT_RECIPIENT_NOT_NAMED" => "授权书未列明该机构",
        "ENTERPRISE" => "企业申请",
        "SUPPLEMENT_TIMEOUT" => "逾期未补正",
        "SELECTION_TIMEOUT" => "逾期未选定",
        "OFFERS_EXPIRED" => "报价全部失效",
        "BANK_DECLINED" => "选定的银行未予批复",
        "APPROVAL_TIMEOUT" => "选定的银行逾期未批复",
        "COVER_REFUSED" => "选定的保险或担保机构未予确认",
        "GIVEN_UP" => "窗口终止",
        "NO_OFFER_LAPSED" => "无报价且逾期未再次派发",
        _ => return None,
    })
}

/// Hard exclusions (domain.md §4.4).
fn exclusion(code: &str) -> Option<&'static str> {
    Some(match code {
        "HX01" => "HX01 失信被执行人",
        "HX02" => "HX02 严重违法失信名单",
        "HX03" => "HX03 经营异常名录",
        "HX04" => "HX04 重大税收违法失信",
        "HX05" => "HX05 拖欠农民工工资失信",
        "HX06" => "HX06 安全生产严重失信",
        "HX07" => "HX07 环保严重失信或停产整治",
        "HX08" => "HX08 知识产权领域严重违法失信",
        "HX09" => "HX09 注销、吊销或破产",
        "HX10" => "HX10 当前银行逾期",
        "HX11" => "HX11 虚构质押",
        "HX12" => "HX12 限制高消费",
        "HX13" => "HX13 知识产权全部终止或存在争议",
        "HX14" => "HX14 限制行业",
        "HX15" => "HX15 不在区域或园区内",
        _ => return None,
    })
}
