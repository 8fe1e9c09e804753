//! Tables and properties of matching: who fits, who does not, and why.

use kernel::{
    BasisPoints, EnhancementMode, EnterpriseSize, Fen, Grade, InstitutionId, IpType, Months, ProductId,
    Qualification, RepaymentMethod,
};
use std::collections::BTreeSet;

use chrono::NaiveDate;
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    agreement::Cover,
    choices::LprTenor,
    codes::{CodeSet, Park, Region},
    conditions::Conditions,
    matching::{FitReason, Ground, Match, MisfitReason, Need, Published, match_need},
    terms::{ProductTerms, Span, tests::terms},
};

pub(super) fn set<C: super::codes::Code>(codes: &[C]) -> CodeSet<C> {
    codes.iter().copied().collect()
}

pub(super) fn need() -> Need {
    Need {
        amount: Fen::new(300_000_000),
        term: Months::new(12),
        region: Region::parse("419001"),
        park: Park::parse("JY-GX"),
        size: Some(EnterpriseSize::Small),
        qualifications: set(&[Qualification::Hnte]),
        assets: vec![(IpType::Invention, 1), (IpType::Trademark, 5)],
        grade: Some(Grade::B),
        enhancement: CodeSet::EMPTY,
        repayment: CodeSet::EMPTY,
        first_loan: false,
        renewal: false,
    }
}

pub(super) fn product(n: u128, institution: u128, terms: ProductTerms) -> Published {
    Published {
        product_id: ProductId::from_uuid(Uuid::from_u128(n)),
        version: 1,
        institution_id: InstitutionId::from_uuid(Uuid::from_u128(institution)),
        has_department: true,
        agreement_required: false,
        agreements: Vec::new(),
        terms,
    }
}

fn today() -> NaiveDate {
    "2022-09-15".parse().unwrap()
}

pub(super) fn lpr(_: Months, _: Option<LprTenor>) -> Option<BasisPoints> {
    Some(BasisPoints::new(365))
}

pub(super) fn on(
    lpr: &dyn Fn(Months, Option<LprTenor>) -> Option<BasisPoints>,
    need: &Need,
    products: &[Published],
    explain: bool,
) -> Match {
    match_need(need, products, &Ground { today: today(), lpr, agreement_parks: &BTreeSet::new() }, explain)
}

pub(super) fn explain(need: &Need, products: &[Published]) -> Match {
    on(&lpr, need, products, true)
}

pub(super) fn order(answer: &Match) -> Vec<usize> {
    answer.fits.iter().map(|fit| fit.position).collect()
}

pub(super) fn spread(min: i32, max: i32) -> Span<BasisPoints> {
    Span::new(BasisPoints::new(min), BasisPoints::new(max)).unwrap()
}

#[test]
fn each_term_that_is_not_met_is_a_reason() {
    let months = |min, max| Span::new(Months::new(min), Months::new(max)).unwrap();
    let fen = |min, max| Span::new(Fen::new(min), Fen::new(max)).unwrap();
    let region = |code| [Region::parse(code).unwrap()].into();
    let park = |code| [Park::parse(code).unwrap()].into();
    for (changed, wanted) in [
        (
            ProductTerms { amount: fen(300_000_001, 400_000_000), ..terms() },
            Some(MisfitReason::AmountBelowMin),
        ),
        (ProductTerms { amount: fen(300_000_000, 300_000_000), ..terms() }, None),
        (ProductTerms { amount: fen(1, 299_999_999), ..terms() }, Some(MisfitReason::AmountAboveMax)),
        (ProductTerms { term: months(13, 36), ..terms() }, Some(MisfitReason::TermBelowMin)),
        (ProductTerms { term: months(12, 12), ..terms() }, None),
        (ProductTerms { term: months(1, 11), ..terms() }, Some(MisfitReason::TermAboveMax)),
        (ProductTerms { regions: region("410100"), ..terms() }, Some(MisfitReason::RegionNotServed)),
        (ProductTerms { regions: [].into(), ..terms() }, None),
        (ProductTerms { parks: park("JY-HL"), ..terms() }, Some(MisfitReason::ParkNotServed)),
        (ProductTerms { parks: park("JY-GX"), ..terms() }, None),
        (
            ProductTerms { sizes: set(&[EnterpriseSize::Medium]), ..terms() },
            Some(MisfitReason::SizeNotServed),
        ),
        (ProductTerms { sizes: set(&[EnterpriseSize::Medium, EnterpriseSize::Small]), ..terms() }, None),
        (
            ProductTerms { any_qualification: set(&[Qualification::Srdi]), ..terms() },
            Some(MisfitReason::QualificationMissing),
        ),
        (
            ProductTerms { any_qualification: set(&[Qualification::Srdi, Qualification::Hnte]), ..terms() },
            None,
        ),
        (
            ProductTerms { accepted_ip: set(&[IpType::Software]), ..terms() },
            Some(MisfitReason::IpNotAccepted),
        ),
        (ProductTerms { min_assets: 2, ..terms() }, Some(MisfitReason::TooFewAssets)),
        (
            ProductTerms {
                min_assets: 6,
                accepted_ip: set(&[IpType::Invention, IpType::Trademark]),
                ..terms()
            },
            None,
        ),
        (ProductTerms { lowest_grade: Some(Grade::A), ..terms() }, Some(MisfitReason::GradeTooLow)),
        (ProductTerms { lowest_grade: Some(Grade::B), ..terms() }, None),
        (ProductTerms { lowest_grade: Some(Grade::D), ..terms() }, None),
    ] {
        let products = [product(1, 1, changed)];
        let answer = explain(&need(), &products);
        match wanted {
            Some(reason) => {
                assert_eq!(answer.misfits, [(0, vec![reason])]);
                assert!(answer.fits.is_empty(), "{reason:?}");
            }
            None => assert_eq!((answer.fits.len(), answer.misfits.len()), (1, 0), "{products:?}"),
        }
    }
}

#[test]
fn each_wish_of_the_enterprise_that_is_not_met_is_a_reason() {
    let restricted = ProductTerms {
        parks: [Park::parse("JY-GX").unwrap()].into(),
        sizes: set(&[EnterpriseSize::Small]),
        lowest_grade: Some(Grade::C),
        ..terms()
    };
    for (need, wanted) in [
        (Need { region: None, ..need() }, MisfitReason::RegionNotServed),
        (Need { park: None, ..need() }, MisfitReason::ParkNotServed),
        (Need { size: None, ..need() }, MisfitReason::SizeNotServed),
        (Need { grade: None, ..need() }, MisfitReason::NotScreened),
        (Need { assets: vec![], ..need() }, MisfitReason::IpNotAccepted),
        (
            Need { enhancement: set(&[EnhancementMode::IpPool]), ..need() },
            MisfitReason::EnhancementNotOffered,
        ),
        (Need { repayment: set(&[RepaymentMethod::Bullet]), ..need() }, MisfitReason::RepaymentNotOffered),
    ] {
        let answer = explain(&need, &[product(1, 1, restricted.clone())]);
        assert_eq!(answer.misfits, [(0, vec![wanted])]);
    }
    let willing = Need {
        enhancement: set(&[EnhancementMode::IpPool, EnhancementMode::IpOnly]),
        repayment: set(&[RepaymentMethod::InterestFirst]),
        ..need()
    };
    assert_eq!(explain(&willing, &[product(1, 1, restricted)]).fits.len(), 1);
}

#[test]
fn every_reason_is_told_both_ways() {
    let far = Need { amount: Fen::new(1), term: Months::new(1), region: None, assets: vec![], ..need() };
    let without_department = Published { has_department: false, ..product(1, 1, terms()) };
    assert_eq!(
        explain(&far, &[without_department]).misfits,
        [(
            0,
            vec![
                MisfitReason::NoResponsibleDepartment,
                MisfitReason::AmountBelowMin,
                MisfitReason::TermBelowMin,
                MisfitReason::RegionNotServed,
                MisfitReason::IpNotAccepted,
            ]
        )]
    );
    let general = ProductTerms { regions: [].into(), ..terms() };
    assert_eq!(
        explain(&need(), &[product(1, 1, general)]).fits[0].reasons,
        [
            FitReason::AmountInRange,
            FitReason::TermInRange,
            FitReason::IpAccepted,
            FitReason::EnhancementOffered,
            FitReason::RepaymentOffered,
        ]
    );
}

#[test]
fn where_an_agreement_is_asked_for_only_who_has_one_in_force_is_asked() {
    let gx: BTreeSet<Park> = [Park::parse("JY-GX").unwrap()].into();
    let cover = |from: &str, to: &str, parks: BTreeSet<Park>| Cover {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        ended: None,
        parks,
    };
    let needs = |agreements| Published { agreement_required: true, agreements, ..product(1, 1, terms()) };
    let fits = |product: Published, parks: &BTreeSet<Park>| {
        let ground = Ground { today: today(), lpr: &lpr, agreement_parks: parks };
        match_need(&need(), &[product], &ground, true)
    };
    let none = BTreeSet::new();
    for (product, parks, wanted) in [
        (needs(vec![]), &none, false),
        (needs(vec![cover("2022-01-01", "2022-09-14", none.clone())]), &none, false),
        (needs(vec![cover("2022-01-01", "2022-09-15", none.clone())]), &none, true),
        (needs(vec![cover("2022-01-01", "2022-12-31", gx.clone())]), &none, true),
        (
            needs(vec![cover("2022-01-01", "2022-12-31", [Park::parse("JY-HL").unwrap()].into())]),
            &none,
            false,
        ),
        (product(1, 1, terms()), &gx, false),
        (product(1, 1, terms()), &none, true),
    ] {
        let answer = fits(product, parks);
        if wanted {
            assert_eq!(answer.misfits, []);
        } else {
            assert_eq!(answer.misfits, [(0, vec![MisfitReason::NoAgreement])]);
        }
        assert_eq!(answer.fits.len(), usize::from(wanted));
    }
    assert!(
        fits(needs(vec![cover("2022-01-01", "2022-12-31", none.clone())]), &none).fits[0]
            .reasons
            .contains(&FitReason::AgreementInForce)
    );
}

#[test]
fn a_first_loan_and_a_renewal_are_asked_where_they_are_taken() {
    let takes = |first_loan_ok, renewal_ok| {
        let conditions = Conditions { first_loan_ok, renewal_ok, ..Conditions::default() };
        product(1, 1, ProductTerms { conditions, ..terms() })
    };
    let asks = |first_loan, renewal| Need { first_loan, renewal, ..need() };
    assert_eq!(
        explain(&asks(true, true), &[takes(false, false)]).misfits,
        [(0, vec![MisfitReason::FirstLoanNotTaken, MisfitReason::RenewalNotOffered])]
    );
    let fits = explain(&asks(true, true), &[takes(true, true)]).fits;
    assert!(fits[0].reasons.ends_with(&[FitReason::FirstLoanTaken, FitReason::RenewalOffered]));
    assert_eq!(explain(&asks(false, false), &[takes(false, false)]).fits.len(), 1);
}

#[test]
fn an_institution_is_asked_about_its_best_product_only() {
    let dear = ProductTerms { rate: spread(100, 100), ..terms() };
    let products = [product(1, 1, dear), product(2, 1, terms()), product(3, 2, terms())];
    let answer = explain(&need(), &products);
    assert_eq!(order(&answer), [1, 2]);
    assert_eq!(answer.misfits, [(0, vec![MisfitReason::BetterProductOfInstitution])]);
    assert!(on(&lpr, &need(), &products, false).misfits.is_empty());
}

fn any_product() -> impl Strategy<Value = Published> {
    let places = (0..4_u32, any::<bool>());
    (
        (0..1_000_u128, 0..8_u128),
        (0..400_i64, 0..400_i64),
        (1..24_u16, 0..24_u16),
        (0..64_u32, 1..4_u16),
        places,
    )
        .prop_map(
            |(
                (id, institution),
                (min, more),
                (term, longer),
                (bits, min_assets),
                (sizes, has_department),
            )| {
                let sizes = EnterpriseSize::ALL
                    .iter()
                    .copied()
                    .filter(|size| sizes & (1 << (size.number() - 1)) != 0);
                let accepted =
                    IpType::ALL.iter().copied().filter(|kind| (bits | 1) & (1 << (kind.number() - 1)) != 0);
                let millions = |n: i64| Fen::new((n + 1) * 1_000_000);
                let terms = ProductTerms {
                    sizes: sizes.collect(),
                    accepted_ip: accepted.collect(),
                    min_assets,
                    amount: Span::new(millions(min), millions(min + more)).unwrap(),
                    term: Span::new(Months::new(term), Months::new(term + longer)).unwrap(),
                    rate: spread(i32::try_from(more).unwrap(), 500),
                    ..terms()
                };
                Published { has_department, ..product(id, institution, terms) }
            },
        )
}

proptest! {
    #[test]
    fn every_product_is_told_of_once_and_the_order_of_products_does_not_matter(
        products in proptest::collection::vec(any_product(), 0..60)
            .prop_map(|mut list| { list.sort_by_key(|p| p.product_id); list.dedup_by_key(|p| p.product_id); list }),
    ) {
        let answer = explain(&need(), &products);
        let mut told: Vec<usize> =
            answer.fits.iter().map(|fit| fit.position).chain(answer.misfits.iter().map(|(p, _)| *p)).collect();
        told.sort_unstable();
        prop_assert_eq!(told, (0..products.len()).collect::<Vec<_>>());
        prop_assert!(answer.fits.iter().all(|fit| !fit.reasons.is_empty()));
        prop_assert!(answer.misfits.iter().all(|(_, reasons)| !reasons.is_empty()));

        let mut asked: Vec<_> = answer.fits.iter().map(|fit| products[fit.position].institution_id).collect();
        asked.sort_unstable();
        let institutions = asked.len();
        asked.dedup();
        prop_assert_eq!(asked.len(), institutions);

        let ids = |answer: &Match, products: &[Published]| -> Vec<ProductId> {
            answer.fits.iter().map(|fit| products[fit.position].product_id).collect()
        };
        let reversed: Vec<_> = products.iter().rev().cloned().collect();
        prop_assert_eq!(ids(&explain(&need(), &reversed), &reversed), ids(&answer, &products));
        prop_assert_eq!(on(&lpr, &need(), &products, false).fits, answer.fits);
    }
}
