//! The rules of quotes and commitments: to the fen, within caps, gates and terms.

use chrono::TimeDelta;
use kernel::{BasisPoints, EnhancementMode, EnterpriseSize, Fen, Grade, InstitutionRole, Months};

use super::{
    Need, Terms,
    cover_tests::now,
    terms::{CounterGuarantee, Guarantee, Insurance, InsuranceKind, RiskShare, SumInsuredBasis, TermsFault},
};

pub(super) fn need() -> Need {
    Need {
        kinds: vec![EnhancementMode::IpSuretyIns, EnhancementMode::IpGuarantee],
        amount: Fen::new(300_000_000),
        term: Months::new(12),
        park: "JY-GX".to_owned(),
        size: Some(EnterpriseSize::Small),
        grade: Some(Grade::B),
    }
}

/// domain.md §6, P5: 3 m × 80 % × 1.8 % = 43,200.00.
pub(super) fn insurance() -> Insurance {
    Insurance {
        kind: InsuranceKind::Surety,
        basis: SumInsuredBasis::Principal,
        amount: Fen::new(300_000_000),
        coverage: BasisPoints::new(8_000),
        premium_rate: BasisPoints::new(180),
        min_premium: Fen::new(100_000),
        premium: Fen::new(4_320_000),
        waiting_days: 60,
        deductible: BasisPoints::new(1_000),
        deductible_abs: Fen::ZERO,
        max_term: Months::new(24),
        conditions: Vec::new(),
        valid_until: now() + TimeDelta::days(30),
        core_solvency: BasisPoints::new(20_000),
        comprehensive_solvency: BasisPoints::new(25_000),
    }
}

/// 3 m × 80 % × 1 % = 24,000.00.
pub(super) fn guarantee() -> Guarantee {
    Guarantee {
        amount: Fen::new(300_000_000),
        cover: BasisPoints::new(8_000),
        fee_rate: BasisPoints::new(100),
        fee: Fen::new(2_400_000),
        max_term: Months::new(12),
        counter: vec![CounterGuarantee::Ip],
        deposit: BasisPoints::new(0),
        payout_days: 60,
        risk_share: RiskShare {
            guarantor: BasisPoints::new(4_000),
            re_guarantor: BasisPoints::new(2_000),
            fund: BasisPoints::new(2_000),
            bank: BasisPoints::new(2_000),
        },
        valid_until: now() + TimeDelta::days(30),
    }
}

fn insured(change: impl FnOnce(&mut Insurance)) -> Result<(), TermsFault> {
    let mut quote = insurance();
    change(&mut quote);
    Terms::Insurance(quote).check(&need(), (InstitutionRole::Insurer, false), now())
}

fn guaranteed(backed: bool, change: impl FnOnce(&mut Guarantee, &mut Need)) -> Result<(), TermsFault> {
    let (mut commitment, mut need) = (guarantee(), need());
    change(&mut commitment, &mut need);
    Terms::Guarantee(commitment).check(&need, (InstitutionRole::Guarantor, backed), now())
}

#[test]
fn a_premium_is_checked_to_the_fen_for_the_amount_and_term_asked() {
    assert_eq!(insured(|_| {}), Ok(()));
    assert_eq!(insured(|q| q.premium = Fen::new(4_320_001)), Err(TermsFault::PremiumWrong));
    assert_eq!(insured(|q| q.min_premium = Fen::new(5_000_000)), Err(TermsFault::PremiumWrong));
    let least = |q: &mut Insurance| {
        (q.min_premium, q.premium) = (Fen::new(5_000_000), Fen::new(5_000_000));
    };
    assert_eq!(insured(least), Ok(()));
    // A larger limit is no larger premium, a smaller one is the premium of the part.
    assert_eq!(insured(|q| q.amount = Fen::new(900_000_000)), Ok(()));
    assert_eq!(insured(|q| q.amount = Fen::new(150_000_000)), Err(TermsFault::PremiumWrong));
    let half = |q: &mut Insurance| (q.amount, q.premium) = (Fen::new(150_000_000), Fen::new(2_160_000));
    assert_eq!(insured(half), Ok(()));
}

#[test]
fn a_quote_is_held_to_kind_solvency_term_and_validity() {
    assert_eq!(insured(|q| q.kind = InsuranceKind::Credit), Err(TermsFault::KindNotAsked));
    assert_eq!(insured(|q| q.core_solvency = BasisPoints::new(7_499)), Err(TermsFault::SolvencyTooLow));
    let low = |q: &mut Insurance| q.comprehensive_solvency = BasisPoints::new(14_999);
    assert_eq!(insured(low), Err(TermsFault::SolvencyTooLow));
    assert_eq!(insured(|q| q.max_term = Months::new(11)), Err(TermsFault::TermTooShort));
    assert_eq!(insured(|q| q.valid_until = now()), Err(TermsFault::ValidUntilPassed));
    let by_guarantor =
        Terms::Insurance(insurance()).check(&need(), (InstitutionRole::Guarantor, false), now());
    assert_eq!(by_guarantor, Err(TermsFault::KindNotAsked));
}

#[test]
fn a_government_backed_guarantor_keeps_to_its_cap() {
    assert_eq!(guaranteed(true, |_, _| {}), Ok(()));
    let dear = |fee, rate| {
        move |g: &mut Guarantee, _: &mut Need| {
            (g.fee_rate, g.fee) = (BasisPoints::new(rate), Fen::new(fee));
        }
    };
    assert_eq!(guaranteed(true, dear(2_424_000, 101)), Err(TermsFault::FeeAboveCap));
    assert_eq!(guaranteed(false, dear(2_424_000, 101)), Ok(()));
    let large = |fee, rate| {
        move |g: &mut Guarantee, n: &mut Need| {
            (n.amount, g.amount) = (Fen::new(500_000_100), Fen::new(600_000_000));
            (g.fee_rate, g.fee) = (BasisPoints::new(rate), Fen::new(fee));
        }
    };
    // 5,000,001 yuan × 80 % × 1.5 %.
    assert_eq!(guaranteed(true, large(6_000_001, 150)), Ok(()));
    assert_eq!(guaranteed(true, large(6_040_001, 151)), Err(TermsFault::FeeAboveCap));
}

#[test]
fn a_commitment_is_held_to_fee_and_risk_shares() {
    assert_eq!(guaranteed(false, |g, _| g.fee = Fen::new(2_400_001)), Err(TermsFault::FeeWrong));
    let short = |g: &mut Guarantee, _: &mut Need| g.risk_share.bank = BasisPoints::new(1_999);
    assert_eq!(guaranteed(false, short), Err(TermsFault::RiskShareWrong));
    let debt = |g: &mut Guarantee, _: &mut Need| {
        (g.risk_share.bank, g.risk_share.fund) = (BasisPoints::new(-1_000), BasisPoints::new(5_000));
    };
    assert_eq!(guaranteed(false, debt), Err(TermsFault::RiskShareWrong));
    let not_asked = guaranteed(false, |_, n| n.kinds = vec![EnhancementMode::IpSuretyIns]);
    assert_eq!(not_asked, Err(TermsFault::KindNotAsked));
}
