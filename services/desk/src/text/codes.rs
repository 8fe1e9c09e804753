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
        "CASE_NOBODY_TO_ASK" => "没有可派发的机构",
        "LEG_DELIVERED" => "机构收到",
        "LEG_REVIEWING" => "机构开始审查",
        "LEG_QUESTIONED" => "机构要求补充材料",
        "LEG_QUESTION_ANSWERED" => "已答复机构",
        "LEG_ANSWERED" => "机构已回复",
        "LEG_ANSWERED_LATE" => "机构逾期回复",
        "LEG_ANSWER_TAKEN_BACK" => "机构撤回报价",
        "WINDOW_ELAPSED" => "窗口截止",
        "WINDOW_FIXED" => "窗口截止时间确定",
        "CASE_WAVE_CLOSED" => "银行与评估机构征询结束",
        "COVER_REQUESTED" => "征询保险与担保",
        "COVER_QUOTED" => "保险与担保已答复",
        "COVER_LAPSED" => "保险与担保逾期未答复，按无增信比选",
        "COVER_BOUND" => "增信已确认（出单或签约）",
        "COVER_LOST" => "批复后增信未能落实，须人工处理",
        "CASE_OFFERS_READY" => "报价齐备",
        "CASE_NO_OFFER" => "没有机构报价",
        "CASE_SELECTED" => "企业选定",
        "APPROVAL_FIXED" => "批复期限确定",
        "EVALUATOR_ENGAGED" => "评估机构接受委托",
        "EVALUATOR_BREACHED" => "评估机构逾期未交付报告",
        "EVALUATOR_LOST" => "选定的评估机构未接受委托",
        "REPORT_DELIVERED" => "评估报告已提交",
        "CASE_APPROVED" => "银行批复",
        "CASE_REOPENED" => "选定未成，恢复选择",
        "CASE_EXPIRED" => "逾期失效",
        "CASE_REDISPATCH_REQUESTED" => "申请再次派发",
        "CASE_GIVEN_UP" => "窗口终止",
        "CASE_LAPSED" => "无报价且逾期未再次派发，终止",
        "CASE_WITHDRAWN" => "撤回",
        other => return other.to_owned(),
    };
    known.to_owned()
}

/// What a case waits for until a time (期限). `None`: a timer that is nobody's business.
pub(crate) fn deadline(kind: &str) -> Option<&'static str> {
    match kind {
        "WINDOW" => Some("报价窗口截止"),
        "SUPPLEMENT" => Some("补正期限"),
        "COVER" => Some("保险与担保答复期限"),
        "SELECTION" => Some("选定期限"),
        "APPROVAL" => Some("批复期限"),
        "VALUATION" => Some("评估机构确认或交付报告期限"),
        "NO_OFFER" => Some("再次派发期限，逾期案件终止"),
        _ => None,
    }
}
