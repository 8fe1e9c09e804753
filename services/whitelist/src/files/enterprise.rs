//! The table of enterprises (企业).

use chrono::NaiveDate;
use kernel::{EnterpriseSize, Fen, Uscc, regions};
use uuid::Uuid;

use super::{
    fault::RowReason,
    fields::{Fields, Surroundings, typed},
    kind::Spec,
    line::Lines,
};
use crate::domain::{
    enterprise::{NAME_MAX, Name},
    place::{Industry, Park, Region},
    profile::{Accounts, FORMER_NAMES_MAX, PERSONAL_MAX, Profile, ProfileError, STAFF_MAX, TaxGrade, YEARS},
};

const USCC: usize = 0;
const NAME: usize = 1;
const SIZE: usize = 2;
const INDUSTRY: usize = 3;
const PARK: usize = 4;
const REGION: usize = 5;
const FORMER_NAMES: usize = 6;
const ESTABLISHED: usize = 7;
const REG_CAPITAL: usize = 8;
const LEGAL_REP: usize = 9;
const CONTACT_NAME: usize = 10;
const CONTACT_PHONE: usize = 11;
const CONTACT_EMAIL: usize = 12;
const STAFF: usize = 13;
const RD_STAFF: usize = 14;
const ACCOUNTS_YEAR: usize = 15;
const REVENUE: usize = 16;
const RD_SPEND: usize = 19;
const NET_PROFIT: usize = 22;
const TOTAL_ASSETS: usize = 25;
const TOTAL_LIABILITIES: usize = 26;
const TAX_GRADE: usize = 27;
const PLATFORM_LINK: usize = 28;

const YUAN: &str = "以元为单位的数字，至多两位小数";

pub(super) const SPECS: &[Spec] = &[
    Spec::required("uscc", "统一社会信用代码", "18位，已登记的企业按此更新")
        .known_as(&["信用代码", "社会信用代码"]),
    Spec::required("name", "企业名称", "与营业执照一致，至多100字").known_as(&["名称"]),
    Spec::required("size", "企业规模", "大型、中型、小型、微型，或 LARGE、MEDIUM、SMALL、MICRO")
        .known_as(&["规模"]),
    Spec::required("industry", "行业代码", "《国民经济行业分类》门类字母和至多四位数字，如C3240")
        .known_as(&["行业"]),
    Spec::required("park", "园区", "园区代码或名称，如JY-GX"),
    Spec::required("region", "行政区划", "六位代码，如419001").known_as(&["行政区划代码"]),
    Spec::optional("former_names", "曾用名", "多个以分号隔开，至多20个"),
    Spec::optional("established_on", "成立日期", "如2022-09-15、2022/9/15、2022年9月15日"),
    Spec::optional("reg_capital", "注册资本（元）", YUAN),
    Spec::optional("legal_rep", "法定代表人", "姓名；属个人信息，导出时脱敏"),
    Spec::optional("contact_name", "联系人", "姓名；填写后替换原有联系人"),
    Spec::optional("contact_phone", "联系电话", "与联系人一并填写"),
    Spec::optional("contact_email", "联系邮箱", "与联系人一并填写"),
    Spec::optional("staff", "从业人员数", "整数"),
    Spec::optional("rd_staff", "研发人员数", "整数，不多于从业人员数，与从业人员数一并填写"),
    Spec::optional("accounts_year", "财务年度", "四位年份，已结束的年度；填写后替换原有三年财务数据"),
    Spec::optional("revenue", "营业收入（元）", YUAN),
    Spec::optional("revenue_before", "上年营业收入（元）", YUAN),
    Spec::optional("revenue_two_before", "前年营业收入（元）", YUAN),
    Spec::optional("rd_spend", "研发投入（元）", YUAN),
    Spec::optional("rd_spend_before", "上年研发投入（元）", YUAN),
    Spec::optional("rd_spend_two_before", "前年研发投入（元）", YUAN),
    Spec::optional("net_profit", "净利润（元）", "以元为单位的数字，亏损为负数"),
    Spec::optional("net_profit_before", "上年净利润（元）", "以元为单位的数字，亏损为负数"),
    Spec::optional("net_profit_two_before", "前年净利润（元）", "以元为单位的数字，亏损为负数"),
    Spec::optional("total_assets", "资产总额（元）", YUAN),
    Spec::optional("total_liabilities", "负债总额（元）", YUAN),
    Spec::optional("tax_grade", "纳税信用等级", "A、B、M、C、D"),
    Spec::optional("platform_link", "创新平台或产学研", "是、否"),
    Spec::shown("legal_rep_masked", "法定代表人（脱敏）"),
    Spec::shown("contacts_masked", "联系人（脱敏）"),
];

/// The order of the fields of a staged line.
pub(super) fn stage(
    fields: &mut Fields<'_>,
    around: &Surroundings,
    import_id: Uuid,
    new_id: Uuid,
    lines: &mut Lines,
) -> Option<Uscc> {
    let before = fields.faults.len();
    let uscc = fields.uscc(USCC);
    let name = fields.needed_text(NAME, NAME_MAX);
    let size = fields.read_needed(SIZE, RowReason::CodeUnknown, |text| {
        let text = typed(text);
        let short = text.strip_suffix("企业").unwrap_or(&text);
        EnterpriseSize::ALL.iter().copied().find(|size| {
            let name = size.chinese();
            short == size.code() || short == name || Some(short) == name.strip_suffix('型')
        })
    });
    let industry =
        fields.read_needed(INDUSTRY, RowReason::IndustryInvalid, |text| Industry::parse(&typed(text)));
    let park = fields.read_needed(PARK, RowReason::ParkUnknown, |text| park(text, around));
    let region = fields.read_needed(REGION, RowReason::RegionInvalid, |text| Region::parse(&typed(text)));
    let former_names = former_names(fields);
    let contact = Contact::read(fields);
    let legal_rep = fields.text(LEGAL_REP, PERSONAL_MAX);
    let tax_grade = fields.read(TAX_GRADE, RowReason::CodeUnknown, |text| TaxGrade::from_code(&typed(text)));
    let platform_link = fields.yes_or_no(PLATFORM_LINK);
    let profile = profile(fields, around.today);
    if fields.faults.len() > before {
        // What the file is known by is told even so, that repeats of it are found.
        return uscc;
    }
    let (Some(uscc), Some(name), Some(size), Some(industry), Some(park), Some(region)) =
        (uscc, name, size, industry, park, region)
    else {
        return None;
    };
    let id = around.enterprise(uscc.as_str()).unwrap_or(new_id);
    let fen = |amount: Option<Fen>| amount.map(Fen::get);
    let accounts = profile.accounts;
    let years = |of: fn(&Accounts) -> &[Option<Fen>; YEARS]| {
        accounts.as_ref().map_or([None; YEARS], |accounts| of(accounts).map(|amount| amount.map(Fen::get)))
    };
    lines.id(import_id);
    lines.plain(fields.row.number);
    lines.id(id);
    lines.text(uscc.as_str());
    lines.text(name);
    lines.text(size.code());
    lines.text(industry.as_str());
    lines.text(park.as_str());
    lines.text(region.as_str());
    lines.texts(former_names.iter().map(Name::as_str));
    lines.date(profile.established_on);
    lines.opt(fen(profile.reg_capital));
    lines.opt_text(legal_rep);
    lines.texts(contact.name);
    lines.texts(contact.name.map(|_| contact.phone.unwrap_or_default()));
    lines.texts(contact.name.map(|_| contact.email.unwrap_or_default()));
    lines.opt(profile.staff);
    lines.opt(profile.rd_staff);
    lines.opt(accounts.as_ref().map(|accounts| accounts.year));
    lines.numbers(years(|accounts| &accounts.revenue));
    lines.numbers(years(|accounts| &accounts.rd_spend));
    lines.numbers(years(|accounts| &accounts.net_profit));
    lines.opt(fen(profile.total_assets));
    lines.opt(fen(profile.total_liabilities));
    lines.opt_text(tax_grade.map(TaxGrade::code));
    lines.opt(platform_link.map(|link| if link { 't' } else { 'f' }));
    lines.end();
    Some(uscc)
}

fn park(text: &str, around: &Surroundings) -> Option<Park> {
    let text = typed(text);
    let named = regions::DEFAULT_PARKS.iter().find(|(_, name)| typed(name) == text).map(|(code, _)| *code);
    around.parks.find(named.unwrap_or(&text))
}

fn former_names(fields: &mut Fields<'_>) -> Vec<Name> {
    let most = FORMER_NAMES_MAX * (NAME_MAX + 2);
    let Some(text) = fields.text(FORMER_NAMES, most) else { return Vec::new() };
    let names: Option<Vec<Name>> =
        text.split(['；', ';']).filter(|name| !name.trim().is_empty()).map(Name::parse).collect();
    match names.filter(|names| names.len() <= FORMER_NAMES_MAX) {
        Some(names) => names,
        None => {
            fields.refuse(FORMER_NAMES, RowReason::TooLong);
            Vec::new()
        }
    }
}

struct Contact<'a> {
    name: Option<&'a str>,
    phone: Option<&'a str>,
    email: Option<&'a str>,
}

impl<'a> Contact<'a> {
    fn read(fields: &mut Fields<'a>) -> Self {
        let before = fields.faults.len();
        let name = fields.text(CONTACT_NAME, PERSONAL_MAX);
        let phone = fields.text(CONTACT_PHONE, PERSONAL_MAX);
        let email = fields.text(CONTACT_EMAIL, PERSONAL_MAX);
        if name.is_none() && (phone.is_some() || email.is_some()) && fields.faults.len() == before {
            fields.refuse(CONTACT_NAME, RowReason::Together);
        }
        Self { name, phone, email }
    }
}

/// What is checked as a whole; the parts about people are read elsewhere.
fn profile(fields: &mut Fields<'_>, today: NaiveDate) -> Profile {
    let before = fields.faults.len();
    let mut profile = Profile {
        established_on: fields.date(ESTABLISHED),
        reg_capital: fields.amount(REG_CAPITAL, false),
        staff: fields.count(STAFF, STAFF_MAX),
        rd_staff: fields.count(RD_STAFF, STAFF_MAX),
        total_assets: fields.amount(TOTAL_ASSETS, false),
        total_liabilities: fields.amount(TOTAL_LIABILITIES, false),
        ..Profile::default()
    };
    let year = fields.count(ACCOUNTS_YEAR, 2_999);
    let mut three = |first: usize, negative| [0, 1, 2].map(|before| fields.amount(first + before, negative));
    let (revenue, rd_spend, net_profit) =
        (three(REVENUE, false), three(RD_SPEND, false), three(NET_PROFIT, true));
    let any = revenue.iter().chain(&rd_spend).chain(&net_profit).any(Option::is_some);
    profile.accounts = year.map(|year| Accounts { year, revenue, rd_spend, net_profit });
    if fields.faults.len() > before {
        return profile;
    }
    if any && year.is_none() {
        fields.refuse(ACCOUNTS_YEAR, RowReason::Together);
    }
    if profile.rd_staff.is_some() && profile.staff.is_none() {
        fields.refuse(STAFF, RowReason::Together);
    }
    match profile.check(today) {
        Ok(()) => {}
        Err(ProfileError::EstablishedInFuture) => fields.refuse(ESTABLISHED, RowReason::DateInFuture),
        Err(ProfileError::MoreResearchersThanStaff) => {
            fields.refuse(RD_STAFF, RowReason::MoreResearchersThanStaff)
        }
        Err(ProfileError::AccountsYear) => fields.refuse(ACCOUNTS_YEAR, RowReason::AccountsYear),
        Err(ProfileError::NegativeAccounts) => fields.refuse(REVENUE, RowReason::AmountNegative),
    }
    profile
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_those_of_the_columns() {
        for (place, key) in [
            (USCC, "uscc"),
            (REGION, "region"),
            (FORMER_NAMES, "former_names"),
            (CONTACT_EMAIL, "contact_email"),
            (ACCOUNTS_YEAR, "accounts_year"),
            (REVENUE, "revenue"),
            (RD_SPEND, "rd_spend"),
            (NET_PROFIT, "net_profit"),
            (TOTAL_ASSETS, "total_assets"),
            (PLATFORM_LINK, "platform_link"),
        ] {
            assert_eq!(SPECS[place].column.key, key);
        }
    }
}
