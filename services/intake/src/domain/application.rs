//! What an enterprise applies with (融资申请): a form that may have gaps while it is a draft, and the complete
//! application that every later state relies on.

use kernel::{
    AssetId, ConsentId, EnhancementMode, Fen, Months, RepaymentMethod, Uscc,
    documents::{self, DocumentCode},
};
use serde::{Deserialize, Serialize};

/// Where an application came from (来源); policy differs by channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// 窗口
    Desk,
    /// 信易贷
    Xyd,
    /// 接口
    Api,
}

impl Channel {
    pub const ALL: [Self; 3] = [Self::Desk, Self::Xyd, Self::Api];

    /// The number in `zhirong.intake.v1.Channel` and in the database.
    pub fn number(self) -> i32 {
        match self {
            Self::Desk => 1,
            Self::Xyd => 2,
            Self::Api => 3,
        }
    }

    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.number() == number)
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::Desk => "DESK",
            Self::Xyd => "XYD",
            Self::Api => "API",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.code() == code)
    }
}

/// A document stored elsewhere (材料引用).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Document {
    pub code: DocumentCode,
    pub document_id: String,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

/// An application as far as it has been filled in. Every field that is present is valid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    #[serde(with = "uscc_text")]
    pub uscc: Option<Uscc>,
    pub amount: Option<Fen>,
    pub term: Option<Months>,
    pub purpose: Option<String>,
    pub assets: Vec<AssetId>,
    pub enhancement: Vec<EnhancementMode>,
    pub repayment: Vec<RepaymentMethod>,
    pub consent: Option<ConsentId>,
    pub documents: Vec<Document>,
    /// Insurers and guarantors are to be asked together with the banks; absent in forms of before it could be said.
    #[serde(default)]
    pub cover_at_once: bool,
}

/// A field that a submission needs and the form lacks; the name is the protobuf field's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    pub field: &'static str,
    /// Which mandatory document, where `field` is `documents`.
    pub document: Option<DocumentCode>,
}

/// A complete application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    pub uscc: Uscc,
    pub amount: Fen,
    pub term: Months,
    pub purpose: String,
    pub assets: Vec<AssetId>,
    pub enhancement: Vec<EnhancementMode>,
    pub repayment: Vec<RepaymentMethod>,
    pub consent: ConsentId,
    pub documents: Vec<Document>,
    pub cover_at_once: bool,
}

impl Form {
    /// Everything that is missing for a submission, at once (一次性告知).
    pub fn missing(&self) -> Vec<Missing> {
        let gaps = [
            ("uscc", self.uscc.is_none()),
            ("amount_fen", self.amount.is_none()),
            ("term_months", self.term.is_none()),
            ("purpose", self.purpose.is_none()),
            ("asset_ids", self.assets.is_empty()),
            ("consent_id", self.consent.is_none()),
        ];
        let fields =
            gaps.into_iter().filter(|(_, gap)| *gap).map(|(field, _)| Missing { field, document: None });
        let papers = documents::MANDATORY
            .into_iter()
            .filter(|code| !self.documents.iter().any(|document| document.code == *code))
            .map(|code| Missing { field: "documents", document: Some(code) });
        fields.chain(papers).collect()
    }

    /// Adds documents; one with the same code and id replaces the earlier.
    pub fn add_documents(&mut self, documents: &[Document]) {
        for document in documents {
            self.documents
                .retain(|old| (old.code, &old.document_id) != (document.code, &document.document_id));
            self.documents.push(document.clone());
        }
    }

    /// The complete application, or what is missing.
    pub fn complete(&self) -> Result<Application, Vec<Missing>> {
        self.complete_but(self.missing())
    }

    /// What is asked for, whether or not the documents are there yet; or which fields are missing.
    pub fn outline(&self) -> Result<Application, Vec<Missing>> {
        self.complete_but(self.missing().into_iter().filter(|gap| gap.document.is_none()).collect())
    }

    fn complete_but(&self, missing: Vec<Missing>) -> Result<Application, Vec<Missing>> {
        match (&self.uscc, self.amount, self.term, &self.purpose, self.consent) {
            (Some(uscc), Some(amount), Some(term), Some(purpose), Some(consent)) if missing.is_empty() => {
                Ok(Application {
                    uscc: uscc.clone(),
                    amount,
                    term,
                    purpose: purpose.clone(),
                    assets: self.assets.clone(),
                    enhancement: self.enhancement.clone(),
                    repayment: self.repayment.clone(),
                    consent,
                    documents: self.documents.clone(),
                    cover_at_once: self.cover_at_once,
                })
            }
            _ => Err(missing),
        }
    }
}

/// A USCC is stored as its text; the type itself does not serialise, so that it cannot slip into a log.
mod uscc_text {
    use kernel::Uscc;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(uscc: &Option<Uscc>, to: S) -> Result<S::Ok, S::Error> {
        uscc.as_ref().map(Uscc::as_str).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Uscc>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let parsed = text.map(|text| Uscc::parse(&text)).transpose();
        Ok(parsed.map_err(|_| D::Error::custom("not a USCC"))?.map(|checked| checked.value))
    }
}
