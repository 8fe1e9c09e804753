//! Terms and needs as requests carry them, checked.

use kernel::{BasisPoints, EnterpriseSize, Grade, IpType, RateKind};
use proto::catalog::v1 as wire;
use rpc::{Reason, check::Checker};

use super::{conditions::conditions, refusals::of_terms};
use crate::{
    domain::{
        codes::{Code, CodeSet, Park, Region},
        matching::Need,
        pledge::UsualCaps,
        terms::{MIN_ASSETS_MAX, NAME_MAX, PLACES_MAX, ProductTerms, Span},
    },
    reasons,
};

/// Longest list of codes in a request; each table is shorter, but an enterprise may hold a qualification twice.
const CODES_MAX: usize = 100;
/// Most assets of one type that a need may have.
const ASSETS_MAX: i32 = 1_000_000;

pub(super) fn terms(
    check: &mut Checker,
    given: Option<&wire::ProductTerms>,
    usual_caps: &UsualCaps,
) -> Option<ProductTerms> {
    let given = check.present("terms", given)?;
    check.within("terms", |check| {
        let name = check.text("name", &given.name, NAME_MAX);
        let regions = places(check, "regions", &given.regions, Region::parse, &reasons::REGION_INVALID);
        let parks = places(check, "parks", &given.parks, Park::parse, &reasons::PARK_INVALID);
        let sizes = distinct_codes(check, "sizes", &given.sizes);
        let any_qualification = distinct_codes(check, "any_qualification", &given.any_qualification);
        let accepted_ip = distinct_codes(check, "accepted_ip", &given.accepted_ip);
        let min_assets = check.number("min_assets", given.min_assets, 1..=i32::from(MIN_ASSETS_MAX));
        let amount = (
            check.amount("amount_min_fen", given.amount_min_fen),
            check.amount("amount_max_fen", given.amount_max_fen),
        );
        let amount = span(check, "amount_max_fen", amount);
        let term = (
            check.term("term_min_months", given.term_min_months),
            check.term("term_max_months", given.term_max_months),
        );
        let term = span(check, "term_max_months", term);
        let rate_kind = check.code("rate_kind", given.rate_kind, RateKind::from_number);
        let rate = (BasisPoints::new(given.rate_min_bp), BasisPoints::new(given.rate_max_bp));
        let rate = span(check, "rate_max_bp", (Some(rate.0), Some(rate.1)));
        let repayment = distinct_codes(check, "repayment", &given.repayment);
        let enhancement = distinct_codes(check, "enhancement", &given.enhancement);
        let lowest_grade = optional(check, "lowest_grade", given.lowest_grade, Grade::from_number);
        let conditions = conditions(check, given, usual_caps);
        let terms = ProductTerms {
            name: name?,
            regions: regions?,
            parks: parks?,
            sizes: sizes?,
            any_qualification: any_qualification?,
            accepted_ip: accepted_ip?,
            min_assets: u16::try_from(min_assets?).ok()?,
            amount: amount?,
            term: term?,
            rate_kind: rate_kind?,
            rate: rate?,
            repayment: repayment?,
            enhancement: enhancement?,
            lowest_grade: lowest_grade?,
            conditions: conditions?,
        };
        let faults = terms.faults();
        for (field, reason) in faults.iter().copied().map(of_terms) {
            check.refuse(field, reason);
        }
        faults.is_empty().then_some(terms)
    })
}

pub(super) fn need(check: &mut Checker, given: &wire::Need) -> Option<Need> {
    let amount = check.amount("amount_fen", given.amount_fen);
    let term = check.term("term_months", given.term_months);
    let region = place(check, "region", &given.region, Region::parse, &reasons::REGION_INVALID);
    let park = place(check, "park", &given.park, Park::parse, &reasons::PARK_INVALID);
    let size = optional(check, "size", given.size, EnterpriseSize::from_number);
    let qualifications = codes(check, "qualifications", &given.qualifications);
    let assets = assets(check, &given.assets);
    let grade = optional(check, "grade", given.grade, Grade::from_number);
    let enhancement = codes(check, "enhancement", &given.enhancement);
    let repayment = codes(check, "repayment", &given.repayment);
    Some(Need {
        amount: amount?,
        term: term?,
        region: region?,
        park: park?,
        size: size?,
        qualifications: qualifications?,
        assets: assets?,
        grade: grade?,
        enhancement: enhancement?,
        repayment: repayment?,
        first_loan: given.first_loan,
        renewal: given.renewal,
    })
}

fn assets(check: &mut Checker, given: &[wire::AssetCount]) -> Option<Vec<(IpType, u32)>> {
    check.count("assets", given.len(), 0..=IpType::ALL.len())?;
    check.list(&"assets", given, 0..=IpType::ALL.len(), |check, path, asset| {
        let kind = check.code(format!("{path}.type"), asset.r#type, IpType::from_number);
        let count = check.number(format!("{path}.count"), asset.count, 0..=ASSETS_MAX);
        Some((kind?, u32::try_from(count?).ok()?))
    })
}

/// A place, or an empty text where it is not known.
fn place<T>(
    check: &mut Checker,
    field: &str,
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
    reason: &'static Reason,
) -> Option<Option<T>> {
    if text.is_empty() {
        return Some(None);
    }
    let place = parse(text);
    if place.is_none() {
        check.refuse(field, reason);
    }
    place.map(Some)
}

pub(super) fn places<T: Ord + std::hash::Hash + Clone>(
    check: &mut Checker,
    field: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Option<T>,
    reason: &'static Reason,
) -> Option<std::collections::BTreeSet<T>> {
    let places = check.list(&field, texts, 0..=PLACES_MAX, |check, path, text| {
        let place = parse(text);
        if place.is_none() {
            check.refuse(path, reason);
        }
        place
    })?;
    Some(places.into_iter().collect())
}

/// A choice that need not be made.
fn optional<T>(
    check: &mut Checker,
    field: &str,
    number: i32,
    find: impl FnOnce(i32) -> Option<T>,
) -> Option<Option<T>> {
    if number == 0 { Some(None) } else { check.code(field, number, find).map(Some) }
}

/// Codes as a person lists them: each once.
fn distinct_codes<C: Code>(check: &mut Checker, field: &str, numbers: &[i32]) -> Option<CodeSet<C>> {
    Some(check.codes(field, numbers, CODES_MAX, C::from_number)?.into_iter().collect())
}

/// Codes as they follow from what an enterprise has: one may occur twice.
fn codes<C: Code>(check: &mut Checker, field: &str, numbers: &[i32]) -> Option<CodeSet<C>> {
    check.count(field, numbers.len(), 0..=CODES_MAX)?;
    let each = numbers.iter().enumerate();
    let codes: Vec<Option<C>> = each
        .map(|(index, number)| check.code(format!("{field}[{index}]"), *number, C::from_number))
        .collect();
    codes.into_iter().collect()
}

fn span<T: Copy + PartialOrd>(
    check: &mut Checker,
    field: &str,
    (min, max): (Option<T>, Option<T>),
) -> Option<Span<T>> {
    let span = Span::new(min?, max?);
    if span.is_none() {
        check.refuse(field, &reasons::RANGE_REVERSED);
    }
    span
}
