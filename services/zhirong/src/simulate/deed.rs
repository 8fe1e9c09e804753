//! What simulated institutions do, as they do it, in words.

use std::fmt;
use std::sync::Arc;

use kernel::{DeclineReason, InstitutionId};

/// What became of a reply, as the institution was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Accepted,
    Late,
    Superseded,
    Refused,
}

impl Fate {
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Accepted => "已收录",
            Self::Late => "按逾期存档",
            Self::Superseded => "被更高序号的报价取代",
            Self::Refused => "未被采纳",
        }
    }
}

/// What an institution does or meets after its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    Quoted,
    Chosen,
    Unchosen,
    Approved,
    Confirmed,
    Reported,
    Refused,
    Ignored,
    TakenBack,
}

impl Later {
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Quoted => "提交报价",
            Self::Chosen => "被企业选定，待确认",
            Self::Unchosen => "选定已撤销，报价继续有效",
            Self::Approved => "出具授信批复",
            Self::Confirmed => "确认承接",
            Self::Reported => "提交评估报告",
            Self::Refused => "选定后不予确认",
            Self::Ignored => "选定后不作答复（模拟）",
            Self::TakenBack => "撤回报价",
        }
    }
}

/// One thing that an institution did or met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    Connected,
    /// The way to the gateway is gone; it will try again.
    Lost(String),
    /// The gateway does not let it in; it gives up.
    Barred(String),
    Received {
        attempt: i32,
    },
    Read {
        assets: usize,
    },
    Accepted,
    Asked {
        codes: String,
    },
    Supplemented {
        documents: usize,
    },
    Offered {
        seq: i32,
    },
    /// The same request was sent again; `same`: the first answer came back, as it must.
    Repeated {
        same: bool,
    },
    Declined(DeclineReason),
    StaysSilent,
    /// An answer was refused because the window had closed.
    ToldTooLate,
    FiledLate {
        seq: i32,
    },
    Heard(Fate),
    /// What comes after the answer.
    Later(Later),
    Closed(String),
    /// A call failed in a way that may pass, and is made again.
    TriedAgain(String),
    Failed(String),
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected => f.write_str("已接入机构网关"),
            Self::Lost(why) => write!(f, "与网关的连接中断，稍后重试：{why}"),
            Self::Barred(why) => write!(f, "网关拒绝接入：{why}"),
            Self::Received { attempt: 1 } => f.write_str("收到任务"),
            Self::Received { attempt } => write!(f, "再次收到任务（第{attempt}次投递）"),
            Self::Read { assets } => write!(f, "阅读申请材料（知识产权{assets}项）"),
            Self::Accepted => f.write_str("开始审查"),
            Self::Asked { codes } => write!(f, "要求补充材料 {codes}"),
            Self::Supplemented { documents } => write!(f, "收到补充材料{documents}份"),
            Self::Offered { seq } => write!(f, "提交报价（第{seq}次）"),
            Self::Repeated { same: true } => f.write_str("重复发送同一请求，得到相同回执"),
            Self::Repeated { same: false } => f.write_str("重复发送同一请求，却得到不同回执"),
            Self::Declined(reason) => write!(f, "谢绝：{} {}", reason.code(), reason.chinese()),
            Self::StaysSilent => f.write_str("不作答复（模拟）"),
            Self::ToldTooLate => f.write_str("答复被退回：窗口已截止"),
            Self::FiledLate { seq } => write!(f, "逾期报价存档（第{seq}次）"),
            Self::Heard(fate) => write!(f, "回执：{}", fate.chinese()),
            Self::Later(later) => f.write_str(later.chinese()),
            Self::Closed(code) => write!(f, "任务结束：{code}"),
            Self::TriedAgain(why) => write!(f, "调用未成，稍后重试：{why}"),
            Self::Failed(why) => write!(f, "未能完成：{why}"),
        }
    }
}

/// Told of each deed: whose, on which assignment (empty: none), and what.
#[derive(Clone)]
pub struct Report(Arc<Tell>);

type Tell = dyn Fn(InstitutionId, &str, &Deed) + Send + Sync;

impl Report {
    pub fn new(tell: impl Fn(InstitutionId, &str, &Deed) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(super) fn tell(&self, institution: InstitutionId, assignment: &str, deed: &Deed) {
        (self.0)(institution, assignment, deed);
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Report")
    }
}
