//! The table of qualifications (资质).

use kernel::Qualification;
use uuid::Uuid;

use super::{
    fault::RowReason,
    fields::{Fields, Surroundings, typed},
    kind::Spec,
    line::Lines,
};
use crate::domain::enterprise::{QUALIFICATION_NUMBER_MAX, QualificationHeld, QualificationLevel};

const USCC: usize = 0;
const CODE: usize = 1;
const NUMBER: usize = 2;
const LEVEL: usize = 3;
const VALID_FROM: usize = 4;
const VALID_TO: usize = 5;

pub(super) const SPECS: &[Spec] = &[
    Spec::required("uscc", "统一社会信用代码", "已登记企业的18位代码").known_as(&["信用代码", "社会信用代码"]),
    Spec::required(
        "qualification",
        "资质",
        "高新技术企业、科技型中小企业、专精特新中小企业、专精特新小巨人企业、创新型中小企业、知识产权优势企业、知识产权示范企业、知识产权强企、知识产权管理体系贯标认证企业、绿色工厂，或其代码",
    )
    .known_as(&["资质名称"]),
    Spec::optional("number", "证书编号", "至多60字"),
    Spec::optional("level", "级别", "示范区、省级、国家级"),
    Spec::required("valid_from", "生效日期", "如2022-09-15、2022/9/15、2022年9月15日"),
    Spec::required("valid_to", "失效日期", "最后一个有效的日子，不早于生效日期"),
];

/// Names of the levels.
pub(super) const LEVELS: [(QualificationLevel, &str); 3] = [
    (QualificationLevel::Zone, "示范区"),
    (QualificationLevel::Province, "省级"),
    (QualificationLevel::National, "国家级"),
];

pub(super) fn level(text: &str) -> Option<QualificationLevel> {
    let text = typed(text);
    LEVELS.iter().find(|(level, name)| text == level.code() || text == *name).map(|(level, _)| *level)
}

/// What a row is known by: enterprise, qualification, certificate number.
pub(super) type Key = (Uuid, Qualification, String);

pub(super) fn stage(
    fields: &mut Fields<'_>,
    around: &Surroundings,
    import_id: Uuid,
    lines: &mut Lines,
) -> Option<Key> {
    let before = fields.faults.len();
    let enterprise = fields.enterprise(USCC, around);
    let code = fields.read_needed(CODE, RowReason::CodeUnknown, |text| {
        let text = typed(text);
        Qualification::ALL.iter().copied().find(|code| text == code.code() || text == typed(code.chinese()))
    });
    let number = fields.text(NUMBER, QUALIFICATION_NUMBER_MAX).unwrap_or_default();
    let level = fields.read(LEVEL, RowReason::CodeUnknown, level);
    let (from, to) = (fields.needed_date(VALID_FROM), fields.needed_date(VALID_TO));
    let key = enterprise.zip(code).map(|(enterprise, code)| (enterprise, code, number.to_owned()));
    let held = match (code, from, to) {
        (Some(code), Some(from), Some(to)) => {
            let held = QualificationHeld::new(code, number.to_owned(), from, to);
            if held.is_none() {
                fields.refuse(VALID_TO, RowReason::DateOrder);
            }
            held
        }
        _ => None,
    };
    if let (Some((enterprise, ..)), Some(held), true) = (&key, held, fields.faults.len() == before) {
        lines.id(import_id);
        lines.plain(fields.row.number);
        lines.id(*enterprise);
        lines.text(held.code.code());
        lines.text(&held.number);
        lines.opt_text(level.map(QualificationLevel::code));
        lines.plain(held.valid_from());
        lines.plain(held.valid_to());
        lines.end();
    }
    key
}
