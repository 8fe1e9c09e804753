//! The application form: what was typed, kept through every answer, and what it says once it is read.

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, Utc};
use kernel::{DocumentCode, EnhancementMode, RepaymentMethod};
use proto::intake::v1 as intake;
use proto::whitelist::v1 as whitelist;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use super::acts::documents;
use super::{Fields, Refusal};
use crate::text;

/// The text of the consent that enterprises sign at the desk; its digest is kept with each consent.
pub(super) const CONSENT_TEXT: &str = "本企业授权知识产权金融服务中心，为办理知识产权质押融资，查询并向参与办理的银行、\
    保险、担保、评估机构提供本企业的基本信息、财务信息、信用信息与知识产权信息。授权期内可随时撤回，撤回后停止查询与提供。";

/// Shanghai is so far ahead of UTC.
const AHEAD: TimeDelta = TimeDelta::hours(8);

/// What was typed, as it was typed.
#[derive(Debug, Clone, Default)]
pub(super) struct Form {
    pub(super) uscc: String,
    pub(super) amount: String,
    pub(super) term: String,
    pub(super) purpose: String,
    pub(super) assets: Vec<String>,
    pub(super) enhancement: Vec<String>,
    pub(super) repayment: Vec<String>,
    /// A consent is registered now, not chosen by its number.
    pub(super) new_consent: bool,
    pub(super) consent_id: String,
    pub(super) signed_on: String,
    pub(super) valid_months: String,
    pub(super) cover_at_once: bool,
    pub(super) documents: Vec<Document>,
    pub(super) request_id: String,
    pub(super) consent_request_id: String,
}

/// A document by its code: the digest of the file that was uploaded, if one was.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) digest: String,
    pub(super) file: String,
    pub(super) mandatory: bool,
}

impl Form {
    /// A form of today.
    pub(super) fn empty(now: DateTime<Utc>) -> Self {
        Self {
            term: "12".to_owned(),
            new_consent: true,
            signed_on: text::today(now).to_string(),
            valid_months: "12".to_owned(),
            request_id: Uuid::new_v4().to_string(),
            consent_request_id: Uuid::new_v4().to_string(),
            documents: Self::documents(&Fields::default()),
            ..Self::default()
        }
    }

    pub(super) fn read(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).to_owned();
        Self {
            uscc: text("uscc").to_uppercase(),
            amount: text("amount"),
            term: text("term"),
            purpose: text("purpose"),
            assets: fields.all("asset"),
            enhancement: fields.all("enhancement"),
            repayment: fields.all("repayment"),
            new_consent: fields.get("consent") != "known",
            consent_id: text("consent_id"),
            signed_on: text("signed_on"),
            valid_months: text("valid_months"),
            cover_at_once: !fields.get("cover_at_once").is_empty(),
            documents: Self::documents(fields),
            request_id: text("request_id"),
            consent_request_id: text("consent_request_id"),
        }
    }

    fn documents(fields: &Fields) -> Vec<Document> {
        let document = |code: &DocumentCode| {
            let uploaded = fields.file(&format!("file.{}", code.code()));
            let kept = fields.get(&format!("doc.{}", code.code()));
            let named = fields.get(&format!("name.{}", code.code()));
            let (digest, file) = uploaded.unwrap_or((kept, named));
            Document {
                code: code.code(),
                name: code.chinese(),
                digest: digest.to_owned(),
                file: file.to_owned(),
                mandatory: kernel::documents::MANDATORY.contains(code),
            }
        };
        DocumentCode::ALL.iter().take(8).map(document).collect()
    }

    /// The application that intake is asked about, or what is wrong by form alone.
    pub(super) fn application(&self, fields: &Fields) -> Result<intake::Application, Refusal> {
        let mut wrong: Option<Refusal> = None;
        let mut refuse = |field: &str, text: &str| {
            wrong = Some(match wrong.take() {
                Some(refusal) => refusal.and_field(field, text),
                None => Refusal::field(field, text),
            });
        };
        let amount_fen = fen(&self.amount);
        if amount_fen.is_none() {
            refuse("amount", "请以万元为单位填写金额，例如 300 或 12.5。");
        }
        let term_months = self.term.parse::<i32>().ok();
        if term_months.is_none() {
            refuse("term", "请填写 1 至 120 的整月数。");
        }
        if self.uscc.is_empty() {
            refuse("uscc", "请填写统一社会信用代码。");
        }
        if self.purpose.is_empty() {
            refuse("purpose", "请填写贷款用途。");
        }
        if self.assets.is_empty() {
            refuse("assets", "请查询企业并至少勾选一项知识产权。");
        }
        if !self.new_consent && self.consent_id.is_empty() {
            refuse("consent", "请填写授权编号，或改为现场登记授权书。");
        }
        let missing: Vec<&str> = self
            .documents
            .iter()
            .filter(|document| document.mandatory && document.digest.is_empty())
            .map(|document| document.name)
            .collect();
        if !missing.is_empty() {
            refuse("documents", &format!("还缺少：{}。请选择文件后重新提交。", missing.join("、")));
        }
        if let Some(refusal) = wrong {
            return Err(refusal);
        }
        let numbers =
            |texts: &[String]| texts.iter().filter_map(|text| text.parse().ok()).collect::<Vec<i32>>();
        Ok(intake::Application {
            uscc: self.uscc.clone(),
            amount_fen: amount_fen.unwrap_or_default(),
            term_months: term_months.unwrap_or_default(),
            purpose: self.purpose.clone(),
            asset_ids: self.assets.clone(),
            enhancement: numbers(&self.enhancement),
            repayment: numbers(&self.repayment),
            consent_id: self.consent_id.clone(),
            documents: documents(fields),
            cover_at_once: self.cover_at_once,
        })
    }

    /// The consent that is registered with this application.
    pub(super) fn consent(&self, enterprise_id: &str) -> Result<whitelist::GrantConsentRequest, Refusal> {
        let signed = NaiveDate::parse_from_str(&self.signed_on, "%Y-%m-%d").ok();
        let months = self.valid_months.parse::<u32>().ok().filter(|months| (1..=36).contains(months));
        let (Some(signed), Some(months)) = (signed, months) else {
            return Err(Refusal::field("consent", "请填写签署日期，以及 1 至 36 个月的授权期。"));
        };
        let until =
            signed.checked_add_months(Months::new(months)).and_then(|day| day.checked_add_days(Days::new(1)));
        let evidence = self.documents.iter().find(|document| document.code == DocumentCode::D07.code());
        let evidence = evidence.and_then(|document| text::unhex(&document.digest)).unwrap_or_default();
        Ok(whitelist::GrantConsentRequest {
            request_id: self.consent_request_id.clone(),
            enterprise_id: enterprise_id.to_owned(),
            purpose: whitelist::ConsentPurpose::IpPledgeFinancing.into(),
            categories: [
                whitelist::DataCategory::EnterpriseProfile,
                whitelist::DataCategory::Financials,
                whitelist::DataCategory::Credit,
                whitelist::DataCategory::IpAssets,
            ]
            .map(i32::from)
            .to_vec(),
            recipient_institution_ids: Vec::new(),
            signed_at: Some(begin_of(signed)),
            valid_to: until.map(begin_of),
            text_sha256: digest(&SHA256, CONSENT_TEXT.as_bytes()).as_ref().to_vec(),
            evidence_sha256: evidence,
            ..whitelist::GrantConsentRequest::default()
        })
    }

    pub(super) fn enhancements(&self) -> Vec<Choice> {
        let wanted = |number: i32| self.enhancement.iter().any(|text| *text == number.to_string());
        let choice = |mode: &EnhancementMode| Choice {
            value: mode.number().to_string(),
            name: mode.chinese().to_owned(),
            more: String::new(),
            chosen: wanted(mode.number()),
        };
        EnhancementMode::ALL.iter().map(choice).collect()
    }

    pub(super) fn repayments(&self) -> Vec<Choice> {
        let wanted = |number: i32| self.repayment.iter().any(|text| *text == number.to_string());
        let choice = |method: &RepaymentMethod| Choice {
            value: method.number().to_string(),
            name: method.chinese().to_owned(),
            more: String::new(),
            chosen: wanted(method.number()),
        };
        RepaymentMethod::ALL.iter().map(choice).collect()
    }
}

/// Something to tick.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) name: String,
    pub(super) more: String,
    pub(super) chosen: bool,
}

fn begin_of(day: NaiveDate) -> prost_types::Timestamp {
    let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc() - AHEAD;
    prost_types::Timestamp { seconds: midnight.timestamp(), nanos: 0 }
}

/// Ten thousands of yuan to fen, exactly: at most six digits behind the point.
fn fen(text: &str) -> Option<i64> {
    let text: String = text.chars().filter(|sign| !matches!(sign, ',' | '，' | ' ')).collect();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > 6 || whole.len() > 9 {
        return None;
    }
    let part: i64 = format!("{part:0<6}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(part)
}

/// What stands for an application in the form, so that nothing is sent but what was previewed.
pub(super) fn seal(application: &intake::Application) -> String {
    use prost::Message as _;
    text::hex(digest(&SHA256, &application.encode_to_vec()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::fen;

    #[test]
    fn ten_thousands_of_yuan_become_fen_exactly() {
        for (text, wanted) in [
            ("300", Some(300_000_000)),
            ("12.5", Some(12_500_000)),
            ("0.000001", Some(1)),
            ("1,000", Some(1_000_000_000)),
            ("12.3456789", None),
            ("", None),
            ("-3", None),
            ("三百", None),
            ("1e3", None),
        ] {
            assert_eq!(fen(text), wanted, "{text}");
        }
    }
}
