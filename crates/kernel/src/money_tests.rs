//! Money against the recomputed figures of domain.md and by property.

use proptest::prelude::*;

use super::*;

fn yuan(yuan: i64) -> Fen {
    Fen::new(yuan * 100)
}

fn bp(value: i32) -> BasisPoints {
    BasisPoints::new(value)
}

#[test]
fn an_amount_is_one_fen_to_three_hundred_million_yuan() {
    for fen in [0, -1, 30_000_000_001, i64::MIN, i64::MAX] {
        assert_eq!(Fen::amount(fen), Err(AmountError { fen }));
    }
    assert_eq!(Fen::amount(1), Ok(Fen::new(1)));
    assert_eq!(Fen::amount(30_000_000_000), Ok(Fen::MAX_AMOUNT));
}

#[test]
fn halves_go_away_from_zero() {
    for (fen, rate, expected) in [
        (1, 5_000, 1),
        (1, 4_999, 0),
        (-1, 5_000, -1),
        (-1, 4_999, 0),
        (3, 5_000, 2),
        (1, -5_000, -1),
        (5, 1_000, 1),
    ] {
        assert_eq!(Fen::new(fen).mul_bp(bp(rate)), Some(Fen::new(expected)), "{fen} at {rate}");
    }
}

/// domain.md §6 P1, P4, P5, P6 and §4.5.
#[test]
fn shares_of_the_worked_examples() {
    assert_eq!(Fen::new(13_231_250).mul_bp(bp(5_000)), Some(Fen::new(6_615_625)));
    assert_eq!(yuan(150_000).mul_bp(bp(5_000)), Some(yuan(75_000)));
    assert_eq!(yuan(3_000_000).mul_bp(bp(8_000)).and_then(|it| it.mul_bp(bp(180))), Some(yuan(43_200)));
    assert_eq!(yuan(68_500_000).mul_bp(bp(10)), Some(yuan(68_500)));
    let covered = yuan(1_819_575).mul_bp(bp(8_000)).unwrap();
    assert_eq!(covered, yuan(1_455_660));
    assert_eq!(covered.mul_bp(bp(9_000)), Some(yuan(1_310_094)));
}

/// domain.md §6 P7: pool 54, bank 26, insurer 16, evaluator 4.
#[test]
fn pool_shares_of_the_worked_example() {
    let ratio = [54, 26, 16, 4];
    let shares = |whole| yuan(whole).split(&ratio, 1).unwrap();
    assert_eq!(yuan(2_400_000).mul_bp(bp(7_500)), Some(yuan(1_800_000)));
    assert_eq!(shares(1_800_000), [972_000, 468_000, 288_000, 72_000].map(yuan));
    assert_eq!(yuan(480_000).mul_bp(bp(7_500)), Some(yuan(360_000)));
    assert_eq!(shares(360_000), [194_400, 93_600, 57_600, 14_400].map(yuan));
    assert_eq!(shares(1_440_000), [777_600, 374_400, 230_400, 57_600].map(yuan));
}

/// domain.md §4.6: four assets by value × cap, a loan of 1.8 million.
#[test]
fn allocation_of_the_bundle_fixture() {
    let weights = [(1_800_000, 5_000), (900_000, 5_000), (400_000, 3_000), (1_200_000, 4_000)]
        .map(|(value, cap)| yuan(value).mul_bp(bp(cap)).unwrap());
    assert_eq!(Fen::checked_sum(weights), Some(yuan(1_950_000)));
    let weights = weights.map(|weight| u64::try_from(weight.get()).unwrap());
    let parts = yuan(1_800_000).split(&weights, 0).unwrap();
    assert_eq!(parts, [83_076_923, 41_538_462, 11_076_923, 44_307_692].map(Fen::new));
}

#[test]
fn the_remainder_goes_to_the_named_line() {
    assert_eq!(Fen::new(100).split(&[1, 1, 1], 0).unwrap(), [34, 33, 33].map(Fen::new));
    assert_eq!(Fen::new(100).split(&[1, 1, 1], 2).unwrap(), [33, 33, 34].map(Fen::new));
    assert_eq!(Fen::new(-100).split(&[1, 1, 1], 2).unwrap(), [-33, -33, -34].map(Fen::new));
}

#[test]
fn more_halves_than_fen_leave_no_line_below_zero() {
    assert_eq!(Fen::new(2).split(&[1, 1, 1, 1], 0).unwrap(), [0, 1, 1, 0].map(Fen::new));
}

#[test]
fn what_cannot_be_split_is_refused() {
    assert_eq!(Fen::new(5).split(&[], 0), Err(SplitError::NoSuchLine { line: 0, lines: 0 }));
    assert_eq!(Fen::new(5).split(&[1, 2], 2), Err(SplitError::NoSuchLine { line: 2, lines: 2 }));
    assert_eq!(Fen::new(5).split(&[0, 0], 1), Err(SplitError::NoWeight));
}

#[test]
fn beyond_sixty_four_bits_there_is_no_result() {
    assert_eq!(Fen::new(i64::MAX).checked_add(Fen::new(1)), None);
    assert_eq!(Fen::new(i64::MIN).checked_sub(Fen::new(1)), None);
    assert_eq!(Fen::new(i64::MAX).mul_bp(bp(10_001)), None);
    assert_eq!(Fen::checked_sum([Fen::new(i64::MAX), Fen::new(1)]), None);
}

#[test]
fn display_is_in_yuan() {
    for (fen, text) in [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123_456_789, "1234567.89")] {
        assert_eq!(Fen::new(fen).to_string(), text);
    }
    assert_eq!(Fen::new(i64::MIN).to_string(), "-92233720368547758.08");
}

fn weights_and_line() -> impl Strategy<Value = (Vec<u64>, usize)> {
    prop::collection::vec(prop_oneof![0..100_u64, any::<u64>()], 1..12).prop_flat_map(|weights| {
        let lines = weights.len();
        (Just(weights), 0..lines)
    })
}

proptest! {
    #[test]
    fn parts_sum_to_the_whole_and_keep_its_sign(whole: i64, (weights, line) in weights_and_line()) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let parts = Fen::new(whole).split(&weights, line).unwrap();
        prop_assert_eq!(parts.len(), weights.len());
        prop_assert_eq!(parts.iter().map(|part| i128::from(part.get())).sum::<i128>(), i128::from(whole));
        prop_assert!(parts.iter().all(|part| part.get() == 0 || part.get().signum() == whole.signum()));
    }

    #[test]
    fn every_line_but_the_remainder_is_within_half_a_fen(whole in 0..30_000_000_000_i64, weights in prop::collection::vec(1..1_000_u64, 1..6)) {
        prop_assume!(whole > 1_000);
        let total: i128 = weights.iter().copied().map(i128::from).sum();
        let parts = Fen::new(whole).split(&weights, 0).unwrap();
        for (part, weight) in parts.iter().zip(&weights).skip(1) {
            let off = i128::from(part.get()) * total - i128::from(whole) * i128::from(*weight);
            prop_assert!(off.abs() * 2 <= total);
        }
    }

    #[test]
    fn half_up_is_the_nearest_and_a_half_goes_away_from_zero(fen in -1_000_000_000_000_i64..1_000_000_000_000, rate in -20_000..20_000_i32) {
        let exact = i128::from(fen) * i128::from(rate);
        let rounded = i128::from(Fen::new(fen).mul_bp(bp(rate)).unwrap().get()) * 10_000;
        let off = rounded - exact;
        prop_assert!(off.abs() <= 5_000);
        prop_assert!(off.abs() < 5_000 || rounded.abs() > exact.abs());
    }

    #[test]
    fn no_arithmetic_panics(one: i64, two: i64, rate: i32) {
        let (one, two) = (Fen::new(one), Fen::new(two));
        let _ = (one.checked_add(two), one.checked_sub(two), one.mul_bp(bp(rate)), BasisPoints::ratio(one, two));
        if let (Some(sum), Some(back)) = (one.checked_add(two), one.checked_add(two).and_then(|it| it.checked_sub(two))) {
            prop_assert_eq!(back, one, "{}", sum);
        }
    }
}
