//! The Chinese names of codes that other roles send.

use proto::common::v1::{LegProgress, LegState};
use proto::intake::v1::CaseState;

/// A case's state (案件状态).
pub(crate) const fn case_state(state: CaseState) -> &'static str {
    match state {
        CaseState::Unspecified => "未知",
        CaseState::Draft => "草稿",
        CaseState::Submitted => "已提交",
        CaseState::Supplement => "待补正",
        CaseState::Accepted => "已受理",
        CaseState::Collecting => "征集中",
        CaseState::OffersReady => "报价齐备",
        CaseState::NoOffer => "无报价",
        CaseState::Rejected => "已终止",
        CaseState::Withdrawn => "已撤回",
        CaseState::Expired => "已失效",
        CaseState::Selected => "已选定",
        CaseState::Approved => "已批复",
    }
}

/// A leg's state, once it may be seen (分路状态).
pub(crate) const fn leg_state(state: LegState) -> &'static str {
    match state {
        LegState::Unspecified => "",
        LegState::Created => "已派发",
        LegState::Received => "已送达",
        LegState::Reviewing => "审查中",
        LegState::InfoRequested => "待补充",
        LegState::Offered => "已报价",
        LegState::Declined => "已谢绝",
        LegState::TimedOut => "超时",
        LegState::Released => "已释放",
        LegState::Expired => "报价已过期",
        LegState::WithdrawnByInst => "机构撤回",
        LegState::Selected => "已选定",
        LegState::Confirmed => "已确认",
        LegState::Fulfilled => "已履行",
        LegState::Breached => "未履行",
    }
}

/// What may be shown of a leg under seal.
pub(crate) const fn progress(progress: LegProgress) -> &'static str {
    match progress {
        LegProgress::Unspecified => "未知",
        LegProgress::Issued => "已派发",
        LegProgress::Delivered => "已送达",
        LegProgress::Question => "待补充",
        LegProgress::Replied => "已回复",
        LegProgress::Closed => "已结束",
    }
}

/// One of the five parties (政企银保服).
pub(crate) fn party(code: &str) -> &'static str {
    match code {
        "GOV" => "政",
        "ENTERPRISE" => "企",
        "BANK" => "银",
        "INSURER" => "保",
        "SERVICE" => "服",
        _ => "他",
    }
}

/// An entry of the timeline; kinds that are not known here are shown as they are.
pub(crate) fn entry(kind: &str) -> String {
    let known = match kind {
        "CASE_DRAFTED" => "建立草稿",
        "CASE_DRAFT_CHANGED" => "修改草稿",
        "CASE_SUBMITTED" => "提交申请",
        "CASE_HELD" => "暂缓受理，等待窗口核实",
        "CASE_SUPPLEMENT_REQUESTED" => "一次性告知补正",
        "CASE_SUPPLEMENTED" => "补正材料",
        "CASE_ACCEPTED" => "受理",
        "CASE_REJECTED" => "不予受理或终止",
        "CASE_DISPATCHED" => "派发至各机构",
        "CASE_NOBODY_TO_ASK" => "没有适合的产品",
        "LEG_DELIVERED" => "机构收到",
        "LEG_REVIEWING" => "机构开始审查",
        "LEG_QUESTIONED" => "机构要求补充材料",
        "LEG_QUESTION_ANSWERED" => "已答复机构",
        "LEG_ANSWERED" => "机构已回复",
        "LEG_ANSWERED_LATE" => "机构逾期回复",
        "WINDOW_ELAPSED" => "窗口截止",
        "WINDOW_FIXED" => "窗口截止时间确定",
        "CASE_WAVE_CLOSED" => "第一轮次截止，征询增信",
        "COVER_REQUESTED" | "CASE_COVER_REQUESTED" => "征询保险与担保",
        "COVER_QUOTED" | "CASE_COVER_QUOTED" => "保险与担保已答复",
        "COVER_BOUND" | "CASE_COVER_BOUND" => "增信已确认",
        "COVER_RELEASED" | "CASE_COVER_RELEASED" => "增信已释放",
        "CASE_OFFERS_READY" => "报价齐备",
        "CASE_NO_OFFER" => "没有机构报价",
        "CASE_SELECTED" => "企业选定",
        "LEG_SELECTED" => "机构被选定",
        "LEG_UNSELECTED" => "撤销选定",
        "LEG_CONFIRMED" => "机构确认",
        "LEG_FULFILLED" | "LEG_REPORTED" => "评估报告已提交",
        "LEG_RELEASED" => "机构已释放",
        "LEG_WITHDRAWN" | "LEG_WITHDRAWN_BY_INST" => "机构撤回报价",
        "CASE_APPROVED" => "银行批复",
        "CASE_REOPENED" => "选定未成，恢复选择",
        "CASE_EXPIRED" => "逾期失效",
        "CASE_REDISPATCH_REQUESTED" => "再次派发",
        "CASE_GIVEN_UP" => "终止",
        "CASE_WITHDRAWN" => "撤回",
        other => return other.to_owned(),
    };
    known.to_owned()
}

/// Why a product fits, and why it does not (匹配理由).
pub(crate) fn link_reason(code: &str) -> String {
    let known = match code {
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
        "EVALUATES_IP" | "EVALUATOR" => "可评估知识产权",
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
        "BETTER_PRODUCT_OF_INSTITUTION" => "该行另有更合适的产品",
        "NOT_A_RECIPIENT" | "CONSENT_RECIPIENT_NOT_NAMED" => "授权书未列明该机构",
        "NOTHING_CHANGED" | "ASKED_BEFORE" => "上一轮已询问且无变化",
        other => return reason(other),
    };
    known.to_owned()
}

/// Reasons of cases: why they wait, ended, or found nobody.
pub(crate) fn reason(code: &str) -> String {
    let known = match code {
        "NO_PRODUCT" => "没有适合的产品",
        "NO_OFFER" => "没有机构报价",
        "ENTERPRISE_UNKNOWN" => "企业尚未登记入库",
        "ASSET_UNKNOWN" => "有知识产权未登记在该企业名下",
        "CONSENT_NOT_FOUND" => "没有此授权",
        "CONSENT_REVOKED" => "授权已撤回",
        "CONSENT_EXPIRED" => "授权已到期",
        "CONSENT_NOT_YET_VALID" => "授权尚未生效",
        "CONSENT_WRONG_SUBJECT" => "授权书不属于该企业",
        "CONSENT_WRONG_PURPOSE" => "授权目的不符",
        "CONSENT_CATEGORY_MISSING" => "授权范围不足",
        "ENTERPRISE" => "企业申请",
        "SUPPLEMENT_TIMEOUT" => "逾期未补正",
        "GIVEN_UP" => "窗口终止",
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
        other => {
            let document = kernel::DocumentCode::from_code(other);
            return match document {
                Some(code) => format!("{} {}", code.code(), code.chinese()),
                None => match kernel::DeclineReason::from_code(other) {
                    Some(reason) => reason.chinese().to_owned(),
                    None => other.to_owned(),
                },
            };
        }
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_names_and_unknown_ones_are_shown_as_they_are() {
        assert_eq!(reason("D04"), "D04 近两年财报及近期报表");
        assert_eq!(reason("R05"), "现金流不足");
        assert_eq!(reason("SOMETHING_NEW"), "SOMETHING_NEW");
        assert_eq!(link_reason("HX01"), "HX01 失信被执行人");
        assert_eq!(entry("CASE_ACCEPTED"), "受理");
        assert_eq!(entry("NEW_KIND"), "NEW_KIND");
    }
}
