//! Any number of domain.md §2, as people type it: whether it is one, how it is written, and what it tells by itself.

use kernel::{
    Checked, IpNumber, IpType, PatentNumber, Uscc, Warning,
    case_number::{NumberKind, SystemNumber},
    institution_codes::{CnapsCode, FinancialInstitutionCode, InstitutionCodeError, LicenceCode},
    legal_status::LegalStatus,
    patent::PatentError,
    privacy,
    publication::PublicationNumber,
    regions,
    registrations::PledgeNumber,
    resident_id::is_resident_id,
    typed::normalise,
    uscc::UsccError,
};

use super::place::{Parks, Region};

/// Longest text that is looked at, in characters.
pub const TEXT_MAX: usize = 200;

/// What a number is said to be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentifierKind {
    Uscc,
    Patent,
    Publication,
    Trademark,
    IcLayout,
    Software,
    Work,
    Pledge,
    LegalStatus,
    ResidentId,
    Cnaps,
    FinancialInstitution,
    FinancialLicence,
    Region,
    Park,
    Case,
    GiMark,
    GiProductSign,
    PlantVariety,
    Demand,
    WhitelistNumber,
    PolicyNumber,
    CircularNumber,
}

impl IdentifierKind {
    pub const ALL: [Self; 23] = [
        Self::Uscc,
        Self::Patent,
        Self::Publication,
        Self::Trademark,
        Self::IcLayout,
        Self::Software,
        Self::Work,
        Self::Pledge,
        Self::LegalStatus,
        Self::ResidentId,
        Self::Cnaps,
        Self::FinancialInstitution,
        Self::FinancialLicence,
        Self::Region,
        Self::Park,
        Self::Case,
        Self::GiMark,
        Self::GiProductSign,
        Self::PlantVariety,
        Self::Demand,
        Self::WhitelistNumber,
        Self::PolicyNumber,
        Self::CircularNumber,
    ];

    /// The number of `zhirong.whitelist.v1.IdentifierKind`: the place in [`Self::ALL`], from 1.
    pub fn from_number(number: i32) -> Option<Self> {
        usize::try_from(number).ok()?.checked_sub(1).and_then(|place| Self::ALL.get(place)).copied()
    }
}

/// A good number and what it tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The one written form; of a resident only masked.
    pub written: String,
    pub warnings: Vec<Warning>,
    pub ip_type: Option<IpType>,
    pub year: Option<i32>,
    /// As written in the number.
    pub region: Option<String>,
    /// To be treated as personal information (domain.md §2.6).
    pub personal: bool,
    /// 登记管理部门, of a USCC.
    pub registrar: Option<&'static str>,
    /// 类别, of a USCC.
    pub subject_kind: Option<&'static str>,
    /// Of a patent: it came by way of an international application (PCT).
    pub international: bool,
}

/// Why a text is no such number: a code for programs, a sentence for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub code: &'static str,
    pub chinese: &'static str,
}

const TOO_LONG: Fault = Fault { code: "TOO_LONG", chinese: "内容过长，请只填写一个编号" };
const EMPTY: Fault = Fault { code: "EMPTY", chinese: "请填写编号" };

/// Checks `text` as a number of `kind`; `parks` are those that take part.
///
/// # Errors
/// [`Fault`] with its code; the text itself is in none of its parts.
pub fn check(kind: IdentifierKind, text: &str, parks: &Parks) -> Result<Found, Fault> {
    if text.chars().count() > TEXT_MAX {
        return Err(TOO_LONG);
    }
    if normalise(text).is_empty() {
        return Err(EMPTY);
    }
    match kind {
        IdentifierKind::Uscc => uscc(text),
        IdentifierKind::Patent => patent(text),
        IdentifierKind::Publication => PublicationNumber::parse(text)
            .map(|number| Found { ip_type: Some(number.kind()), ..written(number.as_str()) })
            .map_err(|_| Fault {
                code: "PUBLICATION_FORM",
                chinese: "公开（公告）号应形如CN114500000A，请对照公布文件重新填写",
            }),
        IdentifierKind::Trademark => ip(IpType::Trademark, "TRADEMARK_FORM", text),
        IdentifierKind::IcLayout => ip(IpType::IcLayout, "IC_LAYOUT_FORM", text),
        IdentifierKind::Software => ip(IpType::Software, "SOFTWARE_FORM", text),
        IdentifierKind::Work => ip(IpType::Work, "WORK_FORM", text),
        IdentifierKind::GiMark => ip(IpType::GiMark, "TRADEMARK_FORM", text),
        IdentifierKind::GiProductSign => ip(IpType::GiProductSign, "GI_PRODUCT_SIGN_FORM", text),
        IdentifierKind::PlantVariety => ip(IpType::PlantVariety, "PLANT_VARIETY_FORM", text),
        IdentifierKind::Pledge => PledgeNumber::parse(text)
            .map(|number| {
                let year = year(number.as_str().trim_start_matches('Y'));
                Found { year, ..written(number.as_str()) }
            })
            .map_err(|_| Fault {
                code: "PLEDGE_FORM",
                chinese: "质押登记号应为13位数字，新号前加Y，请对照登记通知书重新填写",
            }),
        IdentifierKind::LegalStatus => {
            LegalStatus::from_code(text).map(|_| written(&normalise(text))).ok_or(Fault {
                code: "LEGAL_STATUS_UNKNOWN",
                chinese: "该法律状态代码与质押无关或不存在，请核对公告",
            })
        }
        IdentifierKind::ResidentId => resident(text),
        IdentifierKind::Cnaps => {
            let wrong = "联行号应为12位数字且校验相符，请向开户行核对";
            code(CnapsCode::parse(text).map(|code| code.as_str().to_owned()), "CNAPS", wrong)
        }
        IdentifierKind::FinancialInstitution => {
            let wrong = "金融机构编码应为14位，请对照编码证书重新填写";
            let read = FinancialInstitutionCode::parse(text).map(|code| code.as_str().to_owned());
            code(read, "FINANCIAL_INSTITUTION", wrong)
        }
        IdentifierKind::FinancialLicence => {
            let wrong = "金融许可证机构编码应为15位，请对照许可证重新填写";
            code(LicenceCode::parse(text).map(|code| code.as_str().to_owned()), "FINANCIAL_LICENCE", wrong)
        }
        IdentifierKind::Region => region(&normalise(text)),
        IdentifierKind::Park => {
            parks
                .find(&normalise(text))
                .map(|park| written(park.as_str()))
                .ok_or(Fault {
                    code: "PARK_UNKNOWN", chinese: "园区代码不在参与园区名单内，请从名单中选择"
                })
        }
        IdentifierKind::Case => issued(NumberKind::Case, "CASE_NUMBER_INVALID", text),
        IdentifierKind::Demand => issued(NumberKind::Demand, "DEMAND_NUMBER_INVALID", text),
        IdentifierKind::WhitelistNumber => issued(NumberKind::Whitelist, "WHITELIST_NUMBER_INVALID", text),
        IdentifierKind::PolicyNumber => issued(NumberKind::Policy, "POLICY_NUMBER_INVALID", text),
        IdentifierKind::CircularNumber => issued(NumberKind::Circular, "CIRCULAR_NUMBER_INVALID", text),
    }
}

fn written(number: &str) -> Found {
    Found { written: number.to_owned(), ..Found::default() }
}

fn uscc(text: &str) -> Result<Found, Fault> {
    let Checked { value, warnings } = Uscc::parse(text).map_err(|error| Fault {
        code: match error {
            UsccError::Length { .. } => "USCC_LENGTH",
            UsccError::Character { .. } => "USCC_CHARACTER",
            UsccError::Region { .. } => "USCC_REGION",
            UsccError::Check => "USCC_CHECK",
        },
        chinese: error.chinese(),
    })?;
    let region = Some(value.region().to_owned());
    let (registrar, subject_kind) = registered_as(value.as_str());
    let personal = value.is_personal();
    Ok(Found { warnings, region, personal, registrar, subject_kind, ..written(value.as_str()) })
}

/// Who registered the subject and what it is, by the first two characters (domain.md §2.1).
fn registered_as(code: &str) -> (Option<&'static str>, Option<&'static str>) {
    let mut characters = code.chars();
    let (registrar, kind) = (characters.next(), characters.next());
    let name = match registrar {
        Some('1') => "机构编制",
        Some('5') => "民政",
        Some('9') => "市场监督管理",
        Some(_) => "其他",
        None => return (None, None),
    };
    let kind = match (registrar, kind) {
        (Some('9'), Some('1')) => Some("企业"),
        (Some('9'), Some('2')) => Some("个体工商户"),
        (Some('9'), Some('3')) => Some("农民专业合作社"),
        _ => None,
    };
    (Some(name), kind)
}

fn patent(text: &str) -> Result<Found, Fault> {
    let number = PatentNumber::parse(text).map_err(|error| Fault {
        code: if error == PatentError::Check { "PATENT_CHECK" } else { "PATENT_FORM" },
        chinese: error.chinese(),
    })?;
    Ok(Found {
        ip_type: Some(number.kind()),
        year: Some(number.year()),
        international: number.is_international(),
        ..written(number.as_str())
    })
}

fn ip(kind: IpType, code: &'static str, text: &str) -> Result<Found, Fault> {
    let Checked { value, warnings } =
        IpNumber::parse(kind, text).map_err(|error| Fault { code, chinese: error.chinese() })?;
    let year = match &value {
        IpNumber::Patent(number) => Some(number.year()),
        IpNumber::Software(number) => year(number.as_str()),
        // `BS.` and two digits: layouts have been registered since 2001.
        IpNumber::Layout(number) => year(&format!("20{}", number.as_str().trim_start_matches("BS."))),
        IpNumber::Text(number) => year(number.trim_start_matches("国作登字-")),
        IpNumber::Trademark(_) => None,
    };
    Ok(Found { warnings, ip_type: Some(kind), year, ..written(value.as_str()) })
}

/// The four digits that the text begins with, if they can be a year.
fn year(text: &str) -> Option<i32> {
    let year = text.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    year.parse().ok().filter(|year| (1985..2100).contains(year))
}

/// A number that the system itself issued: region and day stand in it (domain.md §2.7).
fn issued(kind: NumberKind, code: &'static str, text: &str) -> Result<Found, Fault> {
    let number = SystemNumber::parse(kind, text).map_err(|error| Fault { code, chinese: error.chinese() })?;
    let digits = number.as_str().get(2..).unwrap_or_default();
    let region = digits.get(..6).map(str::to_owned);
    Ok(Found { region, year: digits.get(6..).and_then(year), ..written(number.as_str()) })
}

/// Told valid or not, and shown masked: nothing here holds one.
fn resident(text: &str) -> Result<Found, Fault> {
    let plain = normalise(text);
    if !is_resident_id(&plain) {
        return Err(Fault {
            code: "RESIDENT_ID_INVALID",
            chinese: "身份证号应为18位且校验相符，请对照证件重新填写",
        });
    }
    let region = plain.get(..6).map(str::to_owned);
    Ok(Found { region, personal: true, ..written(&privacy::resident_id(&plain)) })
}

fn region(text: &str) -> Result<Found, Fault> {
    // As written; `present` tells today's code.
    Region::parse(text)
        .map(|_| Found { region: Some(text.to_owned()), ..written(text) })
        .ok_or(Fault { code: "REGION_FORM", chinese: "行政区划代码不正确，请填写六位代码" })
}

fn code(
    read: Result<String, InstitutionCodeError>,
    code: &'static str,
    chinese: &'static str,
) -> Result<Found, Fault> {
    read.map(|number| written(&number)).map_err(|_| Fault { code, chinese })
}

impl Found {
    /// In which years the code that the number names was that of the zone (GB/T 2260 and the history before it).
    pub fn region_years(&self) -> Option<&'static str> {
        match self.region.as_deref()? {
            "412223" => Some("–1985"),
            "410827" => Some("1986–1987"),
            "419003" => Some("1988–1994"),
            // Statistics went on with it until 2007.
            "410881" => Some("1995–1996"),
            "419001" => Some("1997–"),
            _ => None,
        }
    }

    /// Today's code of the division that the number names.
    pub fn present_region(&self) -> Option<&str> {
        self.region.as_deref().map(regions::present)
    }
}

#[cfg(test)]
#[path = "identifier_tests.rs"]
mod tests;
