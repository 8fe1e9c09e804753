//! An application of a demo enterprise, with its documents.

use kernel::documents::MANDATORY;
use proto::common::v1::DocumentRef;
use proto::intake::v1::Application;
use rand::Rng;
use ring::digest::{SHA256, digest};

use super::load::LoadedEnterprise;

const WAN_FEN: i64 = 1_000_000;
const PURPOSES: [&str; 4] = ["采购原材料", "研发中试线建设", "补充流动资金", "设备更新改造"];

/// 1,000,000 to 7,000,000 yuan over 12, 24 or 36 months, with all mandatory documents.
pub fn application(enterprise: &LoadedEnterprise, random: &mut impl Rng) -> Application {
    let term_months = [12, 12, 12, 24, 36][random.random_range(0..5_usize)];
    Application {
        uscc: enterprise.uscc.clone(),
        amount_fen: random.random_range(10..=70_i64) * 10 * WAN_FEN,
        term_months,
        purpose: PURPOSES[random.random_range(0..PURPOSES.len())].to_owned(),
        asset_ids: enterprise.assets.clone(),
        enhancement: Vec::new(),
        repayment: Vec::new(),
        consent_id: enterprise.consent_id.clone(),
        documents: documents(&MANDATORY.map(|code| code.code())),
        cover_at_once: false,
    }
}

/// References to documents with these codes, as a document store would give them.
pub fn documents<C: AsRef<str>>(codes: &[C]) -> Vec<DocumentRef> {
    let reference = |code: &C| DocumentRef {
        code: code.as_ref().to_owned(),
        document_id: format!("demo/{}.pdf", code.as_ref()),
        sha256: digest(&SHA256, code.as_ref().as_bytes()).as_ref().to_vec(),
    };
    codes.iter().map(reference).collect()
}
