//! The table of legal-status events (法律状态事件): what the gazette or a register told of rights that are registered here.

use chrono::NaiveDate;
use kernel::trademark::NiceClass;
use uuid::Uuid;

use super::{
    asset::{ip_type, nice_class, number},
    fault::RowReason,
    fields::{Fields, Surroundings, typed},
    kind::Spec,
    line::Lines,
};
use crate::domain::{
    asset::Detail,
    legal::{LegalCode, REFERENCE_MAX},
};

const USCC: usize = 0;
const TYPE: usize = 1;
const NUMBER: usize = 2;
const NICE_CLASS: usize = 3;
const CODE: usize = 4;
const ON: usize = 5;
const REFERENCE: usize = 6;

pub(super) const SPECS: &[Spec] = &[
    Spec::required("uscc", "统一社会信用代码", "登记该知识产权的企业的18位代码").known_as(&["信用代码", "社会信用代码"]),
    Spec::required("type", "类型", "与知识产权表一致，如发明专利、注册商标，或其代码").known_as(&["知识产权类型"]),
    Spec::required("number", "编号", "已登记的专利号、注册号、登记号等；请将单元格设为文本")
        .known_as(&["专利号", "注册号", "登记号"]),
    Spec::optional("nice_class", "商标类别", "1至45；仅商标，与知识产权表一致"),
    Spec::required(
        "code",
        "事件代码",
        "PE01质押生效、PM01质押变更、PC01质押注销、PP01保全、PD01保全解除、TR01转移、EE01许可备案生效、EM01许可备案变更、EC01许可备案注销、IP部分无效、IW全部无效、CF01未缴年费终止、CX01期限届满终止、TD01权属纠纷中止、TD02权属纠纷中止结束、IR01无效宣告请求受理、IR02无效宣告审查结束（维持有效）、IR03部分无效，其余部分维持有效、RS01恢复权利；填写代码或名称",
    )
    .known_as(&["法律状态", "法律状态代码"]),
    Spec::required("on", "事件日期", "不晚于今天，如2022-09-15、2022/9/15、2022年9月15日")
        .known_as(&["法律状态公告日"]),
    Spec::optional("reference", "关联编号", "质押登记号、案号等，至多64字；生效与注销以同一编号对应")
        .known_as(&["质押登记号", "案号"]),
    Spec::shown("title", "名称"),
    Spec::shown("event", "事件名称"),
];

/// What a row is known by: right, event, day, reference.
pub(super) type Key = (Uuid, LegalCode, NaiveDate, String);

pub(super) fn stage(
    fields: &mut Fields<'_>,
    around: &Surroundings,
    import_id: Uuid,
    lines: &mut Lines,
) -> Option<Key> {
    let before = fields.faults.len();
    let enterprise = fields.enterprise(USCC, around);
    let kind = fields.read_needed(TYPE, RowReason::CodeUnknown, ip_type);
    let number = number(fields, NUMBER, kind);
    let class = nice_class(fields, NICE_CLASS);
    let misplaced = Detail { nice_class: class, ..Detail::default() };
    if kind.is_some_and(|kind| misplaced.misplaced(kind).is_some()) {
        fields.refuse(NICE_CLASS, RowReason::NotForType);
    }
    let named_well = fields.faults.len() == before;
    let code = fields.read_needed(CODE, RowReason::CodeUnknown, legal_code);
    let on = fields.needed_date(ON);
    if on.is_some_and(|on| on > around.today) {
        fields.refuse(ON, RowReason::DateInFuture);
    }
    let reference = fields.text(REFERENCE, REFERENCE_MAX).unwrap_or_default();
    let (Some(enterprise), Some(kind), Some(number), true) = (enterprise, kind, number, named_well) else {
        return None;
    };
    let class = class.map_or(0, |class: NiceClass| i32::from(class.get()));
    let Some(asset) = around.rights.find((enterprise, kind.code(), number.as_str(), class)) else {
        fields.refuse(NUMBER, RowReason::AssetUnknown);
        return None;
    };
    let key = (asset, code?, on?, reference.to_owned());
    if fields.faults.len() == before {
        lines.id(import_id);
        lines.plain(fields.row.number);
        lines.id(asset);
        lines.text(key.1.code());
        lines.plain(key.2);
        lines.text(reference);
        lines.end();
    }
    Some(key)
}

/// By the gazette's code or by its name.
fn legal_code(text: &str) -> Option<LegalCode> {
    LegalCode::parse(text).or_else(|| {
        let text = typed(text);
        LegalCode::ALL.iter().copied().find(|code| text == typed(code.chinese()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_those_of_the_columns() {
        for (place, key) in [
            (USCC, "uscc"),
            (TYPE, "type"),
            (NUMBER, "number"),
            (NICE_CLASS, "nice_class"),
            (CODE, "code"),
            (ON, "on"),
            (REFERENCE, "reference"),
        ] {
            assert_eq!(SPECS[place].column.key, key);
        }
    }

    #[test]
    fn events_are_known_by_code_and_by_name_and_the_template_names_them_all() {
        for code in LegalCode::ALL {
            assert_eq!(legal_code(code.code()), Some(*code));
            assert_eq!(legal_code(code.chinese()), Some(*code));
            assert!(SPECS[CODE].note.contains(&format!("{}{}", code.code(), code.chinese())), "{code:?}");
        }
        assert_eq!(legal_code(" pe01 "), Some(LegalCode::PledgeEffective));
        assert_eq!(legal_code("GR01"), None);
    }
}
