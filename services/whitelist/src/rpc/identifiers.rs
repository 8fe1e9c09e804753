//! Checking of numbers as people type them: pure, so nothing is read or kept.

use proto::whitelist::v1 as wire;
use rpc::{Fault, check::Checker};
use tonic::{Request, Response};

use super::service::Face;
use crate::domain::identifier::{self, IdentifierKind};

pub(super) fn check(
    face: &Face,
    request: &Request<wire::CheckIdentifierRequest>,
) -> Result<Response<wire::CheckIdentifierResponse>, Fault> {
    let request = request.get_ref();
    let mut checker = Checker::new();
    let kind = checker.code("kind", request.kind, IdentifierKind::from_number);
    let (kind,) = checker.all((kind,))?;
    Ok(Response::new(match identifier::check(kind, &request.text, &face.parks) {
        Ok(found) => wire::CheckIdentifierResponse {
            valid: true,
            present_region: found.present_region().unwrap_or_default().to_owned(),
            region_years: found.region_years().unwrap_or_default().to_owned(),
            normalised: found.written,
            warnings: found
                .warnings
                .iter()
                .map(|warning| wire::IdentifierWarning {
                    code: warning.code().to_owned(),
                    message: warning.chinese().to_owned(),
                })
                .collect(),
            ip_type: found.ip_type.map_or(0, |kind| kind.number()),
            year: found.year.unwrap_or_default(),
            region: found.region.unwrap_or_default(),
            personal: found.personal,
            registrar: found.registrar.unwrap_or_default().to_owned(),
            subject_kind: found.subject_kind.unwrap_or_default().to_owned(),
            international: found.international,
            ..wire::CheckIdentifierResponse::default()
        },
        Err(fault) => wire::CheckIdentifierResponse {
            reason: fault.code.to_owned(),
            message: fault.chinese.to_owned(),
            ..wire::CheckIdentifierResponse::default()
        },
    }))
}
