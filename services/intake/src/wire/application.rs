//! An application as it comes in: every fault of it is listed at once, by field.

use kernel::{EnhancementMode, RepaymentMethod, Uscc, documents::DocumentCode};
use proto::{common::v1::DocumentRef, intake::v1 as wire};
use rpc::{Fault, check::Checker};

use crate::{
    domain::{Channel, Document, Form},
    reasons,
};

const PURPOSE_MAX: usize = 500;
const NOTE_MAX: usize = 500;
const ASSETS_MAX: usize = 200;
const DOCUMENTS_MAX: usize = 100;
const DOCUMENT_ID_MAX: usize = 200;
const MODES_MAX: usize = 20;

/// Reads channel and form; absent fields stay absent, present ones must be valid.
///
/// # Errors
/// All field violations; the first one names the reason.
pub(crate) fn form(channel: i32, application: Option<&wire::Application>) -> Result<(Channel, Form), Fault> {
    let mut check = Checker::new();
    let channel = check.code("channel", channel, Channel::from_number);
    let form = check
        .present("application", application)
        .and_then(|application| check.within("application", |check| read(application, check)));
    check.all((channel, form))
}

fn read(from: &wire::Application, check: &mut Checker) -> Option<Form> {
    let uscc = optional(from.uscc.is_empty(), || match Uscc::parse(&from.uscc) {
        Ok(checked) => Some(checked.value),
        Err(_) => {
            check.refuse("uscc", &reasons::USCC_INVALID);
            None
        }
    });
    // 0 is what an absent number looks like: a submission reports it as out of range.
    let amount = optional(from.amount_fen == 0, || check.amount("amount_fen", from.amount_fen));
    let term = optional(from.term_months == 0, || check.term("term_months", from.term_months));
    let purpose = check.optional_text("purpose", &from.purpose, PURPOSE_MAX);
    let consent = optional(from.consent_id.is_empty(), || check.id("consent_id", &from.consent_id));
    let assets = check.ids("asset_ids", &from.asset_ids, 0..=ASSETS_MAX);
    let enhancement = check.codes("enhancement", &from.enhancement, MODES_MAX, EnhancementMode::from_number);
    let repayment = check.codes("repayment", &from.repayment, MODES_MAX, RepaymentMethod::from_number);
    let documents = read_documents("documents", &from.documents, 0, check);
    Some(Form {
        uscc: uscc?,
        amount: amount?,
        term: term?,
        purpose: purpose.map(|text| (!text.is_empty()).then_some(text))?,
        assets: assets?,
        enhancement: enhancement?,
        repayment: repayment?,
        consent: consent?,
        documents: documents?,
        cover_at_once: from.cover_at_once,
    })
}

/// `Some(None)` for a field that is absent, None for one that is wrong.
fn optional<T>(absent: bool, check: impl FnOnce() -> Option<T>) -> Option<Option<T>> {
    if absent { Some(None) } else { check().map(Some) }
}

fn read_documents(
    field: &'static str,
    documents: &[DocumentRef],
    at_least: usize,
    check: &mut Checker,
) -> Option<Vec<Document>> {
    check.list(&field, documents, at_least..=DOCUMENTS_MAX, |check, path, document| {
        check.within(path, |check| {
            let code = document_code("code", &document.code, check);
            let document_id = check.text("document_id", &document.document_id, DOCUMENT_ID_MAX);
            if document.sha256.len() != 32 {
                check.refuse("sha256", &reasons::DOCUMENT_HASH_INVALID);
            }
            Some(Document { code: code?, document_id: document_id?, sha256: hex(&document.sha256) })
        })
    })
}

fn document_code(field: impl std::fmt::Display, code: &str, check: &mut Checker) -> Option<DocumentCode> {
    let known = DocumentCode::from_code(code);
    if known.is_none() {
        check.refuse(field, &reasons::DOCUMENT_CODE_UNKNOWN);
    }
    known
}

/// Documents of a supplement (at least one), and the note beside them.
///
/// # Errors
/// All field violations.
pub(crate) fn documents(documents: &[DocumentRef], note: &str) -> Result<Vec<Document>, Fault> {
    let mut check = Checker::new();
    let read = read_documents("documents", documents, 1, &mut check);
    let note = check.note("note", note, NOTE_MAX);
    Ok(check.all((read, note))?.0)
}

/// Codes of documents that are asked for (at least one), and the note beside them.
///
/// # Errors
/// All field violations.
pub(crate) fn document_codes(codes: &[String], note: &str) -> Result<Vec<DocumentCode>, Fault> {
    let mut check = Checker::new();
    let asked = check.list(&"document_codes", codes, 1..=DOCUMENTS_MAX, |check, path, code| {
        document_code(path, code, check)
    });
    let note = check.note("note", note, NOTE_MAX);
    Ok(check.all((asked, note))?.0)
}

/// The reason of a withdrawal or an end: short, without identifiers of persons or firms.
///
/// # Errors
/// The violation.
pub(crate) fn reason_text(text: &str) -> Result<(), Fault> {
    let mut check = Checker::new();
    check.note("reason", text, NOTE_MAX);
    check.finish()
}

/// The form as it is shown again.
pub(crate) fn application(form: &Form) -> wire::Application {
    wire::Application {
        uscc: form.uscc.as_ref().map(|uscc| uscc.as_str().to_owned()).unwrap_or_default(),
        amount_fen: form.amount.map(|amount| amount.get()).unwrap_or_default(),
        term_months: form.term.map(|term| i32::from(term.get())).unwrap_or_default(),
        purpose: form.purpose.clone().unwrap_or_default(),
        asset_ids: form.assets.iter().map(ToString::to_string).collect(),
        enhancement: form.enhancement.iter().map(|mode| mode.number()).collect(),
        repayment: form.repayment.iter().map(|method| method.number()).collect(),
        consent_id: form.consent.map(|consent| consent.to_string()).unwrap_or_default(),
        documents: form.documents.iter().map(document_ref).collect(),
        cover_at_once: form.cover_at_once,
    }
}

pub(crate) fn document_ref(document: &Document) -> DocumentRef {
    DocumentRef {
        code: document.code.code().to_owned(),
        document_id: document.document_id.clone(),
        sha256: unhex(&document.sha256),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).filter_map(|i| u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()).collect()
}
