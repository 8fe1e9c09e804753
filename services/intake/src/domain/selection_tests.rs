//! What may be chosen together, by table.

use chrono::{DateTime, Utc};
use kernel::{
    BasisPoints, CaseId, EnhancementMode, Fen, InstitutionId, InstitutionRole, LegId, Months,
    RepaymentMethod, ReplyId, leg::LegState,
};
use uuid::Uuid;

use super::{
    Approval, CoverNeed, CoverOption, Leg, Offer, Refusal,
    selection::{Named, check},
};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn leg(role: InstitutionRole, offer: Option<&Offer>) -> Leg {
    Leg {
        id: LegId::from_uuid(Uuid::from_u128(2)),
        case: CaseId::from_uuid(Uuid::from_u128(3)),
        round: 1,
        wave: 1,
        role,
        institution: InstitutionId::from_uuid(Uuid::from_u128(4)),
        product: None,
        state: LegState::Offered { seq: 1 },
        version: 2,
        issued_at: at(0),
        due_at: Some(at(10)),
        delivered_at: None,
        replied_at: None,
        standing_reply: None,
        standing: Some(offer.map_or(super::Standing { valid_until: at(100), loan: None }, Offer::standing)),
        asked: Vec::new(),
        asked_note: String::new(),
    }
}

fn offer(enhancement: EnhancementMode) -> Offer {
    Offer {
        reply: ReplyId::from_uuid(Uuid::from_u128(1)),
        leg: LegId::from_uuid(Uuid::from_u128(2)),
        case: CaseId::from_uuid(Uuid::from_u128(3)),
        seq: 1,
        amount: Fen::new(1_000_000),
        term: Months::new(12),
        rate: BasisPoints::new(400),
        repayment: RepaymentMethod::InterestFirst,
        enhancement,
        fees: Fen::ZERO,
        valid_until: at(100),
        submitted_at: at(1),
        late: false,
    }
}

fn cover() -> CoverOption {
    CoverOption {
        case: CaseId::from_uuid(Uuid::from_u128(3)),
        round: 1,
        leg: LegId::from_uuid(Uuid::from_u128(8)),
        institution: InstitutionId::from_uuid(Uuid::from_u128(9)),
        role: InstitutionRole::Guarantor,
        kind: EnhancementMode::IpGuarantee,
        amount: Fen::new(1_000_000),
        max_term: Months::new(12),
        coverage: BasisPoints::new(8_000),
        rate: BasisPoints::new(100),
        min_cost: Fen::ZERO,
        cost: Fen::new(8_000),
        valid_until: at(100),
        gone: false,
    }
}

#[test]
fn the_bank_the_cover_and_the_evaluator_have_each_to_stand_and_to_fit() {
    let now = at(50);
    let (plain, covered) = (offer(EnhancementMode::IpOnly), offer(EnhancementMode::IpGuarantee));
    let bank = leg(InstitutionRole::Bank, Some(&plain));
    let covered_bank = leg(InstitutionRole::Bank, Some(&covered));
    let taken_back = Leg { state: LegState::WithdrawnByInstitution { seq: 1 }, ..bank.clone() };
    let earlier = Leg { round: 0, ..bank.clone() };
    let evaluator = leg(InstitutionRole::Evaluator, None);
    let engaged = Leg { state: LegState::Confirmed { seq: 1 }, ..evaluator.clone() };
    let refused = Leg { state: LegState::Released, ..evaluator.clone() };
    let (fits, gone) = (cover(), CoverOption { gone: true, ..cover() });
    let small = CoverOption { amount: Fen::new(999_999), ..cover() };
    let short = CoverOption { max_term: Months::new(11), ..cover() };
    let other = CoverOption { kind: EnhancementMode::IpCreditIns, ..cover() };
    let standing = |field| Some(Refusal::OfferNotStanding { field });

    let with = |bank, cover, evaluator| Named { bank, cover, evaluator };
    for (named, at_time, expected) in [
        (with(Some((&bank, &plain)), None, None), now, None),
        (with(None, None, None), now, standing("bank_leg_id")),
        (with(Some((&bank, &plain)), None, None), at(100), standing("bank_leg_id")),
        (with(Some((&taken_back, &plain)), None, None), now, standing("bank_leg_id")),
        (with(Some((&earlier, &plain)), None, None), now, standing("bank_leg_id")),
        (with(Some((&evaluator, &plain)), None, None), now, standing("bank_leg_id")),
        (with(Some((&covered_bank, &covered)), Some(Some(&fits)), None), now, None),
        (with(Some((&covered_bank, &covered)), None, None), now, Some(Refusal::CoverRequired)),
        (with(Some((&covered_bank, &covered)), Some(None), None), now, standing("cover_leg_id")),
        (with(Some((&covered_bank, &covered)), Some(Some(&gone)), None), now, standing("cover_leg_id")),
        (with(Some((&covered_bank, &covered)), Some(Some(&small)), None), now, Some(Refusal::CoverTooSmall)),
        (with(Some((&covered_bank, &covered)), Some(Some(&short)), None), now, Some(Refusal::CoverTooSmall)),
        (with(Some((&covered_bank, &covered)), Some(Some(&other)), None), now, Some(Refusal::CoverTooSmall)),
        (with(Some((&bank, &plain)), Some(Some(&fits)), None), now, Some(Refusal::CoverNotCalledFor)),
        (with(Some((&bank, &plain)), None, Some(Some(&evaluator))), now, None),
        (with(Some((&bank, &plain)), None, Some(Some(&engaged))), now, None),
        (with(Some((&bank, &plain)), None, Some(Some(&refused))), now, standing("evaluator_leg_id")),
        (with(Some((&bank, &plain)), None, Some(Some(&bank))), now, standing("evaluator_leg_id")),
        (with(Some((&bank, &plain)), None, Some(None)), now, standing("evaluator_leg_id")),
    ] {
        assert_eq!(check(named, 1, at_time).err(), expected, "{named:?}");
    }
}

#[test]
fn cover_is_asked_for_the_largest_and_longest_of_the_offers_that_call_for_it() {
    let large = Offer { amount: Fen::new(2_000_000), ..offer(EnhancementMode::IpGuarantee) };
    let long = Offer { term: Months::new(24), ..offer(EnhancementMode::IpSuretyIns) };
    let plain = Offer { amount: Fen::new(9_000_000), ..offer(EnhancementMode::IpOnly) };
    let of = |offer: &Offer| leg(InstitutionRole::Bank, Some(offer));
    let gone = Leg { state: LegState::Released, ..of(&offer(EnhancementMode::IpCreditIns)) };
    let legs = [of(&large), of(&long), of(&plain), gone, leg(InstitutionRole::Evaluator, None)];
    let need = CoverNeed::of(&legs, 1).unwrap();
    assert_eq!(need.kinds, [EnhancementMode::IpSuretyIns, EnhancementMode::IpGuarantee]);
    assert_eq!((need.amount.get(), need.term.get()), (2_000_000, 24));
    assert_eq!(CoverNeed::of(&legs, 2), None, "another round's offers call for nothing");
    assert_eq!(CoverNeed::of(&[of(&plain)], 1), None);
    let accepted = [EnhancementMode::IpOnly, EnhancementMode::IpPool];
    assert_eq!(CoverNeed::at_once(&accepted, Fen::new(1), Months::new(1)), None);
    assert_eq!(CoverNeed::at_once(&[], Fen::new(1), Months::new(1)).unwrap().kinds.len(), 3);
}

#[test]
fn an_approval_is_not_above_what_was_chosen_and_not_for_longer() {
    let chosen = offer(EnhancementMode::IpOnly);
    for (amount, term, rate, exceeds) in [
        (1_000_000, 12, 400, false),
        (1, 1, 1, false),
        (1_000_001, 12, 400, true),
        (1_000_000, 13, 400, true),
        (1_000_000, 36, 1, true),
        (1_000_000, 12, 401, true),
    ] {
        let given = Approval {
            number: "批7".to_owned(),
            amount: Fen::new(amount),
            term: Months::new(term),
            rate: BasisPoints::new(rate),
            approved_at: at(60),
        };
        assert_eq!(given.exceeds(&chosen), exceeds, "{given:?}");
    }
}
