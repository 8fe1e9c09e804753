//! The table of lists from above (上级名单): whom the province or the country has on a list.

use uuid::Uuid;

use super::{fault::RowReason, fields::Fields, kind::Spec, line::Lines, qualification::level};
use crate::domain::enterprise::{NAME_MAX, QUALIFICATION_NUMBER_MAX, QualificationLevel};

const USCC: usize = 0;
const NAME: usize = 1;
const LIST: usize = 2;
const LEVEL: usize = 3;
const NUMBER: usize = 4;
const VALID_FROM: usize = 5;
const VALID_TO: usize = 6;
/// Longest name of a list in characters.
const LIST_MAX: usize = 100;

pub(super) const SPECS: &[Spec] = &[
    Spec::required("uscc", "统一社会信用代码", "18位；企业不必已登记")
        .known_as(&["信用代码", "社会信用代码"]),
    Spec::required("name", "企业名称", "至多100字").known_as(&["名称"]),
    Spec::required("list", "名单名称", "至多100字；整份名单一次导入，替换原有同名名单"),
    Spec::optional("level", "级别", "示范区、省级、国家级；不填为省级"),
    Spec::optional("number", "编号", "文号或证书编号，至多60字"),
    Spec::optional("valid_from", "生效日期", "如2022-09-15、2022/9/15、2022年9月15日"),
    Spec::optional("valid_to", "失效日期", "最后一个有效的日子；不填为长期"),
];

/// What a row is known by: list and USCC.
pub(super) type Key = (String, String);

pub(super) fn stage(fields: &mut Fields<'_>, import_id: Uuid, lines: &mut Lines) -> Option<Key> {
    let before = fields.faults.len();
    let uscc = fields.uscc(USCC);
    let name = fields.needed_text(NAME, NAME_MAX);
    let list = fields.needed_text(LIST, LIST_MAX);
    let level = fields.read(LEVEL, RowReason::CodeUnknown, level).unwrap_or(QualificationLevel::Province);
    let number = fields.text(NUMBER, QUALIFICATION_NUMBER_MAX).unwrap_or_default();
    let (from, to) = (fields.date(VALID_FROM), fields.date(VALID_TO));
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        fields.refuse(VALID_TO, RowReason::DateOrder);
    }
    let (uscc, list) = (uscc?, list?);
    if let (Some(name), true) = (name, fields.faults.len() == before) {
        lines.id(import_id);
        lines.plain(fields.row.number);
        lines.text(list);
        lines.text(uscc.as_str());
        lines.text(name);
        lines.text(level.code());
        lines.text(number);
        lines.date(from);
        lines.date(to);
        lines.end();
    }
    Some((list.to_owned(), uscc.as_str().to_owned()))
}
