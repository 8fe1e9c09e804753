//! The table of IP assets (知识产权).

use chrono::NaiveDate;
use kernel::{BasisPoints, IpNumber, IpType, Uscc, trademark::NiceClass};
use uuid::Uuid;

use super::{
    fault::RowReason,
    fields::{Fields, Surroundings, basis_points, typed},
    kind::Spec,
    line::Lines,
};
use crate::domain::{
    asset::{AssetDates, AssetDatesError, COUNT_MAX, Detail, HighValue, IPC_MAX, PRODUCT_MAX, TITLE_MAX},
    ownership::{OWNERS_MAX, Owners, OwnersError, Party},
    profile::{PERSONAL_MAX, Personal},
};

const USCC: usize = 0;
const TYPE: usize = 1;
const NUMBER: usize = 2;
const TITLE: usize = 3;
const NICE_CLASS: usize = 4;
const FILED: usize = 5;
const GRANTED: usize = 6;
const OWNERS: usize = 7;
const INVENTORS: usize = 8;
const FIRST_USE: usize = 9;
const CREATED_ON: usize = 10;
const RENEWED_TO: usize = 11;
const ANNUITY_PAID_TO: usize = 12;
const IPC_MAIN: usize = 13;
const PRODUCT_LINK: usize = 14;
const REVENUE_SHARE: usize = 15;
const FAMILY_SIZE: usize = 16;
const CITATIONS: usize = 17;
const LITIGATION_PROVEN: usize = 18;
const HIGH_VALUE: usize = 19;
const ACQUIRED_FROM: usize = 20;
const ACQUIRED_ON: usize = 21;

const DAY: &str = "如2022-09-15、2022/9/15、2022年9月15日";
/// Longest number in characters.
const NUMBER_MAX: usize = 64;

pub(super) const SPECS: &[Spec] = &[
    Spec::required("uscc", "统一社会信用代码", "已登记企业的18位代码").known_as(&["信用代码", "社会信用代码"]),
    Spec::required(
        "type",
        "类型",
        "发明专利、实用新型、外观设计、注册商标、地理标志证明/集体商标、地理标志产品专用标志、集成电路布图设计、软件著作权、作品著作权、许可收益权、植物新品种、数据知识产权，或其代码",
    )
    .known_as(&["知识产权类型"]),
    Spec::required("number", "编号", "专利号、注册号、登记号等，与证书一致；请将单元格设为文本")
        .known_as(&["专利号", "注册号", "登记号"]),
    Spec::required("title", "名称", "与证书一致，至多200字"),
    Spec::optional("nice_class", "商标类别", "1至45；仅商标"),
    Spec::optional("filing_date", "申请日", DAY),
    Spec::optional("grant_date", "授权日", DAY).known_as(&["授权公告日", "注册日"]),
    Spec::optional("owners", "权利人", "多个以分号隔开，各为“代码或名称:份额%”；份额都不填时均分；为空表示企业独有"),
    Spec::optional("inventors", "发明人数", "整数"),
    Spec::optional("first_use_date", "首次商业利用日", "仅集成电路布图设计"),
    Spec::optional("creation_date", "创作完成日", "仅集成电路布图设计"),
    Spec::optional("renewed_to", "续展至", "仅商标；续展后不再有效的第一天"),
    Spec::optional("annuity_paid_to", "年费已缴至", "仅专利"),
    Spec::optional("ipc_main", "主分类号", "仅专利，如H01M10/54"),
    Spec::optional("product_link", "对应产品", "至多200字"),
    Spec::optional("revenue_share", "产品收入占比（%）", "0至100，至多两位小数"),
    Spec::optional("family_size", "同族数", "整数"),
    Spec::optional("citations", "被引次数", "整数"),
    Spec::optional("litigation_proven", "经诉讼或无效程序维持", "是、否"),
    Spec::optional(
        "high_value",
        "高价值发明专利依据",
        "仅发明专利；战略性新兴产业、海外同族、维持10年以上、质押金额较高、获奖，多个以分号隔开",
    ),
    Spec::optional("acquired_from", "受让自", "转让人；可能属个人信息，导出时脱敏"),
    Spec::optional("acquired_on", "受让日", DAY),
    Spec::shown("owners_masked", "权利人（脱敏）"),
    Spec::shown("acquired_from_masked", "受让自（脱敏）"),
    Spec::shown("term_ends", "权利到期日"),
    Spec::shown("annuity_due", "年费应缴日"),
    Spec::shown("annuity_status", "年费状态"),
];

/// Names of the grounds of high value as people write them.
pub(super) const GROUNDS: [(HighValue, &str); 5] = [
    (HighValue::StrategicIndustry, "战略性新兴产业"),
    (HighValue::OverseasFamily, "海外同族"),
    (HighValue::LongMaintained, "维持10年以上"),
    (HighValue::PledgedHigh, "质押金额较高"),
    (HighValue::Awarded, "获奖"),
];

/// What a row is known by: enterprise, kind, number, class.
pub(super) type Key = (Uuid, IpType, String, u8);

pub(super) fn stage(
    fields: &mut Fields<'_>,
    around: &Surroundings,
    import_id: Uuid,
    new_id: Uuid,
    lines: &mut Lines,
) -> Option<Key> {
    let before = fields.faults.len();
    let enterprise = fields.enterprise(USCC, around);
    let kind = fields.read_needed(TYPE, RowReason::CodeUnknown, ip_type);
    let number = number(fields, NUMBER, kind);
    let title = fields.needed_text(TITLE, TITLE_MAX);
    let dates = dates(fields, around.today);
    let owners = owners(fields);
    let detail = detail(fields, kind, around.today);
    let key = match (enterprise, kind, number) {
        (Some(enterprise), Some(kind), Some(number)) => {
            (enterprise, kind, number.as_str().to_owned(), detail.nice_class.map_or(0, NiceClass::get))
        }
        _ => return None,
    };
    let (Some(title), true) = (title, fields.faults.len() == before) else { return Some(key) };
    let (enterprise, kind, number, class) = &key;
    lines.id(import_id);
    lines.plain(fields.row.number);
    lines.id(new_id);
    lines.id(*enterprise);
    lines.text(kind.code());
    lines.text(number);
    lines.text(title);
    lines.date(dates.filed());
    lines.date(dates.granted());
    let named = owners.named();
    lines.texts(named.iter().map(|owner| owner.party.uscc().map_or("", Uscc::as_str)));
    lines.texts(named.iter().map(|owner| owner.party.name().map_or("", Personal::reveal)));
    lines.numbers(named.iter().map(|owner| Some(owner.share.get())));
    lines.opt(detail.inventors);
    lines.date(detail.first_use);
    lines.date(detail.created_on);
    lines.date(detail.renewed_to);
    lines.date(detail.annuity_paid_to);
    lines.opt_text(detail.ipc_main.as_deref());
    lines.plain(class);
    lines.opt_text(detail.product_link.as_deref());
    lines.opt(detail.revenue_share.map(BasisPoints::get));
    lines.opt(detail.family_size);
    lines.opt(detail.citations);
    lines.opt(detail.litigation_proven.map(|proven| if proven { 't' } else { 'f' }));
    lines.texts(detail.high_value.iter().map(|ground| ground.code()));
    lines.opt_text(detail.acquired_from.as_ref().map(Personal::reveal));
    lines.date(detail.acquired_on);
    lines.end();
    Some(key)
}

/// The number of a right of `kind`, as people type it.
pub(super) fn number(fields: &mut Fields<'_>, column: usize, kind: Option<IpType>) -> Option<IpNumber> {
    let number = fields.needed_text(column, NUMBER_MAX);
    kind.zip(number).and_then(|(kind, text)| match IpNumber::parse(kind, text) {
        Ok(checked) => Some(checked.value),
        Err(_) => {
            fields.refuse(column, RowReason::IpNumberInvalid);
            None
        }
    })
}

pub(super) fn nice_class(fields: &mut Fields<'_>, column: usize) -> Option<NiceClass> {
    let class = fields.count(column, 45)?;
    let known = NiceClass::new(class);
    if known.is_none() {
        fields.refuse(column, RowReason::NumberOutOfRange);
    }
    known
}

pub(super) fn ip_type(text: &str) -> Option<IpType> {
    // Codes come as they are, names perhaps in another width.
    IpType::from_code(text).or_else(|| {
        let text = typed(text);
        IpType::ALL.iter().copied().find(|kind| {
            text == kind.code() || text == typed(kind.chinese()) || short_name(*kind) == Some(text.as_str())
        })
    })
}

fn short_name(kind: IpType) -> Option<&'static str> {
    match kind {
        IpType::Invention => Some("发明"),
        IpType::Utility => Some("实用新型专利"),
        IpType::Design => Some("外观设计专利"),
        IpType::Trademark => Some("商标"),
        IpType::IcLayout => Some("布图设计"),
        IpType::Software => Some("软著"),
        IpType::GiMark
        | IpType::GiProductSign
        | IpType::Work
        | IpType::LicenseRevenue
        | IpType::PlantVariety
        | IpType::DataIp => None,
    }
}

fn dates(fields: &mut Fields<'_>, today: NaiveDate) -> AssetDates {
    let (filed, granted) = (fields.date(FILED), fields.date(GRANTED));
    match AssetDates::new(filed, granted, today) {
        Ok(dates) => return dates,
        Err(AssetDatesError::FiledInFuture) => fields.refuse(FILED, RowReason::DateInFuture),
        Err(AssetDatesError::GrantedInFuture) => fields.refuse(GRANTED, RowReason::DateInFuture),
        Err(AssetDatesError::GrantedBeforeFiled) => fields.refuse(GRANTED, RowReason::DateOrder),
    }
    AssetDates::default()
}

fn owners(fields: &mut Fields<'_>) -> Owners {
    let most = OWNERS_MAX * (PERSONAL_MAX + 10);
    let Some(text) = fields.text(OWNERS, most) else { return Owners::default() };
    let parties: Option<Vec<(Party, Option<i32>)>> =
        text.split(['；', ';']).filter(|part| !part.trim().is_empty()).map(owner).collect();
    let reason = match parties.filter(|parties| (1..=OWNERS_MAX).contains(&parties.len())).map(Owners::new) {
        Some(Ok(owners)) => return owners,
        Some(Err(OwnersError::SharesNotWhole)) => RowReason::SharesNotWhole,
        Some(Err(OwnersError::Repeated)) | None => RowReason::OwnersInvalid,
    };
    fields.refuse(OWNERS, reason);
    Owners::default()
}

fn owner(part: &str) -> Option<(Party, Option<i32>)> {
    let (who, share) = match part.rsplit_once(['：', ':']) {
        Some((who, share)) => (who, Some(basis_points(share)?)),
        None => (part, None),
    };
    let party = match Uscc::parse(who) {
        Ok(checked) => Party::Coded { uscc: checked.value, name: None },
        Err(_) => Party::Named(Personal::parse(who)?),
    };
    Some((party, share))
}

fn detail(fields: &mut Fields<'_>, kind: Option<IpType>, today: NaiveDate) -> Detail {
    let detail = Detail {
        inventors: fields.count(INVENTORS, COUNT_MAX),
        first_use: fields.date(FIRST_USE),
        created_on: fields.date(CREATED_ON),
        renewed_to: fields.date(RENEWED_TO),
        annuity_paid_to: fields.date(ANNUITY_PAID_TO),
        ipc_main: fields.text(IPC_MAIN, IPC_MAX).map(str::to_owned),
        nice_class: nice_class(fields, NICE_CLASS),
        product_link: fields.text(PRODUCT_LINK, PRODUCT_MAX).map(str::to_owned),
        revenue_share: fields.percent(REVENUE_SHARE).map(BasisPoints::new),
        family_size: fields.count(FAMILY_SIZE, COUNT_MAX),
        citations: fields.count(CITATIONS, COUNT_MAX),
        litigation_proven: fields.yes_or_no(LITIGATION_PROVEN),
        high_value: fields
            .read(HIGH_VALUE, RowReason::CodeUnknown, |text| {
                text.split(['；', ';']).filter(|part| !part.trim().is_empty()).map(ground).collect()
            })
            .unwrap_or_default(),
        acquired_from: fields.text(ACQUIRED_FROM, PERSONAL_MAX).and_then(Personal::parse),
        acquired_on: fields.date(ACQUIRED_ON),
    };
    let misplaced = kind.and_then(|kind| detail.misplaced(kind)).map(|field| (field, RowReason::NotForType));
    let in_future = detail.in_future(today).map(|field| (field, RowReason::DateInFuture));
    if let Some((field, reason)) = misplaced.or(in_future) {
        // Columns are named as in the contract.
        let column = fields.specs.iter().position(|spec| spec.column.key == field).unwrap_or(TYPE);
        fields.refuse(column, reason);
    }
    detail
}

fn ground(text: &str) -> Option<HighValue> {
    let text = typed(text);
    GROUNDS
        .iter()
        .find(|(ground, name)| text == ground.code() || text == typed(name))
        .map(|(ground, _)| *ground)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_those_of_the_columns() {
        for (place, key) in [
            (USCC, "uscc"),
            (NICE_CLASS, "nice_class"),
            (OWNERS, "owners"),
            (ANNUITY_PAID_TO, "annuity_paid_to"),
            (REVENUE_SHARE, "revenue_share"),
            (HIGH_VALUE, "high_value"),
            (FIRST_USE, "first_use_date"),
            (CREATED_ON, "creation_date"),
            (ACQUIRED_ON, "acquired_on"),
        ] {
            assert_eq!(SPECS[place].column.key, key);
        }
    }

    #[test]
    fn types_are_known_by_code_and_by_name() {
        for kind in IpType::ALL {
            assert_eq!(ip_type(kind.code()), Some(*kind));
            assert_eq!(ip_type(kind.chinese()), Some(*kind));
        }
        assert_eq!(ip_type(" 发明 "), Some(IpType::Invention));
        assert_eq!(ip_type("专利"), None);
    }

    #[test]
    fn an_owner_is_a_code_or_a_name_with_or_without_a_share() {
        let (party, share) = owner("91419001MA9ABC128H：60%").unwrap();
        assert_eq!((party.uscc().map(Uscc::as_str), share), (Some("91419001MA9ABC128H"), Some(6_000)));
        let (party, share) = owner(" 某协会 ").unwrap();
        assert_eq!((party.name().map(Personal::reveal), share), (Some("某协会"), None));
        assert!(owner("某协会:多数").is_none());
    }
}
