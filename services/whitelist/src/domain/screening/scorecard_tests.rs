//! The first scorecard and the first exclusion rules held to domain.md §4.4.

use kernel::{EnterpriseId, Grade};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::standing::Exclusion;

const FIRST: &str = include_str!("../../../migrations/0241_rulebook_first.sql");

fn first_card() -> &'static str {
    FIRST.split("$card$").nth(1).unwrap()
}

fn first_rules() -> &'static str {
    FIRST.split("$rules$").nth(1).unwrap()
}

fn card() -> Scorecard {
    Scorecard::parse(first_card()).unwrap()
}

fn rules() -> Rulebook {
    Rulebook::parse(first_rules()).unwrap()
}

/// For each indicator the value at which each ratio of the worked example is reached.
const EXAMPLE: [(Feature, i32); 20] = [
    (Feature::ValidInventions, 4),
    (Feature::OtherRights, 15),
    (Feature::HighValueInventions, 1),
    (Feature::RemainingTerm, 12_000),
    (Feature::FilingTrend, 0),
    (Feature::PatentRevenue, 3_000),
    (Feature::Marks, 2),
    (Feature::Proven, 2),
    (Feature::RdIntensity, 300),
    (Feature::RdStaff, 500),
    (Feature::PlatformLink, 0),
    (Feature::IpmsCert, 1),
    (Feature::IpTitle, 1),
    (Feature::TechTitle, 3),
    (Feature::RevenueGrowth, 0),
    (Feature::DebtRatio, 3_000),
    (Feature::Profitability, 0),
    (Feature::TaxGrade, 3),
    (Feature::PublicCredit, 2),
    (Feature::PenaltyFree, 1),
];

fn example() -> Features {
    let mut features = Features::default();
    for (feature, value) in EXAMPLE {
        features.set(feature, Some(value));
    }
    features
}

#[test]
fn the_worked_example_gives_72_30_and_grade_b() {
    let (card, features) = (card(), example());
    let score = card.evaluate(&features);
    assert_eq!(score.verdict, Verdict { total: Points(7_230), grade: Grade::B, passes: true });
    assert_eq!(score.verdict.total.to_string(), "72.30");
    let mut of = std::collections::BTreeMap::new();
    for line in &score.lines {
        *of.entry(line.indicator.dimension).or_insert(0) += line.points.0;
    }
    assert_eq!(of.into_values().collect::<Vec<_>>(), [3_250, 840, 1_000, 1_260, 880]);
    assert_eq!(score.lines.iter().map(|line| line.points.0).sum::<i32>(), 7_230);
}

/// Points in hundredths on both sides of every border, as domain.md §4.4 has them.
#[test]
fn every_band_of_every_indicator_holds_to_its_borders() {
    type Given = (&'static str, Feature, &'static [(i32, i32)]);
    let table: [Given; 20] = [
        (
            "A1",
            Feature::ValidInventions,
            &[(0, 0), (1, 360), (2, 720), (3, 720), (4, 960), (7, 960), (8, 1_200)],
        ),
        (
            "A2",
            Feature::OtherRights,
            &[(0, 0), (1, 100), (4, 100), (5, 200), (14, 200), (15, 300), (29, 300), (30, 400)],
        ),
        ("A3", Feature::HighValueInventions, &[(0, 0), (1, 300), (2, 300), (3, 600)]),
        (
            "A4",
            Feature::RemainingTerm,
            &[
                (3_599, 0),
                (3_600, 200),
                (7_199, 200),
                (7_200, 350),
                (11_999, 350),
                (12_000, 450),
                (16_799, 450),
                (16_800, 500),
            ],
        ),
        ("A5", Feature::FilingTrend, &[(-1, 0), (0, 200), (1, 400)]),
        (
            "A6",
            Feature::PatentRevenue,
            &[(999, 160), (1_000, 400), (2_999, 400), (3_000, 560), (5_999, 560), (6_000, 800)],
        ),
        ("A7", Feature::Marks, &[(0, 0), (1, 150), (2, 300)]),
        ("A8", Feature::Proven, &[(0, 0), (1, 90), (2, 180), (3, 300)]),
        (
            "B1",
            Feature::RdIntensity,
            &[(199, 160), (200, 400), (299, 400), (300, 640), (499, 640), (500, 800)],
        ),
        ("B2", Feature::RdStaff, &[(499, 0), (500, 200), (999, 200), (1_000, 400)]),
        ("B3", Feature::PlatformLink, &[(0, 0), (1, 300)]),
        ("C1", Feature::IpmsCert, &[(0, 0), (1, 400)]),
        ("C2", Feature::IpTitle, &[(0, 0), (1, 200), (2, 300), (3, 400)]),
        ("C3", Feature::TechTitle, &[(0, 0), (1, 200), (2, 300), (3, 400)]),
        ("D1", Feature::RevenueGrowth, &[(-1, 120), (0, 360), (999, 360), (1_000, 600)]),
        (
            "D2",
            Feature::DebtRatio,
            &[(2_999, 500), (3_000, 400), (4_999, 400), (5_000, 250), (7_000, 250), (7_001, 0)],
        ),
        ("D3", Feature::Profitability, &[(-1, 0), (0, 200), (499, 200), (500, 400)]),
        ("D4", Feature::TaxGrade, &[(0, 0), (1, 120), (2, 210), (3, 300)]),
        ("E1", Feature::PublicCredit, &[(0, 0), (1, 240), (2, 480), (3, 600)]),
        ("E2", Feature::PenaltyFree, &[(0, 0), (1, 400)]),
    ];
    let card = card();
    let mut borders = 0;
    for (code, feature, values) in table {
        let indicator = card.indicators.iter().find(|one| one.code == code).unwrap();
        assert_eq!(indicator.input, feature, "{code}");
        for (value, points) in values {
            let mut features = Features::default();
            features.set(feature, Some(*value));
            assert_eq!(card.verdict(&features).total, Points(*points), "{code} at {value}");
        }
        let tested = |value: i32| values.iter().any(|(given, _)| *given == value);
        for band in indicator.bands.iter().filter(|band| band.from != i32::MIN) {
            assert!(
                tested(band.from) && tested(band.from - 1),
                "{code}: the border {} is not tested",
                band.from
            );
            borders += 1;
        }
    }
    assert_eq!(borders, card.indicators.iter().map(|one| one.bands.len() - 1).sum::<usize>());
}

#[test]
fn a_missing_input_gives_nothing_and_says_so() {
    let card = card();
    for (feature, _) in EXAMPLE {
        let mut features = example();
        features.set(feature, None);
        let score = card.evaluate(&features);
        let line = score.lines.iter().find(|line| line.indicator.input == feature).unwrap();
        assert_eq!((line.points, line.reason), (Points(0), Reason::Missing));
        assert!(line.text().contains("缺少资料"), "{}", line.text());
        assert_eq!(score.lines.iter().filter(|line| line.reason == Reason::Missing).count(), 1);
    }
    assert_eq!(card.verdict(&Features::default()).total, Points(0));
}

#[test]
fn each_point_is_explained_in_words() {
    let (card, features) = (card(), example());
    let score = card.evaluate(&features);
    assert_eq!(score.lines[0].text(), "有效发明专利：4件，属于“4至7件”，按80.00%计9.60分（满分12.00分）。");
    assert!(score.lines.iter().all(|line| !line.text().is_ascii()));
}

#[test]
fn grades_and_listing_change_at_their_limits() {
    let card = card();
    for (total, grade) in [
        (8_000, Grade::A),
        (7_999, Grade::B),
        (6_500, Grade::B),
        (6_499, Grade::C),
        (5_000, Grade::C),
        (4_999, Grade::D),
        (0, Grade::D),
    ] {
        assert_eq!(card.grade(Points(total)), grade, "{total}");
    }
    assert_eq!(card.listing_at, Points(6_000));
}

#[test]
fn a_card_that_is_not_whole_is_refused_with_everything_that_is_wrong() {
    type Spoilt = (&'static str, &'static str, fn(&CardError) -> bool);
    let spoilt: [Spoilt; 9] = [
        ("points = 12", "points = 13", |e| *e == CardError::Sum(Points(10_100))),
        ("points = 12", "points = 0", |e| *e == CardError::NotPositive("A1".to_owned())),
        ("from = 2, ratio = 6000", "from = 1, ratio = 6000", |e| *e == CardError::Bands("A1".to_owned())),
        ("from = 2, ratio = 6000", "from = 2, ratio = 6050", |e| *e == CardError::Ratio("A1".to_owned())),
        ("from = 2, ratio = 6000", "from = 2, ratio = 10100", |e| *e == CardError::Ratio("A1".to_owned())),
        ("code = \"A2\"", "code = \"A1\"", |e| *e == CardError::Twice("A1".to_owned())),
        ("\"OTHER_RIGHTS\"", "\"OTHERS\"", |e| *e == CardError::Unknown("OTHERS".to_owned())),
        ("b = 65", "b = 80", |e| *e == CardError::Limits),
        ("listing_at = 60", "listing_at = 49", |e| *e == CardError::Limits),
    ];
    for (from, to, wanted) in spoilt {
        let text = first_card().replacen(from, to, 1);
        assert_ne!(text, first_card(), "{from}");
        let faults = Scorecard::parse(&text).unwrap_err();
        assert!(faults.iter().any(wanted), "{to}: {faults:?}");
    }
    let lighter = first_card().replace("dimension = \"RESEARCH\"", "dimension = \"FINANCE\"");
    assert!(Scorecard::parse(&lighter).is_ok());
    let all_other = first_card().replace("\"RESEARCH\"", "\"FINANCE\"").replace("\"TITLES\"", "\"FINANCE\"");
    let all_other = all_other.replace("\"CREDIT\"", "\"FINANCE\"");
    assert_eq!(Scorecard::parse(&all_other), Err(vec![CardError::IpNotHeaviest]));
    assert!(matches!(Scorecard::parse("x").unwrap_err()[..], [CardError::Unreadable(_)]));
}

#[test]
fn rules_that_leave_an_exclusion_out_or_name_it_twice_are_refused() {
    let twice = first_rules().replace("\"HX02\"", "\"HX01\"");
    let faults = Rulebook::parse(&twice).unwrap_err();
    assert_eq!(faults, [CardError::Twice("HX01".to_owned()), CardError::Missing("HX02".to_owned())]);
    let odd = first_rules().replacen("effect = \"REJECT\"", "effect = \"WARN\"", 1);
    assert!(Rulebook::parse(&odd).unwrap_err().contains(&CardError::Unknown("WARN".to_owned())));
    let all = first_rules().replace("[\"B06\", ", "[\"\", ");
    assert_eq!(Rulebook::parse(&all), Err(vec![CardError::Missing("restricted_industries".to_owned())]));
}

fn good() -> Subject {
    let evidence = Evidence {
        credit_consent: true,
        assets: 3,
        usable: 2,
        industry: "C3240".to_owned(),
        region: "419001".to_owned(),
        park: "JY-GX".to_owned(),
        ..Evidence::default()
    };
    Subject {
        enterprise_id: EnterpriseId::from_uuid(Uuid::from_u128(7)),
        enterprise_version: 1,
        features: example(),
        evidence,
        snapshots: Vec::new(),
    }
}

fn hx(code: &str) -> Exclusion {
    Exclusion::parse(code).unwrap()
}

#[test]
fn an_exclusion_always_wins_and_only_hx03_can_be_cured_in_a_suspension() {
    let (card, rules) = (card(), rules());
    assert!(screen(&good(), &card, &rules).eligible);
    for exclusion in Exclusion::all() {
        let mut subject = good();
        subject.evidence.findings.insert(exclusion);
        let screened = screen(&subject, &card, &rules);
        assert_eq!(screened.outcome.hits, Exclusions::from_iter([exclusion]));
        assert!(!screened.eligible && screened.total == Points(7_230), "{exclusion}");
        assert_eq!(screened.outcome.rejects(&rules), exclusion != hx("HX03"), "{exclusion}");
    }
}

#[test]
fn rules_go_by_assets_industry_and_place_on_both_sides_of_their_borders() {
    type Given = (fn(&mut Evidence), &'static [&'static str]);
    let table: [Given; 9] = [
        (|e| (e.assets, e.usable) = (3, 0), &["HX13"]),
        (|e| (e.assets, e.usable) = (3, 1), &[]),
        (|e| (e.assets, e.usable) = (0, 0), &[]),
        (|e| e.industry = "K7010".to_owned(), &["HX14"]),
        (|e| e.industry = "C2520".to_owned(), &[]),
        (|e| e.industry = "C2521".to_owned(), &["HX14"]),
        (|e| e.region = "410100".to_owned(), &["HX15"]),
        (|e| e.park = "ZZ-GX".to_owned(), &["HX15"]),
        (|e| e.region = "410000".to_owned(), &[]),
    ];
    for (change, hits) in table {
        let mut subject = good();
        change(&mut subject.evidence);
        assert_eq!(screen(&subject, &card(), &rules()).outcome.hits.codes(), hits, "{:?}", subject.evidence);
    }
}

#[test]
fn hx10_is_not_asked_without_consent_even_if_it_is_known_and_a_silent_source_is_pending() {
    let mut subject = good();
    subject.evidence.credit_consent = false;
    subject.evidence.findings.insert(hx("HX10"));
    let screened = screen(&subject, &card(), &rules());
    assert_eq!(screened.outcome.not_asked.codes(), ["HX10"]);
    assert!(screened.outcome.hits.is_empty() && screened.eligible);

    let mut subject = good();
    subject.evidence.unheard = Exclusion::all().collect();
    let screened = screen(&subject, &card(), &rules());
    let of_sources = ["HX01", "HX02", "HX03", "HX04", "HX05", "HX06", "HX07", "HX08", "HX09", "HX10", "HX12"];
    assert_eq!(screened.outcome.pending.codes(), of_sources);
    assert!(!screened.eligible, "what has not been heard is no yes");

    // Where no source is connected nobody is asked, and that is to be seen; what is known counts all the same.
    let mut subject = good();
    subject.evidence.unasked = Exclusion::all().collect();
    subject.evidence.findings.insert(hx("HX02"));
    let screened = screen(&subject, &card(), &rules());
    assert_eq!(screened.outcome.hits.codes(), ["HX02"]);
    assert_eq!(screened.outcome.not_asked.codes().len(), 10);
    assert!(screened.outcome.pending.is_empty());
}

prop_compose! {
    fn any_features()(values in proptest::collection::vec(proptest::option::of(-20_000..20_000_i32), Feature::COUNT))
        -> Features {
        Features::from_stored(&values).unwrap()
    }
}

proptest! {
    #[test]
    fn lines_sum_to_the_total_within_0_and_100_and_no_exclusion_is_ever_eligible(
        features in any_features(), findings in 0..0x8000_i32,
    ) {
        let (card, rules) = (card(), rules());
        let score = card.evaluate(&features);
        prop_assert_eq!(score.lines.iter().map(|line| line.points.0).sum::<i32>(), score.verdict.total.0);
        prop_assert!((0..=10_000).contains(&score.verdict.total.0));
        for line in &score.lines {
            prop_assert_eq!(line.reason == Reason::Missing, line.input.is_none());
        }
        let mut subject = Subject { features, ..good() };
        subject.evidence.findings = Exclusions::from_bits(findings << 1).unwrap();
        let screened = screen(&subject, &card, &rules);
        prop_assert!(!screened.eligible || findings == 0);
        prop_assert_eq!(&screen(&subject, &card, &rules), &screened, "the same again");
        let digest = Digest::begin(b"x");
        prop_assert_eq!(digest.and(&subject, &screened), digest.and(&subject, &screened));
        let mut other = subject.clone();
        other.evidence.usable += 1;
        prop_assert_ne!(digest.and(&other, &screened), digest.and(&subject, &screened));
    }
}
